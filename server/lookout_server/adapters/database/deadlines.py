"""Timers as rows."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import scalars, upsert
from lookout_server.adapters.database.tables import DeadlineRow
from lookout_server.domain.deadline import Deadline, DeadlineKey, DeadlineKind
from lookout_server.ports import DeadlineHealth, LeaseRequest

_ERROR_CHARACTERS = 500
#: As many as anybody wants to read.
_LATE_SHOWN = 50

#: Longer than anybody leases a timer for.
_LONGEST_LEASE = timedelta(minutes=5)

_KEY = (DeadlineRow.subject, DeadlineRow.kind, DeadlineRow.part)


class SqlDeadlines:
    """Implements ports.DeadlineRepository.

    A lease is a short transaction of its own that waits for nobody (SKIP LOCKED; on SQLite there is one writer), so
    replicas share the work. Acting deletes the row by its owner in the transaction that acts: a dispatcher that was
    killed, or whose lease has gone to another, changes nothing.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def set(self, deadlines: Sequence[Deadline]) -> None:
        """In one order, so that two writers cannot wait for each other."""
        rows = [_values(deadline) for deadline in deadlines]
        ordered = sorted(rows, key=lambda row: (row["subject"], row["kind"], row["part"]))
        await upsert(self._session, DeadlineRow, ordered, later=True)

    async def cancel(self, keys: Collection[DeadlineKey]) -> None:
        """Delete."""
        wanted = sorted((key.subject, key.kind.value, key.part) for key in keys)
        if wanted:
            statement = delete(DeadlineRow).where(tuple_(*_KEY).in_(wanted))
            await self._session.execute(statement.execution_options(synchronize_session=False))

    async def lease(self, request: LeaseRequest) -> Sequence[Deadline]:
        """What failed before comes last: it must not keep the others waiting."""
        free = (
            select(*_KEY)
            .where(_of(request.kinds), DeadlineRow.due_at <= request.at, _free(request.at))
            .order_by(DeadlineRow.attempts, DeadlineRow.due_at)
            .limit(request.limit)
        )
        return await self._lease(free, request)

    async def claim(self, keys: Collection[DeadlineKey], request: LeaseRequest) -> frozenset[DeadlineKey]:
        """As ``lease`` does."""
        wanted = sorted((key.subject, key.kind.value, key.part) for key in keys)
        free = select(*_KEY).where(tuple_(*_KEY).in_(wanted), _free(request.at))
        return frozenset(deadline.key for deadline in await self._lease(free, request))

    async def _lease(self, free: Select[str, str, str], request: LeaseRequest) -> Sequence[Deadline]:
        found = await self._session.execute(free.with_for_update(skip_locked=True))
        wanted = [tuple(row) for row in found]
        if not wanted:
            return []
        leased = (
            update(DeadlineRow)
            .where(tuple_(*_KEY).in_(wanted))
            .values(owner=request.owner, leased_until=request.until, attempts=DeadlineRow.attempts + 1)
            .execution_options(synchronize_session=False)
        )
        await self._session.execute(leased)
        rows = await scalars(
            self._session, select(DeadlineRow).where(tuple_(*_KEY).in_(wanted)).order_by(DeadlineRow.due_at)
        )
        return [_deadline(row) for row in rows]

    async def take(self, key: DeadlineKey, owner: str) -> bool:
        """The owner in the WHERE is what makes acting twice impossible."""
        statement = delete(DeadlineRow).where(_is(key), DeadlineRow.owner == owner).returning(DeadlineRow.subject)
        taken = await self._session.execute(statement.execution_options(synchronize_session=False))
        return taken.first() is not None

    async def failed(self, key: DeadlineKey, owner: str, error: str, *, again_at: datetime) -> None:
        """The lease goes on until then: that is the pause before the next attempt."""
        noted = {"last_error": error[:_ERROR_CHARACTERS], "leased_until": again_at}
        statement = update(DeadlineRow).where(_is(key), DeadlineRow.owner == owner).values(noted)
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def next_due(self, kinds: Collection[DeadlineKind]) -> datetime | None:
        """By the index."""
        return await self._session.scalar(select(func.min(DeadlineRow.due_at)).where(_of(kinds)))

    async def health(self, *, late_since: datetime) -> DeadlineHealth:
        """A count and the oldest."""
        waiting = await self._session.scalar(select(func.count()).select_from(DeadlineRow))
        late = select(DeadlineRow).where(DeadlineRow.due_at < late_since).order_by(DeadlineRow.due_at)
        rows = await scalars(self._session, late.limit(_LATE_SHOWN))
        return DeadlineHealth(waiting=int(waiting or 0), late=tuple(_deadline(row) for row in rows))


def _is(key: DeadlineKey) -> ColumnElement[bool]:
    return and_(DeadlineRow.subject == key.subject, DeadlineRow.kind == key.kind.value, DeadlineRow.part == key.part)


def _of(kinds: Collection[DeadlineKind]) -> ColumnElement[bool]:
    return DeadlineRow.kind.in_(sorted(kind.value for kind in kinds))


def _free(at: datetime) -> ColumnElement[bool]:
    """A lease that ends later than any is given was given by a clock that has been set back since."""
    ended = (DeadlineRow.leased_until <= at) | (DeadlineRow.leased_until > at + _LONGEST_LEASE)
    return or_(DeadlineRow.leased_until.is_(None), ended)


def _deadline(row: DeadlineRow) -> Deadline:
    return Deadline(
        key=DeadlineKey(subject=row.subject, kind=DeadlineKind(row.kind), part=row.part),
        due_at=row.due_at,
        attempts=row.attempts,
        last_error=row.last_error,
    )


def _values(deadline: Deadline) -> dict[str, Any]:
    return {
        "subject": deadline.key.subject,
        "kind": deadline.key.kind.value,
        "part": deadline.key.part,
        "due_at": deadline.due_at,
        "owner": None,
        "leased_until": None,
        "attempts": 0,
        "last_error": None,
    }
