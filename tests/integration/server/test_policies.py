"""The policy as supervisors keep it, through the API: checked, tried on the past, activated, gone back."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_contract.cases import CaseState
from lookout_contract.events import Severity
from lookout_server.adapters.policies import take_policy
from lookout_server.api.deps import Deps
from lookout_server.app import create_app
from lookout_server.domain.policy import Limit, PolicyInForce
from lookout_server.domain.territory import Site
from lookout_server.errors import ConfigError
from lookout_server.exchange.policy import PolicyFile
from lookout_server.ports import PolicyVersion
from lookout_server.testing import NOON, SITE, SmallGateway, Station

pytestmark = pytest.mark.anyio
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SLOWER = {"limits": {"confirmed": {"red": "10min"}}}


@pytest.fixture
def site() -> Site:
    """A site of its own: the policy in force changes."""
    return replace(SITE, in_force=PolicyInForce())


@pytest.fixture
async def web(deps: Deps, site: Site) -> AsyncGenerator[httpx.AsyncClient]:
    """The application, of that site."""
    transport = httpx.ASGITransport(app=create_app(replace(deps, site=site)), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://lookout.test") as client:
        yield client


async def _boss(web: httpx.AsyncClient) -> dict[str, str]:
    return await headers_of(web, "zhao")


def _red(site: Site) -> Limit:
    return site.policy.limits[CaseState.CONFIRMED][Severity.RED]


async def test_a_policy_is_activated_with_a_reason_and_gone_back_from(
    station: Station, web: httpx.AsyncClient, site: Site
) -> None:
    headers = await _boss(web)
    before = (await web.get("/api/v1/policy", headers=headers)).json()
    assert (before["version"], before["content"]["limits"]["confirmed"]["red"]) == (0, "2min")
    body: dict[str, Any] = {"content": SLOWER, "reason": "夜间太紧", "version": 0}
    made = await web.post("/api/v1/policy", json=body, headers=headers)
    assert made.status_code == 201, made.text
    assert (made.json()["version"], made.json()["by"]["id"], _red(site)) == (1, "u-zhao", Limit(seconds=600))
    # Whoever saw the old one hears so, and nothing happens.
    late = await web.post("/api/v1/policy", json=body, headers=headers)
    assert (late.status_code, late.json()["code"], late.json()["current_version"]) == (409, "stale_version", 1)
    back = {"content": before["content"], "reason": "改回", "version": 1}
    assert (await web.post("/api/v1/policy", json=back, headers=headers)).json()["version"] == 2
    assert _red(site) == Limit(seconds=120)
    first = (await web.get("/api/v1/policy/versions?limit=2", headers=headers)).json()
    rest = await web.get(f"/api/v1/policy/versions?limit=2&cursor={first['next_cursor']}", headers=headers)
    held = first["items"] + rest.json()["items"]
    assert [(each["version"], each["reason"]) for each in held] == [(2, "改回"), (1, "夜间太紧"), (0, "")]
    assert held[0]["content"] == held[2]["content"] == before["content"]
    async with station.store.read() as uow:
        acts = [kept.entry for kept in await uow.audit.after(0, 100) if kept.entry.act == "policy.changed"]
    assert [(entry.actor, entry.subject) for entry in acts] == [("u-zhao", "policy 1"), ("u-zhao", "policy 2")]


async def test_other_dispatchers_take_it_over(station: Station, web: httpx.AsyncClient, site: Site) -> None:
    other = replace(SITE, in_force=PolicyInForce())
    assert await take_policy(station.store, other) == 0
    body = {"content": SLOWER, "reason": "x", "version": 0}
    await web.post("/api/v1/policy", json=body, headers=await _boss(web))
    assert await take_policy(station.store, other) == 1
    assert _red(other) == Limit(seconds=600)
    async with station.store.write() as uow:
        await uow.policies.add(PolicyVersion(version=2, at=NOON, content={"limits": "of another age"}))
        await uow.commit()
    with pytest.raises(ConfigError, match="policy use"):
        await take_policy(station.store, other)
    assert other.in_force.version == 1


@SQLITE
async def test_a_draft_is_checked_in_whole(web: httpx.AsyncClient) -> None:
    headers = await _boss(web)
    ways = {"ways": [{"between": ["gw-1/gate", "gw-1/nowhere"], "within": "3min"}]}
    draft = {"content": SLOWER | {"same_thing": ways}}
    checked = (await web.post("/api/v1/policy/check", json=draft, headers=headers)).json()
    assert checked["unknown_cameras"] == ["gw-1/nowhere"]
    assert checked["content"]["limits"]["confirmed"] == {"red": "10min", "yellow": "2min", "blue": "2min"}
    wrong = {"content": {"limits": {"confirmed": {"red": "soon"}}}}
    refused = await web.post("/api/v1/policy/check", json=wrong, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["where"] == "body.content.limits.confirmed.red"
    assert "5min" in refused.json()["errors"][0]["what"]


async def test_a_draft_is_tried_on_the_past(station: Station, web: httpx.AsyncClient) -> None:
    await station.reported(SmallGateway(), "o-1")
    station.clock.at = NOON + timedelta(minutes=5)
    headers = await _boss(web)
    held = (await web.post("/api/v1/policy/trial", json={"content": {}}, headers=headers)).json()
    assert (held["cases"], held["pages"]["now"]) == (1, held["pages"]["then"])
    assert held["pages"]["now"] > 0
    tried = (await web.post("/api/v1/policy/trial", json={"content": _lenient()}, headers=headers)).json()
    assert (tried["pages"]["then"], tried["late_cases"]) == (0, {"now": 1, "then": 0})
    assert (tried["no_longer_late"], tried["no_longer_late_count"], tried["newly_late"]) == (["20261122-0001"], 1, [])
    (limit,), (kind,) = tried["limits"], tried["kinds"]
    assert (limit["state"], limit["late"]) == ("confirmed", {"now": 1, "then": 0})
    assert kind["late"] == limit["late"]
    assert (await web.get("/api/v1/policy", headers=headers)).json()["version"] == 0


def _lenient() -> dict[str, Any]:
    return {"limits": {"confirmed": dict.fromkeys(("red", "yellow", "blue"), "1h")}}


def test_whole_is_the_same_policy_and_stays_so() -> None:
    draft = PolicyFile.model_validate(
        {"limits": {"on_scene": {"blue": "36h working", "red": "90s"}}, "reopen_within": None}
    )
    whole = draft.whole()
    assert whole.policy("Asia/Shanghai") == draft.policy("Asia/Shanghai")
    assert PolicyFile.model_validate(whole.model_dump(mode="json")) == whole == whole.whole()
    assert whole.limits.on_scene.blue == "36h working"
