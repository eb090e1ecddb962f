"""Where people are: shared by themselves, shown to nobody, forgotten after minutes; the nearest goes."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_server.domain.territory import CameraKey, Role
from lookout_server.domain.whereabouts import Spot
from lookout_server.services.accounts import Account, add_person
from lookout_server.services.whereabouts import forget_old
from lookout_server.testing import PASSWORD, PlainHasher, SmallGateway, Station

pytestmark = pytest.mark.anyio

GATE = Spot(lat=31.8639, lon=117.2808)


async def _stock(station: Station) -> str:
    """A case at a gate whose place is known, and a second worker of its grid; the case's id."""
    ma = Account(
        username="ma", name="a-ma", roles=frozenset({Role.WORKER}), grids=frozenset({"grid-07"}), password=PASSWORD
    )
    await add_person(station.store, PlainHasher(), ma)
    async with station.store.write() as uow:
        (gate,) = (await uow.territory.cameras([CameraKey(gateway="gw-1", id="gate")])).values()
        await uow.territory.save_cameras([replace(gate, spot=GATE)])
        await uow.commit()
    return await station.reported(SmallGateway(), "o-1")


async def _candidates(web: httpx.AsyncClient, case_id: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    return (await web.get(f"/api/v1/cases/{case_id}/candidates", headers=headers)).json()["items"]


async def test_the_nearest_goes_and_the_position_is_forgotten(station: Station, web: httpx.AsyncClient) -> None:
    case_id = await _stock(station)
    operator, wang = await headers_of(web, "li"), await headers_of(web, "wang")
    first = [one["user"]["id"] for one in await _candidates(web, case_id, operator)]
    assert first[0] == "u-ma"  # as much in hand: by name
    place = {"lat": 31.8650, "lon": 117.2810, "accuracy_m": 8.0}
    shared = await web.put("/api/v1/position", json=place, headers=wang)
    assert (shared.status_code, shared.json()["until"]) == (200, "2026-11-22T04:10:00.000Z")
    best = (await _candidates(web, case_id, operator))[0]
    assert best["user"]["id"] == "u-wang"
    assert {"code": "near", "text_zh": "距现场约 100 米", "text_en": "About 100 m away"} in best["reasons"]
    # The place itself is in no answer that anybody else gets.
    for path in ("/people", f"/cases/{case_id}/candidates", "/audit"):
        assert "31.865" not in (await web.get(f"/api/v1{path}", headers=operator)).text
    station.clock.advance(601)
    assert [one["user"]["id"] for one in await _candidates(web, case_id, operator)] == first
    assert await forget_old(station.store, at=station.clock.now()) == 1


async def test_sharing_ends_at_once_and_both_are_in_the_log(station: Station, web: httpx.AsyncClient) -> None:
    wang, li = await headers_of(web, "wang"), await headers_of(web, "li")
    for _ in range(2):
        assert (await web.put("/api/v1/position", json={"lat": 1, "lon": 1}, headers=wang)).status_code == 200
    for _ in range(2):
        assert (await web.delete("/api/v1/position", headers=wang)).status_code == 204
    assert await forget_old(station.store, at=station.clock.advance(3600)) == 0
    refused = await web.put("/api/v1/position", json={"lat": 1, "lon": 1}, headers=li)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    async with station.store.read() as uow:
        acts = [kept.entry.act.value for kept in await uow.audit.after(0, 100)]
    assert [act for act in acts if act.startswith("position")] == ["position.shared", "position.forgotten"]
