"""Non-maximum suppression on arrays."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]


def pairwise_iou(boxes: Floats) -> Floats:
    """(n, n) intersection over union of (n, 4) boxes x1, y1, x2, y2."""
    top_left = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    bottom_right = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    overlap = np.clip(bottom_right - top_left, 0, None).prod(axis=2)
    areas = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1)
    union = areas[:, None] + areas[None, :] - overlap
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
