"""Where to set a label's threshold, and what it costs in false alarms; chosen on validation pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookout_models.average_precision import ClassInPicture, box_iou

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

#: Overlap from which a box counts as found. A rule needs to know that something burns, not its outline.
_OVERLAP = 0.3
#: Weight of recall against precision where the wanted precision is out of reach: precision counts double.
_BETA = 0.5
_STEP = 0.01


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold and what it gives on the pictures it was chosen on."""

    threshold: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Detections of one label, best first, with whether each found an object of its own; and the objects there are."""

    scores: Floats
    hits: Flags
    objects: int

    def at(self, threshold: float) -> OperatingPoint:
        """Precision and recall when nothing below ``threshold`` is reported."""
        kept = self.hits[self.scores >= threshold]
        right = int(kept.sum())
        return OperatingPoint(threshold, right / max(1, len(kept)), right / max(1, self.objects))


def curve(pictures: Sequence[ClassInPicture]) -> Curve:
    """All detections of one label over a data set."""
    hits = np.concatenate([_hits(p) for p in pictures]) if pictures else np.zeros(0, bool)
    scores = np.concatenate([np.sort(p.scores)[::-1] for p in pictures]) if pictures else np.zeros(0)
    order = np.argsort(-scores, kind="stable")
    return Curve(scores[order], hits[order], sum(len(p.truth) for p in pictures))


def choose(points: Curve, precision: float) -> OperatingPoint:
    """The lowest threshold that gives ``precision``; where none does, the best F½."""
    tried = [points.at(round(float(t), 2)) for t in np.arange(0.05, 0.9, _STEP)]
    # A threshold that nothing reaches has every precision that one wants.
    good = [p for p in tried if p.precision >= precision and p.recall > 0.1]
    return good[0] if good else max(tried, key=_weighed)


def false_alarms_per_1000(highest: Floats, threshold: float) -> float:
    """Of 1,000 pictures without a label, how many show it; ``highest`` holds the best score of each such picture."""
    return 1000 * float((highest >= threshold).mean()) if len(highest) else 0.0


def _hits(picture: ClassInPicture) -> Flags:
    """Best score first: whether a detection overlaps an object that no better one has claimed."""
    overlaps = box_iou(picture.found, picture.truth)[np.argsort(-picture.scores, kind="stable")]
    free = np.ones(len(picture.truth), bool)
    hits = np.zeros(len(overlaps), bool)
    for row, overlap in enumerate(overlaps):
        candidates = np.where(free, overlap, 0.0)
        if len(candidates) and candidates.max() >= _OVERLAP:
            free[int(candidates.argmax())] = False
            hits[row] = True
    return hits


def _weighed(point: OperatingPoint) -> float:
    beta = _BETA**2
    return (1 + beta) * point.precision * point.recall / max(1e-9, beta * point.precision + point.recall)
