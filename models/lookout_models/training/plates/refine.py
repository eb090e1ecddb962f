"""The last step of training: what follows the convolutions learns from real crops, in seconds.

The convolutions stay as drawn plates made them, so what they see of a picture is computed once, and every part of the
crops can be read by a net that never saw it at the cost of a few seconds each.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lookout_models.training.plates.crops import RealCrop, fold_of, vary
from lookout_models.training.plates.net import LATE, PlateNet
from lookout_models.training.plates.recipe import Refine
from lookout_models.training.plates.samples import Mix, Sample, Sources, as_input, real_sample, stream
from lookout_models.training.plates.train import cosine, reading_loss
from lookout_models.training.torched import channels_last, descend, from_array, seed

#: The part that belongs to no fold: drawn plates.
_DRAWN = -1
_BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the convolutions see of one picture, what stands there, and the fold whose crops it was made from."""

    early: Tensor
    late: Tensor
    text: str
    colour: int
    fold: int


def look(
    net: PlateNet, sources: Sources, crops: Sequence[RealCrop], recipe: Refine, *, number: int, bfloat16: bool
) -> list[Seen]:
    """Variations of the crops and drawn plates, through the convolutions of ``net``; ``number`` is the seed.

    Crops are spliced within their fold only, so that no part of a plate crosses over.
    """
    random = np.random.default_rng(number)
    drawn = stream(random, sources, Mix(recipe.negatives, recipe.severity))
    seen = _through(net, [next(drawn) for _ in range(recipe.drawn)], _DRAWN, bfloat16=bfloat16)
    for fold in range(recipe.folds):
        part = [crop for crop in crops if fold_of(crop.text, recipe.folds) == fold]
        varied = vary(random, part, recipe.variations, recipe.real_severity)
        seen += _through(net, [real_sample(crop) for crop in varied], fold, bfloat16=bfloat16)
    return seen


def _through(net: PlateNet, samples: Sequence[Sample], fold: int, *, bfloat16: bool) -> list[Seen]:
    rows: list[Seen] = []
    with torch.no_grad():
        for first in range(0, len(samples), _BATCH):
            batch = samples[first : first + _BATCH]
            inputs = from_array(as_input([s.image for s in batch])).to(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
                early, late = net.features(inputs)
            rows += [
                Seen(early[i].float().clone(), late[i].float().clone(), sample.text, sample.colour, fold)
                for i, sample in enumerate(batch)
            ]
    return rows


def refined(
    net: PlateNet, seen: Sequence[Seen], recipe: Refine, *, without: int | None, number: int, bfloat16: bool
) -> PlateNet:
    """A copy of ``net`` refined on what was ``seen``, less the fold ``without``; ``number`` is the seed."""
    seed(number)
    new = channels_last(copy.deepcopy(net))
    new.graph.freeze(LATE)
    weights = [weight for weight in new.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=recipe.rate, weight_decay=0.01)
    shown = [row for row in seen if row.fold != without]
    steps = recipe.passes * -(-len(shown) // recipe.batch)
    for step, batch in enumerate(_batches(np.random.default_rng(number), shown, recipe)):
        for group in optimiser.param_groups:
            group["lr"] = cosine(recipe.rate, recipe.rate_end, step / steps)
        early, late = torch.stack([row.early for row in batch]), torch.stack([row.late for row in batch])
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
            text, colour = new.read(early, late)
        descend(reading_loss(text, colour, batch), optimiser, weights, clip=5.0)
    return new


def _batches(random: np.random.Generator, shown: Sequence[Seen], recipe: Refine) -> Iterator[list[Seen]]:
    for _ in range(recipe.passes):
        order = random.permutation(len(shown)).tolist()
        for first in range(0, len(order), recipe.batch):
            yield [shown[index] for index in order[first : first + recipe.batch]]
