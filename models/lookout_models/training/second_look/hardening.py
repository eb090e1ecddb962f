"""The stretch after which what passes before a lamp, rain or a light from elsewhere no longer raises its scores.

The net learns to say of a square with something before it what it said itself of the same square without, and, where
that was wrong, the truth. What it took for a label though none was there comes the more often the surer it was.
"""

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from lookout_models.infrared import by_infrared
from lookout_models.training.data.geometry import Floats, Picture
from lookout_models.training.data.paste import CutOut
from lookout_models.training.hardener import Hardener
from lookout_models.training.second_look.crops import in_pixels
from lookout_models.training.second_look.hiding import Random
from lookout_models.training.second_look.net import SecondLook
from lookout_models.training.second_look.places import Place, Variation, VariedCrop, usual_crop
from lookout_models.training.second_look.recipe import SecondLookRecipe
from lookout_models.training.second_look.train import Read, SecondLookTraining, batches, parts
from lookout_models.training.torched import from_array

#: The weight of a place that shows no label and is not taken for one; the net's probability is added to it.
_LEAST_WEIGHT = 0.02


def weights_of(said: Floats, truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """How often each of N places comes: its highest probability of a label that is known not to be there, and a little.

    Both are N × labels: probabilities; 1, 0 or −1 (undecided).
    """
    return _LEAST_WEIGHT + np.where(truth == 0, said, 0).max(1).astype(np.float64)


def aims_of(truth: Tensor, said: Tensor, keep: float) -> Tensor:
    """What shall be said of squares whatever was done to them, N × labels: ``keep`` of what was ``said`` without it,
    the rest the ``truth`` (1, 0); where that is undecided (−1), all that was said.
    """
    return torch.where(truth < 0, said, (1 - keep) * truth + keep * said)


class HardenedTraining(SecondLookTraining):
    """A run as the recipe's ``hardened`` says. ``people`` may be empty when none shall pass."""

    def __init__(
        self,
        recipe: SecondLookRecipe,
        net: SecondLook,
        labels: Sequence[int],
        read: Read,
        log: Path,
        people: Sequence[CutOut],
    ) -> None:
        super().__init__(recipe, net, labels, read, log)
        assert recipe.hardened is not None
        self._settings, self._harden = recipe.hardened, Hardener(people)
        self._variation = Variation(sides=recipe.hardened.sides)
        self._teacher = copy.deepcopy(self.net).eval().requires_grad_(False)

    def _losses(self, places: Sequence[Place]) -> Iterator[Tensor]:
        random = np.random.default_rng(self._recipe.seed)
        for chosen in batches(places, self._recipe.batch, random, self._weights(places)):
            crops = [self._varied(place, random) for place in chosen]
            shown = [
                self._changed(place, crop, places[int(random.integers(len(places)))], random)
                for place, crop in zip(chosen, crops, strict=True)
            ]
            truth = from_array(np.array([crop.truth for crop in crops], np.float32))
            aims = aims_of(truth, self._said([crop.picture for crop in crops]), self._settings.keep)
            yield functional.binary_cross_entropy_with_logits(self._logits(self.net, shown), aims)

    def _weights(self, places: Sequence[Place]) -> NDArray[np.float64]:
        size, random = self._recipe.size, np.random.default_rng(self._recipe.seed)
        said: list[Floats] = []
        for part in parts(places):
            crops = [usual_crop(place, self._read(place), size).picture for place in part]
            looks = [crops, [by_infrared(crop, random) for crop in crops]] if self._settings.infrared else [crops]
            said.append(np.max([self._said(look).numpy() for look in looks], axis=0))
        return weights_of(np.concatenate(said), np.array([place.truth for place in places]))

    def _said(self, pictures: Sequence[Picture]) -> Tensor:
        """N × labels, the teacher's probabilities."""
        with torch.inference_mode():
            said = self._logits(self._teacher, pictures).sigmoid()
        # Gradients of what is compared with it need a tensor from outside of inference.
        return said.clone()

    def _changed(self, place: Place, crop: VariedCrop, other: Place, random: Random) -> Picture:
        """The crop after what was drawn for it; ``other`` lends its picture as a texture."""
        boxes = in_pixels(place.example.boxes, self._read(place))
        objects = crop.inside(boxes.corners[np.isin(boxes.classes, self._labels)])
        box = crop.inside(place.box[None])[0]
        return self._harden(crop.picture, box, objects, self._settings, lambda: self._read(other), random)
