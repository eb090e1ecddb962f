"""Average precision the COCO way: 101 recall points, ten IoU thresholds, 100 detections of a class a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

IOU_THRESHOLDS: Floats = np.linspace(0.5, 0.95, 10)
_RECALLS: Floats = np.linspace(0.0, 1.0, 101)
_MOST_DETECTIONS = 100


@dataclass(frozen=True, slots=True, eq=False)
class ClassInPicture:
    """One class in one picture: what is there and what was found, boxes as x1, y1, x2, y2 in any unit."""

    truth: Floats
    found: Floats
    scores: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Precision and recall at IoU 0.5 when everything from each score on counts; scores fall, all different."""

    scores: Floats
    precisions: Floats
    recalls: Floats

    def best(self) -> "Operating | None":
        """The point with the best F1, the harmonic mean of precision and recall (van Rijsbergen 1979); None where
        nothing was found at any threshold."""
        if not self.recalls.any():
            return None
        both = self.precisions + self.recalls
        place = int(np.argmax(2 * self.precisions * self.recalls / np.maximum(both, 1e-12)))
        return Operating(float(self.scores[place]), float(self.precisions[place]), float(self.recalls[place]))


@dataclass(frozen=True, slots=True)
class Operating:
    """A threshold, and what it gives."""

    threshold: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True, eq=False)
class ClassResult:
    """How well one class is found."""

    boxes: int
    ap50: float
    ap50_95: float
    curve: Curve


@dataclass(frozen=True, slots=True)
class Result:
    """How well all classes are found; means over the classes that occur."""

    classes: Mapping[str, ClassResult]

    @property
    def map50(self) -> float:
        """Mean AP at IoU 0.5."""
        return float(np.mean([c.ap50 for c in self.classes.values()])) if self.classes else 0.0

    @property
    def map50_95(self) -> float:
        """Mean AP over IoU 0.5, 0.55 … 0.95."""
        return float(np.mean([c.ap50_95 for c in self.classes.values()])) if self.classes else 0.0


def average_precision(pictures: Sequence[ClassInPicture]) -> ClassResult | None:
    """The result of one class over a data set; None when it does not occur in it."""
    total = sum(len(picture.truth) for picture in pictures)
    if total == 0:
        return None
    ranked = [_best(picture) for picture in pictures]
    scores = np.concatenate([picture.scores for picture in ranked])
    hits = np.concatenate([_matches(picture) for picture in ranked])
    order = np.argsort(-scores, kind="stable")
    precisions = [_interpolated(column, total) for column in hits[order].T]
    curve = _curve(scores[order], hits[order][:, 0], total)
    return ClassResult(total, float(precisions[0].mean()), float(np.mean(precisions)), curve)


def box_iou(found: Floats, truth: Floats) -> Floats:
    """(n, m) intersection over union of (n, 4) and (m, 4) boxes."""
    top_left = np.maximum(found[:, None, :2], truth[None, :, :2])
    bottom_right = np.minimum(found[:, None, 2:], truth[None, :, 2:])
    overlap = np.clip(bottom_right - top_left, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (found, truth)]
    return overlap / np.maximum(areas[0][:, None] + areas[1][None, :] - overlap, 1e-12)


def _best(picture: ClassInPicture) -> ClassInPicture:
    order = np.argsort(-picture.scores, kind="stable")[:_MOST_DETECTIONS]
    return ClassInPicture(picture.truth, picture.found[order], picture.scores[order])


def _matches(picture: ClassInPicture) -> Flags:
    """(detections, thresholds): whether it is the first to claim a true box, best score first."""
    hits = np.zeros((len(picture.found), len(IOU_THRESHOLDS)), bool)
    overlaps = box_iou(picture.found, picture.truth)
    for column, threshold in enumerate(IOU_THRESHOLDS):
        free = np.ones(len(picture.truth), bool)
        for row, overlap in enumerate(overlaps):
            candidates = np.where(free, overlap, -1.0)
            # Of equally good true boxes COCO's own code takes the last one.
            best = len(candidates) - 1 - int(candidates[::-1].argmax()) if len(candidates) else -1
            if best >= 0 and candidates[best] >= threshold:
                hits[row, column] = True
                free[best] = False
    return hits


def _curve(scores: Floats, hits: Flags, total: int) -> Curve:
    # A threshold cannot part equal scores: the last of them stands for all.
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1) if len(scores) else np.array([], np.intp)
    true = np.cumsum(hits)[last]
    return Curve(scores[last].astype(np.float64), true / (last + 1), true / total)


def _interpolated(hits: Flags, total: int) -> Floats:
    """Precision at each of the recall points: the best one at that recall or beyond, 0 where it is not reached."""
    true = np.cumsum(hits)
    recall = true / total
    precision = true / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    positions = np.searchsorted(recall, _RECALLS, side="left")
    return np.append(envelope, 0.0)[np.minimum(positions, len(envelope))]
