"""What all sections of the configuration share."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer, ValidationInfo

#: Context key under which the folder of the file is handed to the validators.
BASE = "base"


class Section(BaseModel):
    """Base of all sections: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def resolve(value: str, base: Path | None) -> str:
    """A path relative to ``base`` made absolute; ``~`` is the home folder."""
    path = Path(value).expanduser()
    return str(path if path.is_absolute() or base is None else (base / path).resolve())


def base_of(info: ValidationInfo) -> Path | None:
    """The folder of the configuration file, where the validation was told of it."""
    return info.context.get(BASE) if info.context else None


def _absolute(value: Path, info: ValidationInfo) -> Path:
    return Path(resolve(str(value), base_of(info)))


ConfigPath = Annotated[Path, AfterValidator(_absolute), PlainSerializer(str, return_type=str, when_used="json")]
"""A path; a relative one starts at the folder of the configuration file."""
