"""A dispatcher without broker: database, services and HTTP in one process."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import httpx
import pytest

from integration.server.fleet import REPLICAS, app_of, open_fleet
from lookout_server.app import Deps
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What each dispatcher keeps in its own memory, and what is SQLite's alone, is tested with one."""
    alone = pytest.mark.skip(reason="each dispatcher's own, or SQLite's: tested with one")
    for item in items:
        if REPLICAS > 1 and item.get_closest_marker("one_dispatcher"):
            item.add_marker(alone)


@pytest.fixture
async def station(database_url: str) -> AsyncGenerator[Station]:
    """A dispatcher with a small estate, on either database; its feed runs."""
    async with open_fleet(database_url) as (store, replicas):
        estate = small_estate()
        await import_estate(store, estate, at=NOON)
        for person in estate.people:
            account = Account(
                username=person.username, name=person.name, roles=person.roles, grids=person.grids, password=PASSWORD
            )
            await add_person(store, PlainHasher(), account)
        running = [asyncio.create_task(replica.feed.run()) for replica in replicas]
        yield Station(store, replicas[0].feed, Intake(store, site=SITE), MemoryFiles(), ManualClock())
        for replica in replicas:
            replica.feed.close()
        await asyncio.gather(*running)


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
    transport = httpx.ASGITransport(app=app_of(deps), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://lookout.test") as client:
        yield client
