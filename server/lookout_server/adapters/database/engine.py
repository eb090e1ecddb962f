"""Opens the database and its transactions."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import cast

import aiosqlite
from asyncpg import PostgresError
from sqlalchemy import Connection, event, func, make_url, select, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from lookout_server.adapters.database.checkpoints import AUTOMATIC_PAGES, FILE_BYTES, keep_log_short
from lookout_server.adapters.database.drivers import as_sqlalchemy, drivers_under
from lookout_server.adapters.database.failures import is_read_only, read_only, translated, unreachable
from lookout_server.adapters.database.inline_sqlite import connect_inline
from lookout_server.adapters.database.prepared import attach_driver
from lookout_server.adapters.database.remembered import Memory
from lookout_server.adapters.database.unit import SqlUnitOfWork
from lookout_server.adapters.database.writers import Writers
from lookout_server.errors import AssumedError, ConfigError, StoreError
from lookout_server.ports import Ahead

_DRIVERS: Mapping[str, str] = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
_WRITE = "lookout_write"
#: How long a writer waits for another process (a verb of the command line) to finish, milliseconds.
_BUSY_MS = 10_000
#: A dispatcher whose host or network is gone keeps its locks until PostgreSQL notices. By its own defaults that takes
#: two hours, in which no other one could relay the outbox; so it notices after half a minute.
_NOTICE_THE_DEAD = """\
SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
  set_config('tcp_keepalives_count', '4', false), set_config('tcp_user_timeout', '30000', false)"""


@dataclass(frozen=True, kw_only=True)
class Committed:
    """What a transaction that has just been committed carried."""

    feed: bool
    outbox: bool


def complete_url(url: str) -> URL:
    """The URL with its asynchronous driver. ConfigError when it is not one of SQLite or PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            "the database URL cannot be read: write sqlite:////path/to/lookout.db or postgresql://user:password@host/name"
        ) from error
    scheme = parsed.drivername.split("+")[0]
    if scheme not in _DRIVERS:
        raise ConfigError(f"databases of kind {scheme!r} are not supported: use sqlite or postgresql")
    return parsed.set(drivername=_DRIVERS[scheme])


