"""Statements that the intake runs for every batch, compiled once and run on the driver itself.

SQLAlchemy's way to a statement costs 0.2 to 0.5 ms of CPU each time, most of a batch's time. Here SQLAlchemy still
writes the SQL and converts the values, once per statement and dialect; what remains is the driver's own cost.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from operator import itemgetter
from typing import Any, Protocol, cast

import asyncpg
from sqlalchemy import Dialect, Float, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from lookout_server.errors import AssumedError, StoreError

Values = Mapping[str, Any]
_Convert = Callable[[Any], Any]
_DRIVER = "driver"
#: See ``Driver.run_last``; its column is ``written``.
PARTS_DONE = "parts_done"
#: The transaction's number as ``xmin`` has it.
_WHO_WROTE = "RETURNING pg_current_xact_id()::xid"
#: The one parameter of a statement for many rows.
_ROWS_GIVEN = re.compile(r"\$\d+::\w+\[\]")
#: What asyncpg says of a connection whose server has said its last word, until the connection ends.
_LAST_WORD = asyncpg.InternalClientError
POSTGRES_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, _LAST_WORD, OSError)


@dataclass(frozen=True, kw_only=True)
class _Compiled:
    sql: str
    #: Parameters in the order of the placeholders.
    parameters: tuple[str, ...]
    #: Places of those that are not for the driver as they are, each with what makes the driver's value of ours.
    to_driver: tuple[tuple[int, _Convert], ...]
    from_driver: tuple[tuple[int, _Convert], ...]

    @cached_property
    def words(self) -> frozenset[str]:
        """All of the statement's, the names of its tables among them."""
        return frozenset(re.findall(r"\w+", self.sql))

    @cached_property
    def _chosen(self) -> Callable[[Values], tuple[Any, ...]]:
        """A row's values in the order of the parameters, in one step where there are several."""
        if len(self.parameters) > 1:
            return itemgetter(*self.parameters)
        return lambda values: tuple([values[name] for name in self.parameters])

    def arguments(self, values: Values) -> list[Any]:
        return _converted(self._chosen(values), self.to_driver)

    def row(self, raw: Iterable[Any]) -> list[Any]:
        return _converted(raw, self.from_driver)


@dataclass(frozen=True, kw_only=True)
class _CompiledTogether:
    """A statement whose one parameter, the first, is an array of its table's rows."""

    sql: str
    #: Columns whose values are not for the driver as they are.
    to_driver: tuple[tuple[str, _Convert], ...]

    def rows(self, rows: Sequence[Values]) -> Sequence[Values]:
        """Each by the names of its columns, as asyncpg takes a composite value."""
        made = [dict(row) for row in rows]
        for name, convert in self.to_driver:
            for row in made:
                row[name] = convert(row[name])
        return made


def _converted(values: Iterable[Any], converts: Iterable[tuple[int, _Convert]]) -> list[Any]:
    found = list(values)
    for place, convert in converts:
        found[place] = convert(found[place])
    return found


def _some(converts: Iterable[_Convert | None]) -> tuple[tuple[int, _Convert], ...]:
    return tuple((place, convert) for place, convert in enumerate(converts) if convert is not None)


_Build = Callable[[Dialect], ClauseElement]


