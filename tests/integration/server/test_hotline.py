"""热线 12345: each call is a case once."""

from typing import Any

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_server.domain.territory import Role
from lookout_server.services.accounts import Account, add_person
from lookout_server.testing import PASSWORD, PlainHasher, Station

pytestmark = pytest.mark.anyio

CALL = {
    "number": "HF-1",
    "received_at": "2026-11-22T03:40:00Z",
    "kind": "blocked",
    "grid": "grid-07",
    "words": "消防通道被占",
}
TABLE = "工单号,受理时间,类型,网格,内容\n"
GOOD = TABLE + "HF-1,2026-11-22 11:40,blocked,第七网格,消防通道被占\nHF-2,2026-11-22 11:50,,grid-08,路灯不亮\n"


async def _import(web: httpx.AsyncClient, text: str, *, username: str = "li", query: str = "") -> httpx.Response:
    headers = {**await headers_of(web, username), "Content-Type": "text/csv"}
    return await web.post(f"/api/v1/hotline/import{query}", content=text.encode("gb18030"), headers=headers)


async def _cases(web: httpx.AsyncClient) -> list[dict[str, Any]]:
    return (await web.get("/api/v1/cases", headers=await headers_of(web, "li"))).json()["items"]


async def test_a_call_is_a_confirmed_case_once(station: Station, web: httpx.AsyncClient) -> None:
    li = await headers_of(web, "li")
    made = await web.post("/api/v1/hotline", json=CALL, headers=li)
    again = await web.post("/api/v1/hotline", json={**CALL, "words": "又来了"}, headers=li)
    assert (made.status_code, again.status_code, again.json()["case"]) == (201, 200, made.json()["case"])
    [case] = await _cases(web)
    assert (case["source"], case["state"], case["severity"]) == ("hotline", "confirmed", "yellow")
    detail = (await web.get(f"/api/v1/cases/{case['id']}", headers=li)).json()
    assert detail["history"][0]["note"] == "消防通道被占"
    assert detail["history"][0]["data"]["number"] == "HF-1"
    nowhere = await web.post("/api/v1/hotline", json={**CALL, "number": "HF-9", "grid": "nowhere"}, headers=li)
    assert nowhere.json()["code"] == "invalid"


async def test_a_table_is_tried_before_it_is_taken(station: Station, web: httpx.AsyncClient) -> None:
    await web.post("/api/v1/hotline", json=CALL, headers=await headers_of(web, "li"))
    tried = (await _import(web, GOOD, query="?dry_run=true")).json()
    assert (tried["created"], tried["known"], tried["wrong"]) == (1, 1, 0)
    assert [(line["line"], line["outcome"]) for line in tried["lines"]] == [(2, "known"), (3, "created")]
    assert len(await _cases(web)) == 1
    taken = (await _import(web, GOOD)).json()
    assert taken["lines"][1]["case"] == (await _cases(web))[0]["id"]
    assert (await _import(web, GOOD)).json()["known"] == 2
    assert len(await _cases(web)) == 2


async def test_with_a_wrong_line_nothing_is_taken(station: Station, web: httpx.AsyncClient) -> None:
    bad = GOOD + "HF-3,2026-11-22 11:50,,火星,什么\n"
    assert (await _import(web, bad, query="?dry_run=1")).json()["wrong"] == 1
    refused = await _import(web, bad)
    assert (refused.status_code, refused.json()["wrong"]) == (422, ["line 4: '火星' is no grid: write its id"])
    assert await _cases(web) == []
    assert (await _import(web, "a,b\n")).json()["code"] == "invalid"


async def test_calls_are_entered_for_ones_own_places(station: Station, web: httpx.AsyncClient) -> None:
    account = Account(
        username="op8", name="op8", roles=frozenset({Role.OPERATOR}), grids=frozenset({"grid-08"}), password=PASSWORD
    )
    await add_person(station.store, PlainHasher(), account)
    answer = await web.post("/api/v1/hotline", json=CALL, headers=await headers_of(web, "op8"))
    assert answer.status_code == 403
    refused = await _import(web, GOOD, username="op8")
    assert refused.json()["wrong"] == ["line 2: grid-07 is not among your places"]
