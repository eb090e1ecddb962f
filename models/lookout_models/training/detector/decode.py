"""From NanoDet's outputs to boxes, in torch for the losses and in numpy for validation and pseudo-labels."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lookout_models.training.data.geometry import pairwise_iou
from lookout_models.training.detector.net import BINS, SIDES, STRIDES

Floats = NDArray[np.float32]

#: Candidates a picture that suppression looks at.
_MOST_CANDIDATES = 1000


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the locations of one input size lie: centres L × 2 in input pixels and strides L."""

    centres: Tensor
    strides: Tensor


@dataclass(frozen=True, slots=True)
class Found:
    """Boxes N × 4 in input pixels with scores and class numbers, best first."""

    boxes: Floats
    scores: Floats
    classes: NDArray[np.intp]


def make_grid(height: int, width: int) -> Grid:
    """The grid of a ``height`` × ``width`` input: rows of cells from the top left, finest stride first."""
    centres: list[Tensor] = []
    steps: list[Tensor] = []
    for stride in STRIDES:
        rows, columns = -(-height // stride), -(-width // stride)
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        centres.append((torch.stack([x, y], -1).reshape(-1, 2).float() + 0.5) * stride)
        steps.append(torch.full((rows * columns,), float(stride)))
    return Grid(torch.cat(centres), torch.cat(steps))


def boxes_of(distances: Tensor, grid: Grid) -> Tensor:
    """… × L × 44 distance logits → … × L × 4 boxes in input pixels."""
    shape = distances.shape[:-1]
    weights = distances.reshape(*shape, SIDES, BINS).softmax(-1)
    sides = (weights @ torch.arange(BINS, dtype=weights.dtype)) * grid.strides[:, None]
    return torch.cat([grid.centres - sides[..., :2], grid.centres + sides[..., 2:]], -1)


def suppressed(scores: Floats, boxes: Floats, threshold: float, iou: float = 0.6) -> Found:
    """Class-wise non-maximum suppression of L × C scores and L × 4 boxes above ``threshold``."""
    locations, classes = np.nonzero(scores >= threshold)
    values = scores[locations, classes]
    order = np.argsort(-values, kind="stable")[:_MOST_CANDIDATES]
    locations, classes, values = locations[order], classes[order], values[order]
    candidates = boxes[locations]
    # Boxes of different classes are moved apart, so that one pass serves all classes.
    apart = candidates + (classes * 10_000).astype(np.float32)[:, None]
    overlaps = pairwise_iou(apart, apart) > iou
    kept: list[int] = []
    dropped = np.zeros(len(order), bool)
    for index in range(len(order)):
        if not dropped[index]:
            kept.append(index)
            dropped |= overlaps[index]
    return Found(candidates[kept], values[kept], classes[kept])
