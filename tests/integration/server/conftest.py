"""A dispatcher without broker: database, services and HTTP in one process."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import httpx
import pytest

from lookout_server.adapters.database import Committed, Database
from lookout_server.adapters.feed import FeedHub
from lookout_server.app import Deps, create_app
from lookout_server.domain.policy import PolicyInForce
from lookout_server.services.accounts import Account, add_person
from lookout_server.services.estate import import_estate
from lookout_server.services.intake import Intake
from lookout_server.testing import (
    NOON,
    PASSWORD,
    SITE,
    ManualClock,
    MemoryFiles,
    NotedChannel,
    PlainHasher,
    Station,
    small_estate,
)


@pytest.fixture
async def station(database_url: str) -> AsyncGenerator[Station]:
    """A dispatcher with a small estate, on either database; its feed runs."""
    hubs: list[FeedHub] = []

    def on_commit(committed: Committed) -> None:
        if committed.feed:
            hubs[0].wake()

    database = Database(database_url, on_commit=on_commit)
    hubs.append(FeedHub(database))
    estate = small_estate()
    await import_estate(database, estate, at=NOON)
    for person in estate.people:
        account = Account(
            username=person.username, name=person.name, roles=person.roles, grids=person.grids, password=PASSWORD
        )
        await add_person(database, PlainHasher(), account)
    running = asyncio.create_task(hubs[0].run())
    yield Station(database, hubs[0], Intake(database, site=SITE), MemoryFiles(), ManualClock())
    hubs[0].close()
    await running
    await database.close()


@pytest.fixture
def deps(station: Station) -> Deps:
    """What the application is given."""
    return Deps(
        # Of its own: one test's policy is not in force in another.
        site=replace(SITE, in_force=PolicyInForce()),
        store=station.store,
        evidence=station.files,
        feed=station.feed,
        hasher=PlainHasher(),
        clock=station.clock,
        channel=NotedChannel(),
        version="0.1.0",
    )


@pytest.fixture
async def web(deps: Deps) -> AsyncGenerator[httpx.AsyncClient]:
    """An HTTP client of the application, nobody signed in."""
    transport = httpx.ASGITransport(app=create_app(deps), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://lookout.test") as client:
        yield client
