"""aiosqlite without its way to another thread and back, except where something may take long.

A statement on a local file takes some microseconds, the way to a thread and back 0.1 ms on an idle machine and many
times that on a busy one, and a transaction had about thirty of them. Only a BEGIN that has to wait for another process
goes through the thread, and COMMIT where the disk is slow: on a quick one the way costs as much as the waiting.
"""

import sqlite3
import time
from collections.abc import Callable
from typing import Any

import aiosqlite

_CHUNK = 64
#: Commits that take no longer, on the average of the last, are waited for on the event loop's thread, seconds.
QUICK_S = 0.001
#: How much of the average the last one is: one that takes long among many that do not changes nothing.
_LAST = 1 / 16


class InlineConnection(aiosqlite.Connection):
    """Runs what is short at once, on the event loop's thread, unless the thread has something of ours left to do."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], *, busy_ms: int) -> None:
        super().__init__(connector, _CHUNK)
        self._busy_ms = busy_ms
        self._pending = 0
        #: How long commits took of late, seconds.
        self._commit_s = 0.0

    async def begin_immediate(self) -> None:
        """A transaction that writes, once no other process has one."""
        await self._execute(self._conn.execute, "BEGIN IMMEDIATE")

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        # A task that was cancelled may have left its statement with the thread: ours must not overtake it.
        if self._is_commit(fn):
            slow = self._pending or self._commit_s > QUICK_S
            return await self._in_thread(self._commit_timed) if slow else self._commit_timed()
        if self._pending:
            return await self._in_thread(fn, *args, **kwargs)
        if args and args[0] == "BEGIN IMMEDIATE":
            return await self._begin_immediate(fn, *args, **kwargs)
        return fn(*args, **kwargs)

    def _is_commit(self, fn: Callable[..., Any]) -> bool:
        return self._connection is not None and fn == self._connection.commit

    def _commit_timed(self) -> None:
        began = time.perf_counter()
        try:
            self._conn.commit()
        finally:
            self._commit_s += (time.perf_counter() - began - self._commit_s) * _LAST

    async def _begin_immediate(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        file = self._conn
        file.execute("PRAGMA busy_timeout=0")
        try:
            return fn(*args, **kwargs)
        except sqlite3.OperationalError:
            if file.in_transaction:
                raise
        finally:
            file.execute(f"PRAGMA busy_timeout={self._busy_ms}")
        return await self._in_thread(fn, *args, **kwargs)

    async def _in_thread(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._pending += 1

        def counted() -> Any:
            try:
                return fn(*args, **kwargs)
            finally:
                self._pending -= 1

        try:
            return await super()._execute(counted)  # pyright: ignore[reportUnknownMemberType]
        except ValueError:
            # It refused before it handed anything to its thread.
            self._pending -= 1
            raise


def connect_inline(database: str, *, busy_ms: int) -> InlineConnection:
    """For SQLAlchemy's ``async_creator``: awaiting it connects."""

    def connector() -> sqlite3.Connection:
        # No transactions of the driver's own: it would begin them only at the first write, too late for a consistent
        # read. One thread at a time uses it, but not always the same.
        return sqlite3.connect(database, isolation_level=None, check_same_thread=False)

    connection = InlineConnection(connector, busy_ms=busy_ms)
    connection._thread.daemon = True  # pyright: ignore[reportPrivateUsage]
    return connection
