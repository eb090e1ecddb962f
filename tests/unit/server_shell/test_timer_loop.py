"""The loop of timers: what passed while nobody could answer waits for what people did meanwhile."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from lookout_server.adapters import timers
from lookout_server.adapters.clock import SystemClock
from lookout_server.adapters.timers import run_timers


class FakeTimers:
    """``waiting``: whether one passed before the start."""

    def __init__(self, *, waiting: bool) -> None:
        self.waiting = waiting
        self.acted = asyncio.Event()

    async def overdue(self, at: datetime) -> bool:
        assert at.tzinfo is UTC
        return self.waiting

    async def act(self, at: datetime) -> int:
        self.acted.set()
        return 0


class NothingUnwatched:
    """A store in which every case has its timer."""

    def read(self) -> "NothingUnwatched":
        return self

    async def __aenter__(self) -> "NothingUnwatched":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    @property
    def cases(self) -> "NothingUnwatched":
        return self

    async def without_deadline(self, limit: int) -> list[Any]:
        return []


def acts_within(seconds: float, *, waiting: bool, settle_s: float) -> bool:
    """Whether timers are acted on that soon after the start."""

    async def drive() -> bool:
        timers = FakeTimers(waiting=waiting)
        run = run_timers(
            cast(Any, timers), cast(Any, NothingUnwatched()), cast(Any, None), clock=SystemClock(), settle_s=settle_s
        )
        running = asyncio.create_task(run)
        try:
            await asyncio.wait_for(timers.acted.wait(), seconds)
        except TimeoutError:
            return False
        finally:
            running.cancel()
        return True

    return asyncio.run(drive())


def test_what_passed_before_the_start_lets_phones_speak_first() -> None:
    assert not acts_within(0.2, waiting=True, settle_s=30.0)
    assert acts_within(10.0, waiting=True, settle_s=0.05)


def test_a_start_with_nothing_overdue_loses_no_time() -> None:
    assert acts_within(10.0, waiting=False, settle_s=30.0)


def test_cases_are_looked_after_also_when_the_clock_was_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "LOOK_EVERY_S", 0)
    now = datetime(2036, 1, 1, tzinfo=UTC)
    looks = 0

    class Clock:
        """Ten years ahead at first."""

        def now(self) -> datetime:
            return now

    class Counted(NothingUnwatched):
        async def without_deadline(self, limit: int) -> list[Any]:
            nonlocal looks, now
            looks, now = looks + 1, datetime(2026, 1, 1, tzinfo=UTC)
            return []

    async def drive() -> None:
        run = run_timers(cast(Any, FakeTimersAtRest()), cast(Any, Counted()), cast(Any, None), clock=Clock())
        running = asyncio.create_task(run)
        for _ in range(50):
            await asyncio.sleep(0)
        running.cancel()

    asyncio.run(drive())
    assert looks == 2


class FakeTimersAtRest:
    """None passes."""

    async def overdue(self, at: datetime) -> bool:
        return False

    async def act(self, at: datetime) -> int:
        return 0
