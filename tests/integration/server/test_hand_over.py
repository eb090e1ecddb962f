"""交接班: what one has in hand is the other's once both have signed."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario
from lookout_server.domain.audit import Act
from lookout_server.domain.case import SYSTEM
from lookout_server.domain.moving import opened
from lookout_server.domain.roster import Shift, ShiftKind
from lookout_server.domain.territory import Role
from lookout_server.testing import NOON, Station, a_case, person

pytestmark = pytest.mark.anyio
URL = "/api/v1/hand_overs"


async def _stock(station: Station) -> None:
    """wang has three cases in hand; one that waits for a check, and one that is over, are not among them."""
    states = (CaseState.DISPATCHED, CaseState.ON_SCENE, CaseState.SUSPENDED, CaseState.VERIFYING, CaseState.CLOSED)
    async with station.store.write() as uow:
        for number, state in enumerate(states, 1):
            case = a_case(state, number=number, handler="u-wang")
            await uow.cases.add(*opened(case, actor=SYSTEM, at=NOON, data={}))
        await uow.commit()


async def _handlers(station: Station) -> list[str | None]:
    ids = [f"c-20261122-{number:04d}" for number in range(1, 6)]
    async with station.store.read() as uow:
        found = await uow.cases.get(ids)
    return [found[name].handler for name in ids]


async def test_both_sign_and_the_cases_go_over(station: Station, web: httpx.AsyncClient) -> None:
    await _stock(station)
    wang, zhang = await headers_of(web, "wang"), await headers_of(web, "zhang")
    made = await web.post(URL, json={"to": "u-zhang", "note": "电表箱待物业"}, headers=wang)
    assert made.status_code == 201, made.text
    offered = made.json()
    assert (offered["state"], len(offered["cases"]), offered["taker"]["name"]) == ("offered", 3, "zhang")
    # Nothing has changed hands yet, and one cannot sign for the other.
    assert await _handlers(station) == ["u-wang"] * 5
    assert (await web.post(f"{URL}/{offered['id']}/sign", headers=wang)).json()["code"] == "four_eyes"
    assert (await web.post(URL, json={"to": "u-zhang"}, headers=wang)).status_code == 409
    told = (await web.get("/api/v1/notices", headers=zhang)).json()["items"]
    assert [notice["kind"] for notice in told] == ["hand_over"]
    # What was taken from wang meanwhile does not go over.
    li = await headers_of(web, "li")
    moved = {"version": 1, "worker": "u-chen"}
    assert (await web.post("/api/v1/cases/c-20261122-0001/dispatch", json=moved, headers=li)).status_code == 200
    signed = (await web.post(f"{URL}/{offered['id']}/sign", headers=zhang)).json()
    assert (signed["state"], signed["sha256"]) == ("signed", offered["sha256"])
    assert await _handlers(station) == ["u-chen", "u-zhang", "u-zhang", "u-wang", "u-wang"]
    assert (await web.post(f"{URL}/{offered['id']}/sign", headers=zhang)).status_code == 409
    detail = (await web.get("/api/v1/cases/c-20261122-0002", headers=zhang)).json()
    line = detail["history"][-1]
    assert (line["action"], line["actor"], line["data"]["from"]) == ("hand_over", None, "u-wang")
    assert detail["state"] == "on_scene"
    async with station.store.read() as uow:
        kept = [entry.entry for entry in await uow.audit.after(0, 50) if entry.entry.subject == offered["id"]]
    assert [(entry.act, entry.actor) for entry in kept] == [
        (Act.HAND_OVER_GIVEN, "u-wang"),
        (Act.HAND_OVER_TAKEN, "u-zhang"),
    ]
    assert {dict(entry.details or {})["sha256"] for entry in kept} == {offered["sha256"]}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_it_can_be_declined_and_lapses_after_a_day(station: Station, web: httpx.AsyncClient) -> None:
    await _stock(station)
    wang, zhang, chen = [await headers_of(web, name) for name in ("wang", "zhang", "chen")]
    first = (await web.post(URL, json={"to": "u-zhang"}, headers=wang)).json()
    # It is nobody else's business.
    assert (await web.post(f"{URL}/{first['id']}/sign", headers=chen)).status_code == 404
    assert (await web.get(URL, headers=chen)).json()["items"] == []
    declined = await web.post(f"{URL}/{first['id']}/decline", json={"reason": "人不在社区"}, headers=zhang)
    assert (declined.json()["state"], declined.json()["declined"]) == ("declined", "人不在社区")
    station.clock.advance(60)
    second = (await web.post(URL, json={"to": "u-zhang"}, headers=wang)).json()
    station.clock.advance(86_400)
    zhang = await headers_of(web, "zhang")
    assert (await web.post(f"{URL}/{second['id']}/sign", headers=zhang)).status_code == 409
    listed = (await web.get(URL, headers=zhang)).json()["items"]
    assert [each["state"] for each in listed] == ["lapsed", "declined"]
    assert await _handlers(station) == ["u-wang"] * 5
    zhao = await headers_of(web, "zhao")
    assert len((await web.get(URL, headers=zhao)).json()["items"]) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_those_who_go_and_the_control_room_hand_over_among_themselves(
    station: Station, web: httpx.AsyncClient
) -> None:
    wang, li, zhao = [await headers_of(web, name) for name in ("wang", "li", "zhao")]
    for wrong in ("u-wang", "u-li", "u-nobody"):
        assert (await web.post(URL, json={"to": wrong}, headers=wang)).status_code == 422, wrong
    for wrong in ("u-wang", "u-li"):
        assert (await web.post(URL, json={"to": wrong}, headers=li)).status_code == 422, wrong
    named = {
        name: {each["id"] for each in (await web.get(f"{URL}/colleagues", headers=headers)).json()["items"]}
        for name, headers in (("wang", wang), ("li", li), ("zhao", zhao))
    }
    assert "u-zhao" in named["li"]
    assert "u-li" in named["zhao"]
    assert not named["wang"] & (named["li"] | named["zhao"] | {"u-wang"})


async def test_colleagues_of_ones_own_place_come_before_those_beside_it_and_all_say_where_they_work(
    station: Station, web: httpx.AsyncClient
) -> None:
    async with station.store.write() as uow:
        await uow.people.save(person("aa", Role.WORKER, grids=frozenset({"grid-08"})))
        await uow.people.save(person("zz", Role.WORKER, grids=frozenset({"grid-07"})))
        await uow.commit()
    found = (await web.get(f"{URL}/colleagues", headers=await headers_of(web, "wang"))).json()["items"]
    told = [(each["id"], each["places"]) for each in found if each["id"] in {"u-aa", "u-zz"}]
    assert told == [("u-zz", ["第七网格"]), ("u-aa", ["第八网格"])]


async def test_nothing_is_handed_over_to_who_has_been_shut_out(station: Station, web: httpx.AsyncClient) -> None:
    headers = await headers_of(web, "wang")
    before = {each["id"] for each in (await web.get(f"{URL}/colleagues", headers=headers)).json()["items"]}
    shut_out = min(before)
    async with station.store.write() as uow:
        await uow.people.bar(shut_out, True)
        await uow.commit()
    after = {each["id"] for each in (await web.get(f"{URL}/colleagues", headers=headers)).json()["items"]}
    assert after == before - {shut_out}
    assert (await web.post(URL, json={"to": shut_out}, headers=headers)).status_code == 422


async def test_who_goes_and_decides_for_the_whole_site_can_take_over_from_who_goes(
    station: Station, web: httpx.AsyncClient
) -> None:
    both = person("he", Role.WORKER, Role.OPERATOR)
    async with station.store.write() as uow:
        await uow.people.save(both)
        await uow.commit()
    found = (await web.get(f"{URL}/colleagues", headers=await headers_of(web, "wang"))).json()["items"]
    assert [each["id"] for each in found].count(both.id) == 1


async def test_the_places_of_very_many_are_told_as_those_of_few(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with station.store.read() as uow:
        few = list(await uow.people.everyone())
        monkeypatch.setattr("lookout_server.adapters.database.people._ASKED_FOR", 2)
        many = list(await uow.people.everyone())
    assert len(few) > 2
    assert many == few
    assert any(person.grids for person in many)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_control_room_hands_over_what_waits_for_it(station: Station, web: httpx.AsyncClient) -> None:
    await _stock(station)
    async with station.store.write() as uow:
        for number, scenario in ((6, Scenario.GARBAGE), (7, Scenario.CARE)):
            case = replace(a_case(CaseState.CONFIRMED, number=number), scenario=scenario)
            await uow.cases.add(*opened(case, actor=SYSTEM, at=NOON, data={}))
        await uow.commit()
    li, zhao = await headers_of(web, "li"), await headers_of(web, "zhao")
    made = (await web.post(URL, json={"to": "u-zhao", "note": "东门失明，已报修"}, headers=li)).json()
    # One waits for a check and one to be sent; those on their way are their workers', and care is not for everybody.
    assert sorted(made["cases"]) == ["c-20261122-0004", "c-20261122-0006"]
    assert {each["number"]: each["state"] for each in made["shown"]} == {
        "20261122-0004": "verifying",
        "20261122-0006": "confirmed",
    }
    signed = (await web.post(f"{URL}/{made['id']}/sign", headers=zhao)).json()
    assert (signed["state"], signed["sha256"], len(signed["shown"])) == ("signed", made["sha256"], 2)
    assert await _handlers(station) == ["u-wang"] * 5
    (listed,) = (await web.get(URL, headers=zhao)).json()["items"]
    assert listed["note"] == "东门失明，已报修"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_is_on_duty_or_will_be_soonest_comes_first(station: Station, web: httpx.AsyncClient) -> None:
    async with station.store.write() as uow:
        for who, hours in (("zhang", 6), ("chen", -1)):
            starts = NOON + timedelta(hours=hours)
            ends = starts + timedelta(hours=8)
            shift = Shift(id=f"s-{who}", person=f"u-{who}", kind=ShiftKind.DUTY, starts_at=starts, ends_at=ends)
            await uow.roster.save_shifts([shift])
        await uow.commit()
    found = (await web.get(f"{URL}/colleagues", headers=await headers_of(web, "wang"))).json()["items"]
    assert [(each["id"], each["duty"]) for each in found][:2] == [("u-chen", "on"), ("u-zhang", "off")]
    assert (found[0]["begins_at"], found[1]["begins_at"]) == (None, "2026-11-22T10:00:00.000Z")
