"""三张清单: a need finds what meets it, the most fitting and nearest first."""

from typing import Any

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_server.testing import Station

pytestmark = pytest.mark.anyio


async def _ask(
    web: httpx.AsyncClient, username: str, path: str, body: dict[str, Any] | None = None, *, status: int = 200
) -> dict[str, Any]:
    headers = await headers_of(web, username)
    method = "GET" if body is None else "POST"
    answer = await web.request(method, f"/api/v1/three-lists{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def _add(web: httpx.AsyncClient, number: int, kind: str, grid: str, *tags: str, by: str = "li") -> str:
    body = {"id": f"l-{number:024x}", "kind": kind, "title": f"no. {number}", "grid": grid, "tags": tags}
    return (await _ask(web, by, "", body, status=201))["id"]


async def test_offers_are_ranked_by_what_fits_and_how_near_it_is(station: Station, web: httpx.AsyncClient) -> None:
    need = await _add(web, 1, "need", "grid-07", "轮椅", "护理", by="wang")
    far = await _add(web, 2, "resource", "grid-08", "轮椅")
    near = await _add(web, 3, "service", "grid-07", "护理")
    best = await _add(web, 4, "service", "grid-08", "护理", "轮椅")
    await _add(web, 5, "resource", "grid-07", "米")
    await _add(web, 6, "need", "grid-07", "轮椅")
    found = (await _ask(web, "li", f"/{need}/offers"))["items"]
    assert [(each["offer"]["id"], each["tags"], each["steps"]) for each in found] == [
        (best, ["护理", "轮椅"], 1),
        (near, ["护理"], 0),
        (far, ["轮椅"], 1),
    ]
    # A worker is offered what is in their own places.
    assert [each["offer"]["id"] for each in (await _ask(web, "wang", f"/{need}/offers"))["items"]] == [near]


async def test_a_need_is_met_once_and_the_offer_stays(station: Station, web: httpx.AsyncClient) -> None:
    need = await _add(web, 1, "need", "grid-07", "轮椅")
    offer = await _add(web, 2, "resource", "grid-07", "轮椅")
    assert (await _ask(web, "li", f"/{offer}/meet", {"offer": need}, status=422))["code"] == "invalid"
    await _ask(web, "wang", f"/{need}/meet", {"offer": offer}, status=403)
    assert (await _ask(web, "li", f"/{need}/meet", {"offer": offer}))["met_by"] == offer
    assert (await _ask(web, "li", f"/{need}/meet", {"offer": offer}, status=409))["code"] == "conflict"
    assert [each["id"] for each in (await _ask(web, "wang", ""))["items"]] == [offer]
    await _ask(web, "li", f"/{offer}/end", {})
    assert (await _ask(web, "li", ""))["items"] == []


async def test_lines_are_ones_own_places_and_sent_twice_kept_once(station: Station, web: httpx.AsyncClient) -> None:
    need = await _add(web, 1, "need", "grid-07", "轮椅", by="wang")
    assert await _add(web, 1, "need", "grid-07", "别的", by="wang") == need
    assert (await _ask(web, "wang", ""))["items"][0]["tags"] == ["轮椅"]
    body = {"kind": "need", "title": "x", "grid": "grid-08", "tags": ["x"]}
    await _ask(web, "wang", "", body, status=403)
    await _ask(web, "fire", "", body, status=403)
    assert (await _ask(web, "li", "", {**body, "grid": "nowhere"}, status=422))["code"] == "invalid"
    assert (await _ask(web, "zhang", "", {**body, "id": need, "grid": "grid-07"}, status=409))["code"] == "conflict"
    assert (await _ask(web, "chen", ""))["items"] == []
    await _ask(web, "chen", f"/{need}/offers", status=404)
