"""How often a pass for a number of visits was used: gateways count, say so again and again, and the list shows it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lookout_contract.status import GatewayStatus
from lookout_edge.adapters.directory import FilePlateDirectory
from lookout_server.domain.territory import Role
from lookout_server.domain.vehicles import Listed, Vehicle
from lookout_server.exchange.vehicles import lines_of
from lookout_server.ports import Incoming, Page
from lookout_server.services import registering
from lookout_server.services.retention import Retention, forget_vehicles
from lookout_server.services.timers import Timers
from lookout_server.testing import NOON, SITE, SmallGateway, Station, anywhere, person

pytestmark = pytest.mark.anyio

ZHAO = anywhere(person("zhao", Role.SUPERVISOR))
ONE, OTHER = "v-00000000000000000001", "v-00000000000000000002"
GUEST = Listed(plate="皖B77777", uses=3)


async def _put(station: Station, vehicle: str, listed: Listed) -> None:
    await registering.put(station.store, vehicle, listed, ZHAO, at=station.clock.now())


def _status(gateway: str, visits: Mapping[str, int]) -> Incoming:
    status = GatewayStatus(
        gateway=gateway, online=True, epoch="20261122t000000-a1b2", at=NOON, version="1", visits=dict(visits)
    )
    topic = SmallGateway(gateway=gateway).topics.status
    return Incoming(topic=topic, payload=status.to_json(), received_at=NOON, retained=True)


async def _tell(station: Station, gateway: str, **visits: int) -> None:
    """``one`` and ``other``: how often they were used."""
    told = {{"one": ONE, "other": OTHER}[name]: count for name, count in visits.items()}
    await station.intake.take([_status(gateway, told)])


async def _hold_the_list(station: Station, *gateways: str, book: FilePlateDirectory | None = None) -> None:
    """The gateways are sent the list, take it and say so."""
    await station.intake.take([_status(name, {}) for name in gateways])
    timers = Timers(station.store, site=SITE, owner="one")
    for _ in range(15):
        await timers.act(station.clock.advance(1))
    for topic, command in await station.vehicle_lists():
        if book is not None:
            book.replace(command.residents)
        gateway = SmallGateway(gateway=topic.split("/")[4])
        await station.intake.take([gateway.answers(command.id, "residents", residents=len(command.residents))])


async def _listed(station: Station) -> dict[str, Vehicle]:
    found = await registering.find(station.store, None, Page(limit=9))
    return {each.id: each for each in found.vehicles}


async def _visits(station: Station, vehicle: str = ONE) -> Mapping[str, int]:
    return (await _listed(station))[vehicle].visits


async def test_what_the_gateway_counts_reaches_the_list(station: Station, tmp_path: Path) -> None:
    later = replace(GUEST, valid_from=NOON + timedelta(days=2))
    await _put(station, ONE, GUEST)
    await _put(station, OTHER, later)
    await _put(station, "v-00000000000000000003", Listed(plate="皖A12345"))
    book = FilePlateDirectory(tmp_path / "residents.json")
    await _hold_the_list(station, "gw-1", book=book)
    for plate, hours in (("皖B77777", 0), ("皖A12345", 1), ("皖B77777", 2), ("皖B77777", 24)):
        book.visit(plate, (NOON + timedelta(hours=hours)).timestamp(), "gate")
    said = _status("gw-1", book.report())
    assert "77777" not in json.dumps(json.loads(said.payload), ensure_ascii=False), "integrators hear it, too"
    await station.intake.take([said])
    assert {name: each.visits for name, each in (await _listed(station)).items()} == {
        ONE: {"gw-1": 2},
        OTHER: {},
        "v-00000000000000000003": {},
    }


async def test_the_greatest_number_that_a_gateway_told_counts_and_each_gateways_stands_for_itself(
    station: Station,
) -> None:
    await _put(station, ONE, GUEST)
    await _hold_the_list(station, "gw-1", "gw-2")
    for gateway, visits in (("gw-1", 1), ("gw-2", 1), ("gw-1", 2), ("gw-1", 1)):
        await _tell(station, gateway, one=visits)
    await _tell(station, "gw-1")
    assert await _visits(station) == {"gw-1": 2, "gw-2": 1}
    async with station.store.read() as uow:
        everything = await uow.vehicles.everything()
        (found,) = await uow.vehicles.of_plate("皖B77777")
    assert everything == [found]
    assert list(lines_of(everything, ZoneInfo(SITE.timezone))) == ["皖B77777  used 2 of 3 at gw-1, 1 of 3 at gw-2"]


async def test_another_pass_was_not_used_and_more_visits_are_the_same_pass(station: Station) -> None:
    await _put(station, ONE, GUEST)
    await _hold_the_list(station, "gw-1")
    await _tell(station, "gw-1", one=2)
    await _put(station, ONE, replace(GUEST, uses=5, note="3号楼502"))
    assert await _visits(station) == {"gw-1": 2}
    await _put(station, ONE, replace(GUEST, plate="沪C99999"))
    await _tell(station, "gw-1", one=2)
    assert await _visits(station) == {}, "it holds the list of before, and speaks of that plate"
    await _hold_the_list(station, "gw-1")
    await _tell(station, "gw-1", one=1)
    assert await _visits(station) == {"gw-1": 1}


async def test_who_is_taken_off_the_list_begins_anew(station: Station) -> None:
    await _put(station, ONE, GUEST)
    await _hold_the_list(station, "gw-1")
    await _tell(station, "gw-1", one=2)
    await registering.remove(station.store, ONE, ZHAO, at=NOON)
    await _put(station, ONE, GUEST)
    assert await _visits(station) == {}


async def test_what_ran_out_long_ago_leaves_nothing_behind(station: Station) -> None:
    over = replace(GUEST, valid_until=NOON + timedelta(days=1))
    await _put(station, ONE, GUEST)
    await _put(station, OTHER, over)
    await _hold_the_list(station, "gw-1")
    await _tell(station, "gw-1", one=1, other=1)
    assert await forget_vehicles(station.store, Retention(vehicles_days=30), at=NOON + timedelta(days=40)) == 1
    await _put(station, OTHER, over)
    assert (await _visits(station), await _visits(station, OTHER)) == ({"gw-1": 1}, {})


async def test_the_list_is_as_long_as_what_is_sent(station: Station) -> None:
    await _put(station, ONE, GUEST)
    await _put(station, OTHER, Listed(plate="皖A12345", cameras=("gate",)))
    for vehicle in (await _listed(station)).values():
        assert vehicle.listed.size == len(vehicle.resident.to_json()) + 1
