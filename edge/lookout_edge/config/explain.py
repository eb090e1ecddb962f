"""From pydantic's errors to sentences that say what to change."""

from typing import Any, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lookout_contract.events import Scenario
from lookout_edge.config.model import GatewayConfig
from lookout_edge.config.nodes import Document, Fault, Path
from lookout_edge.config.sense import suggestion
from lookout_edge.rules.registry import RULES

_TAGS = frozenset(scenario.value for scenario in Scenario)

_EXPECTED = {
    "string_type": "must be text; put it into quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of names to values",
    "model_type": "must be a mapping with keys",
    "model_attributes_type": "must be a mapping with keys",
    "path_type": "must be a path",
}


_LIMITS = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "too_short": "needs at least {min_length}",
    "too_long": "may have at most {max_length}",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
}


def explain(error: ValidationError, document: Document) -> list[Fault]:
    """One fault per error, each on the line of the value that caused it."""
    found = error.errors(include_url=False)
    return [_fault(details, document) for details in found if not _only_follows(details, found)]


def _only_follows(details: ErrorDetails, found: list[ErrorDetails]) -> bool:
    """A list is also reported as too short when one of its items is wrong; the item's own fault is enough."""
    loc = details["loc"]
    inner = (other["loc"] for other in found if len(other["loc"]) > len(loc))
    return details["type"] == "too_short" and any(other[: len(loc)] == loc for other in inner)


def _fault(details: ErrorDetails, document: Document) -> Fault:
    path = _written_path(details["loc"], document)
    kind = details["type"]
    if kind == "missing":
        return document.fault(path, "is missing: add it")
    if kind == "extra_forbidden":
        return document.fault(path, f"unknown key; {suggestion(str(path[-1]), keys_at(details['loc'][:-1]))}")
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        return document.fault((*path, "scenario"), _about_scenario(details["input"]))
    return document.fault(path, _about_value(details))


def _written_path(loc: tuple[int | str, ...], document: Document) -> Path:
    """``loc`` without the tags that pydantic puts in for the members of a union."""
    path: Path = ()
    for part in loc:
        is_tag = part in _TAGS and isinstance(path[-1] if path else None, int)
        if not is_tag and part != "[key]":
            path = (*path, part)
    return path


def _about_scenario(given: Any) -> str:
    available = [scenario.value for scenario in RULES]
    name = cast(dict[str, object], given).get("scenario") if isinstance(given, dict) else None
    if name is None:
        return f"is missing: add one of {', '.join(available)}"
    return f"there is no scenario {name!r}; {suggestion(str(name), available)}"


def _about_value(details: ErrorDetails) -> str:
    kind, given = details["type"], details["input"]
    if kind == "value_error":
        return str(details["msg"]).removeprefix("Value error, ")
    if kind == "string_pattern_mismatch" and details["loc"][-1] != "url":
        return f"{given!r} must be lower-case letters, digits, '-' and '_', at most 63, first a letter or digit"
    if kind == "string_pattern_mismatch":
        return "must be an address such as http://dispatcher:8080"
    if kind in _EXPECTED:
        secret = details["loc"][-1] in {"password", "token"}
        return _EXPECTED[kind] if secret else f"{_EXPECTED[kind]}, not {_shown(given)}"
    if kind in _LIMITS and "polygon" in details["loc"] and isinstance(given, int | float):
        return f"{given} lies outside the picture: write corners as fractions of its width and height, 0 to 1"
    if kind in _LIMITS:
        return f"{_shown(given)} is not allowed: {_LIMITS[kind].format(**details.get('ctx', {}))}"
    message = str(details["msg"])
    return f"{_shown(given)} is not allowed: {message[0].lower()}{message[1:]}"


def _shown(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:57]}..."


def keys_at(loc: tuple[int | str, ...]) -> list[str]:
    """The keys that may be written at a place, found by walking the model."""
    current: Any = GatewayConfig
    for part in loc:
        current = _below(current, part)
    return list(current.model_fields) if _is_model(current) else []


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _below(annotation: Any, part: int | str) -> Any:
    if _is_model(annotation):
        field = cast(type[BaseModel], annotation).model_fields.get(str(part))
        return _bare(field.annotation) if field is not None else None
    if isinstance(annotation, tuple):  # the members of a union told apart by their scenario
        tagged = (m for m in cast(tuple[Any, ...], annotation) if _is_model(m) and _tag(m) == part)
        return next(tagged, None)
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return _bare(arguments[1])
    return _bare(arguments[0]) if arguments else None


def _bare(annotation: Any) -> Any:
    """Without Annotated and None; a union of several models as a tuple of them."""
    if hasattr(annotation, "__metadata__"):
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in {dict, tuple} or not get_args(annotation):
        return annotation
    members = tuple(_bare(member) for member in get_args(annotation) if member is not type(None))
    return members[0] if len(members) == 1 else members


def _tag(model: type[BaseModel]) -> str | None:
    field = model.model_fields.get("scenario")
    tags = get_args(field.annotation) if field is not None else ()
    return tags[0] if tags else None
