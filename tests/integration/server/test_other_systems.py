"""CAP 1.2 for warning systems and Open311 for those of the city."""

from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_contract.events import Phase, Scenario, Severity
from lookout_server.domain.alarm import alarm_id
from lookout_server.domain.cap import NAMESPACE
from lookout_server.domain.territory import Camera, CameraKey, Role
from lookout_server.services.accounts import Account, add_person
from lookout_server.testing import PASSWORD, PlainHasher, SmallGateway, Station

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

ALARM = alarm_id("/site/kangle/gateway/gw-1", "o-1")
CAP = {"cap": NAMESPACE}
ATOM = {"atom": "http://www.w3.org/2005/Atom"}
#: The elements of an alert that CAP 1.2 requires, in its order.
REQUIRED = ["identifier", "sender", "sent", "status", "msgType", "scope", "restriction"]


async def _outside(station: Station, *roles: Role) -> None:
    account = Account(
        username="far", name="far", roles=frozenset(roles), grids=frozenset({"grid-08"}), password=PASSWORD
    )
    await add_person(station.store, PlainHasher(), account)


def _text(alert: ElementTree.Element, name: str) -> str | None:
    return alert.findtext(f"cap:{name}", namespaces=CAP)


async def _cap(web: httpx.AsyncClient, headers: dict[str, str]) -> ElementTree.Element:
    answer = await web.get(f"/api/v1/alarms/{ALARM}/cap", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/cap+xml")
    return ElementTree.fromstring(answer.text)


async def test_a_red_alarm_is_an_alert_and_then_an_update_of_it(station: Station, web: httpx.AsyncClient) -> None:
    await _outside(station, Role.OPERATOR)
    gateway = SmallGateway(scenario=Scenario.FIRE_SMOKE, severity=Severity.RED)
    await station.intake.take([gateway.sends("o-1", stage="pre_alarm")])
    headers = await headers_of(web, "li")
    alert = await _cap(web, headers)
    assert alert.tag == f"{{{NAMESPACE}}}alert"
    names = [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in alert]
    assert names == [*REQUIRED, "info", "info"]
    assert [_text(alert, name) for name in ("sender", "sent", "status", "msgType")] == [
        "lookout@kangle",
        "2026-11-22T04:00:00+00:00",
        "Actual",
        "Alert",
    ]
    info = alert.findall("cap:info", CAP)[0]
    assert [_text(info, name) for name in ("language", "category", "event", "urgency", "severity", "certainty")] == [
        "zh-CN",
        "Fire",
        "火情烟雾",
        "Immediate",
        "Severe",
        "Likely",
    ]
    assert info.findtext("cap:area/cap:areaDesc", namespaces=CAP) == "瑶海区 长淮街道 康乐南路社区 第七网格 东门"
    await station.intake.take([gateway.sends("o-1", Phase.END)])
    update = await _cap(web, headers)
    assert _text(update, "msgType") == "Update"
    assert _text(update, "references") == f"lookout@kangle,{_text(alert, 'identifier')},{_text(alert, 'sent')}"
    listed = await web.get("/api/v1/cap", headers=headers)
    assert "<feed xmlns=" in listed.text
    links = ElementTree.fromstring(listed.text).findall("atom:entry/atom:link", ATOM)
    assert [link.attrib["href"] for link in links] == [f"http://lookout.test/api/v1/alarms/{ALARM}/cap"]
    far = await headers_of(web, "far")
    assert (await web.get(f"/api/v1/alarms/{ALARM}/cap", headers=far)).status_code == 404
    assert ALARM not in (await web.get("/api/v1/cap", headers=far)).text


@pytest.mark.parametrize("scenario", [Scenario.GARBAGE, Scenario.CARE])
async def test_what_is_not_red_is_no_warning_and_care_never_is(
    station: Station, web: httpx.AsyncClient, scenario: Scenario
) -> None:
    account = Account(username="carer", name="c", roles=frozenset({Role.OPERATOR, Role.CARE}), password=PASSWORD)
    await add_person(station.store, PlainHasher(), account)
    severity = Severity.RED if scenario is Scenario.CARE else Severity.BLUE
    await station.intake.take([SmallGateway(scenario=scenario, severity=severity).sends("o-1")])
    headers = await headers_of(web, "carer")
    assert (await web.get(f"/api/v1/alarms/{ALARM}", headers=headers)).status_code == 200
    assert (await web.get(f"/api/v1/alarms/{ALARM}/cap", headers=headers)).status_code == 404
    assert ALARM not in (await web.get("/api/v1/cap", headers=headers)).text


async def test_a_service_request_is_a_case(station: Station, web: httpx.AsyncClient) -> None:
    await _outside(station, Role.OPERATOR)
    headers, far = await headers_of(web, "li"), await headers_of(web, "far")
    services = (await web.get("/api/v1/open311/services.json", headers=headers)).json()
    assert "care" not in {each["service_code"] for each in services}
    assert all(each["metadata"] is False for each in services)
    asked: dict[str, Any] = {"service_code": "garbage", "description": "又堆满了", "address_id": "grid-07"}
    made = await web.post("/api/v1/open311/requests.json", data=asked, headers=headers)
    assert made.status_code == 201, made.text
    case = made.json()[0]["service_request_id"]
    detail = (await web.get(f"/api/v1/cases/{case}", headers=headers)).json()
    assert (detail["state"], detail["scenario"], detail["history"][0]["note"]) == ("new", "garbage", "又堆满了")
    (one,) = (await web.get(f"/api/v1/open311/requests/{case}.json", headers=headers)).json()
    assert (one["status"], one["service_code"], one["address_id"]) == ("open", "garbage", "grid-07")
    assert one["description"] == "又堆满了"
    assert one["requested_datetime"] == "2026-11-22T04:00:00Z"
    listed = await web.get("/api/v1/open311/requests.xml?status=open&service_code=garbage,fire_smoke", headers=headers)
    root = ElementTree.fromstring(listed.text)
    assert (root.tag, [each.findtext("service_request_id") for each in root]) == ("service_requests", [case])
    assert (await web.get("/api/v1/open311/requests.json?status=closed", headers=headers)).json() == []
    named = f"/api/v1/open311/requests.json?service_request_id=c-20200101-0001,{case},{case}"
    assert [each["service_request_id"] for each in (await web.get(named, headers=headers)).json()] == [case]
    assert (await web.get(named, headers=far)).json() == []
    # Another place neither sees it nor asks for anything here.
    assert (await web.get("/api/v1/open311/requests.json", headers=far)).json() == []
    assert (await web.get(f"/api/v1/open311/requests/{case}.json", headers=far)).status_code == 404
    assert (await web.post("/api/v1/open311/requests.json", data=asked, headers=far)).status_code == 422
    for wrong in ({"service_code": "care"}, {"address_id": "kangle"}, {"service_code": "garbage,fire_smoke"}):
        answer = await web.post("/api/v1/open311/requests.json", data={**asked, **wrong}, headers=headers)
        assert answer.status_code == 422, wrong


async def test_what_people_paste_breaks_no_xml(station: Station, web: httpx.AsyncClient) -> None:
    headers = await headers_of(web, "li")
    asked = {
        "service_code": "garbage",
        "address_id": "grid-07",
        "description": "a\x01b",
        "address_string": "3号楼\x0b北",
    }
    made = await web.post("/api/v1/open311/requests.json", data=asked, headers=headers)
    assert made.status_code == 201, made.text
    listed = await web.get("/api/v1/open311/requests.xml", headers=headers)
    (one,) = ElementTree.fromstring(listed.text)
    assert one.findtext("description") == "ab"
    async with station.store.write() as uow:
        gate = CameraKey(gateway="gw-1", id="gate")
        await uow.territory.save_cameras([Camera(key=gate, name="东\x0b门\ufffe", grid="grid-07")])
        await uow.commit()
    await station.intake.take([SmallGateway(severity=Severity.RED).sends("o-1")])
    for path in (f"/api/v1/alarms/{ALARM}/cap", "/api/v1/cap"):
        answer = await web.get(path, headers=headers)
        assert "东门" in answer.text
        ElementTree.fromstring(answer.text)
