"""The same POST sent twice does its work once (draft-ietf-httpapi-idempotency-key-header).

A client that heard no answer sends the request again under the same ``Idempotency-Key`` and gets what the first got.
Keys belong to the session that sent them, and are not looked at without one. They are forgotten after a day.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lookout_server.api import problems
from lookout_server.api.security import COOKIE
from lookout_server.errors import ConflictError, InvalidError, StoreError
from lookout_server.ports import Answer, RequestKey, Store
from lookout_server.services import accounts, repeating

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
#: What answers with secrets is never kept; residents' reports have keys of their own kind; streams have no end.
_NOT_KEPT = ("/api/v1/session", "/api/v1/public/", "/api/v1/enrol", "/api/v1/live/")
_MAX_KEY = 200
_KEPT_HEADERS = (b"content-type", b"location")
#: "Not signed in", "too often", "too large": about the moment, not about the request.
_OF_THE_MOMENT = frozenset({401, 413, 429})


def takes_key(method: str, path: str) -> bool:
    """Whether requests to this path may carry a key."""
    return method.upper() == "POST" and not path.startswith(_NOT_KEPT)


class Idempotency:
    """Looks up the key before the application hears of the request, and keeps its answer afterwards."""

    def __init__(self, app: ASGIApp, *, store: Store, now: Callable[[], datetime]) -> None:
        self._app, self._store, self._now = app, store, now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        name = headers.get(HEADER)
        if name is None or not takes_key(str(scope["method"]), str(scope["path"])):
            await self._app(scope, receive, send)
            return
        try:
            if not 1 <= len(name) <= _MAX_KEY or not name.isprintable():
                raise InvalidError(f"{HEADER} is 1 to {_MAX_KEY} printable characters: a random UUID will do")
            is_known = await _is_known(self._store, headers)
        except (InvalidError, StoreError) as error:
            await problems.response(error.code, str(error))(scope, receive, send)
            return
        if not is_known:
            # It is refused without being read or remembered: neither memory nor disk is a stranger's.
            await self._app(scope, receive, send)
            return
        try:
            body = await _whole(receive)
            key = RequestKey(scope=_sender(scope, headers), name=name, request=_digest(scope, body))
            held = await repeating.claim(self._store, key, at=self._now())
        except HTTPException as error:
            await problems.response("too_large", str(error.detail))(scope, receive, send)
            return
        except ClientDisconnect:
            # Nobody hears it, and nothing was done: whoever comes again with all of it is heard.
            await problems.response("invalid", "the request ended early: send it again")(scope, receive, send)
            return
        except (ConflictError, InvalidError, StoreError) as error:
            await problems.response(error.code, str(error))(scope, receive, send)
            return
        if held is not None:
            await _replay(held, send)
            return
        await self._first(key, scope, body, receive, send)

    async def _first(self, key: RequestKey, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        told: list[Message] = []

        unread = True

        async def again() -> Message:
            nonlocal unread
            if not unread:
                return await receive()
            unread = False
            return {"type": "http.request", "body": body, "more_body": False}

        async def note(message: Message) -> None:
            told.append(message)

        answer: Answer | None = None
        try:
            await self._app(scope, again, note)
            answer = _answer(told)
        finally:
            # Without an answer that holds for good the next one tries anew.
            await repeating.settle(self._store, key, answer)
        for message in told:
            await send(message)


async def _is_known(store: Store, headers: Headers) -> bool:
    """Whether the request comes with a token that was given out; what it may do is for the routes to say."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        token = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
    if not token:
        return False
    hashed = accounts.hash_token(token.strip())
    async with store.read() as uow:
        return await uow.people.session(hashed) is not None or await uow.gateways.by_token(hashed) is not None


def _answer(told: list[Message]) -> Answer | None:
    start = next((message for message in told if message["type"] == "http.response.start"), None)
    if start is None or int(start["status"]) >= 500 or int(start["status"]) in _OF_THE_MOMENT:
        return None
    kept = {name.decode(): value.decode("latin-1") for name, value in start["headers"] if name in _KEPT_HEADERS}
    body = b"".join(message.get("body", b"") for message in told if message["type"] == "http.response.body")
    return Answer(status=int(start["status"]), headers=kept, body=body)


async def _replay(held: Answer, send: Send) -> None:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in held.headers.items()]
    headers += [(b"content-length", str(len(held.body)).encode()), (REPLAYED.lower().encode(), b"true")]
    await send({"type": "http.response.start", "status": held.status, "headers": headers})
    await send({"type": "http.response.body", "body": held.body})


async def _whole(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _sender(scope: Scope, headers: Headers) -> str:
    who = headers.get("authorization") or headers.get("cookie") or str((scope.get("client") or ("",))[0])
    return hashlib.sha256(who.encode()).hexdigest()


def _digest(scope: Scope, body: bytes) -> str:
    head = f"{scope['method']} {scope['path']}?{scope['query_string'].decode('latin-1')}\n"
    return hashlib.sha256(head.encode() + body).hexdigest()
