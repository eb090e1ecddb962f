"""The training loop: phases of growing input size, checkpoints that a killed run resumes from."""

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lookout_models.errors import UsageError
from lookout_models.training.data.batches import Batch, Batches
from lookout_models.training.data.examples import Example
from lookout_models.training.data.paste import CutOut
from lookout_models.training.detector.averages import WeightAverage
from lookout_models.training.detector.decode import make_grid
from lookout_models.training.detector.distil import Teacher
from lookout_models.training.detector.hardening import Hardened
from lookout_models.training.detector.loss import Losses, detection_loss
from lookout_models.training.detector.net import NanoDet
from lookout_models.training.detector.operating import OperatingPoint
from lookout_models.training.detector.pixels import to_tensor
from lookout_models.training.detector.validate import Figures, validate
from lookout_models.training.recipe import Optimiser, Recipe
from lookout_models.training.torched import channels_last, descend, read_state, write_state

CHECKPOINT = "checkpoint.pt"
#: The averaged weights of the step that the recipe mixes in at the end.
_KEPT = "kept.pt"
#: Of the last validation: AP50, threshold, precision, recall and false alarms of every label.
FIGURES = "figures.json"
_LOG = "log.jsonl"
_LOG_EVERY = 20
_SAVE_EVERY = 100


@dataclass(frozen=True, slots=True)
class Data:
    """Training examples a source, validation examples, objects to paste, and people."""

    train: Mapping[str, Sequence[Example]]
    validation: Sequence[Example]
    objects: Sequence[CutOut] = ()
    #: Who may pass before the samples.
    people: Sequence[CutOut] = ()


