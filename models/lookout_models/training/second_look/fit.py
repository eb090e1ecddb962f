"""A classifier on frozen features: a logistic regression a label, quick to fit and hard to overfit."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from lookout_models.training.second_look.net import SecondLook
from lookout_models.training.torched import from_array

Floats = NDArray[np.float32]
Truth = NDArray[np.int64]

_ROUNDS = 300
_RATE = 0.03


def fit(features: Floats, truth: Truth, decay: float) -> tuple[Floats, Floats]:
    """Weights labels × F and biases for N × F features and N × labels truth (1, 0, −1 for undecided).

    Both sides of a label weigh the same, however often each was seen. ``decay`` pulls the weights on standardised
    features towards zero.
    """
    mean, deviation = features.mean(0), features.std(0) + 1e-3
    inputs = from_array((features - mean) / deviation)
    weight = torch.zeros(truth.shape[1], inputs.shape[1], requires_grad=True)
    bias = torch.zeros(truth.shape[1], requires_grad=True)
    target, importance = from_array(np.maximum(truth, 0).astype(np.float32)), from_array(_importance(truth))
    optimiser = torch.optim.Adam([weight, bias], _RATE)
    for _ in range(_ROUNDS):
        logits = inputs @ weight.T + bias
        each = functional.binary_cross_entropy_with_logits(logits, target, weight=importance, reduction="sum")
        loss = each + decay * weight.square().sum()
        optimiser.zero_grad()
        loss.backward()  # pyright: ignore[reportUnknownMemberType]
        optimiser.step()  # pyright: ignore[reportUnknownMemberType]
    scaled = weight.detach().numpy() / deviation
    return scaled.astype(np.float32), (bias.detach().numpy() - scaled @ mean).astype(np.float32)


def install(net: SecondLook, weight: Floats, bias: Floats) -> None:
    """Put a fitted classifier into ``net``."""
    with torch.no_grad():
        net.classifier.weight.copy_(from_array(weight))
        net.classifier.bias.copy_(from_array(bias))


def separation(scores: Sequence[float] | Floats, truth: Sequence[int] | Truth) -> float:
    """AUROC: how often a picture that shows it scores above one that does not; undecided ones (−1) do not count."""
    values, sides = np.asarray(scores, np.float64), np.asarray(truth)
    yes, no = np.sort(values[sides == 1]), values[sides == 0]
    below = np.searchsorted(yes, no, side="right")
    ties = below - np.searchsorted(yes, no, side="left")
    return float((len(yes) - below + ties / 2).sum() / max(1, len(yes) * len(no)))


def _importance(truth: Truth) -> Floats:
    """N × labels: each side of a label sums to one half."""
    weights = np.zeros(truth.shape, np.float32)
    for side in (0, 1):
        there = truth == side
        weights += there * 0.5 / np.maximum(there.sum(0), 1)
    return weights.astype(np.float32)
