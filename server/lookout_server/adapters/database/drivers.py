"""Drivers under SQLAlchemy that run prepared statements: sqlite3 and asyncpg."""

import sqlite3
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Protocol, cast

import asyncpg
from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from lookout_server.adapters.database.as_one import as_one, as_one_question, with_condition, with_last
from lookout_server.adapters.database.prepared import CompiledTogether, Condition, Driver, Prepared, Question, Values
from lookout_server.errors import AssumedError, StoreError

#: What asyncpg says of a connection whose server has said its last word, until the connection ends.
_LAST_WORD = asyncpg.InternalClientError
POSTGRES_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, _LAST_WORD, OSError)


class SqliteDriver:
    """Runs at once, on the event loop's thread, see ``inline_sqlite``."""

    def __init__(self, file: sqlite3.Connection, dialect: Dialect) -> None:
        self._file = file
        self._dialect = dialect

    @property
    def is_far(self) -> bool:
        """See ``Driver``."""
        return False

    async def fetch_ahead(self, questions: Sequence[Question]) -> None:
        """Nothing is gained by it."""

    def assume(self, condition: Condition, nothing: Question | None) -> None:
        """Nor by this."""
        raise AssumedError("a file is asked")

    @property
    def written_by(self) -> int | None:
        """Not of a file."""
        return None

    def forget(self) -> None:
        """There is nothing."""

    async def fetch(self, statement: Prepared, values: Values) -> list[list[Any]]:
        """See ``Driver``."""
        compiled = statement.on(self._dialect)
        try:
            found = self._file.execute(compiled.sql, compiled.arguments(values)).fetchall()
        except sqlite3.Error as error:
            raise as_sqlalchemy(compiled.sql, error, sqlite3.Error) from error
        return [compiled.row(raw) for raw in found]

    async def run(self, statement: Prepared, rows: Sequence[Values], *, later: bool = False) -> None:
        """See ``Driver``."""
        compiled = statement.on(self._dialect)
        try:
            self._file.executemany(compiled.sql, [compiled.arguments(row) for row in rows])
        except sqlite3.Error as error:
            raise as_sqlalchemy(compiled.sql, error, sqlite3.Error) from error

    async def settle(self) -> None:
        """Nothing is left for later: the file is no network away."""

    async def run_last(self, statement: Prepared, rows: Sequence[Values]) -> bool:
        """Rows go one by one."""
        return False


class _Asyncpg(Protocol):
    """What of asyncpg's connection is used."""

    async def fetch(self, query: str, *arguments: Any) -> Sequence[Sequence[Any]]: ...

    async def execute(self, query: str, *arguments: Any) -> str: ...

    async def reload_schema_state(self) -> None: ...

    def is_closed(self) -> bool: ...


