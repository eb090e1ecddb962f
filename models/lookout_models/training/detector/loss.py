"""Generalised focal loss: quality focal loss on classes, GIoU and distribution focal loss on boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from lookout_models.training.data.augment import Sample
from lookout_models.training.data.examples import Boxes
from lookout_models.training.detector.assign import assign
from lookout_models.training.detector.decode import Grid, boxes_of
from lookout_models.training.detector.net import BINS, SIDES
from lookout_models.training.torched import from_array

_BOX_WEIGHT = 2.0
_DISTRIBUTION_WEIGHT = 0.25


@dataclass(frozen=True, slots=True)
class Losses:
    """The parts of one batch's loss."""

    quality: Tensor
    box: Tensor
    distribution: Tensor
    #: N × L × C: 1 where nothing is known of a class, 0 where a label or its absence taught.
    undecided: Tensor

    @property
    def total(self) -> Tensor:
        """The weighted sum to minimise."""
        return self.quality + _BOX_WEIGHT * self.box + _DISTRIBUTION_WEIGHT * self.distribution


@dataclass(frozen=True, slots=True)
class _Positives:
    """Positive locations of the whole batch."""

    picture: Tensor
    location: Tensor
    classes: Tensor
    truth: Tensor
    overlap: Tensor


def detection_loss(logits: Tensor, distances: Tensor, samples: Sequence[Sample], grid: Grid) -> Losses:
    """Losses of N × L × C logits and N × L × 44 distance logits."""
    predicted = boxes_of(distances, grid)
    found = _positives(logits.detach(), predicted.detach(), samples, grid)
    amount = found.overlap.sum().clamp(min=1.0)
    target = torch.zeros_like(logits)
    target[found.picture, found.location, found.classes] = found.overlap
    weight = decided(samples, logits.shape, grid)
    weight[found.picture, found.location, found.classes] = 1.0
    quality = (_quality_focal(logits, target) * weight).sum() / amount
    if len(found.location) == 0:
        nothing = distances.sum() * 0
        return Losses(quality, nothing, nothing, 1 - weight)
    share = found.overlap / amount
    boxes = predicted[found.picture, found.location]
    box = (_giou_loss(boxes, found.truth) * share).sum()
    sides = _sides(found, grid)
    spread = _distribution_focal(distances[found.picture, found.location].reshape(-1, BINS), sides.reshape(-1))
    return Losses(quality, box, (spread.reshape(-1, SIDES).mean(1) * share).sum(), 1 - weight)


def decided(samples: Sequence[Sample], shape: Sequence[int], grid: Grid) -> Tensor:
    """N × L × C: 0 where the absence of a class says nothing, 1 elsewhere."""
    weight = torch.ones(*shape)
    x, y = grid.centres[:, 0], grid.centres[:, 1]
    for number, sample in enumerate(samples):
        for corners, label in zip(sample.undecided.corners.tolist(), sample.undecided.classes.tolist(), strict=True):
            x1, y1, x2, y2 = corners
            weight[number, (x >= x1) & (x <= x2) & (y >= y1) & (y <= y2), label] = 0.0
    return weight


def _positives(logits: Tensor, predicted: Tensor, samples: Sequence[Sample], grid: Grid) -> _Positives:
    parts: list[tuple[Tensor, ...]] = []
    for number, sample in enumerate(samples):
        truth, classes = _tensors(sample.boxes)
        one = assign(logits[number], predicted[number], truth, classes, grid)
        picture = torch.full_like(one.locations, number)
        parts.append((picture, one.locations, classes[one.truths], truth[one.truths], one.overlaps))
    picture, location, classes, truth, overlaps = (torch.cat(column) for column in zip(*parts, strict=True))
    return _Positives(picture, location, classes, truth, overlaps)


def _tensors(boxes: Boxes) -> tuple[Tensor, Tensor]:
    return from_array(boxes.corners), from_array(boxes.classes)


def _quality_focal(logits: Tensor, target: Tensor) -> Tensor:
    distance = (target - logits.sigmoid()).square()
    return functional.binary_cross_entropy_with_logits(logits, target, reduction="none") * distance


def _giou_loss(first: Tensor, second: Tensor) -> Tensor:
    """1 − generalised IoU of P × 4 pairs, 0..2."""
    common = (
        (torch.minimum(first[:, 2:], second[:, 2:]) - torch.maximum(first[:, :2], second[:, :2])).clamp(min=0).prod(1)
    )
    sizes = [(b[:, 2:] - b[:, :2]).clamp(min=0).prod(1) for b in (first, second)]
    union = (sizes[0] + sizes[1] - common).clamp(min=1e-6)
    hull = (
        (torch.maximum(first[:, 2:], second[:, 2:]) - torch.minimum(first[:, :2], second[:, :2]))
        .prod(1)
        .clamp(min=1e-6)
    )
    return 1 - common / union + (hull - union) / hull


def _sides(found: _Positives, grid: Grid) -> Tensor:
    """P × 4 true distances in strides, within what the distribution can say."""
    centres, strides = grid.centres[found.location], grid.strides[found.location, None]
    distances = torch.cat([centres - found.truth[:, :2], found.truth[:, 2:] - centres], 1) / strides
    return distances.clamp(0, BINS - 1 - 0.01)


def _distribution_focal(logits: Tensor, target: Tensor) -> Tensor:
    low = target.long()
    high = low + 1
    near = functional.cross_entropy(logits, low, reduction="none") * (high - target)
    return near + functional.cross_entropy(logits, high, reduction="none") * (target - low)
