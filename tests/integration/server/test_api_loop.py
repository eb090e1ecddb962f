"""From the event to the closed case, over HTTP, on both databases."""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from lookout_contract.cases import CaseMessage
from lookout_contract.commands import COMMANDS, SnapshotCommand, VerdictCommand
from lookout_contract.events import Scenario, Severity
from lookout_server.services.housekeeping import QuarantineRoom, trim_quarantine
from lookout_server.testing import JPEG, PASSWORD, SmallGateway, Station, picture

pytestmark = pytest.mark.anyio

PHOTO = b"\xff\xd8\xff\xe0 the corridor is clear"


@dataclass
class Person:
    """Somebody with a token."""

    web: httpx.AsyncClient
    token: str

    async def get(self, path: str, **query: str | int) -> Any:
        """What the API answers."""
        answer = await self.web.get(f"/api/v1{path}", params=query, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, expected: int = 200, **body: object) -> Any:
        """What the API answers, with the expected status."""
        answer = await self.web.post(f"/api/v1{path}", json=body, headers=self._headers)
        assert answer.status_code == expected, answer.text
        return answer.json()

    async def put(self, content: bytes) -> str:
        """Upload a picture; its hash."""
        sha256 = hashlib.sha256(content).hexdigest()
        headers = {**self._headers, "Content-Type": "image/jpeg"}
        answer = await self.web.put(f"/api/v1/evidence/{sha256}", content=content, headers=headers)
        assert answer.status_code in {200, 201}, answer.text
        return sha256

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


