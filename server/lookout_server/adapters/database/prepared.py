"""Statements that the intake runs for every batch, compiled once and run on the driver itself.

SQLAlchemy's way to a statement costs 0.2 to 0.5 ms of CPU each time, most of a batch's time. Here SQLAlchemy still
writes the SQL and converts the values, once per statement and dialect; what remains is the driver's own cost.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any, Protocol, cast

from sqlalchemy import Dialect, Float, Table
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Values = Mapping[str, Any]
_Convert = Callable[[Any], Any]
_DRIVER = "driver"
#: See ``Driver.run_last``; its column is ``written``.
PARTS_DONE = "parts_done"


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """A statement as its driver takes it."""

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
        """What the driver is given, in the order of the placeholders."""
        return _converted(self._chosen(values), self.to_driver)

    def row(self, raw: Iterable[Any]) -> list[Any]:
        """Our values of a row of the driver's."""
        return _converted(raw, self.from_driver)


@dataclass(frozen=True, kw_only=True)
class CompiledTogether:
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
        self._compiled: dict[str, Compiled] = {}
        self._compiled_together: CompiledTogether | None = None

    def on(self, dialect: Dialect) -> Compiled:
        """Compiled for this dialect."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = self._compile(self._build(dialect), dialect, self._names)
        return found

    def together_on(self, dialect: Dialect) -> CompiledTogether | None:
        """Compiled for many rows at once; None when it cannot be had so."""
        if self._compiled_together is None and self._together is not None and self._table is not None:
            converts = {name: _to_driver(self._table.c[name].type, dialect) for name in self._names or ()}
            self._compiled_together = CompiledTogether(
                sql=str(self._together(dialect).compile(dialect=dialect)),
                to_driver=tuple((name, convert) for name, convert in converts.items() if convert is not None),
            )
        return self._compiled_together

    def _compile(self, statement: ClauseElement, dialect: Dialect, names: Sequence[str] | None) -> Compiled:
        made = statement.compile(dialect=dialect, column_keys=None if names is None else list(names))
        compiled = cast(SQLCompiler, made)
        parameters = tuple(compiled.positiontup or ())
        columns = getattr(statement, "selected_columns", None) or getattr(statement, "exported_columns", ())
        return Compiled(
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


def attach_driver(session: AsyncSession, driver: Driver) -> None:
    """Make the driver of the transaction that has begun known to ``driver_of``."""
    session.info[_DRIVER] = driver


def driver_of(session: AsyncSession) -> Driver:
    """The driver under the running transaction."""
    return session.info[_DRIVER]
