"""The few statements that SQLAlchemy spells per database, spelled once."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Integer,
    Select,
    String,
    Table,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy import table as table_clause
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.expression import FromClause, GenerativeSelect
from sqlalchemy.types import UserDefinedType

from lookout_server.adapters.database.prepared import PARTS_DONE, Prepared, Question, driver_of
from lookout_server.adapters.database.tables import Base, CounterRow

Row = dict[str, Any]
_Insert = postgresql.Insert | sqlite.Insert
RowT = TypeVar("RowT", bound=Base)
OtherT = TypeVar("OtherT", bound=Base)

#: Values that one statement asks for, at most.
_MOST = 256


def table_of(row: type[Base]) -> Table:
    """The table behind a row class."""
    return cast(Table, row.__table__)


def insert_into(session: AsyncSession, row: type[Base]) -> _Insert:
    """An INSERT of the database at hand, with ON CONFLICT."""
    return _insert_into(session.get_bind().dialect, row)


def _insert_into(dialect: Dialect, row: type[Base]) -> _Insert:
    insert = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    return insert(table_of(row))


async def upsert(
    session: AsyncSession, row: type[Base], values: Sequence[Row], *, keep: Sequence[str] = (), later: bool = False
) -> None:
    """Insert rows, or overwrite those of the same key but for the columns in ``keep``. The last of a key wins.

    For ``later`` see ``Driver``.
    """
    if values:
        keys = _keys(row)
        # PostgreSQL's one statement for all of them may not touch a row twice.
        last = {tuple([each[name] for name in keys]): each for each in values}
        await driver_of(session).run(_upsert(row, tuple(values[0]), tuple(keep)), list(last.values()), later=later)


@cache
def _upsert(row: type[Base], names: tuple[str, ...], keep: tuple[str, ...]) -> Prepared:
    keys = _keys(row)

    def finish(statement: _Insert) -> ClauseElement:
        fresh: dict[str, ColumnElement[Any]] = {
            name: statement.excluded[name] for name in names if name not in keys and name not in keep
        }
        if fresh:
            return statement.on_conflict_do_update(index_elements=keys, set_=fresh)
        return statement.on_conflict_do_nothing(index_elements=keys)

    return _inserting(row, names, finish)


async def insert_new(session: AsyncSession, row: type[Base], values: Sequence[Row], *, later: bool = False) -> None:
    """Insert rows, leaving alone those whose primary key is there. For ``later`` see ``Driver``."""
    if values:
        await driver_of(session).run(_insert_new(row, tuple(values[0])), values, later=later)


@cache
def _insert_new(row: type[Base], names: tuple[str, ...]) -> Prepared:
    keys = _keys(row)
    return _inserting(row, names, lambda statement: statement.on_conflict_do_nothing(index_elements=keys))


async def insert_all(session: AsyncSession, row: type[Base], values: Sequence[Row], *, later: bool = False) -> None:
    """Insert rows, all of which must be new. For ``later`` see ``Driver``."""
    if values:
        await driver_of(session).run(_insert_all(row, tuple(values[0])), values, later=later)


@cache
def _insert_all(row: type[Base], names: tuple[str, ...]) -> Prepared:
    return _inserting(row, names, lambda statement: statement)


def _inserting(row: type[Base], names: tuple[str, ...], finish: Callable[[_Insert], ClauseElement]) -> Prepared:
    """An INSERT of one row, and on PostgreSQL of any number that come as an array of the table's rows.

    An array a column would cost both sides twice as much: asyncpg asks of each element whether it is an array, too.
    """
    table = table_of(row)

    def together(dialect: Dialect) -> ClauseElement:
        rows = func.unnest(_rows_of(table)).table_valued(*names, name="rows")
        fresh = select(*(rows.c[name] for name in names))
        return finish(_insert_into(dialect, row).from_select(list(names), fresh))

    return Prepared(lambda dialect: finish(_insert_into(dialect, row)), names, together, into=table)


class _Rows(UserDefinedType[Any]):
    """An array of a table's rows; each is given by the names of its columns, and what is left out is NULL."""

    cache_ok = True
    #: Or the server would not know which table's.
    render_bind_cast = True

    def __init__(self, table: str) -> None:
        self.table = table

    def get_col_spec(self, **_: object) -> str:
        """Its name in SQL."""
        return f"{self.table}[]"


