"""Floor plans: a picture of a place, cameras on it, and nothing of either told elsewhere."""

import io
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from PIL import Image

from integration.server.fleet import app_of
from integration.server.sign_in import headers_of
from lookout_contract.status import Sight
from lookout_server.adapters.photos import PillowCleaner
from lookout_server.api.deps import Deps
from lookout_server.domain.territory import Role
from lookout_server.services.accounts import Account, add_person
from lookout_server.services.plans import MAX_BYTES
from lookout_server.services.retention import Retention, expire_evidence
from lookout_server.testing import NOON, PASSWORD, PlainHasher, SmallGateway, Station

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

STANDING = {"x": 0.25, "y": 0.75, "heading": 90.0, "angle": 70.0, "reach": 0.2}
SEVEN = {"place": "grid-07", "name": "3号楼一层"}


@pytest.fixture
async def web(deps: Deps, station: Station) -> AsyncGenerator[httpx.AsyncClient]:
    """The application, with what decodes pictures; supervisors of both grids have accounts."""
    for username, grid in (("boss-07", "grid-07"), ("boss-08", "grid-08")):
        account = Account(
            username=username,
            name=username,
            roles=frozenset({Role.SUPERVISOR}),
            grids=frozenset({grid}),
            password=PASSWORD,
        )
        await add_person(station.store, PlainHasher(), account)
    await station.intake.take([SmallGateway().is_online(), SmallGateway().sees(Sight.WATCHING)])
    transport = httpx.ASGITransport(app=app_of(replace(deps, photos=PillowCleaner())))
    async with httpx.AsyncClient(transport=transport, base_url="http://lookout.test") as client:
        yield client


def drawing(size: tuple[int, int] = (300, 200)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, "PNG")
    return out.getvalue()


async def added(web: httpx.AsyncClient, headers: dict[str, str], **params: str) -> str:
    answer = await web.post("/api/v1/plans", params={**SEVEN, **params}, content=drawing(), headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def listed(web: httpx.AsyncClient, headers: dict[str, str]) -> list[dict[str, Any]]:
    return (await web.get("/api/v1/plans", headers=headers)).json()["items"]


async def test_a_camera_is_placed_moved_and_taken_off(web: httpx.AsyncClient) -> None:
    boss = await headers_of(web, "boss-07")
    plan = await added(web, boss)
    url = f"/api/v1/plans/{plan}/cameras/gw-1/gate"
    for heading, kept in ((90.0, 90.0), (360.0, 0.0)):
        answer = await web.put(url, json={**STANDING, "heading": heading}, headers=boss)
        assert answer.json() == {"gateway": "gw-1", "camera": "gate", **STANDING, "heading": kept}
    (shown,) = await listed(web, boss)
    assert (shown["name"], shown["place"]) == ("3号楼一层", {"id": "grid-07", "name": "第七网格"})
    assert [each["heading"] for each in shown["cameras"]] == [0.0]
    other = await added(web, boss, name="院子")
    await web.put(f"/api/v1/plans/{other}/cameras/gw-1/gate", json=STANDING, headers=boss)
    assert {each["name"]: len(each["cameras"]) for each in await listed(web, boss)} == {"3号楼一层": 0, "院子": 1}
    assert (await web.delete("/api/v1/plans/cameras/gw-1/gate", headers=boss)).status_code == 204
    assert [each["cameras"] for each in await listed(web, boss)] == [[], []]
    await web.put(url, json=STANDING, headers=boss)
    assert (await web.delete(f"/api/v1/plans/{plan}", headers=boss)).status_code == 204
    assert [each["name"] for each in await listed(web, boss)] == ["院子"]


async def test_the_picture_is_drawn_anew_and_does_not_expire(web: httpx.AsyncClient, station: Station) -> None:
    boss = await headers_of(web, "boss-07")
    plan = await added(web, boss)
    picture = await web.get(f"/api/v1/plans/{plan}/picture", headers=boss)
    with Image.open(io.BytesIO(picture.content)) as image:
        assert (image.format, image.size) == ("JPEG", (300, 200))
    later = NOON + timedelta(days=4000)
    assert await expire_evidence(station.store, station.files, Retention(), at=later) == 0
    await web.delete(f"/api/v1/plans/{plan}", headers=boss)
    assert await expire_evidence(station.store, station.files, Retention(), at=later) == 1


async def test_what_is_no_plan_is_refused_with_a_reason(web: httpx.AsyncClient) -> None:
    boss = await headers_of(web, "boss-07")
    tries = [
        (await web.post("/api/v1/plans", params=SEVEN, content=b"<svg/>", headers=boss), 415),
        (await web.post("/api/v1/plans", params=SEVEN, content=bytes(MAX_BYTES + 1), headers=boss), 413),
        (await web.post("/api/v1/plans", params={**SEVEN, "name": " "}, content=drawing(), headers=boss), 422),
        (await web.post("/api/v1/plans", params={**SEVEN, "place": "grid-08"}, content=drawing(), headers=boss), 404),
    ]
    assert [answer.status_code for answer, _ in tries] == [status for _, status in tries]
    url = f"/api/v1/plans/{await added(web, boss)}/cameras/gw-1/gate"
    for wrong in ({"x": 1.1}, {"y": -0.1}, {"heading": 361}, {"angle": 4}, {"reach": 0}):
        assert (await web.put(url, json={**STANDING, **wrong}, headers=boss)).status_code == 422


async def test_of_another_place_nothing_is_told_and_nothing_done(web: httpx.AsyncClient) -> None:
    boss, other, root = [await headers_of(web, name) for name in ("boss-07", "boss-08", "root")]
    plan = await added(web, boss)
    await web.put(f"/api/v1/plans/{plan}/cameras/gw-1/gate", json=STANDING, headers=boss)
    assert await listed(web, other) == []
    tries = [
        await web.get(f"/api/v1/plans/{plan}/picture", headers=other),
        await web.delete(f"/api/v1/plans/{plan}", headers=other),
        await web.put(f"/api/v1/plans/{plan}/cameras/gw-1/corridor", json=STANDING, headers=other),
        await web.put(f"/api/v1/plans/{plan}/cameras/gw-1/corridor", json=STANDING, headers=boss),
        await web.delete("/api/v1/plans/cameras/gw-1/gate", headers=other),
    ]
    assert [answer.status_code for answer in tries] == [404] * 5
    # On a plan of the whole community each sees their own cameras.
    whole = await added(web, root, place="kangle", name="全社区")
    await web.put(f"/api/v1/plans/{whole}/cameras/gw-1/corridor", json=STANDING, headers=root)
    assert {each["name"]: len(each["cameras"]) for each in await listed(web, root)} == {"3号楼一层": 1, "全社区": 1}
    assert [each["name"] for each in await listed(web, boss)] == ["3号楼一层"]
