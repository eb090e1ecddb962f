"""YAML files read into pydantic models; every mistake is reported at once, with file, line, key and the fix."""

import difflib
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from lookout_server.errors import ConfigError

Loc = tuple[str | int, ...]

#: Where pydantic's own words would name our classes, or leave open what to do.
_PLAIN = {
    "model_type": "needs 'key: value' lines below it",
    "model_attributes_type": "needs 'key: value' lines below it",
    "dict_type": "needs 'key: value' lines below it",
    "path_type": "input should be a path",
    "string_type": "input should be text (in quotes when it looks like a number)",
}
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One mistake. ``loc`` is the path of keys and list positions to it."""

    loc: Loc
    text: str


class Document:
    """A YAML text with the line of every key and value."""

    def __init__(self, text: str, *, name: str) -> None:
        self.name = name
        self._lines: dict[Loc, int] = {}
        self._repeated: list[Problem] = []
        try:
            root = cast(yaml.Node | None, yaml.compose(text, Loader=yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType]
            self.data: object = {} if root is None else yaml.safe_load(text)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ConfigError(
                f"{name}:{line}: not valid YAML: {error.problem}; check indentation and quotes"
            ) from error
        except yaml.YAMLError as error:
            raise ConfigError(f"{name}: not valid YAML: {error}") from error
        if root is not None:
            self._index(root, ())
        if not isinstance(self.data, dict):
            raise ConfigError(f"{name}:1: the file must hold 'key: value' lines, not {_kind(self.data)}")
        if self._repeated:
            raise self.error(self._repeated)

    @property
    def values(self) -> dict[str, Any]:
        """The top level as plain data."""
        return cast(dict[str, Any], self.data)

    def error(self, problems: Sequence[Problem]) -> ConfigError:
        """One error that lists all the problems, a line each, in the order of the file."""
        placed = sorted(((self.line(problem.loc), problem) for problem in problems), key=lambda pair: pair[0])
        return ConfigError("\n".join(f"{self.name}:{line}: {_key(p.loc)}{p.text}" for line, p in placed))

    def line(self, loc: Loc) -> int:
        """The line of that key, or of the nearest thing around it."""
        for end in range(len(loc), 0, -1):
            if loc[:end] in self._lines:
                return self._lines[loc[:end]]
        return 1

    def _index(self, node: yaml.Node, at: Loc) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in cast(list[tuple[yaml.Node, yaml.Node]], node.value):
                where = (*at, str(key.value))
                first = self._lines.get(where)
                self._lines[where] = key.start_mark.line + 1
                if first is None:
                    self._index(value, where)
                else:  # what stands below it is not looked at: it would only be called repeated too
                    text = f"given twice (first in line {first}); keep one of them"
                    self._repeated.append(Problem(loc=where, text=text))
        elif isinstance(node, yaml.SequenceNode):
            for position, item in enumerate(cast(list[yaml.Node], node.value)):
                self._lines[(*at, position)] = item.start_mark.line + 1
                self._index(item, (*at, position))


def read_document(path: Path) -> Document:
    """Read a file; ConfigError when it is missing or no text."""
    try:
        return Document(path.read_text(encoding="utf-8"), name=str(path))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such file; check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as a UTF-8 text file: {error}") from error


def validate(document: Document, model: type[Model]) -> Model:
    """The document as a model; ConfigError lists everything that is wrong."""
    try:
        return model.model_validate(document.values)
    except ValidationError as error:
        raise document.error(list(_problems(error, model))) from error


def _problems(error: ValidationError, model: type[BaseModel]) -> Iterator[Problem]:
    for item in error.errors():
        loc = _real(item["loc"], model)
        if item["type"] == "extra_forbidden":
            yield Problem(loc=loc, text=f"unknown key{_suggest(str(loc[-1]), _keys_at(model, item['loc'][:-1]))}")
        elif item["type"] == "missing":
            yield Problem(loc=loc, text="is missing; add it")
        elif ours := item.get("ctx", {}).get("error"):
            yield Problem(loc=loc, text=str(ours))
        else:
            text = _PLAIN.get(item["type"]) or item["msg"][:1].lower() + item["msg"][1:]
            given = "" if isinstance(item["input"], dict | list) else f", not {_given(item['input'])}"
            yield Problem(loc=loc, text=f"{text}{given}")


def _given(value: object) -> str:
    return "nothing" if value is None else repr(value)


def _suggest(wrong: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(wrong, known, n=1, cutoff=0.5)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; remove it, or use one of {', '.join(known)}" if known else "; remove it"


def _real(loc: Loc, model: type[BaseModel]) -> Loc:
    """The location without the tags that pydantic adds for the members of a union."""
    kept: list[str | int] = []
    candidates: list[type[BaseModel]] = [model]
    for step in loc:
        if isinstance(step, int):
            kept.append(step)
            continue
        if candidates and len(candidates) > 1 and not any(step in each.model_fields for each in candidates):
            tagged = [each for each in candidates if _tag(each) == step]
            if tagged:
                candidates = tagged
                continue
        kept.append(step)
        candidates = [found for each in candidates for found in _models_of_field(each, step)]
    return tuple(kept)


def _tag(model: type[BaseModel]) -> object:
    return next((get_args(f.annotation)[0] for f in model.model_fields.values() if _is_literal(f.annotation)), None)


def _is_literal(annotation: object) -> bool:
    return str(get_origin(annotation)) == "typing.Literal"


def _keys_at(model: type[BaseModel], loc: Loc) -> list[str]:
    candidates: list[type[BaseModel]] = [model]
    for step in loc:
        tagged = [each for each in candidates if _tag(each) == step]
        if len(candidates) > 1 and tagged:
            candidates = tagged
        elif isinstance(step, str):
            candidates = [found for each in candidates for found in _models_of_field(each, step)]
    return sorted({name for each in candidates for name in each.model_fields})


def _models_of_field(model: type[BaseModel], name: str) -> list[type[BaseModel]]:
    field = model.model_fields.get(name)
    return [] if field is None else list(_models_in(field.annotation))


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, types.UnionType, Annotated, list, tuple, dict):
        for inner in get_args(annotation):
            yield from _models_in(inner)


def _key(loc: Loc) -> str:
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return f"{text}: " if text else ""


def _kind(value: object) -> str:
    return "a list" if isinstance(value, list) else f"just {value!r}"
