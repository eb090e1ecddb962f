"""The recipe of a plate reader: everything that a training run depends on, read from YAML."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lookout_edge.adapters.zoo import Source
from lookout_models.training.recipe_file import Name, read_as

Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stage(_Strict):
    """A stretch of training with one data mix; the learning rate falls along a cosine from ``rate`` to ``rate_end``."""

    samples: Annotated[int, Field(gt=0)]
    rate: Annotated[float, Field(gt=0)]
    rate_end: Annotated[float, Field(gt=0)]
    negatives: Share = 0.08
    #: How badly drawn plates are treated: 0 hardly, 1 fully.
    severity: Annotated[float, Field(ge=0, le=2)] = 1.0


class Refine(_Strict):
    """The last step: what follows the convolutions is trained on real crops among drawn plates."""

    #: Variations of each crop, and drawn plates and negatives beside them.
    variations: Annotated[int, Field(ge=1)] = 8
    drawn: Annotated[int, Field(ge=0)] = 3000
    negatives: Share = 0.12
    severity: Annotated[float, Field(ge=0, le=2)] = 0.9
    real_severity: Annotated[float, Field(ge=0, le=2)] = 0.5
    #: Times that everything is shown.
    passes: Annotated[int, Field(ge=1)] = 3
    batch: Annotated[int, Field(gt=0)] = 64
    rate: Annotated[float, Field(gt=0)] = 1e-3
    rate_end: Annotated[float, Field(gt=0)] = 2e-5
    #: Real crops are dealt into so many parts; a part is read by a net that was refined on the others.
    folds: Annotated[int, Field(ge=2)] = 5
    #: How many of the parts are read so; each costs as much as refining does.
    read: Annotated[int, Field(ge=0)] = 5


class PlateRecipe(_Strict):
    """``kind: plates`` recipes."""

    kind: Literal["plates"]
    name: Name
    seed: int = 1
    #: The package whose text recogniser is trained further.
    base: Source
    #: Value of its graph before which nothing is trained: strokes are strokes, and training costs two thirds.
    frozen_until: str | None = None
    batch: Annotated[int, Field(gt=0)] = 32
    #: How often a finished sample is shown, shuffled among others, before it is replaced.
    reuse: Annotated[int, Field(ge=1)] = 2
    #: Multiply in bfloat16, where the processor does that faster.
    bfloat16: bool = False
    #: Folders below the data folder: street scenes behind the plates, and real crops; both may be left out.
    surrounds: str | None = None
    surround_limit: int = 300
    crops: str | None = None
    stages: Annotated[list[Stage], Field(min_length=1)]
    #: Needs ``crops``.
    refine: Refine | None = None
    #: Samples between two validations, each of which also writes a checkpoint.
    validate_every: int = 20_000
    #: Drawn plates in the validation set.
    validation: int = 1000

    @model_validator(mode="after")
    def _crops_to_refine_on(self) -> Self:
        if self.refine and not self.crops:
            raise ValueError("'refine' needs 'crops'")
        return self


def load_recipe(path: Path) -> PlateRecipe:
    """Read and check; UsageError with the file and the key at fault."""
    return read_as(path, PlateRecipe)
