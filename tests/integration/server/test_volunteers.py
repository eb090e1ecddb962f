"""Volunteers, their teams, and a ledger of points that is only ever added to."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_server.domain.territory import Role
from lookout_server.domain.volunteers import Points, Volunteer, teams
from lookout_server.errors import ConflictError
from lookout_server.services.volunteers import give, save
from lookout_server.testing import NOON, Station, anywhere, person

pytestmark = pytest.mark.anyio

LI = anywhere(person("li", Role.OPERATOR))
ZHOU = {"id": "v-zhou", "name": "周阿姨", "grid": "grid-07", "skills": ["first_aid", "mediation"]}
WU = {"id": "v-wu", "name": "吴师傅", "grid": "grid-07", "skills": ["first_aid"]}


async def _ask(
    web: httpx.AsyncClient, username: str, path: str, body: dict[str, Any] | None = None, *, status: int = 200
) -> dict[str, Any]:
    headers = await headers_of(web, username)
    method = "GET" if body is None else "POST"
    answer = await web.request(method, f"/api/v1/volunteers{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_teams_are_by_skill_and_without_those_who_left(station: Station, web: httpx.AsyncClient) -> None:
    for volunteer in (ZHOU, WU, {**WU, "id": "v-gone", "active": False}):
        await _ask(web, "wang", "", volunteer)
    found = (await _ask(web, "li", "/teams"))["items"]
    assert [(team["skill"], [each["id"] for each in team["members"]]) for team in found] == [
        ("first_aid", ["v-wu", "v-zhou"]),
        ("mediation", ["v-zhou"]),
    ]
    assert (await _ask(web, "chen", "/teams"))["items"] == []
    assert len((await _ask(web, "wang", ""))["items"]) == 3
    await _ask(web, "chen", "", {**WU, "grid": "grid-08"}, status=403)
    assert (await _ask(web, "li", "", {**WU, "grid": "nowhere"}, status=422))["code"] == "invalid"
    await _ask(web, "fire", "", ZHOU, status=403)


async def test_points_are_given_and_spent_and_never_more_than_there_are(
    station: Station, web: httpx.AsyncClient
) -> None:
    await _ask(web, "wang", "", ZHOU)
    line = {"id": "p-" + "1" * 24, "points": 10, "reason": "清扫楼道"}
    path = "/v-zhou/points"
    for _ in range(2):
        assert (await _ask(web, "li", path, line, status=201))["balance"] == 10
    assert (await _ask(web, "li", path, {**line, "points": 5}, status=409))["code"] == "conflict"
    station.clock.advance(60)
    assert (await _ask(web, "li", path, {"points": -4, "reason": "兑换米"}, status=201))["balance"] == 6
    refused = await _ask(web, "li", path, {"points": -7, "reason": "兑换油"}, status=409)
    assert refused["balance"] == 6
    assert (await _ask(web, "li", path, {"points": 0, "reason": "x"}, status=422))["code"] == "invalid"
    await _ask(web, "wang", path, {"points": 1, "reason": "x"}, status=403)
    ledger = await _ask(web, "wang", path)
    assert (ledger["balance"], [each["points"] for each in ledger["lines"]]) == (6, [-4, 10])
    assert [each["points"] for each in (await _ask(web, "li", ""))["items"]] == [6]
    # Changing the volunteer leaves the ledger alone.
    assert (await _ask(web, "wang", "", {**ZHOU, "name": "周"}))["points"] == 6


async def test_two_who_spend_at_once_do_not_spend_twice(station: Station) -> None:
    await save(station.store, Volunteer(id="v-1", name="周", grid="grid-07", skills=frozenset()), LI)
    first = Points(id="p-" + "0" * 24, volunteer="v-1", points=5, reason="x", by="u-li", at=NOON)
    await give(station.store, first, LI)
    spent = [replace(first, id=f"p-{number:024x}", points=-3) for number in range(1, 4)]
    results = await asyncio.gather(*(give(station.store, each, LI) for each in spent), return_exceptions=True)
    assert sum(isinstance(result, ConflictError) for result in results) == 2
    assert [result for result in results if isinstance(result, int)] == [2]


async def test_nobody_is_no_team() -> None:
    assert teams([]) == ()