def _rows_of(table: Table) -> ColumnElement[Any]:
    return bindparam("rows", type_=_Rows(table.name))


async def select_by(
    session: AsyncSession,
    row: type[RowT],
    columns: Sequence[str],
    wanted: Collection[tuple[Any, ...]],
    *,
    order: Sequence[str] = (),
    lock: bool = False,
) -> list[RowT]:
    """Rows whose ``columns`` have one of the ``wanted`` values, in the order of ``order`` (else of ``columns``).

    They are plain values with the row's attributes: changing them changes nothing in the database.
    What is wanted is asked for in statements of 1, 2, 4 … 256 values, so that there are few to prepare.
    """
    found: list[RowT] = []
    for statement, values in asking_by(row, columns, wanted, order=order, lock=lock):
        found += await select_prepared(session, row, statement, values)
    return found


async def select_with(
    session: AsyncSession,
    row: type[RowT],
    other: type[OtherT],
    wanted: Collection[str],
    *,
    on: tuple[str, str],
    order: str,
    lock: bool = False,
) -> list[tuple[RowT, OtherT | None]]:
    """As ``select_by``, each row beside each of the ``other`` rows that belong to it: those whose column ``on[1]`` is
    its ``on[0]``, in the order of ``order``. A row that has none comes once. Only ``row``'s are locked."""
    found: list[tuple[RowT, OtherT | None]] = []
    names, others = _names(row), _names(other)
    for statement, values in asking_with(row, other, wanted, on=on, order=order, lock=lock):
        for each in await driver_of(session).fetch(statement, values):
            own, theirs = each[: len(names)], each[len(names) :]
            beside = dict(zip(others, theirs, strict=True))
            found.append(
                (
                    cast(RowT, SimpleNamespace(**dict(zip(names, own, strict=True)))),
                    None if beside[on[1]] is None else cast(OtherT, SimpleNamespace(**beside)),
                )
            )
    return found


def asking_by(
    row: type[Base],
    columns: Sequence[str],
    wanted: Collection[tuple[Any, ...]],
    *,
    order: Sequence[str] = (),
    lock: bool = False,
) -> Iterator[Question]:
    """What ``select_by`` asks."""
    for values, size in questions(columns, wanted):
        yield _select_by(row, tuple(columns), size, tuple(order or columns), lock), values


def asking_with(
    row: type[Base],
    other: type[Base],
    wanted: Collection[str],
    *,
    on: tuple[str, str],
    order: str,
    lock: bool = False,
) -> Iterator[Question]:
    """What ``select_with`` asks."""
    for values, size in questions(on[:1], [(value,) for value in wanted]):
        yield _select_with(row, other, on, order, size, lock), values


def questions(columns: Sequence[str], wanted: Collection[tuple[Any, ...]]) -> Iterator[tuple[Row, int]]:
    """Parameters of statements that ask for so many values each, the last of which may be asked for more than once."""
    ordered = sorted(set(wanted)) if len(wanted) > 1 else list(wanted)
    for start in range(0, len(ordered), _MOST):
        some = ordered[start : start + _MOST]
        size = 1 << (len(some) - 1).bit_length()
        some += [some[-1]] * (size - len(some))
        values = {
            f"{name}_{place}": value for place, key in enumerate(some) for name, value in zip(columns, key, strict=True)
        }
        yield values, size


@cache
def _select_with(
    row: type[Base], other: type[Base], on: tuple[str, str], order: str, size: int, lock: bool
) -> Prepared:
    table, beside = table_of(row), table_of(other)
    key = table.c[on[0]]

    def build(dialect: Dialect) -> ClauseElement:
        theirs: FromClause = beside
        if dialect.name == "postgresql":
            # Until it has looked at new tables it takes them for small ones, and would read all of the other. OFFSET
            # keeps it from joining them in its own way: each row's are looked up.
            own = select(beside).where(beside.c[on[1]] == key)
            theirs = own.offset(literal_column("0", Integer())).lateral("beside")
        both = table.outerjoin(theirs, theirs.c[on[1]] == key)
        statement = select(table, theirs).select_from(both).where(one_of(table, on[:1], size))
        statement = statement.order_by(key, theirs.c[order])
        return statement.with_for_update(of=table) if lock else statement

    return Prepared(build)


