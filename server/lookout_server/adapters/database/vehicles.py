"""Registered vehicles, and what gateways were sent of them."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import ColumnElement, Dialect, Select, bindparam, delete, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ClauseElement

from lookout_contract.commands import Resident
from lookout_server.adapters.database.prepared import Prepared, driver_of
from lookout_server.adapters.database.statements import insert_new, limited, scalars, select_by, table_of, upsert
from lookout_server.adapters.database.tables import VehicleHandedRow, VehicleListRow, VehicleRow, VehicleVisitsRow
from lookout_server.domain.vehicles import Handed, Listed, ListState, Vehicle
from lookout_server.ports import Page, VehicleFilter

#: The one row of the list's state.
_SITE = "site"
#: Ids that one statement names: SQLite takes 32,766 values.
_AT_ONCE = 5000
#: Rows that are read and written out before others have their turn: some milliseconds.
_PORTION = 100
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC), ""
_VEHICLES = table_of(VehicleRow)
_VISITS = table_of(VehicleVisitsRow)


class SqlVehicles:
    """Implements ports.VehicleRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, wanted: VehicleFilter, page: Page) -> Sequence[Vehicle]:
        """By the index of when they were registered."""
        statement = select(_VEHICLES).where(*_fits(wanted))
        if page.before is not None:
            at, name = page.before
            earlier = _VEHICLES.c.registered_at < at
            statement = statement.where(or_(earlier, (_VEHICLES.c.registered_at == at) & (_VEHICLES.c.id < name)))
        newest = statement.order_by(_VEHICLES.c.registered_at.desc(), _VEHICLES.c.id.desc()).limit(page.limit)
        return await self._read(newest)

    async def count(self, wanted: VehicleFilter) -> int:
        """Counted."""
        statement = select(func.count()).select_from(_VEHICLES).where(*_fits(wanted))
        return int(await self._session.scalar(statement) or 0)

    async def everything(self) -> Sequence[Vehicle]:
        """As plain rows: there may be tens of thousands."""
        return await self._read(select(_VEHICLES).order_by(_VEHICLES.c.registered_at, _VEHICLES.c.id))

    async def portions(self, at: datetime) -> AsyncIterator[Sequence[Resident]]:
        """By the index of when they were registered, past SQLAlchemy."""
        since, last = _BEFORE_ALL
        while rows := await driver_of(self._session).fetch(_SOME, {"since": since, "last": last, "at": at}):
            since, last = rows[-1][:2]
            yield [
                Resident(
                    plate=plate,
                    valid_from=begins,
                    valid_until=ends,
                    cameras=tuple(cameras),
                    uses=uses,
                    id=vehicle if uses is not None else None,
                )
                for _, vehicle, plate, begins, ends, cameras, uses in rows
            ]
            await asyncio.sleep(0)

    async def get(self, vehicle_id: str) -> Vehicle | None:
        """By id."""
        found = await self._read(select(_VEHICLES).where(_VEHICLES.c.id == vehicle_id))
        return found[0] if found else None

    async def of_plate(self, plate: str) -> Sequence[Vehicle]:
        """By the index of plates."""
        statement = select(_VEHICLES).where(_VEHICLES.c.plate == plate)
        return await self._read(statement.order_by(_VEHICLES.c.registered_at.desc(), _VEHICLES.c.id.desc()))

    async def save(self, vehicles: Sequence[Vehicle]) -> None:
        """Insert or update."""
        await upsert(self._session, VehicleRow, [_values(vehicle) for vehicle in vehicles])

    async def remove(self, ids: Collection[str]) -> None:
        """In portions."""
        ordered = sorted(ids)
        for start in range(0, len(ordered), _AT_ONCE):
            some = ordered[start : start + _AT_ONCE]
            await self._session.execute(delete(_VEHICLES).where(_VEHICLES.c.id.in_(some)))
            await self._session.execute(delete(_VISITS).where(_VISITS.c.vehicle.in_(some)))

    async def note_visits(self, gateway: str, told: Mapping[str, int]) -> None:
        """Writes what is new alone."""
        held = await select_by(
            self._session, VehicleVisitsRow, ("vehicle", "gateway"), {(each, gateway) for each in told}
        )
        least = {row.vehicle: row.visits for row in held}
        fresh = {each: visits for each, visits in sorted(told.items()) if visits > least.get(each, 0)}
        rows = [{"vehicle": each, "gateway": gateway, "visits": visits} for each, visits in fresh.items()]
        await upsert(self._session, VehicleVisitsRow, rows)

    async def count_anew(self, ids: Collection[str]) -> None:
        """Delete."""
        await self._session.execute(delete(_VISITS).where(_VISITS.c.vehicle.in_(sorted(ids))))

    async def forget(self, before: datetime) -> int:
        """By the index of ends."""
        over = delete(_VEHICLES).where(_VEHICLES.c.valid_until < before)
        gone = await self._session.execute(over.returning(_VEHICLES.c.id))
        await self._session.execute(delete(_VISITS).where(_VISITS.c.vehicle.not_in(select(_VEHICLES.c.id))))
        return len(gone.all())

    async def size(self, at: datetime) -> int:
        """Summed."""
        return int(await self._session.scalar(select(func.sum(_VEHICLES.c.size)).where(_holds(at))) or 0)

    async def state(self, *, lock: bool = False) -> ListState:
        """To be locked the row has to be there."""
        statement = select(VehicleListRow).where(VehicleListRow.id == _SITE)
        if lock:
            await insert_new(self._session, VehicleListRow, [_state_values(ListState())])
            statement = statement.with_for_update()
        for row in await scalars(self._session, statement):
            return ListState(version=row.version, changed_at=row.changed_at, waiting_since=row.waiting_since)
        return ListState()

    async def save_state(self, state: ListState) -> None:
        """Insert or update."""
        await upsert(self._session, VehicleListRow, [_state_values(state)])

    async def handed(self) -> dict[str, Handed]:
        """All gateways'."""
        rows = await scalars(self._session, select(VehicleHandedRow))
        return {row.gateway: Handed(version=row.version, command=row.command) for row in rows}

    async def hand(self, gateway: str, handed: Handed, at: datetime) -> None:
        """Insert or update."""
        await upsert(self._session, VehicleHandedRow, [{"gateway": gateway, **vars(handed), "at": at}])

    async def unhand(self, gateways: Collection[str] | None = None) -> None:
        """Delete."""
        statement = delete(table_of(VehicleHandedRow))
        if gateways is not None:
            statement = statement.where(table_of(VehicleHandedRow).c.gateway.in_(sorted(gateways)))
        await self._session.execute(statement)

    async def _read(self, statement: Select[Any]) -> list[Vehicle]:
        rows = (await self._session.execute(statement)).mappings().all()
        visits = await self._visits([row["id"] for row in rows])
        return [_vehicle(cast(VehicleRow, SimpleNamespace(**row)), visits.get(row["id"], {})) for row in rows]

    async def _visits(self, ids: Sequence[str]) -> dict[str, dict[str, int]]:
        """Vehicle → gateway → visits; few have any, so all are read where many are asked for."""
        statement = select(_VISITS).order_by(_VISITS.c.vehicle, _VISITS.c.gateway)
        if len(ids) <= _AT_ONCE:
            statement = statement.where(_VISITS.c.vehicle.in_(ids))
        found: dict[str, dict[str, int]] = {}
        for vehicle, gateway, visits in (await self._session.execute(statement)).all() if ids else ():
            found.setdefault(vehicle, {})[gateway] = visits
        return found


