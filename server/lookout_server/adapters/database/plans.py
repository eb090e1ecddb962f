"""Plans, and the cameras on them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import scalars, upsert
from lookout_server.adapters.database.tables import PlanRow, StandingRow
from lookout_server.domain.plans import Plan, Standing
from lookout_server.domain.territory import CameraKey


class SqlPlans:
    """Implements ports.PlanRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def plans(self) -> Sequence[Plan]:
        """By place and name."""
        rows = await scalars(self._session, select(PlanRow).order_by(PlanRow.place, PlanRow.name, PlanRow.id))
        return [_plan(row) for row in rows]

    async def plan(self, plan_id: str) -> Plan | None:
        """By id."""
        rows = await scalars(self._session, select(PlanRow).where(PlanRow.id == plan_id))
        return _plan(rows[0]) if rows else None

    async def add(self, plan: Plan) -> None:
        """A new one."""
        await upsert(self._session, PlanRow, [dict(vars(plan))])

    async def remove(self, plan_id: str) -> None:
        """The cameras first: they refer to it."""
        await self._delete(delete(StandingRow).where(StandingRow.plan == plan_id))
        await self._delete(delete(PlanRow).where(PlanRow.id == plan_id))

    async def standings(self) -> Sequence[Standing]:
        """By gateway and camera."""
        rows = await scalars(self._session, select(StandingRow).order_by(StandingRow.gateway, StandingRow.id))
        return [_standing(row) for row in rows]

    async def place(self, standing: Standing) -> None:
        """Insert or update."""
        row: dict[str, Any] = {**vars(standing), "gateway": standing.camera.gateway, "id": standing.camera.id}
        del row["camera"]
        await upsert(self._session, StandingRow, [row])

    async def take_off(self, camera: CameraKey) -> None:
        """One row at most."""
        await self._delete(
            delete(StandingRow).where(StandingRow.gateway == camera.gateway, StandingRow.id == camera.id)
        )

    async def _delete(self, statement: Any) -> None:
        await self._session.execute(statement.execution_options(synchronize_session=False))


def _plan(row: PlanRow) -> Plan:
    return Plan(id=row.id, place=row.place, name=row.name, sha256=row.sha256, by=row.by, at=row.at)


def _standing(row: StandingRow) -> Standing:
    return Standing(
        camera=CameraKey(gateway=row.gateway, id=row.id),
        plan=row.plan,
        x=row.x,
        y=row.y,
        heading=row.heading,
        angle=row.angle,
        reach=row.reach,
    )