@cache
def _select_by(row: type[Base], columns: tuple[str, ...], size: int, order: tuple[str, ...], lock: bool) -> Prepared:
    table = table_of(row)

    def build(_dialect: Dialect) -> ClauseElement:
        statement = select(table).where(one_of(table, columns, size)).order_by(*(table.c[name] for name in order))
        return statement.with_for_update() if lock else statement

    return Prepared(build)


def one_of(table: Table, columns: Sequence[str], size: int) -> ColumnElement[bool]:
    """That the columns have one of ``size`` values; their parameters are those of ``questions``."""
    values = [
        tuple(bindparam(f"{name}_{place}", type_=table.c[name].type) for name in columns) for place in range(size)
    ]
    if len(columns) == 1:
        return table.c[columns[0]].in_([each[0] for each in values])
    return or_(*(and_(*(table.c[name] == value for name, value in zip(columns, each, strict=True))) for each in values))


@cache
def _names(row: type[Base]) -> list[str]:
    return [column.name for column in table_of(row).columns]


@cache
def _keys(row: type[Base]) -> list[str]:
    return [column.name for column in table_of(row).primary_key.columns]


def limited(statement: GenerativeSelect, limit: ColumnElement[Any] | int) -> GenerativeSelect:
    """At most so many rows; for ``Prepared``, since SQLAlchemy gives a limit of SQLite an offset as a parameter."""
    most = literal_column(str(limit), Integer()) if isinstance(limit, int) else limit
    return statement.limit(most).offset(literal_column("0", Integer()))


async def select_prepared(
    session: AsyncSession, row: type[RowT], statement: Prepared, values: Mapping[str, Any]
) -> list[RowT]:
    """The rows of a statement that selects the table's columns, as plain values."""
    names = _names(row)
    return [
        cast(RowT, SimpleNamespace(**dict(zip(names, each, strict=True))))
        for each in await driver_of(session).fetch(statement, values)
    ]


async def scalars(session: AsyncSession, statement: Select[RowT]) -> Sequence[RowT]:
    """The rows as the database has them now; nothing remembered from before is handed out."""
    result = await session.scalars(statement, execution_options={"populate_existing": True})
    return result.all()


async def insert_numbered(session: AsyncSession, row: type[Base], values: Sequence[Row], *, counter: str) -> None:
    """Insert rows under a key that goes on where the counter stands, in their order.

    Everything else that the transaction has written is in the database by then: the counter is its last lock.
    """
    driver, (key,) = driver_of(session), _keys(row)
    if values and not await driver.run_last(_insert_numbered(row, tuple(values[0]), counter), values):
        await driver.settle()
        first = await count_up(session, counter, len(values)) - len(values) + 1
        await insert_all(session, row, [{key: first + place, **each} for place, each in enumerate(values)])


@cache
def _insert_numbered(row: type[Base], names: tuple[str, ...], counter: str) -> Prepared:
    table, counters, (key,) = table_of(row), table_of(CounterRow), _keys(row)

    def together(dialect: Dialect) -> ClauseElement:
        given = _rows_of(table)
        many = func.cardinality(given)
        done = table_clause(PARTS_DONE, column("written"))
        # Reading it is what makes the counter wait for the parts.
        step = (
            select(literal_column(f"'{counter}'", String()), many)
            .select_from(done)
            .where(done.c.written >= literal_column("0"))
        )
        adding = postgresql.insert(counters).from_select(["name", "value"], step)
        total = counters.c.value + adding.excluded.value
        counted = (
            adding.on_conflict_do_update(index_elements=["name"], set_={"value": total})
            .returning(counters.c.value)
            .cte("counted")
        )
        rows = func.unnest(given).table_valued(*names, name="rows", with_ordinality="ordinality")
        fresh = select(counted.c.value - many + rows.c.ordinality, *(rows.c[name] for name in names))
        return postgresql.insert(table).from_select([key, *names], fresh)

    return Prepared(together, names, together, into=table)


async def count_up(session: AsyncSession, name: str, step: int) -> int:
    """Add to a counter and return its new value; the row stays locked until the transaction ends."""
    return int((await driver_of(session).fetch(_COUNT_UP, {"name": name, "value": step}))[0][0])


def _counted(dialect: Dialect) -> ClauseElement:
    statement, table = _insert_into(dialect, CounterRow), table_of(CounterRow)
    total = table.c.value + statement.excluded.value
    return statement.on_conflict_do_update(index_elements=["name"], set_={"value": total}).returning(table.c.value)


_COUNT_UP = Prepared(_counted, ("name", "value"))
