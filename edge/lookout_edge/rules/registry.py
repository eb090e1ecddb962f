"""Scenario → its parameters and how the rule is made. The one module of this package that knows all rules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from lookout_contract.events import Scenario
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.domain.zone import WHOLE_FRAME, Zone
from lookout_edge.rules.base import Rule, RuleParams
from lookout_edge.rules.corridor_ebike import CorridorEbike, CorridorEbikeParams
from lookout_edge.rules.unfamiliar_vehicle import UnfamiliarVehicle, UnfamiliarVehicleParams


@dataclass(frozen=True, slots=True)
class RuleKind:
    """One scenario of this version."""

    scenario: Scenario
    params: type[RuleParams]
    _build: Callable[[RuleParams, Sequence[Zone], SiteCalendar], Rule]

    def build(self, params: RuleParams, zones: Sequence[Zone], calendar: SiteCalendar | tzinfo) -> Rule:
        """A fresh rule; no zones means the whole frame, a time zone alone a calendar without holidays.

        TypeError when ``params`` are another scenario's.
        """
        if not isinstance(params, self.params):
            raise TypeError(f"{self.scenario.value} needs {self.params.__name__}, not {type(params).__name__}")
        known = calendar if isinstance(calendar, SiteCalendar) else SiteCalendar(calendar)
        return self._build(params, tuple(zones) or (WHOLE_FRAME,), known)


def _unfamiliar_vehicle(params: RuleParams, zones: Sequence[Zone], calendar: SiteCalendar) -> Rule:
    assert isinstance(params, UnfamiliarVehicleParams)
    return UnfamiliarVehicle(params, zones, calendar)


def _corridor_ebike(params: RuleParams, zones: Sequence[Zone], calendar: SiteCalendar) -> Rule:
    assert isinstance(params, CorridorEbikeParams)
    return CorridorEbike(params, zones, calendar)


RULES: dict[Scenario, RuleKind] = {
    kind.scenario: kind
    for kind in (
        RuleKind(Scenario.UNFAMILIAR_VEHICLE, UnfamiliarVehicleParams, _unfamiliar_vehicle),
        RuleKind(Scenario.CORRIDOR_EBIKE, CorridorEbikeParams, _corridor_ebike),
    )
}

#: Scenarios that a configuration may name one day; those missing from RULES are refused with a clear sentence.
PLANNED: tuple[Scenario, ...] = tuple(s for s in Scenario if s is not Scenario.CAMERA_BLIND)
