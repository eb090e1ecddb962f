"""ByteTrack in seconds of frame time: two-stage association over a constant-velocity Kalman filter.

Differences from the paper: the filter runs on real time steps, the buffer is in watched seconds, labels of one group
("car", "truck", "bus") may match each other, and a fresh track is given a wider box until its speed is known.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment  # pyright: ignore[reportUnknownVariableType]

from lookout_edge.domain.detection import Detection
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.labels import label_group
from lookout_edge.domain.looks import LookClock
from lookout_edge.domain.track import Track

Array = NDArray[np.float64]

_assign = cast(Callable[[Array], tuple[NDArray[np.intp], NDArray[np.intp]]], linear_sum_assignment)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerSettings:
    """Scores 0..1, overlaps as IoU 0..1, times in seconds."""

    #: Detections from here on take part in the first association and may start a track.
    high_score: float = 0.35
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


@dataclass(slots=True, eq=False)
class _Motion:
    """Four independent position-and-velocity filters for centre x, centre y, width, height (fractions, seconds)."""

    position: Array
    velocity: Array
    #: Variances of position and velocity and their covariance, each 4 values.
    pp: Array
    vv: Array
    pv: Array

    @classmethod
    def begin(cls, box: Box) -> "_Motion":
        position = _centre(box)
        scale = _scale(position)
        return cls(position, np.zeros(4), (0.05 * scale) ** 2, (2.0 * scale) ** 2, np.zeros(4))

    def predict(self, dt: float) -> None:
        """Move on by ``dt`` seconds under white acceleration noise."""
        noise = (1.0 * _scale(self.position)) ** 2
        self.position = self.position + self.velocity * dt
        self.pp = self.pp + 2 * dt * self.pv + dt**2 * self.vv + noise * dt**4 / 4
        self.pv = self.pv + dt * self.vv + noise * dt**3 / 2
        self.vv = self.vv + noise * dt**2
        self.position[2:] = np.maximum(self.position[2:], 1e-4)

    def correct(self, box: Box) -> None:
        """Take in a measured box."""
        measured = _centre(box)
        innovation = measured - self.position
        total = self.pp + (0.05 * _scale(measured)) ** 2
        gain_p, gain_v = self.pp / total, self.pv / total
        self.position = self.position + gain_p * innovation
        self.velocity = self.velocity + gain_v * innovation
        self.vv = self.vv - gain_v * self.pv
        self.pv = self.pv - gain_p * self.pv
        self.pp = self.pp - gain_p * self.pp

    @property
    def box(self) -> Box:
        cx, cy, w, h = (float(value) for value in self.position)
        return Box(cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)


def _centre(box: Box) -> Array:
    return np.array([(box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2, box.width, box.height])


def _scale(position: Array) -> Array:
    """Noise grows with the thing's own size."""
    width, height = max(position[2], 1e-4), max(position[3], 1e-4)
    return np.array([width, height, width, height])


@dataclass(slots=True, eq=False)
class _Followed:
    id: int
    label: str
    motion: _Motion
    box: Box
    score: float
    first_at: float
    last_at: float
    hits: int = 1
    missed_s: float = 0.0
    #: Label → decayed sum of scores.
    labels: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def search_box(self) -> Box:
        """Where it is expected; widened while its speed is unknown."""
        box = self.motion.box
        if self.hits > 1:
            return box
        dx, dy = 0.15 * box.width, 0.15 * box.height
        return Box(box.x1 - dx, box.y1 - dy, box.x2 + dx, box.y2 + dy)

    def see(self, at: float, detection: Detection) -> None:
        self.motion.correct(detection.box)
        self.box, self.score, self.last_at = detection.box, detection.score, at
        self.hits, self.missed_s = self.hits + 1, 0.0
        self.vote(detection)

    def vote(self, detection: Detection) -> None:
        """Let the label be renamed by one that clearly outweighs it, so that flicker does not."""
        self.labels = {label: weight * 0.95 for label, weight in self.labels.items()}
        self.labels[detection.label] = self.labels.get(detection.label, 0.0) + detection.score
        heaviest = max(self.labels, key=lambda label: (self.labels[label], label))
        if self.labels[heaviest] > 1.25 * self.labels.get(self.label, 0.0):
            self.label = heaviest

    def as_track(self) -> Track:
        return Track(self.id, self.label, self.score, self.box, self.first_at, self.last_at, self.hits)