class PostgresDriver:
    """asyncpg's own calls; many rows go as one array where the statement has a form for that.

    What is left for later goes as one statement: each way to the server costs as much as what it is for.
    """

    def __init__(self, raw: _Asyncpg, dialect: Dialect) -> None:
        self._raw = raw
        self._dialect = dialect
        #: Table → what is written to it later, and its rows.
        self._later: dict[str, tuple[CompiledTogether, Sequence[Values]]] = {}
        #: What was asked ahead, and the answers.
        self._ahead: list[tuple[Prepared, Values, list[list[Any]]]] = []
        #: What has to be so for anything to be written, and what there must be no answer to.
        self._condition: Condition | None = None
        self._nothing: Question | None = None
        self._written_by: int | None = None

    @property
    def is_far(self) -> bool:
        """See ``Driver``."""
        return True

    async def fetch_ahead(self, questions: Sequence[Question]) -> None:
        """See ``Driver``."""
        await self.settle()
        asked = [(statement, statement.on(self._dialect), values) for statement, values in questions]
        sql = as_one_question(tuple([compiled.sql for _, compiled, _ in asked]))
        arguments = list(chain.from_iterable(compiled.arguments(values) for _, compiled, values in asked))
        answers: list[list[list[Any]]] = [[] for _ in asked]
        for record in await self._fetch(sql, arguments):
            place: int = record[0]
            answers[place].append(asked[place][1].row(record[1]))
        self._ahead = [(statement, values, rows) for (statement, _, values), rows in zip(asked, answers, strict=True)]

    def assume(self, condition: Condition, nothing: Question | None) -> None:
        """See ``Driver``."""
        self._condition, self._nothing = condition, nothing
        self._ahead = [] if nothing is None else [(*nothing, [])]

    @property
    def written_by(self) -> int | None:
        """See ``Driver``."""
        return self._written_by

    def forget(self) -> None:
        """See ``Driver``."""
        self._ahead = []

    async def fetch(self, statement: Prepared, values: Values) -> list[list[Any]]:
        """See ``Driver``."""
        compiled = statement.on(self._dialect)
        if not compiled.words.isdisjoint(self._later):
            await self.settle()
        for asked, with_values, rows in self._ahead:
            if asked is statement and with_values == values:
                return rows
        return [compiled.row(record) for record in await self._fetch(compiled.sql, compiled.arguments(values))]

    async def run(self, statement: Prepared, rows: Sequence[Values], *, later: bool = False) -> None:
        """See ``Driver``."""
        together = statement.together_on(self._dialect)
        if not later or statement.into in self._later:
            await self.settle()
        if later and together is not None:
            self._later[statement.into] = (together, together.rows(rows))
        elif together is not None and len(rows) > 1:
            await self._execute_together(together.sql, [together.rows(rows)])
        else:
            compiled = statement.on(self._dialect)
            for row in rows:
                await self._execute(compiled.sql, compiled.arguments(row))

    async def settle(self) -> None:
        """See ``Driver``."""
        self._refuse_early()
        self.forget()
        if self._later:
            parts, self._later = list(self._later.values()), {}
            sql = as_one(tuple([compiled.sql for compiled, _ in parts]))
            await self._execute_together(sql, [rows for _, rows in parts])

    async def run_last(self, statement: Prepared, rows: Sequence[Values]) -> bool:
        """See ``Driver``."""
        last = statement.together_on(self._dialect)
        if last is None:
            return False
        parts, self._later = list(self._later.values()), {}
        statements = tuple([compiled.sql for compiled, _ in parts])
        arguments = [*(written for _, written in parts), last.rows(rows)]
        if self._condition is None:
            sql = with_last(statements, last.sql)
        else:
            sql, arguments = self._if_it_holds(self._condition, statements, last.sql, arguments)
        self._written_by = await self._run_last(sql, arguments)
        return True

    def _if_it_holds(
        self, condition: Condition, statements: tuple[str, ...], last: str, arguments: Sequence[Any]
    ) -> tuple[str, list[Any]]:
        if self._nothing is None:
            return with_condition(condition.sql, None, statements, last), [*condition.arguments, *arguments]
        statement, values = self._nothing
        compiled = statement.on(self._dialect)
        sql = with_condition(condition.sql, compiled.sql, statements, last)
        return sql, [*condition.arguments, *compiled.arguments(values), *arguments]

    async def _run_last(self, sql: str, arguments: Sequence[Any]) -> int:
        condition, self._condition = self._condition, None
        try:
            written = await self._execute_together(sql, arguments)
        except DBAPIError as error:
            if condition is None:
                raise
            raise AssumedError(f"the database refuses what was taken for granted: {error.orig}") from error
        if not written:
            raise AssumedError("somebody else has written since")
        return int(written[0][0])

    def _refuse_early(self) -> None:
        if self._condition is not None:
            raise AssumedError("more has to be asked than was taken for granted")

    async def _fetch(self, sql: str, arguments: Sequence[Any]) -> Sequence[Sequence[Any]]:
        self._refuse_early()
        try:
            return await self._raw.fetch(sql, *arguments)
        except POSTGRES_ERRORS as error:
            raise self._failed(sql, error) from error

    async def _execute(self, sql: str, arguments: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """What it returns, if it does."""
        self.forget()
        return await self._fetch(sql, arguments)

    async def _execute_together(self, sql: str, arguments: Sequence[Any]) -> Sequence[Sequence[Any]]:
        try:
            return await self._execute(sql, arguments)
        except DBAPIError as error:
            if not isinstance(error.orig, asyncpg.DatatypeMismatchError):
                raise
            # asyncpg remembers what a table's rows are made of.
            await self._raw.reload_schema_state()
            raise StoreError("the database's tables are others than a moment ago; it is safe to try again") from error

    def _failed(self, sql: str, error: Exception) -> Exception:
        return postgres_error(sql, error, closed=self._raw.is_closed())


def postgres_error(sql: str, error: Exception, *, closed: bool) -> Exception:
    """What an error of asyncpg is to ``failures``."""
    if isinstance(error, OSError | _LAST_WORD) or closed:
        return StoreError(f"the database went away ({error}): check that it runs")
    return as_sqlalchemy(sql, error, asyncpg.PostgresError)


def under(connection: AsyncConnection) -> Any:
    """What the connection wraps: aiosqlite's or asyncpg's. As ``get_raw_connection``, without a greenlet."""
    sync = connection.sync_connection
    return None if sync is None else sync.connection.driver_connection


def drivers_under(connection: AsyncConnection) -> Callable[[], Driver]:
    """Makes a driver for each transaction of the connection."""
    raw, dialect = under(connection), connection.dialect
    if dialect.name == "sqlite":
        # SQLAlchemy reaches for the same attribute: aiosqlite offers no other way to what it wraps.
        file = cast(sqlite3.Connection, raw._conn)
        return lambda: SqliteDriver(file, dialect)
    return lambda: PostgresDriver(cast(_Asyncpg, raw), dialect)


def as_sqlalchemy(sql: str, error: Exception, base: type[Exception]) -> DBAPIError:
    """As SQLAlchemy would have raised it, so that ``failures`` knows what it means."""
    return cast(DBAPIError, DBAPIError.instance(sql, None, error, base))
