"""care 重点人群关爱: somebody who lives alone has fallen, or shows no sign of life by a set hour. Opt-in only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field, model_validator

from lookout_contract.events import Attributes, Scenario, Severity, Votes
from lookout_edge.domain.condition import Condition
from lookout_edge.domain.geometry import WHOLE, Box
from lookout_edge.domain.looks import seconds_between
from lookout_edge.domain.observation import Observation, Scene
from lookout_edge.domain.occurrence import OccurrenceSettings
from lookout_edge.domain.pose import torso_tilt
from lookout_edge.domain.presence import Presence
from lookout_edge.domain.schedule import parse_clock
from lookout_edge.domain.track import Track
from lookout_edge.domain.watched import WatchedDay
from lookout_edge.domain.zone import Zone
from lookout_edge.rules.base import (
    Judgement,
    PresenceRule,
    RuleContext,
    RuleParams,
    Seconds,
    WeeklyWindow,
    dwell_condition,
    standing_of,
    zone_condition,
)

#: A pause between looks counts as watched up to this length, seconds.
_WATCHED_GAP_S = 30.0
#: Seconds from one estimate of a person's pose to the next, and for which one is believed.
_POSE_EVERY_S, _POSE_LASTS_S = 0.5, 1.5
#: Who lies on the floor since the night, and a portrait on the wall, are somebody and no sign of life: it takes so many
#: looks in a row at which their box has less than this in common (IoU) with where they were. Who has moved is alive for
#: so many seconds, and not for as long as they lie there.
_MOVED_LOOKS, _STILL_IOU, _MOTION_LASTS_S = 3, 0.8, 60.0
#: Key of the observation that nobody was seen: no thing has it. Tracks count from 1, and see ``Presence.thing``.
_NOBODY = 0
#: Between two looks.
_NO_SCENE = Scene("")


class Stage(StrEnum):
    """What is wrong."""

    FALL = "fall"
    NO_SIGN_OF_LIFE = "no_sign_of_life"


def _checked_clock(text: str) -> str:
    parse_clock(text)
    return text


Clock = Annotated[str, AfterValidator(_checked_clock)]
"""``HH:MM`` on the site's clock."""


class CareParams(RuleParams):
    """Who has agreed to be looked after, and what is worth a visit."""

    opted_in: Literal[True]
    """The person, or who may speak for them, has agreed in writing. The rule does not run without this line."""
    windows: tuple[WeeklyWindow, ...] = ()
    """Weekly windows in which a fall is an alarm, in the site's time zone; none means always. Signs of life have hours
    of their own: ``alive_from`` and ``alive_by``."""
    labels: tuple[str, ...] = Field(default=("person",), min_length=1)
    """Labels that count as a person."""
    lie_s: Seconds = 10.0
    """Seconds on the ground after a fall before it is an alarm."""
    fall_within_s: Seconds = 3.0
    """A fall takes no longer than this; who lies down slower goes to rest."""
    upright_ratio: float = Field(default=1.3, gt=0)
    """Height by width of a person's box, in pixels, from which they stand or sit."""
    lying_ratio: float = Field(default=0.9, gt=0)
    """Height by width of a person's box, in pixels, up to which they lie."""
    upright_tilt: float = Field(default=35.0, ge=0, le=90)
    """Where ``models.pose`` is set: tilt of the torso in degrees up to which a person stands or sits, whatever their
    box looks like."""
    lying_tilt: float = Field(default=60.0, ge=0, le=180)
    """The same from which on they lie."""
    alive_from: Clock = "05:00"
    """From here on a sign of life counts for the day."""
    alive_by: Clock | None = None
    """By now somebody should have been seen to move; absent means that nobody waits for it."""
    min_coverage: float = Field(default=0.8, ge=0, le=1)
    """Share of that time that must have been watched before silence means anything, 0..1."""
    longest_gap_s: Seconds = 2.0
    """Longest time without a picture while nothing moves."""

    @model_validator(mode="after")
    def _hours_ascend(self) -> Self:
        if self.alive_by is not None and parse_clock(self.alive_by) <= parse_clock(self.alive_from):
            raise ValueError(f"alive_by ({self.alive_by}) must be later than alive_from ({self.alive_from})")
        if self.lying_ratio >= self.upright_ratio:
            raise ValueError("lying_ratio must be smaller than upright_ratio")
        if self.lying_tilt <= self.upright_tilt:
            raise ValueError("lying_tilt must be larger than upright_tilt")
        return self


