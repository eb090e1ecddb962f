"""What the tables are made of: column types that mean the same on SQLite and PostgreSQL, and their base."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    cast,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


#: Times and their texts: an alarm's are read and written again with each of its events.
_REMEMBERED = 4096


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored; give it in UTC")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def _utc_or_none(value: datetime | None) -> datetime | None:
    return None if value is None else _utc(value)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC on both sides. SQLite keeps no zone, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: nobody can tell what they meant."""
        if value is None:
            return None
        value = _utc(value)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware, always UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Any:
        """SQLite keeps text: the same as SQLAlchemy writes, at a third of its cost, for several times an event."""
        if dialect.name != "sqlite":
            return _utc_or_none

        return _as_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """The way back."""
        if dialect.name != "sqlite":
            return super().result_processor(dialect, coltype)

        return _from_text


@lru_cache(_REMEMBERED)
def _as_text(value: datetime | None) -> str | None:
    # Without the zone, ``+00:00``.
    return None if value is None else _utc(value).isoformat(sep=" ", timespec="microseconds")[:-6]


@lru_cache(_REMEMBERED)
def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
#: SQLite numbers rows by itself only when the key is a plain INTEGER.
RowId = BigInteger().with_variant(Integer(), "sqlite")
Name = String(200)
Id = String(64)
#: ``/site/{63}/gateway/{63}``
SourceName = String(150)
Hash = String(64)


class JsonText(TypeDecorator[Any]):
    """JSON that pydantic writes and reads: text goes in and comes out; PostgreSQL keeps it in a form of its own."""

    impl = Json
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """As it is."""

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """As text, or asyncpg would take it apart by itself."""
        return type_coerce(cast(column, Text()), self)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """As it is."""


class Base(DeclarativeBase):
    """All tables share names of constraints that are the same on both databases."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: Json, list[Any]: Json}