class Prepared:
    """A statement; ``build`` writes it for a dialect. Its values are given by the names of its parameters.

    ``together`` writes it for PostgreSQL and any number of rows of the table ``into``, which are its one parameter: the
    server then plans and starts it once, and not once a row.
    """

    def __init__(
        self,
        build: _Build,
        names: Sequence[str] | None = None,
        together: _Build | None = None,
        *,
        into: Table | None = None,
    ) -> None:
        self._build = build
        self._names = names
        self._together = together
        self._table = into
        #: The table that it writes to.
        self.into = "" if into is None else into.name
        self._compiled: dict[str, _Compiled] = {}
        self._compiled_together: _CompiledTogether | None = None

    def on(self, dialect: Dialect) -> _Compiled:
        """Compiled for this dialect."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = self._compile(self._build(dialect), dialect, self._names)
        return found

    def together_on(self, dialect: Dialect) -> _CompiledTogether | None:
        """Compiled for many rows at once; None when it cannot be had so."""
        if self._compiled_together is None and self._together is not None and self._table is not None:
            converts = {name: _to_driver(self._table.c[name].type, dialect) for name in self._names or ()}
            self._compiled_together = _CompiledTogether(
                sql=str(self._together(dialect).compile(dialect=dialect)),
                to_driver=tuple((name, convert) for name, convert in converts.items() if convert is not None),
            )
        return self._compiled_together

    def _compile(self, statement: ClauseElement, dialect: Dialect, names: Sequence[str] | None) -> _Compiled:
        made = statement.compile(dialect=dialect, column_keys=None if names is None else list(names))
        compiled = cast(SQLCompiler, made)
        parameters = tuple(compiled.positiontup or ())
        columns = getattr(statement, "selected_columns", None) or getattr(statement, "exported_columns", ())
        return _Compiled(
            sql=str(compiled),
            parameters=parameters,
            to_driver=_some(_to_driver(compiled.binds[name].type, dialect) for name in parameters),
            from_driver=_some(_from_driver(column.type, dialect) for column in columns),
        )


def _to_driver(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return cast(Any, kind).dialect_impl(dialect).bind_processor(dialect)


def _from_driver(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    """Both drivers give floats as they are; SQLAlchemy would have to see the result to know."""
    impl = cast(Any, kind).dialect_impl(dialect)
    return None if isinstance(impl, Float) else impl.result_processor(dialect, None)


#: A SELECT and what it asks for.
Question = tuple[Prepared, Values]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Parts of a WITH, the last of which, ``holds``, has a row if it is so."""

    sql: str
    arguments: tuple[Any, ...]


class Driver(Protocol):
    """The running transaction as its driver has it."""

    @property
    def is_far(self) -> bool:
        """Whether each statement is a way of its own, so that ``fetch_ahead`` is worth its while."""
        ...

    async def fetch_ahead(self, questions: Sequence[Question]) -> None:
        """Ask what ``fetch`` is going to be asked, all at once, and lock what they lock in their order.

        All of them see the database as it is now, before the first of them waits for a lock. The answers are kept
        until anything is written.
        """
        ...

    def assume(self, condition: Condition, nothing: Question | None) -> None:
        """There is no transaction but ``run_last``, which writes if the condition holds and there is no answer to
        ``nothing``. Whatever else is asked or run, or if it does not hold, is an AssumedError."""
        ...

    @property
    def written_by(self) -> int | None:
        """The number of the transaction, where ``run_last`` has learned it."""
        ...

    def forget(self) -> None:
        """Ask anew, whatever was asked ahead."""
        ...

    async def fetch(self, statement: Prepared, values: Values) -> list[list[Any]]:
        """The rows that the statement returns."""
        ...

    async def run(self, statement: Prepared, rows: Sequence[Values], *, later: bool = False) -> None:
        """Run the statement for each row.

        ``later``: at the latest when somebody asks for its table, or with ``settle``. Only for rows that are new or
        locked already, since the order in which such statements take their locks is open.
        """
        ...

    async def settle(self) -> None:
        """Run what was left for later."""
        ...

    async def run_last(self, statement: Prepared, rows: Sequence[Values]) -> bool:
        """Run the statement's form for many rows after what was left for later; False when there is no such form here.

        The form reads ``PARTS_DONE``, which has a row once all of that is through: whatever the statement locks, it
        locks last.
        """
        ...


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
        self._later: dict[str, tuple[_CompiledTogether, Sequence[Values]]] = {}
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
        sql = _as_one_question(tuple([compiled.sql for _, compiled, _ in asked]))
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
            sql = _as_one(tuple([compiled.sql for compiled, _ in parts]))
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
            sql = _with_last(statements, last.sql)
        else:
            sql, arguments = self._if_it_holds(self._condition, statements, last.sql, arguments)
        self._written_by = await self._run_last(sql, arguments)
        return True

    def _if_it_holds(
        self, condition: Condition, statements: tuple[str, ...], last: str, arguments: Sequence[Any]
    ) -> tuple[str, list[Any]]:
        if self._nothing is None:
            return _with_condition(condition.sql, None, statements, last), [*condition.arguments, *arguments]
        statement, values = self._nothing
        compiled = statement.on(self._dialect)
        sql = _with_condition(condition.sql, compiled.sql, statements, last)
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


