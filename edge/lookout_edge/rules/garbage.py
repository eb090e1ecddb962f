"""garbage 垃圾投放: a bag put down in the wrong place or at the wrong time, or a bin that overflows."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import hypot, inf
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from lookout_contract.base import Identifier
from lookout_contract.events import Attributes, EndReason, Scenario, Severity
from lookout_edge.domain.condition import Condition
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.looks import seconds_between
from lookout_edge.domain.observation import Observation, Scene
from lookout_edge.domain.occurrence import OccurrenceSettings
from lookout_edge.domain.presence import Presence
from lookout_edge.domain.schedule import make_schedule
from lookout_edge.domain.track import Track
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
from lookout_edge.rules.origins import CLEARLY, WATCHED_S, Origins

#: Share of a bag's box that lies in a bin's box when it is in the bin.
IN_BIN = 0.6
#: Overlap from which on a bin and one that overflows are the same bin. Of both the detector is surer of one.
SAME_BIN_IOU = 0.5
#: What is new: nothing doubtful was seen there (overlap) for so long, seconds.
UNSTAINED_S, STAIN_IOU = 3600.0, 0.2
#: What burns or smokes is the fire's alarm and no second one: labels, share of the smaller box inside the larger one,
#: and seconds since it was last seen to burn.
BURNING = frozenset({"fire", "smoke"})
ON_FIRE, BURNED_S = 0.6, 30.0


class Stage(StrEnum):
    """What is wrong."""

    MISPLACED = "misplaced"
    OUT_OF_HOURS = "out_of_hours"
    OVERFLOW = "overflow"
    UNCLEARED = "uncleared"


_SEVERITY = {
    Stage.MISPLACED: Severity.BLUE,
    Stage.OUT_OF_HOURS: Severity.BLUE,
    Stage.OVERFLOW: Severity.YELLOW,
    Stage.UNCLEARED: Severity.YELLOW,
}


class GarbageParams(RuleParams):
    """When a bag or a bin is an alarm. It closes itself when the bag is removed."""

    labels: tuple[str, ...] = Field(default=("garbage", "overflow"), min_length=1)
    """Labels that count: bags and heaps, and those of ``overflow_labels``."""
    overflow_labels: tuple[str, ...] = ("overflow",)
    """Those of ``labels`` that are a bin with rubbish above its rim."""
    bin_labels: tuple[str, ...] = ("garbage_bin",)
    """Labels of bins: what lies in one of them is where it belongs."""
    carrier_labels: tuple[str, ...] = ("person",)
    """Labels of who may have put it down and still be at it."""
    dwell_s: Seconds = 8.0
    """Seconds that it must lie there."""
    separation: float = Field(default=2.0, ge=0, le=20)
    """Whoever is nearer than this many widths of the bag has not left it."""
    leave_s: Seconds = 3.0
    """Seconds for which everybody must have been that far away."""
    drop_off_windows: tuple[WeeklyWindow, ...] = ()
    """Hours for dropping off (定时定点); outside them even what is put into a bin is an alarm. None means always."""
    drop_off_zones: tuple[Identifier, ...] = ()
    """Those of ``zones`` in which it may be put down, in the hours for it, beside the bin, too."""
    doubtful_s: Seconds = 12.0
    """Seconds after which something that newly lies there counts although the detector doubts it look after look."""
    doubt: float = Field(default=0.2, ge=0, le=0.5)
    """How far below the model's own threshold its score may be then, as a share of that threshold; a bin that came to
    overflow must reach the threshold. Not with ``min_score``."""
    clear_within_s: Seconds = 1800.0
    """Seconds after which it is graver: nobody has cleared it."""
    min_score: float | None = Field(default=None, ge=0, le=1)
    """Least mean score of it over all looks; by default an eighth of the way from the model's threshold to 1."""
    miss_tolerance_s: Seconds = 20.0
    """Watched seconds for which it may be hidden, by somebody who stands before it, and still lie there."""
    longest_gap_s: Seconds = 5.0
    """Longest time without a picture while nothing moves."""

    @model_validator(mode="after")
    def _clearing_comes_last(self) -> Self:
        if self.clear_within_s < self.dwell_s:
            raise ValueError(
                f"clear_within_s ({self.clear_within_s:g}) must not be shorter than dwell_s ({self.dwell_s:g})"
            )
        return self


@dataclass(slots=True)
class _Note:
    #: Since when nobody has been near it; None while somebody is.
    alone_since: float | None = None
    #: The least distance of somebody, in widths; None when nobody was ever seen near.
    nearest: float | None = None
    #: When it was last seen to burn or smoke.
    burned_at: float | None = None
    #: Whether it came while the place was watched; None before its first look was judged.
    is_new: bool | None = None
    #: When it came: before its track did, where another track of the same thing was lost.
    came_at: float = inf
    #: Whether it was ever taken for something that lies there, and not only for a bin that overflows.
    was_bag: bool = False
    #: Sum of the scores of a bin in its place.
    bin_sum: float = 0.0
    #: Whether it was an alarm before a gap or a restart.
    is_told: bool = False


