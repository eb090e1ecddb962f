"""我也看到了: who sees what is open at a place says so with one tap instead of reporting it again."""

from typing import Any

import httpx
import pytest

from integration.server.fleet import app_of
from integration.server.sign_in import headers_of
from lookout_contract.events import Severity
from lookout_server.app import Deps
from lookout_server.domain.case import Actor, Details, Request
from lookout_server.domain.moves import Action
from lookout_server.domain.moving import move
from lookout_server.domain.resident import ReportKind, handle_of, seen_id
from lookout_server.domain.territory import Role
from lookout_server.ports import FeedKind
from lookout_server.services.handling import keep_move
from lookout_server.services.residents import add_place, retire_place
from lookout_server.testing import NOON, SITE, Station, person

pytestmark = pytest.mark.anyio
PHONES = [f"phone-number-{number:04}" for number in range(40)]


async def _code(station: Station, name: str = "3号楼北侧") -> str:
    return (await add_place(station.store, "grid-07", name, None, at=NOON)).code


async def _report(web: httpx.AsyncClient, code: str, kind: str = "garbage") -> None:
    answer = await web.post(f"/api/v1/public/places/{code}/reports", data={"kind": kind, "words": "王芳家门口"})
    assert answer.status_code == 201, answer.text


async def _open(web: httpx.AsyncClient, code: str) -> list[dict[str, Any]]:
    return (await web.get(f"/api/v1/public/places/{code}")).json()["open_reports"]


async def _see(
    web: httpx.AsyncClient, code: str, handle: str, phone: str = PHONES[0], *, status: int = 200, verb: str = "seen"
) -> dict[str, Any]:
    answer = await web.post(f"/api/v1/public/places/{code}/{verb}", json={"handle": handle, "device": phone})
    assert answer.status_code == status, answer.text
    return answer.json()


