"""Who asks too much waits, gateways and the alarm button never do; and roles that need a second factor."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import httpx
import pytest
from pyotp.totp import TOTP

from integration.server.fleet import app_of
from integration.server.sign_in import headers_of
from lookout_server.api.rate import Buckets, Rate
from lookout_server.app import Deps
from lookout_server.domain.audit import Act
from lookout_server.domain.territory import Role
from lookout_server.services.accounts import issue_gateway_token
from lookout_server.testing import JPEG, PASSWORD, ManualClock, PlainHasher, Station, picture

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def _buckets(clock: ManualClock, burst: int) -> Buckets:
    return Buckets(Rate(per_s=0.5, burst=burst), now=lambda: clock.now().timestamp())


async def _web(deps: Deps) -> AsyncGenerator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app_of(deps), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://lookout.test") as client:
        yield client


async def test_an_account_that_asks_too_much_waits_and_no_other_does(station: Station, deps: Deps) -> None:
    async for web in _web(replace(deps, asking=_buckets(station.clock, 3))):
        li, zhao = await headers_of(web, "li"), await headers_of(web, "zhao")
        codes = [(await web.get("/api/v1/alarms", headers=li)).status_code for _ in range(4)]
        assert codes == [200, 200, 200, 429]
        held = await web.get("/api/v1/cases", headers=li)
        assert (held.headers["retry-after"], held.json()["code"]) == ("2", "throttled")
        assert (await web.get("/api/v1/alarms", headers=zhao)).status_code == 200
        assert (await web.post("/api/v1/alarm-button", json={}, headers=li)).status_code == 201
        station.clock.advance(2)
        assert [(await web.get("/api/v1/alarms", headers=li)).status_code for _ in range(2)] == [200, 429]


async def test_an_address_that_asks_too_much_waits_and_gateways_never_do(station: Station, deps: Deps) -> None:
    token = await issue_gateway_token(station.store, "gw-1")
    async for web in _web(replace(deps, addresses=_buckets(station.clock, 2))):
        codes = [(await web.get("/api/v1/alarms")).status_code for _ in range(3)]
        assert codes == [401, 401, 429]
        for _ in range(3):
            answer = await web.put(
                f"/api/v1/evidence/{picture().sha256}",
                content=JPEG,
                headers={"Authorization": f"Bearer {token}", "Content-Type": "image/jpeg"},
            )
            assert answer.status_code in {200, 201}
        # What is no API has its own ways: whoever watches over us is not held back.
        assert [(await web.get("/healthz")).status_code for _ in range(5)] == [200] * 5


async def test_a_role_that_needs_codes_can_do_nothing_before_they_are_set_up(station: Station, deps: Deps) -> None:
    async for web in _web(replace(deps, second_factor_for=frozenset({Role.OPERATOR}))):
        li, wang = await headers_of(web, "li"), await headers_of(web, "wang")
        refused = await web.get("/api/v1/alarms", headers=li)
        assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_needed")
        assert (await web.post("/api/v1/alarm-button", json={}, headers=li)).status_code == 403
        jpeg = {**li, "Content-Type": "image/jpeg"}
        brought = await web.put(f"/api/v1/evidence/{picture().sha256}", content=JPEG, headers=jpeg)
        assert (brought.status_code, brought.json()["code"]) == (403, "second_factor_needed")
        assert (await web.get("/api/v1/cases", headers=wang)).status_code == 200
        for path in ("/session", "/sessions", "/session/second_factor"):
            assert (await web.get(f"/api/v1{path}", headers=li)).status_code == 200, path
        made = (await web.post("/api/v1/session/second_factor", headers=li)).json()
        code = TOTP(made["secret"]).at(station.clock.now())
        confirmed = await web.post("/api/v1/session/second_factor/confirm", json={"code": code}, headers=li)
        assert confirmed.status_code == 200, confirmed.text
        assert (await web.get("/api/v1/alarms", headers=li)).status_code == 200


class _SlowHasher(PlainHasher):
    """Takes its time, and counts."""

    def __init__(self) -> None:
        self.verified = 0

    async def verify(self, password: str, hashed: str | None) -> bool:
        self.verified += 1
        await asyncio.sleep(0.02)
        return await super().verify(password, hashed)


@pytest.mark.one_dispatcher
async def test_a_hundred_guesses_at_once_are_no_more_than_one_after_the_other(station: Station, deps: Deps) -> None:
    hasher = _SlowHasher()
    async for web in _web(replace(deps, hasher=hasher)):
        guesses = (web.post("/api/v1/session", json={"username": "li", "password": f"guess {n}"}) for n in range(100))
        codes = [answer.status_code for answer in await asyncio.gather(*guesses)]
        assert (codes.count(401), codes.count(429), hasher.verified) == (5, 95, 5)
        station.clock.advance(2)
        right = {"username": "li", "password": PASSWORD}
        assert (await web.post("/api/v1/session", json=right)).status_code == 200
        # Whoever is right may be so in many places at once.
        five = await asyncio.gather(*(web.post("/api/v1/session", json=right) for _ in range(5)))
        assert {answer.status_code for answer in five} == {200}


@pytest.mark.one_dispatcher
async def test_strangers_do_not_fill_the_audit_log_for_ever(station: Station, deps: Deps) -> None:
    async for web in _web(deps):
        answers = [
            await web.post("/api/v1/session", json={"username": f"made-up-{number}", "password": "x"})
            for number in range(110)
        ]
        assert {answer.status_code for answer in answers} == {401}
        station.clock.advance(601)
        await web.post("/api/v1/session", json={"username": "made-up", "password": "x"})
    async with station.store.read() as uow:
        acts = [kept.entry.act for kept in await uow.audit.after(0, 200)]
    assert acts.count(Act.SIGN_IN_REFUSED) == 21
    told = deps.refusals.counted(station.clock.now())
    assert told is not None
    assert (told.details or {})["times"] == 90


async def test_what_machines_ask_is_bounded_too(station: Station, deps: Deps) -> None:
    async for web in _web(replace(deps, addresses=_buckets(station.clock, 2))):
        assert [(await web.get(path)).status_code for path in ("/metrics", "/readyz", "/metrics")] == [200, 200, 429]
        assert (await web.get("/healthz")).status_code == 200


async def test_methods_that_a_client_made_up_are_no_series_of_their_own(station: Station, deps: Deps) -> None:
    async for web in _web(deps):
        for number in range(3):
            await web.request(f"MADEUP{number}", "/api/v1/alarms")
        text = (await web.get("/metrics")).text
        assert "MADEUP" not in text
        assert 'method="other"' in text
