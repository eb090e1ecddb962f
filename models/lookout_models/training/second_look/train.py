"""Fitting the classifier to untouched features, then training the whole net from there."""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

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
from lookout_models.training.second_look.places import Place, usual_crop, varied_crop
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


class SecondLookTraining:
    """One run; ``labels`` are the examples' numbers of the recipe's labels."""

    def __init__(self, recipe: SecondLookRecipe, net: SecondLook, labels: Sequence[int], read: Read, log: Path) -> None:
        self.net = channels_last(net)
        self._recipe, self._labels, self._read, self._log_file = recipe, labels, read, log

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
        batches = self._batches(train)
        last = self._recipe.until or self._recipe.steps
        for step in range(last):
            for group in optimiser.param_groups:
                group["lr"] = group["rate"] * _rate_factor(step / self._recipe.steps)
            loss = self._loss(next(batches))
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
        logits = np.concatenate([self._run(part, self.net).numpy() for part in _parts(crops)])
        truth = np.array([crop.truth for crop in crops])
        return {label: round(separation(logits[:, n], truth[:, n]), 4) for n, label in enumerate(self._recipe.labels)}

    def _fit(self, places: Sequence[Place]) -> None:
        chosen = np.random.default_rng(self._recipe.seed).permutation(len(places))[:_FIT_PLACES]
        taken = [places[int(n)] for n in chosen]
        crops = [usual_crop(place, self._read(place), self._recipe.size) for place in taken]
        features = np.concatenate([self._run(part, self.net.features).numpy() for part in _parts(crops)])
        install(self.net, *fit(features, np.array([crop.truth for crop in crops]), _FIT_DECAY))

    def _run(self, crops: Sequence[Crop], work: Callable[[Tensor], Tensor]) -> Tensor:
        with torch.inference_mode():
            return work(to_pixels([crop.picture for crop in crops]))

    def _loss(self, crops: Sequence[Crop]) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self._recipe.precision == "bf16"):
            logits = self.net(to_pixels([crop.picture for crop in crops])).float()
        truth = from_array(np.array([crop.truth for crop in crops], np.float32))
        known = (truth >= 0).float()
        each = functional.binary_cross_entropy_with_logits(logits, truth.clamp(min=0), reduction="none")
        return (each * known).sum() / known.sum().clamp(min=1)

    def _batches(self, places: Sequence[Place]) -> Iterator[list[Crop]]:
        """Half of each batch shows a label, half shows none; every place of a half before any comes again."""
        random = np.random.default_rng(self._recipe.seed)
        halves = [[p for p in places if (1 in p.truth) == shows] for shows in (True, False)]
        orders = [_forever(len(half), random) for half in halves if half]
        halves = [half for half in halves if half]
        while True:
            chosen = [halves[n % len(halves)][next(orders[n % len(halves)])] for n in range(self._recipe.batch)]
            yield [self._varied(place, random) for place in chosen]

    def _varied(self, place: Place, random: np.random.Generator) -> Crop:
        recipe = self._recipe
        crop = varied_crop(place, self._read(place), self._labels, recipe.size, random, recipe.lamps)
        return Crop(disturbed(crop.picture, recipe.augmentation, random), crop.truth)

    def _log(self, entry: Mapping[str, Any]) -> None:
        with self._log_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"at": round(time.time()), **entry}) + "\n")


def to_pixels(pictures: Sequence[Picture]) -> Tensor:
    """BGR pictures of one size → N × 3 × S × S RGB, as the ImageNet weights want it."""
    batch: NDArray[np.float32] = (np.stack(pictures)[..., ::-1].astype(np.float32) - MEAN) / STD
    return from_array(batch).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def _parts(crops: Sequence[Crop]) -> Iterator[Sequence[Crop]]:
    for start in range(0, len(crops), _BATCH):
        yield crops[start : start + _BATCH]


def _forever(amount: int, random: np.random.Generator) -> Iterator[int]:
    while True:
        yield from (int(n) for n in random.permutation(amount))


def _rate_factor(progress: float) -> float:
    """Linear warm-up, then a half cosine to zero."""
    if progress < _WARM_UP:
        return (progress + 1e-3) / _WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (progress - _WARM_UP) / (1 - _WARM_UP)))
