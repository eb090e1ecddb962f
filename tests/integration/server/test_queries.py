"""No route asks the database once for each thing that it lists: of four times as many it asks as often."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from integration.server.sign_in import headers_of
from lookout_contract.events import Scenario
from lookout_server.api.models.people import ShiftBody
from lookout_server.api.models.silences import SilenceBody
from lookout_server.app import openapi_document
from lookout_server.domain.alarm import alarm_id
from lookout_server.domain.moves import Action
from lookout_server.domain.territory import Camera, CameraKey, Role
from lookout_server.services.accounts import Account, add_person
from lookout_server.services.commands import Wanted, ask
from lookout_server.services.handling import Order, dispatch
from lookout_server.services.reporting import report_alarm
from lookout_server.services.roster import save_shift
from lookout_server.services.silencing import add_silence
from lookout_server.testing import NOON, PASSWORD, SITE, PlainHasher, SmallGateway, Station, anywhere, person, picture

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

BOSS = anywhere(person("root", Role.ADMIN, Role.CARE))
#: Not lists: files, streams, what strangers and other sites' browsers ask for, and health.
LEFT_OUT = ("/api/v1/feed", "/api/v1/evidence/", "/api/v1/public/", "/api/v1/session/oidc", "/api/v1/models/")


@contextmanager
def _counted() -> Generator[list[str]]:
    """Every statement that SQLite is given, below SQLAlchemy and our own prepared ones alike."""
    said: list[str] = []

    def watch(_raw: object, entry: Any, _proxy: object) -> None:
        entry.driver_connection._conn.set_trace_callback(said.append)

    def leave(_raw: object, entry: Any) -> None:
        entry.driver_connection._conn.set_trace_callback(None)

    event.listen(Pool, "checkout", watch)
    event.listen(Pool, "checkin", leave)
    try:
        yield said
    finally:
        event.remove(Pool, "checkout", watch)
        event.remove(Pool, "checkin", leave)


async def _one_more(station: Station, number: int) -> str:
    """One more of everything; the id of the case."""
    gateway = SmallGateway(gateway=f"gw-{number}", camera=f"cam-{number}", scenario=Scenario.GARBAGE)
    gateway.evidence = (picture(str(number).encode()),)
    key = CameraKey(gateway=gateway.gateway, id=gateway.camera)
    async with station.store.write() as uow:
        await uow.territory.save_cameras([Camera(key=key, name=f"第{number}", grid="grid-07")])
        await uow.commit()
    account = Account(
        username=f"w-{number}", name=f"w-{number}", roles=frozenset({Role.WORKER}), grids=frozenset({"grid-07"})
    )
    worker = await add_person(station.store, PlainHasher(), account)
    await station.intake.take(
        [gateway.is_online(), gateway.sends("o-1"), gateway.sends("o-2"), gateway.says(b"x%d" % number)]
    )
    first = alarm_id(f"/site/{SITE.id}/gateway/{gateway.gateway}", "o-1")
    case, _ = await report_alarm(station.store, SITE, first, BOSS, at=NOON)
    async with station.store.read() as uow:
        version = (await uow.cases.get([case]))[case].version
    order = Order(case_id=case, action=Action.DISPATCH, access=BOSS, version=version, at=NOON)
    await dispatch(station.store, SITE, order, worker.id)
    shift = {
        "id": f"s-{number}",
        "person": worker.id,
        "kind": "duty",
        "starts_at": NOON,
        "ends_at": NOON + timedelta(hours=8),
    }
    await save_shift(station.store, ShiftBody.model_validate(shift).shift(), BOSS)
    quiet = SilenceBody.model_validate({"reason": "x", "ends_at": NOON + timedelta(hours=1), "grid": "grid-07"})
    await add_silence(station.store, quiet.silence(f"q-{number:020x}", "u-root", NOON), BOSS)
    await ask(station.store, SITE, Wanted(gateway=gateway.gateway, name="reload", by=BOSS, key=str(number)), at=NOON)
    return case


def _paths(case: str) -> list[str]:
    paths: dict[str, dict[str, Any]] = openapi_document("0")["paths"]
    found = [path.replace("{case_id}", case) for path, item in paths.items() if "get" in item]
    return [p for p in found if p.startswith("/api/v1/") and not p.startswith(LEFT_OUT) and "{" not in p]


@pytest.mark.one_dispatcher
async def test_lists_ask_as_often_however_long_they_are(station: Station, web: httpx.AsyncClient) -> None:
    account = Account(username="root", name="root", roles=BOSS.person.roles, password=PASSWORD)
    await add_person(station.store, PlainHasher(), account)
    headers = await headers_of(web, "root")
    case = await _one_more(station, 1)
    await _one_more(station, 2)
    asked: dict[str, list[int]] = {}
    sizes: dict[str, list[int]] = {}
    for round_ in range(2):
        for path in _paths(case):
            with _counted() as said:
                answer = await web.get(path, headers=headers)
            assert answer.status_code in {200, 422}, (path, answer.text)
            asked.setdefault(path, []).append(len(said))
            sizes.setdefault(path, []).append(len(answer.content))
        if round_ == 0:
            for number in range(3, 9):
                await _one_more(station, number)
    for path in [path for path, counts in asked.items() if counts[1] > counts[0]]:
        # The feed looks at the database once a second, and may have done so in between.
        for _ in range(3):
            with _counted() as said:
                await web.get(path, headers=headers)
            asked[path][1] = min(asked[path][1], len(said))
    worse = {path: counts for path, counts in asked.items() if counts[1] > counts[0]}
    assert worse == {}
    grown = {path for path, (before, after) in sizes.items() if after > before}
    assert {"/api/v1/alarms", "/api/v1/cases", "/api/v1/gateways", "/api/v1/people", "/api/v1/shifts"} <= grown
    # An ordinary page costs about a dozen statements, the session and its access among them.
    # The statistics go through their span day by day.
    most = {path: counts for path, counts in asked.items() if max(counts) > 30}
    assert set(most) <= {"/api/v1/statistics"}, most
