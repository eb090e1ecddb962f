"""Alarms are locked before their cases by everybody, so that intake and people never wait for each other."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from lookout_contract.events import Phase, Severity
from lookout_server.domain.alarm import alarm_id
from lookout_server.domain.case import Case, Details
from lookout_server.domain.moves import Action
from lookout_server.domain.territory import Role, Site
from lookout_server.ports import Store
from lookout_server.services.handling import Order, void
from lookout_server.services.merging import merge, reopen, split
from lookout_server.testing import SITE, SmallGateway, Station, anywhere, person

pytestmark = pytest.mark.anyio

Move = Callable[[Store, Site, Order], Awaitable[object]]
ALARM = alarm_id("/site/kangle/gateway/gw-1", "o-1")


@pytest.mark.parametrize("name", ["void", "merge", "split", "reopen"])
async def test_whoever_holds_an_alarm_may_lock_its_case(station: Station, name: str) -> None:
    move, order = await _prepared(station, name)
    async with station.store.write() as intake:
        assert ALARM in await intake.alarms.get([ALARM], lock=True)
        moving = asyncio.create_task(_run(move, station, order))
        # Time for the other to take its first lock, which must not be the case's.
        await asyncio.wait([moving], timeout=0.5)
        async with asyncio.timeout(60):
            assert order.case_id in await intake.cases.get([order.case_id], lock=True)
        await intake.commit()
    async with asyncio.timeout(60):
        await moving
    assert (await _case(station, order.case_id)).version > order.version


async def test_a_batch_locks_its_cases_in_the_order_of_their_ids(station: Station) -> None:
    gateway = SmallGateway()
    first = await station.reported(gateway, "o-1")
    station.clock.advance(2 * 3600)
    second = await station.reported(gateway, "o-2")
    assert first < second
    gateway.severity = Severity.RED
    batch = [gateway.sends(name, Phase.UPDATE) for name in ("o-2", "o-1")]
    async with station.store.write() as other:
        assert first in await other.cases.get([first], lock=True)
        taking = asyncio.create_task(station.intake.take(batch))
        # Time for the batch to take its first lock, which must be the one that is held here.
        await asyncio.wait([taking], timeout=0.5)
        async with asyncio.timeout(60):
            assert second in await other.cases.get([second], lock=True)
        await other.commit()
    async with asyncio.timeout(60):
        await taking
    assert {(await _case(station, name)).severity for name in (first, second)} == {Severity.RED}


async def _run(move: Move, station: Station, order: Order) -> None:
    await move(station.store, SITE, order)


async def _prepared(station: Station, name: str) -> tuple[Move, Order]:
    """A case with the alarm o-1, and what is about to be done to it."""
    gateway = SmallGateway()
    case_id = await station.reported(gateway, "o-1")
    # Far apart, so that they are not one thing.
    station.clock.advance(2 * 3600)
    other = await station.reported(gateway, "o-2")
    order = Order(
        case_id=case_id,
        action=Action.VOID,
        access=anywhere(person("li", Role.SUPERVISOR)),
        version=1,
        at=station.clock.now(),
    )
    order = replace(order, details=Details(reason="visitor"))
    into = replace(order, action=Action.MERGE, details=Details(into=other))
    match name:
        case "void":
            return void, order
        case "merge":
            return merge, into
        case "split":
            # The alarms of the other case come to this one first.
            await merge(station.store, SITE, replace(into, case_id=other, details=Details(into=case_id)))
            version = (await _case(station, case_id)).version
            return split, replace(order, action=Action.SPLIT, version=version, details=Details(alarms=(ALARM,)))
        case _:
            await merge(station.store, SITE, into)
            version = (await _case(station, case_id)).version
            return reopen, replace(order, action=Action.REOPEN, version=version, details=Details(reason="mistake"))


async def _case(station: Station, case_id: str) -> Case:
    async with station.store.read() as uow:
        return (await uow.cases.get([case_id]))[case_id]
