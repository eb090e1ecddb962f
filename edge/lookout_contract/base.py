"""What every message shares: immutability, UTC times and identifier grammar."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer, StringConstraints


class ContractError(ValueError):
    """A message or topic that does not follow the contract; the text says what to change."""


class Message(BaseModel):
    """Base of all wire models: frozen, named fields, unknown fields ignored so that v1 can grow."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_timedelta="float", use_attribute_docstrings=True)

    def to_json(self) -> bytes:
        """The message as UTF-8 JSON, without the fields that are null."""
        return self.model_dump_json(exclude_none=True).encode()


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def format_utc(value: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and a ``Z``: ``2026-05-04T06:03:22.120Z``."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


UtcTime = Annotated[
    AwareDatetime, AfterValidator(_to_utc), PlainSerializer(format_utc, return_type=str, when_used="json")
]
"""An aware datetime, kept in UTC; naive times are refused since nobody can tell what they meant."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""Site, gateway, camera, zone, grid and case ids: lower-case ASCII, digits, ``-``, ``_``; safe in topics and paths."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""Lower-case hexadecimal SHA-256 of the content."""