class Tracker:
    """Follows the objects of one camera. Track numbers rise and are never used twice."""

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        self._settings = settings or TrackerSettings()
        self._followed: list[_Followed] = []
        self._clock = LookClock()
        self._next_id = 1

    def update(self, at: float, detections: Sequence[Detection]) -> tuple[Track, ...]:
        """Take in the detections of a look at frame time ``at`` (later than the last one).

        Returns all confirmed tracks by number; those not seen in this look carry an older ``last_at`` and their
        last seen box.
        """
        first_look = self._clock.last_at is None
        step = self._clock.step(at)
        for followed in self._followed:
            followed.motion.predict(step)
        high = [d for d in detections if d.score >= self._settings.high_score]
        low = [d for d in detections if self._settings.low_score <= d.score < self._settings.high_score]
        lost_before = {f.id for f in self._followed if f.missed_s > 0}
        unseen, fresh = self._associate(at, self._followed, high, self._settings.min_iou)
        recent = [followed for followed in unseen if followed.id not in lost_before]
        still_unseen, _ = self._associate(at, recent, low, self._settings.min_iou_low)
        for followed in unseen:
            if followed.id in lost_before or followed in still_unseen:
                followed.missed_s += step
        self._followed = [f for f in self._followed if f.missed_s <= self._patience(f)]
        for detection in fresh:
            self._start(at, detection)
        return tuple(f.as_track() for f in self._followed if f.hits > 1 or first_look)

    def reset(self) -> None:
        """Forget all tracks: time has jumped. Numbers go on rising."""
        self._followed = []
        self._clock = LookClock()

    def _patience(self, followed: _Followed) -> float:
        return self._settings.buffer_s if followed.hits > 1 else self._settings.tentative_s

    def _start(self, at: float, detection: Detection) -> None:
        followed = _Followed(
            self._next_id,
            detection.label,
            _Motion.begin(detection.box),
            detection.box,
            detection.score,
            first_at=at,
            last_at=at,
        )
        followed.vote(detection)
        self._followed.append(followed)
        self._next_id += 1

    def _associate(
        self, at: float, tracks: Sequence[_Followed], detections: Sequence[Detection], min_iou: float
    ) -> tuple[list[_Followed], list[Detection]]:
        """Match within each label group; (tracks without a detection, detections without a track), both in order."""
        groups: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for index, followed in enumerate(tracks):
            groups[label_group(followed.label)][0].append(index)
        for index, detection in enumerate(detections):
            groups[label_group(detection.label)][1].append(index)
        matched: list[tuple[int, int]] = []
        for rows, columns in groups.values():
            overlaps = iou_matrix([tracks[r].search_box for r in rows], [detections[c].box for c in columns])
            matched += [(rows[i], columns[j]) for i, j in best_pairs(overlaps, min_iou)]
        for row, column in matched:
            tracks[row].see(at, detections[column])
        used_rows, used_columns = {row for row, _ in matched}, {column for _, column in matched}
        return (
            [track for index, track in enumerate(tracks) if index not in used_rows],
            [detection for index, detection in enumerate(detections) if index not in used_columns],
        )


def iou_matrix(a: Sequence[Box], b: Sequence[Box]) -> Array:
    """Overlaps of every box of ``a`` (rows) with every box of ``b`` (columns), 0..1."""
    if not a or not b:
        return np.zeros((len(a), len(b)))
    left = np.array([box.as_tuple() for box in a])[:, None, :]
    right = np.array([box.as_tuple() for box in b])[None, :, :]
    corner_low = np.maximum(left[..., :2], right[..., :2])
    corner_high = np.minimum(left[..., 2:], right[..., 2:])
    intersection = np.clip(corner_high - corner_low, 0, None).prod(axis=2)
    area_a = (left[..., 2:] - left[..., :2]).prod(axis=2)
    area_b = (right[..., 2:] - right[..., :2]).prod(axis=2)
    union = area_a + area_b - intersection
    return np.divide(intersection, union, out=np.zeros_like(intersection), where=union > 0)


def best_pairs(overlaps: Array, min_iou: float) -> list[tuple[int, int]]:
    """The pairs (row, column) with the largest sum of overlaps; pairs below ``min_iou`` are left out."""
    if overlaps.size == 0:
        return []
    rows, columns = _assign(np.where(overlaps >= min_iou, -overlaps, 0.0))
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if overlaps[r, c] >= min_iou]
