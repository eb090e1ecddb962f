"""The few statements that SQLAlchemy spells per database, spelled once."""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Select, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.tables import Base, CounterRow

Row = dict[str, Any]
RowT = TypeVar("RowT", bound=Base)


def table_of(row: type[Base]) -> Table:
    """The table behind a row class."""
    return cast(Table, row.__table__)


def insert_into(session: AsyncSession, row: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT of the database at hand, with ON CONFLICT."""
    dialect = session.get_bind().dialect.name
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return insert(table_of(row))


async def upsert(session: AsyncSession, row: type[Base], values: Sequence[Row], *, keep: Sequence[str] = ()) -> None:
    """Insert rows or overwrite those with the same primary key, except the columns in ``keep``."""
    if not values:
        return
    table = table_of(row)
    keys = [column.name for column in table.primary_key.columns]
    statement = insert_into(session, row)
    fresh: dict[str, ColumnElement[Any]] = {
        name: statement.excluded[name] for name in values[0] if name not in keys and name not in keep
    }
    if fresh:
        await session.execute(statement.on_conflict_do_update(index_elements=keys, set_=fresh), list(values))
    else:
        await session.execute(statement.on_conflict_do_nothing(index_elements=keys), list(values))


async def insert_new(session: AsyncSession, row: type[Base], values: Sequence[Row]) -> None:
    """Insert rows, leaving alone those whose primary key is there."""
    if not values:
        return
    keys = [column.name for column in table_of(row).primary_key.columns]
    await session.execute(insert_into(session, row).on_conflict_do_nothing(index_elements=keys), list(values))


async def scalars(session: AsyncSession, statement: Select[RowT]) -> Sequence[RowT]:
    """The rows as the database has them now; nothing remembered from before is handed out."""
    result = await session.scalars(statement, execution_options={"populate_existing": True})
    return result.all()


async def count_up(session: AsyncSession, name: str, step: int) -> int:
    """Add to a counter and return its new value; the row stays locked until the transaction ends."""
    statement = insert_into(session, CounterRow).values(name=name, value=step)
    table = table_of(CounterRow)
    counted = statement.on_conflict_do_update(
        index_elements=["name"], set_={"value": table.c.value + statement.excluded.value}
    ).returning(table.c.value)
    return int((await session.execute(counted)).scalar_one())
