"""Care cases: shown to the cleared alone, and opened by two people."""

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_contract.events import Scenario
from lookout_server.domain.alarm import alarm_id
from lookout_server.domain.audit import Act
from lookout_server.domain.moves import Action
from lookout_server.domain.territory import Role
from lookout_server.ports import StoredFile
from lookout_server.services.accounts import Account, add_person
from lookout_server.services.handling import Order, dispatch
from lookout_server.services.housekeeping import warn_of_unseen_care
from lookout_server.services.reporting import report_alarm
from lookout_server.testing import (
    JPEG,
    NOON,
    PASSWORD,
    SITE,
    PlainHasher,
    SmallGateway,
    Station,
    anywhere,
    person,
    picture,
)

pytestmark = pytest.mark.anyio

SHA = picture().sha256
FILE = f"/api/v1/evidence/{SHA}"


async def _stock(station: Station) -> tuple[str, str]:
    """Two who are cleared, and a care alarm with a picture: ids of the alarm and of the case it becomes."""
    for name in ("carer", "second"):
        account = Account(username=name, name=name, roles=frozenset({Role.OPERATOR, Role.CARE}), password=PASSWORD)
        await add_person(station.store, PlainHasher(), account)
    gateway = SmallGateway(scenario=Scenario.CARE, evidence=(picture(),))
    await station.intake.take([gateway.sends("o-1")])
    async with station.store.write() as uow:
        file = StoredFile(sha256=SHA, mime="image/jpeg", bytes=len(JPEG))
        await uow.evidence.add(file, uploader="gateway:gw-1", at=NOON)
        await uow.commit()
    station.files.files[SHA] = JPEG
    return alarm_id("/site/kangle/gateway/gw-1", "o-1"), "c-20261122-0001"


async def _report(station: Station, alarm: str) -> None:
    carer = anywhere(person("carer", Role.OPERATOR, Role.CARE))
    await report_alarm(station.store, SITE, alarm, carer, at=NOON)


async def test_who_is_not_cleared_finds_no_care_anywhere(station: Station, web: httpx.AsyncClient) -> None:
    alarm, case = await _stock(station)
    li, carer = await headers_of(web, "li"), await headers_of(web, "carer")
    assert (await web.get(f"/api/v1/alarms/{alarm}", headers=carer)).status_code == 200
    assert (await web.get(FILE, headers=carer)).status_code == 200
    await _report(station, alarm)
    for headers, found in ((li, 0), (carer, 1)):
        assert len((await web.get("/api/v1/alarms", headers=headers)).json()["items"]) == found
        assert len((await web.get("/api/v1/cases", headers=headers)).json()["items"]) == found
        assert sum((await web.get("/api/v1/overview", headers=headers)).json()["cases"].values()) == found
        status = 200 if found else 404
        assert (await web.get(f"/api/v1/cases/{case}", headers=headers)).status_code == status
        assert (await web.get(f"/api/v1/alarms/{alarm}", headers=headers)).status_code == status
        # Once it is a case, its pictures are closed to the cleared as well.
        assert (await web.get(FILE, headers=headers)).status_code == 404
    async with station.store.read() as uow:
        assert [m.topic for m in await uow.outbox.pending(50) if "/case/" in m.topic] == []


