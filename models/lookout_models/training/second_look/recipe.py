"""What a second look is trained from: ``models/recipes/NAME.yaml`` with ``kind: second-look``."""

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from lookout_edge.adapters.zoo import Source as Package
from lookout_models.errors import UsageError
from lookout_models.training.recipe import Augmentation, Part, Share


class CarriedOn(Part):
    """More steps, from where the first ones ended and without fitting the classifier again."""

    steps: Annotated[int, Field(gt=0)]
    #: Ends after so many of them, with the rate where it then is.
    until: Annotated[int, Field(gt=0)] | None = None
    #: How far what ships lies from the first steps' weights towards these; 1 ships these.
    mix: Share = 1.0
    rate: float
    frozen: Annotated[int, Field(ge=0, le=16)]
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    lamps: Share = 0.0
    augmentation: Augmentation = Augmentation()


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
    name: str
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
    edges: Edges | None = None

    @model_validator(mode="after")
    def _begins_somewhere(self) -> "SecondLookRecipe":
        if (self.base is None) == (self.trunk is None):
            raise ValueError("name either 'base', whose net is trained, or 'trunk', whose net is taken as it is")
        if self.base is not None and not self.steps:
            raise ValueError("'steps' is missing: how long the net that begins from 'base' is trained")
        if self.trunk is not None and (self.edges is None or self.steps or self.carried_on):
            raise ValueError("with 'trunk' only 'edges' can be trained: leave out 'steps' and 'carried_on'")
        return self

    def stretches(self) -> tuple["SecondLookRecipe", ...]:
        """The run, and the one that carries it on where there is one."""
        first = self.model_copy(update={"carried_on": None})
        more = self.carried_on
        return (
            (first,)
            if more is None
            else (first, first.model_copy(update={key: value for key, value in more if key != "mix"}))
        )


def read_second_look_recipe(path: Path) -> SecondLookRecipe:
    """The recipe in ``path``. UsageError names the key that is wrong."""
    try:
        return SecondLookRecipe.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the recipe"
        raise UsageError(f"{path}: {where}: {first['msg']}") from error
