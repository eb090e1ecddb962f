"""Flames and smoke: things without a shape, followed as places that burn and not as boxes that match."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median, pstdev

from lookout_contract.events import Votes
from lookout_edge.domain.appearance import Appearance, flicker_between
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.looks import LookClock, seconds_between

#: Share of its own size by which a box reaches out to what may belong to it.
REACH = 0.35
#: Seconds of frame time over which it is judged, and for which its looks are remembered.
MEMORY_S, LOOKS_S = 12.0, 120.0
#: Looks that count however long ago they were: where few are taken, the last two prove nothing.
_COUNTED = 20
#: What flickers changes this many times as much as the places beside it.
_ALONE = 2.0
#: Sights that are needed to say how something moves or grows.
_FEW = 4


@dataclass(frozen=True, slots=True)
class Sight:
    """How a hazard looked in one look."""

    at: float
    box: Box
    #: Score of its surest part, 0..1.
    score: float
    #: Change of the pattern of one place since the sight before, see ``flicker_between``; None for the first.
    flicker: float | None


@dataclass(slots=True, eq=False)
class Hazard:
    """One place that seems to burn. Times are frame times, seconds since the Unix epoch."""

    number: int
    since: float
    looks: deque[bool]
    parts: tuple[Detection, ...] = ()
    box: Box = field(default_factory=lambda: Box(0.0, 0.0, 0.0, 0.0))
    seen_at: float = 0.0
    #: Watched seconds since it was last seen.
    absent_s: float = 0.0
    #: Looks since it began, and those that saw it.
    watched: int = 0
    seen: int = 0
    #: The looks of the last ``LOOKS_S``, and the last ``_COUNTED`` at least: frame time, and whether it was seen.
    lately: deque[tuple[float, bool]] = field(default_factory=deque[tuple[float, bool]])
    #: Where it was surest when it was last seen and the places beside that, and how they looked.
    _places: Sequence[tuple[Box, Appearance]] = ()
    #: Area when it began: the median of the first sights.
    sights: deque[Sight] = field(default_factory=deque[Sight])
    #: The areas of its first sights.
    first_areas: list[float] = field(default_factory=list[float])

    @property
    def dwell_s(self) -> float:
        """Seconds from the first to the last sight."""
        return seconds_between(self.since, self.seen_at)

    @property
    def votes(self) -> Votes:
        """k of n."""
        return Votes(yes=sum(self.looks), of=len(self.looks))

    @property
    def share(self) -> float:
        """Share of the looks since it began that saw it, 0..1."""
        return self.seen / self.watched if self.watched else 0.0

    @property
    def share_lately(self) -> float:
        """The same of the looks of the last ``MEMORY_S``."""
        return self.share_over(MEMORY_S)

    def share_over(self, seconds: float) -> float:
        """The same of the looks of the last ``seconds`` (up to ``LOOKS_S``), of the last ``_COUNTED`` at least."""
        if not self.lately:
            return 0.0
        since = self.lately[-1][0] - seconds
        counted = max(_COUNTED, sum(at >= since for at, _ in self.lately))
        return fmean(was_seen for _, was_seen in list(self.lately)[-counted:])

    @property
    def mean_score(self) -> float:
        """Mean score over the last seconds, 0..1: of the looks that saw it, so that it never is below what counts."""
        return fmean(sight.score for sight in self.sights) if self.sights else 0.0

    @property
    def flicker(self) -> float:
        """Median change of its pattern from look to look."""
        known = [sight.flicker for sight in self.sights if sight.flicker is not None]
        return median(known) if len(known) >= _FEW - 1 else 0.0

    @property
    def growth(self) -> float:
        """Its area now as a multiple of the area with which it began; medians of a few sights."""
        if len(self.sights) < _FEW or len(self.first_areas) < _FEW:
            return 1.0
        now = median(sight.box.area for sight in list(self.sights)[-_FEW:])
        return now / max(1e-6, median(self.first_areas))

    @property
    def drift(self) -> float:
        """How far its base wanders, as a share of its size: flames stand, vehicles with lamps pass."""
        if len(self.sights) < _FEW:
            return 0.0
        boxes = [sight.box for sight in self.sights]
        size = max(1e-6, fmean((box.width + box.height) / 2 for box in boxes))
        return (pstdev(box.bottom_centre[0] for box in boxes) + pstdev(box.y2 for box in boxes)) / size

    def watch(self, at: float, seen: bool) -> None:
        """Take in whether a look at its place saw it."""
        self.watched, self.seen = self.watched + 1, self.seen + seen
        self.looks.append(seen)
        self.lately.append((at, seen))
        while len(self.lately) > _COUNTED and self.lately[0][0] < at - LOOKS_S:
            self.lately.popleft()

    def see(self, at: float, parts: Sequence[Detection], appearance: Callable[[Box], Appearance] | None) -> None:
        """Take in a sight. Whether it flickers is told at the place where it was: two boxes differ though
        nothing has changed. What the places beside it do as well is the camera's: wind, rain, a key frame.
        """
        flicker = None
        if appearance is not None:
            if self._places:
                own, *others = (flicker_between(before, appearance(box)) for box, before in self._places)
                flicker = own if own >= _ALONE * median(others or [0.0]) else 0.0
            surest = max(parts, key=lambda part: part.score).box
            self._places = [(box, appearance(box)) for box in (surest, *_beside(surest))]
        self.parts, self.box, self.seen_at, self.absent_s = tuple(parts), union(parts), at, 0.0
        self.sights.append(Sight(at, self.box, max(part.score for part in parts), flicker))
        while self.sights[0].at < at - MEMORY_S:
            self.sights.popleft()
        if len(self.first_areas) < _FEW:
            self.first_areas.append(self.box.area)


def union(parts: Sequence[Detection]) -> Box:
    """The smallest box around all ``parts`` (at least one)."""
    return Box(
        min(part.box.x1 for part in parts),
        min(part.box.y1 for part in parts),
        max(part.box.x2 for part in parts),
        max(part.box.y2 for part in parts),
    )


@dataclass(slots=True)
class HazardBook:
    """The hazards of one camera."""

    #: n of the k-of-n vote.
    votes_of: int
    #: Watched seconds after which an unseen hazard is forgotten.
    tolerance_s: float
    _hazards: list[Hazard] = field(default_factory=list[Hazard])
    _clock: LookClock = field(default_factory=LookClock)
    _last: int = 0

    def update(
        self,
        at: float,
        candidates: Sequence[Detection],
        saw: Callable[[Box], bool] = lambda box: True,
        appearance: Callable[[Box], Appearance] | None = None,
    ) -> tuple[Sequence[Hazard], Sequence[Hazard]]:
        """Take in the flames and smoke of a look; the hazards believed to burn, oldest first, and those forgotten.

        A hazard at a place that the look did not see stays as it was. ``appearance`` says how a place looks in it.
        """
        step = self._clock.step(at)
        groups = _groups(candidates)
        for hazard in self._hazards:
            mine = [group for group in groups if _touch(hazard.box, union(group))]
            groups = [group for group in groups if group not in mine]
            if not mine and not saw(hazard.box):
                continue
            hazard.watch(at, bool(mine))
            if mine:
                hazard.see(at, [part for group in mine for part in group], appearance)
            else:
                hazard.absent_s += step
        gone = [hazard for hazard in self._hazards if hazard.absent_s > self.tolerance_s]
        self._hazards = [hazard for hazard in self._hazards if hazard not in gone]
        self._hazards += [self._begin(at, group, appearance) for group in groups]
        return tuple(self._hazards), gone

    def reset(self) -> None:
        """Forget everything: time has jumped. Numbers go on rising."""
        self._hazards = []
        self._clock = LookClock()

    def _begin(self, at: float, parts: Sequence[Detection], appearance: Callable[[Box], Appearance] | None) -> Hazard:
        self._last += 1
        hazard = Hazard(self._last, at, deque(maxlen=self.votes_of))
        hazard.watch(at, True)
        hazard.see(at, parts, appearance)
        return hazard


def _beside(box: Box) -> list[Box]:
    """The places of its size on its four sides, as far as at least half of each lies in the picture."""
    dx, dy = box.width, box.height
    around = [(dx, 0.0), (-dx, 0.0), (0.0, dy), (0.0, -dy)]
    beside = [Box(box.x1 + x, box.y1 + y, box.x2 + x, box.y2 + y) for x, y in around]
    return [place.clipped() for place in beside if place.clipped().area >= box.area / 2]


def _groups(candidates: Sequence[Detection]) -> list[list[Detection]]:
    """Candidates that touch belong together: smoke to its flames, one flame to the next."""
    groups: list[list[Detection]] = []
    for candidate in candidates:
        near = [group for group in groups if any(_touch(part.box, candidate.box) for part in group)]
        groups = [group for group in groups if group not in near]
        groups.append([*(part for group in near for part in group), candidate])
    return groups


def _touch(a: Box, b: Box) -> bool:
    a, b = _reached(a), _reached(b)
    return a.x1 <= b.x2 and b.x1 <= a.x2 and a.y1 <= b.y2 and b.y1 <= a.y2


def _reached(box: Box) -> Box:
    dx, dy = REACH * box.width / 2, REACH * box.height / 2
    return Box(box.x1 - dx, box.y1 - dy, box.x2 + dx, box.y2 + dy)
