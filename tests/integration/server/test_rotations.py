"""Rotations over HTTP, on both databases."""

from typing import Any

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_server.testing import Station

pytestmark = pytest.mark.anyio


async def test_a_rotation_is_looked_at_then_made_and_made_again(station: Station, web: httpx.AsyncClient) -> None:
    headers = await headers_of(web, "zhao")
    body: dict[str, Any] = {
        "name": "watches",
        "first": "2026-12-01",
        "days": 4,
        "pattern": ["day", "day", "rest", "free"],
        "posts": {"day": {"begins": "08:00", "ends": "16:00"}},
        "people": [{"person": "u-wang"}, {"person": "u-chen", "offset": 2}],
    }
    span = "/api/v1/shifts?first=2026-11-30T00:00:00Z&last=2026-12-06T00:00:00Z"

    async def ask(query: str = "", **change: object) -> dict[str, Any]:
        answer = await web.post(f"/api/v1/rotations{query}", json={**body, **change}, headers=headers)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        return {name: told[name] for name in ("made", "created", "updated", "removed")}

    assert await ask("?dry_run=true") == {"made": False, "created": 6, "updated": 0, "removed": 0}
    assert (await web.get(span, headers=headers)).json()["items"] == []
    assert await ask() == {"made": True, "created": 6, "updated": 0, "removed": 0}
    assert await ask() == {"made": True, "created": 0, "updated": 0, "removed": 0}
    held = (await web.get(span, headers=headers)).json()["items"]
    assert [(shift["person"], shift["kind"]) for shift in held[:2]] == [("u-chen", "rest"), ("u-wang", "duty")]
    later = {"day": {"begins": "09:00", "ends": "17:00"}}
    assert await ask(pattern=["day", "free"], posts=later) == {"made": True, "created": 0, "updated": 4, "removed": 2}
    unknown = await web.post("/api/v1/rotations", json={**body, "people": [{"person": "u-nobody"}]}, headers=headers)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
