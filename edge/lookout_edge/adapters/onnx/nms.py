"""Non-maximum suppression on arrays."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]


def pairwise_iou(boxes: Floats) -> Floats:
    """(n, n) intersection over union of (n, 4) boxes x1, y1, x2, y2."""
    # One coordinate at a time: on arrays with a last axis of two numpy needs five times as long.
    x1, y1, x2, y2 = np.ascontiguousarray(boxes.T)
    width = np.maximum(np.minimum.outer(x2, x2) - np.maximum.outer(x1, x1), 0)
    height = np.maximum(np.minimum.outer(y2, y2) - np.maximum.outer(y1, y1), 0)
    overlap = width * height
    areas = np.maximum(x2 - x1, 0) * np.maximum(y2 - y1, 0)
    union = np.add.outer(areas, areas) - overlap
    return (overlap / np.maximum(union, 1e-12)).astype(np.float32)


def non_maximum_suppression(boxes: Floats, scores: Floats, classes: Indices, iou: float, limit: int = 1000) -> Indices:
    """Indices of the boxes to keep, best first: boxes of one class that overlap a better one by more than ``iou`` go.

    Only the ``limit`` best boxes are looked at.
    """
    order = np.argsort(-scores, kind="stable")[:limit]
    same_class = classes[order][:, None] == classes[order][None, :]
    suppresses = (pairwise_iou(boxes[order]) > iou) & same_class
    alive = np.ones(len(order), bool)
    for position in range(len(order)):
        if alive[position]:
            alive[position + 1 :] &= ~suppresses[position, position + 1 :]
    return order[alive]
