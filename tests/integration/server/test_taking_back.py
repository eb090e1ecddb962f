"""撤回 over HTTP on both databases: a slip leaves no trace but its lines, in a report as in a camera's case."""

from typing import Any

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_contract.commands import COMMANDS, VerdictCommand
from lookout_contract.events import Severity
from lookout_server.domain.case import SYSTEM, Source
from lookout_server.services.opening import Told, open_told
from lookout_server.testing import NOON, SITE, SmallGateway, Station

pytestmark = pytest.mark.anyio


async def _reported(station: Station) -> str:
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
        case = await open_told(uow, SITE, told, at=NOON)
        await uow.commit()
    return case.id


async def _do(web: httpx.AsyncClient, who: str, path: str, status: int = 200, **body: object) -> Any:
    headers = await headers_of(web, who)
    answer = await web.post(f"/api/v1/{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.mark.parametrize(("action", "fields"), [("confirm", {}), ("void", {"reason": "查无此事"})])
async def test_a_judged_report_waits_again(
    station: Station, web: httpx.AsyncClient, action: str, fields: dict[str, Any]
) -> None:
    path = f"cases/{await _reported(station)}"
    judged = await _do(web, "li", f"{path}/{action}", version=1, **fields)
    assert (await _do(web, "zhao", f"{path}/take_back", 403, version=2))["code"] == "forbidden"
    back = await _do(web, "li", f"{path}/take_back", version=judged["version"])
    assert (back["state"], back["version"]) == ("new", 3)
    assert back["due_at"] is not None
    assert {"confirm", "void"} <= set(back["allowed"])
    assert [entry["action"] for entry in back["history"]] == ["report", action, "take_back"]
    assert (await _do(web, "li", f"{path}/take_back", 409, version=3))["code"] == "illegal_move"


async def test_after_somebody_was_sent_it_is_no_slip_any_more(station: Station, web: httpx.AsyncClient) -> None:
    path = f"cases/{await _reported(station)}"
    await _do(web, "li", f"{path}/confirm", version=1)
    await _do(web, "li", f"{path}/dispatch", version=2, worker="u-wang")
    assert (await _do(web, "li", f"{path}/take_back", 409, version=2))["code"] == "stale_version"
    assert (await _do(web, "li", f"{path}/take_back", 409, version=3))["code"] == "illegal_move"


async def test_a_cameras_case_has_its_alarm_again_and_its_gateway_hears_it(
    station: Station, web: httpx.AsyncClient
) -> None:
    path = f"cases/{await station.reported(SmallGateway(epoch='of-o-1'), 'o-1')}"
    await _do(web, "li", f"{path}/void", version=1, reason="访客")
    back = await _do(web, "li", f"{path}/take_back", version=2)
    assert (back["state"], back["primary_alarm"]["disposition"]) == ("confirmed", "reported")
    async with station.store.read() as uow:
        sent = [COMMANDS.validate_json(each.payload) for each in await uow.outbox.pending(9) if "verdict" in each.topic]
    assert [each.verdict.value for each in sent if isinstance(each, VerdictCommand)] == ["real", "false", "real"]
