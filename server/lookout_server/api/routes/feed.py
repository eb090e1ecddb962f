"""The feed, as server-sent events."""

import asyncio
import contextlib
import json
import math
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Self

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.types import Message, Send

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.feed import FEED_EXAMPLE, Heartbeat
from lookout_server.api.problems import errors
from lookout_server.api.security import Caller, SignedIn
from lookout_server.errors import StoreError, UnauthenticatedError
from lookout_server.services import accounts
from lookout_server.services.feed import FeedEndedError, FeedItem, FeedSubscription

router = APIRouter(prefix="/api/v1/feed", tags=["feed"])

#: The name of an extension of ASGI that a server may offer: a ``WriteNow``, once the answer has begun and is chunked.
WRITE_NOW = "lookout.write_now"
#: Writes a piece of the answer's body to the connection at once, past ASGI: all of it, or nothing (False) while
#: something else still waits for the client to read.
WriteNow = Callable[[bytes], bool]

HEARTBEAT_S = 2.0
#: A revoked session stops hearing after this many heartbeats at the latest, while the database answers.
_CHECK_EVERY = 15
#: How long a heartbeat waits for what is asked with it, seconds.
_PATIENCE_S = 0.5
#: Heartbeats leave in so many groups: each by itself would wake the process five hundred times a second for a thousand.
_PLACES = 20
#: A timer may be early by its rounding to milliseconds, and need not wait for the rest of it.
_EARLY_S = 0.002
_MAX_SEQ = 2**53
#: Lines that leave in one piece, at most.
_TOGETHER = 50
#: OpenAPI 3.2 describes a stream by its items; what the fields mean is WHATWG's server-sent events.
_TEXT = {"type": "string"}
_MESSAGE = {"type": "object", "properties": {"event": _TEXT, "id": _TEXT, "data": _TEXT}, "required": ["event", "data"]}
_EXAMPLE = f"event: case\nid: 4712\ndata: {json.dumps(FEED_EXAMPLE, ensure_ascii=False)}\n\n"
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`id:` the number, `event:` the kind, `data:` the line. Every 2 s `event: heartbeat`, no id.",
        "content": {"text/event-stream": {"itemSchema": _MESSAGE, "example": _EXAMPLE}},
    }
}


