"""The feed over a real connection: resumed without gaps or doubles, and told to those it concerns."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Scope

from integration.server.fleet import app_of
from integration.server.sign_in import headers_of
from lookout_server.api.routes.feed import WRITE_NOW
from lookout_server.app import Deps
from lookout_server.bootstrap.http import PROTOCOL
from lookout_server.errors import StoreError, UnauthenticatedError
from lookout_server.testing import SmallGateway, Station

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Line:
    """One server-sent event."""

    event: str
    id: int | None
    data: Any


@pytest.fixture
async def live(deps: Deps, station: Station) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of a real server on a free port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = int(listening.getsockname()[1])
        server = uvicorn.Server(
            uvicorn.Config(app_of(deps), http=PROTOCOL, log_config=None, lifespan="off", timeout_graceful_shutdown=2)
        )
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            yield client
        server.should_exit = True
        await serving


async def _lines(answer: httpx.Response) -> AsyncIterator[Line]:
    fields: dict[str, str] = {}
    async for text in answer.aiter_lines():
        if text:
            key, _, value = text.partition(": ")
            fields[key] = value
        elif fields:
            number = int(fields["id"]) if "id" in fields else None
            yield Line(fields["event"], number, json.loads(fields["data"]))
            fields = {}


@asynccontextmanager
async def _feed(web: httpx.AsyncClient, headers: dict[str, str], **query: int) -> AsyncGenerator[AsyncIterator[Line]]:
    async with web.stream("GET", "/api/v1/feed", headers=headers, params=query) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _lines(answer)


async def _numbered(lines: AsyncIterator[Line]) -> Line:
    async for line in lines:
        if line.event != "heartbeat":
            assert line.id == line.data["seq"]
            return line
    raise AssertionError("the feed ended")


async def test_the_first_thing_heard_is_a_heartbeat(live: httpx.AsyncClient) -> None:
    headers = await headers_of(live, "li")
    seq = (await live.get("/api/v1/overview", headers=headers)).json()["feed_seq"]
    async with _feed(live, headers) as lines:
        first = await anext(lines)
    assert (first.event, first.id, first.data["seq"]) == ("heartbeat", None, seq)


async def test_resuming_by_header_and_by_number(live: httpx.AsyncClient, station: Station) -> None:
    headers = await headers_of(live, "li")
    start = (await live.get("/api/v1/overview", headers=headers)).json()["feed_seq"]
    gateway = SmallGateway()
    await station.intake.take([gateway.sends(f"o-{n}") for n in range(6)])
    seen: list[int] = []
    async with _feed(live, headers, after=start) as lines:
        for _ in range(3):
            line = await _numbered(lines)
            seen.append(line.data["seq"])
    await station.intake.take([gateway.sends(f"p-{n}") for n in range(3)])
    last = (await live.get("/api/v1/overview", headers=headers)).json()["feed_seq"]
    async with _feed(live, {**headers, "Last-Event-ID": str(seen[-1])}, after=0) as lines:
        while seen[-1] < last:
            seen.append((await _numbered(lines)).data["seq"])
    assert seen == list(range(start + 1, last + 1))


async def test_lines_carry_the_thing_itself(live: httpx.AsyncClient, station: Station) -> None:
    headers = await headers_of(live, "li")
    start = (await live.get("/api/v1/overview", headers=headers)).json()["feed_seq"]
    await station.intake.take([SmallGateway().sends("o-1")])
    async with _feed(live, headers, after=start) as lines:
        while (line := await _numbered(lines)).event != "alarm":
            pass
    assert (line.data["change"], line.data["alarm"]["id"]) == ("created", line.data["id"])
    assert line.data["alarm"]["case_id"] is None
    assert "case" not in line.data


async def test_workers_hear_of_their_cases_alone(live: httpx.AsyncClient, station: Station) -> None:
    operator, wang, chen = [await headers_of(live, name) for name in ("li", "wang", "chen")]
    start = (await live.get("/api/v1/overview", headers=operator)).json()["feed_seq"]
    for gateway in (SmallGateway(), SmallGateway(camera="corridor", epoch="20261122t000001-b")):
        await station.intake.take([gateway.sends(f"{gateway.camera}-1")])
    alarms = (await live.get("/api/v1/alarms", headers=operator)).json()["items"]
    for alarm in alarms:
        await live.post(f"/api/v1/alarms/{alarm['id']}/report", json={}, headers=operator)
    for headers, grid in ((wang, "grid-07"), (chen, "grid-08")):
        async with _feed(live, headers, after=start) as lines:
            line = await _numbered(lines)
        assert (line.event, line.data["case"]["grid"]["id"]) == ("case", grid)


@pytest.mark.one_dispatcher
async def test_the_stream_ends_with_the_hub(live: httpx.AsyncClient, station: Station, deps: Deps) -> None:
    headers = await headers_of(live, "li")
    async with _feed(live, headers) as lines:
        await anext(lines)
        closing: Any = station.feed
        closing.close()
        heard = [line async for line in lines]
    assert all(line.event == "heartbeat" for line in heard)


async def test_a_sender_of_too_much_hears_why_instead_of_a_broken_connection(
    live: httpx.AsyncClient, deps: Deps
) -> None:
    too_much = b"x" * (deps.max_evidence_bytes + 1)
    headers = {**await headers_of(live, "li"), "Content-Type": "image/jpeg"}
    answer = await live.put(f"/api/v1/evidence/{'0' * 64}", content=too_much, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


class Browser:
    """A browser as the application's server sees it.

    While ``takes`` is not set its socket is full: whoever sends waits, and writes nothing before that, as in uvicorn.
    ``at_once``: whether that server offers ``WRITE_NOW``.
    """

    def __init__(self, headers: dict[str, str], *, at_once: bool) -> None:
        self.wrote_now = 0
        self._extensions = {WRITE_NOW: self._write_now} if at_once else {}
        self.takes = asyncio.Event()
        self.takes.set()
        self.heard = asyncio.Event()
        self.seen: list[int] = []
        self.beats = 0
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def follow(self, app: ASGIApp) -> None:
        """Until it is cancelled."""
        scope: Scope = {
            "type": "http",
            "method": "GET",
            "path": "/api/v1/feed",
            "query_string": b"",
            "headers": self._headers,
            "client": ("127.0.0.1", 1),
            "extensions": self._extensions,
        }
        await app(scope, self._receive, self._send)

    async def until(self, last: int) -> list[int]:
        """Numbers in the order in which they came, once this one has."""
        async with asyncio.timeout(20):
            while not self.seen or self.seen[-1] < last:
                self.heard.clear()
                await self.heard.wait()
        return self.seen

    async def beaten(self, times: int) -> None:
        """Until so many heartbeats were heard."""
        async with asyncio.timeout(20):
            while self.beats < times:
                self.heard.clear()
                await self.heard.wait()

    async def _receive(self) -> Message:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    async def _send(self, message: Message) -> None:
        await self.takes.wait()
        self._hear(message.get("body", b""))

    def _write_now(self, body: bytes) -> bool:
        if self.takes.is_set():
            self.wrote_now += 1
            self._hear(body)
        return self.takes.is_set()

    def _hear(self, body: bytes) -> None:
        for line in body.split(b"\n"):
            if line.startswith(b"id: "):
                self.seen.append(int(line[4:]))
            self.beats += line == b"event: heartbeat"
        self.heard.set()


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("at_once", [True, False])
async def test_whose_socket_is_full_hears_all_in_order_later_and_holds_up_nobody(
    deps: Deps, station: Station, at_once: bool
) -> None:
    app = app_of(deps)
    web = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://lookout.test")
    headers = await headers_of(web, "li")
    quick, slow = Browser(headers, at_once=at_once), Browser(headers, at_once=at_once)
    following = [asyncio.create_task(browser.follow(app)) for browser in (quick, slow)]
    gateway = SmallGateway()

    async def report(count: int) -> int:
        for _ in range(count):
            await station.intake.take([gateway.sends(f"o-{gateway.sequence}")])
        return int((await web.get("/api/v1/overview", headers=headers)).json()["feed_seq"])

    await asyncio.gather(quick.heard.wait(), slow.heard.wait())
    first = await report(1)
    await asyncio.gather(quick.until(first), slow.until(first))
    slow.takes.clear()
    last = await report(5)
    assert (await quick.until(last))[-1] == last
    assert slow.seen[-1] == first
    slow.takes.set()
    last = await report(5)
    assert await slow.until(last) == await quick.until(last) == list(range(quick.seen[0], last + 1))
    assert bool(quick.wrote_now) == at_once
    for task in following:
        task.cancel()
    await web.aclose()


@pytest.mark.parametrize("at_once", [True, False])
async def test_who_came_together_is_not_due_for_heartbeats_together(
    deps: Deps, station: Station, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    places, asked = iter([0, 19]), list[int]()

    def die(sides: int) -> int:
        asked.append(sides)
        return next(places)

    monkeypatch.setattr("lookout_server.api.routes.feed.random.randrange", die)
    app = app_of(deps)
    web = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://lookout.test")
    headers = await headers_of(web, "li")
    soon, late = Browser(headers, at_once=at_once), Browser(headers, at_once=at_once)
    following = [asyncio.create_task(soon.follow(app))]
    await soon.beaten(1)
    following.append(asyncio.create_task(late.follow(app)))
    await asyncio.gather(soon.beaten(2), late.beaten(1))
    # In 20 groups, which are looked up at another of 15 heartbeats each.
    assert asked == [300, 300]
    # Only what begins the answer must go the long way.
    assert soon.wrote_now == (soon.beats - 1 if at_once else 0)
    for task in following:
        task.cancel()
    await web.aclose()


async def test_a_session_that_has_ended_hears_no_more(
    deps: Deps, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookout_server.api.routes.feed.HEARTBEAT_S", 0.02)
    app = app_of(deps)
    web = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://lookout.test")
    headers = await headers_of(web, "li")
    browser = Browser(headers, at_once=True)
    following = asyncio.create_task(browser.follow(app))
    await browser.beaten(12)
    assert not following.done()
    assert (await web.delete("/api/v1/session", headers=headers)).status_code == 204
    async with asyncio.timeout(20):
        await following
    await web.aclose()


async def test_a_database_that_is_away_ends_no_feed_and_its_heartbeats_say_so(
    deps: Deps, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookout_server.api.routes.feed.HEARTBEAT_S", 0.02)
    app = app_of(deps)
    web = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://lookout.test")
    headers = await headers_of(web, "li")
    browser = Browser(headers, at_once=True)
    following = asyncio.create_task(browser.follow(app))
    await browser.beaten(1)
    asked = 0

    async def away(*_: object, **__: object) -> None:
        nonlocal asked
        asked += 1
        raise StoreError("the database does not answer")

    monkeypatch.setattr("lookout_server.api.routes.feed.accounts.whose_access", away)
    # Whose session it is is asked with every fifteenth.
    await browser.beaten(browser.beats + 32)
    assert asked >= 2
    assert not following.done()
    monkeypatch.undo()
    await station.intake.take([SmallGateway().sends("o-1")])
    last = int((await web.get("/api/v1/overview", headers=headers)).json()["feed_seq"])
    assert (await browser.until(last))[-1] == last
    following.cancel()
    await asyncio.wait([following])
    await web.aclose()


async def test_a_database_that_hangs_holds_up_no_heartbeat(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookout_server.api.routes.feed.HEARTBEAT_S", 0.02)
    app = app_of(deps)
    web = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://lookout.test")
    browser = Browser(await headers_of(web, "li"), at_once=True)
    following = asyncio.create_task(browser.follow(app))
    await browser.beaten(1)
    asked, answers = 0, asyncio.Event()

    async def hang(*_: object, **__: object) -> None:
        nonlocal asked
        asked += 1
        await answers.wait()
        raise UnauthenticatedError("you are not signed in any more")

    monkeypatch.setattr("lookout_server.api.routes.feed.accounts.whose_access", hang)
    # Whose session it is would be asked three times meanwhile.
    async with asyncio.timeout(20):
        await browser.beaten(browser.beats + 48)
    assert asked == 1
    assert not following.done()
    answers.set()
    async with asyncio.timeout(20):
        await following
    await web.aclose()
