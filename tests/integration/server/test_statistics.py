"""Statistics over what the database holds, of what the asking person may see."""

import csv
import io
from datetime import date
from typing import Any

import httpx
import pytest

from integration.server.sign_in import headers_of
from integration.server.turns import turns_during
from lookout_contract.events import Scenario, Severity
from lookout_server.domain.alarm import DismissReason, alarm_id
from lookout_server.domain.case import SYSTEM, Source
from lookout_server.domain.territory import Role
from lookout_server.services.accounts import Account, add_person
from lookout_server.services.judging import Judgement, dismiss
from lookout_server.services.opening import Told, open_told
from lookout_server.services.statistics import span_of, statistics
from lookout_server.services.timers import Timers
from lookout_server.testing import NOON, PASSWORD, SITE, PlainHasher, SmallGateway, Station, anywhere, person

pytestmark = pytest.mark.anyio

OPERATOR = anywhere(person("li", Role.OPERATOR))
SPAN = "first=2026-11-22&last=2026-11-22"


async def _account(station: Station, username: str, *roles: Role, grid: str | None = None) -> None:
    grids = frozenset({grid} if grid else ())
    account = Account(username=username, name=username, roles=frozenset(roles), grids=grids, password=PASSWORD)
    await add_person(station.store, PlainHasher(), account)


async def _alarm(station: Station, gateway: SmallGateway, occurrence: str) -> str:
    gateway.at = station.clock.now()
    await station.intake.take([gateway.sends(occurrence)])
    return alarm_id(f"/site/{SITE.id}/gateway/{gateway.gateway}", occurrence)


async def _dismissed(station: Station, gateway: SmallGateway, occurrence: str, reason: DismissReason) -> None:
    name = await _alarm(station, gateway, occurrence)
    await dismiss(
        station.store, SITE, name, OPERATOR, Judgement(reason=reason, note="一辆熟车"), at=station.clock.now()
    )


async def _figures(
    web: httpx.AsyncClient, username: str = "li", query: str = SPAN, *, status: int = 200
) -> dict[str, Any]:
    answer = await web.get(f"/api/v1/statistics?{query}", headers=await headers_of(web, username))
    assert answer.status_code == status, answer.text
    return answer.json()


async def _post(web: httpx.AsyncClient, username: str, case_id: str, verb: str, **body: Any) -> None:
    headers = await headers_of(web, username)
    case = (await web.get(f"/api/v1/cases/{case_id}", headers=headers)).json()
    answer = await web.post(
        f"/api/v1/cases/{case_id}/{verb}", json={"version": case["version"], **body}, headers=headers
    )
    assert answer.status_code == 200, answer.text


async def _told_by_a_resident(station: Station) -> str:
    told = Told(
        source=Source.RESIDENT,
        topic="report.garbage",
        scene="3号楼北侧",
        words="建筑垃圾",
        severity=Severity.BLUE,
        grid="grid-07",
        actor=SYSTEM,
    )
    async with station.store.write() as uow:
        case = await open_told(uow, SITE, told, at=station.clock.now())
        await uow.commit()
    return case.id


async def _some_work(station: Station, web: httpx.AsyncClient) -> str:
    """An alarm that came at noon, was reported after 20 s, dispatched after 30 s, and seen to after 90 s."""
    gateway = SmallGateway()
    await _alarm(station, gateway, "o-1")
    station.clock.advance(20)
    reported = f"/api/v1/alarms/{alarm_id(f'/site/{SITE.id}/gateway/gw-1', 'o-1')}/report"
    case = (await web.post(reported, json={}, headers=await headers_of(web, "li"))).json()
    station.clock.advance(10)
    await _post(web, "li", case["id"], "dispatch", worker="u-wang")
    await _post(web, "wang", case["id"], "accept")
    station.clock.advance(60)
    await _post(web, "wang", case["id"], "arrive")
    return case["id"]


