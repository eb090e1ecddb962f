"""Small batches on PostgreSQL that go by what this process wrote last: one statement, which looks whether it is so."""

import asyncio
import random
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
from sqlalchemy import text

from integration.conftest import PostgresServer
from lookout_contract.events import Phase, Scenario
from lookout_server.adapters.database import Database
from lookout_server.adapters.database.remembered import Memory
from lookout_server.domain.alarm import Alarm, acknowledged
from lookout_server.errors import StoreError
from lookout_server.ports import AlarmFilter, Page
from lookout_server.services.intake import Intake
from lookout_server.testing import SITE, SmallGateway

pytestmark = [pytest.mark.anyio, pytest.mark.one_dispatcher]

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
_IN_ONE_WAY = ["WITH"]
_ASKED_AGAIN = ["WITH", "BEGIN", "SELECT", "WITH", "COMMIT"]


@pytest.fixture
async def database(postgres_migrated: str, postgres_server: PostgresServer) -> AsyncGenerator[Database]:
    """Empty, and of one dispatcher."""
    postgres_server.clear("lookout")
    database = Database(postgres_migrated)
    yield database
    await database.close()


@pytest.fixture
async def other(database: Database, postgres_migrated: str) -> AsyncGenerator[Database]:
    """Another process's way to the same."""
    other = Database(postgres_migrated)
    yield other
    await other.close()


@pytest.fixture
def gateway() -> SmallGateway:
    return SmallGateway()


@pytest.fixture
async def intake(database: Database, gateway: SmallGateway) -> Intake:
    """It has taken an alarm's start, twice, and so knows the gateway."""
    intake = Intake(database, site=SITE)
    await intake.take([gateway.sends("o-0")])
    await intake.take([gateway.sends("o-1")])
    return intake


