"""Where SQLite's COMMIT is waited for: on the event loop's thread while the disk is quick, beside it when it is not."""

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from lookout_server.adapters.database import inline_sqlite
from lookout_server.adapters.database.inline_sqlite import QUICK_S, InlineConnection


@dataclass
class Disk:
    """Takes as long as it is told to, by its own clock, and notes on which thread it was waited for."""

    now: float = 0.0
    takes_s: float = 0.0
    threads: list[int] = field(default_factory=list[int])

    def perf_counter(self) -> float:
        """In the place of the module's clock."""
        return self.now


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The clock of the code under test."""
    disk = Disk()
    monkeypatch.setattr(inline_sqlite, "time", disk)
    return disk


def _connection(disk: Disk, *, refuses: bool = False) -> InlineConnection:
    class File(sqlite3.Connection):
        def commit(self) -> None:
            if refuses:
                raise sqlite3.OperationalError("disk I/O error")
            super().commit()
            disk.now += disk.takes_s
            disk.threads.append(threading.get_ident())

    file = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, factory=File)
    file.execute("CREATE TABLE a (b INTEGER)")
    return InlineConnection(lambda: file, busy_ms=100)


def _beside(disk: Disk, takes: Sequence[float]) -> list[bool]:
    """For one commit after the other, each of which takes so long: whether it was waited for on another thread."""

    async def commit() -> list[int]:
        connection = _connection(disk)
        async with connection:
            for place, disk.takes_s in enumerate(takes):
                await connection.begin_immediate()
                await connection.execute("INSERT INTO a VALUES (?)", (place,))
                await connection.commit()
            kept = await connection.execute_fetchall("SELECT b FROM a")
        return [int(row[0]) for row in kept]

    assert asyncio.run(commit()) == list(range(len(takes)))
    return [each != threading.get_ident() for each in disk.threads]


def test_a_slow_disk_is_waited_for_beside_the_event_loop_until_it_is_quick_again(disk: Disk) -> None:
    beside = _beside(disk, [0.0, *[20 * QUICK_S] * 3, *[0.0] * 30])
    assert beside[:4] == [False, False, True, True]
    assert beside[4] is True
    assert beside[-1] is False


def test_one_commit_that_takes_long_among_many_changes_nothing(disk: Disk) -> None:
    assert not any(_beside(disk, [QUICK_S / 2] * 20 + [8 * QUICK_S] + [QUICK_S / 2] * 20))


def test_a_disk_that_refuses_is_heard_of(disk: Disk) -> None:
    async def commit() -> None:
        connection = _connection(disk, refuses=True)
        async with connection:
            await connection.begin_immediate()
            with pytest.raises(sqlite3.OperationalError, match="disk"):
                await connection.commit()
            await connection.rollback()
            assert not connection.in_transaction

    asyncio.run(commit())