async def test_times_work_and_false_alarms(station: Station, web: httpx.AsyncClient) -> None:
    await _some_work(station, web)
    gate, corridor = SmallGateway(), SmallGateway(camera="corridor", scenario=Scenario.CORRIDOR_EBIKE)
    gate.sequence, corridor.sequence = 1, 20
    await _dismissed(station, gate, "o-2", DismissReason.FALSE_ALARM)
    await _dismissed(station, gate, "o-3", DismissReason.DUPLICATE)
    # A test is no alarm, however it came here.
    await _dismissed(station, gate, "o-4", DismissReason.TEST)
    await _alarm(station, corridor, "o-5")

    found = await _figures(web)
    assert {each["step"]: each["p50_s"] for each in found["times"] if each["severity"] is None} == {
        "confirm": 20.0,
        "dispatch": 30.0,
        "on_scene": 90.0,
    }
    assert found["alarms"] == {
        "total": 4,
        "real": 1,
        "false": 1,
        "duplicate": 1,
        "other": 0,
        "open": 1,
        "false_rate": 0.5,
    }
    rates = {(each["camera"]["name"], each["scenario"]): each["alarms"]["false_rate"] for each in found["cameras"]}
    assert rates == {("东门", "unfamiliar_vehicle"): 0.5, ("2单元楼道", "corridor_ebike"): None}
    [grid], [worker], [day] = found["grids"], found["people"], found["days"]
    assert (grid["grid"]["name"], grid["cases"]["opened"], grid["cases"]["open"]) == ("第七网格", 1, 1)
    assert (worker["person"]["id"], worker["way_there_p50_s"]) == ("u-wang", 60.0)
    assert (day["day"], day["cases"]["opened"], day["alarms"]["total"]) == ("2026-11-22", 1, 4)
    assert found["sources"] == [{"source": "camera", "cases": found["cases"]}]


async def test_a_confirmation_that_was_taken_back_is_none(station: Station, web: httpx.AsyncClient) -> None:
    case_id = await _told_by_a_resident(station)
    station.clock.advance(20)
    await _post(web, "li", case_id, "confirm")
    station.clock.advance(10)
    await _post(web, "li", case_id, "take_back")
    assert (await _figures(web))["times"] == []
    station.clock.advance(10)
    await _post(web, "li", case_id, "confirm")
    times = (await _figures(web))["times"]
    assert {(each["step"], each["p50_s"]) for each in times} == {("confirm", 40.0)}


async def test_days_are_the_sites_and_what_is_outside_does_not_count(station: Station, web: httpx.AsyncClient) -> None:
    # 15:59 UTC is 23:59 in Shanghai; a minute later it is the next day there.
    station.clock.at = NOON.replace(hour=15, minute=59)
    gateway = SmallGateway()
    await station.reported(gateway, "o-1")
    station.clock.advance(60)
    await station.reported(gateway, "o-2")
    station.clock.advance(86400)
    found = await _figures(web, query="first=2026-11-22&last=2026-11-23")
    assert [(day["day"], day["cases"]["opened"]) for day in found["days"]] == [("2026-11-22", 1), ("2026-11-23", 1)]
    assert (await _figures(web, query="first=2026-11-24&last=2026-11-24"))["cases"]["opened"] == 0
    # Left out: the last thirty days up to today, which is the 24th.
    usual = await _figures(web, query="")
    assert (usual["first"], usual["last"], usual["cases"]["opened"]) == ("2026-10-26", "2026-11-24", 2)


async def test_a_passed_limit_is_late_also_when_it_went_well_after(station: Station, web: httpx.AsyncClient) -> None:
    case_id = await station.reported(SmallGateway(severity=Severity.RED), "o-1")
    await _post(web, "li", case_id, "dispatch", worker="u-wang")
    before = await _figures(web)
    assert (before["cases"]["late"], before["cases"]["open"]) == (0, 1)
    station.clock.advance(3600)
    assert await Timers(station.store, site=SITE, owner="t").act(station.clock.now()) == 1
    found = await _figures(web)
    assert (found["cases"]["late"], found["cases"]["in_time_share"]) == (1, None)


async def test_a_void_case_makes_its_alarm_false(station: Station, web: httpx.AsyncClient) -> None:
    case_id = await station.reported(SmallGateway(), "o-1")
    await _post(web, "li", case_id, "void", reason="访客")
    found = await _figures(web)
    assert (found["cases"]["void"], found["cases"]["done"], found["alarms"]["false_rate"]) == (1, 0, 1.0)
    assert found["times"] == []


