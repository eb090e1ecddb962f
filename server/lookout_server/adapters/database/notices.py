"""What people were told, and what became of it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Delete, Select, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_contract.events import Severity
from lookout_server.adapters.database.statements import scalars, table_of
from lookout_server.adapters.database.tables import DeliveryRow, NoticeRow
from lookout_server.domain.grouping import Told
from lookout_server.domain.notice import IN_APP, Delivery, DeliveryState, Notice, NoticeKind
from lookout_server.domain.wording import Words

_log = structlog.stdlib.get_logger("lookout.notices")

_ERROR_CHARACTERS = 500
#: As many as a page shows of one case.
_OF_CASE = 200

_ORDER = list(DeliveryState)
_LEFT = [state.value for state in _ORDER[_ORDER.index(DeliveryState.SENT) :] if state is not DeliveryState.FAILED]
#: As many as one message holds, at most; the rest is the next one.
_WAITING = 200


class SqlNotices:
    """Implements ports.NoticeRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, notices: Sequence[Notice]) -> None:
        """Two statements for all of them."""
        if not notices:
            return
        await self._session.execute(table_of(NoticeRow).insert(), [_values(notice) for notice in notices])
        rows = [_delivery_values(notice.id, each) for notice in notices for each in notice.deliveries]
        await self._session.execute(table_of(DeliveryRow).insert(), rows)

    async def get(self, notice_id: str) -> Notice | None:
        """By id."""
        found = await self._rows(select(NoticeRow).where(NoticeRow.id == notice_id))
        return _notice(*found[0]) if found else None

    async def of_person(self, person_id: str, limit: int) -> Sequence[Notice]:
        """Newest first."""
        statement = select(NoticeRow).where(NoticeRow.person_id == person_id)
        return await self._notices(statement.order_by(NoticeRow.at.desc(), NoticeRow.id).limit(limit))

    async def of_case(self, case_id: str) -> Sequence[Notice]:
        """Newest first."""
        statement = select(NoticeRow).where(NoticeRow.case_id == case_id)
        return await self._notices(statement.order_by(NoticeRow.at.desc(), NoticeRow.id).limit(_OF_CASE))

    async def told(
        self, people: Collection[str], kind: NoticeKind, about: str, since: datetime
    ) -> dict[tuple[str, str], Told]:
        """One row for each person and channel, however much was told."""
        statement = (
            select(
                NoticeRow.person_id,
                DeliveryRow.channel,
                func.max(DeliveryRow.at),
                func.max(case((NoticeRow.about == about, DeliveryRow.at))),
            )
            .join(DeliveryRow, DeliveryRow.notice_id == NoticeRow.id)
            .where(
                NoticeRow.person_id.in_(sorted(people)),
                NoticeRow.at >= since,
                NoticeRow.kind == kind.value,
                NoticeRow.severity != Severity.RED.value,
                DeliveryRow.channel != IN_APP,
                DeliveryRow.state.in_(_LEFT),
            )
            .group_by(NoticeRow.person_id, DeliveryRow.channel)
        )
        rows = await self._session.execute(statement)
        return {(person, channel): Told(last=last, same=same) for person, channel, last, same in rows}

    async def waiting(self, person: str, kind: NoticeKind, channel: str, since: datetime) -> Sequence[Notice]:
        """By the index of the person's notices."""
        statement = (
            select(NoticeRow)
            .join(DeliveryRow, DeliveryRow.notice_id == NoticeRow.id)
            .where(
                NoticeRow.person_id == person,
                NoticeRow.at >= since,
                NoticeRow.kind == kind.value,
                NoticeRow.severity != Severity.RED.value,
                DeliveryRow.channel == channel,
                DeliveryRow.state == DeliveryState.QUEUED.value,
            )
        )
        return await self._notices(statement.order_by(NoticeRow.at, NoticeRow.id).limit(_WAITING))

    async def forget(self, before: datetime) -> int:
        """Deliveries first."""
        old = select(NoticeRow.id).where(NoticeRow.at < before)
        await self._delete(delete(DeliveryRow).where(DeliveryRow.notice_id.in_(old)))
        return await self._delete(delete(NoticeRow).where(NoticeRow.at < before))

    async def _delete(self, statement: Delete) -> int:
        gone = await self._session.execute(statement.execution_options(synchronize_session=False))
        return int(getattr(gone, "rowcount", 0))

    async def note(self, notice_ids: Collection[str], delivery: Delivery) -> None:
        """Forwards only: who has seen it does not go back to delivered."""
        earlier = [state.value for state in _ORDER[: _ORDER.index(delivery.state)]]
        statement = (
            update(DeliveryRow)
            .where(
                DeliveryRow.notice_id.in_(sorted(notice_ids)),
                DeliveryRow.channel == delivery.channel,
                DeliveryRow.state.in_([*earlier, delivery.state.value]),
            )
            .values(
                state=delivery.state.value,
                at=delivery.at,
                attempts=delivery.attempts,
                error=delivery.error[:_ERROR_CHARACTERS] if delivery.error else None,
            )
        )
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def _notices(self, statement: Select[NoticeRow]) -> list[Notice]:
        """Without those that cannot be read: they are another version's, and must not hide the others."""
        found: list[Notice] = []
        for row, deliveries in await self._rows(statement):
            try:
                found.append(_notice(row, deliveries))
            except ValueError as error:
                _log.error("a notice cannot be read", notice=row.id, error=str(error))
        return found

    async def _rows(self, statement: Select[NoticeRow]) -> list[tuple[NoticeRow, list[DeliveryRow]]]:
        """With each notice's deliveries, by channel."""
        rows = await scalars(self._session, statement)
        told: dict[str, list[DeliveryRow]] = {row.id: [] for row in rows}
        wanted = select(DeliveryRow).where(DeliveryRow.notice_id.in_(sorted(told))).order_by(DeliveryRow.channel)
        for delivery in await scalars(self._session, wanted):
            told[delivery.notice_id].append(delivery)
        return [(row, told[row.id]) for row in rows]


def _notice(row: NoticeRow, deliveries: Sequence[DeliveryRow]) -> Notice:
    return Notice(
        id=row.id,
        person=row.person_id,
        kind=NoticeKind(row.kind),
        severity=Severity(row.severity),
        case_id=row.case_id,
        words=Words(row.zh, row.en),
        at=row.at,
        about=row.about,
        deliveries=tuple(
            Delivery(
                channel=each.channel,
                state=DeliveryState(each.state),
                at=each.at,
                attempts=each.attempts,
                error=each.error,
            )
            for each in deliveries
        ),
    )


def _values(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "person_id": notice.person,
        "kind": notice.kind.value,
        "severity": notice.severity.value,
        "case_id": notice.case_id,
        "zh": notice.words.zh,
        "en": notice.words.en,
        "at": notice.at,
        "about": notice.about,
    }


def _delivery_values(notice_id: str, delivery: Delivery) -> dict[str, Any]:
    return {
        "notice_id": notice_id,
        "channel": delivery.channel,
        "state": delivery.state.value,
        "at": delivery.at,
        "attempts": delivery.attempts,
        "error": delivery.error,
    }
