"""Messages that could not be taken."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import count_up, insert_into, scalars, table_of
from lookout_server.adapters.database.tables import CounterRow, QuarantineRow
from lookout_server.domain.refusal import NOTICED, Why
from lookout_server.ports import Incoming, Quarantined, QuarantinedMessage, QuarantineEnd, QuarantineState

#: What is kept of a payload: any event whole, which has one to three KiB; a flood of huge ones must not fill the disk.
_KEPT_BYTES = 65_536
_PREVIEW_CHARACTERS = 500
_DROPPED = "quarantine-dropped"


class SqlQuarantine:
    """Implements ports.Quarantine."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, message: Incoming, why: Why, *, gateway: str | None, key: tuple[str, int] | None) -> None:
        """A redelivered message only counts up."""
        table = table_of(QuarantineRow)
        insert = insert_into(self._session, QuarantineRow).values(_values(message, why, gateway, key))
        fresh = {"times": table.c.times + 1, "last_at": insert.excluded.last_at}
        await self._session.execute(insert.on_conflict_do_update(index_elements=["fingerprint"], set_=fresh))

    async def page(
        self, *, limit: int, before: int | None = None, state: QuarantineState | None = None
    ) -> Sequence[Quarantined]:
        """Newest first."""
        statement = select(QuarantineRow).order_by(QuarantineRow.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(QuarantineRow.id < before)
        if state is not None:
            statement = statement.where(QuarantineRow.state == state)
        return [_quarantined(row) for row in await scalars(self._session, statement)]

    async def get(self, number: int) -> QuarantinedMessage | None:
        """By its number."""
        row = await self._session.get(QuarantineRow, number)
        return QuarantinedMessage(held=_quarantined(row), payload=row.payload) if row else None

    async def end(self, number: int, end: QuarantineEnd) -> bool:
        """Of two at a time the database lets one. What was noticed and comes again after that is a line of its own."""
        name = case((QuarantineRow.code.in_(NOTICED), secrets.token_hex(32)), else_=QuarantineRow.fingerprint)
        ended = (
            update(QuarantineRow)
            .where(QuarantineRow.id == number, QuarantineRow.state == QuarantineState.WAITING)
            .values(state=end.state, ended_at=end.at, ended_by=end.by, note=end.note, alarm=end.alarm, fingerprint=name)
            .returning(QuarantineRow.id)
        )
        return await self._session.scalar(ended) is not None

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
        """Messages that wait and whose topic names a gateway."""
        statement = (
            select(QuarantineRow.gateway, func.count())
            .where(QuarantineRow.gateway.is_not(None), QuarantineRow.state == QuarantineState.WAITING)
            .group_by(QuarantineRow.gateway)
        )
        return {str(row[0]): int(row[1]) for row in await self._session.execute(statement)}


def _values(message: Incoming, why: Why, gateway: str | None, key: tuple[str, int] | None) -> dict[str, Any]:
    topic = message.topic.replace("\x00", "\ufffd")
    # What was noticed has no payload of its own: an empty message on the same topic is something else.
    kind = f"{why.code}\x00" if why.code in NOTICED else ""
    return {
        "fingerprint": hashlib.sha256(f"{kind}{topic}\x00".encode() + message.payload).hexdigest(),
        "topic": topic,
        "reason": _kept(why.text),
        "code": why.code,
        "said": {name: _kept(value) for name, value in why.values.items()},
        "gateway": gateway,
        "epoch": key[0] if key else None,
        "sequence": key[1] if key else None,
        "size": len(message.payload),
        "payload": message.payload[:_KEPT_BYTES],
        "received_at": message.received_at,
        "last_at": message.received_at,
        "times": 1,
        "state": QuarantineState.WAITING,
    }


def _kept(text: str) -> str:
    """PostgreSQL keeps no NUL."""
    return text.replace("\x00", "\ufffd")


def _quarantined(row: QuarantineRow) -> Quarantined:
    preview = row.payload.decode("utf-8", errors="replace")[:_PREVIEW_CHARACTERS]
    return Quarantined(
        id=row.id,
        topic=row.topic,
        reason=row.reason,
        code=row.code,
        said=row.said or {},
        gateway=row.gateway,
        epoch=row.epoch,
        sequence=row.sequence,
        size=row.size,
        preview=preview,
        received_at=row.received_at,
        times=row.times,
        state=QuarantineState(row.state),
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        note=row.note,
        alarm=row.alarm,
    )