class Trainer:
    """One run in one work folder. A folder that holds a checkpoint of an earlier run goes on from it."""

    def __init__(self, recipe: Recipe, net: NanoDet, data: Data, folder: Path, teacher: Teacher | None = None) -> None:
        self._recipe, self._data, self._folder, self._teacher = recipe, data, folder, teacher
        self._net = channels_last(net)
        self._optimiser = make_optimiser(self._net, recipe.optimiser)
        self._average = WeightAverage(self._net, recipe.optimiser.ema)
        self._batches = Batches(recipe, data.train, data.objects, Hardened(data.people))
        self._step = 0
        self._drawn: Mapping[str, int] = {}
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / CHECKPOINT).exists():
            self._restore()

    @property
    def net(self) -> NanoDet:
        """The averaged net."""
        return self._average.net

    def run(self) -> None:
        """Train to the last step of the recipe."""
        for batch in self._batches.after(self._step):
            parts = self._train_step(batch)
            self._step, self._drawn = batch.step + 1, batch.drawn
            if self._step % _LOG_EVERY == 0:
                self._log({"loss": parts})
            if self._recipe.mix is not None and self._step == self._recipe.mix.step:
                write_state(dict(self.net.state_dict()), self._folder / _KEPT)
            last = self._step == self._recipe.steps
            if self._step % _SAVE_EVERY == 0 or last:
                self._save()
            if self._step % self._recipe.validation.every == 0 or last:
                self.validate(batch.phase.size)

    def kept(self) -> Mapping[str, Tensor]:
        """The averaged weights of the step that the recipe mixes in."""
        return read_state(self._folder / _KEPT)

    def validate(self, size: int) -> None:
        """Measure the averaged net on the validation part, into the log and ``figures.json``."""
        if self._data.validation:
            figures = validate(self.net, self._data.validation, self._recipe.labels, size)
            self._log({"size": size, "ap50": {label: round(f.ap50, 4) for label, f in figures.items()}})
            path = self._folder / FIGURES
            path.write_text(json.dumps({label: asdict(f) for label, f in figures.items()}, indent=1), "utf-8")

    def figures(self) -> Mapping[str, Figures]:
        """What was measured last, in this run or in one that it goes on from; nothing without a validation part."""
        path = self._folder / FIGURES
        if not self._data.validation or not path.exists():
            return {}
        told: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))
        return {
            label: Figures(each["ap50"], OperatingPoint(**each["point"]), each["false_alarms"])
            for label, each in told.items()
        }

    def _train_step(self, batch: Batch) -> dict[str, float]:
        phase, samples = batch.phase, batch.samples
        freeze(self._net, phase.frozen)
        for group in self._optimiser.param_groups:
            group["lr"] = group["rate"] * scheduled(batch.step, self._recipe)
        pixels = to_tensor([sample.picture for sample in samples])
        with self._precision():
            outputs = self._net(pixels)
        logits, distances = outputs[0].float(), outputs[1].float()
        losses = detection_loss(logits, distances, samples, make_grid(phase.size, phase.size))
        total, parts = losses.total, _parts(losses)
        distillation = phase.distillation or self._recipe.distillation
        if self._teacher is not None and distillation is not None:
            asked = math.ceil(phase.batch * distillation.share)
            with self._precision():
                kept = self._teacher.compare(
                    pixels[:asked], logits[:asked], distances[:asked], losses.undecided[:asked]
                )
            total = total + distillation.classes * kept.classes + distillation.boxes * kept.boxes
            parts |= {"kept_classes": _rounded(kept.classes), "kept_boxes": _rounded(kept.boxes)}
        descend(total, self._optimiser, self._net.parameters(), self._recipe.optimiser.clip)
        self._average.update(self._net)
        return parts

    def _precision(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self._recipe.precision == "bf16")

    def _log(self, entry: Mapping[str, Any]) -> None:
        line = {"step": self._step, "at": round(time.time()), **entry}
        with (self._folder / _LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _save(self) -> None:
        state: dict[str, Any] = {
            "step": self._step,
            "labels": list(self._recipe.labels),
            "net": self._net.state_dict(),
            "average": self._average.net.state_dict(),
            "updates": self._average.updates,
            "optimiser": self._optimiser.state_dict(),
            "sampler": dict(self._drawn),
        }
        write_state(state, self._folder / CHECKPOINT)

    def _restore(self) -> None:
        path = self._folder / CHECKPOINT
        state = read_state(path)
        if tuple(state["labels"]) != self._recipe.labels or _shapes(state["net"]) != _shapes(self._net.state_dict()):
            raise UsageError(f"{path} is of another recipe ({', '.join(state['labels'])}); choose another --work")
        self._step = state["step"]
        self._net.load_state_dict(state["net"])
        self._average.net.load_state_dict(state["average"])
        self._average.updates = state["updates"]
        self._optimiser.load_state_dict(state["optimiser"])
        self._drawn = state["sampler"]
        self._batches.restore(self._drawn)


def _shapes(weights: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in weights.items()}


def freeze(net: NanoDet, parts: int) -> None:
    """Let all learn but the first ``parts`` of the backbone."""
    for number, part in enumerate(net.backbone.parts()):
        part.requires_grad_(number >= parts)


def make_optimiser(net: NanoDet, settings: Optimiser) -> torch.optim.AdamW:
    """AdamW with the backbone at its own rate and no decay on biases."""
    groups: list[dict[str, Any]] = []
    body = {id(p) for p in net.backbone.parameters()}
    for in_body in (True, False):
        for is_bias in (True, False):
            chosen = [p for p in net.parameters() if (id(p) in body) == in_body and (p.ndim == 1) == is_bias]
            rate = settings.rate * (settings.backbone_factor if in_body else 1.0)
            decay = 0.0 if is_bias else settings.weight_decay
            groups.append({"params": chosen, "lr": rate, "rate": rate, "weight_decay": decay})
    return torch.optim.AdamW([group for group in groups if group["params"]])


def scheduled(step: int, recipe: Recipe) -> float:
    """The rate at ``step`` of all phases, relative to the optimiser's rate."""
    for steps, rate in recipe.descents:
        if step < steps:
            return rate / recipe.optimiser.rate * rate_factor(step, steps, recipe.optimiser)
        step -= steps
    return 0.0


def rate_factor(step: int, steps: int, settings: Optimiser) -> float:
    """Linear warm-up, then a half cosine down to ``settings.final``."""
    if step < settings.warmup_steps:
        return (step + 1) / settings.warmup_steps
    progress = (step - settings.warmup_steps) / max(1, steps - settings.warmup_steps)
    return settings.final + (1 - settings.final) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def _parts(losses: Losses) -> dict[str, float]:
    named = {"quality": losses.quality, "box": losses.box, "distribution": losses.distribution}
    return {name: _rounded(value) for name, value in named.items()}


def _rounded(value: Tensor) -> float:
    return round(float(value.detach()), 4)
