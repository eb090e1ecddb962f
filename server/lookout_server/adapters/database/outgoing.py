"""What leaves with a transaction: the numbered feed and the outbox."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Dialect, Integer, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ClauseElement

from lookout_server.adapters.database.prepared import Prepared, driver_of
from lookout_server.adapters.database.statements import (
    insert_all,
    insert_numbered,
    limited,
    scalars,
    select_by,
    table_of,
)
from lookout_server.adapters.database.tables import CounterRow, FeedRow, OutboxRow, WebhookSetAsideRow
from lookout_server.ports import AnswerTo, FeedEntry, FeedKind, OutboxMessage

_COUNTER = "feed"
_ERROR_CHARACTERS = 500


class SqlFeed:
    """Implements ports.Feed.

    Numbers come from a counter row that stays locked from ``flush`` to the commit: the next writer gets its numbers
    only after this one is visible (or gone), so the feed has no gaps and no late arrivals.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        # A dict for its order: a change that is queued already is not told twice.
        self._queued: dict[FeedEntry, None] = {}

    def add(self, entry: FeedEntry) -> None:
        """Queue a line."""
        self._queued[entry] = None

    async def flush(self) -> bool:
        """Number and write what is queued; whether there was anything."""
        if not self._queued:
            return False
        entries, self._queued = list(self._queued), {}
        rows: list[dict[str, Any]] = [
            {"at": entry.at, "kind": entry.kind.value, "subject": entry.subject, "change": entry.change}
            for entry in entries
        ]
        await insert_numbered(self._session, FeedRow, rows, counter=_COUNTER)
        return True

    async def head(self) -> int:
        """0 before the first line."""
        counted = await select_by(self._session, CounterRow, ("name",), [(_COUNTER,)])
        return counted[0].value if counted else 0

    async def after(self, seq: int, limit: int) -> Sequence[FeedEntry]:
        """Ascending."""
        return [
            FeedEntry(at=at, kind=FeedKind(kind), subject=subject, change=change, seq=number)
            for number, at, kind, subject, change in await driver_of(self._session).fetch(
                _AFTER, {"seq": seq, "limit": limit}
            )
        ]

    async def forget(self, before: datetime, upto: int) -> int:
        """By age and number."""
        aside = select(WebhookSetAsideRow.seq)
        old = delete(FeedRow).where(FeedRow.at < before, FeedRow.seq <= upto, FeedRow.seq.not_in(aside))
        gone = await self._session.execute(old.execution_options(synchronize_session=False))
        return int(getattr(gone, "rowcount", 0))


def _after(_dialect: Dialect) -> ClauseElement:
    table = table_of(FeedRow)
    columns = (table.c.seq, table.c.at, table.c.kind, table.c.subject, table.c.change)
    above = table.c.seq > bindparam("seq", type_=table.c.seq.type)
    return limited(select(*columns).where(above).order_by(table.c.seq), bindparam("limit", type_=Integer()))


_AFTER = Prepared(_after)


class SqlOutbox:
    """Implements ports.Outbox."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._queued: list[dict[str, Any]] = []

    def add(
        self,
        topic: str,
        payload: bytes,
        *,
        at: datetime,
        retain: bool,
        expires_at: datetime | None,
        answer: AnswerTo | None = None,
    ) -> None:
        """Queue a message."""
        self._queued.append(
            {
                "topic": topic,
                "payload": payload,
                "retain": retain,
                "created_at": at,
                "expires_at": expires_at,
                "reply_to": answer.topic if answer else None,
                "correlation": answer.correlation if answer else None,
                "attempts": 0,
                "last_error": None,
            }
        )

    async def flush(self) -> bool:
        """Write what is queued; whether there was anything."""
        if not self._queued:
            return False
        rows, self._queued = self._queued, []
        await insert_all(self._session, OutboxRow, rows)
        return True

    async def pending(self, limit: int) -> Sequence[OutboxMessage]:
        """Oldest first."""
        rows = await scalars(self._session, select(OutboxRow).order_by(OutboxRow.id).limit(limit))
        return [
            OutboxMessage(
                id=row.id,
                topic=row.topic,
                payload=row.payload,
                retain=row.retain,
                expires_at=row.expires_at,
                attempts=row.attempts,
                answer=_answer(row),
            )
            for row in rows
        ]

    async def sent(self, ids: Collection[int]) -> None:
        """Delete."""
        statement = delete(OutboxRow).where(OutboxRow.id.in_(sorted(ids)))
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def failed(self, message_id: int, error: str) -> None:
        """Count."""
        statement = (
            update(OutboxRow)
            .where(OutboxRow.id == message_id)
            .values(attempts=OutboxRow.attempts + 1, last_error=error[:_ERROR_CHARACTERS])
        )
        await self._session.execute(statement.execution_options(synchronize_session=False))


def _answer(row: OutboxRow) -> AnswerTo | None:
    if row.reply_to is None or row.correlation is None:
        return None
    return AnswerTo(topic=row.reply_to, correlation=row.correlation)
