"""Registered vehicles through the API: who may do what, once or twice, a table wholly or not at all."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from lookout_contract.events import Attributes, Plate, PlateStatus, Scenario
from lookout_server.api.routes import vehicles
from lookout_server.domain.alarm import alarm_id
from lookout_server.domain.territory import Role
from lookout_server.services.accounts import Account, add_person
from lookout_server.testing import NOON, PASSWORD, PlainHasher, SmallGateway, Station

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

CAR = {"plate": "皖a·12345", "note": "3号楼502"}
ID = "v-3f6d0c1be2a94d7781c0"
ALARM = alarm_id("/site/kangle/gateway/gw-1", "o-1")
TABLE = "车牌号,有效期止,备注\n皖A12345,,3号楼503\n皖B77777,2026-12-31,\n"


class Desk:
    """Somebody at a console."""

    def __init__(self, web: httpx.AsyncClient, token: str) -> None:
        self._web, self._headers = web, {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, *, status: int = 200, **more: Any) -> Any:
        answer = await self._web.request(method, f"/api/v1{path}", headers=self._headers, **more)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.text.startswith(("{", "[")) else answer.text

    async def plates(self) -> set[str]:
        return {each["plate"] for each in (await self.ask("GET", "/vehicles"))["items"]}


async def sits_down(web: httpx.AsyncClient, username: str) -> Desk:
    answer = await web.post("/api/v1/session", json={"username": username, "password": PASSWORD})
    web.cookies.clear()
    return Desk(web, answer.json()["token"])


async def _newcomer(station: Station, username: str, role: Role, *grids: str) -> None:
    account = Account(
        username=username, name=username, roles=frozenset({role}), grids=frozenset(grids), password=PASSWORD
    )
    await add_person(station.store, PlainHasher(), account)


async def _alarm(station: Station, occurrence: str = "o-1", text: str | None = "皖B77777", **changes: Any) -> str:
    gateway = SmallGateway(epoch=f"of-{occurrence}", **changes)
    status = PlateStatus.UNKNOWN if text else PlateStatus.UNREADABLE
    attributes = Attributes(plate=Plate(text=text, confidence=0.9, status=status))
    data = gateway.data(occurrence).model_copy(update={"attributes": attributes})
    await station.intake.take([gateway.delivers(gateway.event(data))])
    return alarm_id("/site/kangle/gateway/gw-1", occurrence)


async def test_a_vehicle_is_put_changed_and_removed_and_each_twice_is_once(
    web: httpx.AsyncClient, station: Station
) -> None:
    zhao = await sits_down(web, "zhao")
    made = await zhao.ask("PUT", f"/vehicles/{ID}", json=CAR, status=201)
    assert (made["plate"], made["registered_by"], made["valid_until"]) == ("皖A12345", "u-zhao", None)
    assert await zhao.ask("PUT", f"/vehicles/{ID}", json=CAR) == made
    until = {"valid_until": "2026-11-30T16:00:00Z", "uses": 2, "cameras": ["gate"]}
    changed = await zhao.ask("PUT", f"/vehicles/{ID}", json={**CAR, **until})
    assert (changed["uses"], changed["cameras"], changed["registered_at"]) == (2, ["gate"], made["registered_at"])
    found = await zhao.ask("GET", "/vehicles", params={"q": "502"})
    assert (found["items"], found["total"], found["next_cursor"]) == ([changed], 1, None)
    await zhao.ask("DELETE", f"/vehicles/{ID}", status=204)
    assert (await zhao.ask("DELETE", f"/vehicles/{ID}", status=404))["code"] == "not_found"
    await zhao.ask("PUT", f"/vehicles/{ID}", json=CAR, status=201)
    audit = (await (await sits_down(web, "root")).ask("GET", "/audit"))["items"]
    noted = [each for each in audit if each["act"].startswith("vehicle.")]
    assert [(each["act"], each["subject"], each["details"].get("change")) for each in noted] == [
        ("vehicle.saved", ID, "created"),
        ("vehicle.removed", ID, None),
        ("vehicle.saved", ID, "updated"),
        ("vehicle.saved", ID, "created"),
    ]
    assert "12345" not in str(noted), "plates are personal data, and entries are for ever"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"plate": "皖"}, "plate"),
        ({"plate": "· · ·"}, "2 to 12 characters"),
        ({**CAR, "valid_from": "2026-11-30T00:00:00Z", "valid_until": "2026-11-30T00:00:00Z"}, "ends after it begins"),
        ({**CAR, "note": "长" * 101}, "note"),
        ({**CAR, "colour": "blue"}, "colour"),
        ({**CAR, "uses": -1}, "uses"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    web: httpx.AsyncClient, station: Station, body: dict[str, Any], why: str
) -> None:
    zhao = await sits_down(web, "zhao")
    refused = await zhao.ask("PUT", f"/vehicles/{ID}", json=body, status=422)
    assert (refused["code"], why in refused["detail"]) == ("invalid", True), refused
    assert await zhao.plates() == set()


async def test_the_list_is_for_supervisors_and_admins_of_the_whole_site(
    web: httpx.AsyncClient, station: Station
) -> None:
    await _newcomer(station, "qian", Role.SUPERVISOR, "grid-07")
    for username in ("li", "wang", "qian"):
        somebody = await sits_down(web, username)
        for method, path in (
            ("GET", "/vehicles"),
            ("GET", "/vehicles/gateways"),
            ("POST", "/vehicles/gateways"),
            ("GET", "/vehicles/export.csv"),
            ("PUT", f"/vehicles/{ID}"),
        ):
            more = {"json": CAR} if method == "PUT" else {}
            assert (await somebody.ask(method, path, status=403, **more))["code"] == "forbidden"
        await somebody.ask("POST", "/vehicles/import", content=TABLE.encode(), status=403)
    root = await sits_down(web, "root")
    await root.ask("PUT", f"/vehicles/{ID}", json=CAR, status=201)
    await (await sits_down(web, "li")).ask("DELETE", f"/vehicles/{ID}", status=403)
    await (await sits_down(web, "wang")).ask("DELETE", f"/vehicles/{ID}", status=403)
    assert await root.plates() == {"皖A12345"}


async def test_nobody_waits_while_a_long_table_is_read_or_written(
    web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    where: list[threading.Thread] = []

    def noted(work: Callable[[Any, ZoneInfo], Any]) -> Callable[[Any, ZoneInfo], Any]:
        def done(given: Any, zone: ZoneInfo) -> Any:
            where.append(threading.current_thread())
            return work(given, zone)

        return done

    for name in ("read_sheet", "sheet_text"):
        monkeypatch.setattr(vehicles, name, noted(getattr(vehicles, name)))
    zhao = await sits_down(web, "zhao")
    await zhao.ask("POST", "/vehicles/import", content=TABLE.encode())
    await zhao.ask("GET", "/vehicles/export.csv")
    assert len(where) == 2
    assert threading.current_thread() not in where


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
async def test_a_table_is_looked_at_then_taken(web: httpx.AsyncClient, station: Station, encoding: str) -> None:
    zhao = await sits_down(web, "zhao")
    await zhao.ask("PUT", f"/vehicles/{ID}", json=CAR, status=201)
    await zhao.ask("PUT", f"/vehicles/{ID[:-1]}1", json={"plate": "沪C99999"}, status=201)
    table = TABLE.encode(encoding)
    looked = await zhao.ask("POST", "/vehicles/import", params={"dry_run": True, "complete": True}, content=table)
    counts = {"created": 1, "updated": 1, "removed": 1, "same": 0, "others": 0, "refused": 0}
    assert (looked["done"], looked["counts"]) == (False, counts)
    said = {
        each["change"]: (each["before"] and each["before"]["note"], each["after"] and each["after"]["plate"])
        for each in looked["changes"]
    }
    assert said == {"updated": ("3号楼502", "皖A12345"), "created": (None, "皖B77777"), "removed": ("", None)}
    assert await zhao.plates() == {"皖A12345", "沪C99999"}
    wanted = {"complete": True, "seen": looked["version"]}
    done = await zhao.ask("POST", "/vehicles/import", params=wanted, content=table)
    assert (done["done"], done["counts"]) == (True, counts)
    assert await zhao.plates() == {"皖A12345", "皖B77777"}
    late = await zhao.ask("POST", "/vehicles/import", params=wanted, content=table, status=409)
    assert late["code"] == "conflict"
    text = await zhao.ask("GET", "/vehicles/export.csv")
    assert text.splitlines()[0] == "\ufeffplate,valid_from,valid_until,cameras,uses,note"
    again = await zhao.ask("POST", "/vehicles/import", params={"complete": True}, content=text.encode())
    assert again["counts"] == {"created": 0, "updated": 0, "removed": 0, "same": 2, "others": 0, "refused": 0}
    audit = (await (await sits_down(web, "root")).ask("GET", "/audit"))["items"]
    noted = [(each["act"], each["details"]) for each in audit if each["subject"] == "vehicles"]
    assert noted == [
        ("data.exported", {"vehicles": 2}),
        ("data.imported", {"created": 1, "removed": 1, "updated": 1}),
    ]


async def test_with_a_wrong_line_nothing_is_taken_and_each_is_named(web: httpx.AsyncClient, station: Station) -> None:
    zhao = await sits_down(web, "zhao")
    table = "车牌号,有效期止\n皖A12345,\n皖B77777,明天\n皖,\n".encode()
    looked = await zhao.ask("POST", "/vehicles/import", params={"dry_run": True}, content=table)
    wrong = [(each["row"], each["column"], each["code"]) for each in looked["refused"]]
    assert wrong == [(3, "valid_until", "bad_time"), (4, "plate", "empty")]
    refused = await zhao.ask("POST", "/vehicles/import", content=table, status=422)
    assert (refused["code"], refused["errors"]) == ("rows_refused", looked["refused"])
    assert await zhao.plates() == set()
    strange = await zhao.ask("POST", "/vehicles/import", content=b"name\nx\n", status=422)
    assert "columns are plate" in strange["detail"]


async def test_an_operator_lets_the_vehicle_of_an_alarm_in_and_takes_that_back(
    web: httpx.AsyncClient, station: Station
) -> None:
    await _alarm(station)
    li, path = await sits_down(web, "li"), f"/alarms/{ALARM}/vehicle"
    assert await li.ask("GET", path) == {"plate": "皖B77777", "registered": []}
    tonight = await li.ask("PUT", path, json={"period": "tonight", "note": "3号楼访客"})
    assert tonight["valid_until"] == "2026-11-22T16:00:00.000Z"
    assert await li.ask("PUT", path, json={"period": "tonight"}) == tonight
    week = await li.ask("PUT", path, json={"period": "week"})
    assert (week["id"], week["valid_until"], week["note"]) == (tonight["id"], "2026-11-29T16:00:00.000Z", "3号楼访客")
    assert (await li.ask("GET", path))["registered"] == [week]
    assert (await li.ask("PUT", path, json={"period": "resident"}, status=403))["code"] == "forbidden"
    await li.ask("DELETE", f"/vehicles/{week['id']}", status=204)
    assert (await li.ask("GET", path))["registered"] == []
    zhao = await sits_down(web, "zhao")
    resident = await zhao.ask("PUT", path, json={"period": "resident"})
    assert (resident["valid_until"], resident["registered_by"]) == (None, "u-zhao")
    assert (await li.ask("PUT", path, json={"period": "tonight"}, status=409))["code"] == "conflict"
    await li.ask("DELETE", f"/vehicles/{resident['id']}", status=403)


async def test_of_places_that_are_not_theirs_nobody_lets_anything_in(web: httpx.AsyncClient, station: Station) -> None:
    await _alarm(station)
    await _newcomer(station, "sun", Role.OPERATOR, "grid-07")
    await _newcomer(station, "zhou", Role.OPERATOR, "grid-08")
    path, body = f"/alarms/{ALARM}/vehicle", {"period": "week"}
    assert (await (await sits_down(web, "sun")).ask("PUT", path, json=body))["cameras"] == ["gate"]
    zhou = await sits_down(web, "zhou")
    await zhou.ask("PUT", path, json=body, status=404)
    await zhou.ask("GET", path, status=404)
    await (await sits_down(web, "wang")).ask("PUT", path, json=body, status=403)


async def test_an_alarm_without_a_plate_lets_nothing_in(web: httpx.AsyncClient, station: Station) -> None:
    li = await sits_down(web, "li")
    unread = await _alarm(station, "o-2", None)
    garbage = await _alarm(station, "o-3", scenario=Scenario.GARBAGE)
    for alarm in (unread, garbage):
        answer = await li.ask("PUT", f"/alarms/{alarm}/vehicle", json={"period": "week"}, status=409)
        assert "no plate was read" in answer["detail"]
        await li.ask("GET", f"/alarms/{alarm}/vehicle", status=409)


async def test_who_holds_the_list_is_shown_and_asked_again(web: httpx.AsyncClient, station: Station) -> None:
    zhao, gateway = await sits_down(web, "zhao"), SmallGateway()
    await station.intake.take([gateway.is_online()])
    assert (await zhao.ask("GET", "/vehicles/gateways")) == {"version": 0, "changed_at": None, "items": []}
    await zhao.ask("PUT", f"/vehicles/{ID}", json=CAR, status=201)
    found = await zhao.ask("GET", "/vehicles/gateways")
    assert datetime.fromisoformat(found["changed_at"]) == NOON.astimezone(UTC)
    (holder,) = found["items"]
    assert (holder["gateway"], holder["online"], holder["holding"]) == ("gw-1", True, "waiting")
    await zhao.ask("POST", "/vehicles/gateways", status=202)


async def test_many_at_once_lose_nothing(web: httpx.AsyncClient, station: Station) -> None:
    zhao = await sits_down(web, "zhao")
    await asyncio.gather(
        *(
            zhao.ask("PUT", f"/vehicles/{ID[:-2]}{number:02}", json={"plate": f"皖A{number:05}"}, status=201)
            for number in range(20)
        )
    )
    assert len(await zhao.plates()) == 20
    assert (await zhao.ask("GET", "/vehicles/gateways"))["version"] == 20