class EventStream(StreamingResponse):
    """Whole messages of bytes, written by ``follow`` to what the server gives it to write to."""

    media_type = "text/event-stream"

    def __init__(
        self, follow: Callable[[Send], Awaitable[None]], status_code: int = 200, *, headers: Mapping[str, str]
    ) -> None:
        super().__init__((), status_code, headers=headers)
        self._follow = follow

    async def stream_response(self, send: Send) -> None:
        """In the place of an iterator, of which each message would cross two tasks."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await self._follow(send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@router.get("", operation_id="followFeed", response_class=EventStream, responses={**_STREAM, **errors()})
async def follow(
    request: Request,
    deps: Given,
    signed_in: SignedIn,
    after: Annotated[int | None, Query(ge=0, le=_MAX_SEQ, description="Resume after this number.")] = None,
    last_event_id: Annotated[
        str | None, Header(max_length=32, description="What a browser sends by itself when it resumes.")
    ] = None,
) -> StreamingResponse:
    """Follow what changes. Resume with `Last-Event-ID` (which wins) or `after`; without either it starts at now."""
    start = _number(last_event_id)

    async def write(send: Send) -> None:
        client = _Client(deps, signed_in, send, request.scope.get("extensions", {}).get(WRITE_NOW))
        await client.follow(after if start is None else start)

    # A proxy must hand every line on at once.
    return EventStream(write, headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})


class _Client:
    """Who follows. New lines are written the moment the hub has them, without waking this client's task: with a
    thousand clients that is most of the cost. What its socket does not take and the past are the task's, as heartbeats
    are."""

    def __init__(self, deps: Deps, caller: Caller, send: Send, write_now: WriteNow | None) -> None:
        self._deps = deps
        self._caller = caller
        self._access = caller.access
        self._send = send
        self._write_now = write_now
        self._busy = False

    async def follow(self, after: int | None) -> None:
        """Until the client has to come back, which browsers do by themselves with the last number they have."""
        with contextlib.suppress(FeedEndedError, StoreError, UnauthenticatedError):
            async with self._deps.feed.subscribe(after) as subscription:
                await self._follow(subscription)

    async def _follow(self, subscription: FeedSubscription) -> None:
        await self._write(self._heartbeat(subscription))
        if self._write_now is not None:
            subscription.push_to(partial(self._push, self._write_now))
        # Those who came together, since the dispatcher was back, would be due for heartbeats together for good, and a
        # line that came meanwhile would wait until a thousand had theirs, or had been looked up.
        beats, place = divmod(random.randrange(_CHECK_EVERY * _PLACES), _PLACES)
        beat_at = _turn_after(time.monotonic(), place)
        async with _Asking(self._look_again) as asking:
            await self._go_on(subscription, asking, beats, beat_at)

    async def _go_on(self, subscription: FeedSubscription, asking: "_Asking", beats: int, beat_at: float) -> None:
        while True:
            item = await subscription.next(max(beat_at - time.monotonic(), 0.0))
            waiting: list[FeedItem] = []
            # Until they are written nothing may overtake them.
            self._busy = True
            while item is not None:
                waiting.append(item)
                item = await subscription.next(0.0) if len(waiting) < _TOGETHER else None
            if waiting:
                await self._write(self._piece(waiting))
            if time.monotonic() + _EARLY_S >= beat_at:
                beats += 1
                if beats % _CHECK_EVERY == 0:
                    asking.begin()
                await asking.settle()
                beat = self._heartbeat(subscription)
                if self._write_now is None or not self._write_now(beat):
                    await self._write(beat)
                beat_at = max(beat_at, time.monotonic() - HEARTBEAT_S) + HEARTBEAT_S
            self._busy = False

    async def _look_again(self) -> None:
        """What the caller may see now. While the database is away nothing can be told that they may not see, and a
        client that has to go cannot come back: its heartbeats say what is wrong."""
        with contextlib.suppress(StoreError):
            self._access = await accounts.whose_access(self._deps.store, self._caller.token, at=self._deps.clock.now())

    def _push(self, write_now: WriteNow, items: Sequence[FeedItem]) -> bool:
        if self._busy:
            return False
        piece = self._piece(items)
        return not piece or write_now(piece)

    def _piece(self, items: Sequence[FeedItem]) -> bytes:
        return self._deps.lines.piece(items, self._access)

    def _heartbeat(self, subscription: FeedSubscription) -> bytes:
        deps = self._deps
        return Heartbeat(at=deps.clock.now(), seq=subscription.seq, intake_blocked_by=deps.blocked()).message()

    async def _write(self, piece: bytes) -> None:
        if piece:
            await self._send(_body(piece))


class _Asking:
    """One question to the database at a time, which may hang while heartbeats go on: they say that it does."""

    def __init__(self, question: Callable[[], Coroutine[object, object, None]]) -> None:
        self._question = question
        self._task: asyncio.Task[None] | None = None
        self._patience_s = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def begin(self) -> None:
        """Ask, unless the last question still waits for its answer."""
        if self._task is None:
            self._task, self._patience_s = asyncio.create_task(self._question()), _PATIENCE_S

    async def settle(self) -> None:
        """Wait a moment for a new answer, and not for one that was late once. Raises what the question raised."""
        if self._task is None:
            return
        done, _ = await asyncio.wait([self._task], timeout=self._patience_s)
        self._patience_s = 0.0
        if done:
            task, self._task = self._task, None
            task.result()


def _turn_after(now: float, place: int) -> float:
    """When the group at this place, 0 the next one, has its heartbeat: groups have their times by the clock."""
    apart = HEARTBEAT_S / _PLACES
    return (math.floor(now / apart) + 1 + place) * apart


def _body(piece: bytes) -> Message:
    return {"type": "http.response.body", "body": piece, "more_body": True}


def _number(last_event_id: str | None) -> int | None:
    if last_event_id is None or not (last_event_id.isascii() and last_event_id.isdigit()):
        return None
    return min(int(last_event_id), _MAX_SEQ)
