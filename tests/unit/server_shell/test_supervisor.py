"""A loop that fails is started again; the others do not notice."""

import asyncio

import structlog

from lookout_server.errors import StoreError
from lookout_server.supervisor import Supervisor


def test_a_failing_loop_comes_back_and_the_others_go_on() -> None:
    runs: list[int] = []
    others: list[int] = []

    async def drive() -> None:
        recovered = asyncio.Event()

        async def failing() -> None:
            runs.append(1)
            if len(runs) < 3:
                raise RuntimeError("boom")
            recovered.set()
            await asyncio.Event().wait()

        async def steady() -> None:
            others.append(1)
            await asyncio.Event().wait()

        supervisor = Supervisor(first_pause_s=0.001)
        supervisor.start("steady", steady)
        supervisor.start("failing", failing)
        await recovered.wait()
        await supervisor.stop()

    asyncio.run(drive())
    assert (len(runs), len(others)) == (3, 1)


def test_a_loop_that_just_ends_is_started_again() -> None:
    async def drive() -> int:
        runs = 0
        again = asyncio.Event()

        async def short() -> None:
            nonlocal runs
            runs += 1
            if runs == 2:
                again.set()

        supervisor = Supervisor(first_pause_s=0.001)
        supervisor.start("short", short)
        await again.wait()
        await supervisor.stop()
        return runs

    assert asyncio.run(drive()) == 2


def test_a_loop_without_its_database_is_started_again_soon_and_said_in_a_line() -> None:
    runs: list[int] = []

    async def drive() -> None:
        recovered = asyncio.Event()

        async def needs_it() -> None:
            runs.append(1)
            if len(runs) < 12:
                raise StoreError("the database does not answer")
            recovered.set()
            await asyncio.Event().wait()

        # A pause that grew with each failure would take minutes.
        supervisor = Supervisor(first_pause_s=60.0, store_pause_s=0.001)
        supervisor.start("timers", needs_it)
        async with asyncio.timeout(30):
            await recovered.wait()
        await supervisor.stop()

    with structlog.testing.capture_logs() as lines:
        asyncio.run(drive())
    assert {(line["loop"], line["error"], "exc_info" in line) for line in lines} == {
        ("timers", "the database does not answer", False)
    }


def test_loops_are_stopped_last_started_first() -> None:
    order: list[str] = []

    async def drive() -> None:
        supervisor = Supervisor()
        started: list[asyncio.Event] = []

        def loop(name: str) -> None:
            running = asyncio.Event()
            started.append(running)

            async def run() -> None:
                running.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    order.append(name)

            supervisor.start(name, run)

        loop("first")
        loop("second")
        for running in started:
            await running.wait()
        await supervisor.stop()

    asyncio.run(drive())
    assert order == ["second", "first"]


def test_a_loop_that_may_end_is_left_alone_then_but_not_when_it_fails() -> None:
    async def drive() -> int:
        runs = 0
        done = asyncio.Event()

        async def short() -> None:
            nonlocal runs
            runs += 1
            if runs == 1:
                raise RuntimeError("boom")
            done.set()

        supervisor = Supervisor(first_pause_s=0.001)
        supervisor.start("short", short, may_end=True)
        await done.wait()
        await asyncio.sleep(0.01)
        await supervisor.stop()
        return runs

    assert asyncio.run(drive()) == 2
