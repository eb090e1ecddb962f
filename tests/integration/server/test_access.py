"""The database answers as ``domain.access`` does, and those who are told are those who may see."""

from dataclasses import replace
from itertools import product

import pytest

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario
from lookout_server.domain.access import access_of
from lookout_server.domain.case import SYSTEM, Case, Details
from lookout_server.domain.moves import SETTLED, Action
from lookout_server.domain.moving import opened
from lookout_server.domain.territory import Person, Role
from lookout_server.ports import AlarmFilter, CaseFilter, Page
from lookout_server.services.access import access, audience, visible_case
from lookout_server.services.accounts import Account, add_person
from lookout_server.services.handling import Order, call_departments
from lookout_server.testing import NOON, SITE, PlainHasher, SmallGateway, Station, a_case, anywhere, person

pytestmark = pytest.mark.anyio

_GRIDS = ((), ("grid-07",), ("grid-08",), ("kangle",))
_ROLES = (
    (Role.OPERATOR,),
    (Role.ADMIN, Role.CARE),
    (Role.WORKER,),
    (Role.WORKER, Role.CARE),
    (Role.DEPARTMENT,),
)


def _cases() -> list[Case]:
    kinds = (Scenario.CARE, Scenario.GARBAGE, None)
    states = (CaseState.ACCEPTED, CaseState.CLOSED)
    made = product(kinds, states, ("grid-07", None), ("u-wang", None))
    return [
        replace(a_case(state, number=number, handler=handler), scenario=kind, grid=grid)
        for number, (kind, state, grid, handler) in enumerate(made, 1)
    ]


async def test_lists_and_counts_hold_what_the_policy_lets_see(station: Station) -> None:
    cases = _cases()
    async with station.store.write() as uow:
        for case in cases:
            await uow.cases.add(*opened(case, actor=SYSTEM, at=NOON, data={}))
        places = await uow.territory.territories()
        await uow.commit()
    order = Order(
        case_id=cases[0].id,
        action=Action.WHISTLE,
        access=anywhere(person("zhao", Role.SUPERVISOR, Role.CARE)),
        version=1,
        at=NOON,
        details=Details(),
    )
    await call_departments(station.store, SITE, order, ["u-fire"])
    seen_by_somebody: set[str] = set()
    async with station.store.read() as uow:
        now = (await uow.cases.get([case.id for case in cases])).values()
        for roles, grids, opens in product(_ROLES, _GRIDS, (frozenset[str](), frozenset({cases[-1].id, cases[3].id}))):
            name = "fire" if Role.DEPARTMENT in roles else "wang"
            may = access_of(person(name, *roles, grids=frozenset(grids)), places, opens)
            wanted = {case.id for case in now if may.sees(case)}
            page = await uow.cases.page(CaseFilter(visible_to=may), Page(limit=200))
            assert {case.id for case in page} == wanted, may
            counted = {case.id for case in now if case.id in wanted and case.state not in SETTLED}
            assert sum((await uow.cases.count_by_state(may)).values()) == len(counted)
            seen_by_somebody |= wanted
    assert len(seen_by_somebody) == len(cases)


async def test_alarms_are_listed_and_counted_where_they_are_seen(station: Station) -> None:
    scenarios = (Scenario.CARE, Scenario.GARBAGE)
    gateway = SmallGateway()
    for number, (scenario, camera) in enumerate(product(scenarios, ("gate", "corridor", "not-placed"))):
        gateway.scenario, gateway.camera = scenario, camera
        await station.intake.take([gateway.sends(f"o-{number}")])
    async with station.store.read() as uow:
        places = await uow.territory.territories()
        cameras = {key.id: camera.grid for key, camera in (await uow.territory.cameras()).items()}
        everything = await uow.alarms.page(AlarmFilter(), Page(limit=200))
        assert len(everything) == 6
        for roles, grids in product(_ROLES, _GRIDS):
            may = access_of(person("wang", *roles, grids=frozenset(grids)), places)
            wanted = {a.id for a in everything if may.sees_alarm(a.scenario, cameras.get(a.camera.id))}
            page = await uow.alarms.page(AlarmFilter(visible_to=may), Page(limit=200))
            assert {alarm.id for alarm in page} == wanted, may
            assert sum((await uow.alarms.open_by_severity(may)).values()) == len(wanted)


async def _add(station: Station, username: str, *roles: Role, grids: tuple[str, ...] = ()) -> Person:
    account = Account(username=username, name=username, roles=frozenset(roles), grids=frozenset(grids))
    return await add_person(station.store, PlainHasher(), account)


async def test_what_is_told_is_told_to_those_who_may_see_it(station: Station) -> None:
    async def told(grid: str | None, scenario: Scenario) -> set[str]:
        async with station.store.read() as uow:
            return {who.username for who in await audience(uow, Role.SUPERVISOR, grid, scenario)}

    await _add(station, "here", Role.SUPERVISOR, grids=("grid-07",))
    await _add(station, "beside", Role.SUPERVISOR, grids=("grid-08",))
    assert await told("grid-07", Scenario.GARBAGE) == {"here", "zhao"}
    assert await told(None, Scenario.GARBAGE) == {"here", "beside", "zhao"}
    assert await told("grid-07", Scenario.CARE) == set()
    await _add(station, "carer", Role.OPERATOR, Role.CARE)
    # Nobody with the role is cleared: whoever is hears of it.
    assert await told("grid-07", Scenario.CARE) == {"carer"}
    await _add(station, "here", Role.SUPERVISOR, Role.CARE, grids=("grid-07",))
    assert await told("grid-07", Scenario.CARE) == {"here"}
    # Better somebody of another place than nobody.
    assert await told("grid-08", Scenario.CARE) == {"here"}


async def test_places_are_read_with_the_session(station: Station) -> None:
    async with station.store.write() as uow:
        await uow.cases.add(*opened(a_case(CaseState.NEW), actor=SYSTEM, at=NOON, data={}))
        await uow.commit()
    who = await _add(station, "street", Role.OPERATOR, grids=("changhuai",))
    async with station.store.read() as uow:
        assert (await visible_case(uow, "c-20261122-0001", await access(uow, who, NOON))).grid == "grid-07"
