"""Alarms apart from cases, on both databases: taken up, late, quiet, flapping, and joining the case they belong to."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_contract.events import Phase, Scenario, Severity
from lookout_lab.events import EventForms
from lookout_server.adapters.database import alarms
from lookout_server.domain.alarm import Alarm, Disposition, alarm_id
from lookout_server.domain.moves import Action
from lookout_server.ports import AlarmFilter, CaseFilter, Incoming, Page
from lookout_server.services.timers import Timers
from lookout_server.testing import NOON, SITE, SmallGateway, Station, person

pytestmark = pytest.mark.anyio


async def _come(station: Station, gateway: SmallGateway, *occurrences: str, stage: str | None = None) -> list[Alarm]:
    gateway.at = station.clock.now()
    await station.intake.take([gateway.sends(name, stage=stage) for name in occurrences])
    names = [alarm_id(f"/site/{gateway.site}/gateway/{gateway.gateway}", name) for name in occurrences]
    async with station.store.read() as uow:
        found = await uow.alarms.get(names)
    return [found[name] for name in names]


async def _pass(station: Station, seconds: float) -> int:
    return await Timers(station.store, site=SITE, owner="one").act(station.clock.advance(seconds))


async def _told(station: Station, person: str) -> list[str]:
    async with station.store.read() as uow:
        return [notice.kind.value for notice in await uow.notices.of_person(person, 50)]


async def test_an_alarm_that_nobody_judges_is_told_on(station: Station) -> None:
    await _come(station, SmallGateway(), "o-1")
    assert await _pass(station, 299) == 0
    assert await _pass(station, 2) == 1
    assert (await _told(station, "u-li"), await _told(station, "u-zhao")) == (["alarm_late"], [])
    assert await _pass(station, 301) == 1
    assert await _told(station, "u-zhao") == ["alarm_late"]
    for _ in range(6):
        await _pass(station, 301)
    assert len(await _told(station, "u-zhao")) == 3


async def test_a_judged_alarm_is_left_alone(station: Station) -> None:
    await station.reported(SmallGateway(), "o-1")
    async with station.store.read() as uow:
        waiting = (await uow.deadlines.health(late_since=station.clock.now())).waiting
    assert waiting == 1
    await _pass(station, 301)
    assert "alarm_late" not in await _told(station, "u-li")


async def test_taking_an_alarm_up_holds_until_nothing_comes_of_it(station: Station, web: httpx.AsyncClient) -> None:
    li, zhao = await headers_of(web, "li"), await headers_of(web, "zhao")
    (alarm,) = await _come(station, SmallGateway(), "o-1")
    path = f"/api/v1/alarms/{alarm.id}"
    taken = (await web.post(f"{path}/acknowledge", headers=li)).json()
    assert (taken["standing"], taken["acknowledged_by"]) == ("acknowledged", "u-li")
    listed = (await web.get("/api/v1/alarms", headers=zhao)).json()["items"]
    names = {each["acknowledged_by_name"] for each in (taken, (await web.get(path, headers=zhao)).json(), *listed)}
    assert names == {person("li").name}
    assert (await web.post(f"{path}/acknowledge", headers=zhao)).status_code == 409
    await _pass(station, 301)
    assert await _told(station, "u-li") == []
    await _pass(station, 300)
    assert "alarm_dropped" in await _told(station, "u-li")
    assert (await web.get(path, headers=li)).json()["standing"] == "unacknowledged"
    assert (await web.post(f"{path}/acknowledge", headers=zhao)).status_code == 200
    assert (await web.post(f"{path}/unacknowledge", headers=zhao)).json()["acknowledged_by"] is None


async def _silence(web: httpx.AsyncClient, headers: dict[str, str], expected: int = 201, **part: Any) -> Any:
    body = {"reason": "施工", "ends_at": "2026-11-22T05:00:00Z", "gateway": "gw-1", "camera": "gate", **part}
    answer = await web.post("/api/v1/silences", json=body, headers=headers)
    assert answer.status_code == expected, answer.text
    return answer.json()


async def test_what_is_silenced_disturbs_nobody_until_it_ends(station: Station, web: httpx.AsyncClient) -> None:
    li, root = await headers_of(web, "li"), await headers_of(web, "root")
    silence = await _silence(web, li)
    (alarm,) = await _come(station, SmallGateway(), "o-1")
    shown = (await web.get(f"/api/v1/alarms/{alarm.id}", headers=li)).json()
    assert (shown["standing"], shown["silence"]) == ("shelved", silence["id"])
    await _pass(station, 301)
    assert await _told(station, "u-li") == []
    assert (await web.delete(f"/api/v1/silences/{silence['id']}", headers=root)).status_code == 204
    assert (await web.delete(f"/api/v1/silences/{silence['id']}", headers=root)).status_code == 404
    await _pass(station, 301)
    assert await _told(station, "u-li") == ["alarm_late"]


async def test_silences_are_owned_and_never_cover_fire(station: Station, web: httpx.AsyncClient) -> None:
    li, wang = await headers_of(web, "li"), await headers_of(web, "wang")
    zhao = await headers_of(web, "zhao")
    assert (await _silence(web, li, 422, scenario="fire_smoke"))["code"] == "invalid"
    assert (await _silence(web, li, 422, gateway=None, camera=None))["code"] == "invalid"
    assert (await _silence(web, wang, 403))["code"] == "forbidden"
    window = await _silence(web, zhao, kind="maintenance")
    assert (await web.delete(f"/api/v1/silences/{window['id']}", headers=li)).status_code == 403
    (fire,) = await _come(station, SmallGateway(scenario=Scenario.FIRE_SMOKE), "f-1", stage="pre_alarm")
    assert (await web.get(f"/api/v1/alarms/{fire.id}", headers=li)).json()["standing"] == "unacknowledged"
    (other,) = await _come(station, SmallGateway(epoch="second"), "o-1")
    assert (await web.get(f"/api/v1/alarms/{other.id}", headers=li)).json()["standing"] == "out_of_service"


async def _come_again(station: Station, times: int) -> None:
    """Alarms of one camera, ten seconds apart."""
    gateway = SmallGateway()
    for number in range(times):
        station.clock.advance(10)
        await _come(station, gateway, f"o-{number}")


async def test_an_alarm_that_comes_again_and_again_flaps(station: Station, web: httpx.AsyncClient) -> None:
    li = await headers_of(web, "li")
    await _come_again(station, 5)
    items = (await web.get("/api/v1/alarms", headers=li)).json()["items"]
    assert [(item["repeats"], item["flapping"]) for item in items] == [
        (5, True),
        (4, False),
        (3, False),
        (2, False),
        (1, False),
    ]


async def test_a_page_of_many_that_came_again_is_counted_whole(station: Station, web: httpx.AsyncClient) -> None:
    li = await headers_of(web, "li")
    await _come_again(station, 35)
    items = (await web.get("/api/v1/alarms?limit=100", headers=li)).json()["items"]
    assert [item["repeats"] for item in items] == list(range(35, 0, -1))


async def test_what_was_told_reads_the_same_whether_it_is_remembered_or_not(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = EventForms(SITE.id, "gw-1", "20261122t000000-a1b2")
    for topic, payload in (gateway.next(), gateway.next()):
        await station.intake.take([Incoming(topic=topic, payload=payload, received_at=station.clock.now())])
    async with station.store.read() as uow:
        (remembered,) = await uow.alarms.page(AlarmFilter(), Page())
    assert len(remembered.objects) == 2
    assert len(remembered.explain) == 4
    monkeypatch.setattr(alarms, "_SEEN", {})
    async with station.store.read() as uow:
        assert await uow.alarms.page(AlarmFilter(), Page()) == [remembered]


async def test_a_fire_seen_by_two_cameras_is_one_case(station: Station) -> None:
    gate = SmallGateway(scenario=Scenario.FIRE_SMOKE, severity=Severity.YELLOW)
    (first,) = await _come(station, gate, "f-1")
    station.clock.advance(60)
    again = SmallGateway(scenario=Scenario.FIRE_SMOKE, severity=Severity.RED, epoch="second")
    (second,) = await _come(station, again, "f-2")
    assert first.case_id == second.case_id
    assert second.disposition is Disposition.REPORTED
    async with station.store.read() as uow:
        (case,) = await uow.cases.page(CaseFilter(), Page())
        history = await uow.cases.history(case.id)
    assert (case.alarms, case.severity) == ((first.id, second.id), Severity.RED)
    assert [entry.action for entry in history] == [Action.REPORT, Action.JOIN, Action.RAISE]


async def test_what_comes_much_later_or_after_the_end_is_a_case_of_its_own(station: Station) -> None:
    (first,) = await _come(station, SmallGateway(scenario=Scenario.FIRE_SMOKE), "f-1")
    station.clock.advance(timedelta(minutes=31).total_seconds())
    (second,) = await _come(station, SmallGateway(scenario=Scenario.FIRE_SMOKE, epoch="second"), "f-2")
    assert None is not first.case_id != second.case_id is not None
    async with station.store.read() as uow:
        assert len(await uow.alarms.page(AlarmFilter(disposition=Disposition.REPORTED), Page())) == 2


async def test_warnings_are_what_was_told_of_lately_however_long_ago_it_began(station: Station) -> None:
    gateway = SmallGateway(severity=Severity.RED)
    names: dict[str, str] = {}
    for occurrence, began, told, goes_on in (
        ("goes-on", 90, 0, True),
        ("over", 20, 0, False),
        ("long-over", 20, 3, False),
        ("new", 0, 0, True),
    ):
        gateway.at = NOON - timedelta(days=began)
        await station.intake.take([gateway.sends(occurrence)])
        gateway.at = NOON - timedelta(days=told)
        await station.intake.take([gateway.sends(occurrence, Phase.UPDATE if goes_on else Phase.END)])
        names[alarm_id("/site/kangle/gateway/gw-1", occurrence)] = occurrence
    async with station.store.read() as uow:
        wanted = AlarmFilter(severity=Severity.RED, told_since=NOON - timedelta(days=1))
        found = await uow.alarms.page(wanted, Page(limit=10))
    assert [names[alarm.id] for alarm in found] == ["new", "over", "goes-on"]
