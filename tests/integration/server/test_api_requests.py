"""Requests that come twice, versions in headers, filters, and lists that people keep."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from integration.server.fleet import app_of
from integration.server.sign_in import headers_of
from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.adapters.database import searching
from lookout_server.api.idempotency import Idempotency, takes_key
from lookout_server.app import Deps, openapi_document
from lookout_server.domain.case import SYSTEM
from lookout_server.domain.moving import opened
from lookout_server.errors import ConflictError
from lookout_server.ports import RequestKey
from lookout_server.services import repeating
from lookout_server.services.accounts import issue_gateway_token
from lookout_server.testing import NOON, SmallGateway, Station, a_case

pytestmark = pytest.mark.anyio
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
REPORT = "/api/v1/alarms/{}/report"


async def _headers(web: httpx.AsyncClient, username: str, key: str | None = None) -> dict[str, str]:
    headers = await headers_of(web, username)
    return {**headers, "Idempotency-Key": key} if key else headers


async def _alarm(station: Station, web: httpx.AsyncClient, headers: dict[str, str], occurrence: str = "o-1") -> str:
    await station.intake.take([SmallGateway().sends(occurrence)])
    return (await web.get("/api/v1/alarms", headers=headers)).json()["items"][0]["id"]


async def test_the_same_request_again_gets_the_same_answer(station: Station, web: httpx.AsyncClient) -> None:
    headers = await _headers(web, "li", "key-1")
    alarm = await _alarm(station, web, headers)
    first = await web.post(REPORT.format(alarm), json={}, headers=headers)
    again = await web.post(REPORT.format(alarm), json={}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["x-content-type-options"] == "nosniff"
    # Without the key it is a request of its own.
    free = {name: value for name, value in headers.items() if name != "Idempotency-Key"}
    assert (await web.post(REPORT.format(alarm), json={}, headers=free)).status_code == 200
    # A refusal holds as well; another request under the key does not.
    note = {"reason": "false_alarm"}
    other = await web.post(f"/api/v1/alarms/{alarm}/dismiss", json=note, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "invalid")
    refused = {**headers, "Idempotency-Key": "key-2"}
    for _ in range(2):
        assert (await web.post(f"/api/v1/alarms/{alarm}/dismiss", json=note, headers=refused)).status_code == 409


async def test_two_at_once_do_the_work_once(station: Station, web: httpx.AsyncClient) -> None:
    headers = await _headers(web, "li", "at-once")
    body = {"reason": "x", "ends_at": "2026-11-22T05:00:00Z", "grid": "grid-07"}
    answers = await asyncio.gather(*(web.post("/api/v1/silences", json=body, headers=headers) for _ in range(5)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len((await web.get("/api/v1/silences", headers=headers)).json()["items"]) == 1


@SQLITE
async def test_a_key_is_its_senders_own(station: Station, web: httpx.AsyncClient) -> None:
    body = {"reason": "x", "ends_at": "2026-11-22T05:00:00Z", "grid": "grid-07"}
    made = [
        (await web.post("/api/v1/silences", json=body, headers=await _headers(web, name, "shared"))).json()["owner"]
        for name in ("li", "zhao")
    ]
    assert made == ["u-li", "u-zhao"]


@SQLITE
async def test_what_says_not_now_is_not_kept(station: Station, web: httpx.AsyncClient) -> None:
    away = {"Authorization": "Bearer made-up", "Idempotency-Key": "k"}
    for _ in range(2):
        answer = await web.post("/api/v1/silences", json={}, headers=away)
        assert (answer.status_code, answer.headers.get("idempotency-replayed")) == (401, None)
    long = {**away, "Idempotency-Key": "k" * 201}
    assert (await web.post("/api/v1/silences", json={}, headers=long)).status_code == 422
    large = await web.post("/api/v1/silences", content=b"x" * 70_000, headers=away)
    assert large.status_code == 413


async def test_who_was_killed_at_it_holds_the_key_for_a_minute(station: Station) -> None:
    key = RequestKey(scope="s", name="n", request="r")
    assert await repeating.claim(station.store, key, at=NOON) is None
    with pytest.raises(ConflictError):
        await repeating.claim(station.store, key, at=station.clock.advance(59))
    assert await repeating.claim(station.store, key, at=station.clock.advance(2)) is None
    assert await repeating.forget(station.store, at=station.clock.advance(86_400 + 1)) == 1


def test_every_post_takes_a_key_but_those_that_answer_with_secrets() -> None:
    paths: dict[str, dict[str, dict[str, Any]]] = openapi_document("0")["paths"]
    for path, item in paths.items():
        named = [each["name"] for each in item.get("post", {}).get("parameters", [])]
        if "post" in item and not path.startswith("/api/v1/public/"):
            assert ("Idempotency-Key" in named) == takes_key("POST", path)
    without = {path for path, item in paths.items() if "post" in item and not takes_key("POST", path)}
    assert without == {
        "/api/v1/session",
        "/api/v1/session/password",
        "/api/v1/session/second_factor",
        "/api/v1/session/second_factor/confirm",
        "/api/v1/session/second_factor/off",
        "/api/v1/enrol",
        "/api/v1/enrolments",
        "/api/v1/live/{session}",
        *(path for path in paths if path.startswith("/api/v1/public/") and "post" in paths[path]),
    }


async def _add(station: Station, number: int, state: CaseState, **values: Any) -> None:
    case, entry = opened(a_case(state, number=number), actor=SYSTEM, at=NOON, data={})
    async with station.store.write() as uow:
        await uow.cases.add(replace(case, **values), entry)
        await uow.commit()


@SQLITE
async def test_if_match_names_the_version_that_was_seen(station: Station, web: httpx.AsyncClient) -> None:
    await _add(station, 1, CaseState.NEW)
    headers, url = await _headers(web, "li"), "/api/v1/cases/c-20261122-0001"
    seen = (await web.get(url, headers=headers)).headers["etag"]
    assert seen == '"1"'
    for wrong in ('"7"', "W/" + seen, "nonsense"):
        answer = await web.post(f"{url}/confirm", json={"version": 1}, headers={**headers, "If-Match": wrong})
        assert (answer.status_code, answer.json()["code"], answer.json()["current_version"]) == (412, "changed", 1)
    right = {**headers, "If-Match": seen}
    assert (await web.post(f"{url}/confirm", json={"version": 1}, headers=right)).status_code == 200
    assert (await web.post(f"{url}/supervise", json={"version": 2, "reason": "x"}, headers=right)).status_code == 412
    assert (await web.get(url, headers=headers)).headers["etag"] == '"2"'


async def test_lists_are_narrowed_by_what_they_are_asked_for(
    station: Station, web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _add(
        station, 1, CaseState.NEW, severity=Severity.RED, title="火情烟雾 · 50%_东门", scenario=Scenario.FIRE_SMOKE
    )
    await _add(station, 2, CaseState.DISPATCHED, handler="u-wang", supervised=True, due_at=NOON)
    await _add(station, 3, CaseState.CLOSED, grid="grid-08")
    await _add(station, 4, CaseState.CLOSED, grid=None, opened_at=NOON.replace(day=20), due_at=None)
    headers = await _headers(web, "li")
    station.clock.advance(1)

    async def found(query: str) -> list[int]:
        answer = await web.get(f"/api/v1/cases?{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        return sorted(int(item["number"][-1]) for item in answer.json()["items"])

    assert await found("severity=red") == await found("scenario=fire_smoke") == [1]
    assert await found("supervised=true") == [2]
    assert await found("supervised=false&state=closed") == [3, 4]
    assert await found("late=true") == [2]
    assert await found("place=grid-08") == [3]
    assert await found("place=kangle") == await found("place=yaohai") == [1, 2, 3]
    assert await found("place=nowhere") == []
    assert await found("q=50%25_") == [1]
    assert await found("q=%25") == [1]
    assert await found("q=20261122-0003") == await found("q=20261122-0003&state=closed") == [3]
    assert await found("q=20261122-") == await found("q=2026") == [1, 2, 3, 4]
    assert await found("q=20261123") == await found("q=没有这样的地方") == []
    assert await found("q=烟雾") == await found("q=Smoke") == [1]
    # Where nearly every title differs they are not looked through one by one.
    monkeypatch.setattr(searching, "_MOST_TITLES", 1)
    assert await found("q=烟雾") == [1]
    assert await found("q=没有这样的地方") == []
    assert await found("opened_before=2026-11-21T00:00:00Z") == [4]
    assert await found("opened_from=2026-11-22T00:00:00Z&opened_before=2026-11-22T05:00:00Z") == [1, 2, 3]
    for wrong in ("state=nowhere", "severity=pink", "nonsense=1", "limit=0"):
        assert (await web.get(f"/api/v1/cases?{wrong}", headers=headers)).status_code == 422


async def test_lists_are_kept_and_shared_within_the_control_room(station: Station, web: httpx.AsyncClient) -> None:
    li, zhao, wang = [await _headers(web, name) for name in ("li", "zhao", "wang")]
    body = {"name": "超时的红色案件", "query": {"severity": "red", "late": True}, "shared": True}
    made = (await web.post("/api/v1/lists", json=body, headers=li)).json()
    assert made["query"] == {"severity": "red", "late": True}
    again = await web.post("/api/v1/lists", json={**body, "query": {"q": "门"}}, headers=li)
    assert again.json()["id"] == made["id"]
    seen = (await web.get("/api/v1/lists", headers=zhao)).json()["items"]
    assert [(each["query"], each["own"]) for each in seen] == [({"q": "门"}, False)]
    assert (await web.get("/api/v1/cases", params=seen[0]["query"], headers=zhao)).status_code == 200
    assert (await web.get("/api/v1/lists", headers=wang)).json()["items"] == []
    assert (await web.delete(f"/api/v1/lists/{made['id']}", headers=wang)).status_code == 404
    assert (
        await web.post("/api/v1/lists", json={**body, "query": {"severity": "pink"}}, headers=li)
    ).status_code == 422
    assert (await web.delete(f"/api/v1/lists/{made['id']}", headers=zhao)).status_code == 204
    assert (await web.get("/api/v1/lists", headers=li)).json()["items"] == []


@SQLITE
async def test_a_body_that_was_cut_short_is_not_read_and_comes_again(station: Station) -> None:
    token = await issue_gateway_token(station.store, "gw-1")
    read: list[bytes] = []
    answers: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        read.append((await receive())["body"])
        await Response("taken")(scope, receive, send)

    async def post(*parts: Message) -> None:
        coming = iter(parts)

        async def receive() -> Message:
            return next(coming)

        async def send(message: Message) -> None:
            answers.append(message)

        path = "/api/v1/hotline/import"
        headers = [(b"idempotency-key", b"key-1"), (b"authorization", f"Bearer {token}".encode())]
        scope: Scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
        await Idempotency(app, store=station.store, now=station.clock.now)(scope, receive, send)

    await post({"type": "http.request", "body": b"1,first\n2,sec", "more_body": True}, {"type": "http.disconnect"})
    assert read == []
    await post({"type": "http.request", "body": b"1,first\n2,second\n", "more_body": False})
    assert read == [b"1,first\n2,second\n"]
    assert answers[-2]["status"] == 200


@pytest.mark.parametrize(
    "path", [f"/api/v1/evidence/{'0' * 64}", "/api/v1/alarms/x/report", "/api/v1/vehicles/import", "/api/v1/live/x"]
)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer made-up"}, {"Cookie": "lookout_session=made-up"}])
async def test_nothing_is_kept_of_a_strangers_body_because_it_has_a_key(
    station: Station, deps: Deps, path: str, headers: dict[str, str]
) -> None:
    """Pieces without a length and without an end, as far as a stranger can send them."""
    pieces = 0

    async def receive() -> Message:
        nonlocal pieces
        pieces += 1
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": pieces < 1000}

    statuses: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    sent = {**headers, "Idempotency-Key": "a-key-of-a-stranger", "Content-Type": "application/json"}
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
        "client": ("10.0.0.1", 1),
        "server": ("lookout.test", 80),
    }
    await app_of(deps)(scope, receive, send)
    assert statuses[0] in {401, 403, 404, 405, 413}
    assert pieces <= 140  # eight mebibytes and a little, which is the largest table


async def test_a_strangers_key_is_not_remembered(station: Station, web: httpx.AsyncClient) -> None:
    """Nor does it wait for the database, which has its hands full with events."""
    headers = {"Idempotency-Key": "a-key-of-a-stranger", "Authorization": "Bearer made-up"}
    async with station.store.write(), asyncio.timeout(10):
        answer = await web.post("/api/v1/alarms/x/dismiss", json={}, headers=headers)
    assert answer.status_code == 401