@dataclass(slots=True)
class _Note:
    upright_at: float | None = None
    lying_since: float | None = None
    #: Seconds between standing and lying.
    fell_within_s: float | None = None
    #: The same as told of a fall that goes on over a gap or a restart.
    told_fell_within_s: float | None = None
    #: Since when they are up again after a fall that was told; until it was taken back.
    up_since: float | None = None
    #: Degrees by which the torso was tilted, and when that was seen; frame times.
    tilt: float | None = None
    tilted_at: float = float("-inf")
    #: When the pose was last asked for.
    asked_at: float = float("-inf")
    #: Where they were first seen or came to, in how many looks in a row they were elsewhere, and when that last was
    #: often enough.
    place: Box | None = None
    elsewhere: int = 0
    moved_at: float = float("-inf")

    def follow(self, at: float, box: Box) -> None:
        """One more look at them."""
        self.place = self.place or box
        self.elsewhere = self.elsewhere + 1 if box.iou(self.place) < _STILL_IOU else 0
        if self.elsewhere >= _MOVED_LOOKS:
            self.place, self.elsewhere, self.moved_at = box, 0, at

    def tilt_at(self, at: float) -> float | None:
        """The tilt, while it may still be believed."""
        return self.tilt if at - self.tilted_at <= _POSE_LASTS_S else None


class _Seen(NamedTuple):
    """Somebody who was upright lately, as last seen."""

    at: float
    box: Box
    note: _Note


class _Posture(StrEnum):
    UPRIGHT = "upright"
    LYING = "lying"


