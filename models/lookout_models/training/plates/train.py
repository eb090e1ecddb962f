"""Trains the plate reader from a recipe; stops and resumes at any time."""

import json
import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import onnx
import torch
from torch import Tensor
from torch.nn import functional

from lookout_models.training.plates.crops import RealCrop, load_crops
from lookout_models.training.plates.distortion import Severity
from lookout_models.training.plates.drawing import draw_plate
from lookout_models.training.plates.fonts import FontBook
from lookout_models.training.plates.kinds import KINDS
from lookout_models.training.plates.measuring import Outcome, exact_shares, greedy
from lookout_models.training.plates.net import PlateNet, parameters_of
from lookout_models.training.plates.recipe import PlateRecipe, Stage
from lookout_models.training.plates.samples import (
    Mix,
    Sample,
    Sources,
    as_classes,
    as_input,
    load_surrounds,
    photographed,
    real_sample,
    stream,
)
from lookout_models.training.torched import channels_last, descend, from_array, read_state, seed, write_state

log = logging.getLogger(__name__)

#: The checkpoint that a finished run leaves for others.
LAST = "last.pt"
#: Weight of the colour head's loss beside the text's.
_COLOUR_WEIGHT = 0.2
#: The averaged weights, which are the ones measured and shipped, forget with this factor a step.
_AVERAGING = 0.995
#: Samples held to be shown again, in batches.
_POOL_BATCHES = 40
#: Steps over which the learning rate rises to the stage's: the pretraining must not be shaken.
_WARM_UP = 60


@dataclass(frozen=True, slots=True)
class Validation:
    """Pictures to measure on: never trained on."""

    samples: Sequence[Sample]
    groups: Sequence[str]


class Known(Protocol):
    """Something whose text ("" for no plate) and index into ``COLOURS`` are known."""

    @property
    def text(self) -> str:
        """What stands there."""
        ...

    @property
    def colour(self) -> int:
        """The ground's."""
        ...


