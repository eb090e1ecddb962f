"""How long a thing has been in a zone, across short misses and changes of the track number."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from lookout_contract.events import DetectedObject, Votes
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.labels import label_group
from lookout_edge.domain.looks import LookClock, seconds_between
from lookout_edge.domain.track import Track
from lookout_edge.domain.zone import Zone

#: Overlap at which a new track in the place of a lost one is taken for the same thing.
SAME_PLACE_IOU = 0.4
#: Overlap at which two tracks of one kind in one look are the same thing, found twice (a bicycle as a motorcycle).
SAME_THING_IOU = 0.6
#: Sights after which the tracker shows a track.
CONFIRMED_HITS = 2


class Thing(NamedTuple):
    """One object that a rule judged, as last seen."""

    label: str
    score: float
    box: Box
    #: None for what no track stands for.
    track: int | None

    @property
    def shown_box(self) -> tuple[float, float, float, float]:
        """x1, y1, x2, y2 clipped to the frame, four decimals, so that replays agree to the byte."""
        x1, y1, x2, y2 = (round(value, 4) for value in self.box.clipped())
        return x1, y1, x2, y2

    def as_contract(self) -> DetectedObject:
        """The thing as events carry it."""
        score = round(min(1.0, max(0.0, self.score)), 4)
        return DetectedObject(label=self.label, score=score, box=self.shown_box, track=self.track)


@lru_cache(maxsize=1024)
def _votes(yes: int, of: int) -> Votes:
    """The message; there are few different ones, each is told in every look, and checking it costs more than k of n."""
    return Votes(yes=yes, of=of)


@dataclass(slots=True)
class Presence:
    """One thing in one zone. Times are frame times, seconds since the Unix epoch."""

    #: Number of its first track; stays when the track changes. Below 0 where a thing that is here bears that number.
    thing: int
    track: Track
    since: float
    seen_at: float
    #: The last n looks: was it seen in the zone?
    looks: deque[bool]
    #: Watched seconds since it was last seen in the zone.
    absent_s: float = 0.0
    #: Sum of its scores in the zone, how many there were, and the best of them.
    score_sum: float = 0.0
    sights: int = 0
    best_score: float = 0.0

    @property
    def group(self) -> str:
        """Label group of the thing."""
        return label_group(self.track.label)

    @property
    def dwell_s(self) -> float:
        """Seconds from its first to its last sight in the zone: time without sight is no proof of staying."""
        return seconds_between(self.since, self.seen_at)

    @property
    def votes(self) -> Votes:
        """k of n."""
        return _votes(sum(self.looks), len(self.looks))

    @property
    def mean_score(self) -> float:
        """Mean score of all its sights in the zone, 0..1: one lucky look does not make it, one bad one not break it."""
        return self.score_sum / self.sights if self.sights else 0.0

    def see(self, at: float, track: Track) -> None:
        """Take in a look at frame time ``at`` that saw it."""
        self.looks.append(True)
        self.track, self.seen_at, self.absent_s = track, at, 0.0
        self.score_sum, self.sights = self.score_sum + track.score, self.sights + 1
        self.best_score = max(self.best_score, track.score)

    def miss(self, step_s: float) -> None:
        """Take in a look, ``step_s`` watched seconds after the last one, that did not see it."""
        self.looks.append(False)
        self.absent_s += step_s

    def as_thing(self) -> Thing:
        """The thing as last seen."""
        return Thing(self.track.label, self.track.score, self.track.box, self.track.id)


@dataclass(slots=True)
class PresenceBook:
    """All things of some labels in one zone."""

    zone: Zone
    labels: frozenset[str]
    #: n of the k-of-n vote.
    votes_of: int
    #: Watched seconds after which an unseen thing is forgotten.
    tolerance_s: float
    #: Share of a box inside another's, 0..1, from which on one of them is a part of the other; None where things of
    #: this kind stand before each other as often as they are found in parts.
    part_share: float | None = None
    _present: list[Presence] = field(default_factory=list[Presence])
    _clock: LookClock = field(default_factory=LookClock)

    def update(self, at: float, tracks: Sequence[Track]) -> Sequence[Presence]:
        """Take in the tracks of a look at frame time ``at``; the things still believed present, oldest first."""
        step = self._clock.step(at)
        labels, zone, present = self.labels, self.zone, self._present
        visible = [
            track
            for track in tracks
            if track.last_at >= at and track.label in labels and zone.contains(track.box.bottom_centre)
        ]
        if not present and not visible:
            return ()
        rest = {track.id: track for track in visible}
        seen: dict[int, Track] = {}
        for presence in present:
            track = rest.pop(presence.track.id, None)
            if track is not None:
                seen[presence.thing] = track
        if not rest and len(seen) == len(present):  # as a rule each has its track, and nothing has come
            for presence in present:
                presence.see(at, seen[presence.thing])
            return tuple(present)
        self._find_in_place(seen, rest)
        for presence in present:
            track = seen.pop(presence.thing, None)
            if track is None:
                presence.miss(step)
            else:
                presence.see(at, track)
        present = self._present = [p for p in present if p.absent_s <= self.tolerance_s]
        matched = {presence.track.id for presence in present}
        for track in visible:
            if track.id not in matched and not self._is_double(at, track):
                present.append(self._begin(at, track))
        return tuple(present)

    def reset(self) -> None:
        """Forget everything: time has jumped."""
        self._present = []
        self._clock = LookClock()

    def _is_double(self, at: float, track: Track) -> bool:
        """Whether it is a thing already seen in this look, found once more under another name or number, or a part of
        one that was here a moment ago."""
        for other in self._present:
            if other.group != label_group(track.label):
                continue
            if other.seen_at == at and other.track.box.iou(track.box) >= SAME_THING_IOU:
                return True
            if self._is_part(track.box, other.track.box):
                return True
        return False

    def _is_part(self, one: Box, other: Box) -> bool:
        share = self.part_share
        return share is not None and max(one.share_inside(other), other.share_inside(one)) >= share

    def _find_in_place(self, seen: dict[int, Track], rest: dict[int, Track]) -> None:
        """Find by its place what lost its number: thing → its track goes from ``rest`` to ``seen``."""
        for presence in self._present:
            if presence.thing in seen or not rest:
                continue
            same = [t for t in rest.values() if label_group(t.label) == presence.group]
            best = max(same, key=lambda t: (t.box.iou(presence.track.box), -t.id), default=None)
            if best is not None and self._is_same_place(best.box, presence.track.box):
                seen[presence.thing] = rest.pop(best.id)

    def _is_same_place(self, found: Box, lost: Box) -> bool:
        return found.iou(lost) >= SAME_PLACE_IOU or self._is_part(found, lost)

    def _begin(self, at: float, track: Track) -> Presence:
        # A track is shown from its second sight on: its first one counts as well.
        since = track.first_at if track.hits <= CONFIRMED_HITS else at
        presence = Presence(self._free_number(track.id), track, since, at, deque(maxlen=self.votes_of))
        presence.see(at, track)
        return presence

    def _free_number(self, number: int) -> int:
        """A track's own, or one that no track has where its first thing goes on under another track."""
        taken = {presence.thing for presence in self._present}
        while number in taken:
            number = -number if number > 0 else number - 1
        return number