async def test_a_second_person_opens_the_record_for_a_while(station: Station, web: httpx.AsyncClient) -> None:
    alarm, case = await _stock(station)
    await _report(station, alarm)
    carer, second, li = [await headers_of(web, name) for name in ("carer", "second", "li")]
    closed = (await web.get(f"/api/v1/cases/{case}", headers=carer)).json()
    assert (closed["opened"], closed["evidence"], closed["primary_alarm"]) == (False, [], None)
    assert all(line["data"] == {} for line in closed["history"])
    ask = {"reason": "家属询问", "minutes": 30}
    assert (await web.post(f"/api/v1/cases/{case}/views", json=ask, headers=li)).status_code == 404
    asked = await web.post(f"/api/v1/cases/{case}/views", json=ask, headers=carer)
    assert asked.status_code == 201, asked.text
    view = f"/api/v1/views/{asked.json()['id']}"
    own = await web.post(f"{view}/grant", headers=carer)
    assert (own.status_code, own.json()["code"]) == (403, "four_eyes")
    assert (await web.post(f"{view}/grant", headers=li)).status_code == 404
    told = (await web.get("/api/v1/notices", headers=second)).json()["items"]
    assert [notice["kind"] for notice in told] == ["care_asked"]
    assert [each["id"] for each in (await web.get("/api/v1/views", headers=second)).json()["items"]] == [view[-22:]]
    granted = await web.post(f"{view}/grant", headers=second)
    assert granted.json()["expires_at"] == "2026-11-22T04:30:00.000Z"
    opened = (await web.get(f"/api/v1/cases/{case}", headers=carer)).json()
    assert (opened["opened"], len(opened["evidence"])) == (True, 1)
    assert (await web.get(FILE, headers=carer)).status_code == 200
    # Open to the one who asked, and for as long as was asked.
    assert (await web.get(f"/api/v1/cases/{case}", headers=second)).json()["opened"] is False
    assert (await web.post(f"{view}/grant", headers=second)).status_code == 409
    station.clock.advance(30 * 60)
    assert (await web.get(f"/api/v1/cases/{case}", headers=carer)).json()["opened"] is False
    assert (await web.get(FILE, headers=carer)).status_code == 404
    async with station.store.read() as uow:
        acts = [kept.entry.act for kept in await uow.audit.after(0, 50) if kept.entry.subject == case]
    assert acts == [Act.CARE_ASKED, Act.CARE_GRANTED, Act.CARE_READ, Act.CARE_READ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_look_can_be_refused_and_closed_early(station: Station, web: httpx.AsyncClient) -> None:
    alarm, case = await _stock(station)
    await _report(station, alarm)
    carer, second = [await headers_of(web, name) for name in ("carer", "second")]
    for granted in (False, True):
        asked = await web.post(f"/api/v1/cases/{case}/views", json={"reason": "x"}, headers=carer)
        view = f"/api/v1/views/{asked.json()['id']}"
        if granted:
            assert (await web.post(f"{view}/grant", headers=second)).status_code == 200
        assert (await web.post(f"{view}/end", headers=second)).status_code == 200
        assert (await web.get(f"/api/v1/cases/{case}", headers=carer)).json()["opened"] is False
        assert (await web.post(f"{view}/grant", headers=second)).status_code == 409
        assert (await web.post(f"{view}/end", headers=second)).status_code == 409
    asked = await web.post(f"/api/v1/cases/{case}/views", json={"reason": "x"}, headers=carer)
    station.clock.advance(11 * 3600)
    second = await headers_of(web, "second")
    station.clock.advance(13.5 * 3600 - 11.5 * 3600)
    assert (await web.post(f"/api/v1/views/{asked.json()['id']}/grant", headers=second)).status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_whoever_is_sent_sees_all_of_it_until_it_is_settled(station: Station, web: httpx.AsyncClient) -> None:
    alarm, case = await _stock(station)
    await _report(station, alarm)
    wang = await headers_of(web, "wang")
    assert (await web.get(f"/api/v1/cases/{case}", headers=wang)).status_code == 404
    boss = anywhere(person("zhao", Role.SUPERVISOR, Role.CARE))
    order = Order(case_id=case, action=Action.DISPATCH, access=boss, version=1, at=NOON)
    await dispatch(station.store, SITE, order, "u-wang")
    assert (await web.get(f"/api/v1/cases/{case}", headers=wang)).json()["opened"] is True
    assert (await web.get(FILE, headers=wang)).status_code == 200
    carer = await headers_of(web, "carer")
    void = {"version": 2, "reason": "误报"}
    assert (await web.post(f"/api/v1/cases/{case}/void", json=void, headers=carer)).status_code == 200
    assert (await web.get(f"/api/v1/cases/{case}", headers=wang)).status_code == 404
    assert (await web.get(FILE, headers=wang)).status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_care_that_nobody_may_see_is_said_in_the_log(station: Station) -> None:
    assert not await warn_of_unseen_care(station.store, at=NOON)
    await station.intake.take([SmallGateway(scenario=Scenario.CARE).sends("o-1")])
    assert await warn_of_unseen_care(station.store, at=NOON)
    # A cleared worker is sent, and sees no alarms.
    for roles, unseen in (({Role.WORKER, Role.CARE}, True), ({Role.OPERATOR, Role.CARE}, False)):
        account = Account(username="carer", name="carer", roles=frozenset(roles))
        await add_person(station.store, PlainHasher(), account)
        assert await warn_of_unseen_care(station.store, at=NOON) is unseen


async def test_a_picture_of_care_is_not_carried_out_of_its_record_by_its_name(
    station: Station, web: httpx.AsyncClient
) -> None:
    alarm, _ = await _stock(station)
    carer, wang = await headers_of(web, "carer"), await headers_of(web, "wang")
    await _report(station, alarm)
    assert (await web.get(FILE, headers=carer)).status_code == 404
    note = {"kind": "visit", "words": "x", "grid": "grid-07", "photos": [SHA]}
    lift = {"id": "i-1", "kind": "lift", "title": "3号楼电梯", "grid": "grid-07", "every_days": 30}
    saved = await web.post(
        "/api/v1/inspections",
        json={**lift, "due_at": "2026-12-01T00:00:00Z"},
        headers=await headers_of(web, "zhao"),
    )
    assert saved.status_code == 200, saved.text
    seen = {"ok": False, "words": "x", "photos": [SHA]}
    for path, body, headers in (
        ("/api/v1/diary", note, carer),
        ("/api/v1/diary", note, wang),
        ("/api/v1/inspections/i-1/reports", seen, wang),
    ):
        named = await web.post(path, json=body, headers=headers)
        assert (named.status_code, named.json().get("code")) == (422, "evidence_missing"), named.text
    # Another one's garbage has nothing to do with it.
    other = await station.reported(SmallGateway(epoch="of-garbage", scenario=Scenario.GARBAGE), "o-2")
    order = Order(
        case_id=other, action=Action.DISPATCH, access=anywhere(person("li", Role.OPERATOR)), version=1, at=NOON
    )
    await dispatch(station.store, SITE, order, "u-wang")
    for step, version in (("accept", 2), ("arrive", 3)):
        moved = await web.post(f"/api/v1/cases/{other}/{step}", json={"version": version}, headers=wang)
        assert moved.status_code == 200, moved.text
    told = await web.post(f"/api/v1/cases/{other}/feedback", json={"version": 4, "photos": [SHA]}, headers=wang)
    assert (told.status_code, told.json()["code"]) == (422, "evidence_missing")
    for headers in (carer, wang):
        assert (await web.get(FILE, headers=headers)).status_code == 404
