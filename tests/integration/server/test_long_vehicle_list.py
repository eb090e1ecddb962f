"""A list of tens of thousands of vehicles holds up no alarm: it is written out once, in portions, outside of the
transactions that others wait for. Counted, since times say little on a busy machine."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import pytest

from integration.server.turns import turns_during
from lookout_contract.commands import COMMANDS, Resident
from lookout_server.adapters.database.vehicles import SqlVehicles
from lookout_server.domain.territory import Role
from lookout_server.domain.vehicles import Listed, Sheet
from lookout_server.services import registering
from lookout_server.services.known_vehicles import ListWriter, hand_out
from lookout_server.services.registering import Table
from lookout_server.services.timers import Timers
from lookout_server.testing import NOON, SITE, SmallGateway, Station, anywhere, person

pytestmark = pytest.mark.anyio

MANY = 1200
GATEWAYS = tuple(f"gw-{number}" for number in range(1, 5))
ZHAO = anywhere(person("zhao", Role.SUPERVISOR))


def _listed(number: int) -> Listed:
    """Every hundredth is a pass, the earlier the sooner it runs out."""
    if number % 100:
        return Listed(plate=f"皖A{number:05}")
    ends = NOON + timedelta(days=1, minutes=number)
    return Listed(plate=f"皖A{number:05}", valid_from=NOON, valid_until=ends, cameras=("gate", "yard"), uses=3)


async def _register(station: Station, *listed: Listed) -> None:
    table = Table(sheet=Sheet(vehicles=listed), complete=False, by=ZHAO, at=station.clock.now())
    await registering.bring_in(station.store, table)


async def _are_there(station: Station, *gateways: str) -> None:
    await station.intake.take([SmallGateway(gateway=name).is_online() for name in gateways])


async def _pass_time(station: Station, timers: Timers, seconds: int) -> None:
    for _ in range(seconds):
        await timers.act(station.clock.advance(1))


@pytest.fixture
def portions(monkeypatch: pytest.MonkeyPatch, station: Station) -> list[list[int]]:
    """Of each reading of the list: how many vehicles each portion had. No writer waits for one, or it fails."""
    found: list[list[int]] = []
    read = SqlVehicles.portions

    async def counted(self: SqlVehicles, at: datetime) -> AsyncIterator[Sequence[Resident]]:
        sizes: list[int] = []
        found.append(sizes)
        async for some in read(self, at):
            sizes.append(len(some))
            # On SQLite it would wait for ever for a transaction that this reading is part of.
            async with asyncio.timeout(20), station.store.write():
                pass
            yield some

    monkeypatch.setattr(SqlVehicles, "portions", counted)
    return found


async def test_it_is_written_out_once_for_all_gateways_and_never_while_others_want_to_write(
    station: Station, portions: list[list[int]]
) -> None:
    timers = Timers(station.store, site=SITE, owner="one")
    await _are_there(station, *GATEWAYS[:-1])
    await _register(station, *(_listed(number) for number in range(MANY)))
    await _pass_time(station, timers, 15)
    async with station.store.read() as uow:
        payloads = [message.payload for message in await uow.outbox.pending(9)]
        expected = tuple(vehicle.resident for vehicle in await uow.vehicles.everything())
    sent = await station.vehicle_lists()
    assert [(topic.split("/")[4], command.residents) for topic, command in sent] == [
        (name, expected) for name in GATEWAYS[:-1]
    ]
    assert [COMMANDS.validate_json(payload).to_json() for payload in payloads] == payloads
    await _are_there(station, GATEWAYS[-1])
    await _pass_time(station, timers, 2)
    assert len(await station.vehicle_lists()) == 1
    (once,) = portions
    assert (sum(once), max(once)) == (MANY, 100)


async def test_others_have_their_turn_between_the_portions(station: Station) -> None:
    await _are_there(station, GATEWAYS[0])
    await _register(station, *(_listed(number) for number in range(MANY)))
    writer = ListWriter(station.store)
    assert await turns_during(writer.written(NOON)) > MANY / 100
    assert await writer.written(NOON) is not None


async def test_nobody_who_lacks_it_is_nobody_to_write_it_for(station: Station, portions: list[list[int]]) -> None:
    timers = Timers(station.store, site=SITE, owner="one")
    await _register(station, Listed(plate="皖A12345"))
    await _pass_time(station, timers, 15)
    assert portions == []


async def test_one_that_changed_meanwhile_is_not_sent_as_it_was(station: Station) -> None:
    timers = Timers(station.store, site=SITE, owner="one")
    await _are_there(station, GATEWAYS[0])
    await _register(station, Listed(plate="皖A12345"))
    stale = await ListWriter(station.store).written(NOON)
    await _register(station, Listed(plate="皖B77777"))
    async with station.store.write() as uow:
        await hand_out(uow, SITE, await uow.vehicles.state(lock=True), stale, NOON)
        await uow.commit()
    assert await station.vehicle_lists() == []
    await _pass_time(station, timers, 1)
    ((_, command),) = await station.vehicle_lists()
    assert {each.plate for each in command.residents} == {"皖A12345", "皖B77777"}


async def test_one_that_lost_a_pass_since_is_written_anew(station: Station, portions: list[list[int]]) -> None:
    timers = Timers(station.store, site=SITE, owner="one")
    await _are_there(station, GATEWAYS[0])
    await _register(station, Listed(plate="皖A12345"), _listed(0), _listed(100))
    await _pass_time(station, timers, 15)
    station.clock.at = NOON + timedelta(days=1, minutes=5)
    await _are_there(station, GATEWAYS[1])
    await _pass_time(station, timers, 2)
    assert [len(command.residents) for _, command in await station.vehicle_lists()] == [3, 2]
    assert portions == [[3], [2]]