async def test_everybody_counts_their_own_places_and_care_is_for_the_cleared(
    station: Station, web: httpx.AsyncClient
) -> None:
    await _account(station, "operator-8", Role.OPERATOR, grid="grid-08")
    await _account(station, "carer", Role.SUPERVISOR, Role.CARE)
    await station.reported(SmallGateway(), "o-1")
    care = SmallGateway(camera="corridor", scenario=Scenario.CARE)
    care.sequence, care.at = 1, station.clock.now()
    await station.intake.take([care.sends("o-2")])

    def told(found: dict[str, Any]) -> tuple[int, int, list[str]]:
        return found["cases"]["opened"], found["alarms"]["total"], [each["scenario"] for each in found["cameras"]]

    assert told(await _figures(web)) == (1, 1, ["unfamiliar_vehicle"])
    assert told(await _figures(web, "operator-8")) == (0, 0, [])
    assert sorted(told(await _figures(web, "carer"))[2]) == ["care", "unfamiliar_vehicle"]
    assert told(await _figures(web, "carer", SPAN + "&place=grid-08")) == (0, 1, ["care"])
    assert told(await _figures(web, "li", SPAN + "&place=kangle")) == (1, 1, ["unfamiliar_vehicle"])
    assert (await _figures(web, "li", SPAN + "&place=kangle"))["place"]["name"] == "康乐南路社区"
    for username, place in (("operator-8", "grid-07"), ("li", "nowhere")):
        assert (await _figures(web, username, f"{SPAN}&place={place}", status=404))["code"] == "not_found"


@pytest.mark.parametrize(
    "query", ["first=2026-11-23&last=2026-11-22", "first=2025-01-01&last=2026-11-22", "last=0001-01-02"]
)
async def test_spans_that_are_none_are_refused(station: Station, web: httpx.AsyncClient, query: str) -> None:
    assert (await _figures(web, query=query, status=422))["code"] == "invalid"


async def test_tables_come_as_csv_that_a_spreadsheet_takes(station: Station, web: httpx.AsyncClient) -> None:
    await _account(station, "wang", Role.WORKER, grid="grid-07")
    account = Account(
        username="wang", name="=HYPERLINK(1)", roles=frozenset({Role.WORKER}), grids=frozenset({"grid-07"})
    )
    await add_person(station.store, PlainHasher(), account)
    await _some_work(station, web)
    headers = await headers_of(web, "li")
    rows: dict[str, list[dict[str, str]]] = {}
    for table in ("times", "cameras", "grids", "people", "days"):
        answer = await web.get(f"/api/v1/statistics/{table}.csv?{SPAN}", headers=headers)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert f"lookout-{table}-2026-11-22-2026-11-22.csv" in answer.headers["content-disposition"]
        text = answer.content.decode("utf-8")
        assert text.startswith("\ufeff")
        rows[table] = list(csv.DictReader(io.StringIO(text[1:])))
    assert [(row["step"], row["severity"], row["p50_s"]) for row in rows["times"]][:2] == [
        ("confirm", "all", "20.0"),
        ("confirm", "yellow", "20.0"),
    ]
    assert [(row["name"], row["scenario_zh"], row["real"]) for row in rows["cameras"]] == [("东门", "陌生车辆", "1")]
    assert rows["people"][0]["name"] == "'=HYPERLINK(1)"
    assert rows["grids"][0]["in_time_share"] == ""
    assert rows["days"][0]["opened"] == "1"
    for words, headings, first in (
        ("zh-CN", ["步骤", "等级", "案件数", "一半不超过（秒）", "九成不超过（秒）"], ["立案", "全部"]),
        ("en", ["Step", "Grade", "Cases", "Half within (s)", "Nine in ten within (s)"], ["Confirmed", "All"]),
    ):
        for table in ("times", "cameras", "grids", "people", "days"):
            answer = await web.get(f"/api/v1/statistics/{table}.csv?{SPAN}&words={words}", headers=headers)
            said = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
            assert not set(said[0]) & set(rows[table][0]), "in words alone"
            if table == "times":
                assert (said[0], said[1][:2]) == (headings, first)
    assert (await web.get("/api/v1/statistics/secrets.csv", headers=headers)).status_code == 422


async def test_a_long_span_lets_others_have_their_turn(station: Station) -> None:
    span = span_of(SITE, date(2026, 10, 1), date(2026, 11, 22), now=NOON)
    assert await turns_during(statistics(station.store, SITE, OPERATOR, span, None)) >= 53
