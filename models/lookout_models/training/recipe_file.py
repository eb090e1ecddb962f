"""Reading recipes of any kind, with one sentence about what is wrong with them."""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from lookout_models.errors import UsageError

Form = TypeVar("Form", bound=BaseModel)
#: What a run is called: it names files in the work folder.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]

_UNKNOWN_KEY, _OWN_CHECK, _PATTERN = "extra_forbidden", "value_error", "string_pattern_mismatch"


def read_document(path: Path) -> object:
    """What the YAML file holds. UsageError when there is none."""
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"cannot read the recipe: there is no recipe at {path}; models/recipes has some") from error
    except OSError as error:
        raise UsageError(f"cannot read the recipe {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error


def read_as(path: Path, form: type[Form]) -> Form:
    """The recipe in ``path``. UsageError names the file, the key and what is wrong with it."""
    document = read_document(path)
    try:
        return form.model_validate(document)
    except ValidationError as error:
        # A misspelt key is missing under its right name, too: that it is unknown says more.
        first = min(error.errors(), key=lambda each: each["type"] != _UNKNOWN_KEY)
        raise UsageError(f"{path}: {_complaint(first, form)}") from error


def _complaint(error: ErrorDetails, form: type[BaseModel]) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "the recipe"
    if error["type"] == _UNKNOWN_KEY:
        alike = get_close_matches(str(error["loc"][-1]), _keys(form), 1)
        return f"{where}: there is no such key{f'; did you mean {alike[0]}?' if alike else ''}"
    if error["type"] == _OWN_CHECK:
        return f"{where}: {error['msg'].removeprefix('Value error, ')}"
    if error["type"] == _PATTERN:
        return f"{where}: '{error['input']}' is no name; use letters, digits, dots, hyphens and underscores"
    return f"{where}: {error['msg']}"


def _keys(form: type[BaseModel]) -> set[str]:
    """All keys of a recipe, those of its sections as well."""
    keys: set[str] = set()
    sections: dict[str, dict[str, dict[str, object]]] = form.model_json_schema().get("$defs", {})
    for section in (form.model_json_schema(), *sections.values()):
        keys.update(section.get("properties", {}))
    return keys
