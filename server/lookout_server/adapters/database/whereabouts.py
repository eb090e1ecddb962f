"""Where people are, as long as that is worth anything."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import scalars, upsert
from lookout_server.adapters.database.tables import PositionRow
from lookout_server.domain.whereabouts import Position, Spot


class SqlWhereabouts:
    """Implements ports.WhereaboutsRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, people: Collection[str], since: datetime) -> dict[str, Position]:
        """By person."""
        statement = select(PositionRow).where(PositionRow.person_id.in_(sorted(people)), PositionRow.at >= since)
        return {row.person_id: _position(row) for row in await scalars(self._session, statement)}

    async def save(self, position: Position) -> None:
        """Insert or overwrite."""
        row: dict[str, Any] = {
            "person_id": position.person,
            "lat": position.spot.lat,
            "lon": position.spot.lon,
            "accuracy_m": position.accuracy_m,
            "at": position.at,
        }
        await upsert(self._session, PositionRow, [row])

    async def forget(self, person: str) -> bool:
        """Delete."""
        statement = delete(PositionRow).where(PositionRow.person_id == person).returning(PositionRow.person_id)
        gone = await self._session.execute(statement.execution_options(synchronize_session=False))
        return gone.first() is not None

    async def forget_before(self, before: datetime) -> int:
        """Delete."""
        statement = delete(PositionRow).where(PositionRow.at < before).returning(PositionRow.person_id)
        gone = await self._session.execute(statement.execution_options(synchronize_session=False))
        return len(gone.all())


def _position(row: PositionRow) -> Position:
    return Position(person=row.person_id, spot=Spot(lat=row.lat, lon=row.lon), accuracy_m=row.accuracy_m, at=row.at)
