"""Trains the head that redraws boxes, on maps of a second look that stays as it is: what it judges does not change.

The maps are taken once; from then on each step moves the edges of a few hundred boxes at random and learns the way
back, which is many times what the whole net could be shown in that time.
"""

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from lookout_models.training.data.geometry import Picture
from lookout_models.training.detector.averages import WeightAverage
from lookout_models.training.second_look.edges import EdgeHead, overlaps, redrawn
from lookout_models.training.second_look.net import SecondLook
from lookout_models.training.second_look.recipe import Edges
from lookout_models.training.second_look.squares import LEAST_OVERLAP, Square
from lookout_models.training.second_look.train import to_pixels
from lookout_models.training.torched import descend, from_array

_TAKEN_AT_ONCE = 64
_WARM_UP_STEPS = 200
_CLIP = 5.0
_LOG_EVERY = 100
#: The weight of the moves' own error beside that of the overlap, and where it turns from square to straight.
_MOVE_WEIGHT, _MOVE_BEND = 0.5, 0.2
_FIT_WEIGHT = 0.5
#: No edge is asked to move further than this, in sizes of the box.
_FURTHEST = 2.0

Maps = tuple[Tensor, Tensor]


class MapMemory:
    """The maps of many squares, in half precision: 38 kB for one of 160 × 160 pixels."""

    def __init__(self, net: SecondLook, bf16: bool) -> None:
        self._net, self._bf16 = net.eval(), bf16
        self._waiting: list[Picture] = []
        self._taken: list[Maps] = []

    def add(self, picture: Picture) -> None:
        """Take in one more cut-out; all of one size."""
        self._waiting.append(picture)
        if len(self._waiting) == _TAKEN_AT_ONCE:
            self._take()

    def all(self) -> Maps:
        """The maps of everything that was added, in that order."""
        if self._waiting:
            self._take()
        middle, deep = (torch.cat(parts) for parts in zip(*self._taken, strict=True))
        return middle, deep

    def _take(self) -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self._bf16):
            middle, deep = self._net.maps(to_pixels(self._waiting))
        self._taken.append((middle.half().contiguous(), deep.half().contiguous()))
        self._waiting = []


@dataclass(frozen=True, slots=True, eq=False)
class _Draw:
    """Squares that ``amount`` of every batch are drawn from, and how likely each is."""

    places: NDArray[np.int64]
    shares: NDArray[np.float64]
    amount: int


class EdgeTraining:
    """One run on ``squares`` and their ``maps``."""

    def __init__(self, recipe: Edges, squares: Sequence[Square], maps: Maps, labels: int, log: Path) -> None:
        self._recipe, self._squares, self._maps, self._log_file = recipe, squares, maps, log
        self._random = np.random.default_rng(recipe.seed)
        self._head = EdgeHead(labels, recipe.dropout)
        each = recipe.batch // labels
        background = round(each * recipe.background)
        self._draws: list[_Draw] = []
        for label in range(labels):
            of = [n for n, square in enumerate(squares) if square.label == label]
            if background:
                beside = [n for n in of if not squares[n].shows]
                self._draws.append(self._draw(beside, background))
                of = [n for n in of if squares[n].shows]
            self._draws.append(self._draw(of, each - background))

    def run(self) -> EdgeHead:
        """The head, the running mean of its weights."""
        recipe = self._recipe
        optimiser = torch.optim.AdamW(self._head.parameters(), recipe.rate, weight_decay=recipe.weight_decay)
        average = WeightAverage(self._head, recipe.ema)
        seen: list[tuple[float, float]] = []
        for step in range(recipe.steps):
            for group in optimiser.param_groups:
                warm = min(1.0, (step + 1) / _WARM_UP_STEPS)
                group["lr"] = recipe.rate * warm * 0.5 * (1 + math.cos(math.pi * step / recipe.steps))
            loss, fits = self._step()
            descend(loss, optimiser, self._head.parameters(), _CLIP)
            average.update(self._head)
            seen.append(fits)
            if (step + 1) % _LOG_EVERY == 0 or step + 1 == recipe.steps:
                before, after = (round(float(value), 4) for value in np.mean(seen, axis=0))
                self._log({"step": step + 1, "overlap_before": before, "overlap_after": after})
                seen.clear()
        return average.net

    def _step(self) -> tuple[Tensor, tuple[float, float]]:
        """The loss of a batch, and the mean overlap before and after of what is of an object."""
        chosen = self._chosen()
        squares = [self._squares[int(n)] for n in chosen]
        boxes = [square.moved(self._random) for square in squares]
        aims = [square.target(box) for square, box in zip(squares, boxes, strict=True)]
        label = torch.tensor([square.label for square in squares])
        box, truth = (from_array(np.stack(values)) for values in (boxes, [aim for aim, _ in aims]))
        before = torch.tensor([overlap for _, overlap in aims])
        rows = torch.arange(len(squares))
        index = from_array(chosen)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._recipe.precision == "bf16"):
            moves, fits = self._head((self._maps[0][index].float(), self._maps[1][index].float()), box)
        moves, fits = moves.float()[rows, label], fits.float()[rows, label]
        real = before >= LEAST_OVERLAP
        overlap, general = overlaps(redrawn(box[real], moves[real]), truth[real])
        size = (box[:, 2:] - box[:, :2]).repeat(1, 2)
        wanted = ((truth - box) / size)[real].clamp(-_FURTHEST, _FURTHEST)
        of_moves = functional.smooth_l1_loss(moves[real], wanted, beta=_MOVE_BEND)
        fit = torch.zeros(len(squares))
        fit[real] = overlap.detach().clamp(0, 1)
        of_fits = functional.binary_cross_entropy_with_logits(fits, fit)
        loss = (1 - general).mean() + _MOVE_WEIGHT * of_moves + _FIT_WEIGHT * of_fits
        return loss, (float(before[real].mean()), float(overlap.detach().mean()))

    def _chosen(self) -> NDArray[np.int64]:
        """As many squares of each label."""
        parts = [self._random.choice(draw.places, draw.amount, p=draw.shares) for draw in self._draws]
        return np.concatenate(parts)

    def _draw(self, places: Sequence[int], amount: int) -> "_Draw":
        weights = np.array([self._recipe.sources.get(self._squares[n].source, 1.0) for n in places], np.float64)
        return _Draw(np.array(places, np.int64), weights / weights.sum(), amount)

    def _log(self, entry: Mapping[str, float]) -> None:
        with self._log_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"at": round(time.time()), **entry}) + "\n")
