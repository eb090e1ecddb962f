"""What a second look is trained from: ``models/recipes/NAME.yaml`` with ``kind: second-look``."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from lookout_edge.adapters.zoo import Source as Package
from lookout_models.training.recipe import Augmentation, Hardening, Part, Share
from lookout_models.training.recipe_file import Name, read_as


class Stretch(Part):
    """More steps, from where those before ended and without fitting the classifier again."""

    steps: Annotated[int, Field(gt=0)]
    #: Ends after so many of them, with the rate where it then is.
    until: Annotated[int, Field(gt=0)] | None = None
    #: How far what ships lies from the weights that it began with towards these; 1 ships these.
    mix: Share = 1.0
    rate: float
    frozen: Annotated[int, Field(ge=0, le=16)]
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    augmentation: Augmentation = Augmentation()


class CarriedOn(Stretch):
    """More steps with other settings."""

    lamps: Share = 0.0


class Hardened(Stretch, Hardening):
    """More steps on squares that something comes before: the shares are of these squares.

    They shall be judged like the same squares without it, as the net did that the stretch began with. What that net
    takes for a label though none is there comes more often. No lamps are painted.
    """

    classifier_factor: float = 2.0
    #: Least and greatest side of the squares, in longer sides of the place's box: as far as the gateway asks.
    sides: tuple[Annotated[float, Field(ge=1, le=4)], Annotated[float, Field(ge=1, le=4)]] = (1.2, 2.2)
    #: Of what is aimed at, the share that the first net says of the square without what was done to it; the rest is
    #: the truth. Where that is undecided, the first net says all.
    keep: Share = 0.3
    hidden: Share = 0.45
    rain: Share = 0.15
    light: Share = 0.15

    @model_validator(mode="after")
    def _sides_in_order(self) -> "Hardened":
        if self.sides[0] > self.sides[1]:
            raise ValueError("'sides' are the least and the greatest, in this order")
        return self


class Edges(Part):
    """A head that redraws the candidates' boxes, trained when the rest is, which it leaves as it is."""

    seed: int = 1
    #: Side of the squares, in longer sides of the candidate: what the detector's ``model.yaml`` says as well.
    side: Annotated[float, Field(ge=1, le=4)] = 1.5
    #: Of the boxes of a step, the share that is of no object; candidates of pictures without any are drawn, too.
    background: Annotated[float, Field(ge=0, lt=1)] = 0.0
    #: How often each square is cut, every time with other disturbances.
    passes: Annotated[int, Field(gt=0)] = 1
    steps: Annotated[int, Field(gt=0)]
    #: Boxes a step, as many of each label.
    batch: Annotated[int, Field(gt=0)] = 256
    rate: float = 1e-3
    weight_decay: float = 0.05
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.998
    precision: Literal["fp32", "bf16"] = "fp32"
    #: Source → how often its squares are drawn; 1 where it is not named.
    sources: dict[str, Annotated[float, Field(ge=0)]] = {}
    augmentation: Augmentation = Augmentation()


class SecondLookRecipe(Part):
    """One training run of a classifier that judges a detector's candidates."""

    kind: Literal["second-look"]
    name: Name
    labels: tuple[str, ...]
    seed: int = 1
    #: The recipe beside this one whose pictures, labels and validation split are used.
    pictures: str
    #: The zoo entry whose candidates are learnt from, and the least score of those.
    detector: str
    least_score: Annotated[float, Field(gt=0, lt=1)] = 0.05
    #: Candidates of a label and picture, the best ones.
    candidates: Annotated[int, Field(ge=0)] = 4
    #: Warm places a picture that no candidate and no object lies in.
    others: Annotated[int, Field(ge=0)] = 1
    #: The share of pictures without any label, and of the squares around objects, into which a lit lamp is painted.
    lamps: Share = 0.0
    #: The package with the ImageNet weights.
    base: Package | None = None
    #: Instead of a base: a second look of the zoo whose net is taken as it is. Only ``edges`` are learnt on it, and
    #: what comes out judges nothing.
    trunk: str | None = None
    size: Annotated[int, Field(gt=0, multiple_of=32)] = 128
    #: 0 with ``trunk``.
    steps: Annotated[int, Field(ge=0)] = 0
    until: Annotated[int, Field(gt=0)] | None = None
    batch: Annotated[int, Field(gt=0)] = 32
    rate: float = 2e-4
    #: The classifier starts from a fit on the untouched features and learns faster by this.
    classifier_factor: float = 5.0
    weight_decay: float = 0.02
    #: Decay of the running mean of the weights, which is what is measured and shipped; 0 ships the last weights.
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    #: bf16 saves time on processors that multiply it; weights and losses stay in single precision.
    precision: Literal["fp32", "bf16"] = "fp32"
    #: Blocks after the stem that stay as ImageNet left them: what they see is general, and they cost the most.
    frozen: Annotated[int, Field(ge=0, le=16)] = 5
    augmentation: Augmentation = Augmentation()
    carried_on: CarriedOn | None = None
    hardened: Hardened | None = None
    edges: Edges | None = None

    @model_validator(mode="after")
    def _begins_somewhere(self) -> "SecondLookRecipe":
        if (self.base is None) == (self.trunk is None):
            raise ValueError("name either 'base', whose net is trained, or 'trunk', whose net is taken as it is")
        if self.base is not None and not self.steps:
            raise ValueError("'steps' is missing: how long the net that begins from 'base' is trained")
        if self.trunk is not None and (self.edges is None or self.steps or self.further):
            raise ValueError("with 'trunk' only 'edges' can be trained: leave out 'steps', 'carried_on' and 'hardened'")
        return self

    @property
    def further(self) -> tuple[Stretch, ...]:
        """What comes after the first steps, in its order."""
        return tuple(part for part in (self.carried_on, self.hardened) if part is not None)

    def stretches(self) -> tuple["SecondLookRecipe", ...]:
        """The first steps, and each of what comes after them as a run of its own; ``hardened`` stays in its own."""
        first = self.model_copy(update={"carried_on": None, "hardened": None})
        return (first, *(first.model_copy(update=self._changes(part)) for part in self.further))

    def _changes(self, part: Stretch) -> dict[str, object]:
        named = {key: value for key, value in part if key in type(self).model_fields}
        return {"lamps": 0.0, **named, "hardened": part if isinstance(part, Hardened) else None}


def read_second_look_recipe(path: Path) -> SecondLookRecipe:
    """The recipe in ``path``. UsageError names the key that is wrong."""
    return read_as(path, SecondLookRecipe)
