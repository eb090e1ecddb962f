"""The newest picture of each camera: brought by its gateway, seen by the control room of its place."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from integration.server.fleet import app_of
from integration.server.sign_in import headers_of
from lookout_contract.status import CameraReport, Coverage, GatewayStatus, Sight
from lookout_server.adapters.stills import StillFolder
from lookout_server.api.deps import Deps
from lookout_server.domain.territory import CameraKey, Role
from lookout_server.services.accounts import Account, add_person, issue_gateway_token
from lookout_server.services.stills import MAX_BYTES
from lookout_server.testing import JPEG, NOON, PASSWORD, PlainHasher, SmallGateway, Station

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

GATE = "/api/v1/stills/gate"
AT = {"at": NOON.isoformat()}


@pytest.fixture
async def wall(deps: Deps, tmp_path: Path) -> AsyncGenerator[httpx.AsyncClient]:
    """The application with a place for stills."""
    app = app_of(replace(deps, stills=StillFolder(tmp_path / "stills")))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://lookout.test") as client:
        yield client


async def gateway_headers(station: Station) -> dict[str, str]:
    await station.intake.take([SmallGateway().is_online(), SmallGateway().sees(Sight.WATCHING)])
    return {"Authorization": f"Bearer {await issue_gateway_token(station.store, 'gw-1')}", "Content-Type": "image/jpeg"}


async def test_the_newest_picture_is_shown_and_the_one_before_it_gone(
    station: Station, wall: httpx.AsyncClient
) -> None:
    gateway, li = await gateway_headers(station), await headers_of(wall, "li")
    assert (await wall.get("/api/v1/stills", headers=li)).json() == {"items": []}
    assert (await wall.get("/api/v1/stills/gw-1/gate", headers=li)).status_code == 404
    assert (await wall.put(GATE, params=AT, content=JPEG, headers=gateway)).status_code == 204
    (first,) = (await wall.get("/api/v1/stills", headers=li)).json()["items"]
    assert (first["gateway"], first["camera"], first["at"]) == ("gw-1", "gate", "2026-11-22T04:00:00.000Z")
    station.clock.advance(60)
    later = {"at": (NOON + timedelta(seconds=60)).isoformat()}
    assert (await wall.put(GATE, params=later, content=JPEG + b"2", headers=gateway)).status_code == 204
    (second,) = (await wall.get("/api/v1/stills", headers=li)).json()["items"]
    assert second["url"] != first["url"]
    picture = await wall.get(second["url"], headers=li)
    assert (picture.content, picture.headers["content-type"]) == (JPEG + b"2", "image/jpeg")


async def test_a_clock_that_is_ahead_makes_no_picture_younger(station: Station, wall: httpx.AsyncClient) -> None:
    gateway, li = await gateway_headers(station), await headers_of(wall, "li")
    ahead = {"at": (NOON + timedelta(hours=1)).isoformat()}
    await wall.put(GATE, params=ahead, content=JPEG, headers=gateway)
    (still,) = (await wall.get("/api/v1/stills", headers=li)).json()["items"]
    assert still["at"] == "2026-11-22T04:00:00.000Z"


async def test_what_is_no_picture_of_a_known_camera_is_refused(station: Station, wall: httpx.AsyncClient) -> None:
    gateway, li = await gateway_headers(station), await headers_of(wall, "li")
    tries = [
        (await wall.put(GATE, params=AT, content=b"<svg/>", headers=gateway), 415),
        (await wall.put(GATE, params=AT, content=JPEG, headers={**gateway, "Content-Type": "text/html"}), 415),
        (await wall.put(GATE, params=AT, content=JPEG + bytes(MAX_BYTES), headers=gateway), 413),
        (await wall.put("/api/v1/stills/attic", params=AT, content=JPEG, headers=gateway), 404),
        (await wall.put("/api/v1/stills/Not%20an%20id", params=AT, content=JPEG, headers=gateway), 422),
        (await wall.put(GATE, content=JPEG, headers=gateway), 422),
        (await wall.put(GATE, params=AT, content=JPEG, headers={**li, "Content-Type": "image/jpeg"}), 403),
    ]
    assert [answer.status_code for answer, _ in tries] == [status for _, status in tries]
    assert await StillFolder(Path("nowhere")).get(CameraKey(gateway="gw-1", id="gate")) is None
    assert (await wall.get("/api/v1/stills", headers=li)).json() == {"items": []}


async def test_of_another_place_no_picture_is_shown(station: Station, wall: httpx.AsyncClient) -> None:
    await wall.put(GATE, params=AT, content=JPEG, headers=await gateway_headers(station))
    for name, grid, sees in (("in", "grid-07", True), ("out", "grid-08", False)):
        account = Account(
            username=name, name=name, roles=frozenset({Role.OPERATOR}), grids=frozenset({grid}), password=PASSWORD
        )
        await add_person(station.store, PlainHasher(), account)
        headers = await headers_of(wall, name)
        assert len((await wall.get("/api/v1/stills", headers=headers)).json()["items"]) == sees
        shown = await wall.get("/api/v1/stills/gw-1/gate", headers=headers)
        assert shown.status_code == (200 if sees else 404)


async def test_it_is_told_for_how_long_a_camera_was_watched(station: Station, wall: httpx.AsyncClient) -> None:
    await gateway_headers(station)
    li = await headers_of(wall, "li")
    days = (
        Coverage(day=NOON.date() - timedelta(days=1), watching_min=1440),
        Coverage(day=NOON.date(), watching_min=700, blind_min={"stalled": 12, "covered": 3}),
    )
    gateway = SmallGateway()
    status = GatewayStatus.model_validate_json(gateway.is_online().payload)
    told = status.model_copy(update={"cameras": {"gate": CameraReport(coverage=days)}})
    await station.intake.take([gateway.says(told.to_json(), topic=gateway.topics.status)])
    cameras = {item["id"]: item for item in (await wall.get("/api/v1/cameras", headers=li)).json()["items"]}
    assert cameras["gate"]["coverage"] == {"day": "2026-11-22", "watching_min": 700, "blind_min": 15, "off_min": 0}
    assert cameras["corridor"]["coverage"] is None
