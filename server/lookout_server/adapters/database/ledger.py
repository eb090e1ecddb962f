"""How the numbers of all gateways ended, to look at."""

from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.events import stream_state
from lookout_server.adapters.database.statements import scalars
from lookout_server.adapters.database.tables import EventRow, LedgerRow, StreamRow
from lookout_server.domain.ledger import LATE_AFTER, Account, Ending, Link, digest_of
from lookout_server.domain.sequence import Sequences
from lookout_server.ports import LedgerEntry, LedgerStream, StreamKey


class SqlLedger:
    """Implements ports.Ledger."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def streams(self, gateway: str | None = None) -> Sequence[LedgerStream]:
        """By source and epoch."""
        statement = select(StreamRow).order_by(StreamRow.source, StreamRow.epoch)
        if gateway is not None:
            statement = statement.where(StreamRow.source.endswith(f"/gateway/{gateway}", autoescape=True))
        return [
            LedgerStream(stream=StreamKey(source=row.source, epoch=row.epoch), state=stream_state(row))
            for row in await scalars(self._session, statement)
        ]

    async def accounts(self, since: datetime) -> dict[str, Account]:
        """Three queries; the late ones have an index of their own. What was lost and came after all is not lost."""
        streams = {each.stream: each.state.numbers for each in await self.streams()}
        found: dict[str, Account] = {}
        for stream, numbers in streams.items():
            name = _gateway(stream.source)
            held = found.get(name, Account())
            found[name] = replace(held, missing=held.missing + numbers.missing)
        late = (
            select(EventRow.source, func.count(), func.max(EventRow.late_s))
            .where(EventRow.received_at >= since, EventRow.late_s > LATE_AFTER.total_seconds())
            .group_by(EventRow.source)
        )
        for source, count, longest in await self._session.execute(late):
            name = _gateway(source)
            found[name] = replace(found.get(name, Account()), late=int(count), max_late_s=float(longest))
        for row in await scalars(self._session, select(LedgerRow).where(LedgerRow.at >= since)):
            name = _gateway(row.source)
            held = found.get(name, Account())
            if Ending(row.ending) is Ending.REFUSED:
                found[name] = replace(held, refused=held.refused + 1)
            else:
                numbers = streams.get(StreamKey(source=row.source, epoch=row.epoch), Sequences())
                found[name] = replace(held, lost=held.lost + _still_lost(numbers, row.first, row.last))
        return found

    async def entries(self, stream: StreamKey) -> AsyncIterator[LedgerEntry]:
        """Events are streamed, since they may be many; the notes between them are few."""
        notes = await scalars(
            self._session,
            select(LedgerRow)
            .where(LedgerRow.source == stream.source, LedgerRow.epoch == stream.epoch)
            .order_by(LedgerRow.link),
        )
        waiting = deque(_note_entry(row) for row in notes)
        events = (
            select(EventRow)
            .where(EventRow.source == stream.source, EventRow.epoch == stream.epoch)
            .order_by(EventRow.link)
        )
        async for row in await self._session.stream_scalars(events):
            while waiting and waiting[0].link.number < row.link:
                yield waiting.popleft()
            yield _event_entry(row)
        for entry in waiting:
            yield entry


def _still_lost(numbers: Sequences, first: int, last: int) -> int:
    return sum(max(0, min(end, last) - max(start, first) + 1) for start, end in numbers.lost)


def _gateway(source: str) -> str:
    return source.rsplit("/", 1)[-1]


def _event_entry(row: EventRow) -> LedgerEntry:
    link = Link(
        number=row.link,
        ending=Ending.STORED,
        first=row.sequence,
        last=row.sequence,
        digest=digest_of(row.payload),
        chain=row.chain,
    )
    return LedgerEntry(link=link, at=row.received_at, text=row.payload)


def _note_entry(row: LedgerRow) -> LedgerEntry:
    link = Link(
        number=row.link,
        ending=Ending(row.ending),
        first=row.first,
        last=row.last,
        digest=row.digest,
        chain=row.chain,
    )
    return LedgerEntry(link=link, at=row.at, text=row.reason)
