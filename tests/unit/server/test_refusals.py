"""The audit log is not filled by who guesses, and leaves nothing out."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import cast

import pytest

from lookout_server.api.refusals import Refusals, tell_of_refusals
from lookout_server.domain.audit import Act, Entry
from lookout_server.errors import StoreError
from lookout_server.ports import Store, UnitOfWork
from lookout_server.testing import NOON


def test_a_guess_from_everywhere_is_told_in_few_lines_that_say_how_many() -> None:
    refusals = Refusals()
    taken = sum(refusals.take(None, f"10.{n // 250}.{n % 250}.1", NOON) for n in range(5000))
    assert taken == 100
    entry = refusals.counted(NOON + timedelta(minutes=1))
    assert entry is not None
    assert entry.act is Act.SIGN_INS_REFUSED
    assert entry.details is not None
    assert (entry.details["times"], entry.details["addresses"], entry.details["accounts"]) == (4900, 4900, 0)
    assert refusals.counted(NOON + timedelta(minutes=2)) is None


def test_noise_from_an_address_hides_neither_another_account_nor_another_address() -> None:
    refusals = Refusals()
    for _ in range(200):
        refusals.take("u-li", "10.0.0.1", NOON)
        refusals.take(None, "10.0.0.1", NOON)
    assert refusals.take("u-wang", "10.0.0.1", NOON)
    assert refusals.take(None, "10.0.0.2", NOON)
    assert not refusals.take("u-li", "10.0.0.3", NOON)


def test_what_is_counted_names_who_was_tried_most_and_waits_a_minute() -> None:
    refusals = Refusals()
    for number in range(50):
        refusals.take("u-li", f"192.0.2.{number % 10}", NOON)
    assert refusals.counted(NOON + timedelta(seconds=59)) is None
    # The clock was set back.
    entry = refusals.counted(NOON - timedelta(hours=1))
    assert entry is not None
    assert entry.details is not None
    assert (entry.details["times"], entry.details["addresses"], entry.details["most_tried"]) == (30, 10, "u-li 30")
    assert "192.0.2.3 3" in str(entry.details["most_from"])


class _Log:
    """The audit log and, since nothing else of them is used, unit of work and store in one."""

    def __init__(self, away: int) -> None:
        self.away = away
        self.kept: list[Entry] = []
        self.done = asyncio.Event()

    @property
    def audit(self) -> "_Log":
        return self

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[UnitOfWork]:
        if self.away:
            self.away -= 1
            raise StoreError("away")
        yield cast(UnitOfWork, self)

    def add(self, entry: Entry) -> None:
        self.kept.append(entry)

    async def commit(self) -> None:
        self.done.set()


@pytest.mark.parametrize("away", [0, 3])
def test_the_log_hears_of_it_once_also_when_the_database_was_away(away: int) -> None:
    refusals = Refusals()
    for _ in range(21):
        refusals.take("u-li", "10.0.0.1", NOON)

    def now() -> datetime:
        return NOON + timedelta(minutes=5)

    async def body() -> list[Entry]:
        log = _Log(away)
        telling = asyncio.create_task(tell_of_refusals(refusals, cast(Store, log), now=now, every_s=0))
        async with asyncio.timeout(10):
            await log.done.wait()
        for _ in range(5):
            await asyncio.sleep(0)
        telling.cancel()
        return log.kept

    (entry,) = asyncio.run(body())
    assert (entry.details or {})["times"] == 1