class _Stain(NamedTuple):
    """A place where rubbish, or what was taken for it, was seen; frame times."""

    box: Box
    since: float
    seen_at: float
    #: Whether what was seen there came while the place was watched.
    is_new: bool


class Garbage(PresenceRule[GarbageParams, _Note]):
    """The rule."""

    scenario = Scenario.GARBAGE
    holding = OccurrenceSettings(reopen_s=60.0, gone_as=EndReason.REMOVED)

    def __init__(self, params: GarbageParams, zones: Sequence[Zone], context: RuleContext) -> None:
        super().__init__(params, zones, context, params.labels)
        self._hours = make_schedule(params.drop_off_windows, context.calendar)
        self._people: list[Box] = []
        self._bins: list[Track] = []
        self._watched_from: float | None = None
        #: Where rubbish, or what was taken for it, was seen.
        self._stains: list[_Stain] = []
        self._flames: list[Box] = []
        # A bin has always stood there: of one that comes to overflow the upper half changes.
        self._origins = Origins({*params.labels} - {*params.overflow_labels})
        self._heap_origins = Origins(params.overflow_labels, _upper_half)

    @property
    def reads(self) -> frozenset[str]:
        """See ``Rule.reads``."""
        params = self._params
        others = {*params.overflow_labels, *params.bin_labels, *params.carrier_labels}
        return super().reads | others | BURNING

    def _new_note(self) -> _Note:
        return _Note()

    def _go_on(self, note: _Note, told: Observation) -> None:
        # What was told is not doubted more than it was then.
        note.is_new, note.came_at, note.is_told = True, told.since, True

    def _prepare(self, at: float, tracks: Sequence[Track], scene: Scene) -> None:
        here = [track for track in tracks if track.last_at >= at]
        self._people = [track.box for track in here if track.label in self._params.carrier_labels]
        self._bins = [track for track in here if track.label in self._params.bin_labels]
        self._watched_from = at if self._watched_from is None else self._watched_from
        self._stains = [stain for stain in self._stains if at - stain.seen_at < UNSTAINED_S]
        self._flames = [found.box for found in scene.detections if found.label in BURNING]
        self._origins.look(at, tracks, scene)
        self._heap_origins.look(at, tracks, scene)

    def reset(self) -> None:
        """See ``Rule.reset``."""
        super().reset()
        self._watched_from, self._stains = None, []
        self._origins.reset()
        self._heap_origins.reset()

    def _least_score(self, at: float, presence: Presence, note: _Note) -> float:
        """What newly came is doubted less the longer it lies there; what always stood there never is, and a bin on
        which nothing has come must clearly overflow: dusk and dawn lift scores."""
        usual = super()._least_score(at, presence, note)
        is_same_bin = self._heap_origins.stood(presence.track) and not note.is_told
        if is_same_bin and self._params.min_score is None:
            return self._context.least_score(presence.track.label, None, CLEARLY)
        lies_s = max(self._params.doubtful_s, self._params.dwell_s)
        lay_s = seconds_between(min(presence.since, note.came_at), presence.seen_at)
        if not note.is_new or lay_s < lies_s or self._params.min_score is not None:
            return usual
        doubt = self._params.doubt if note.was_bag else 0.0
        return min(usual, round((1 - doubt) * self._context.threshold(presence.track.label), 3))

    def _note_looks(self, at: float, presence: Presence, note: _Note) -> None:
        """Whether it is new, and what else is seen in its place."""
        box = presence.track.box
        if note.is_new is None:
            self._tell_news(at, presence, note)
        if presence.seen_at < at:
            return
        note.was_bag = note.was_bag or presence.track.label not in self._params.overflow_labels
        in_place = [bin_.score for bin_ in self._bins if bin_.box.iou(box) >= SAME_BIN_IOU]
        note.bin_sum += max(in_place, default=0.0)
        same = [stain for stain in self._stains if stain.box.iou(box) >= SAME_BIN_IOU]
        self._stains = [stain for stain in self._stains if stain not in same]
        since = min((stain.since for stain in same), default=presence.since)
        self._stains.append(_Stain(box, since, at, bool(note.is_new) and all(stain.is_new for stain in same)))

    def _tell_news(self, at: float, presence: Presence, note: _Note) -> None:
        """Whether it came while its place was watched. What was new there just before under another number still is,
        and what stood there unseen until other light made rubbish of it is not."""
        watched_s = at - (at if self._watched_from is None else self._watched_from)
        before = [
            stain
            for stain in self._stains
            if stain.since < presence.since - WATCHED_S and stain.box.iou(presence.track.box) >= STAIN_IOU
        ]
        recent_s = self._params.miss_tolerance_s
        same = [stain for stain in before if presence.since - stain.seen_at <= recent_s]
        is_news = all(stain.is_new for stain in same) and len(same) == len(before)
        note.is_new = watched_s >= WATCHED_S and is_news and not self._origins.stood(presence.track)
        note.came_at = min((stain.since for stain in same), default=presence.since)

    def _judge(self, at: float, zone: Zone, presence: Presence, note: _Note) -> Judgement:
        self._note_looks(at, presence, note)
        alone_s = self._alone_s(at, presence, note)
        in_hours = self._hours.contains(at)
        in_bin = any(presence.track.box.share_inside(bin_.box) >= IN_BIN for bin_ in self._bins)
        came_in_hours = self._hours.contains(min(presence.since, note.came_at))
        stage = self._stage(presence, in_hours, in_bin)
        # What was put into a bin in time may wait there for who empties it.
        belongs = in_bin and (in_hours or came_in_hours)
        allowed = belongs or (in_hours and zone.id in self._params.drop_off_zones)
        allowed = allowed and stage is not Stage.OVERFLOW
        leave_s = min(self._params.leave_s, self._params.dwell_s)
        return Judgement(
            conditions=(
                dwell_condition(presence.dwell_s, self._params.dwell_s),
                Condition(
                    name="separation",
                    value=None if note.nearest is None else round(note.nearest, 2),
                    limit=self._params.separation,
                    met=alone_s >= leave_s or stage in {Stage.OVERFLOW, Stage.UNCLEARED},
                    unit="1",
                ).met_otherwise("least"),
                Condition(name="drop_off", value=allowed, limit=False, met=not allowed),
                Condition(name="drop_off_hours", value=in_hours, met=True),
                *((_shut(presence, note),) if stage is Stage.OVERFLOW else ()),
                self._burning(at, presence, note),
            ),
            severity=_SEVERITY[stage],
            severity_reason=f"garbage_{stage.value}",
            attributes=Attributes(stage=stage.value),
            turns=(
                presence.since + self._params.dwell_s,
                presence.since + max(self._params.doubtful_s, self._params.dwell_s),
                (note.alone_since or at) + leave_s,
                presence.since + self._params.clear_within_s,
            ),
        )

    def _burning(self, at: float, presence: Presence, note: _Note) -> Condition:
        if any(_overlap(flame, presence.track.box) >= ON_FIRE for flame in self._flames):
            note.burned_at = at
        burns = note.burned_at is not None and at - note.burned_at < BURNED_S
        return Condition(name="burning", value=burns, limit=False, met=not burns)

    def _alone_s(self, at: float, presence: Presence, note: _Note) -> float:
        """Seconds for which everybody has been away from it."""
        bag = presence.track.box
        distances = [_distance(bag, person) for person in self._people]
        nearest = min(distances, default=None)
        if nearest is not None and nearest < self._params.separation:  # who hides it is near it, too
            note.nearest, note.alone_since = nearest, None
            return 0.0
        if presence.seen_at < at:
            return 0.0 if note.alone_since is None else seconds_between(note.alone_since, presence.seen_at)
        note.nearest = nearest
        if note.alone_since is None:
            # Nobody has ever been near: it has been alone from its first sight on.
            note.alone_since = presence.since if presence.sights <= 1 else at
        return seconds_between(note.alone_since, at)

    def _stage(self, presence: Presence, in_hours: bool, in_bin: bool) -> Stage:
        if presence.dwell_s >= self._params.clear_within_s:
            return Stage.UNCLEARED
        if presence.track.label in self._params.overflow_labels:
            return Stage.OVERFLOW
        return Stage.OUT_OF_HOURS if in_bin and not in_hours else Stage.MISPLACED


def _shut(presence: Presence, note: _Note) -> Condition:
    """Whether the detector sees an ordinary bin in the place of one that overflows and on the whole is surer of it."""
    surer = note.bin_sum / max(1e-6, presence.score_sum)
    return Condition(name="shut_bin", value=round(surer, 2), limit=1.0, met=surer <= 1.0, unit="1")


def _overlap(a: Box, b: Box) -> float:
    """The share of the smaller one that lies in the larger one."""
    return max(a.share_inside(b), b.share_inside(a))


def _distance(bag: Box, person: Box) -> float:
    """How far apart they are, in sizes of the bag."""
    dx, dy = bag.gap(person)
    return hypot(dx / max(1e-6, bag.width), dy / max(1e-6, bag.height))


def _upper_half(box: Box) -> Box:
    return Box(box.x1, box.y1, box.x2, (box.y1 + box.y2) / 2)
