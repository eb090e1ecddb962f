"""The less common ways of a case, over HTTP on both databases: merged, split, suspended, called for, followed up."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from lookout_contract.commands import COMMANDS, VerdictCommand
from lookout_contract.events import Severity
from lookout_server.ports import StoredFile
from lookout_server.services.timers import Timers
from lookout_server.testing import PASSWORD, SITE, SmallGateway, Station, person

pytestmark = pytest.mark.anyio


@dataclass
class Desk:
    """Several people at one API."""

    web: httpx.AsyncClient
    tokens: dict[str, str]

    async def sign_in(self) -> None:
        """Everybody, again after half a day."""
        for name in ("li", "zhao", "wang", "fire", "chen"):
            answer = await self.web.post("/api/v1/session", json={"username": name, "password": PASSWORD})
            self.tokens[name] = answer.json()["token"]
            self.web.cookies.clear()

    async def do(self, who: str, case: Any, action: str, expected: int = 200, **body: object) -> Any:
        """Make a move on the case as it was seen; the case as it is then, or the problem."""
        path = f"/api/v1/cases/{case['id']}/{action}"
        answer = await self.web.post(path, json={"version": case["version"], **body}, headers=self._as(who))
        assert answer.status_code == expected, answer.text
        return answer.json()

    async def see(self, who: str, case_id: str) -> Any:
        """The case as this person sees it."""
        return (await self.web.get(f"/api/v1/cases/{case_id}", headers=self._as(who))).json()

    async def notices(self, who: str) -> list[str]:
        """Kinds of the notices that this person has."""
        found = (await self.web.get("/api/v1/notices", headers=self._as(who))).json()["items"]
        return [notice["kind"] for notice in found]

    def _as(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}"}


@pytest.fixture
async def desk(web: httpx.AsyncClient) -> Desk:
    desk = Desk(web, {})
    await desk.sign_in()
    return desk


async def _reported(station: Station, desk: Desk, occurrence: str, *, red: bool = False) -> Any:
    severity = Severity.RED if red else Severity.YELLOW
    gateway = SmallGateway(epoch=f"of-{occurrence}", severity=severity)
    return await desk.see("li", await station.reported(gateway, occurrence))


async def _on_scene(station: Station, desk: Desk) -> Any:
    case = await _reported(station, desk, "o-1")
    case = await desk.do("li", case, "dispatch", worker="u-wang")
    case = await desk.do("wang", case, "accept")
    return await desk.do("wang", case, "arrive")


async def _pass(station: Station, seconds: float) -> int:
    return await Timers(station.store, site=SITE, owner="one").act(station.clock.advance(seconds))


async def _alarm_case(station: Station, alarm_id: str) -> str | None:
    async with station.store.read() as uow:
        return (await uow.alarms.get([alarm_id]))[alarm_id].case_id


async def test_merging_moves_the_alarms_and_the_graver_grade(station: Station, desk: Desk) -> None:
    kept, ended = await _reported(station, desk, "o-1"), await _reported(station, desk, "o-2", red=True)
    ended = await desk.do("li", ended, "merge", into=kept["id"])
    assert (ended["state"], ended["merged_into"], ended["due_at"]) == ("merged", kept["id"], None)
    now = await desk.see("li", kept["id"])
    assert (now["alarms"], now["severity"]) == ([*kept["alarms"], *ended["alarms"]], "red")
    assert [entry["action"] for entry in now["history"]] == ["report", "join", "raise"]
    assert await _alarm_case(station, ended["alarms"][0]) == kept["id"]


async def test_a_merged_case_can_be_taken_back(station: Station, desk: Desk) -> None:
    kept, ended = await _reported(station, desk, "o-1"), await _reported(station, desk, "o-2")
    ended = await desk.do("li", ended, "merge", into=kept["id"])
    back = await desk.do("zhao", ended, "reopen", reason="不是同一件事")
    assert (back["state"], back["merged_into"], len(back["alarms"])) == ("confirmed", None, 1)
    assert (await desk.see("li", kept["id"]))["alarms"] == kept["alarms"]
    assert await _alarm_case(station, back["alarms"][0]) == back["id"]


async def test_what_is_settled_takes_nothing_in(station: Station, desk: Desk) -> None:
    settled, case = await _reported(station, desk, "o-1"), await _reported(station, desk, "o-2")
    await desk.do("li", settled, "void", reason="访客")
    assert (await desk.do("li", case, "merge", 409, into=settled["id"]))["code"] == "conflict"
    assert (await desk.do("li", case, "merge", 404, into="c-20261122-9999"))["code"] == "not_found"
    assert (await desk.do("li", case, "merge", 422, into=case["id"]))["code"] == "invalid"


async def test_splitting_gives_the_alarms_a_case_of_their_own(station: Station, desk: Desk) -> None:
    kept, ended = await _reported(station, desk, "o-1"), await _reported(station, desk, "o-2")
    await desk.do("li", ended, "merge", into=kept["id"])
    both = await desk.see("li", kept["id"])
    made = await desk.do("li", both, "split", alarms=ended["alarms"])
    assert (made["state"], made["alarms"]) == ("confirmed", ended["alarms"])
    assert made["id"] not in {kept["id"], ended["id"]}
    left = await desk.see("li", kept["id"])
    assert (left["alarms"], "split" in left["allowed"]) == (kept["alarms"], False)
    assert await _alarm_case(station, ended["alarms"][0]) == made["id"]


async def test_suspended_until_a_day_and_then_goes_on_by_itself(station: Station, desk: Desk) -> None:
    case = await _on_scene(station, desk)
    until = (station.clock.now() + timedelta(days=2)).isoformat()
    case = await desk.do("wang", case, "ask_suspend", until=until, reason="等待配件")
    assert (case["asked"]["by"], case["state"]) == ("u-wang", "on_scene")
    assert case["asked"]["by_name"] == person("wang").name
    assert await desk.notices("zhao") == ["asked"]
    assert (await desk.do("li", case, "approve", 403))["code"] == "forbidden"
    case = await desk.do("zhao", case, "approve")
    assert (case["state"], case["paused_left_s"]) == ("suspended", 3600)
    assert await _pass(station, 3600 * 24) == 0
    assert await _pass(station, 3600 * 24 + 1) == 1
    await desk.sign_in()
    case = await desk.see("wang", case["id"])
    assert (case["state"], case["handler"]["id"], case["history"][-1]["actor"]) == ("on_scene", "u-wang", None)
    assert set(await desk.notices("wang")) == {"dispatched", "approved", "resumed"}


async def test_extended_keeps_the_first_limit_beside_the_new(station: Station, desk: Desk) -> None:
    case = await _on_scene(station, desk)
    first = case["due_at"]
    until = (station.clock.now() + timedelta(hours=5)).isoformat()
    case = await desk.do("wang", case, "ask_extend", until=until, reason="需要更久")
    case = await desk.do("zhao", case, "approve")
    assert (case["first_due_at"], case["state"]) == (first, "on_scene")
    assert await _pass(station, 3601) == 0
    assert await _pass(station, 4 * 3600) == 1


async def test_a_call_for_help_reaches_the_room_and_the_colleagues_and_changes_nothing_else(
    station: Station, desk: Desk
) -> None:
    case = await _on_scene(station, desk)
    assert "help" in (await desk.see("wang", case["id"]))["allowed"]
    assert "help" not in (await desk.see("li", case["id"]))["allowed"]
    after = await desk.do("wang", case, "help", note="请来两个人", place={"lat": 31.86, "lon": 117.28})
    assert (after["state"], after["due_at"], after["handler"]["id"]) == (case["state"], case["due_at"], "u-wang")
    line = after["history"][-1]
    assert (line["action"], line["note"], line["data"]["place"]["lat"]) == ("help", "请来两个人", 31.86)
    for username in ("li", "zhao"):
        assert "help" in await desk.notices(username)
    assert "help" not in await desk.notices("wang")


async def test_departments_report_in_or_are_asked_again(station: Station, desk: Desk) -> None:
    case = await _on_scene(station, desk)
    problem = await desk.do("wang", case, "whistle", 422, departments=["u-chen"])
    assert problem["code"] == "invalid"
    case = await desk.do("wang", case, "whistle", departments=["u-fire", "u-police"])
    assert await desk.notices("fire") == ["whistle"]
    seen = await desk.see("fire", case["id"])
    assert seen["allowed"] == ["report_in"]
    case = await desk.do("fire", seen, "report_in")
    assert {each["department"]: each["reported_at"] is not None for each in case["whistles"]} == {
        "u-fire": True,
        "u-police": False,
    }
    assert [each["name"] for each in case["whistles"]] == ["fire", "police"]  # their names, not their ids
    assert await _pass(station, 1801) == 1
    late = (await desk.see("li", case["id"]))["history"][-1]
    assert (late["action"], late["data"]["reason"]) == ("escalate", "no_report_in")
    assert "late" in await desk.notices("zhao")
    assert (await desk.see("chen", case["id"]))["code"] == "not_found"


async def test_a_department_can_report_in_while_the_case_is_suspended(station: Station, desk: Desk) -> None:
    case = await _on_scene(station, desk)
    case = await desk.do("wang", case, "whistle", departments=["u-fire"])
    until = (station.clock.now() + timedelta(days=2)).isoformat()
    case = await desk.do("wang", case, "ask_suspend", until=until, reason="等待配件")
    await desk.do("zhao", case, "approve")
    seen = await desk.see("fire", case["id"])
    assert (seen["state"], seen["allowed"]) == ("suspended", ["report_in"])
    case = await desk.do("fire", seen, "report_in")
    assert (case["state"], case["whistles"][0]["reported_at"] is not None) == ("suspended", True)
    assert await _pass(station, 7201) == 0


async def test_a_case_is_taken_from_somebody_who_does_nothing(station: Station, desk: Desk) -> None:
    case = await _on_scene(station, desk)
    case = await desk.do("li", case, "dispatch", worker="u-chen")
    assert (case["state"], case["handler"]["id"]) == ("dispatched", "u-chen")
    assert set(await desk.notices("wang")) == {"dispatched", "reassigned"}
    assert await desk.notices("chen") == ["dispatched"]
    assert (await desk.do("wang", case, "feedback", 409, photos=["b" * 64]))["code"] == "illegal_move"


async def test_nothing_was_found_there_and_the_gateway_hears_it(station: Station, desk: Desk) -> None:
    case = await _verifying(station, desk)
    case = await desk.do("li", case, "void", reason="现场无异常")
    assert case["state"] == "void"
    async with station.store.read() as uow:
        sent = [
            COMMANDS.validate_json(each.payload) for each in await uow.outbox.pending(100) if "verdict" in each.topic
        ]
    said = [(each.occurrence, each.verdict.value) for each in sent if isinstance(each, VerdictCommand)]
    assert said == [("o-1", "real"), ("o-1", "false")]


async def test_supervision_leaves_closing_to_supervisors(station: Station, desk: Desk) -> None:
    case = await _reported(station, desk, "o-1")
    case = await desk.do("zhao", case, "supervise", reason="居民多次投诉")
    problem = await desk.do("li", case, "void", 403, reason="访客")
    assert "supervis" in problem["detail"]
    assert "void" not in (await desk.see("li", case["id"]))["allowed"]
    assert (await desk.do("zhao", case, "void", reason="访客"))["state"] == "void"


async def _verifying(station: Station, desk: Desk) -> Any:
    case = await _on_scene(station, desk)
    photo = "b" * 64
    station.files.files[photo] = b""
    async with station.store.write() as uow:
        file = StoredFile(sha256=photo, mime="image/jpeg", bytes=1)
        await uow.evidence.add(file, uploader="person:u-wang", at=station.clock.now())
        await uow.commit()
    return await desk.do("wang", case, "feedback", photos=[photo])


async def test_followed_up_by_tier_and_evaluated(station: Station, desk: Desk) -> None:
    case = await _verifying(station, desk)
    case = await desk.do("li", case, "close", tier="high")
    assert (case["tier"], case["due_at"]) == ("high", None)
    assert await _pass(station, 86399) == 0
    assert await _pass(station, 2) == 1
    await desk.sign_in()
    case = await desk.see("li", case["id"])
    assert (case["state"], case["due_at"] is not None) == ("follow_up", True)
    assert "follow_up" in await desk.notices("li")
    case = await desk.do("li", case, "evaluate", score=5, note="居民满意")
    assert (case["state"], case["score"], case["allowed"]) == ("evaluated", 5, [])
    assert await _pass(station, 10**6) == 0


async def test_an_illegal_move_names_what_is_legal(station: Station, desk: Desk) -> None:
    case = await _reported(station, desk, "o-1")
    for action in ("close", "resume", "approve", "evaluate", "split", "report_in", "follow_up"):
        body = {"score": 3} if action == "evaluate" else {"alarms": case["alarms"]} if action == "split" else {}
        problem = await desk.do("li", case, action, 409, **body)
        assert (problem["code"], problem["allowed"]) == ("illegal_move", case["allowed"])