async def sign_in(web: httpx.AsyncClient, username: str) -> Person:
    answer = await web.post("/api/v1/session", json={"username": username, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    web.cookies.clear()
    return Person(web, answer.json()["token"])


async def _alarm(station: Station, operator: Person) -> Any:
    gateway = SmallGateway(evidence=(picture(),))
    await station.intake.take([gateway.is_online(), gateway.sends("o-1")])
    (alarm,) = (await operator.get("/alarms", disposition="open"))["items"]
    return alarm


async def _verifying(station: Station, operator: Person, worker: Person, *, photo: bytes = PHOTO) -> Any:
    """A case that its worker has finished."""
    alarm = await _alarm(station, operator)
    case = await operator.post(f"/alarms/{alarm['id']}/report", 201)
    path = f"/cases/{case['id']}"
    case = await operator.post(f"{path}/dispatch", version=case["version"], worker="u-wang")
    case = await worker.post(f"{path}/accept", version=case["version"])
    case = await worker.post(f"{path}/arrive", version=case["version"])
    sha256 = await worker.put(photo)
    return await worker.post(f"{path}/feedback", version=case["version"], photos=[sha256], note="已清理")


async def _commands(station: Station) -> list[Any]:
    async with station.store.read() as uow:
        pending = await uow.outbox.pending(100)
    return [COMMANDS.validate_json(message.payload) for message in pending if "/command/" in message.topic]


async def test_the_whole_loop(station: Station, web: httpx.AsyncClient) -> None:
    operator, worker = await sign_in(web, "li"), await sign_in(web, "wang")
    alarm = await _alarm(station, operator)
    assert (alarm["camera"], alarm["grid"]["id"]) == ({"id": "gate", "name": "东门"}, "grid-07")
    assert alarm["evidence"][0]["available"] is False

    case = await operator.post(f"/alarms/{alarm['id']}/report", 201)
    assert (case["state"], case["number"], case["title"]) == ("confirmed", "20261122-0001", "陌生车辆 · 东门")
    assert (await operator.post(f"/alarms/{alarm['id']}/report", 200))["id"] == case["id"]
    path = f"/cases/{case['id']}"

    fit = [one["user"]["id"] for one in (await operator.get(f"{path}/candidates"))["items"] if one["fit"]]
    assert fit == ["u-wang", "u-zhang"]
    case = await operator.post(f"{path}/dispatch", version=case["version"])
    assert case["handler"]["id"] == "u-wang"
    assert case["due_at"] == "2026-11-22T04:05:00.000Z"

    assert [one["id"] for one in (await worker.get("/cases", mine="true"))["items"]] == [case["id"]]
    assert (await worker.get(path))["allowed"] == ["accept", "return", "help"]
    case = await worker.post(f"{path}/accept", version=case["version"])
    place = {"lat": 31.86, "lon": 117.28, "accuracy_m": 9.5}
    case = await worker.post(f"{path}/arrive", version=case["version"], place=place)
    photo = await worker.put(PHOTO)
    case = await worker.post(f"{path}/feedback", version=case["version"], photos=[photo], note="已清理")
    assert case["state"] == "verifying"

    snapshot = next(command for command in await _commands(station) if isinstance(command, SnapshotCommand))
    second_look = b"\xff\xd8\xff\xe0 second look"
    ref = picture(second_look)
    answer = SmallGateway().answers(snapshot.id, "snapshot", sha256=ref.sha256, bytes=ref.bytes, mime=ref.mime)
    await station.intake.take([answer])
    assert {file["kind"] for file in (await operator.get(path))["evidence"]} == {"photo"}
    await operator.put(second_look)
    await operator.put(JPEG)

    case = await operator.post(f"{path}/close", version=case["version"], note="现场已恢复")
    assert (case["state"], case["allowed"], case["due_at"]) == ("closed", ["follow_up", "evaluate"], None)
    assert case["tier"] == "medium"
    kinds = [(file["kind"], file["stage"]) for file in case["evidence"]]
    assert sorted(kinds) == [("photo", "after"), ("recheck", "after"), ("snapshot", "before")]
    steps = [(entry["action"], entry["actor"]["name"] if entry["actor"] else None) for entry in case["history"]]
    assert steps == [
        ("report", "li"),
        ("dispatch", "li"),
        ("accept", "wang"),
        ("arrive", "wang"),
        ("feedback", "wang"),
        ("verify", None),
        ("recheck", None),
        ("close", "li"),
    ]
    assert case["primary_alarm"]["disposition"] == "reported"


@pytest.mark.parametrize("copied", [JPEG, PHOTO], ids=["the alarm's own picture", "another photo"])
async def test_a_second_look_that_equals_the_photo_is_a_second_look(
    station: Station, web: httpx.AsyncClient, copied: bytes
) -> None:
    """Handing in the camera's picture must not hide that the camera looked again."""
    operator, worker = await sign_in(web, "li"), await sign_in(web, "wang")
    case = await _verifying(station, operator, worker, photo=copied)
    snapshot = next(command for command in await _commands(station) if isinstance(command, SnapshotCommand))
    ref = picture(copied)
    answer = SmallGateway().answers(snapshot.id, "snapshot", sha256=ref.sha256, bytes=ref.bytes, mime=ref.mime)
    await station.intake.take([answer])
    found = (await operator.get(f"/cases/{case['id']}"))["evidence"]
    after = [(file["kind"], file["sha256"]) for file in found if file["stage"] == "after"]
    assert sorted(after) == [("photo", ref.sha256), ("recheck", ref.sha256)]


async def test_integrators_hear_every_step_and_the_retained_state_goes_at_the_end(
    station: Station, web: httpx.AsyncClient
) -> None:
    operator, worker = await sign_in(web, "li"), await sign_in(web, "wang")
    case = await _verifying(station, operator, worker)
    await operator.post(f"/cases/{case['id']}/close", version=case["version"])
    async with station.store.read() as uow:
        sent = [message for message in await uow.outbox.pending(100) if "/case/" in message.topic]
    base = f"lookout/v1/kangle/case/grid-07/{case['id']}"
    steps = [CaseMessage.model_validate_json(m.payload).action for m in sent if m.topic == f"{base}/event"]
    assert steps == ["report", "dispatch", "accept", "arrive", "feedback", "verify", "close"]
    states = [message for message in sent if message.topic == f"{base}/state"]
    assert all(message.retain for message in states)
    assert [bool(message.payload) for message in states] == [True] * 6 + [False]


async def test_two_people_at_once_get_one_case(station: Station, web: httpx.AsyncClient) -> None:
    operator = await sign_in(web, "li")
    alarm = await _alarm(station, operator)
    headers = {"Authorization": f"Bearer {operator.token}"}
    answers = await asyncio.gather(
        *(web.post(f"/api/v1/alarms/{alarm['id']}/report", json={}, headers=headers) for _ in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_the_slower_of_two_moves_is_told(station: Station, web: httpx.AsyncClient) -> None:
    operator = await sign_in(web, "li")
    alarm = await _alarm(station, operator)
    case = await operator.post(f"/alarms/{alarm['id']}/report", 201)
    path = f"/cases/{case['id']}"
    await operator.post(f"{path}/dispatch", version=1)
    problem = await operator.post(f"{path}/void", 409, version=1, reason="重复")
    assert (problem["code"], problem["current_version"]) == ("stale_version", 2)
    problem = await operator.post(f"{path}/close", 409, version=2)
    assert (problem["code"], problem["state"], problem["allowed"]) == (
        "illegal_move",
        "dispatched",
        ["dispatch", "void", "merge"],
    )


async def test_feedback_without_its_photo(station: Station, web: httpx.AsyncClient) -> None:
    operator, worker = await sign_in(web, "li"), await sign_in(web, "wang")
    alarm = await _alarm(station, operator)
    case = await operator.post(f"/alarms/{alarm['id']}/report", 201)
    path = f"/cases/{case['id']}"
    await operator.post(f"{path}/dispatch", version=1, worker="u-wang")
    await worker.post(f"{path}/accept", version=2)
    await worker.post(f"{path}/arrive", version=3)
    problem = await worker.post(f"{path}/feedback", 422, version=4, photos=["a" * 64])
    assert (problem["code"], problem["missing"]) == ("evidence_missing", ["a" * 64])
    assert (await worker.get(path))["state"] == "on_scene"


async def test_who_gave_it_back_is_not_asked_again(station: Station, web: httpx.AsyncClient) -> None:
    operator, worker = await sign_in(web, "li"), await sign_in(web, "wang")
    alarm = await _alarm(station, operator)
    case = await operator.post(f"/alarms/{alarm['id']}/report", 201)
    path = f"/cases/{case['id']}"
    await operator.post(f"{path}/dispatch", version=1, worker="u-wang")
    await worker.post(f"{path}/return", version=2, reason="在外地")
    found = {one["user"]["id"]: one for one in (await operator.get(f"{path}/candidates"))["items"]}
    assert [one["code"] for one in found["u-wang"]["why_not"]] == ["returned"]
    assert [one["code"] for one in found["u-chen"]["why_not"]] == ["not_in_grid"]
    assert (await operator.post(f"{path}/dispatch", version=3))["handler"]["id"] == "u-zhang"


async def test_nobody_fits_for_a_camera_that_nobody_placed(station: Station, web: httpx.AsyncClient) -> None:
    operator = await sign_in(web, "li")
    await station.intake.take([SmallGateway(gateway="gw-9", camera="attic").sends("o-1")])
    (alarm,) = (await operator.get("/alarms"))["items"]
    case = await operator.post(f"/alarms/{alarm['id']}/report", 201)
    assert (case["grid"], case["camera"]) == (None, {"id": "attic", "name": "attic"})
    problem = await operator.post(f"/cases/{case['id']}/dispatch", 409, version=1)
    assert problem["code"] == "no_candidate"
    problem = await operator.post(f"/cases/{case['id']}/dispatch", 422, version=1, worker="u-li")
    assert problem["code"] == "invalid"
    assert (await operator.post(f"/cases/{case['id']}/dispatch", version=1, worker="u-chen"))["state"] == "dispatched"


async def _verdicts(station: Station) -> list[str]:
    return [each.verdict.value for each in await _commands(station) if isinstance(each, VerdictCommand)]


async def test_undoing_a_report_opens_the_alarm_again(station: Station, web: httpx.AsyncClient) -> None:
    operator, supervisor = await sign_in(web, "li"), await sign_in(web, "zhao")
    alarm = await _alarm(station, operator)
    first = await operator.post(f"/alarms/{alarm['id']}/report", 201)
    await operator.post(f"/cases/{first['id']}/void", version=1, reason="undo")
    alarm = await operator.get(f"/alarms/{alarm['id']}")
    assert (alarm["disposition"], alarm["case_id"]) == ("open", None)
    assert await _verdicts(station) == ["real", "withdrawn"]
    second = await operator.post(f"/alarms/{alarm['id']}/report", 201)
    assert second["id"] != first["id"]
    problem = await supervisor.post(f"/cases/{first['id']}/reopen", 409, version=2, reason="误操作")
    assert problem["code"] == "conflict"


async def test_a_void_case_dismisses_its_alarm_and_reopening_takes_it_back(
    station: Station, web: httpx.AsyncClient
) -> None:
    operator, supervisor = await sign_in(web, "li"), await sign_in(web, "zhao")
    alarm = await _alarm(station, operator)
    case = await operator.post(f"/alarms/{alarm['id']}/report", 201)
    await operator.post(f"/cases/{case['id']}/void", version=1, reason="访客车辆")
    held = await operator.get(f"/alarms/{alarm['id']}")
    assert (held["disposition"], held["disposition_reason"]) == ("dismissed", "void")
    case = await supervisor.post(f"/cases/{case['id']}/reopen", version=2, reason="并非访客")
    assert (case["state"], case["primary_alarm"]["disposition"]) == ("confirmed", "reported")
    assert await _verdicts(station) == ["real", "false", "real"], "the gateway must not leave out what was real"


async def test_dismissing_tells_the_gateway(station: Station, web: httpx.AsyncClient) -> None:
    operator = await sign_in(web, "li")
    alarm = await _alarm(station, operator)
    held = await operator.post(f"/alarms/{alarm['id']}/dismiss", reason="false_alarm", note="影子")
    assert (held["disposition"], held["disposition_reason"]) == ("dismissed", "false_alarm: 影子")
    (command,) = await _commands(station)
    assert isinstance(command, VerdictCommand)
    assert (command.occurrence, command.verdict.value) == ("o-1", "false")
    assert (await operator.post(f"/alarms/{alarm['id']}/report", 409))["code"] == "conflict"
    assert (await operator.post(f"/alarms/{alarm['id']}/undismiss"))["disposition"] == "open"
    assert await _verdicts(station) == ["false", "withdrawn"]


async def test_pages_of_alarms_hold_each_once(station: Station, web: httpx.AsyncClient) -> None:
    operator = await sign_in(web, "li")
    gateway = SmallGateway()
    await station.intake.take([gateway.sends(f"o-{n}") for n in range(7)])
    gateway.at = station.clock.advance(5)
    await station.intake.take([gateway.sends(f"p-{n}") for n in range(4)])
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await operator.get("/alarms", limit=3, **({"cursor": cursor} if cursor else {}))
        seen += [alarm["occurrence"] for alarm in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 11
    assert {name[0] for name in seen[:4]} == {"p"}


async def test_the_overview_counts(station: Station, web: httpx.AsyncClient) -> None:
    operator, worker = await sign_in(web, "li"), await sign_in(web, "chen")
    red = SmallGateway(scenario=Scenario.KEY_AREA, severity=Severity.RED)
    await station.intake.take([red.is_online(), red.sends("o-1"), red.sends("o-2", stage="panic")])
    seen = await operator.get("/overview")
    assert seen["open_alarms"] == {"red": 1, "yellow": 0, "blue": 0}
    assert seen["waiting"] == {"red": 2, "yellow": 0, "blue": 0}, "the alarm, and the case that has nobody"
    assert seen["cases"] == {"confirmed": 1}
    assert seen["cameras"] == {"watching": 0, "blind": 0, "off": 0, "total": 2}
    assert seen["site"]["timezone"] == "Asia/Shanghai"
    own = await worker.get("/overview")
    assert (own["cases"], own["open_alarms"], own["cameras"]) == ({}, None, None)
    assert own["feed_seq"] == seen["feed_seq"]
    assert own["waiting"] is None
    # What is red is watched until somebody is on the scene.
    [case] = (await operator.get("/cases"))["items"]
    await operator.post(f"/cases/{case['id']}/dispatch", version=1, worker="u-chen")
    assert (await operator.get("/overview"))["waiting"]["red"] == 2
    await worker.post(f"/cases/{case['id']}/accept", version=2)
    await worker.post(f"/cases/{case['id']}/arrive", version=3)
    assert (await operator.get("/overview"))["waiting"]["red"] == 1


async def test_gateways_people_and_quarantine_are_shown(station: Station, web: httpx.AsyncClient) -> None:
    operator = await sign_in(web, "li")
    gateway = SmallGateway()
    await station.intake.take([gateway.is_online(), gateway.sends("o-1"), gateway.says(b"rubbish")])
    await station.intake.take([gateway.sends("o-2", sequence=4)])
    (shown,) = (await operator.get("/gateways"))["items"]
    assert (shown["online"], shown["gaps"], shown["quarantined"], shown["last_sequence"]) == (True, 2, 1, 4)
    assert [one["id"] for one in (await operator.get("/people", role="worker"))["items"]] == [
        "u-chen",
        "u-wang",
        "u-zhang",
    ]
    page = await operator.get("/quarantine")
    (held,) = page["items"]
    assert (held["source"], held["payload_preview"], held["size"], page["dropped"]) == ("gw-1", "rubbish", 7, 0)
    assert await trim_quarantine(station.store, QuarantineRoom(rows=0)) == 1
    page = await operator.get("/quarantine")
    assert (page["items"], page["dropped"]) == ([], 1)
