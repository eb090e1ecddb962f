"""What happens to every request and answer: turns, limits, security headers, counting."""

import asyncio
import time

from fastapi.exceptions import HTTPException
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lookout_server.api import problems
from lookout_server.services.plans import MAX_BYTES as MAX_PLAN_BYTES
from lookout_server.services.stills import MAX_BYTES as MAX_STILL_BYTES

#: Nothing but evidence is large.
MAX_JSON_BYTES = 64 * 1024
#: Files, and gateways' streams, which have no end: bounded where they are taken. By method, too: whatever else is sent
#: there is sent by a stranger, and somebody may keep all of it before a route says no.
_UNBOUNDED = (("PUT", "/api/v1/evidence/"), ("POST", "/api/v1/live/"))
#: A plan's picture, before it is drawn anew.
_PLANS = "/api/v1/plans"
#: A gateway's small picture of a camera.
_STILLS = "/api/v1/stills/"
#: Residents send their photos with their words, without an account: three phones' photos and a little.
_RESIDENTS = "/api/v1/public/places/"
_MAX_REPORT_BYTES = 40 * 1024 * 1024
#: Tables of a whole district: 2,000 people are 200 kB.
_ESTATE = "/api/v1/estate/import"
#: A list of vehicles, as large as a broker hands on.
_GATEWAYS = "/api/v1/gateways/"
_MAX_COMMAND_BYTES = 1024 * 1024
#: The same list as a table, with notes and in Chinese.
_VEHICLES = "/api/v1/vehicles/import"
_MAX_VEHICLES_BYTES = 8 * 1024 * 1024
_MAX_ESTATE_BYTES = 8 * 1024 * 1024

_TABLES = {_ESTATE: _MAX_ESTATE_BYTES, _VEHICLES: _MAX_VEHICLES_BYTES}

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=()",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}


#: Readers that are answered at once. One loop answers them and takes events in: more would be no quicker, and an alarm
#: would wait for a step of each before every step of its own.
_READERS = 8
#: Who is not answered by then lets another one begin, seconds: it waits for something else than this process.
_TURN_S = 0.25


class Turns:
    """Readers of the API are answered in the order in which they came, some at a time.

    When a dispatcher is back, all pages come back to it at once, and what gateways have to say must not wait for them.
    """

    def __init__(self, app: ASGIApp, *, at_once: int = _READERS, turn_s: float = _TURN_S) -> None:
        self._app = app
        self._free = asyncio.Semaphore(at_once)
        self._turn_s = turn_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not str(scope["path"]).startswith("/api/"):
            await self._app(scope, receive, send)
            return
        await self._free.acquire()
        turn: list[asyncio.TimerHandle] = []

        def end() -> None:
            if turn:
                turn.pop().cancel()
                self._free.release()

        turn.append(asyncio.get_running_loop().call_later(self._turn_s, end))

        async def send_and_end(message: Message) -> None:
            await send(message)
            # A stream has begun with its first piece, and then has no end.
            if message["type"] == "http.response.body":
                end()

        try:
            await self._app(scope, receive, send_and_end)
        finally:
            end()


class SecurityHeaders:
    """Adds the headers that keep pages from doing what they should not; a route may set its own.

    ``secure``: browsers come by HTTPS, and are told to come by nothing else (RFC 6797).
    """

    def __init__(self, app: ASGIApp, *, secure: bool = False) -> None:
        self._app = app
        self._headers = {**_HEADERS, **({"Strict-Transport-Security": "max-age=31536000"} if secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if str(scope["path"]).startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Refuses bodies above 64 KiB, but for evidence, streams, pictures, tables, commands and residents' photos."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_unbounded(str(scope["method"]), str(scope["path"])):
            await self._app(scope, receive, send)
            return
        most = _most(str(scope["path"]))
        too_large = f"the body is larger than {most} bytes: send less"
        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > most:
            await problems.response("too_large", too_large)(scope, receive, send)
            return
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413, too_large)
            return message

        await self._app(scope, limited, send)


def _is_unbounded(method: str, path: str) -> bool:
    return any(method == wanted and path.startswith(begin) for wanted, begin in _UNBOUNDED)


def _most(path: str) -> int:
    if path.startswith(_RESIDENTS):
        return _MAX_REPORT_BYTES
    if path == _PLANS:
        return MAX_PLAN_BYTES
    if path in _TABLES:
        return _TABLES[path]
    if path.startswith(_GATEWAYS):
        return _MAX_COMMAND_BYTES
    return MAX_STILL_BYTES if path.startswith(_STILLS) else MAX_JSON_BYTES


class RequestCounts:
    """The metrics of requests. Made once an application, whose middleware may be built more often."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["method", "route", "status"]
        self.requests = Counter("lookout_http_requests", "Requests answered.", labels, registry=registry)
        self.seconds = Histogram("lookout_http_request_seconds", "Time to answer.", ["route"], registry=registry)


class Counting:
    """Counts requests by route template, never by path: ids would make endless series."""

    def __init__(self, app: ASGIApp, *, counts: RequestCounts) -> None:
        self._app = app
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            route = str(getattr(scope.get("route"), "path", "other"))
            # A client may make up methods, and each would be a series for good.
            method = str(scope["method"]) if scope["method"] in _METHODS else "other"
            self._counts.requests.labels(method, route, str(status)).inc()
            self._counts.seconds.labels(route).observe(time.perf_counter() - started)
