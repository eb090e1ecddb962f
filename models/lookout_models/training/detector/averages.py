"""A running mean of the weights, which is what gets validated and shipped."""

import copy
from typing import Generic

import torch

from lookout_models.training.torched import Net


class WeightAverage(Generic[Net]):
    """Exponential moving average of a net's weights; young averages follow faster."""

    def __init__(self, net: Net, decay: float) -> None:
        self.net: Net = copy.deepcopy(net).eval().requires_grad_(False)
        self.updates = 0
        self._decay = decay

    def update(self, net: Net) -> None:
        """Take in the weights after one step."""
        self.updates += 1
        keep = min(self._decay, (1 + self.updates) / (10 + self.updates))
        with torch.no_grad():
            for mean, value in zip(self.net.parameters(), net.parameters(), strict=True):
                mean.lerp_(value, 1 - keep)


def draw_towards(net: Net, other: Net, share: float) -> None:
    """Move the weights of ``net`` by ``share`` of the way to those of ``other``, which has the same parts, in place."""
    with torch.no_grad():
        for value, aim in zip(net.parameters(), other.parameters(), strict=True):
            value.lerp_(aim, share)
