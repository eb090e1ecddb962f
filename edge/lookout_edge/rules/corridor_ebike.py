"""corridor_ebike 楼道电动车: an e-bike in a corridor or lift: passing, parked, or left there to charge."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Self

from pydantic import Field, model_validator

from lookout_contract.base import Identifier
from lookout_contract.events import Attributes, Scenario, Severity
from lookout_edge.domain.condition import Condition
from lookout_edge.domain.observation import Observation, Scene
from lookout_edge.domain.presence import Presence
from lookout_edge.domain.schedule import make_schedule
from lookout_edge.domain.track import SEEN_SURELY, Track
from lookout_edge.domain.zone import Zone
from lookout_edge.rules.base import (
    Judgement,
    PresenceRule,
    RuleContext,
    RuleParams,
    Seconds,
    WeeklyWindow,
    dwell_condition,
)
from lookout_edge.rules.origins import CLEARLY, UNSEEN_S, Origins


class Stage(StrEnum):
    """How far it has come, in rising order."""

    PASSING = "passing"
    PARKED = "parked"
    SUSPECTED_CHARGING = "suspected_charging"


class Place(StrEnum):
    """Where the camera looks."""

    CORRIDOR = "corridor"
    LIFT = "lift"


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
    place: Place = Place.CORRIDOR
    """``lift``: any e-bike is an alarm at once (``alarm_from: passing``) and the door can be held, see ``actions``."""
    labels: tuple[str, ...] = Field(default=("motorcycle", "bicycle", "ebike"), min_length=1)
    """Labels that count as e-bikes; a COCO model knows only ``motorcycle`` and ``bicycle``."""
    dwell_s: Seconds = 20.0
    """Seconds in the zone after which it is parked."""
    charging_dwell_s: Seconds = 1800.0
    """Seconds in the zone after which, inside ``charging_windows``, it is suspected of charging."""
    charging_windows: tuple[WeeklyWindow, ...] = ("daily 21:00-07:00",)
    """Weekly windows in which a long stay suggests charging, in the site's time zone."""
    socket_zones: tuple[Identifier, ...] = ()
    """Those of ``zones`` that hold a socket: whoever parks there charges, by day, too."""
    socket_dwell_s: Seconds = 600.0
    """Seconds in such a zone after which it is suspected of charging."""
    alarm_from: Stage | None = None
    """First stage that raises an alarm: ``passing``, ``parked``, ``suspected_charging``. By default ``passing`` in
    lifts and ``parked`` in a corridor."""

    @property
    def first_stage(self) -> Stage:
        """The stage from which on it is an alarm."""
        if self.alarm_from is not None:
            return self.alarm_from
        return Stage.PASSING if self.place is Place.LIFT else Stage.PARKED

    @model_validator(mode="after")
    def _stages_ascend(self) -> Self:
        if self.charging_dwell_s < self.dwell_s:
            raise ValueError(
                f"charging_dwell_s ({self.charging_dwell_s:g}) must not be shorter than dwell_s ({self.dwell_s:g})"
            )
        if not set(self.socket_zones) <= set(getattr(self, "zones", self.socket_zones)):
            raise ValueError("socket_zones must be among the rule's zones")
        return self


@dataclass(slots=True)
class _Note:
    #: The furthest stage that it has reached.
    stage: Stage = Stage.PASSING
    #: Whether it was an alarm before a gap or a restart: it is not doubted more than it was then.
    is_told: bool = False
    #: Frame time of the first look that was sure of it.
    sure_at: float = inf


