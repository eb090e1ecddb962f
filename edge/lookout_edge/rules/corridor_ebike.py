"""corridor_ebike 楼道电动车: an e-bike in a corridor or lift: passing, parked, or left there to charge."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from lookout_contract.events import Attributes, Condition, Scenario, Severity
from lookout_edge.domain.presence import Presence
from lookout_edge.domain.schedule import SiteCalendar, make_schedule
from lookout_edge.domain.zone import Zone
from lookout_edge.rules.base import Judgement, PresenceRule, RuleParams, Seconds, WeeklyWindow, dwell_condition


class Stage(StrEnum):
    """How far it has come, in rising order."""

    PASSING = "passing"
    PARKED = "parked"
    SUSPECTED_CHARGING = "suspected_charging"


_ORDER = tuple(Stage)
_SEVERITY = {
    Stage.PASSING: Severity.BLUE,
    Stage.PARKED: Severity.YELLOW,
    Stage.SUSPECTED_CHARGING: Severity.RED,
}


class CorridorEbikeParams(RuleParams):
    """When an e-bike in a corridor is passing, parked or suspected of charging."""

    longest_gap_s: Seconds = 1.0
    """Longest time without a picture while nothing moves; a lift's door is open for a few seconds only."""
    labels: tuple[str, ...] = Field(default=("motorcycle", "bicycle", "ebike"), min_length=1)
    """Labels that count as e-bikes; a COCO model knows only ``motorcycle`` and ``bicycle``."""
    dwell_s: Seconds = 20.0
    """Seconds in the zone after which it is parked."""
    charging_dwell_s: Seconds = 1800.0
    """Seconds in the zone after which, inside ``charging_windows``, it is suspected of charging."""
    charging_windows: tuple[WeeklyWindow, ...] = ("daily 21:00-07:00",)
    """Weekly windows in which a long stay suggests charging, in the site's time zone."""
    alarm_from: Stage = Stage.PARKED
    """First stage that raises an alarm; choose ``passing`` for lifts and wherever no e-bike may come at all."""

    @model_validator(mode="after")
    def _stages_ascend(self) -> Self:
        if self.charging_dwell_s < self.dwell_s:
            raise ValueError(
                f"charging_dwell_s ({self.charging_dwell_s:g}) must not be shorter than dwell_s ({self.dwell_s:g})"
            )
        return self


@dataclass(slots=True)
class _Note:
    #: The furthest stage that it has reached.
    stage: Stage = Stage.PASSING


class CorridorEbike(PresenceRule[CorridorEbikeParams, _Note]):
    """The rule. The stage of a thing only rises: a charging e-bike stays one when the night ends."""

    scenario = Scenario.CORRIDOR_EBIKE

    def __init__(self, params: CorridorEbikeParams, zones: Sequence[Zone], calendar: SiteCalendar) -> None:
        super().__init__(params, zones, calendar, params.labels)
        self._night = make_schedule(params.charging_windows, calendar)

    def _new_note(self) -> _Note:
        return _Note()

    def _judge(self, at: float, zone: Zone, presence: Presence, note: _Note) -> Judgement:
        note.stage = max(self._stage(at, presence), note.stage, key=_ORDER.index)
        return Judgement(
            conditions=(
                self._dwell(presence.dwell_s, note.stage),
                Condition(name="charging_window", value=self._night.contains(at), met=True),
            ),
            severity=_SEVERITY[note.stage],
            severity_reason=f"ebike_{note.stage.value}",
            attributes=Attributes(stage=note.stage.value),
            turns=(presence.since + self._params.dwell_s, presence.since + self._params.charging_dwell_s),
        )

    def _stage(self, at: float, presence: Presence) -> Stage:
        dwell_s = presence.dwell_s
        if dwell_s >= self._params.charging_dwell_s and self._night.contains(at):
            return Stage.SUSPECTED_CHARGING
        return Stage.PARKED if dwell_s >= self._params.dwell_s else Stage.PASSING

    def _dwell(self, dwell_s: float, stage: Stage) -> Condition:
        limits = {
            Stage.PASSING: 0.0,
            Stage.PARKED: self._params.dwell_s,
            Stage.SUSPECTED_CHARGING: self._params.charging_dwell_s,
        }
        condition = dwell_condition(dwell_s, limits[max(stage, self._params.alarm_from, key=_ORDER.index)])
        reached = _ORDER.index(stage) >= _ORDER.index(self._params.alarm_from)
        return condition.model_copy(update={"met": reached})
