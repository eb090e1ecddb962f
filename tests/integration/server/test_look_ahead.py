"""Small batches on PostgreSQL: what they need is asked at once, and the next transaction begins with the commit."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from integration.conftest import PostgresServer
from lookout_contract.events import EvidenceKind, EvidenceRef, Phase
from lookout_server.adapters.database import Database, writers
from lookout_server.adapters.database.remembered import Memory
from lookout_server.adapters.database.unit import SqlUnitOfWork
from lookout_server.domain.alarm import Alarm
from lookout_server.errors import StoreError
from lookout_server.ports import AlarmFilter, Page
from lookout_server.services.intake import Intake
from lookout_server.testing import SITE, SmallGateway

pytestmark = [pytest.mark.anyio, pytest.mark.one_dispatcher]

_IDLE = text(
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"
)
_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this process wrote last is not gone by; see ``test_remembered``."""
    monkeypatch.setattr(Memory, "is_doubted", True)


@pytest.fixture
async def database(postgres_migrated: str, postgres_server: PostgresServer) -> AsyncGenerator[Database]:
    """Empty, and of one dispatcher."""
    postgres_server.clear("lookout")
    database = Database(postgres_migrated)
    yield database
    await database.close()


async def _alarms(database: Database) -> list[Alarm]:
    async with database.read() as uow:
        return list(await uow.alarms.page(AlarmFilter(), Page(limit=200)))


async def _until(database: Database, asked: Any, wanted: int) -> None:
    async with asyncio.timeout(20):
        while True:
            async with database.read() as looking:
                if await looking.session.scalar(asked) == wanted:
                    return
            await asyncio.sleep(0.02)


async def test_a_batch_of_known_gateways_goes_to_the_server_three_times(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = Intake(database, site=SITE)
    gateways = [SmallGateway(gateway=f"gw-{number}", epoch=f"20261122t000000-a1b{number}") for number in (1, 2, 3)]
    for _ in range(3):
        await intake.take([gateway.sends("o-1") for gateway in gateways])
    said: list[str] = []
    for name in ("execute", "fetch"):
        monkeypatch.setattr(asyncpg.Connection, name, _noting(getattr(asyncpg.Connection, name), said))
    await intake.take([gateway.sends("o-2") for gateway in gateways])
    assert [words.split()[0] for words in said] == ["SELECT", "WITH", "COMMIT"]
    assert len(await _alarms(database)) == 6


def _noting(call: Callable[..., Awaitable[Any]], said: list[str]) -> Callable[..., Awaitable[Any]]:
    async def note(connection: Any, query: str, *arguments: Any, **named: Any) -> Any:
        said.append(query)
        return await call(connection, query, *arguments, **named)

    return note


async def test_an_alarm_that_another_dispatcher_makes_meanwhile_is_not_made_again(
    database: Database, postgres_migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Database(postgres_migrated)
    ours, theirs = Intake(database, site=SITE), Intake(other, site=SITE)
    gateway, commit = SmallGateway(), SqlUnitOfWork.commit
    locked, go = asyncio.Event(), asyncio.Event()
    await ours.take([gateway.sends("o-1")])
    gateway.evidence = (EvidenceRef(kind=EvidenceKind.SNAPSHOT, sha256="1" * 64, bytes=7, mime="image/jpeg"),)
    start = gateway.sends("o-2")
    gateway.evidence, gateway.at = (), gateway.at + timedelta(seconds=0.1)

    async def held(unit: SqlUnitOfWork, *, more: bool = False) -> None:
        locked.set()
        await go.wait()
        await commit(unit, more=more)

    try:
        monkeypatch.setattr(SqlUnitOfWork, "commit", held)
        # They have the stream's lock, and we have looked for the alarm before they make it and let go.
        first = asyncio.create_task(theirs.take([start]))
        await locked.wait()
        second = asyncio.create_task(ours.take([gateway.sends("o-2", Phase.UPDATE)]))
        await _until(database, _WAITING, 1)
        go.set()
        await asyncio.gather(first, second)
        (alarm,) = [alarm for alarm in await _alarms(database) if alarm.occurrence == "o-2"]
        assert [file.sha256 for file in alarm.evidence] == ["1" * 64]
        async with database.read() as uow:
            told = [line.change for line in await uow.feed.after(0, 99) if line.subject == alarm.id]
        assert told == ["created", "updated"]
    finally:
        await other.close()


async def test_no_transaction_is_left_standing_for_nobody(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    # Long enough for a busy box to see it stand there.
    monkeypatch.setattr(writers, "_SOON_S", 2.0)
    intake, gateway = Intake(database, site=SITE), SmallGateway()
    await intake.take([gateway.sends("o-1")])
    await intake.take([gateway.sends("o-2")])
    await _until(database, _IDLE, 1)
    await _until(database, _IDLE, 0)
    await intake.take([gateway.sends("o-3")])
    assert len(await _alarms(database)) == 3


async def test_a_transaction_that_the_server_ends_meanwhile_is_begun_on_another_connection(database: Database) -> None:
    intake, gateway = Intake(database, site=SITE), SmallGateway()
    await intake.take([gateway.sends("o-1")])
    await intake.take([gateway.sends("o-2")])
    ended = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'")
    async with database.read() as looking:
        assert await looking.session.scalar(ended)
    await _until(database, _IDLE, 0)
    last = gateway.sends("o-3")
    try:
        await intake.take([last])
    except StoreError:
        # Between the server's last word and the end of the connection; the loop of the intake tries again.
        await intake.take([last])
    assert len(await _alarms(database)) == 3
