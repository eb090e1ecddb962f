"""corridor_ebike 楼道电动车: an e-bike in a corridor or lift: passing, parked, or left there to charge."""

from collections.abc import Sequence
from datetime import tzinfo
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from lookout_contract.events import Attributes, Condition, Scenario, Severity
from lookout_edge.domain.observation import Observation, Scene, Standing
from lookout_edge.domain.presence import Presence, PresenceBook
from lookout_edge.domain.schedule import make_schedule
from lookout_edge.domain.track import Track
from lookout_edge.domain.zone import Zone
from lookout_edge.rules.base import (
    RuleParams,
    Seconds,
    WeeklyWindow,
    dwell_condition,
    seen_conditions,
    standing_of,
)


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


class CorridorEbike:
    """The rule. The stage of a thing only rises: a charging e-bike stays one when the night ends."""

    scenario = Scenario.CORRIDOR_EBIKE

    def __init__(self, params: CorridorEbikeParams, zones: Sequence[Zone], timezone: tzinfo) -> None:
        self._params = params
        self._armed = make_schedule(params.windows, timezone)
        self._night = make_schedule(params.charging_windows, timezone)
        labels = frozenset(params.labels)
        self._books = [PresenceBook(zone, labels, params.votes_of, params.miss_tolerance_s) for zone in zones]
        self._reached: dict[tuple[str, int], Stage] = {}

    @property
    def longest_gap_s(self) -> float:
        """See ``Rule``."""
        return self._params.longest_gap_s

    def observe(self, at: float, tracks: Sequence[Track], scene: Scene) -> Sequence[Observation]:
        """See ``Rule.observe``."""
        armed = self._armed.contains(at)
        found: list[Observation] = []
        reached: dict[tuple[str, int], Stage] = {}
        for book in self._books:
            for presence in book.update(at, tracks):
                key = (book.zone.id, presence.thing)
                stage = max(self._stage(at, presence), self._reached.get(key, Stage.PASSING), key=_ORDER.index)
                reached[key] = stage
                found.append(self._judge(at, book.zone.id, presence, stage, armed))
        self._reached = reached
        return tuple(found)

    def reset(self) -> None:
        """See ``Rule.reset``."""
        for book in self._books:
            book.reset()
        self._reached = {}

    def _stage(self, at: float, presence: Presence) -> Stage:
        dwell_s = presence.dwell_s
        if dwell_s >= self._params.charging_dwell_s and self._night.contains(at):
            return Stage.SUSPECTED_CHARGING
        return Stage.PARKED if dwell_s >= self._params.dwell_s else Stage.PASSING

    def _judge(self, at: float, zone: str, presence: Presence, stage: Stage, armed: bool) -> Observation:
        conditions = (
            *seen_conditions(zone, armed, presence, self._params),
            self._dwell(presence.dwell_s, stage),
            Condition(name="charging_window", value=self._night.contains(at), met=True),
        )
        standing, blocked_by = standing_of(conditions)
        return Observation(
            key=presence.thing,
            zone=zone,
            group=presence.group,
            box=presence.track.box,
            standing=standing,
            since=presence.since,
            severity=_SEVERITY[stage],
            severity_reason=f"ebike_{stage.value}",
            conditions=conditions,
            objects=(presence.as_object(),),
            votes=presence.votes,
            attributes=Attributes(stage=stage.value),
            blocked_by=blocked_by,
            look_by=self._look_by(at, presence, stage, standing),
        )

    def _dwell(self, dwell_s: float, stage: Stage) -> Condition:
        limits = {
            Stage.PASSING: 0.0,
            Stage.PARKED: self._params.dwell_s,
            Stage.SUSPECTED_CHARGING: self._params.charging_dwell_s,
        }
        condition = dwell_condition(dwell_s, limits[max(stage, self._params.alarm_from, key=_ORDER.index)])
        reached = _ORDER.index(stage) >= _ORDER.index(self._params.alarm_from)
        return condition.model_copy(update={"met": reached})

    def _look_by(self, at: float, presence: Presence, stage: Stage, standing: Standing) -> float | None:
        if presence.seen_at < at:
            return at
        if stage is Stage.PASSING and standing is not Standing.BLOCKED:
            return presence.since + self._params.dwell_s
        return None
