"""A list of known vehicles reaches the gateways that are named, and a new box under an old name gets it by itself."""

from datetime import timedelta

import pytest

from lookout_contract.commands import Resident
from lookout_server.errors import InvalidError, NotFoundError
from lookout_server.services.housekeeping import COMMANDS_KEPT, forget_commands
from lookout_server.services.known_vehicles import send_vehicles
from lookout_server.testing import NOON, SITE, SmallGateway, Station

pytestmark = pytest.mark.anyio

LIST = (Resident(plate="皖A12345"), Resident(plate="皖B77777", valid_until=NOON + timedelta(days=1), uses=2))


async def test_those_that_are_named_get_the_list(station: Station) -> None:
    gateways = [SmallGateway(gateway=name) for name in ("gw-1", "gw-2")]
    with pytest.raises(NotFoundError, match="there are: none yet"):
        await send_vehicles(station.store, SITE, LIST, gateways=["gw-1"], at=NOON)
    await station.intake.take([gateway.is_online() for gateway in gateways])
    sent = await send_vehicles(station.store, SITE, LIST, gateways=["gw-2", "gw-1"], at=NOON)
    found = await station.vehicle_lists()
    assert [topic for topic, _ in found] == [gateway.topics.command("residents") for gateway in gateways]
    assert [(command.id, command.residents) for _, command in found] == [(sent["gw-1"], LIST), (sent["gw-2"], LIST)]
    await send_vehicles(station.store, SITE, (), gateways=["gw-2"], at=NOON + timedelta(seconds=1))
    ((_, emptied),) = await station.vehicle_lists()
    assert emptied.residents == ()
    with pytest.raises(NotFoundError, match="gw-9"):
        await send_vehicles(station.store, SITE, LIST, gateways=["gw-1", "gw-9"], at=NOON)
    assert await station.vehicle_lists() == []


async def test_a_list_that_no_broker_would_hand_on_is_refused(station: Station) -> None:
    await station.intake.take([SmallGateway().is_online()])
    many = tuple(Resident(plate=f"皖A{number:05}", cameras=("gate",) * 5) for number in range(15_000))
    with pytest.raises(InvalidError, match="send a shorter list"):
        await send_vehicles(station.store, SITE, many, gateways=["gw-1"], at=NOON)
    assert await station.vehicle_lists() == []


async def test_a_box_with_an_empty_disk_gets_the_last_list_once(station: Station) -> None:
    await station.intake.take([SmallGateway().is_online()])
    await send_vehicles(station.store, SITE, (), gateways=["gw-1"], at=NOON)
    await send_vehicles(station.store, SITE, LIST, gateways=["gw-1"], at=NOON + timedelta(minutes=1))
    await station.vehicle_lists()
    await station.intake.take([SmallGateway().is_online()])
    assert await station.vehicle_lists() == []
    replaced = SmallGateway(epoch="20990101t000000-ffff")
    for _ in range(2):
        await station.intake.take([replaced.is_online()])
    ((topic, command),) = await station.vehicle_lists()
    assert (topic, command.residents) == (replaced.topics.command("residents"), LIST)


async def test_a_box_that_was_never_sent_a_list_gets_none(station: Station) -> None:
    await station.intake.take([SmallGateway().is_online()])
    await station.intake.take([SmallGateway(epoch="20990101t000000-ffff").is_online()])
    assert await station.vehicle_lists() == []


async def test_the_newest_list_outlives_what_is_forgotten(station: Station) -> None:
    await station.intake.take([SmallGateway().is_online()])
    for minutes in range(3):
        await send_vehicles(station.store, SITE, LIST, gateways=["gw-1"], at=NOON + timedelta(minutes=minutes))
    assert await forget_commands(station.store, at=NOON + 2 * COMMANDS_KEPT) == 2
    async with station.store.read() as uow:
        newest = await uow.gateways.newest_command("gw-1", "residents")
    assert newest is not None
    assert newest.request is not None