def open_engine(url: URL) -> AsyncEngine:
    """An engine whose SQLite transactions are real ones: WAL, foreign keys, full durability, explicit BEGIN."""
    if url.get_backend_name() != "sqlite":
        engine = create_async_engine(url)
        event.listen(engine.sync_engine, "connect", _notice_the_dead)
        event.listen(engine.sync_engine, "checkout", _refuse_closed)
        return engine

    async def connect(*_: object, **__: object) -> aiosqlite.Connection:
        return await connect_inline(url.database or ":memory:", busy_ms=_BUSY_MS)

    engine = create_async_engine(url, async_creator=connect)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _notice_the_dead(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(_NOTICE_THE_DEAD)
    cursor.close()
    connection.commit()


def _refuse_closed(connection: DBAPIConnection, entry: ConnectionPoolEntry, proxy: PoolProxiedConnection) -> None:
    # asyncpg notices at once when the server closes a connection; asking the server before each use costs 1 ms.
    if entry.driver_connection is None or entry.driver_connection.is_closed():
        raise DisconnectionError("the database closed this connection")


def _prepare_sqlite(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA wal_autocheckpoint={AUTOMATIC_PAGES}")
    cursor.execute(f"PRAGMA journal_size_limit={FILE_BYTES}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if cast(aiosqlite.Connection, connection.connection.driver_connection).in_transaction:
        return  # a writer's, see ``writers``
    # A reader that turns into a writer fails when another wrote in between; so writers say so from the start.
    write = connection.get_execution_options().get(_WRITE, False)
    # Past SQLAlchemy's own execution, which costs several times the statement.
    statement = "BEGIN IMMEDIATE" if write else "BEGIN"
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
    except sqlite3.Error as error:
        raise as_sqlalchemy(statement, error, sqlite3.Error) from error
    finally:
        cursor.close()


class Database:
    """The Store on SQLite or PostgreSQL. ``on_commit`` is called in the event loop after every commit that has news."""

    def __init__(self, url: str, *, on_commit: Callable[[Committed], None] | None = None) -> None:
        completed = complete_url(url)
        self._engine = open_engine(completed)
        self._writers = Writers(self._engine)
        self._on_commit = on_commit
        self._writing = 0
        # SQLite's own waiting is polling: writers of this process queue up here instead.
        self._turn = asyncio.Lock() if completed.get_backend_name() == "sqlite" else None
        self._memory = Memory() if self.is_far else None

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[SqlUnitOfWork]:
        """A transaction for reading; it is always rolled back."""
        try:
            session = AsyncSession(self._engine, expire_on_commit=False, autoflush=False)
            try:
                attach_driver(session, drivers_under(await _connected(session))())
                yield SqlUnitOfWork(session, _never)
            finally:
                await _end(session)
        except SQLAlchemyError as error:
            raise translated(error) from error

    @property
    def is_far(self) -> bool:
        """See ``ports.Store``."""
        return self._turn is None

    @property
    def is_writing(self) -> bool:
        """Whether a transaction of this process is being written, or waits for its turn to be."""
        return self._writing > 0

    @asynccontextmanager
    async def write(self, ahead: Ahead | None = None) -> AsyncGenerator[SqlUnitOfWork]:
        """A transaction for writing; rolled back unless committed. For ``ahead`` see ``ports.Store``."""
        self._writing += 1
        recalled = self._memory.recall(ahead) if ahead is not None and self._memory is not None else None
        try:
            async with self._turn or nullcontext(), self._writers.lend(recalled) as writer:
                unit = SqlUnitOfWork(writer.session, writer.commit, self._memory)
                if ahead is not None and recalled is not None:
                    unit.assume(recalled, ahead)
                elif ahead is not None and self.is_far:
                    await unit.look_ahead(ahead)
                yield unit
        except AssumedError:
            if self._memory is not None:
                self._memory.doubt()
            raise
        except SQLAlchemyError as error:
            raise translated(error) from error
        finally:
            self._writing -= 1
        if self._on_commit is not None and unit.committed and (unit.has_feed or unit.has_outbox):
            self._on_commit(Committed(feed=unit.has_feed, outbox=unit.has_outbox))

    @asynccontextmanager
    async def alone(self, work: str) -> AsyncGenerator[bool]:
        """By an advisory lock on PostgreSQL, gone with its connection; a SQLite file has one dispatcher anyway."""
        if self._turn is not None:
            yield True
            return
        async with self.read() as unit:
            locked = select(func.pg_try_advisory_xact_lock(func.hashtext(f"lookout {work}")))
            yield bool(await unit.session.scalar(locked))

    async def ping(self) -> None:
        """StoreError when the database does not answer, or takes nothing: a standby, a disk that became read-only."""
        file = self._engine.url.database
        async with self.read() as unit:
            if self._turn is None:
                refuses = await unit.session.scalar(text("SELECT current_setting('transaction_read_only') = 'on'"))
            else:
                await unit.session.execute(text("SELECT 1"))
                # Asked of the file: to begin a transaction that writes, one would have to wait for a turn.
                refuses = file is not None and is_read_only(file)
        if refuses:
            raise read_only(None if self._turn is None else file)

    async def keep(self) -> None:
        """What the file needs while it is written to, until cancelled; a server looks after itself."""
        if self._turn is not None:
            await keep_log_short(self._engine.url, self._turn)

    async def close(self) -> None:
        """Let all connections go."""
        await self._writers.close()
        await self._engine.dispose()


async def _end(session: AsyncSession) -> None:
    if session.in_transaction():
        # Whoever is cancelled leaves no transaction behind either.
        await asyncio.shield(session.close())
    else:
        # Its connection went back with the commit: nothing waits, so nothing needs a task and a greenlet.
        session.sync_session.close()


async def _never(*, more: bool = False) -> None:
    raise StoreError("this transaction is for reading: nothing of it can be committed")


async def _connected(session: AsyncSession) -> AsyncConnection:
    """Connect now, so that what the network says comes out as our error and nothing of the caller's does."""
    try:
        return await session.connection()
    except (OSError, PostgresError) as error:
        raise unreachable(error) from error
