"""What the documents share."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Base of all parts: unknown keys are mistakes, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