@cache
def _as_one(statements: tuple[str, ...]) -> str:
    """Statements that write to different tables as one, with their parameters one after the other.

    https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-MODIFYING
    """
    *first, last = _renumbered(statements)
    parts = ", ".join(f"part_{place} AS ({statement})" for place, statement in enumerate(first))
    return f"WITH {parts} {last}" if parts else last


@cache
def _with_last(statements: tuple[str, ...], last: str) -> str:
    """As ``_as_one``, and a statement (``WITH …``) that goes by ``PARTS_DONE``: counting the rows of each part is what
    makes PostgreSQL, which otherwise runs them in any order, run them to their ends first."""
    *first, final = _renumbered((*statements, last))
    parts = "".join(f"part_{place} AS ({statement} RETURNING 1), " for place, statement in enumerate(first))
    counts = " + ".join(["0", *(f"(SELECT count(*) FROM part_{place})" for place in range(len(first)))])
    return f"WITH {parts}{PARTS_DONE} AS (SELECT {counts} AS written), {final.removeprefix('WITH ')} {_WHO_WROTE}"


@cache
def _with_condition(condition: str, nothing: str | None, statements: tuple[str, ...], last: str) -> str:
    """As ``_with_last``, and none of it unless the condition holds: then no part has rows, nor has ``PARTS_DONE``."""
    held, *parts = _renumbered((condition, *([nothing] if nothing else []), *statements, last))
    if nothing:
        held += f", held_all AS MATERIALIZED (SELECT 1 FROM holds WHERE NOT EXISTS ({parts.pop(0)}))"
    holds = "held_all" if nothing else "holds"
    *first, final = [_ROWS_GIVEN.sub(lambda rows: f"(SELECT {rows[0]} FROM {holds})", part) for part in parts]
    written = "".join(f"part_{place} AS ({statement} RETURNING 1), " for place, statement in enumerate(first))
    counts = " + ".join(["0", *(f"(SELECT count(*) FROM part_{place})" for place in range(len(first)))])
    done = f"{PARTS_DONE} AS (SELECT {counts} AS written FROM {holds})"
    return f"{held}, {written}{done}, {final.removeprefix('WITH ')} {_WHO_WROTE}"


@cache
def _as_one_question(statements: tuple[str, ...]) -> str:
    """SELECTs as one, of whose rows each has the number of its statement and a record, the row of that.

    PostgreSQL runs the parts of UNION ALL one after the other, and those with locks never in parallel.
    """
    parts = enumerate(_renumbered(statements))
    return " UNION ALL ".join(f"SELECT {place}, asked FROM ({statement}) AS asked" for place, statement in parts)


def _renumbered(statements: Sequence[str]) -> list[str]:
    """With their parameters numbered through."""
    moved: list[str] = []
    count = 0
    for statement in statements:
        numbers = [int(number) for number in re.findall(r"\$(\d+)", statement)]
        moved.append(re.sub(r"\$(\d+)", lambda found, by=count: f"${int(found[1]) + by}", statement))
        count += max(numbers, default=0)
    return moved


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


def attach_driver(session: AsyncSession, driver: Driver) -> None:
    """Make the driver of the transaction that has begun known to ``driver_of``."""
    session.info[_DRIVER] = driver


def driver_of(session: AsyncSession) -> Driver:
    """The driver under the running transaction."""
    return session.info[_DRIVER]


def as_sqlalchemy(sql: str, error: Exception, base: type[Exception]) -> DBAPIError:
    """As SQLAlchemy would have raised it, so that ``failures`` knows what it means."""
    return cast(DBAPIError, DBAPIError.instance(sql, None, error, base))