async def _cases(web: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    items = (await web.get("/api/v1/cases", headers=await headers_of(web, "li"))).json()["items"]
    return {each["scene"]: each for each in items}


async def _void(station: Station, case_id: str) -> None:
    async with station.store.write() as uow:
        case = (await uow.cases.get([case_id], lock=True))[case_id]
        actor = Actor(person=person("li", Role.OPERATOR))
        details = Details(reason="查无此事")
        request = Request(
            action=Action.VOID, actor=actor, at=station.clock.now(), version=case.version, details=details
        )
        await keep_move(uow, SITE, case, *move(case, request))
        await uow.commit()


async def test_each_phone_counts_once_and_the_control_room_hears_of_it(
    station: Station, web: httpx.AsyncClient
) -> None:
    code = await _code(station)
    await _report(web, code)
    [before] = (await _cases(web)).values()
    [shown] = await _open(web, code)
    said = await _see(web, code, shown["handle"])
    assert said == {"seen_by": 1, "until": "2026-11-22T04:10:00.000Z"}
    station.clock.advance(60)
    assert await _see(web, code, shown["handle"]) == said
    assert (await _see(web, code.upper(), shown["handle"], PHONES[1]))["seen_by"] == 2

    [shown] = await _open(web, code)
    assert (shown["times"], shown["seen_by"]) == (1, 2)
    [case] = (await _cases(web)).values()
    detail = (await web.get(f"/api/v1/cases/{case['id']}", headers=await headers_of(web, "li"))).json()
    # A hint: whoever has the case open can still act on it, its history and its severity are as they were.
    assert (case["seen_by"], case["version"], case["severity"]) == (2, before["version"], Severity.BLUE)
    assert (detail["seen_by"], len(detail["history"])) == (2, 1)
    async with station.store.read() as uow:
        lines = [each for each in await uow.feed.after(0, 100) if each.change == "seen_too"]
    assert [(each.kind, each.subject) for each in lines] == [(FeedKind.CASE, case["id"])] * 2


async def test_what_is_kept_of_a_phone_neither_says_which_nor_joins_two_things(
    station: Station, web: httpx.AsyncClient
) -> None:
    code = await _code(station)
    for kind in ("garbage", "facility"):
        await _report(web, code, kind)
    for each in await _open(web, code):
        await _see(web, code, each["handle"])
    cases = (await web.get("/api/v1/cases", headers=await headers_of(web, "li"))).json()["items"]
    of_case = {each["topic"].removeprefix("report."): each["id"] for each in cases}
    ids = [seen_id(PHONES[0], code, ReportKind(kind), of_case[kind]) for kind in of_case]
    async with station.store.read() as uow:
        kept = await uow.residents.seen(ids)
    assert len({each.id for each in kept}) == 2
    assert PHONES[0] not in str(kept)
    assert not any(each["handle"] in f"{cases} {kept}" for each in await _open(web, code))


async def test_it_can_be_taken_back_for_ten_minutes(station: Station, web: httpx.AsyncClient) -> None:
    code = await _code(station)
    await _report(web, code)
    [shown] = await _open(web, code)
    handle = shown["handle"]
    for phone in PHONES[:2]:
        await _see(web, code, handle, phone)
    for _ in range(2):
        assert await _see(web, code, handle, verb="seen/take-back") == {"seen_by": 1, "until": None}
    station.clock.advance(601)
    refused = await _see(web, code, handle, PHONES[1], verb="seen/take-back", status=409)
    assert refused["code"] == "conflict"
    assert (await _see(web, code, handle))["seen_by"] == 2


async def test_a_handle_ends_with_its_case_and_works_at_its_own_place_alone(
    station: Station, web: httpx.AsyncClient
) -> None:
    code, other = await _code(station), await _code(station, "4号楼")
    await _report(web, code)
    [shown] = await _open(web, code)
    assert (await _see(web, other, shown["handle"], status=404))["code"] == "not_found"
    assert (await _see(web, code, "0" * 32, status=404))["code"] == "not_found"
    assert (await _see(web, code, "c-20261122-0001", status=422))["code"] == "invalid"
    assert (await _see(web, code, shown["handle"], "short", status=422))["code"] == "invalid"
    await _void(station, (await _cases(web))["3号楼北侧"]["id"])
    assert (await _see(web, code, shown["handle"], status=409))["code"] == "conflict"
    await retire_place(station.store, code, None, at=NOON)
    await _see(web, code, shown["handle"], status=404)


async def test_what_is_shown_to_nobody_has_no_handle_that_works(station: Station, web: httpx.AsyncClient) -> None:
    """Whoever reported it could make the handle of it from what they know; still nobody may count what others think."""
    code = await _code(station)
    await _report(web, code, "safety")
    assert await _open(web, code) == []
    async with station.store.read() as uow:
        [told] = await uow.residents.newest_at(code, NOON, 10)
    await _see(web, code, handle_of(told), status=404)


async def test_it_does_not_prolong_the_time_in_which_reports_are_one_case(
    station: Station, web: httpx.AsyncClient
) -> None:
    code = await _code(station)
    await _report(web, code)
    station.clock.advance(3600)
    [shown] = await _open(web, code)
    await _see(web, code, shown["handle"])
    station.clock.advance(3601)
    await _report(web, code)
    assert [each["seen_by"] for each in await _open(web, code)] == [0, 1]


async def test_the_count_goes_with_a_merge_and_comes_back_with_what_is_taken_apart(
    station: Station, web: httpx.AsyncClient
) -> None:
    code, other = await _code(station), await _code(station, "4号楼")
    for place, phones in ((code, PHONES[:2]), (other, PHONES[2:5])):
        await _report(web, place)
        [shown] = await _open(web, place)
        for phone in phones:
            await _see(web, place, shown["handle"], phone)
    [shown] = await _open(web, code)
    cases, li = await _cases(web), await headers_of(web, "li")
    gone, into = cases["3号楼北侧"], cases["4号楼"]
    body = {"version": gone["version"], "into": into["id"]}
    merged = await web.post(f"/api/v1/cases/{gone['id']}/merge", json=body, headers=li)
    assert merged.status_code == 200, merged.text
    assert {name: case["seen_by"] for name, case in (await _cases(web)).items()} == {"3号楼北侧": 2, "4号楼": 5}
    # The same handle goes on, and the same phone does not count anew.
    assert [each["handle"] for each in await _open(web, code)] == [shown["handle"]]
    assert (await _see(web, code, shown["handle"]))["seen_by"] == 2
    assert (await _see(web, code, shown["handle"], PHONES[9]))["seen_by"] == 3

    body = {"version": merged.json()["version"], "reason": "不是一回事"}
    reopened = await web.post(f"/api/v1/cases/{gone['id']}/reopen", json=body, headers=await headers_of(web, "zhao"))
    assert reopened.status_code == 200, reopened.text
    assert {name: case["seen_by"] for name, case in (await _cases(web)).items()} == {"3号楼北侧": 3, "4号楼": 3}


async def test_of_merged_cases_of_one_place_a_phone_that_saw_one_counts_once(
    station: Station, web: httpx.AsyncClient
) -> None:
    code = await _code(station)
    await _report(web, code)
    station.clock.advance(3 * 3600)
    await _report(web, code)
    newer, older = await _open(web, code)
    await _see(web, code, newer["handle"])
    items = (await web.get("/api/v1/cases", headers=await headers_of(web, "li"))).json()["items"]
    new, old = items
    body = {"version": new["version"], "into": old["id"]}
    assert (
        await web.post(f"/api/v1/cases/{new['id']}/merge", json=body, headers=await headers_of(web, "li"))
    ).status_code == 200
    [shown] = await _open(web, code)
    assert (shown["handle"], shown["seen_by"]) == (older["handle"], 1)
    assert (await _see(web, code, shown["handle"]))["seen_by"] == 1
    # By either handle.
    assert (await _see(web, code, newer["handle"]))["seen_by"] == 1
    assert (await _see(web, code, shown["handle"], verb="seen/take-back"))["seen_by"] == 0


@pytest.mark.one_dispatcher
async def test_taps_are_bounded_and_leave_reports_their_own(station: Station, deps: Deps) -> None:
    code = await _code(station)
    app = app_of(deps)
    transport = httpx.ASGITransport(app=app, client=("10.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://lookout.test") as web:
        await _report(web, code)
        [shown] = await _open(web, code)
        for phone in PHONES[:20]:
            await _see(web, code, shown["handle"], phone)
        await _see(web, code, shown["handle"], PHONES[20], status=429)
        [shown] = await _open(web, code)
        assert shown["seen_by"] == 20
        await _report(web, code, "facility")
