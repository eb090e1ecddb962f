"""Silences and maintenance windows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Dialect, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ClauseElement

from lookout_contract.events import Scenario
from lookout_server.adapters.database.prepared import Prepared
from lookout_server.adapters.database.statements import limited, scalars, select_prepared, table_of, upsert
from lookout_server.adapters.database.tables import SilenceRow
from lookout_server.domain.silence import Silence, SilenceKind

#: More at a time is a mistake.
_MOST = 500


def _current(_dialect: Dialect) -> ClauseElement:
    table = table_of(SilenceRow)
    lasting = table.c.ends_at > bindparam("at", type_=table.c.ends_at.type)
    return limited(select(table).where(lasting).order_by(table.c.ends_at, table.c.id), _MOST)


_CURRENT = Prepared(_current)


class SqlSilences:
    """Implements ports.SilenceRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def current(self, at: datetime) -> Sequence[Silence]:
        """By end."""
        return [_silence(row) for row in await select_prepared(self._session, SilenceRow, _CURRENT, {"at": at})]

    async def get(self, silence_id: str) -> Silence | None:
        """By id."""
        rows = await scalars(self._session, select(SilenceRow).where(SilenceRow.id == silence_id))
        return _silence(rows[0]) if rows else None

    async def save(self, silence: Silence) -> None:
        """Insert or update."""
        row: dict[str, Any] = {
            "id": silence.id,
            "kind": silence.kind.value,
            "owner": silence.owner,
            "reason": silence.reason,
            "starts_at": silence.starts_at,
            "ends_at": silence.ends_at,
            "scenario": silence.scenario.value if silence.scenario else None,
            "gateway": silence.gateway,
            "camera": silence.camera,
            "grid": silence.grid,
        }
        await upsert(self._session, SilenceRow, [row])


def _silence(row: SilenceRow) -> Silence:
    return Silence(
        id=row.id,
        kind=SilenceKind(row.kind),
        owner=row.owner,
        reason=row.reason,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        scenario=Scenario(row.scenario) if row.scenario else None,
        gateway=row.gateway,
        camera=row.camera,
        grid=row.grid,
    )
