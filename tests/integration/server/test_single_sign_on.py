"""Signing in by OpenID Connect, against a provider that lives in this test."""

import base64
import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from integration.server.fleet import app_of
from lookout_server.adapters.openid import OpenIdProvider
from lookout_server.api.deps import Deps
from lookout_server.domain.audit import Act
from lookout_server.testing import NOON, Station

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

ISSUER = "https://id.example"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _public() -> dict[str, str]:
    numbers = KEY.public_key().public_numbers()
    parts = {"n": numbers.n.to_bytes(256, "big"), "e": numbers.e.to_bytes(3, "big")}
    return {"kty": "RSA", **{k: base64.urlsafe_b64encode(v).rstrip(b"=").decode() for k, v in parts.items()}}


@dataclass
class FakeProvider:
    """Hands out one code for each address that it is sent to, and an ID token for the code."""

    person: str = "li"
    #: What the ID token says differently.
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    key: Any = KEY
    algorithm: str = "RS256"
    down: bool = False
    asked: dict[str, str] = field(default_factory=dict[str, str])

    def visit(self, address: str) -> str:
        """The person signs in there; the address to which the browser is sent back."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        return f"{self.asked['redirect_uri']}?code=once&state={self.asked['state']}"

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What it answers to the dispatcher."""
        if self.down:
            raise httpx.ConnectError("no route to host")
        if request.url.path == "/.well-known/openid-configuration":
            ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            return httpx.Response(200, json={"issuer": ISSUER, **{k: f"{ISSUER}/{v}" for k, v in ends.items()}})
        if request.url.path == "/keys":
            public = _public()
            return httpx.Response(200, json={"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]})
        form = parse_qs(request.content.decode())
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        basic = base64.b64encode(b"lookout:s3cret").decode()
        fits = proof == self.asked["code_challenge"] and request.headers["authorization"] == f"Basic {basic}"
        if not fits or form["code"] != ["once"]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        claims = {
            "iss": ISSUER,
            "aud": "lookout",
            "sub": "4711",
            "iat": int(NOON.timestamp()),
            "exp": int((NOON + timedelta(minutes=5)).timestamp()),
            "nonce": self.asked["nonce"],
            "preferred_username": self.person,
            **self.claims,
        }
        token = jwt.encode(claims, self.key, algorithm=self.algorithm, headers={"kid": "one"})
        return httpx.Response(200, json={"access_token": "x", "token_type": "Bearer", "id_token": token})


@pytest.fixture
def there() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
async def browser(deps: Deps, there: FakeProvider) -> AsyncGenerator[httpx.AsyncClient]:
    provider = OpenIdProvider(
        ISSUER,
        ("lookout", "s3cret"),
        claim="preferred_username",
        label="统一身份认证",
        transport=httpx.MockTransport(there.answer),
    )
    app = app_of(replace(deps, provider=provider, public_url="https://lookout.test"))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://lookout.test") as client:
        yield client
    await provider.close()


async def _sign_in(browser: httpx.AsyncClient, there: FakeProvider) -> httpx.Response:
    sent = await browser.get("/api/v1/session/oidc")
    assert sent.status_code == 302, sent.text
    return await browser.get(there.visit(sent.headers["location"]))


async def test_whoever_has_an_account_is_let_in(
    station: Station, browser: httpx.AsyncClient, there: FakeProvider
) -> None:
    assert (await browser.get("/api/v1/session/oidc/about")).json() == {"oidc": "统一身份认证"}
    answer = await _sign_in(browser, there)
    assert (answer.status_code, answer.headers["location"]) == (302, "/")
    assert there.asked["redirect_uri"] == "https://lookout.test/api/v1/session/oidc/callback"
    assert (await browser.get("/api/v1/session")).json()["user"]["username"] == "li"
    async with station.store.read() as uow:
        (kept,) = await uow.audit.before(None, 1)
    assert (kept.entry.act, dict(kept.entry.details or {})["how"]) == (Act.SIGNED_IN, "oidc")
    # The way back works once, and for the browser that went.
    again = await browser.get(f"/api/v1/session/oidc/callback?code=once&state={there.asked['state']}")
    assert again.headers["location"].startswith("/login?problem=")


WRONG = {
    "somebody unknown": FakeProvider(person="nobody"),
    "for somebody else": FakeProvider(claims={"aud": "other"}),
    "by somebody else": FakeProvider(claims={"iss": "https://evil.example"}),
    "of another attempt": FakeProvider(claims={"nonce": "old"}),
    "of yesterday": FakeProvider(claims={"exp": int((NOON - timedelta(minutes=2)).timestamp())}),
    "without a name": FakeProvider(claims={"preferred_username": None}),
    "with a forged key": FakeProvider(key=rsa.generate_private_key(public_exponent=65537, key_size=2048)),
    "with the secret as key": FakeProvider(key="s3cret" * 8, algorithm="HS256"),
    "unsigned": FakeProvider(key=None, algorithm="none"),
}


@pytest.mark.parametrize("there", WRONG.values(), ids=WRONG.keys())
async def test_what_proves_nothing_lets_nobody_in(browser: httpx.AsyncClient, there: FakeProvider) -> None:
    answer = await _sign_in(browser, there)
    assert answer.headers["location"].startswith("/login?problem=")
    assert (await browser.get("/api/v1/session")).status_code == 401


async def test_a_forged_way_back_lets_nobody_in(browser: httpx.AsyncClient, there: FakeProvider) -> None:
    sent = await browser.get("/api/v1/session/oidc")
    back = there.visit(sent.headers["location"])
    for address in (back.replace("state=", "state=x"), back.replace("code=once", "code=other"), back.split("?")[0]):
        assert (await browser.get(address)).headers["location"].startswith("/login?problem=")
        browser.cookies.clear()
    assert (await browser.get(back)).headers["location"].startswith("/login?problem=")
    assert (await browser.get("/api/v1/session")).status_code == 401


async def test_a_provider_that_is_away_is_said_so(browser: httpx.AsyncClient, there: FakeProvider) -> None:
    there.down = True
    answer = await browser.get("/api/v1/session/oidc")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_without_a_provider_there_is_none(web: httpx.AsyncClient) -> None:
    assert (await web.get("/api/v1/session/oidc/about")).json() == {"oidc": None}
    assert (await web.get("/api/v1/session/oidc")).status_code == 404
    assert (await web.get("/api/v1/session/oidc/callback")).status_code == 404