Said = Callable[[Awaitable[object]], Awaitable[list[str]]]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    """The first words of what the server is told meanwhile."""
    heard: list[str] = []

    def noting(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def note(connection: Any, query: str, *arguments: Any, **named: Any) -> Any:
            heard.append(query.split()[0])
            return await call(connection, query, *arguments, **named)

        return note

    async def during(work: Awaitable[object]) -> list[str]:
        heard.clear()
        with monkeypatch.context() as patched:
            for name in ("execute", "fetch"):
                patched.setattr(asyncpg.Connection, name, noting(getattr(asyncpg.Connection, name)))
            await work
        return list(heard)

    return during


async def _alarm(database: Database, occurrence: str) -> Alarm:
    async with database.read() as uow:
        found = await uow.alarms.page(AlarmFilter(), Page(limit=200))
    (alarm,) = [alarm for alarm in found if alarm.occurrence == occurrence]
    return alarm


async def _changes(database: Database, alarm: Alarm) -> list[str]:
    async with database.read() as uow:
        return [line.change for line in await uow.feed.after(0, 99) if line.subject == alarm.id]


async def _count(database: Database, table: str) -> int:
    async with database.read() as uow:
        return int(await uow.session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def _until_somebody_waits(database: Database) -> None:
    async with asyncio.timeout(20):
        while True:
            async with database.read() as looking:
                if await looking.session.scalar(_WAITING) == 1:
                    return
            await asyncio.sleep(0.02)


async def _acknowledge(database: Database, alarm_id: str) -> None:
    async with database.write() as uow:
        held = (await uow.alarms.get([alarm_id], lock=True))[alarm_id]
        await uow.alarms.save([acknowledged(held, "p-1", at=held.updated_at, until=held.updated_at)])
        await uow.commit()


async def test_starts_updates_and_ends_of_known_gateways_go_in_one_way(
    database: Database, intake: Intake, gateway: SmallGateway, said: Said
) -> None:
    batch = [gateway.sends("o-2"), gateway.sends("o-1", Phase.UPDATE), gateway.sends("o-0", Phase.END)]
    assert await said(intake.take(batch)) == _IN_ONE_WAY
    assert await said(intake.take([gateway.sends("o-2", Phase.END)])) == _IN_ONE_WAY
    assert await _changes(database, await _alarm(database, "o-2")) == ["created", "ended"]
    assert await _changes(database, await _alarm(database, "o-0")) == ["created", "ended"]
    assert await _count(database, "events") == 6


async def test_an_alarm_that_somebody_took_up_meanwhile_is_asked_for(
    database: Database, other: Database, intake: Intake, gateway: SmallGateway, said: Said
) -> None:
    await _acknowledge(other, (await _alarm(database, "o-1")).id)
    assert await said(intake.take([gateway.sends("o-1", Phase.END)])) == _ASKED_AGAIN
    alarm = await _alarm(database, "o-1")
    assert (alarm.acked_by, alarm.sequence) == ("p-1", 3)
    assert await _changes(database, alarm) == ["created", "ended"]


async def test_who_writes_while_the_statement_waits_is_noticed(
    database: Database, other: Database, intake: Intake, gateway: SmallGateway, said: Said
) -> None:
    alarm = await _alarm(database, "o-1")
    async with other.write() as uow:
        held = (await uow.alarms.get([alarm.id], lock=True))[alarm.id]
        taking = asyncio.ensure_future(said(intake.take([gateway.sends("o-1", Phase.UPDATE), gateway.sends("o-2")])))
        await _until_somebody_waits(database)
        # It has begun with what there was before this.
        await uow.alarms.save([acknowledged(held, "p-1", at=held.updated_at, until=held.updated_at)])
        await uow.commit()
    heard = await taking
    assert heard.count("SELECT") == 1
    alarm = await _alarm(database, "o-1")
    assert (alarm.acked_by, alarm.sequence) == ("p-1", 3)
    assert await _changes(database, alarm) == ["created", "updated"]
    assert await _changes(database, await _alarm(database, "o-2")) == ["created"]


async def test_a_row_that_was_only_locked_meanwhile_is_as_it_was(
    database: Database, other: Database, intake: Intake, gateway: SmallGateway, said: Said
) -> None:
    alarm = await _alarm(database, "o-1")
    async with other.write() as uow:
        await uow.alarms.get([alarm.id], lock=True)
    assert await said(intake.take([gateway.sends("o-1", Phase.UPDATE)])) == _IN_ONE_WAY


async def test_events_that_another_dispatcher_took_are_not_taken_again(
    database: Database, other: Database, intake: Intake, gateway: SmallGateway, said: Said
) -> None:
    theirs, again = Intake(other, site=SITE), gateway.sends("o-2")
    await theirs.take([again])
    heard: list[Any] = []

    async def take() -> None:
        heard.append(await intake.take([again, gateway.sends("o-2", Phase.UPDATE)]))

    assert (await said(take()))[:3] == _ASKED_AGAIN[:3]
    assert (heard[0].stored, heard[0].duplicates) == (1, 1)
    assert await _changes(database, await _alarm(database, "o-2")) == ["created", "updated"]


async def test_an_alarm_that_is_there_already_is_not_begun_again(
    database: Database, other: Database, intake: Intake, gateway: SmallGateway, said: Said
) -> None:
    # By another epoch of the gateway, at another dispatcher.
    renewed = SmallGateway(epoch="20261122t000001-a1b2", at=gateway.at)
    await Intake(other, site=SITE).take([renewed.sends("o-2")])
    assert await said(intake.take([gateway.sends("o-2")])) == _ASKED_AGAIN
    assert await _changes(database, await _alarm(database, "o-2")) == ["created", "updated"]


async def test_a_start_beside_a_live_case_joins_it(
    database: Database, other: Database, intake: Intake, gateway: SmallGateway, said: Said
) -> None:
    gateway.scenario = Scenario.FIRE_SMOKE
    sure = SmallGateway(gateway="gw-1", epoch="20261122t000001-a1b2", scenario=Scenario.FIRE_SMOKE, at=gateway.at)
    await Intake(other, site=SITE).take([sure.sends("o-9", stage="confirmed")])
    case_id = (await _alarm(database, "o-9")).case_id
    assert case_id is not None
    assert (await said(intake.take([gateway.sends("o-2", stage="pre_alarm")])))[:3] == _ASKED_AGAIN[:3]
    assert (await _alarm(database, "o-2")).case_id == case_id


async def test_numbers_go_on_where_another_dispatcher_left_them(
    database: Database, other: Database, intake: Intake, gateway: SmallGateway, said: Said
) -> None:
    await Intake(other, site=SITE).take([gateway.sends("o-2")])
    heard: list[Any] = []

    async def take() -> None:
        heard.append(await intake.take([gateway.sends("o-3")]))

    assert (await said(take()))[:3] == _ASKED_AGAIN[:3]
    ((_, receipt),) = heard[0].receipts
    assert (receipt.upto, receipt.also) == (4, ())


async def test_an_answer_that_is_lost_is_no_second_event(
    database: Database, intake: Intake, gateway: SmallGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch: Callable[..., Awaitable[Any]] = cast(Any, asyncpg.Connection).fetch

    async def lost(connection: Any, *said: Any) -> None:
        await fetch(connection, *said)
        raise ConnectionResetError("gone")

    batch = [gateway.sends("o-1", Phase.UPDATE), gateway.sends("o-2")]
    with monkeypatch.context() as patched:
        patched.setattr(asyncpg.Connection, "fetch", lost)
        with pytest.raises(StoreError):
            await intake.take(batch)
    result = await intake.take(batch)
    assert (result.stored, result.duplicates) == (0, 2)
    assert await _changes(database, await _alarm(database, "o-1")) == ["created", "updated"]
    assert await _count(database, "events") == 4


async def test_once_it_was_wrong_the_database_is_asked_for_a_while(
    database: Database, other: Database, intake: Intake, gateway: SmallGateway, said: Said
) -> None:
    await _acknowledge(other, (await _alarm(database, "o-1")).id)
    await intake.take([gateway.sends("o-1", Phase.UPDATE)])
    # And then one transaction begins with the commit of the one before.
    assert await said(intake.take([gateway.sends("o-2")])) == ["SELECT", "WITH", "COMMIT"]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_two_dispatchers_and_an_operator_hold_what_one_file_does(
    seed: int,
    database: Database,
    other: Database,
    sqlite_template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    def trust(_memory: Memory) -> None:
        """Go by it the next time as well."""

    monkeypatch.setattr(Memory, "doubt", trust)
    file = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'lookout.db')}")
    try:
        alone = await _played(random.Random(seed), [file])
        together = await _played(random.Random(seed), [database, other])
    finally:
        await file.close()
    assert len(alone) > 100
    assert together == alone


async def _played(chance: random.Random, databases: Sequence[Database]) -> list[tuple[Any, ...]]:
    """What is there once three gateways have spoken and people have taken alarms up, each at any of the databases."""
    intakes = [Intake(database, site=SITE) for database in databases]
    gateways = [SmallGateway(gateway=f"gw-{number}", epoch=f"20261122t000000-a1b{number}") for number in range(3)]
    turns = random.Random(7)
    for number in range(60):
        batch = [
            gateway.sends(f"o-{max(number - chance.randrange(3), 0)}", chance.choice(list(Phase)))
            for gateway in chance.sample(gateways, chance.choice((1, 2, 3)))
        ]
        await turns.choice(intakes).take(batch)
        gateways[0].at += timedelta(seconds=chance.choice((0, 0, 0, 0.1, 2)))
        where = turns.choice(databases)
        async with where.read() as uow:
            found = await uow.alarms.page(AlarmFilter(), Page(limit=200))
        if chance.random() < 0.3:
            # By name: what is newest decides about alarms of one time.
            free = sorted((alarm for alarm in found if alarm.acked_by is None), key=lambda alarm: alarm.id)
            if free:
                await _acknowledge(where, chance.choice(free).id)
    async with databases[0].read() as uow:
        alarms = sorted(await uow.alarms.page(AlarmFilter(), Page(limit=500)), key=lambda alarm: alarm.id)
        lines = [(line.seq, line.kind, line.subject, line.change) for line in await uow.feed.after(0, 999)]
    told = [(alarm.id, alarm.state, alarm.acked_by, alarm.epoch, alarm.sequence, alarm.updated_at) for alarm in alarms]
    return [*told, *lines]