class Care(PresenceRule[CareParams, _Note]):
    """The rule. Its events are restricted: the dispatcher shows them to those who look after the person."""

    scenario = Scenario.CARE
    urgent = True
    holding = OccurrenceSettings(hold_s=10.0, reopen_s=60.0)

    def __init__(self, params: CareParams, zones: Sequence[Zone], context: RuleContext) -> None:
        super().__init__(params, zones, context, params.labels)
        self._zones = tuple(zones)
        #: By what the day is remembered: another rule at the same zones counts other things, or for other hours.
        self._kept_as = _identity(params, zones)
        self._scene = _NO_SCENE
        self._looked_at: float | None = None
        self._alive_at: float | None = None
        #: Start of the day's time for signs of life, and the seconds of it that were watched.
        self._day_from = 0.0
        self._watched_s = 0.0
        #: Thing → how it was last seen, of those that were upright within ``fall_within_s``.
        self._lately: dict[int, _Seen] = {}
        #: Start of that time and what was watched of it when nobody was seen; until somebody is.
        self._silent: tuple[float, float] | None = None

    def observe(self, at: float, tracks: Sequence[Track], scene: Scene) -> Sequence[Observation]:
        """See ``Rule.observe``."""
        self._scene = scene
        self._lately = {thing: seen for thing, seen in self._lately.items() if self._was_upright(at, seen.note)}
        people = super().observe(at, tracks, scene)
        self._scene = _NO_SCENE  # it would keep its picture alive until the next look
        if any(each.seen_at >= at and _is_alive(each) for each in people):
            self._alive_at, self._silent = at, None
        return (*people, *self._silence(at, scene))

    def _new_note(self) -> _Note:
        return _Note()

    def _go_on(self, note: _Note, told: Observation) -> None:
        if told.attributes.stage == Stage.FALL.value:
            note.told_fell_within_s = _value(told, "upright_before")

    def _judge(self, at: float, zone: Zone, presence: Presence, note: _Note) -> Judgement:
        if presence.seen_at >= at:
            self._note_posture(at, presence, note)
            note.follow(at, presence.track.box)
        lying_s = 0.0 if note.lying_since is None else seconds_between(note.lying_since, presence.seen_at)
        fell = self._fell(note)
        return Judgement(
            conditions=(
                Condition(
                    name="upright_before",
                    value=None if note.fell_within_s is None else round(note.fell_within_s, 3),
                    limit=self._params.fall_within_s,
                    met=fell,
                    unit="s",
                ),
                dwell_condition(lying_s, self._params.lie_s),
                *self._tilt_condition(at, note),
                *self._up_condition(presence, note),
                Condition(name="moved", value=0 <= at - note.moved_at <= _MOTION_LASTS_S, met=True),
            ),
            severity=Severity.RED,
            severity_reason="care_fall",
            attributes=Attributes(stage=Stage.FALL.value, restricted=True),
            turns=() if note.lying_since is None else (note.lying_since + self._params.lie_s,),
            pose_of=self._pose_wish(at, presence, note),
        )

    def _fell(self, note: _Note) -> bool:
        return note.fell_within_s is not None and note.fell_within_s <= self._params.fall_within_s

    def _was_told(self, at: float, note: _Note) -> bool:
        """Whether a fall of theirs was an alarm up to now."""
        lay = note.lying_since is not None and seconds_between(note.lying_since, at) >= self._params.lie_s
        return note.told_fell_within_s is not None or (lay and self._fell(note))

    def _up_condition(self, presence: Presence, note: _Note) -> tuple[Condition, ...]:
        """Unmet in one look, which ends the alarm: otherwise it went on for as long as they are seen, and hid the next
        fall."""
        if note.up_since is None or seconds_between(note.up_since, presence.seen_at) < self.holding.hold_s:
            return ()
        note.up_since = None
        return (Condition(name="still_down", value=False, met=False),)

    def _tilt_condition(self, at: float, note: _Note) -> tuple[Condition, ...]:
        """Tells what the pose said, where there is a model for it."""
        if not self._scene.estimates_poses:
            return ()
        tilt = note.tilt_at(at)
        value = None if tilt is None else round(tilt)
        limit = self._params.lying_tilt
        return (Condition(name="torso_tilt", value=value, limit=limit, met=True, unit="°", bound="least"),)

    def _pose_wish(self, at: float, presence: Presence, note: _Note) -> int | None:
        """The track, if its pose is wanted: seen from their feet, who lies has the box of one who stands."""
        early = at - note.asked_at < _POSE_EVERY_S
        if not self._scene.estimates_poses or early or presence.seen_at < at:
            return None
        note.asked_at = at
        return presence.track.id

    def _note_posture(self, at: float, presence: Presence, note: _Note) -> None:
        track = presence.track
        pose = self._scene.poses.get(track.id)
        tilt = torso_tilt(pose, self._scene.aspect) if pose is not None else None
        if tilt is not None:
            note.tilt, note.tilted_at = tilt, at
        posture = self._posture(at, track.box, note)
        if posture is _Posture.LYING:
            note.up_since = None
        if posture is _Posture.UPRIGHT:
            note.up_since = at if self._was_told(at, note) else note.up_since
            note.upright_at, note.lying_since, note.fell_within_s = at, None, None
            note.told_fell_within_s = None
        elif posture is _Posture.LYING and note.lying_since is None:
            note.lying_since, note.fell_within_s = at, note.told_fell_within_s
            lost = note if note.upright_at is not None else self._lost_here(at, track.box)
            if lost is not None and lost.lying_since is not None and lost is not note:
                note.lying_since, note.fell_within_s = lost.lying_since, lost.fell_within_s
            elif lost is not None and lost.upright_at is not None:
                note.fell_within_s = at - lost.upright_at
        self._lately[presence.thing] = _Seen(at, track.box, note)

    def _was_upright(self, at: float, note: _Note) -> bool:
        """Whether somebody stood or sat within ``fall_within_s``. Who keeps still is hardly looked at: as long as no
        picture after the last look showed a change, they stood or sat as they did then."""
        unchanged_at = self._scene.unchanged_at
        if unchanged_at is not None and note.upright_at == self._looked_at:
            note.upright_at = unchanged_at
        return note.upright_at is not None and 0 <= at - note.upright_at <= self._params.fall_within_s

    def _lost_here(self, at: float, lying: Box) -> _Note | None:
        """The note of somebody who was upright, is not seen any more, and last was where somebody lies now: a box that
        tips over has so little in common with itself that the tracker may take it for another person's."""
        lost = [seen.note for seen in self._lately.values() if seen.at < at and seen.box.intersection(lying) > 0]
        return max(lost, key=lambda note: note.upright_at or 0.0, default=None)

    def _posture(self, at: float, box: Box, note: _Note) -> _Posture | None:
        """By the pose where it is known, else by the box; None for what is neither."""
        tilt, ratio = note.tilt_at(at), self._ratio(box)
        upright = ratio >= self._params.upright_ratio if tilt is None else tilt <= self._params.upright_tilt
        lying = ratio <= self._params.lying_ratio if tilt is None else tilt >= self._params.lying_tilt
        return _Posture.UPRIGHT if upright else _Posture.LYING if lying else None

    def _ratio(self, box: Box) -> float:
        """Height by width in pixels."""
        return box.height / max(1e-6, box.width * self._scene.aspect)

    def _silence(self, at: float, scene: Scene) -> tuple[Observation, ...]:
        """The observation that nobody was seen although somebody should have been by now."""
        last, self._looked_at = self._looked_at, at
        if self._params.alive_by is None:
            return ()
        # A clock that was ahead and is set right saw somebody all the same.
        self._alive_at = None if self._alive_at is None else min(self._alive_at, at)
        midnight = self._context.calendar.local(at).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        day_from, day_by = (_moment(midnight, text) for text in (self._params.alive_from, self._params.alive_by))
        if day_from != self._day_from:
            self._day_from, self._watched_s = day_from, 0.0
            self._go_on_with_the_day(at)
        if last is not None and max(last, day_from) <= at <= day_by:
            self._watched_s += min(at - max(last, day_from), _WATCHED_GAP_S)
        alive_at = self._alive_at if self._alive_at is not None and self._alive_at >= day_from else None
        self._context.days.keep(self._kept_as, WatchedDay(day_from, self._watched_s, alive_at))
        if self._silent is None and self._alive_at is None:
            self._silent = self._told_silence(scene)
        if self._silent is not None and at >= self._silent[0]:
            return (self._nobody(at, *self._silent),)  # midnight is no sign of life
        if at < day_by or alive_at is not None:
            return ()
        coverage = self._watched_s / (day_by - day_from)
        if coverage >= self._params.min_coverage:
            self._silent = day_from, coverage
        return (self._nobody(at, day_from, coverage),)

    def _go_on_with_the_day(self, at: float) -> None:
        """Take over what was watched of the day before a restart, and the sign of life in it, if there was one."""
        kept = self._context.days.last(self._kept_as) or self._context.days.last(_former_identity(self._zones))
        if kept is None or kept.begins_at != self._day_from:
            return
        # A clock that was set back meanwhile has not watched what is still to come.
        self._watched_s = min(kept.watched_s, max(0.0, at - self._day_from))
        if self._alive_at is None and kept.alive_at is not None:
            self._alive_at = min(kept.alive_at, at)

    def _told_silence(self, scene: Scene) -> tuple[float, float] | None:
        """The silence that was told before a restart, if nobody has been seen since."""
        told = (o for o in scene.going_on(self.scenario) if o.attributes.stage == Stage.NO_SIGN_OF_LIFE.value)
        return next(((each.since, _value(each, "watched_share") or 0.0) for each in told), None)

    def _nobody(self, at: float, since: float, coverage: float) -> Observation:
        conditions = (
            zone_condition(self._zones[0].id),
            Condition(name="alive_by", value=self._params.alive_by, met=True),
            Condition(
                name="watched_share",
                value=round(coverage, 3),
                limit=self._params.min_coverage,
                met=coverage >= self._params.min_coverage,
                unit="1",
            ),
            dwell_condition(at - since, 0.0),
        )
        standing, blocked_by = standing_of(conditions)
        return Observation(
            key=_NOBODY,
            zone=self._zones[0].id,
            group=self.scenario.value,
            box=WHOLE,
            standing=standing,
            since=since,
            severity=Severity.RED,
            severity_reason="care_no_sign_of_life",
            conditions=conditions,
            objects=(),
            votes=Votes(yes=0, of=0),
            attributes=Attributes(stage=Stage.NO_SIGN_OF_LIFE.value, restricted=True),
            blocked_by=blocked_by,
        )


def _identity(params: CareParams, zones: Sequence[Zone]) -> str:
    """Where, what and when it watches, whatever the order in which that is written."""
    places, labels = (",".join(sorted(words)) for words in ((zone.id for zone in zones), params.labels))
    return f"{places}; {labels}; {params.alive_from}-{params.alive_by}"


def _former_identity(zones: Sequence[Zone]) -> str:
    """What a day was kept as when zones alone told rules apart: the day of an update is told of, too."""
    return " ".join(zone.id for zone in zones)


def _is_alive(seen: Observation) -> bool:
    """Whether it is believed to be a person, and has moved lately: a coat that a look or two took for one is no sign
    of life, nor is who lies there without a motion."""
    believed = all(condition.met for condition in seen.conditions if condition.name in {"votes", "score"})
    return believed and any(condition.name == "moved" and condition.value for condition in seen.conditions)


def _value(told: Observation, name: str) -> float | None:
    """The number that was told of a condition."""
    values = (condition.value for condition in told.conditions if condition.name == name)
    return next((float(value) for value in values if isinstance(value, int | float)), None)


def _moment(midnight: datetime, text: str) -> float:
    minutes = parse_clock(text)
    return midnight.replace(hour=minutes // 60, minute=minutes % 60).timestamp()
