"""What a camera sees, as several dispatchers hear it: a word that was overtaken does not count, whoever writes last."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from integration.server.fleet import database_of
from lookout_contract.status import Sight
from lookout_server.domain.territory import Camera, CameraKey
from lookout_server.ports import CameraPart
from lookout_server.services.estate import Estate, import_estate
from lookout_server.services.hearing import hear_cameras
from lookout_server.services.reading import ReadCamera, read_message
from lookout_server.testing import NOON, SITE, SmallGateway, Station

pytestmark = pytest.mark.anyio

KEY = CameraKey(gateway="gw-1", id="gate")
NEW = CameraKey(gateway="gw-7", id="attic")


async def _camera(station: Station, key: CameraKey = KEY) -> Camera:
    async with station.store.read() as uow:
        return (await uow.territory.cameras([key]))[key]


def _gateway() -> SmallGateway:
    return SmallGateway(gateway=KEY.gateway, camera=KEY.id)


async def test_a_state_that_was_overtaken_is_not_kept(station: Station) -> None:
    """A dispatcher that was cut off from the database has it in hand still."""
    gateway = _gateway()
    older = gateway.sees(Sight.BLIND, "stalled")
    gateway.at = NOON + timedelta(seconds=20)
    await station.intake.take([gateway.sees(Sight.WATCHING)])
    await station.intake.take([older])
    assert ((await _camera(station)).state, (await _camera(station)).since) == (Sight.WATCHING, gateway.at)


async def test_after_a_clock_was_set_back_the_newest_state_counts(station: Station) -> None:
    gateway = _gateway()
    gateway.at = NOON + timedelta(hours=3)
    await station.intake.take([gateway.sees(Sight.BLIND, "stalled")])
    gateway.at = NOON
    later = gateway.sees(Sight.WATCHING)
    heard = NOON + timedelta(hours=3, seconds=10)
    await station.intake.take([replace(later, received_at=heard)])
    assert (await _camera(station)).state is Sight.WATCHING
    # And our own: what a gateway says later is later.
    gateway.at = NOON + timedelta(minutes=5)
    await station.intake.take([replace(gateway.sees(Sight.OFF), received_at=NOON)])
    assert (await _camera(station)).state is Sight.OFF


@pytest.mark.parametrize("key", [KEY, NEW], ids=["known", "new"])
async def test_two_words_at_once_end_with_the_later_one(station: Station, key: CameraKey) -> None:
    gateway = SmallGateway(gateway=key.gateway, camera=key.id)
    older = gateway.sees(Sight.OFF, "connecting")
    gateway.at = NOON + timedelta(milliseconds=30)
    newer = read_message(gateway.sees(Sight.WATCHING), SITE.id)
    assert isinstance(newer, ReadCamera)
    async with station.store.write() as other:
        await hear_cameras(other, [newer])
        taking = asyncio.create_task(station.intake.take([older]))
        # Time for it to read what is there, which is nothing of the other's yet.
        await asyncio.wait([taking], timeout=0.3)
        await other.commit()
    async with asyncio.timeout(60):
        await taking
    assert (await _camera(station, key)).state is Sight.WATCHING


async def test_what_a_camera_sees_is_not_undone_by_who_notes_an_alarm_or_names_it(station: Station) -> None:
    gateway = _gateway()
    await station.intake.take([gateway.sees(Sight.WATCHING)])
    blind = read_message(gateway.sees(Sight.BLIND, "stalled"), SITE.id)
    assert isinstance(blind, ReadCamera)
    named = Estate(cameras=(Camera(key=KEY, name="正门", grid="grid-07"),))
    async with station.store.write() as other:
        await hear_cameras(other, [blind])
        writing: list[asyncio.Task[object]] = [
            asyncio.create_task(station.intake.take([gateway.sends("o-1")])),
            asyncio.create_task(import_estate(station.store, named, at=NOON)),
        ]
        await asyncio.wait(writing, timeout=0.3)
        await other.commit()
    async with asyncio.timeout(60):
        await asyncio.gather(*writing)
    camera = await _camera(station)
    assert (camera.state, camera.last_alarm_at, camera.name) == (Sight.BLIND, NOON, "正门")


async def test_each_writes_its_own_part(station: Station) -> None:
    held = await _camera(station)
    other = Camera(key=KEY, name="x", state=Sight.OFF, heard_at=NOON, last_alarm_at=NOON)
    async with database_of(station.store).write() as uow:
        await uow.territory.save_cameras([other], part=CameraPart.ALARM)
        await uow.territory.make_cameras([other])
        await uow.commit()
    now = await _camera(station)
    assert (now.name, now.state, now.last_alarm_at) == (held.name, held.state, NOON)
