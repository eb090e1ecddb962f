"""What the models share."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from lookout_contract.base import Identifier, Sha256, UtcTime

__all__ = ["CaseNumber", "Identifier", "Model", "Reason", "Ref", "RequestModel", "Sha256", "Text", "UtcTime", "shown"]


def _without_nul(value: str) -> str:
    if "\x00" in value:
        raise ValueError("a NUL character cannot be kept: leave it out")
    return value


Text = Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True), AfterValidator(_without_nul)]
"""Something that a person wrote."""

Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True), AfterValidator(_without_nul)
]
"""Why somebody decided as they did; not empty."""

CaseNumber = Annotated[str, Field(description="Human-readable and unique: day and running number.")]


class Model(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class RequestModel(BaseModel):
    """A request body; unknown fields are refused, since they are typing mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Ref(Model):
    """Something with a name."""

    id: str
    name: str


def shown(example: dict[str, Any], *, request: bool = False) -> ConfigDict:
    """The model's configuration with an example for the OpenAPI document."""
    extra: JsonDict = {"examples": [example]}
    if request:
        return ConfigDict(frozen=True, extra="forbid", json_schema_extra=extra)
    return ConfigDict(frozen=True, json_schema_extra=extra)