def _some(_dialect: Dialect) -> ClauseElement:
    table = _VEHICLES.c
    columns = (
        table.registered_at,
        table.id,
        table.plate,
        table.valid_from,
        table.valid_until,
        table.cameras,
        table.uses,
    )
    time, text = table.registered_at.type, table.id.type
    behind = tuple_(table.registered_at, table.id) > tuple_(
        bindparam("since", type_=time), bindparam("last", type_=text)
    )
    statement = select(*columns).where(behind, _holds(bindparam("at", type_=time)))
    return limited(statement.order_by(table.registered_at, table.id), _PORTION)


_SOME = Prepared(_some)


def _holds(at: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    return or_(_VEHICLES.c.valid_until.is_(None), _VEHICLES.c.valid_until > at)


def _fits(wanted: VehicleFilter) -> list[ColumnElement[bool]]:
    sought: list[ColumnElement[bool]] = []
    if wanted.plate:
        sought.append(_VEHICLES.c.plate.contains(wanted.plate, autoescape=True))
    if wanted.text:
        sought.append(_VEHICLES.c.note.contains(wanted.text, autoescape=True))
    found = [or_(*sought)] if sought else []
    return [*found, _VEHICLES.c.valid_until <= wanted.over_at] if wanted.over_at is not None else found


def _values(vehicle: Vehicle) -> dict[str, Any]:
    listed = vehicle.listed
    return {
        "id": vehicle.id,
        "plate": listed.plate,
        "valid_from": listed.valid_from,
        "valid_until": listed.valid_until,
        "cameras": list(listed.cameras),
        "uses": listed.uses,
        "note": listed.note,
        "registered_by": vehicle.registered_by,
        "registered_at": vehicle.registered_at,
        "size": listed.size,
    }


def _state_values(state: ListState) -> dict[str, Any]:
    return {"id": _SITE, **vars(state)}


def _vehicle(row: VehicleRow, visits: Mapping[str, int]) -> Vehicle:
    listed = Listed(
        plate=row.plate,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        cameras=tuple(row.cameras),
        uses=row.uses,
        note=row.note,
    )
    return Vehicle(
        id=row.id,
        listed=listed,
        registered_by=row.registered_by,
        registered_at=row.registered_at,
        visits=visits,
    )
