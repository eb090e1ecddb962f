"""Transactions that write, on connections that stand: the driver itself begins them and commits them.

SQLAlchemy's way through session, engine and pool costs more for each transaction than a small batch's statements do.
Its session is there for whoever needs it and joins the transaction that stands: for it the connection commits by
itself, so that it neither begins nor ends anything.
"""

import asyncio
import math
import sqlite3
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Protocol

from asyncpg.exceptions import PostgresError
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.util import await_only

from lookout_server.adapters.database.drivers import (
    POSTGRES_ERRORS,
    as_sqlalchemy,
    drivers_under,
    postgres_error,
    under,
)
from lookout_server.adapters.database.failures import unreachable
from lookout_server.adapters.database.inline_sqlite import InlineConnection
from lookout_server.adapters.database.prepared import attach_driver, driver_of
from lookout_server.adapters.database.remembered import Recalled, begin_with
from lookout_server.errors import StoreError

#: Idle connections kept; more than one only where several transactions write at once, on PostgreSQL.
_KEPT = 4
#: Transactions that follow one another within this many seconds begin with the commit before; for so long one waits.
_SOON_S = 0.5


class _Turns(Protocol):
    """A transaction of the driver's own."""

    async def start(self) -> None: ...

    async def finish(self) -> None: ...

    async def begin(self) -> None: ...

    async def commit(self, *, and_begin: bool) -> bool:
        """Whether the next transaction has begun, which it does only if ``and_begin``."""
        ...

    async def rollback(self) -> None: ...

    def is_closed(self) -> bool: ...


class _SqliteTurns:
    def __init__(self, raw: InlineConnection) -> None:
        self._raw = raw

    async def start(self) -> None:
        """It is as it shall be."""

    async def finish(self) -> None:
        """See ``start``."""

    async def begin(self) -> None:
        try:
            await self._raw.begin_immediate()
        except sqlite3.Error as error:
            raise as_sqlalchemy("BEGIN IMMEDIATE", error, sqlite3.Error) from error

    async def commit(self, *, and_begin: bool) -> bool:
        try:
            await self._raw.commit()
        except sqlite3.Error as error:
            raise as_sqlalchemy("COMMIT", error, sqlite3.Error) from error
        return False

    async def rollback(self) -> None:
        await self._raw.rollback()

    def is_closed(self) -> bool:
        return False


class _PostgresTurns:
    def __init__(self, raw: Any) -> None:
        self._raw = raw

    async def start(self) -> None:
        # Who writes looks rows up by their keys. A plan that was made while a table was new and small would go on
        # reading all of it, until the server comes to count its rows.
        await self._run("SET enable_seqscan = off")

    async def finish(self) -> None:
        await self._run("RESET enable_seqscan")

    async def begin(self) -> None:
        await self._run("BEGIN")

    async def commit(self, *, and_begin: bool) -> bool:
        # A way to the server less for the next one, which holds nothing there, no snapshot either, until it asks.
        await self._run("COMMIT AND CHAIN" if and_begin else "COMMIT")
        return and_begin

    async def rollback(self) -> None:
        if self._raw.is_closed():
            return
        try:
            await self._raw.execute("ROLLBACK")
        except POSTGRES_ERRORS:
            # The server undoes what its client has left.
            self._raw.terminate()

    def is_closed(self) -> bool:
        return bool(self._raw.is_closed())

    async def _run(self, statement: str) -> None:
        try:
            await self._raw.execute(statement)
        except POSTGRES_ERRORS as error:
            raise postgres_error(statement, error, closed=self.is_closed()) from error


