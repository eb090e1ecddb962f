"""SimOTA: every true box gets the locations that fit it best at this moment of the training."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from lookout_models.training.detector.decode import Grid

#: Half side, in strides, of the square around a box's centre whose locations may be taken in any case.
_CENTRE_RADIUS = 2.5
_MOST_LOCATIONS = 10
_IOU_WEIGHT = 3.0
_OUTSIDE = 1e5


@dataclass(frozen=True, slots=True)
class Assignment:
    """Positive locations P of one picture, the true box of each, and how well the prediction overlaps it (0..1)."""

    locations: Tensor
    truths: Tensor
    overlaps: Tensor


def assign(logits: Tensor, predicted: Tensor, truth: Tensor, classes: Tensor, grid: Grid) -> Assignment:
    """Match L × C logits and L × 4 predicted boxes to T × 4 true boxes with T class numbers."""
    inside, central = _candidates(truth, grid)
    candidates = (inside | central).any(1).nonzero().squeeze(1)
    if len(candidates) == 0 or len(truth) == 0:
        nothing = torch.zeros(0, dtype=torch.long)
        return Assignment(nothing, nothing, torch.zeros(0))
    overlaps = overlap(predicted[candidates], truth)
    both = (inside & central)[candidates]
    costs = _costs(logits[candidates], overlaps, classes) + _OUTSIDE * (~both)
    taken, owner = _choose(costs, overlaps)
    return Assignment(candidates[taken], owner[taken], overlaps[taken, owner[taken]])


def overlap(first: Tensor, second: Tensor) -> Tensor:
    """N × M intersection over union."""
    corner = torch.maximum(first[:, None, :2], second[None, :, :2])
    far = torch.minimum(first[:, None, 2:], second[None, :, 2:])
    common = (far - corner).clamp(min=0).prod(-1)
    sizes = [(b[:, 2:] - b[:, :2]).clamp(min=0).prod(-1) for b in (first, second)]
    return common / (sizes[0][:, None] + sizes[1][None] - common).clamp(min=1e-9)


def _candidates(truth: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """L × T: whether a location lies in a box, and whether it lies near its centre."""
    x, y = grid.centres[:, None, 0], grid.centres[:, None, 1]
    inside = (x > truth[:, 0]) & (y > truth[:, 1]) & (x < truth[:, 2]) & (y < truth[:, 3])
    middle = (truth[:, :2] + truth[:, 2:]) / 2
    reach = grid.strides[:, None] * _CENTRE_RADIUS
    central = ((x - middle[:, 0]).abs() < reach) & ((y - middle[:, 1]).abs() < reach)
    return inside, central


def _costs(logits: Tensor, overlaps: Tensor, classes: Tensor) -> Tensor:
    scores = logits[:, classes]
    soft = functional.binary_cross_entropy_with_logits(scores, overlaps, reduction="none")
    return soft * (overlaps - scores.sigmoid()).abs().square() + _IOU_WEIGHT * -(overlaps + 1e-7).log()


def _choose(costs: Tensor, overlaps: Tensor) -> tuple[Tensor, Tensor]:
    """Rows that are taken and, for every row, the column that owns it."""
    best, _ = overlaps.topk(min(_MOST_LOCATIONS, len(overlaps)), dim=0)
    amounts = best.sum(0).int().clamp(min=1)
    matched = torch.zeros_like(costs, dtype=torch.bool)
    for column, amount in enumerate(cast(list[int], amounts.tolist())):  # pyright: ignore[reportUnknownMemberType]
        matched[costs[:, column].topk(amount, largest=False).indices, column] = True
    contested = matched.sum(1) > 1
    matched[contested] = functional.one_hot(costs[contested].argmin(1), costs.shape[1]).bool()
    return matched.any(1).nonzero().squeeze(1), matched.float().argmax(1)
