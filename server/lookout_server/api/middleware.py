"""What happens to every request and answer: limits, security headers, counting."""

import time

from fastapi.exceptions import HTTPException
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lookout_server.api import problems

#: Nothing but evidence is large.
MAX_JSON_BYTES = 64 * 1024
_TOO_LARGE = f"the body is larger than {MAX_JSON_BYTES} bytes: send less"
_EVIDENCE = "/api/v1/evidence/"

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


class SecurityHeaders:
    """Adds the headers that keep pages from doing what they should not; a route may set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if str(scope["path"]).startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Refuses bodies above 64 KiB, except evidence, which has a limit of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or str(scope["path"]).startswith(_EVIDENCE):
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > MAX_JSON_BYTES:
            await _refuse(scope, receive, send)
            return
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MAX_JSON_BYTES:
                raise HTTPException(413, _TOO_LARGE)
            return message

        await self._app(scope, limited, send)


class Counting:
    """Counts requests by route template, never by path: ids would make endless series."""

    def __init__(self, app: ASGIApp, *, registry: CollectorRegistry) -> None:
        self._app = app
        labels = ["method", "route", "status"]
        self._requests = Counter("lookout_http_requests", "Requests answered.", labels, registry=registry)
        self._seconds = Histogram("lookout_http_request_seconds", "Time to answer.", ["route"], registry=registry)

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
            self._requests.labels(str(scope["method"]), route, str(status)).inc()
            self._seconds.labels(route).observe(time.perf_counter() - started)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    answer = problems.response("too_large", _TOO_LARGE)
    await answer(scope, receive, send)
