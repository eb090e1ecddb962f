"""ByteTrack in seconds of frame time: two-stage association over a constant-velocity Kalman filter.

Differences from the paper (Zhang et al., "ByteTrack", ECCV 2022): the filter runs on real time steps, the buffer is in
watched seconds, labels of one group ("car", "truck", "bus") may match each other, and a fresh track is given a wider
box until its speed is known. Looks may be at parts of the picture: what was not looked at is not missed. A thing that
stands still is held while its place looks as it did when it was last found, and looked at again now and then; it leaves
when the scene shows that it is gone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment  # pyright: ignore[reportUnknownVariableType]

from lookout_edge.domain.detection import Detection
from lookout_edge.domain.foresight import ForesightSettings, foreseen_s
from lookout_edge.domain.frame import Patch
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.kalman import BoxFilter
from lookout_edge.domain.labels import label_group
from lookout_edge.domain.looks import LookClock
from lookout_edge.domain.track import SEEN_SURELY, Track

Array = NDArray[np.float64]

_assign = cast(Callable[[Array], tuple[NDArray[np.intp], NDArray[np.intp]]], linear_sum_assignment)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerSettings:
    """Scores 0..1, overlaps as IoU 0..1, times in seconds."""

    #: Detections from here on take part in the first association and may start a track.
    high_score: float = SEEN_SURELY
    #: Label → what holds for it instead.
    high_scores: Mapping[str, float] = field(default_factory=dict[str, float])
    #: Detections from here on may keep a track alive in the second association.
    low_score: float = 0.1
    #: Least overlap in the first association.
    min_iou: float = 0.2
    #: Least overlap in the second one.
    min_iou_low: float = 0.4
    #: Watched seconds for which an unseen track can come back under its number.
    buffer_s: float = 3.0
    #: The same for a track that was seen only once.
    tentative_s: float = 0.5
    #: Speed in own sizes a second below which a thing stands still.
    still_speed: float = 0.12
    #: Sights from which on a still thing need not be looked at each time.
    settled_hits: int = 5
    #: Sights from which on it is asked for how long it is foreseeable where a moving thing will be.
    known_hits: int = 3
    foresight: ForesightSettings = field(default_factory=ForesightSettings)
    #: Watched seconds for which what is missed is looked for as often as can be, and for which every ``moving_s``.
    searched_s: float = 0.2
    sought_s: float = 1.0
    #: First and longest time from one look at a still thing to the next; it doubles with each that finds it.
    recheck_s: tuple[float, float] = (1.0, 10.0)
    #: Time from one look to the next at something foreseeable that moves, unless something else needs one sooner.
    moving_s: float = 0.4
    #: Longest time for which a still thing is believed to be there behind another that hides it.
    hidden_s: float = 20.0
    #: Share of its box that the other must cover.
    hidden_share: float = 0.4
    #: Seconds after which a thing that was surely seen elsewhere, and since then only doubtfully in a place where
    #: nothing moves, is not there: something else is taken for it. Infinite where people lie still, see ``care``.
    ghost_s: float = 5.0

    def is_high(self, label: str, score: float) -> bool:
        """Whether it takes part in the first association."""
        return score >= self.high_scores.get(label, self.high_score)


class SceneView(Protocol):
    """What a look saw of the scene."""

    def saw(self, box: Box) -> bool:
        """Whether all of ``box`` was looked at."""
        ...

    def patch(self, box: Box) -> Patch | None:
        """How ``box`` looks now; None when there are no pixels to compare."""
        ...

    def resembles(self, patch: Patch, box: Box) -> bool:
        """Whether ``box`` looks as it did in ``patch``."""
        ...


class WholeScene:
    """A look at everything, with nothing remembered of how it looked: who is not found is missed."""

    def saw(self, box: Box) -> bool:
        """See ``SceneView``."""
        return True

    def patch(self, box: Box) -> Patch | None:
        """See ``SceneView``."""
        return None

    def resembles(self, patch: Patch, box: Box) -> bool:
        """See ``SceneView``."""
        return False


_WHOLE = WholeScene()
#: Overlap from which on two detections of one label group are of the same thing.
_DOUBLE_IOU = 0.7
#: Overlap with where it was surely seen, from which on a thing still is there.
_SURE_PLACE_IOU = 0.5


@dataclass(slots=True, eq=False)
class _Followed:
    id: int
    label: str
    motion: BoxFilter
    box: Box
    score: float
    first_at: float
    last_at: float
    hits: int = 1
    missed_s: float = 0.0
    #: Label → decayed sum of scores.
    labels: dict[str, float] = field(default_factory=dict[str, float])
    #: Whether it is believed to be there without having been found in the last look.
    held: bool = False
    #: How its place looked when it was last found.
    patch: Patch | None = None
    #: Looks in a row that did not find it though its place looks the same.
    overlooked: int = 0
    hidden_s: float = 0.0
    #: Frame time of the last look that found it.
    found_at: float = float("-inf")
    #: Where it was when a detection last was sure of it.
    sure_box: Box | None = None
    #: Frame time since which it is seen doubtfully, elsewhere, and nothing moves there; None while that is not so.
    ghost_since: float | None = None
    #: Seconds to the next look at it, while it stands still, and frame time of that look.
    interval_s: float = 0.0
    look_at: float = float("-inf")

    @property
    def search_box(self) -> Box:
        """Where it is expected; widened while its speed is unknown."""
        box = self.motion.box
        if self.hits > 1:
            return box
        dx, dy = 0.15 * box.width, 0.15 * box.height
        return Box(box.x1 - dx, box.y1 - dy, box.x2 + dx, box.y2 + dy)

    def way(self, dt: float) -> Box:
        """Where it may be ``dt`` seconds after the last look: from there to where it is expected by then."""
        box = self.search_box
        if self.hits == 1 or self.missed_s > 0 or self.patch is not None:
            return box
        dx, dy = self.motion.velocity[0] * dt, self.motion.velocity[1] * dt
        return box.union(Box(box.x1 + dx, box.y1 + dy, box.x2 + dx, box.y2 + dy))

    def see(self, at: float, detection: Detection) -> None:
        self.motion.correct(detection.box)
        self.box, self.score, self.last_at, self.found_at = detection.box, detection.score, at, at
        self.hits, self.missed_s = self.hits + 1, 0.0
        self.held, self.overlooked, self.hidden_s = False, 0, 0.0
        self.vote(detection)

    def hold(self, at: float) -> None:
        """It is there: its place has not changed since it was last found."""
        self.last_at, self.missed_s, self.held = at, 0.0, True
        self.motion.stand()

    def coast(self, at: float) -> None:
        """It is where it is expected: it moves steadily, and its next look is yet to come."""
        self.last_at, self.box, self.held = at, self.motion.box, False

    def vote(self, detection: Detection) -> None:
        """Let the label be renamed by one that clearly outweighs it, so that flicker does not."""
        labels = self.labels
        for label in labels:
            labels[label] *= 0.95
        labels[detection.label] = labels.get(detection.label, 0.0) + detection.score
        if len(labels) == 1 and self.label in labels:
            return
        heaviest = max(labels, key=lambda label: (labels[label], label))
        if labels[heaviest] > 1.25 * labels.get(self.label, 0.0):
            self.label = heaviest

    def as_track(self) -> Track:
        return Track(self.id, self.label, self.score, self.box, self.first_at, self.last_at, self.hits, self.held)


class Place(NamedTuple):
    """Where something followed is expected."""

    box: Box
    #: Frame time of the next look that it needs.
    look_at: float
    #: Whether it stands: nothing is expected to change there.
    still: bool


class Tracker:
    """Follows the objects of one camera. Track numbers rise and are never used twice."""

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        self._settings = settings or TrackerSettings()
        self._followed: list[_Followed] = []
        self._places: list[Place] = []
        self._clock = LookClock()
        self._next_id = 1
        #: Seconds after the last look for which all that is followed is sure to be known again: 0 while something is so
        #: new, so fast or so lately missed that it needs a look as soon as can be, infinite while nothing moves.
        self.foreseen_s = inf

    def update(self, at: float, detections: Sequence[Detection], scene: SceneView = _WHOLE) -> tuple[Track, ...]:
        """Take in the detections of a look at frame time ``at`` (later than the last one).

        Returns all confirmed tracks by number; those not seen in this look carry an older ``last_at`` and their
        last seen box, unless they are ``held``.
        """
        first_look = self._clock.last_at is None
        step = self._clock.step(at)
        settings = self._settings
        lost_before: set[int] = set()
        for followed in self._followed:
            followed.motion.predict(step)
            if followed.missed_s > 0:
                lost_before.add(followed.id)
        detections = without_doubles(detections)
        high = [d for d in detections if settings.is_high(d.label, d.score)]
        low = [d for d in detections if settings.low_score <= d.score and not settings.is_high(d.label, d.score)]
        unseen, fresh = self._associate(at, self._followed, high, settings.min_iou)
        recent = [followed for followed in unseen if followed.id not in lost_before]
        # A sight moves the box, so it is kept where each stood; how that looks is asked of the few that are seen.
        stood = [(f, f.patch, f.box) for f in recent if f.patch is not None] if low else []
        still_unseen, _ = self._associate(at, recent, low, settings.min_iou_low)
        doubted = {f.id for f, patch, box in stood if f.found_at == at and scene.resembles(patch, box)}
        missing = [f for f in unseen if f.id in lost_before or f in still_unseen]
        for followed in missing:
            self._miss(at, step, followed, detections, scene)
        kept: list[_Followed] = []
        for followed in self._followed:
            self._doubt(at, followed, still=followed.id in doubted)
            patient = followed.missed_s <= 0 or followed.missed_s <= self._patience(followed)
            if patient and not self._is_ghost(at, followed):
                self._plan(at, followed, scene)
                kept.append(followed)
        self._followed = kept
        for detection in fresh:
            self._start(at, detection)
        self.foreseen_s = self._all_foreseen_s()
        # Told with the next picture: after its decoding all this would have to be fetched into the caches once more.
        self._places = [Place(f.search_box, f.look_at, f.patch is not None) for f in self._followed]
        return tuple([f.as_track() for f in self._followed if f.hits > 1 or first_look])

    @property
    def next_look_at(self) -> float | None:
        """Frame time of the next look that something needs; None when nothing is followed."""
        return min((followed.look_at for followed in self._followed), default=None)

    def places(self) -> list[Place]:
        """Where everything that is followed is expected."""
        return self._places

    def ways(self, at: float) -> list[Box]:
        """Where everything that is followed may be by frame time ``at``, on its way from where it last was."""
        since_s = self._clock.since(at)
        return [followed.way(since_s) for followed in self._followed]

    def reset(self) -> None:
        """Forget all tracks: time has jumped. Numbers go on rising."""
        self._followed, self._places = [], []
        self.foreseen_s = inf
        self._clock = LookClock()

    def _miss(
        self, at: float, step: float, followed: _Followed, detections: Sequence[Detection], scene: SceneView
    ) -> None:
        """It was not found. Is it gone, or was it not looked at, overlooked or hidden?"""
        still = self._stands(followed) or followed.patch is not None
        if not scene.saw(followed.box if still else followed.search_box):
            if still and followed.missed_s <= 0:
                followed.hold(at)
            elif not still and at < followed.look_at:
                followed.coast(at)
            return
        if still and followed.overlooked < followed.hits and self._looks_the_same(followed, scene):
            followed.overlooked += 1
            followed.hold(at)
        elif still and followed.hidden_s < self._settings.hidden_s and self._is_hidden(followed, detections):
            followed.hidden_s += step
            followed.hold(at)
        else:
            followed.missed_s += step
            followed.held = False
            followed.motion.keep_size()

    def _doubt(self, at: float, followed: _Followed, *, still: bool) -> None:
        """Note where it was seen for sure, and since when it has only seemed to stand elsewhere."""
        if followed.found_at != at:
            return
        if self._settings.is_high(followed.label, followed.score):
            followed.sure_box, followed.ghost_since = followed.box, None
        elif not still or (followed.sure_box or followed.box).iou(followed.box) >= _SURE_PLACE_IOU:
            followed.ghost_since = None
        elif followed.ghost_since is None:
            followed.ghost_since = at

    def _is_ghost(self, at: float, followed: _Followed) -> bool:
        return followed.ghost_since is not None and at - followed.ghost_since >= self._settings.ghost_s

    def _all_foreseen_s(self) -> float:
        """The least of what is foreseen of all; nobody waits for less than nothing."""
        least_s = inf
        for followed in self._followed:
            least_s = min(least_s, self._foreseen_s(followed))
            if least_s <= 0:
                break
        return least_s

    def _foreseen_s(self, followed: _Followed) -> float:
        """Seconds after the last look for which it is sure to be known again."""
        settings = self._settings
        if followed.missed_s > 0:
            if followed.missed_s <= settings.searched_s:
                return 0.0
            # What was sought in vain is looked for in each look that there is; it asks for none of its own.
            return settings.moving_s if followed.missed_s <= settings.sought_s else inf
        if followed.hits < settings.known_hits:
            return 0.0
        return inf if followed.patch is not None else foreseen_s(followed.motion, settings.foresight)

    def _stands(self, followed: _Followed) -> bool:
        if followed.held:
            return True
        settled = followed.hits >= self._settings.settled_hits and followed.missed_s == 0
        return settled and followed.motion.speed < self._settings.still_speed

    def _looks_the_same(self, followed: _Followed, scene: SceneView) -> bool:
        return followed.patch is not None and scene.resembles(followed.patch, followed.box)

    def _is_hidden(self, followed: _Followed, detections: Sequence[Detection]) -> bool:
        """Whether something nearer (it stands lower in the picture) covers much of it."""
        is_high = self._settings.is_high
        nearer = (d.box for d in detections if d.box.y2 >= followed.box.y2 and is_high(d.label, d.score))
        covered = self._settings.hidden_share * followed.box.area
        return any(box.intersection(followed.box) >= covered for box in nearer)

    def _plan(self, at: float, followed: _Followed, scene: SceneView) -> None:
        """When to look at it again, and how its place looks, if it was found just now."""
        settings = self._settings
        if at < followed.look_at and followed.found_at != at:
            return
        if not self._stands(followed):
            followed.interval_s = 0.0
            # What is missed just now may show itself to be in its old place still.
            followed.patch = followed.patch if followed.missed_s > 0 else None
            # Looks come on a grid that may be finer than this: half of its step of tolerance.
            followed.look_at = at + 0.75 * min(settings.moving_s, self._foreseen_s(followed))
            return
        first, longest = settings.recheck_s
        if followed.held:
            if followed.look_at <= at:
                followed.interval_s, followed.look_at = first, at + first
            return
        followed.patch = scene.patch(followed.box)
        followed.interval_s = min(longest, max(first, 2 * followed.interval_s))
        followed.look_at = at + followed.interval_s

    def _patience(self, followed: _Followed) -> float:
        x, y = followed.motion.position[:2]
        inside = 0 <= x <= 1 and 0 <= y <= 1
        return self._settings.buffer_s if followed.hits > 1 and inside else self._settings.tentative_s

    def _start(self, at: float, detection: Detection) -> None:
        motion = BoxFilter(detection.box)
        followed = _Followed(
            self._next_id, detection.label, motion, detection.box, detection.score, first_at=at, last_at=at
        )
        followed.sure_box = detection.box
        followed.vote(detection)
        self._followed.append(followed)
        self._next_id += 1

    def _associate(
        self, at: float, tracks: Sequence[_Followed], detections: Sequence[Detection], min_iou: float
    ) -> tuple[list[_Followed], list[Detection]]:
        """Match within each label group; (tracks without a detection, detections without a track), both in order."""
        if not tracks or not detections:
            return list(tracks), list(detections)
        found: dict[str, list[Detection]] = {}
        for detection in detections:
            found.setdefault(label_group(detection.label), []).append(detection)
        of_group: dict[str, list[_Followed]] = {}
        for followed in tracks:
            group = label_group(followed.label)
            if group in found:
                of_group.setdefault(group, []).append(followed)
        used: set[int] = set()
        for group, rows in of_group.items():
            columns = found[group]
            for i, j in best_pairs([row.search_box for row in rows], [each.box for each in columns], min_iou):
                rows[i].see(at, columns[j])
                used.add(id(rows[i]))
                used.add(id(columns[j]))
        return [each for each in tracks if id(each) not in used], [each for each in detections if id(each) not in used]


def without_doubles(detections: Sequence[Detection]) -> list[Detection]:
    """One detection a thing: of those of one label group in one place ("car", "truck") the surest, best first."""
    kept: list[Detection] = []
    boxes_of: dict[str, list[Box]] = {}
    for found in sorted(detections, key=lambda one: -one.score):
        box = found.box
        boxes = boxes_of.setdefault(label_group(found.label), [])
        for other in boxes:
            if other.iou(box) > _DOUBLE_IOU:
                break
        else:
            kept.append(found)
            boxes.append(box)
    return kept


def best_pairs(a: Sequence[Box], b: Sequence[Box], min_iou: float) -> list[tuple[int, int]]:
    """The pairs (index in ``a``, index in ``b``) with the largest sum of overlaps, each at least ``min_iou``.

    As a rule no box has two that would fit, and there is nothing to choose: the pairs are those that there are. In
    plain Python: for the few things of a picture arrays cost more than the arithmetic.
    """
    overlaps: dict[tuple[int, int], float] = {}
    of_a: set[int] = set()
    of_b: set[int] = set()
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            overlap = one.iou(other)
            if overlap >= min_iou:
                overlaps[i, j] = overlap
                of_a.add(i)
                of_b.add(j)
    if len(of_a) == len(of_b) == len(overlaps):
        return list(overlaps)
    rows, columns = sorted(of_a), sorted(of_b)
    costs = np.zeros((len(rows), len(columns)))
    for (i, j), overlap in overlaps.items():
        costs[rows.index(i), columns.index(j)] = -overlap
    chosen = ((rows[int(r)], columns[int(c)]) for r, c in zip(*_assign(costs), strict=True))
    return [pair for pair in chosen if pair in overlaps]
