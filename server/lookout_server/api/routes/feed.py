"""The feed, as server-sent events."""

import json
import time
from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.feed import FEED_EXAMPLE, Heartbeat
from lookout_server.api.problems import errors
from lookout_server.api.security import Caller, SignedIn
from lookout_server.domain.access import Access
from lookout_server.errors import StoreError, UnauthenticatedError
from lookout_server.services import accounts
from lookout_server.services.feed import FeedEndedError, FeedSubscription, is_for

router = APIRouter(prefix="/api/v1/feed", tags=["feed"])

HEARTBEAT_S = 2.0
#: A revoked session stops hearing after this many heartbeats at the latest.
_CHECK_EVERY = 15
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
    """Whole messages of bytes. FastAPI's own event stream writes and checks each message for each client again."""

    media_type = "text/event-stream"


@router.get("", operation_id="followFeed", response_class=EventStream, responses={**_STREAM, **errors()})
async def follow(
    deps: Given,
    signed_in: SignedIn,
    after: Annotated[int | None, Query(ge=0, le=_MAX_SEQ, description="Resume after this number.")] = None,
    last_event_id: Annotated[
        str | None, Header(max_length=32, description="What a browser sends by itself when it resumes.")
    ] = None,
) -> StreamingResponse:
    """Follow what changes. Resume with `Last-Event-ID` (which wins) or `after`; without either it starts at now."""
    start = _number(last_event_id)
    stream = _stream(deps, signed_in, after if start is None else start)
    # A proxy must hand every line on at once.
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return EventStream(stream, headers=headers)


async def _stream(deps: Deps, signed_in: Caller, after: int | None) -> AsyncGenerator[bytes]:
    try:
        async with deps.feed.subscribe(after) as subscription:
            async for messages in _messages(deps, signed_in, subscription):
                yield messages
    except (FeedEndedError, StoreError, UnauthenticatedError):
        # The stream just ends: the browser comes back by itself with the last number it has.
        return


async def _messages(deps: Deps, signed_in: Caller, subscription: FeedSubscription) -> AsyncGenerator[bytes]:
    """Whatever waits leaves in one piece."""
    access, beats = signed_in.access, 0
    yield _heartbeat(deps, subscription)
    beat_at = time.monotonic() + HEARTBEAT_S
    while True:
        item = await subscription.next(max(beat_at - time.monotonic(), 0.0))
        piece: list[bytes] = []
        while item is not None and len(piece) < _TOGETHER:
            if is_for(access, item):
                piece.append(deps.lines.message(item, access.person))
            item = await subscription.next(0.0) if len(piece) < _TOGETHER else None
        if piece:
            yield b"".join(piece)
        if time.monotonic() >= beat_at:
            beats += 1
            if beats % _CHECK_EVERY == 0:
                access = await _still_signed_in(deps, signed_in)
            yield _heartbeat(deps, subscription)
            beat_at = time.monotonic() + HEARTBEAT_S


async def _still_signed_in(deps: Deps, signed_in: Caller) -> Access:
    return await accounts.whose_access(deps.store, signed_in.token, at=deps.clock.now())


def _heartbeat(deps: Deps, subscription: FeedSubscription) -> bytes:
    return Heartbeat(at=deps.clock.now(), seq=subscription.seq).message()


def _number(last_event_id: str | None) -> int | None:
    if last_event_id is None or not (last_event_id.isascii() and last_event_id.isdigit()):
        return None
    return min(int(last_event_id), _MAX_SEQ)
