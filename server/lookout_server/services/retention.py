"""What is kept for how long: pictures go when nothing needs them any more, notices and the feed by age."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from lookout_contract.events import Scenario
from lookout_server.domain.access import RESTRICTED
from lookout_server.errors import StoreError
from lookout_server.ports import Brought, EvidenceStore, Store

_log = structlog.stdlib.get_logger(__name__)

#: Files that are let go before the next look at what is due: nobody waits long for the writer.
_AT_ONCE = 500
#: After so many refusals in a row it is the store that refuses, and not a file.
_REFUSALS = 3


@dataclass(frozen=True, kw_only=True)
class Retention:
    """For how many days things are kept; None: for ever."""

    evidence_days: int | None = 180
    care_days: int | None = 30
    notices_days: int | None = 400
    feed_days: int | None = 30
    vehicles_days: int | None = 30


async def expire_evidence(store: Store, files: EvidenceStore, retention: Retention, *, at: datetime) -> int:
    """Delete files that were brought too long ago; how many.

    What an alarm that nobody has judged names stays, and what belongs to a case that is not settled, or was so
    only lately. The alarm or case goes on naming it.
    """
    gone = 0
    for days, kinds in ((retention.care_days, RESTRICTED), (retention.evidence_days, None)):
        if days is not None:
            gone += await _expire(store, files, at - timedelta(days=days), kinds)
    if gone:
        _log.info("evidence has expired", files=gone)
    return gone


async def _expire(store: Store, files: EvidenceStore, before: datetime, kinds: Collection[Scenario] | None) -> int:
    gone = 0
    after: Brought | None = None
    while True:
        async with store.read() as uow:
            # On from the last one: what is old and stays was looked at, and would be at each of these looks.
            due = await uow.evidence.expired(before, kinds, _AT_ONCE, after=after)
        # The file first: whoever is killed in between finds it due again.
        deleted = await _delete(files, [each.sha256 for each in due])
        if deleted:
            async with store.write() as uow:
                await uow.evidence.forget(deleted)
                await uow.commit()
        gone += len(deleted)
        if len(due) < _AT_ONCE or not deleted:
            return gone
        after = due[-1]


async def _delete(files: EvidenceStore, due: Sequence[str]) -> list[str]:
    """Those that went. What the store does not let go of is due again at the next look, and keeps nothing else here."""
    deleted: list[str] = []
    refused = 0
    for sha256 in due:
        try:
            await files.delete(sha256)
        except StoreError as error:
            refused += 1
            _log.error("expired evidence stays: look at the rights of its folder or bucket", error=str(error))
            if refused == _REFUSALS:
                break
        else:
            refused = 0
            deleted.append(sha256)
    return deleted


async def forget_vehicles(store: Store, retention: Retention, *, at: datetime) -> int:
    """Remove passes of vehicles that ran out long ago; how many. Gateways are not sent those anyway."""
    if retention.vehicles_days is None:
        return 0
    async with store.write() as uow:
        gone = await uow.vehicles.forget(at - timedelta(days=retention.vehicles_days))
        await uow.commit()
    if gone:
        _log.info("passes of vehicles that ran out long ago were removed", vehicles=gone)
    return gone


async def forget_the_past(
    store: Store, retention: Retention, hooks: Collection[str], *, at: datetime
) -> tuple[int, int]:
    """Forget old notices and old lines of the feed, but not what one of these webhooks has not heard; how many."""
    notices = lines = 0
    async with store.write() as uow:
        if retention.notices_days is not None:
            notices = await uow.notices.forget(at - timedelta(days=retention.notices_days))
        if retention.feed_days is not None:
            states = [await uow.webhooks.state(name) for name in hooks]
            heard = [state.seq for state in states if state is not None]
            upto = min([*heard, await uow.feed.head()])
            lines = await uow.feed.forget(at - timedelta(days=retention.feed_days), upto)
        await uow.commit()
    if notices or lines:
        _log.info("the past was forgotten", notices=notices, feed=lines)
    return notices, lines
