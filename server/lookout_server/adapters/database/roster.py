"""Shifts, and where people can be reached."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import scalars, upsert
from lookout_server.adapters.database.tables import ContactRow, HandOverRow, ShiftRow
from lookout_server.domain.hand_over import HandOver
from lookout_server.domain.notice import Contact
from lookout_server.domain.roster import Shift, ShiftKind

#: Somebody whose last shift ended longer ago is not on the roster any more.
_REMEMBERED = timedelta(days=14)
#: Hand-overs that a list holds.
_SHOWN = 200


class SqlRoster:
    """Implements ports.RosterRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def shifts_of(self, people: Collection[str], *, at: datetime) -> dict[str, list[Shift]]:
        """Those of the last two weeks and all to come: whoever has none is not on the roster."""
        statement = select(ShiftRow).where(ShiftRow.person_id.in_(sorted(people)), ShiftRow.ends_at > at - _REMEMBERED)
        found: dict[str, list[Shift]] = {}
        for row in await scalars(self._session, statement.order_by(ShiftRow.starts_at)):
            found.setdefault(row.person_id, []).append(_shift(row))
        return found

    async def shifts(self, first: datetime, last: datetime, limit: int) -> Sequence[Shift]:
        """By start."""
        statement = select(ShiftRow).where(ShiftRow.ends_at > first, ShiftRow.starts_at < last)
        rows = await scalars(self._session, statement.order_by(ShiftRow.starts_at, ShiftRow.id).limit(limit))
        return [_shift(row) for row in rows]

    async def shift(self, shift_id: str) -> Shift | None:
        """By id."""
        rows = await scalars(self._session, select(ShiftRow).where(ShiftRow.id == shift_id))
        return _shift(rows[0]) if rows else None

    async def save_shifts(self, shifts: Sequence[Shift]) -> None:
        """Insert or update."""
        rows: list[dict[str, Any]] = [
            {
                "id": shift.id,
                "person_id": shift.person,
                "kind": shift.kind.value,
                "starts_at": shift.starts_at,
                "ends_at": shift.ends_at,
                "note": shift.note,
            }
            for shift in shifts
        ]
        await upsert(self._session, ShiftRow, rows)

    async def remove_shift(self, shift_id: str) -> bool:
        """Delete."""
        statement = delete(ShiftRow).where(ShiftRow.id == shift_id).returning(ShiftRow.id)
        gone = await self._session.execute(statement.execution_options(synchronize_session=False))
        return gone.first() is not None

    async def hand_over(self, hand_over_id: str, *, lock: bool = False) -> HandOver | None:
        """By id."""
        statement = select(HandOverRow).where(HandOverRow.id == hand_over_id)
        rows = await scalars(self._session, statement.with_for_update() if lock else statement)
        return _hand_over(rows[0]) if rows else None

    async def hand_overs(self, *, giver: str | None = None, of: str | None = None) -> Sequence[HandOver]:
        """Newest first."""
        statement = select(HandOverRow).order_by(HandOverRow.given_at.desc(), HandOverRow.id).limit(_SHOWN)
        if giver is not None:
            statement = statement.where(HandOverRow.giver == giver)
        if of is not None:
            statement = statement.where(or_(HandOverRow.giver == of, HandOverRow.taker == of))
        return [_hand_over(row) for row in await scalars(self._session, statement)]

    async def save_hand_over(self, hand_over: HandOver) -> None:
        """Insert or update."""
        row: dict[str, Any] = {
            "id": hand_over.id,
            "giver": hand_over.giver,
            "taker": hand_over.taker,
            "note": hand_over.note,
            "cases": list(hand_over.cases),
            "given_at": hand_over.given_at,
            "answered_at": hand_over.answered_at,
            "declined": hand_over.declined,
        }
        await upsert(self._session, HandOverRow, [row])

    async def contacts(self, people: Collection[str]) -> dict[str, list[Contact]]:
        """By channel."""
        statement = select(ContactRow).where(ContactRow.person_id.in_(sorted(people))).order_by(ContactRow.channel)
        found: dict[str, list[Contact]] = {}
        for row in await scalars(self._session, statement):
            contact = Contact(person=row.person_id, channel=row.channel, address=row.address)
            found.setdefault(row.person_id, []).append(contact)
        return found

    async def save_contact(self, contact: Contact) -> None:
        """One a channel."""
        row = {"person_id": contact.person, "channel": contact.channel, "address": contact.address}
        await upsert(self._session, ContactRow, [row])

    async def free_channel(self, channel: str) -> None:
        """Delete."""
        statement = delete(ContactRow).where(ContactRow.channel == channel)
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def remove_contact(self, person_id: str, channel: str) -> bool:
        """Delete."""
        statement = (
            delete(ContactRow)
            .where(ContactRow.person_id == person_id, ContactRow.channel == channel)
            .returning(ContactRow.channel)
        )
        gone = await self._session.execute(statement.execution_options(synchronize_session=False))
        return gone.first() is not None


def _shift(row: ShiftRow) -> Shift:
    return Shift(
        id=row.id,
        person=row.person_id,
        kind=ShiftKind(row.kind),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        note=row.note,
    )


def _hand_over(row: HandOverRow) -> HandOver:
    return HandOver(
        id=row.id,
        giver=row.giver,
        taker=row.taker,
        note=row.note,
        cases=tuple(str(name) for name in row.cases),
        given_at=row.given_at,
        answered_at=row.answered_at,
        declined=row.declined,
    )
