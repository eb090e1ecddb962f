"""Live view through the API: asked of the gateway once, handed on to all, ended with the last."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from lookout_contract.commands import COMMANDS, CommandResponse, LiveCommand, Outcome
from lookout_contract.status import Sight
from lookout_server.api.deps import Deps
from lookout_server.domain.audit import Act
from lookout_server.domain.territory import CameraKey, Role
from lookout_server.errors import NoPictureError
from lookout_server.ports import Incoming
from lookout_server.services import live
from lookout_server.services.accounts import Account, add_person, issue_gateway_token
from lookout_server.services.live import Viewer
from lookout_server.testing import NOON, PASSWORD, SITE, PlainHasher, SmallGateway, Station, anywhere, person
from unit.server.test_live_streams import INTRO, KEY, REST

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

GATE = CameraKey(gateway="gw-1", id="gate")
LI = anywhere(person("li", Role.OPERATOR))


@dataclass
class Camera:
    """What a gateway sends: pieces that a test puts in one by one."""

    pieces: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue[bytes | None])

    async def stream(self) -> AsyncIterator[bytes]:
        while (piece := await self.pieces.get()) is not None:
            yield piece


async def asked(station: Station) -> LiveCommand:
    """What the gateway was asked, once it was."""
    while True:
        async with station.store.read() as uow:
            for message in await uow.outbox.pending(10):
                command = COMMANDS.validate_json(message.payload)
                if isinstance(command, LiveCommand):
                    return command
        await asyncio.sleep(0.01)


@pytest.fixture
async def beginning(station: Station, deps: Deps) -> AsyncGenerator["asyncio.Task[tuple[Viewer, bytes]]"]:
    """Somebody who has asked to look at the gate."""
    await station.intake.take([SmallGateway().is_online(), SmallGateway().sees(Sight.WATCHING)])
    task = asyncio.create_task(live.begin(deps.live, station.store, SITE, GATE, LI, at=NOON))
    yield task
    task.cancel()


@pytest.mark.one_dispatcher
async def test_a_gateway_is_asked_once_and_all_see_it_until_the_last_has_left(
    station: Station, deps: Deps, web: httpx.AsyncClient, beginning: "asyncio.Task[tuple[Viewer, bytes]]"
) -> None:
    token = await issue_gateway_token(station.store, "gw-1")
    stranger = await issue_gateway_token(station.store, "gw-2")
    command = await asked(station)
    assert (command.camera, command.seconds) == ("gate", live.STREAM_S)
    url = f"/api/v1/live/{command.session}"
    elsewhere = await web.post(url, content=INTRO, headers={"Authorization": f"Bearer {stranger}"})
    assert elsewhere.status_code == 404
    camera = Camera()
    upload = asyncio.create_task(web.post(url, content=camera.stream(), headers={"Authorization": f"Bearer {token}"}))
    await camera.pieces.put(INTRO + KEY)
    viewer, content = await beginning
    while KEY not in content:
        content += await viewer.next(5.0) or b""
    assert content == INTRO + KEY
    second, content = await live.begin(deps.live, station.store, SITE, GATE, LI, at=NOON)
    assert content == INTRO + KEY
    deps.live.leave(viewer)
    await camera.pieces.put(REST)
    assert await second.next(5.0) == REST
    deps.live.leave(second)
    await camera.pieces.put(REST)
    answer = await upload
    assert (answer.status_code, answer.headers["connection"]) == (204, "close")
    assert deps.live.streams == ()
    async with station.store.read() as uow:
        acts = [(kept.entry.act, kept.entry.actor, kept.entry.subject) for kept in await uow.audit.before(None, 10)]
    assert acts.count((Act.CAMERA_WATCHED, "u-li", "gw-1/gate")) == 2


async def test_who_looks_hears_why_there_is_nothing_to_see(
    station: Station, deps: Deps, beginning: "asyncio.Task[tuple[Viewer, bytes]]"
) -> None:
    command = await asked(station)
    refused = CommandResponse(
        id=command.id, name="live", outcome=Outcome.FAILED, at=NOON, detail="Camera gate gives no stream now."
    )
    topic = SmallGateway().topics.response("live")
    await station.intake.take([Incoming(topic=topic, payload=refused.to_json(), received_at=NOON)])
    with pytest.raises(NoPictureError, match="Camera gate gives no stream now"):
        await beginning
    assert deps.live.streams == ()


async def test_it_is_shown_to_the_control_room_of_the_place_alone(
    station: Station, web: httpx.AsyncClient, deps: Deps
) -> None:
    await station.intake.take([SmallGateway().is_online(), SmallGateway().sees(Sight.WATCHING)])
    account = Account(
        username="out",
        name="out",
        roles=frozenset({Role.OPERATOR}),
        grids=frozenset({"grid-08"}),
        password=PASSWORD,
    )
    await add_person(station.store, PlainHasher(), account)
    for username, status in (("out", 404), ("wang", 403)):
        answer = await web.post("/api/v1/session", json={"username": username, "password": PASSWORD})
        web.cookies.clear()
        headers = {"Authorization": f"Bearer {answer.json()['token']}"}
        assert (await web.get("/api/v1/cameras/gw-1/gate/live", headers=headers)).status_code == status
    assert deps.live.streams == ()
