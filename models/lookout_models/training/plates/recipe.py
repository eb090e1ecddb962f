"""The recipe of a plate reader: everything that a training run depends on, read from YAML."""

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lookout_models.errors import UsageError

Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stage(_Strict):
    """A stretch of training with one data mix; the learning rate falls along a cosine from ``rate`` to ``rate_end``."""

    samples: Annotated[int, Field(gt=0)]
    rate: Annotated[float, Field(gt=0)]
    rate_end: Annotated[float, Field(gt=0)]
    negatives: Share = 0.08
    real: Share = 0.0
    #: How badly drawn plates and real crops are treated: 0 hardly, 1 fully.
    severity: Annotated[float, Field(ge=0, le=2)] = 1.0
    real_severity: Annotated[float, Field(ge=0, le=2)] = 0.5


class PlateRecipe(_Strict):
    """``kind: plates`` recipes."""

    kind: Literal["plates"]
    name: str
    seed: int = 1
    batch: Annotated[int, Field(gt=0)] = 64
    #: How often a finished sample is shown, shuffled among others, before it is replaced.
    reuse: Annotated[int, Field(ge=1)] = 2
    widths: tuple[int, int, int, int] = (16, 32, 64, 112)
    #: Folders below the data folder: street scenes behind the plates, and real crops; both may be left out.
    surrounds: str | None = None
    surround_limit: int = 300
    crops: str | None = None
    #: Real crops are dealt into so many parts. One of them is measured on and not trained on; -1 trains on all.
    folds: Annotated[int, Field(ge=1)] = 5
    held_out: int = 0
    #: Run to start from, by its recipe's name: its best checkpoint in the folder beside this run's.
    start: str | None = None
    #: Run whose best weights are averaged with this run's at the end: together they generalise better.
    average_with: str | None = None
    stages: Annotated[list[Stage], Field(min_length=1)]
    #: Samples between two validations, each of which also writes a checkpoint.
    validate_every: int = 20_000
    #: Drawn plates in the validation set.
    validation: int = 1000


def load_recipe(path: Path) -> PlateRecipe:
    """Read and check; UsageError with the file and the key at fault."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return PlateRecipe.model_validate(content)
    except OSError as error:
        raise UsageError(f"cannot read the recipe {path}: {error.strerror}; check its path") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is no YAML: {error}; correct it there") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}: {key}: {first['msg']}; correct it there") from error