class PlateTraining:
    """One run on drawn plates; ``run`` goes on where the last one was stopped.

    ``work / recipe.name`` holds its log and checkpoint;
    ``base`` is the graph that is trained further, ``data`` the folder that the recipe's folders lie in.
    """

    def __init__(self, recipe: PlateRecipe, base: onnx.ModelProto, data: Path, work: Path) -> None:
        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        seed(recipe.seed)
        self._recipe, self._folder = recipe, work / recipe.name
        self._folder.mkdir(parents=True, exist_ok=True)
        self.crops = load_crops(data / recipe.crops) if recipe.crops else []
        surrounds = load_surrounds(data / recipe.surrounds, recipe.surround_limit) if recipe.surrounds else []
        self.sources = Sources(FontBook.installed(), surrounds)
        self.validation = validation_set(self.sources, self.crops, recipe.validation)
        self._net, self.average = channels_last(PlateNet(base)), channels_last(PlateNet(base))
        if recipe.frozen_until:
            self._net.graph.freeze(recipe.frozen_until)
        self._trained = [weight for weight in self._net.parameters() if weight.requires_grad]
        self._optimizer = torch.optim.AdamW(self._trained, lr=1e-3, weight_decay=0.01)
        self._seen = self._started = 0
        self._load()

    def run(self) -> None:
        """Train to the end of the recipe."""
        log.info("%s: %d parameters, %d samples seen", self._recipe.name, parameters_of(self._net), self._seen)
        if self._seen >= sum(stage.samples for stage in self._recipe.stages):
            return
        first = 0
        for stage in self._recipe.stages:
            if self._seen < first + stage.samples:
                self._run_stage(stage, first)
            first += stage.samples
        self._validate()

    def _run_stage(self, stage: Stage, first: int) -> None:
        # The seed moves with the place in the run, so that a resumed run does not see the same plates again.
        random = np.random.default_rng((self._recipe.seed, self._seen))
        mix = Mix(stage.negatives, stage.severity)
        samples = reused(random, stream(random, self.sources, mix), self._recipe.batch, self._recipe.reuse)
        started, losses = time.monotonic(), list[float]()
        while self._seen < first + stage.samples:
            warm = min(1.0, (self._seen - self._started) / self._recipe.batch / _WARM_UP)
            rate = warm * cosine(stage.rate, stage.rate_end, (self._seen - first) / stage.samples)
            losses.append(self._step(next(samples), rate))
            before, self._seen = self._seen, self._seen + self._recipe.batch
            if self._seen // self._recipe.validate_every != before // self._recipe.validate_every:
                pace = len(losses) * self._recipe.batch / (time.monotonic() - started)
                self._validate(loss=float(np.mean(losses)), rate=rate, samples_a_second=pace)
                started, losses = time.monotonic(), []

    def _step(self, batch: Sequence[Sample], rate: float) -> float:
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        inputs = from_array(as_input([s.image for s in batch])).to(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._recipe.bfloat16):
            text, colour = self._net(inputs)
        loss = reading_loss(text, colour, batch)
        descend(loss, self._optimizer, self._trained, clip=5.0)
        self._follow()
        return float(loss.detach())

    def _follow(self) -> None:
        """Move the averaged weights towards the trained ones; quickly at first."""
        steps = self._seen // self._recipe.batch
        keep = min(_AVERAGING, (1 + steps) / (10 + steps))
        with torch.no_grad():
            trained = self._net.state_dict()
            for name, value in self.average.state_dict().items():
                if value.dtype.is_floating_point:
                    value.lerp_(trained[name], 1 - keep)
                else:
                    value.copy_(trained[name])

    def _validate(self, **figures: float) -> None:
        shares = exact_shares(measure(self.average, self.validation))
        drawn = float(np.mean([share for group, share in shares.items() if group not in ("real", "no plate")]))
        self._save()
        row = {"seen": self._seen, "drawn": round(drawn, 4), **figures, "exact": shares}
        with (self._folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        log.info("%s", json.dumps(row, ensure_ascii=False))

    def _save(self) -> None:
        state = {
            "net": self._net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "seen": self._seen,
        }
        write_state(state, self._folder / LAST)

    def _load(self) -> None:
        last = self._folder / LAST
        if last.exists():
            state = read_state(last)
            self._net.load_state_dict(state["net"])
            self.average.load_state_dict(state["average"])
            self._optimizer.load_state_dict(state["optimizer"])
            self._seen = self._started = state["seen"]
        else:
            self.average.load_state_dict(self._net.state_dict())


def reading_loss(text: Tensor, colour: Tensor, batch: Sequence[Known]) -> Tensor:
    """CTC of the texts a character, and the colours' cross entropy. Logits as ``PlateNet`` gives them."""
    classes = [as_classes(sample.text) for sample in batch]
    targets = torch.tensor([c for row in classes for c in row], dtype=torch.long)
    lengths = torch.tensor([len(row) for row in classes], dtype=torch.long)
    steps = torch.full((len(batch),), text.shape[1], dtype=torch.long)
    paths = functional.ctc_loss(text.log_softmax(2).transpose(0, 1), targets, steps, lengths, reduction="none")
    colours = torch.tensor([sample.colour for sample in batch], dtype=torch.long)
    by_colour = functional.cross_entropy(colour, colours)
    return paths.mean() / 7 + _COLOUR_WEIGHT * by_colour


def validation_set(sources: Sources, held: Sequence[RealCrop], count: int) -> Validation:
    """Drawn plates of every kind in equal numbers, what is no plate, and real crops that are not trained on."""
    random = np.random.default_rng(20_240_229)
    nothing = stream(random, sources, Mix(negatives=1.0))
    samples = [next(nothing) for _ in range(count // 10)]
    groups = ["no plate"] * len(samples)
    for index in range(count - len(samples)):
        kind = KINDS[index % len(KINDS)]
        plate = draw_plate(random, sources.fonts, kind)
        samples.append(photographed(random, plate, next(nothing).image, Severity(0.8, 0.6, 0.5)))
        groups.append(kind.name)
    samples += [real_sample(crop) for crop in held]
    return Validation(samples, [*groups, *["real"] * len(held)])


def measure(net: PlateNet, validation: Validation) -> list[Outcome]:
    """Greedy readings of the set, without grammar; confidence is left at 1."""
    net.eval()
    texts: list[str] = []
    with torch.no_grad():
        for first in range(0, len(validation.samples), 64):
            images = [sample.image for sample in validation.samples[first : first + 64]]
            texts += greedy(net(from_array(as_input(images)))[0].numpy())
    rows = zip(validation.samples, texts, validation.groups, strict=True)
    return [Outcome(sample.text, text, 1.0, group) for sample, text, group in rows]


def reused(random: np.random.Generator, samples: Iterator[Sample], batch: int, times: int) -> Iterator[list[Sample]]:
    """Batches from a pool in which a sample stays for about ``times`` showings; drawing one is not cheap."""
    pool = [next(samples) for _ in range(batch * (1 if times == 1 else _POOL_BATCHES // 8))]
    while True:
        fresh = [next(samples) for _ in range(math.ceil(batch / times))]
        if len(pool) < batch * _POOL_BATCHES:
            pool += fresh
        else:
            for place, sample in zip(random.integers(0, len(pool), len(fresh)).tolist(), fresh, strict=True):
                pool[place] = sample
        chosen = random.choice(len(pool), batch - len(fresh), replace=False).tolist()
        yield fresh + [pool[index] for index in chosen]


def cosine(start: float, end: float, share: float) -> float:
    """From ``start`` to ``end`` as ``share`` goes from 0 to 1, along half a cosine."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))