class CorridorEbike(PresenceRule[CorridorEbikeParams, _Note]):
    """The rule. The stage of a thing only rises: a charging e-bike stays one when the night ends."""

    scenario = Scenario.CORRIDOR_EBIKE
    # From above an e-bike is found twice: together with whoever holds it, and alone or in part.
    part_share = 0.8

    def __init__(self, params: CorridorEbikeParams, zones: Sequence[Zone], context: RuleContext) -> None:
        super().__init__(params, zones, context, params.labels)
        self._night = make_schedule(params.charging_windows, context.calendar)
        self._origins = Origins(params.labels)

    @property
    def is_urgent(self) -> bool:
        """See ``Rule.is_urgent``: a lift's door closes."""
        return self._params.place is Place.LIFT

    def reset(self) -> None:
        """See ``Rule.reset``."""
        super().reset()
        self._origins.reset()

    def _new_note(self) -> _Note:
        return _Note()

    def _prepare(self, at: float, tracks: Sequence[Track], scene: Scene) -> None:
        self._origins.look(at, tracks, scene)

    def _least_score(self, at: float, presence: Presence, note: _Note) -> float:
        """What came is doubted less than what was there when the camera began to look, which may be a chair, and what
        other light made an e-bike of, which had stood there unseen or hardly seen: these must be clearly one."""
        usual, label = super()._least_score(at, presence, note), presence.track.label
        if presence.best_score >= SEEN_SURELY:
            note.sure_at = min(note.sure_at, presence.seen_at)
        if self._params.min_score is not None:
            return usual
        if note.is_told or self._origins.came(presence.track):
            return min(usual, self._context.tracked.get(label, usual))
        is_vouched_for = label in self._context.tracked
        if is_vouched_for or self._origins.stood(presence.track) or note.sure_at - presence.since > UNSEEN_S:
            return self._context.least_score(label, None, CLEARLY)
        return usual

    def _go_on(self, note: _Note, told: Observation) -> None:
        note.is_told = True
        note.stage = next((stage for stage in Stage if stage.value == told.attributes.stage), note.stage)

    def _judge(self, at: float, zone: Zone, presence: Presence, note: _Note) -> Judgement:
        note.stage = max(self._stage(at, zone, presence), note.stage, key=_ORDER.index)
        in_lift = self._params.place is Place.LIFT and note.stage is not Stage.SUSPECTED_CHARGING
        return Judgement(
            conditions=(
                self._dwell(zone, presence.dwell_s, note.stage),
                self._window(at, zone, presence.dwell_s, note.stage),
                Condition(name="socket_zone", value=zone.id in self._params.socket_zones, met=True),
            ),
            severity=Severity.YELLOW if in_lift else _SEVERITY[note.stage],
            severity_reason="ebike_in_lift" if in_lift else f"ebike_{note.stage.value}",
            attributes=Attributes(stage=note.stage.value),
            turns=tuple(
                presence.since + limit
                for limit in (self._params.dwell_s, self._params.socket_dwell_s, self._params.charging_dwell_s)
            ),
        )

    def _stage(self, at: float, zone: Zone, presence: Presence) -> Stage:
        dwell_s = presence.dwell_s
        if zone.id in self._params.socket_zones and dwell_s >= self._params.socket_dwell_s:
            return Stage.SUSPECTED_CHARGING
        if dwell_s >= self._params.charging_dwell_s and self._night.contains(at):
            return Stage.SUSPECTED_CHARGING
        return Stage.PARKED if dwell_s >= self._params.dwell_s else Stage.PASSING

    def _charging_s(self, zone: Zone) -> float:
        """Seconds after which it may charge: sooner by a socket."""
        by_socket = self._params.socket_dwell_s if zone.id in self._params.socket_zones else inf
        return min(self._params.charging_dwell_s, by_socket)

    def _reached(self, stage: Stage) -> bool:
        return _ORDER.index(stage) >= _ORDER.index(self._params.first_stage)

    def _dwell(self, zone: Zone, dwell_s: float, stage: Stage) -> Condition:
        limits = {
            Stage.PASSING: 0.0,
            Stage.PARKED: self._params.dwell_s,
            Stage.SUSPECTED_CHARGING: self._charging_s(zone),
        }
        condition = dwell_condition(dwell_s, limits[max(stage, self._params.first_stage, key=_ORDER.index)])
        return condition._replace(met=condition.met or self._reached(stage)).met_otherwise("least")

    def _window(self, at: float, zone: Zone, dwell_s: float, stage: Stage) -> Condition:
        """Unmet where it has been there for long enough, and only the night is lacking."""
        lacking = not self._reached(stage) and dwell_s >= self._charging_s(zone)
        return Condition(name="charging_window", value=self._night.contains(at), met=not lacking)
