"""Volunteers, and the ledger of their points."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import insert_all, scalars, upsert
from lookout_server.adapters.database.tables import PointsRow, VolunteerRow
from lookout_server.domain.volunteers import Points, Volunteer


class SqlVolunteers:
    """Implements ports.VolunteerRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def volunteers(self, places: Collection[str] | None) -> Sequence[Volunteer]:
        """By name."""
        statement = select(VolunteerRow)
        if places is not None:
            statement = statement.where(VolunteerRow.grid.in_(sorted(places)))
        rows = await scalars(self._session, statement.order_by(VolunteerRow.name, VolunteerRow.id))
        return [_volunteer(row) for row in rows]

    async def volunteer(self, volunteer_id: str, *, lock: bool = False) -> Volunteer | None:
        """By id."""
        statement = select(VolunteerRow).where(VolunteerRow.id == volunteer_id)
        rows = await scalars(self._session, statement.with_for_update() if lock else statement)
        return _volunteer(rows[0]) if rows else None

    async def save(self, volunteer: Volunteer) -> None:
        """Insert or update."""
        row: dict[str, Any] = {**vars(volunteer), "skills": sorted(volunteer.skills)}
        await upsert(self._session, VolunteerRow, [row])

    async def balances(self, ids: Collection[str]) -> dict[str, int]:
        """One statement."""
        wanted = PointsRow.volunteer.in_(sorted(ids))
        statement = select(PointsRow.volunteer, func.sum(PointsRow.points)).where(wanted).group_by(PointsRow.volunteer)
        return {str(row[0]): int(row[1]) for row in await self._session.execute(statement)}

    async def line(self, line_id: str) -> Points | None:
        """By id."""
        rows = await scalars(self._session, select(PointsRow).where(PointsRow.id == line_id))
        return _line(rows[0]) if rows else None

    async def lines(self, volunteer_id: str, limit: int) -> Sequence[Points]:
        """Newest first."""
        statement = select(PointsRow).where(PointsRow.volunteer == volunteer_id)
        ordered = statement.order_by(PointsRow.at.desc(), PointsRow.id).limit(limit)
        return [_line(row) for row in await scalars(self._session, ordered)]

    async def add(self, line: Points) -> None:
        """Append."""
        await insert_all(self._session, PointsRow, [dict(vars(line))])


def _volunteer(row: VolunteerRow) -> Volunteer:
    return Volunteer(id=row.id, name=row.name, grid=row.grid, skills=frozenset(row.skills), active=row.active)


def _line(row: PointsRow) -> Points:
    return Points(id=row.id, volunteer=row.volunteer, points=row.points, reason=row.reason, by=row.by, at=row.at)
