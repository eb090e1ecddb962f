"""The demonstration sub-district, and what lists cost in it: never a query a row."""

from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event

from integration.server.fleet import app_of
from lookout_contract.cases import CaseState
from lookout_server.adapters.database import Database
from lookout_server.adapters.feed import FeedHub
from lookout_server.app import Deps
from lookout_server.domain.policy import DEFAULT
from lookout_server.domain.rehearsal import rehearse
from lookout_server.domain.territory import Role, person_id
from lookout_server.errors import ConflictError
from lookout_server.ports import CaseFilter, Page
from lookout_server.services.candidates import candidates
from lookout_server.services.rehearsing import past_steps
from lookout_server.services.seeding import CAMERAS, GRIDS, HEADS, WORKERS, demo_estate, seed_demo
from lookout_server.services.seeding_ways import seed_ways
from lookout_server.testing import NOON, SITE, ManualClock, MemoryFiles, NotedChannel, PlainHasher

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Demo:
    """A seeded database and a client that is signed in as an operator of it."""

    store: Database
    web: httpx.AsyncClient


@pytest.fixture
async def demo(database_url: str) -> AsyncGenerator[Demo]:
    database = Database(database_url)
    assert await seed_demo(database, SITE, cases=120, days=30, until=NOON) == 120
    async with database.write() as uow:
        operator = (await uow.people.get([person_id("demo-op1")]))[person_id("demo-op1")]
        await uow.people.save(operator, password_hash="plain:secret")
        await uow.commit()
    deps = Deps(
        site=SITE,
        store=database,
        evidence=MemoryFiles(),
        feed=FeedHub(database),
        hasher=PlainHasher(),
        clock=ManualClock(),
        channel=NotedChannel(),
        version="0.1.0",
    )
    transport = httpx.ASGITransport(app=app_of(deps))
    async with httpx.AsyncClient(transport=transport, base_url="http://lookout.test") as web:
        answer = await web.post("/api/v1/session", json={"username": "demo-op1", "password": "secret"})
        web.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        web.cookies.clear()
        yield Demo(database, web)
    await database.close()


@contextmanager
def _counted() -> Generator[list[str]]:
    """Every statement that any engine runs meanwhile."""
    seen: list[str] = []

    def note(*given: Any) -> None:
        seen.append(str(given[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def _cost(demo: Demo, path: str, limit: int) -> tuple[int, int]:
    """Rows that came, and statements that they took."""
    with _counted() as seen:
        answer = await demo.web.get(f"/api/v1{path}{'&' if '?' in path else '?'}limit={limit}")
    return len(answer.json()["items"]), len(seen)


async def test_nothing_asks_the_database_once_a_row(demo: Demo) -> None:
    for path in ("/cases", "/cases?state=evaluated", "/alarms", "/alarms?disposition=reported"):
        few, many = await _cost(demo, path, 2), await _cost(demo, path, 100)
        assert (few[0], many[0] > 90) == (2, True), path
        assert few[1] == many[1] <= 12, path
    for path in ("/cameras", "/gateways", "/people", "/overview", "/timers", "/silences", "/notices"):
        with _counted() as seen:
            assert (await demo.web.get(f"/api/v1{path}")).status_code == 200
        assert len(seen) <= 14, (path, seen)
    async with demo.store.read() as uow:
        (case,) = await uow.cases.page(CaseFilter(), Page(limit=1))
        with _counted() as seen:
            found = await candidates(uow, SITE, case, at=NOON)
    assert len(seen) <= 10, seen
    assert found[0].fit
    assert any(one.person.roles == {Role.HOUSEHOLD_HEAD} for one in found if one.fit)
    assert any(not one.fit for one in found)


async def test_the_past_is_one_that_could_have_been(demo: Demo) -> None:
    async with demo.store.read() as uow:
        assert await uow.cases.count_by_state() == {}
        past = await uow.cases.page(CaseFilter(), Page(limit=200))
        histories = await uow.cases.histories([case.id for case in past])
    assert {case.state for case in past} == {CaseState.EVALUATED, CaseState.VOID}
    assert len({case.number for case in past}) == len(past) == 120
    for case in past:
        assert [entry.seq for entry in histories[case.id]] == list(range(1, case.entries + 1))
    outcome = rehearse(await past_steps(demo.store, NOON.replace(month=1)), DEFAULT, now=NOON)
    assert 0 < len(outcome.late) < 120
    with pytest.raises(ConflictError, match="an empty one"):
        await seed_demo(demo.store, SITE, cases=1, days=1, until=NOON)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_way_in_has_something_to_show(demo: Demo) -> None:
    assert await seed_ways(demo.store, MemoryFiles(), SITE, until=NOON) > 100
    lists = ("/volunteers", "/volunteers/teams", "/three-lists", "/inspections", "/diary", "/places", "/shifts")
    shown = {path: (await demo.web.get(f"/api/v1{path}")).json()["items"] for path in lists}
    assert [path for path, items in shown.items() if not items] == []
    waiting = (await demo.web.get("/api/v1/cases?state=new,confirmed")).json()["items"]
    assert Counter(case["source"] for case in waiting) == {"resident": 4, "hotline": 1, "inspection": 1}
    assert all(case["grid"] for case in waiting)


def test_the_estate_has_its_real_scale_and_is_the_same_again() -> None:
    estate = demo_estate()
    count = {role: sum(role in person.roles for person in estate.people) for role in Role}
    assert (count[Role.WORKER], count[Role.HOUSEHOLD_HEAD]) == (WORKERS, HEADS) == (179, 1933)
    assert len(estate.cameras) == CAMERAS == 55
    assert sum(place.level == "grid" for place in estate.territories) == GRIDS == 145
    assert demo_estate() == estate
