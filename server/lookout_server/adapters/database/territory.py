"""Places and cameras."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_contract.status import Sight
from lookout_server.adapters.database.prepared import Prepared
from lookout_server.adapters.database.statements import (
    insert_new,
    scalars,
    select_by,
    select_prepared,
    table_of,
    upsert,
)
from lookout_server.adapters.database.tables import CameraRow, TerritoryRow
from lookout_server.domain.territory import Camera, CameraKey, Level, Territory
from lookout_server.domain.whereabouts import Spot
from lookout_server.ports import CameraPart

_ALL_PLACES = Prepared(lambda _dialect: select(table_of(TerritoryRow)).order_by(table_of(TerritoryRow).c.id))
_PARTS = {
    CameraPart.PLACE: ("name", "grid", "building", "lat", "lon"),
    CameraPart.SIGHT: ("state", "reason", "detail", "since", "heard_at"),
    CameraPart.ALARM: ("last_alarm_at",),
}
_ORDER = {level: depth for depth, level in enumerate(Level)}


class SqlTerritory:
    """Implements ports.TerritoryRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def territories(self) -> Sequence[Territory]:
        """Widest first, then by id."""
        rows = await select_prepared(self._session, TerritoryRow, _ALL_PLACES, {})
        found = [Territory(id=row.id, name=row.name, level=Level(row.level), parent=row.parent) for row in rows]
        return sorted(found, key=lambda territory: _ORDER[territory.level])

    async def save_territory(self, territory: Territory) -> None:
        """Insert or update."""
        row: dict[str, Any] = {
            "id": territory.id,
            "name": territory.name,
            "level": territory.level.value,
            "parent": territory.parent,
        }
        await upsert(self._session, TerritoryRow, [row])

    async def cameras(
        self, keys: Collection[CameraKey] | None = None, *, lock: bool = False
    ) -> dict[CameraKey, Camera]:
        """These, or all by gateway and id."""
        if keys is None:
            rows = await scalars(self._session, select(CameraRow).order_by(CameraRow.gateway, CameraRow.id))
        else:
            wanted = [(key.gateway, key.id) for key in keys]
            rows = await select_by(self._session, CameraRow, ("gateway", "id"), wanted, lock=lock)
        cameras = [_camera(row) for row in rows]
        return {camera.key: camera for camera in cameras}

    async def make_cameras(self, cameras: Sequence[Camera]) -> None:
        """In one order, too."""
        await insert_new(self._session, CameraRow, _ordered(cameras))

    async def save_cameras(self, cameras: Sequence[Camera], *, part: CameraPart | None = None) -> None:
        """Insert or update, in one order so that two writers cannot wait for each other."""
        kept = () if part is None else [name for other in CameraPart if other is not part for name in _PARTS[other]]
        await upsert(self._session, CameraRow, _ordered(cameras), keep=kept)


def _ordered(cameras: Sequence[Camera]) -> list[dict[str, Any]]:
    return [_values(camera) for camera in sorted(cameras, key=lambda camera: (camera.key.gateway, camera.key.id))]


def _camera(row: CameraRow) -> Camera:
    return Camera(
        key=CameraKey(gateway=row.gateway, id=row.id),
        name=row.name,
        grid=row.grid,
        building=row.building,
        spot=Spot(lat=row.lat, lon=row.lon) if row.lat is not None and row.lon is not None else None,
        state=Sight(row.state) if row.state else None,
        reason=row.reason,
        detail=row.detail,
        since=row.since,
        heard_at=row.heard_at,
        last_alarm_at=row.last_alarm_at,
    )


def _values(camera: Camera) -> dict[str, Any]:
    return {
        "gateway": camera.key.gateway,
        "id": camera.key.id,
        "name": camera.name,
        "grid": camera.grid,
        "building": camera.building,
        "lat": camera.spot.lat if camera.spot else None,
        "lon": camera.spot.lon if camera.spot else None,
        "state": camera.state.value if camera.state else None,
        "reason": camera.reason,
        "detail": camera.detail,
        "since": camera.since,
        "heard_at": camera.heard_at,
        "last_alarm_at": camera.last_alarm_at,
    }
