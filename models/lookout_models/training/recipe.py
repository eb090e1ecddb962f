"""What a training run is made of: ``models/recipes/NAME.yaml``, checked before anything starts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lookout_edge.adapters.zoo import Source as Package
from lookout_models.training.recipe_file import Name, read_as

Share = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """A section of a recipe: no unknown keys, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Part):
    """Pictures with labels in YOLO layout, and what their labels can be trusted for."""

    #: Folder below the data folder with ``images/`` and ``labels/``, or with pictures alone.
    folder: str
    #: Only pictures whose names start like this; all when empty.
    prefix: str = ""
    #: Labels of the model for the class numbers of the files, in order; an empty one leaves a class out.
    classes: tuple[str, ...] = ()
    #: Labels of the model that the source says nothing about: no loss for them on these pictures.
    unknown: tuple[str, ...] = ()
    #: Labels that the old model fills in. Where it was not asked yet they count as unknown.
    pseudo: tuple[str, ...] = ()
    #: How often its pictures are drawn, relative to one drawing of each.
    weight: float = Field(default=1, gt=0)
    #: What stays together when a validation set is split off: ``name`` up to the second underscore, or looks.
    group: Literal["scene", "looks"] = "looks"
    #: Scenes (``group: scene``) that go to validation; the others train.
    validation_scenes: tuple[str, ...] = ()
    #: Picture names that are left out (wrong labels).
    excluded: tuple[str, ...] = ()
    #: Folder beside the recipe with labels of our own for pictures that came without.
    own_labels: str = ""
    #: File beside the recipe with boxes that we have drawn or judged beside the source's: a line of JSON a picture,
    #: ``{"image", "boxes": [[label, score, x1, y1, x2, y2], …]}`` in fractions. Below 0.35 a place is left undecided.
    own_boxes: str = ""
    #: File beside the recipe with faults of the source's own labels: a line of JSON a picture, ``{"image", "boxes",
    #: "wrong"}``, the boxes that they leave out (as in ``own_boxes``) and the labels of which no box is right.
    #: Pictures that it does not name are as labelled.
    faults: str = ""
    #: Pictures with a box of a label are drawn so many times as often as others of the source.
    repeat: Mapping[str, Annotated[int, Field(ge=1)]] = {}
    #: How much wider than stored a picture may be drawn, at least and at most: for frames that were squeezed.
    stretch: tuple[float, float] = (1, 1)
    #: Its pictures never validate.
    train_only: bool = False


class Augmentation(Part):
    """How often each kind of change is made to a picture."""

    mosaic: Share = 0.5
    #: Scale of a single picture relative to the one that fits.
    scale: tuple[float, float] = (0.75, 1.5)
    #: Width relative to height of a single picture, beside its own.
    aspect: tuple[float, float] = (0.8, 1.2)
    colour: Share = 0.7
    #: White balance that is off by up to a third a channel.
    balance: Share = 0.0
    night: Share = 0.08
    grey: Share = 0.04
    blur: Share = 0.15
    low_resolution: Share = 0.12
    compression: Share = 0.25


class Paste(Part):
    """Objects that are cut out of photos and pasted into other pictures."""

    source: Source
    label: str
    share: Share


class Distillation(Part):
    """The base model looks at the same samples, and what nobody labelled there is learnt from its answers."""

    #: Of a batch, the part that the base model is asked about (its look costs a third of a training step).
    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    classes: float = 1.0
    boxes: float = 0.5


class Hardening(Part):
    """What comes before cameras, as shares of the samples; nothing of it is done to the others."""

    #: Somebody or something stands before them.
    hidden: Share = 0.0
    #: Rain or fog.
    rain: Share = 0.0
    #: A light from elsewhere falls on them.
    light: Share = 0.0
    #: A camera shows them at night, by its infrared lamp.
    infrared: Share = 0.0
    #: Of what stands before them, the share that are people, whom the base model or the recipe's detector finds in
    #: training pictures without any of the labels; the others are shapes.
    people: Share = 0.7

    @model_validator(mode="after")
    def _adds_up(self) -> "Hardening":
        if self.hidden + self.rain + self.light + self.infrared > 1 + 1e-9:
            raise ValueError(
                "'hidden', 'rain', 'light' and 'infrared' are shares of the same samples: "
                "they must not exceed 1 together"
            )
        return self

    @property
    def wants_people(self) -> bool:
        """Whether anybody is to be cut out."""
        return self.hidden * self.people > 0


