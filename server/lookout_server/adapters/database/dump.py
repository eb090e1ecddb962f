"""All rows of a database as lines of JSON, from either kind of database and into either.

Tables are read as the database itself describes them, in one snapshot, so that work goes on meanwhile and a dump of an
older schema can be read by a newer version: it is loaded into that older schema, which is then migrated.
"""

import base64
import gzip
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, DateTime, Integer, LargeBinary, MetaData, Table, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from lookout_server.adapters.database.engine import complete_url, open_engine
from lookout_server.adapters.database.failures import translated
from lookout_server.errors import ConflictError, InvalidError

_REVISION = "alembic_version"
_ROWS = 1000
_Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class DumpedTable:
    """A table in a file of its own: gzip, a line of JSON a row."""

    name: str
    rows: int
    file: Path


async def dump(url: str, folder: Path) -> tuple[str, list[DumpedTable]]:
    """Write every table into the folder; the schema's revision and the tables, parents before children."""
    async with _connected(url, snapshot=True) as connection:
        tables = await _tables(connection)
        revision = str(await connection.scalar(text(f"SELECT version_num FROM {_REVISION}")))
        return revision, [await _dump_table(connection, table, folder) for table in tables]


async def load(url: str, tables: list[DumpedTable]) -> None:
    """Read the files into a database that has their schema and no rows yet, all of them or none.

    ConflictError when there are rows already, InvalidError when a file does not fit the schema.
    """
    async with _connected(url, snapshot=False) as connection:
        known = {table.name: table for table in await _tables(connection)}
        strange = sorted({each.name for each in tables}.symmetric_difference(known))
        if strange:
            raise InvalidError(f"the backup and the schema do not have the same tables: {', '.join(strange)}")
        for table in known.values():
            if await connection.scalar(select(func.count()).select_from(table)):
                raise ConflictError(f"the database holds {table.name} already: restore into an empty one")
        for each in sorted(tables, key=lambda one: list(known).index(one.name)):
            await _load_table(connection, known[each.name], each)
        await connection.commit()


async def _dump_table(connection: AsyncConnection, table: Table, folder: Path) -> DumpedTable:
    file, rows = folder / f"{table.name}.jsonl.gz", 0
    # Rows in the order of their keys: the same content makes the same file.
    statement = select(table).order_by(*table.primary_key.columns)
    with gzip.open(file, "wt", encoding="utf-8", newline="\n", compresslevel=5) as out:
        async with connection.stream(statement, execution_options={"yield_per": _ROWS}) as found:
            async for row in found.mappings():
                values = {name: _written(value) for name, value in row.items()}
                out.write(json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n")
                rows += 1
    return DumpedTable(name=table.name, rows=rows, file=file)


async def _load_table(connection: AsyncConnection, table: Table, dumped: DumpedTable) -> None:
    # A row may refer to one of its own table that comes later: such references are filled in afterwards.
    selves = [key.parent.name for key in table.foreign_keys if key.column.table is table]
    read = {column.name: _reader(column.type) for column in table.columns}
    later: list[_Row] = []
    count = 0
    for batch in _batches(dumped.file):
        rows = [{name: read[name](value) for name, value in row.items()} for row in batch]
        count += len(rows)
        if selves:
            later += [row for row in rows if any(row[name] is not None for name in selves)]
            rows = [{**row, **dict.fromkeys(selves)} for row in rows]
        await connection.execute(table.insert(), rows)
    for row in later:
        mine = [column == row[column.name] for column in table.primary_key.columns]
        await connection.execute(table.update().where(*mine).values({name: row[name] for name in selves}))
    if count != dumped.rows:
        raise InvalidError(f"{dumped.name} has {count} rows where the backup says {dumped.rows}: it was cut off")
    await _go_on_numbering(connection, table)


async def _go_on_numbering(connection: AsyncConnection, table: Table) -> None:
    """PostgreSQL numbers rows from a sequence, which has to know how far the numbers have come."""
    columns = list(table.primary_key.columns)
    if connection.dialect.name != "postgresql" or len(columns) != 1 or not isinstance(columns[0].type, Integer):
        return
    sequence = await connection.scalar(select(func.pg_get_serial_sequence(table.name, columns[0].name)))
    highest = await connection.scalar(select(func.max(columns[0])))
    if sequence and highest:
        await connection.execute(select(func.setval(sequence, highest)))


def _batches(file: Path) -> Iterator[list[_Row]]:
    batch: list[_Row] = []
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            batch.append(json.loads(line))
            if len(batch) == _ROWS:
                yield batch
                batch = []
    if batch:
        yield batch


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return aware.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _reader(kind: object) -> Callable[[Any], Any]:
    if isinstance(kind, DateTime):
        aware = bool(kind.timezone)
        return lambda value: None if value is None else _time(value, aware=aware)
    if isinstance(kind, LargeBinary):
        return lambda value: None if value is None else base64.b64decode(value)
    return lambda value: value


def _time(value: str, *, aware: bool) -> datetime:
    at = datetime.fromisoformat(value).astimezone(UTC)
    return at if aware else at.replace(tzinfo=None)


async def _tables(connection: AsyncConnection) -> list[Table]:
    def reflect(sync: Connection) -> list[Table]:
        metadata = MetaData()
        metadata.reflect(sync)
        for table in metadata.tables.values():
            for column in table.columns:
                if isinstance(column.type, JSON):
                    column.type.none_as_null = True
        return [table for table in metadata.sorted_tables if table.name != _REVISION]

    return await connection.run_sync(reflect)


@asynccontextmanager
async def _connected(url: str, *, snapshot: bool) -> AsyncGenerator[AsyncConnection]:
    engine = open_engine(complete_url(url))
    if snapshot and engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    try:
        async with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise translated(error) from error
    finally:
        await engine.dispose()
