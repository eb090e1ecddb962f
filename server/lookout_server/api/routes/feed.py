"""The feed, as server-sent events."""

import time
from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.feed import FEED_EXAMPLE, FeedLine, Heartbeat
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
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`id:` the number, `event:` the kind, `data:` the line. Every 2 s `event: heartbeat`, no id.",
        "content": {"text/event-stream": {"example": f"event: case\nid: 4712\ndata: {FEED_EXAMPLE}\n\n"}},
    }
}


@router.get("", operation_id="followFeed", response_class=EventSourceResponse, responses={**_STREAM, **errors()})
async def follow(
    deps: Given,
    signed_in: SignedIn,
    after: Annotated[int | None, Query(ge=0, le=_MAX_SEQ, description="Resume after this number.")] = None,
    last_event_id: Annotated[
        str | None, Header(max_length=32, description="What a browser sends by itself when it resumes.")
    ] = None,
) -> AsyncGenerator[ServerSentEvent]:
    """Follow what changes. Resume with `Last-Event-ID` (which wins) or `after`; without either it starts at now."""
    start = _number(last_event_id)
    try:
        async with deps.feed.subscribe(after if start is None else start) as subscription:
            async for event in _events(deps, signed_in, subscription):
                yield event
    except (FeedEndedError, StoreError, UnauthenticatedError):
        # The stream just ends: the browser comes back by itself with the last number it has.
        return


async def _events(deps: Deps, signed_in: Caller, subscription: FeedSubscription) -> AsyncGenerator[ServerSentEvent]:
    access, beats = signed_in.access, 0
    yield _heartbeat(deps, subscription)
    beat_at = time.monotonic() + HEARTBEAT_S
    while True:
        item = await subscription.next(max(beat_at - time.monotonic(), 0.0))
        if item is not None and is_for(access, item):
            line = FeedLine.of(item, access.person)
            yield ServerSentEvent(raw_data=line.json_line(), event=line.kind.value, id=str(line.seq))
        if time.monotonic() >= beat_at:
            beats += 1
            if beats % _CHECK_EVERY == 0:
                access = await _still_signed_in(deps, signed_in)
            yield _heartbeat(deps, subscription)
            beat_at = time.monotonic() + HEARTBEAT_S


async def _still_signed_in(deps: Deps, signed_in: Caller) -> Access:
    return await accounts.whose_access(deps.store, signed_in.token, at=deps.clock.now())


def _heartbeat(deps: Deps, subscription: FeedSubscription) -> ServerSentEvent:
    beat = Heartbeat(at=deps.clock.now(), seq=subscription.seq)
    return ServerSentEvent(raw_data=beat.model_dump_json(), event="heartbeat")


def _number(last_event_id: str | None) -> int | None:
    if last_event_id is None or not (last_event_id.isascii() and last_event_id.isdigit()):
        return None
    return min(int(last_event_id), _MAX_SEQ)
