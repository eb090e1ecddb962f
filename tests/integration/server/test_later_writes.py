"""What PostgreSQL gets later, as one statement, is what SQLite gets at once: the same stream makes the same tables."""

import asyncio
import json
import random
import shutil
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import func, select, text

from integration.conftest import PostgresServer
from lookout_contract.events import EvidenceKind, EvidenceRef, Phase, Scenario, Severity
from lookout_server.adapters.database import Database
from lookout_server.adapters.database.prepared import driver_of
from lookout_server.adapters.database.tables import Base, CounterRow
from lookout_server.domain.deadline import Deadline, DeadlineKey, DeadlineKind
from lookout_server.errors import StoreError
from lookout_server.ports import FeedEntry, FeedKind, Incoming
from lookout_server.services.intake import Intake
from lookout_server.testing import SITE, SmallGateway

pytestmark = [pytest.mark.anyio, pytest.mark.one_dispatcher]

_BATCHES = 40
_AT = datetime(2026, 11, 28, tzinfo=UTC)
Rows = list[tuple[Any, ...]]


@pytest.mark.parametrize("seed", [1, 2])
async def test_both_databases_hold_the_same_after_any_stream(
    seed: int, sqlite_template: Path, postgres_migrated: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    file = shutil.copy(sqlite_template, tmp_path / "lookout.db")
    postgres_server.clear("lookout")
    batches = _stream(random.Random(seed))
    at_once = await _after(f"sqlite:///{file}", batches)
    later = await _after(postgres_migrated, batches)
    assert len(at_once["events"]) > _BATCHES
    assert at_once["cases"]
    assert at_once["deadlines"]
    for table, rows in at_once.items():
        assert later[table] == rows, table


def _stream(chance: random.Random) -> list[list[Incoming]]:
    """Batches of three gateways: starts, updates and ends in any order, fires, files, repetitions, gaps and rubbish."""
    gateways = [SmallGateway(gateway=f"gw-{number}", epoch=f"20261122t000000-a1b{number}") for number in range(1, 4)]
    said: list[Incoming] = []
    batches: list[list[Incoming]] = []
    for number in range(_BATCHES):
        batch: list[Incoming] = []
        for _ in range(chance.choice((1, 1, 2, 3, 8))):
            gateway = chance.choice(gateways)
            gateway.at += timedelta(seconds=chance.choice((0, 0, 1, 20)))
            batch.append(_message(chance, gateway, number, said))
        said += batch
        batches.append(batch)
    return batches


def _message(chance: random.Random, gateway: SmallGateway, number: int, said: Sequence[Incoming]) -> Incoming:
    kind = chance.random()
    if kind < 0.1 and said:
        return chance.choice(said)
    if kind < 0.15:
        return gateway.says(b"no event")
    if kind < 0.2:
        return gateway.is_online()
    if kind < 0.25:
        gateway.sequence += 1
    fire = chance.random() < 0.1
    gateway.camera = chance.choice(("gate", "lift", "yard"))
    gateway.scenario = Scenario.FIRE_SMOKE if fire else Scenario.UNFAMILIAR_VEHICLE
    gateway.severity = chance.choice(list(Severity)) if not fire else Severity.RED
    ref = EvidenceRef(kind=EvidenceKind.SNAPSHOT, sha256=f"{chance.randrange(9):064x}", bytes=7, mime="image/jpeg")
    gateway.evidence = (ref,) if chance.random() < 0.5 else ()
    occurrence = f"{gateway.scenario.value}-{gateway.camera}-{max(number - chance.randrange(4), 0)}"
    return gateway.sends(occurrence, chance.choice(list(Phase)), stage="confirmed" if fire else None)


async def _after(url: str, batches: Sequence[Sequence[Incoming]]) -> dict[str, Rows]:
    """Table → its rows, once the batches were taken."""
    database = Database(url)
    intake = Intake(database, site=SITE)
    for batch in batches:
        await intake.take(batch)
    found: dict[str, Rows] = {}
    async with database.read() as unit:
        for table in Base.metadata.sorted_tables:
            # PostgreSQL uses a number up for a row that was there already.
            columns = [column for column in table.c if (table.name, column.name) != ("quarantine", "id")]
            rows = await unit.session.execute(select(*columns))
            found[table.name] = sorted((tuple(_plain(value) for value in row) for row in rows), key=repr)
    await database.close()
    return found


def _plain(value: Any) -> Any:
    """What is JSON within JSON, PostgreSQL keeps as it is written."""
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


async def test_the_feeds_counter_is_locked_after_everything_else(
    postgres_migrated: str, postgres_server: PostgresServer
) -> None:
    postgres_server.clear("lookout")
    database = Database(postgres_migrated)
    await _tell_of(database, "first")
    timer = Deadline(key=DeadlineKey(subject="a", kind=DeadlineKind.ALARM, part="1"), due_at=_AT)
    try:
        async with database.write() as holding:
            await holding.deadlines.set([timer])
            await driver_of(holding.session).settle()
            # It writes the timer and the line in one statement, and waits for whoever holds the timer.
            waiting = asyncio.create_task(_tell_of(database, "second", timer))
            await _until_somebody_waits(database)
            async with database.read() as looking:
                free = select(CounterRow.value).where(CounterRow.name == "feed").with_for_update(nowait=True)
                assert await looking.session.scalar(free) == 1
        await waiting
        async with database.read() as looking:
            assert [(line.seq, line.subject) for line in await looking.feed.after(0, 9)] == [
                (1, "first"),
                (2, "second"),
            ]
    finally:
        await database.close()


async def test_what_writes_reads_no_table_from_end_to_end_and_what_reads_may(postgres_migrated: str) -> None:
    database, setting = Database(postgres_migrated), text("SHOW enable_seqscan")
    try:
        async with AsyncExitStack() as stack:
            # More than are kept, so that some go back to where those who read get theirs.
            writing = [await stack.enter_async_context(database.write()) for _ in range(6)]
            assert {await unit.session.scalar(setting) for unit in writing} == {"off"}
        async with AsyncExitStack() as stack:
            reading = [await stack.enter_async_context(database.read()) for _ in range(6)]
            assert {await unit.session.scalar(setting) for unit in reading} == {"on"}
    finally:
        await database.close()


@pytest.mark.parametrize("within", [False, True])
async def test_a_connection_whose_server_was_killed_is_tried_again_on_another(
    within: bool, postgres_migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Between the last word of a server that is killed and the end of the connection, which looks open till then.
    database, dead = Database(postgres_migrated), set[int]()
    for name in ("execute", "fetch"):
        monkeypatch.setattr(asyncpg.Connection, name, _refusing(getattr(asyncpg.Connection, name), dead))
    try:
        async with database.write() as unit:
            first = await unit.session.scalar(select(func.pg_backend_pid()))
            assert first is not None
        if not within:
            dead.add(first)
        with pytest.raises(StoreError, match="went away"):
            await _die_within(database, dead, first)
        async with database.write() as unit:
            assert await unit.session.scalar(select(func.pg_backend_pid())) != first
    finally:
        await database.close()


async def test_a_row_of_any_table_can_go_as_one_value(postgres_migrated: str) -> None:
    database = Database(postgres_migrated)
    try:
        async with database.write() as unit:
            for table in Base.metadata.sorted_tables:
                counting = text(f"SELECT count(*) FROM unnest(CAST(:rows AS {table.name}[]))")
                row = dict.fromkeys([column.name for column in table.c])
                assert await unit.session.scalar(counting, {"rows": [row]}) == 1, table.name
    finally:
        await database.close()


async def test_what_another_version_makes_of_a_table_is_met_by_trying_again(
    postgres_migrated: str, postgres_server: PostgresServer
) -> None:
    # A replica of the next version migrates while this one runs, and knows a row's columns from before.
    postgres_server.clear("lookout")
    database = Database(postgres_migrated)
    try:
        await _tell_of(database, "before")
        for number, change in enumerate(("ADD COLUMN later integer", "DROP COLUMN later")):
            async with database.write() as unit:
                await unit.session.execute(text(f"ALTER TABLE feed {change}"))
                await unit.commit()
            with pytest.raises(StoreError, match="tables are others"):
                await _tell_of(database, f"refused {number}")
            await _tell_of(database, f"again {number}")
        async with database.read() as looking:
            assert [line.subject for line in await looking.feed.after(0, 9)] == ["before", "again 0", "again 1"]
    finally:
        await database.close()


async def _die_within(database: Database, dead: set[int], backend: int) -> None:
    async with database.write() as unit:
        dead.add(backend)
        await unit.alarms.get(["a"])


def _refusing(call: Callable[..., Awaitable[Any]], dead: Collection[int]) -> Callable[..., Awaitable[Any]]:
    async def refuse(connection: Any, *arguments: Any, **named: Any) -> Any:
        if connection.get_server_pid() in dead:
            raise asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress")
        return await call(connection, *arguments, **named)

    return refuse


async def _tell_of(database: Database, subject: str, *timers: Deadline) -> None:
    async with database.write() as unit:
        await unit.deadlines.set(timers)
        unit.feed.add(FeedEntry(at=_AT, kind=FeedKind.GATEWAY, subject=subject, change="created"))
        await unit.commit()


async def _until_somebody_waits(database: Database) -> None:
    waits = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with asyncio.timeout(20):
        while True:
            async with database.read() as looking:
                if await looking.session.scalar(waits):
                    return
            await asyncio.sleep(0.02)
