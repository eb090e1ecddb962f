"""Requests that are sent twice: the key is claimed before the work, and answered after it."""

from datetime import datetime, timedelta

from lookout_server.errors import ConflictError, InvalidError
from lookout_server.ports import Answer, RequestKey, Store

#: Keys are forgotten after this.
KEPT = timedelta(hours=24)
#: Whoever claimed a key and has not answered by then was killed at it.
GIVEN_UP_AFTER = timedelta(seconds=60)


async def claim(store: Store, key: RequestKey, *, at: datetime) -> Answer | None:
    """None: the work is the caller's to do, and ``settle`` follows. Else the answer that it had.

    InvalidError when the key was used for another request, ConflictError while the first one is at it.
    """
    async with store.write() as uow:
        held = await uow.requests.claim(key, at, stale_before=at - GIVEN_UP_AFTER)
        await uow.commit()
    if held is None:
        return None
    if held.request != key.request:
        raise InvalidError("this Idempotency-Key was used for another request: take a fresh one for each")
    if held.answer is None:
        raise ConflictError("the first request with this Idempotency-Key is still at it: ask again in a moment")
    return held.answer


async def settle(store: Store, key: RequestKey, answer: Answer | None) -> None:
    """Keep the answer, or let the key go when there is none that holds."""
    async with store.write() as uow:
        await uow.requests.settle(key, answer)
        await uow.commit()


async def forget(store: Store, *, at: datetime) -> int:
    """Forget old keys; how many."""
    async with store.write() as uow:
        gone = await uow.requests.forget(at - KEPT)
        await uow.commit()
    return gone
