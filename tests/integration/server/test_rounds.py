"""Rounds of workers: what they write down, what they inspect, and the cases that come of it."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_server.domain.territory import Role
from lookout_server.services.accounts import Account, add_person
from lookout_server.services.timers import Timers
from lookout_server.testing import JPEG, PASSWORD, SITE, PlainHasher, Station, picture

pytestmark = pytest.mark.anyio

SHA = picture().sha256
ENTRY = {"id": "d-" + "1" * 24, "kind": "visit", "words": "水管漏水"}
LIFT = {
    "id": "i-lift",
    "kind": "lift",
    "title": "3号楼电梯",
    "grid": "grid-07",
    "every_days": 30,
    "due_at": "2026-11-25T04:00:00Z",
    "checks": ["照明", "应急电话"],
}
REPORT = {"id": "r-" + "1" * 24, "ok": True}


async def _post(
    web: httpx.AsyncClient, username: str, path: str, body: dict[str, Any] | None = None, *, status: int = 201
) -> dict[str, Any]:
    answer = await web.post(f"/api/v1/{path}", json=body or {}, headers=await headers_of(web, username))
    assert answer.status_code == status, answer.text
    return answer.json()


async def _get(web: httpx.AsyncClient, username: str, path: str, *, status: int = 200) -> dict[str, Any]:
    answer = await web.get(f"/api/v1/{path}", headers=await headers_of(web, username))
    assert answer.status_code == status, answer.text
    return answer.json()


async def _photo(web: httpx.AsyncClient, username: str) -> None:
    headers = {**await headers_of(web, username), "Content-Type": "image/jpeg"}
    assert (await web.put(f"/api/v1/evidence/{SHA}", content=JPEG, headers=headers)).status_code == 201


async def _operator_of_grid_8(station: Station) -> None:
    account = Account(
        username="op8", name="op8", roles=frozenset({Role.OPERATOR}), grids=frozenset({"grid-08"}), password=PASSWORD
    )
    await add_person(station.store, PlainHasher(), account)


async def _notices(web: httpx.AsyncClient, username: str) -> list[str]:
    return [notice["kind"] for notice in (await _get(web, username, "notices"))["items"]]


async def test_what_a_phone_sends_twice_is_written_once(station: Station, web: httpx.AsyncClient) -> None:
    first = await _post(web, "wang", "diary", ENTRY)
    assert (first["grid"], first["person"], first["kind_zh"]) == ("grid-07", "u-wang", "入户走访")
    assert await _post(web, "wang", "diary", {**ENTRY, "words": "又发一次"}) == first
    assert (await _post(web, "zhang", "diary", ENTRY, status=409))["code"] == "conflict"
    assert (await _post(web, "wang", "diary", {**ENTRY, "id": "d-1"}, status=422))["code"] == "invalid"


async def test_everybody_reads_their_own_and_the_control_room_that_of_its_places(
    station: Station, web: httpx.AsyncClient
) -> None:
    await _operator_of_grid_8(station)
    mine = await _post(web, "wang", "diary", ENTRY)
    station.clock.advance(60)
    other = await _post(web, "zhang", "diary", {"kind": "patrol", "words": "一切正常"})
    seen = {name: [each["id"] for each in (await _get(web, name, "diary"))["items"]] for name in ("wang", "li", "op8")}
    assert seen == {"wang": [mine["id"]], "li": [other["id"], mine["id"]], "op8": []}
    assert (await _get(web, "wang", "diary?person=u-zhang"))["items"] == []
    assert (await _get(web, "li", "diary?person=u-zhang"))["items"] == [other]
    assert (await _get(web, "li", "diary?day=2026-11-21"))["items"] == []
    page = await _get(web, "li", "diary?limit=1")
    rest = await _get(web, "li", f"diary?limit=1&cursor={page['next_cursor']}")
    assert [page["items"][0]["id"], rest["items"][0]["id"]] == [other["id"], mine["id"]]


@pytest.mark.parametrize(
    ("username", "body", "status"),
    [
        ("wang", {"grid": "grid-08"}, 403),
        ("li", {}, 422),
        ("li", {"grid": "nowhere"}, 422),
        ("fire", {}, 422),
        ("wang", {"photos": ["0" * 64]}, 422),
    ],
)
async def test_entries_are_about_ones_own_places(
    station: Station, web: httpx.AsyncClient, username: str, body: dict[str, Any], status: int
) -> None:
    await _post(web, username, "diary", {**ENTRY, **body}, status=status)


async def test_an_entry_becomes_a_case_with_its_words_and_pictures(station: Station, web: httpx.AsyncClient) -> None:
    await _operator_of_grid_8(station)
    await _photo(web, "wang")
    entry = await _post(web, "wang", "diary", {**ENTRY, "photos": [SHA]})
    for username, status in (("li", 200), ("wang", 200), ("zhang", 404), ("op8", 404)):
        answer = await web.get(f"/api/v1/evidence/{SHA}", headers=await headers_of(web, username))
        assert answer.status_code == status, username
    path, body = f"diary/{entry['id']}/case", {"kind": "facility"}
    for username in ("zhang", "op8"):
        await _post(web, username, path, body, status=404)
    made = await _post(web, "wang", path, body, status=200)
    assert await _post(web, "li", path, {"kind": "other"}, status=200) == made
    case = await _get(web, "li", f"cases/{made['case']}")
    assert (case["source"], case["state"], case["severity"]) == ("patrol", "new", "blue")
    assert (case["history"][0]["note"], case["history"][0]["actor"]["id"]) == ("水管漏水", "u-wang")
    assert [(file["sha256"], file["stage"]) for file in case["evidence"]] == [(SHA, "before")]
    assert await _notices(web, "li") == ["reported"]
    # The grid's other worker sees the case, and its picture with it.
    assert (await web.get(f"/api/v1/evidence/{SHA}", headers=await headers_of(web, "zhang"))).status_code == 200


async def test_a_day_is_rolled_up_by_the_sites_clock(station: Station, web: httpx.AsyncClient) -> None:
    await _operator_of_grid_8(station)
    entry = await _post(web, "wang", "diary", ENTRY)
    await _post(web, "wang", f"diary/{entry['id']}/case", {"kind": "facility"}, status=200)
    # 16:00 UTC is midnight in Shanghai.
    station.clock.advance(12 * 3600)
    await _post(web, "wang", "diary", {"kind": "patrol", "words": "夜间巡查"})
    rolled = await _get(web, "li", "diary/rollup?day=2026-11-22")
    assert (rolled["entries"], rolled["cases"]) == (1, 1)
    assert [(day["person"]["id"], day["kinds"]) for day in rolled["people"]] == [("u-wang", {"visit": 1})]
    assert [person["id"] for person in rolled["silent"]] == ["u-chen", "u-zhang"]
    assert (await _get(web, "li", "diary/rollup"))["day"] == "2026-11-23"
    assert [each["id"] for each in (await _get(web, "op8", "diary/rollup"))["silent"]] == ["u-chen"]
    await _get(web, "wang", "diary/rollup", status=403)
    assert (await _get(web, "li", "diary/rollup?day=0001-01-01", status=422))["code"] == "invalid"


async def _act(station: Station, at: str) -> int:
    station.clock.at = datetime.fromisoformat(at)
    return await Timers(station.store, site=SITE, owner="t").act(station.clock.now())


async def test_an_inspection_reminds_is_late_and_starts_again(station: Station, web: httpx.AsyncClient) -> None:
    await _post(web, "zhao", "inspections", LIFT, status=200)
    assert await _act(station, "2026-11-24T03:59:00+00:00") == 0
    assert await _act(station, "2026-11-24T04:00:00+00:00") == 1
    assert (await _notices(web, "wang"), await _notices(web, "chen")) == (["inspection_due"], [])
    assert await _act(station, "2026-11-25T04:00:01+00:00") == 1
    assert await _notices(web, "wang") == ["inspection_late", "inspection_due"]
    assert await _notices(web, "zhao") == ["inspection_late"]
    assert [each["late"] for each in (await _get(web, "wang", "inspections"))["items"]] == [True]
    assert await _act(station, "2026-11-26T04:00:02+00:00") == 1

    told = await _post(web, "wang", "inspections/i-lift/reports", REPORT)
    assert (told["late"], told["case"]) == (True, None)
    assert await _post(web, "wang", "inspections/i-lift/reports", REPORT) == told
    [again] = (await _get(web, "li", "inspections"))["items"]
    assert (again["late"], again["due_at"]) == (False, "2026-12-26T04:00:02.000Z")
    assert await _act(station, "2026-12-25T04:00:01+00:00") == 0
    assert await _act(station, "2026-12-25T04:00:02+00:00") == 1


async def test_a_problem_that_was_found_is_a_case(station: Station, web: httpx.AsyncClient) -> None:
    await _post(web, "zhao", "inspections", {**LIFT, "kind": "charging", "assignee": "u-chen"}, status=200)
    await _photo(web, "wang")
    found = {"id": REPORT["id"], "ok": False, "words": "无人接听", "failed": ["应急电话"], "photos": [SHA]}
    told = await _post(web, "wang", "inspections/i-lift/reports", found)
    case = await _get(web, "li", f"cases/{told['case']}")
    assert (case["source"], case["scenario"], case["history"][0]["note"]) == (
        "inspection",
        "corridor_ebike",
        "无人接听；应急电话",
    )
    assert [file["sha256"] for file in case["evidence"]] == [SHA]
    listed = (await _get(web, "chen", "inspections/i-lift/reports"))["items"]
    assert listed == [told]


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ({"ok": False}, "invalid"),
        ({"ok": True, "failed": ["照明"]}, "invalid"),
        ({"ok": False, "failed": ["轮子"]}, "invalid"),
        ({"ok": False, "words": "x", "photos": ["0" * 64]}, "evidence_missing"),
    ],
)
async def test_what_cannot_be_was_not_found(
    station: Station, web: httpx.AsyncClient, found: dict[str, Any], code: str
) -> None:
    await _post(web, "zhao", "inspections", LIFT, status=200)
    assert (await _post(web, "wang", "inspections/i-lift/reports", found, status=422))["code"] == code
    assert (await _get(web, "wang", "inspections/i-lift/reports"))["items"] == []


async def test_inspections_are_planned_changed_and_ended_by_supervisors(
    station: Station, web: httpx.AsyncClient
) -> None:
    await _post(web, "wang", "inspections", LIFT, status=403)
    await _post(web, "zhao", "inspections", LIFT, status=200)
    await _post(web, "wang", "inspections/i-lift/reports", REPORT)
    changed = await _post(web, "zhao", "inspections", {**LIFT, "title": "4号楼电梯"}, status=200)
    assert (changed["title"], changed["last_done_at"]) == ("4号楼电梯", "2026-11-22T04:00:00.000Z")
    assert (await _post(web, "zhao", "inspections", {**LIFT, "assignee": "u-nobody"}, status=422))["code"] == "invalid"
    await _get(web, "chen", "inspections/i-lift/reports", status=404)
    await _post(web, "zhao", "inspections/i-lift/end", status=200)
    assert (await _get(web, "wang", "inspections"))["items"] == []
    await _post(web, "wang", "inspections/i-lift/reports", {"ok": True}, status=409)
    assert await _act(station, "2027-11-26T04:00:02+00:00") == 0


async def test_only_the_cleared_and_who_goes_know_of_care_visits(station: Station, web: httpx.AsyncClient) -> None:
    account = Account(username="carer", name="carer", roles=frozenset({Role.SUPERVISOR, Role.CARE}), password=PASSWORD)
    await add_person(station.store, PlainHasher(), account)
    visit = {**LIFT, "id": "i-visit", "kind": "care", "title": "陈奶奶 3号楼", "checks": [], "assignee": "u-wang"}
    await _post(web, "zhao", "inspections", visit, status=403)
    assert (await _post(web, "carer", "inspections", {**visit, "assignee": None}, status=422))["code"] == "invalid"
    await _post(web, "carer", "inspections", visit, status=200)
    assert (await _post(web, "carer", "inspections", {**visit, "kind": "lift"}, status=422))["code"] == "invalid"
    await _post(web, "zhao", "inspections", {**visit, "kind": "lift"}, status=403)

    # Neither who nor where leaves the application, and nobody else hears of it when it is late.
    assert await _act(station, "2026-11-25T04:00:01+00:00") == 2
    for username, told in (
        ("wang", ["关爱走访"] * 2),
        ("carer", ["关爱走访"]),
        ("zhang", []),
        ("zhao", []),
        ("li", []),
    ):
        titles = [notice["text_zh"] for notice in (await _get(web, username, "notices"))["items"]]
        assert [word in title for word, title in zip(told, titles, strict=True)] == [True] * len(told), titles
        assert not any("陈奶奶" in title for title in titles)
    found = {"ok": False, "words": "摔倒了，已送医", "photos": ["0" * 64]}
    assert (await _post(web, "wang", "inspections/i-visit/reports", found, status=422))["code"] == "invalid"
    told = await _post(web, "wang", "inspections/i-visit/reports", {**found, "photos": []})
    for username, status in (("carer", 200), ("wang", 200), ("zhang", 404), ("zhao", 404), ("root", 404)):
        await _get(web, username, "inspections/i-visit/reports", status=status)
        listed = (await _get(web, username, "inspections"))["items"]
        assert len(listed) == (1 if status == 200 else 0), username
    case = await _get(web, "carer", f"cases/{told['case']}")
    assert (case["scenario"], case["severity"], case["source"]) == ("care", "yellow", "inspection")
    # What was found is read once a second person has opened it.
    assert case["history"][0]["note"] is None
    await _get(web, "zhao", f"cases/{told['case']}", status=404)
    async with station.store.read() as uow:
        reads = [kept.entry for kept in await uow.audit.after(0, 100) if kept.entry.subject == "i-visit"]
    assert {entry.actor for entry in reads} == {"u-carer", "u-wang"}