class Phase(Part):
    """A stretch of the run at one input size."""

    size: Annotated[int, Field(gt=0, multiple_of=32)]
    steps: Annotated[int, Field(gt=0)]
    batch: Annotated[int, Field(gt=0)] = 8
    mosaic: Share | None = None
    #: In place of the augmentation's scale, and of the recipe's distillation.
    scale: tuple[float, float] | None = None
    distillation: Distillation | None = None
    hardening: Hardening = Hardening()
    #: A rate of its own: the warm-up and the cosine begin anew with this phase.
    rate: Annotated[float, Field(gt=0)] | None = None
    #: First parts of the backbone (the stem, then its four stages; with a ``trunk`` its blocks) that stay as
    #: they are. All of them at first is cheap while the heads know nothing yet.
    frozen: Annotated[int, Field(ge=0, le=22)] = 2


class Mix(Part):
    """Earlier weights of the same run that the last ones are mixed with (model soups, Wortsman et al., ICML 2022)."""

    #: Step whose averaged weights are kept for it, and their part of the mixture.
    step: Annotated[int, Field(gt=0)]
    share: Annotated[float, Field(gt=0, lt=1)]


class Optimiser(Part):
    """AdamW with a cosine to ``final`` × ``rate``."""

    rate: Annotated[float, Field(gt=0)] = 1e-3
    backbone_factor: float = 0.3
    final: float = 0.02
    warmup_steps: Annotated[int, Field(ge=0)] = 60
    weight_decay: float = 0.05
    clip: float = 10.0
    ema: float = 0.998


class Validation(Part):
    """The part split off train, and how often it is looked at."""

    share: Share = 0.06
    every: Annotated[int, Field(gt=0)] = 400


class Pretrained(Part):
    """An ImageNet net from a registry package, for a backbone."""

    size: Literal["lite0", "lite1", "lite2"]
    package: Package


class Recipe(Part):
    """One training run of a detector."""

    kind: Literal["detector"] = "detector"
    name: Name
    labels: Annotated[tuple[str, ...], Field(min_length=1)]
    #: Zoo entry that the weights come from and whose labels are kept alive.
    base: str = "coco-nano"
    #: Zoo entry of these labels, trained before, that the run carries on with; None begins with ``base``.
    start: str | None = None
    #: A second look of the zoo, or an ImageNet net, that takes the backbone's place. ``start`` then names the detector
    #: that the heads come from, which may tell other labels as well.
    trunk: str | Pretrained | None = None
    seed: int = 1
    sources: Mapping[str, Source]
    paste: Paste | None = None
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    augmentation: Augmentation = Augmentation()
    optimiser: Optimiser = Optimiser()
    validation: Validation = Validation()
    #: Done before ``back_to_base``.
    mix: Mix | None = None
    #: How far the trained backbone goes back to the base model's in the end: what it forgot comes back for little of
    #: what it learnt (weight-space ensembles, Wortsman et al., CVPR 2022).
    back_to_base: Share = 0
    #: Size at which the old model labels the pictures once, before the training; 0 leaves that out.
    pseudo_size: int = 416
    #: Asking the old model about every sample instead.
    distillation: Distillation | None = None
    #: bf16 halves the time on processors that multiply it; weights, losses and the average stay in single precision.
    precision: Literal["fp32", "bf16"] = "fp32"

    @model_validator(mode="after")
    def _labels_exist(self) -> "Recipe":
        if twice := [label for label in self.labels if self.labels.count(label) > 1]:
            raise ValueError(f"labels names '{twice[0]}' twice")
        for name, source in self.sources.items():
            for label in (*source.classes, *source.unknown, *source.pseudo, *source.repeat):
                if label and label not in self.labels:
                    raise ValueError(f"sources.{name} names '{label}', which is not in labels")
        if self.paste is not None and self.paste.label not in self.labels:
            raise ValueError(f"paste.label is '{self.paste.label}', which is not in labels")
        if self.trunk is not None and (self.start is None or self.distils or self.back_to_base):
            raise ValueError("with 'trunk', 'start' has to name the heads; it can neither distil nor go back to 'base'")
        if self.mix is not None and self.mix.step >= self.steps:
            raise ValueError(f"mix.step is {self.mix.step}, but the run has {self.steps} steps: name an earlier one")
        return self

    @property
    def steps(self) -> int:
        """Optimiser steps of all phases."""
        return sum(phase.steps for phase in self.phases)

    @property
    def distils(self) -> bool:
        """Whether the base model is asked in any phase."""
        return self.distillation is not None or any(phase.distillation for phase in self.phases)

    @property
    def descents(self) -> Sequence[tuple[int, float]]:
        """Steps and rate of every cosine, one after the other."""
        found: list[tuple[int, float]] = []
        for phase in self.phases:
            if phase.rate is not None or not found:
                found.append((0, self.optimiser.rate if phase.rate is None else phase.rate))
            found[-1] = (found[-1][0] + phase.steps, found[-1][1])
        return found


def read_recipe(path: Path) -> Recipe:
    """The recipe in ``path``. UsageError names the file, the key and what is wrong with it."""
    return read_as(path, Recipe)
