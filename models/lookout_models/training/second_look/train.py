"""Fitting the classifier to untouched features, then training the whole net from there."""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from lookout_models.training.data.geometry import Picture
from lookout_models.training.data.looks import disturbed
from lookout_models.training.detector.averages import WeightAverage
from lookout_models.training.second_look.crops import Crop
from lookout_models.training.second_look.fit import fit, install, separation
from lookout_models.training.second_look.net import SecondLook
from lookout_models.training.second_look.places import Place, Variation, VariedCrop, usual_crop, varied_crop
from lookout_models.training.second_look.recipe import SecondLookRecipe
from lookout_models.training.torched import channels_last, descend, from_array

MEAN, STD = 127.0, 128.0
_BATCH = 64
_FIT_DECAY = 3e-4
#: Of the places that the first classifier is fitted to, at most so many.
_FIT_PLACES = 4000
_WARM_UP = 0.05
_CLIP = 5.0
_LOG_EVERY = 50

Read = Callable[[Place], Picture]
T = TypeVar("T")


class SecondLookTraining:
    """One run; ``labels`` are the examples' numbers of the recipe's labels."""

    def __init__(self, recipe: SecondLookRecipe, net: SecondLook, labels: Sequence[int], read: Read, log: Path) -> None:
        self.net = channels_last(net)
        self._recipe, self._labels, self._read, self._log_file = recipe, labels, read, log
        self._variation = Variation(recipe.lamps)

    def run(self, train: Sequence[Place], validation: Sequence[Place], *, fitted: bool = False) -> dict[str, float]:
        """Train on places; AUROC of every label on the validation places. A ``fitted`` classifier is kept."""
        self.net.requires_grad_(True)
        self.net.stem.requires_grad_(False)
        for number, block in enumerate(self.net.blocks):
            block.requires_grad_(number >= self._recipe.frozen)
        if not fitted:
            self._fit(train)
        self._log({"step": 0, "auroc": self.measure(validation)})
        groups = [
            {"params": [p for n, p in self.net.named_parameters() if n.startswith("classifier.") == last], "rate": rate}
            for last, rate in ((False, self._recipe.rate), (True, self._recipe.rate * self._recipe.classifier_factor))
        ]
        optimiser = torch.optim.AdamW(groups, self._recipe.rate, weight_decay=self._recipe.weight_decay)
        average = WeightAverage(self.net, self._recipe.ema)
        losses = self._losses(train)
        last = self._recipe.until or self._recipe.steps
        for step in range(last):
            for group in optimiser.param_groups:
                group["lr"] = group["rate"] * _rate_factor(step / self._recipe.steps)
            loss = next(losses)
            descend(loss, optimiser, self.net.parameters(), _CLIP)
            average.update(self.net)
            if (step + 1) % _LOG_EVERY == 0:
                self._log({"step": step + 1, "loss": round(float(loss.detach()), 4)})
        self.net = average.net
        figures = self.measure(validation)
        self._log({"step": last, "auroc": figures})
        return figures

    def measure(self, places: Sequence[Place]) -> dict[str, float]:
        """AUROC of every label on the usual crops of ``places``."""
        crops = [usual_crop(place, self._read(place), self._recipe.size) for place in places]
        logits = np.concatenate([self._run(part, self.net).numpy() for part in parts(crops)])
        truth = np.array([crop.truth for crop in crops])
        return {label: round(separation(logits[:, n], truth[:, n]), 4) for n, label in enumerate(self._recipe.labels)}

    def _fit(self, places: Sequence[Place]) -> None:
        chosen = np.random.default_rng(self._recipe.seed).permutation(len(places))[:_FIT_PLACES]
        taken = [places[int(n)] for n in chosen]
        crops = [usual_crop(place, self._read(place), self._recipe.size) for place in taken]
        features = np.concatenate([self._run(part, self.net.features).numpy() for part in parts(crops)])
        install(self.net, *fit(features, np.array([crop.truth for crop in crops]), _FIT_DECAY))

    def _run(self, crops: Sequence[Crop], work: Callable[[Tensor], Tensor]) -> Tensor:
        with torch.inference_mode():
            return work(to_pixels([crop.picture for crop in crops]))

    def _losses(self, places: Sequence[Place]) -> Iterator[Tensor]:
        """What each step descends, without end."""
        random = np.random.default_rng(self._recipe.seed)
        for chosen in batches(places, self._recipe.batch, random):
            yield self._loss([self._varied(place, random) for place in chosen])

    def _loss(self, crops: Sequence[Crop]) -> Tensor:
        logits = self._logits(self.net, [crop.picture for crop in crops])
        truth = from_array(np.array([crop.truth for crop in crops], np.float32))
        known = (truth >= 0).float()
        each = functional.binary_cross_entropy_with_logits(logits, truth.clamp(min=0), reduction="none")
        return (each * known).sum() / known.sum().clamp(min=1)

    def _logits(self, net: SecondLook, pictures: Sequence[Picture]) -> Tensor:
        """N × labels, in the recipe's precision."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self._recipe.precision == "bf16"):
            return net(to_pixels(pictures)).float()

    def _varied(self, place: Place, random: np.random.Generator) -> VariedCrop:
        crop = varied_crop(place, self._read(place), self._labels, self._recipe.size, random, self._variation)
        return replace(crop, picture=disturbed(crop.picture, self._recipe.augmentation, random))

    def _log(self, entry: Mapping[str, Any]) -> None:
        with self._log_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"at": round(time.time()), **entry}) + "\n")


def to_pixels(pictures: Sequence[Picture]) -> Tensor:
    """BGR pictures of one size → N × 3 × S × S RGB, as the ImageNet weights want it."""
    batch: NDArray[np.float32] = (np.stack(pictures)[..., ::-1].astype(np.float32) - MEAN) / STD
    return from_array(batch).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def batches(
    places: Sequence[Place], amount: int, random: np.random.Generator, weights: NDArray[np.float64] | None = None
) -> Iterator[list[Place]]:
    """``amount`` places again and again: half of them show a label, half show none.

    Every place of a half comes before any comes again; with ``weights``, one a place, those that show none come by
    chance, each as often as its weight says.
    """
    shows = np.array([1 in place.truth for place in places])
    halves: list[Iterator[int]] = []
    if shows.any():
        halves.append(_forever(np.flatnonzero(shows), random))
    if not shows.all():
        others = np.flatnonzero(~shows)
        halves.append(_forever(others, random) if weights is None else _weighted(others, weights[others], random))
    while True:
        yield [places[next(halves[n % len(halves)])] for n in range(amount)]


def parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many at once as a net without gradients is given."""
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


def _forever(of: NDArray[np.int64], random: np.random.Generator) -> Iterator[int]:
    while True:
        yield from (int(n) for n in random.permutation(of))


def _weighted(of: NDArray[np.int64], weights: NDArray[np.float64], random: np.random.Generator) -> Iterator[int]:
    shares = weights / weights.sum()
    while True:
        yield int(random.choice(of, p=shares))


def _rate_factor(progress: float) -> float:
    """Linear warm-up, then a half cosine to zero."""
    if progress < _WARM_UP:
        return (progress + 1e-3) / _WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (progress - _WARM_UP) / (1 - _WARM_UP)))