class Writer:
    """A connection with at most one transaction. ``session`` is another one once a transaction has used it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        raw = under(connection)
        self._turns: _Turns = _SqliteTurns(raw) if isinstance(raw, InlineConnection) else _PostgresTurns(raw)
        self._driver = drivers_under(connection)
        self.session = self._fresh_session()
        self._open = False
        #: Whether there is no transaction on the server but the statement that commits it.
        self._is_bare = False
        #: Whether the database has begun the next transaction.
        self._begun = False
        self._used_at = -math.inf
        self._used_before = -math.inf
        # What SQLAlchemy runs, flushes among it, comes after what the transaction has left for later.
        event.listen(connection.sync_connection, "before_cursor_execute", self._settle)

    async def open(self) -> None:
        """Make the connection what writing wants."""
        await self._turns.start()

    @property
    def is_open(self) -> bool:
        """Whether a transaction stands that is not committed."""
        return self._open

    @property
    def is_closed(self) -> bool:
        """Whether the database has hung up."""
        return self._turns.is_closed()

    async def begin(self, recalled: Recalled | None = None) -> None:
        """A transaction and a session in it. With what is recalled there is none but the statement that commits it."""
        attach_driver(self.session, self._driver())
        begin_with(self.session, recalled)
        self._is_bare = recalled is not None
        self._open = True
        self._used_before, self._used_at = self._used_at, time.monotonic()
        if self._begun and not self._is_bare:
            self._begun = False
        elif self._begun:
            await self.give_up()
        elif not self._is_bare:
            await self._turns.begin()

    async def commit(self, *, more: bool = False) -> None:
        """With what the session holds. ``more``: begin the next transaction, too, if the one before was of just now."""
        if self._is_bare:
            self._open = False
            return
        if self.session.in_transaction():
            await self.session.flush()
        soon = self._used_at - self._used_before < _SOON_S
        self._begun = await self._turns.commit(and_begin=more and soon)
        self._open = False

    @property
    def is_begun(self) -> bool:
        """Whether the database has begun the next transaction."""
        return self._begun

    @property
    def is_left(self) -> bool:
        """Whether that has been so for too long."""
        return self._begun and time.monotonic() - self._used_at >= _SOON_S

    async def give_up(self) -> None:
        """End what was begun for nobody."""
        if self._begun:
            self._begun = False
            await self._turns.rollback()

    async def end(self) -> None:
        """Undo what was not committed, and let the session go."""
        if self._open:
            self._open = False
            if not self._is_bare:
                await self._turns.rollback()
        if self.session.in_transaction():
            # Whatever joins a session begins its transaction, so that the others hold nothing.
            used, self.session = self.session, self._fresh_session()
            await used.close()

    def _fresh_session(self) -> AsyncSession:
        return AsyncSession(self._connection, expire_on_commit=False, autoflush=False)

    def _settle(self, *_: object) -> None:
        if self._open:
            await_only(driver_of(self.session).settle())

    async def close(self) -> None:
        """Back to the pool as it came, or out of it when it cannot be used any more."""
        usable = not self.is_closed
        if usable:
            try:
                await self.give_up()
                await self._turns.finish()
            except (SQLAlchemyError, StoreError):
                usable = False
        if not usable:
            await self._connection.invalidate()
        await self._connection.close()


class Writers:
    """Lends writers, one to a transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._idle: list[Writer] = []
        self._closed = False
        self._looking: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def lend(self, recalled: Recalled | None = None) -> AsyncGenerator[Writer]:
        """A writer within a transaction, which is undone unless it was committed."""
        writer = await self._take()
        try:
            try:
                await writer.begin(recalled)
                yield writer
            finally:
                # Whoever is cancelled leaves no transaction behind either.
                await (asyncio.shield(writer.end()) if writer.is_open else writer.end())
        except (SQLAlchemyError, StoreError):
            # What it was refused for may be the connection's fault.
            await asyncio.shield(writer.close())
            raise
        except BaseException:  # whoever is cancelled has to give it back, too; the error goes on
            await self._give_back(writer)
            raise
        await self._give_back(writer)

    async def close(self) -> None:
        """Those that are idle now, and the others when they come back."""
        self._closed = True
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        while self._idle:
            await self._idle.pop().close()

    async def _take(self) -> Writer:
        while self._idle:
            writer = self._idle.pop()
            if not writer.is_closed:
                return writer
            await writer.close()
        try:
            writer = Writer(await self._engine.connect())
        except (OSError, PostgresError) as error:
            raise unreachable(error) from error
        try:
            await writer.open()
        except BaseException:  # nobody else knows of this connection yet, whatever went wrong; the error goes on
            await asyncio.shield(writer.close())
            raise
        return writer

    async def _give_back(self, writer: Writer) -> None:
        if self._closed or writer.is_closed or len(self._idle) >= _KEPT:
            await asyncio.shield(writer.close())
        else:
            self._idle.append(writer)
            if writer.is_begun and self._looking is None:
                self._looking = asyncio.create_task(self._look_after(), name="idle transactions")

    async def _look_after(self) -> None:
        """No transaction is left standing on the server once nobody comes for it."""
        while any(writer.is_begun for writer in self._idle):
            await asyncio.sleep(_SOON_S)
            for writer in [each for each in self._idle if each.is_left]:
                self._idle.remove(writer)
                try:
                    await writer.give_up()
                finally:  # nobody else knows of it meanwhile, and who closes all of them ends this task
                    await self._give_back(writer)
        self._looking = None
