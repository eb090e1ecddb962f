"""Scenario → its parameters and how the rule is made. The one module of this package that knows all rules."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from typing import TypeVar

from lookout_contract.events import Scenario
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.domain.zone import WHOLE_FRAME, Zone
from lookout_edge.rules import care, corridor_ebike, fire_smoke, garbage, key_area
from lookout_edge.rules.base import Rule, RuleContext, RuleParams
from lookout_edge.rules.care import Care, CareParams
from lookout_edge.rules.corridor_ebike import CorridorEbike, CorridorEbikeParams
from lookout_edge.rules.fire_smoke import FireSmoke, FireSmokeParams
from lookout_edge.rules.garbage import Garbage, GarbageParams
from lookout_edge.rules.key_area import KeyArea, KeyAreaParams
from lookout_edge.rules.unfamiliar_vehicle import UnfamiliarVehicle, UnfamiliarVehicleParams


@dataclass(frozen=True, slots=True)
class RuleKind:
    """One scenario of this version."""

    scenario: Scenario
    params: type[RuleParams]
    #: What its events may give as their stage.
    stages: tuple[str, ...]
    _build: Callable[[RuleParams, Sequence[Zone], RuleContext], Rule]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that it looks for unless its section says otherwise."""
        return self.params.model_fields["labels"].default

    def build(self, params: RuleParams, zones: Sequence[Zone], context: RuleContext | tzinfo) -> Rule:
        """A fresh rule; no zones means the whole frame, a time zone alone a site without holidays.

        TypeError when ``params`` are another scenario's.
        """
        if not isinstance(params, self.params):
            raise TypeError(f"{self.scenario.value} needs {self.params.__name__}, not {type(params).__name__}")
        known = context if isinstance(context, RuleContext) else RuleContext(SiteCalendar(context))
        return self._build(params, tuple(zones) or (WHOLE_FRAME,), known)


P = TypeVar("P", bound=RuleParams)


def _kind(
    scenario: Scenario,
    params: type[P],
    rule: Callable[[P, Sequence[Zone], RuleContext], Rule],
    stages: Iterable[StrEnum] = (),
) -> tuple[Scenario, RuleKind]:
    def build(given: RuleParams, zones: Sequence[Zone], context: RuleContext) -> Rule:
        assert isinstance(given, params)
        return rule(given, zones, context)

    return scenario, RuleKind(scenario, params, tuple(stage.value for stage in stages), build)


RULES: dict[Scenario, RuleKind] = dict(
    (
        _kind(Scenario.UNFAMILIAR_VEHICLE, UnfamiliarVehicleParams, UnfamiliarVehicle),
        _kind(Scenario.FIRE_SMOKE, FireSmokeParams, FireSmoke, fire_smoke.Stage),
        _kind(Scenario.GARBAGE, GarbageParams, Garbage, garbage.Stage),
        _kind(Scenario.CORRIDOR_EBIKE, CorridorEbikeParams, CorridorEbike, corridor_ebike.Stage),
        _kind(Scenario.KEY_AREA, KeyAreaParams, KeyArea, key_area.Stage),
        _kind(Scenario.CARE, CareParams, Care, care.Stage),
    )
)
