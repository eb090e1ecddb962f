"""Messages that could not be taken."""

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import count_up, insert_into, scalars, table_of
from lookout_server.adapters.database.tables import CounterRow, QuarantineRow
from lookout_server.ports import Incoming, Quarantined

#: What is kept of a payload; a flood of huge ones must not fill the disk.
_KEPT_BYTES = 16_384
_PREVIEW_CHARACTERS = 500
_DROPPED = "quarantine-dropped"


class SqlQuarantine:
    """Implements ports.Quarantine."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, message: Incoming, reason: str, *, gateway: str | None, key: tuple[str, int] | None) -> None:
        """A redelivered message only counts up."""
        table = table_of(QuarantineRow)
        insert = insert_into(self._session, QuarantineRow).values(_values(message, reason, gateway, key))
        fresh = {"times": table.c.times + 1, "last_at": insert.excluded.last_at}
        await self._session.execute(insert.on_conflict_do_update(index_elements=["fingerprint"], set_=fresh))

    async def page(self, *, limit: int, before: int | None = None) -> Sequence[Quarantined]:
        """Newest first."""
        statement = select(QuarantineRow).order_by(QuarantineRow.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(QuarantineRow.id < before)
        return [_quarantined(row) for row in await scalars(self._session, statement)]

    async def trim(self, *, rows: int, kept_bytes: int) -> int:
        """The oldest by number go first."""
        row = QuarantineRow
        newest = row.id.desc()
        # What is kept of each, told from its size: the payloads themselves are not read.
        room = func.sum(case((row.size > _KEPT_BYTES, _KEPT_BYTES), else_=row.size)).over(order_by=newest)
        ranked = select(row.id, func.row_number().over(order_by=newest).label("place"), room.label("room")).subquery()
        over = select(ranked.c.id).where(or_(ranked.c.place > rows, ranked.c.room > kept_bytes))
        # What another replica deletes, or intake counts up right now, is left to the next time.
        free = select(row.id).where(row.id.in_(over)).with_for_update(skip_locked=True)
        gone = await self._session.scalars(delete(row).where(row.id.in_(free)).returning(row.id))
        dropped = len(gone.all())
        if dropped:
            await count_up(self._session, _DROPPED, dropped)
        return dropped

    async def dropped(self) -> int:
        """The counter."""
        return await self._session.scalar(select(CounterRow.value).where(CounterRow.name == _DROPPED)) or 0

    async def count_by_gateway(self) -> dict[str, int]:
        """Messages whose topic names a gateway."""
        statement = (
            select(QuarantineRow.gateway, func.count())
            .where(QuarantineRow.gateway.is_not(None))
            .group_by(QuarantineRow.gateway)
        )
        return {str(row[0]): int(row[1]) for row in await self._session.execute(statement)}


def _values(message: Incoming, reason: str, gateway: str | None, key: tuple[str, int] | None) -> dict[str, Any]:
    topic = message.topic.replace("\x00", "\ufffd")
    return {
        "fingerprint": hashlib.sha256(topic.encode() + b"\x00" + message.payload).hexdigest(),
        "topic": topic,
        "reason": reason.replace("\x00", "\ufffd"),
        "gateway": gateway,
        "epoch": key[0] if key else None,
        "sequence": key[1] if key else None,
        "size": len(message.payload),
        "payload": message.payload[:_KEPT_BYTES],
        "received_at": message.received_at,
        "last_at": message.received_at,
        "times": 1,
    }


def _quarantined(row: QuarantineRow) -> Quarantined:
    preview = row.payload.decode("utf-8", errors="replace")[:_PREVIEW_CHARACTERS]
    return Quarantined(
        id=row.id,
        topic=row.topic,
        reason=row.reason,
        gateway=row.gateway,
        epoch=row.epoch,
        sequence=row.sequence,
        size=row.size,
        preview=preview,
        received_at=row.received_at,
        times=row.times,
    )
