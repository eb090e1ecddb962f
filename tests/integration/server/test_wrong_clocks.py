"""The control room is told of a gateway whose clock is wrong: what it sees counts, the times it gives do not."""

from collections.abc import Sequence
from datetime import timedelta

import httpx
import pytest

from lookout_contract.status import GatewayStatus
from lookout_server.ports import Incoming
from lookout_server.testing import NOON, PASSWORD, SmallGateway, Station

pytestmark = pytest.mark.anyio


def heartbeat(off: timedelta, *, online: bool = True, retained: bool = False) -> Incoming:
    """Received at noon from a box whose clock is off."""
    gateway = SmallGateway()
    said = GatewayStatus(gateway="gw-1", online=online, epoch=gateway.epoch, at=NOON + off, version="0.1.0")
    return Incoming(topic=gateway.topics.status, payload=said.to_json(), received_at=NOON, retained=retained)


async def wrong_clocks(web: httpx.AsyncClient, username: str) -> int:
    answer = await web.post("/api/v1/session", json={"username": username, "password": PASSWORD})
    web.cookies.clear()
    seen = await web.get("/api/v1/overview", headers={"Authorization": f"Bearer {answer.json()['token']}"})
    return int(seen.json()["wrong_clocks"])


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ([heartbeat(timedelta(hours=1))], 1),
        ([heartbeat(timedelta(days=-365))], 1),
        ([heartbeat(timedelta(seconds=59))], 0),
        ([heartbeat(timedelta(hours=1)), heartbeat(timedelta())], 0),
        # Whoever is away misleads nobody, and what a broker kept was said at some time before.
        ([heartbeat(timedelta(hours=1)), heartbeat(timedelta(hours=1), online=False)], 0),
        ([heartbeat(timedelta(hours=-1), retained=True)], 0),
    ],
)
async def test_the_control_room_hears_how_many_clocks_are_wrong(
    station: Station, web: httpx.AsyncClient, said: Sequence[Incoming], count: int
) -> None:
    for message in said:
        await station.intake.take([message])
    assert await wrong_clocks(web, "li") == count
    assert await wrong_clocks(web, "wang") == 0, "a worker has no camera to look after"


async def test_screens_hear_of_a_clock_that_is_set(station: Station) -> None:
    async def changes() -> int:
        async with station.store.read() as uow:
            return await uow.feed.head()

    await station.intake.take([heartbeat(timedelta(hours=1))])
    before = await changes()
    await station.intake.take([heartbeat(timedelta(hours=1, seconds=1))])
    assert await changes() == before
    await station.intake.take([heartbeat(timedelta())])
    assert await changes() > before
