"""Registering vehicles: one, a table of them, or the one that an alarm is about. Every change reaches all gateways.

Plates are personal data and entries of the audit log are for ever, so the log names a vehicle by its id and says what
was done; which plate that is can be told as long as the vehicle is on the list.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from lookout_contract.events import Scenario
from lookout_server.domain.access import Access
from lookout_server.domain.alarm import Alarm
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.moves import OVERSIGHT
from lookout_server.domain.territory import Site
from lookout_server.domain.vehicles import (
    MOST_BYTES,
    Comparison,
    Listed,
    ListState,
    Period,
    Sheet,
    Vehicle,
    checked,
    compared,
    ends_at,
    normal_plate,
)
from lookout_server.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from lookout_server.ports import Page, Store, UnitOfWork, VehicleFilter
from lookout_server.services.access import visible_alarm
from lookout_server.services.known_vehicles import set_out


@dataclass(frozen=True, kw_only=True)
class Found:
    """A page of the list; ``total``: how many there are on all pages."""

    vehicles: Sequence[Vehicle]
    total: int


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table that somebody brings.

    ``complete``: what it does not name goes. ``seen``: the version of the list that it was compared with; None: any.
    ``by``: None for whoever runs the machine.
    """

    sheet: Sheet
    complete: bool
    by: Access | None
    at: datetime
    seen: int | None = None
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a table changes, or has. ``version``: of the list that it was compared with, or is now."""

    comparison: Comparison
    version: int
    done: bool


def new_id() -> str:
    """Of a vehicle; nothing in it tells of the plate."""
    return f"v-{secrets.token_hex(10)}"


def may_keep_list(by: Access) -> bool:
    """Whether somebody keeps the list: supervisors and admins of the whole site, whose all gateways are."""
    return by.places is None and bool(by.person.roles & OVERSIGHT)


async def find(store: Store, text: str | None, page: Page, *, over_at: datetime | None = None) -> Found:
    """Vehicles with this in their plate or note, the newest first."""
    wanted = VehicleFilter(text=text or None, plate=normal_plate(text or "") or None, over_at=over_at)
    async with store.read() as uow:
        return Found(vehicles=await uow.vehicles.page(wanted, page), total=await uow.vehicles.count(wanted))


async def put(store: Store, vehicle_id: str, listed: Listed, by: Access, *, at: datetime) -> tuple[Vehicle, bool]:
    """Register a vehicle under this id, or change the one that has it; and whether it is new. Once more is once.

    InvalidError when it is wrong, or the list grew longer than a command may be.
    """
    async with store.write() as uow:
        state = await uow.vehicles.state(lock=True)
        held = await uow.vehicles.get(vehicle_id)
        saved = await _save(uow, state, vehicle_id, listed, by, at)
        await uow.commit()
    return saved, held is None


async def remove(store: Store, vehicle_id: str, by: Access, *, at: datetime) -> None:
    """Take a vehicle off the list; for those who keep it, and whoever registered this one.

    Putting it again undoes it.
    """
    async with store.write() as uow:
        state = await uow.vehicles.state(lock=True)
        held = await uow.vehicles.get(vehicle_id)
        if held is None:
            raise NotFoundError(f"there is no vehicle {vehicle_id!r} on the list: somebody removed it")
        if not may_keep_list(by) and held.registered_by != by.person.id:
            raise ForbiddenError("you may take back what you registered yourself; ask a supervisor for the rest")
        await uow.vehicles.remove([vehicle_id])
        await set_out(uow, state, at)
        uow.audit.add(Entry(at=at, act=Act.VEHICLE_REMOVED, actor=by.person.id, subject=vehicle_id))
        await uow.commit()


async def let_in(
    store: Store, site: Site, alarm_id: str, period: Period, note: str, by: Access, *, at: datetime
) -> Vehicle:
    """Register the vehicle that an alarm is about: for a while, or (for those who keep the list) as a resident's.

    There is one of an alarm: doing it again changes for how long. Who looks after some places alone lets it in there.
    """
    if period is Period.RESIDENT and not may_keep_list(by):
        raise ForbiddenError("residents' vehicles are registered by supervisors and admins of the whole site")
    async with store.write() as uow:
        state = await uow.vehicles.state(lock=True)
        alarm = await visible_alarm(uow, alarm_id, by)
        vehicle_id = _of_alarm(alarm)
        held = await uow.vehicles.get(vehicle_id)
        if held is not None and held.registered_by != by.person.id and not may_keep_list(by):
            raise ConflictError("somebody else has registered it already: see the list of passes of this plate")
        listed = Listed(
            plate=plate_of(alarm),
            valid_until=ends_at(period, ZoneInfo(site.timezone), at),
            cameras=await _theirs(uow, by),
            note=note or (held.listed.note if held else ""),
        )
        saved = await _save(uow, state, vehicle_id, listed, by, at, alarm=alarm.id)
        await uow.commit()
    return saved


async def passes(store: Store, alarm_id: str, by: Access) -> tuple[str, Sequence[Vehicle]]:
    """The plate of the vehicle that an alarm is about, and what stands of it on the list."""
    async with store.read() as uow:
        plate = plate_of(await visible_alarm(uow, alarm_id, by))
        return plate, await uow.vehicles.of_plate(plate)


def plate_of(alarm: Alarm) -> str:
    """ConflictError when nobody could read it."""
    plate = alarm.attributes.plate
    if alarm.scenario is not Scenario.UNFAMILIAR_VEHICLE or plate is None or not plate.text:
        raise ConflictError("no plate was read in this alarm: register the vehicle by hand")
    return normal_plate(plate.text)


async def bring_in(store: Store, table: Table) -> Report:
    """Take a table: all of it or nothing. InvalidError when the list grew longer than a command may be, ConflictError
    when it is no longer what was looked at."""
    async with store.write() as uow:
        state = await uow.vehicles.state(lock=True)
        if table.seen is not None and table.seen != state.version:
            raise ConflictError("somebody changed the list since you looked: nothing was done; look again")
        held = await uow.vehicles.everything()
        found = _with_notes(compared(held, table.sheet.vehicles, complete=table.complete), table)
        await _change(uow, found, table)
        await _require_room(uow, table.at)
        if table.dry_run:
            return Report(comparison=found, version=state.version, done=False)
        # A list that is empty and kept here is something else than none: gateways are told.
        if found.changes or not state.is_kept_here:
            state = await set_out(uow, state, table.at)
            counts: dict[str, str | int] = {
                "created": found.count(before=False, after=True),
                "updated": found.count(before=True, after=True),
                "removed": found.count(before=True, after=False),
            }
            actor = table.by.person.id if table.by else None
            uow.audit.add(Entry(at=table.at, act=Act.IMPORTED, actor=actor, subject="vehicles", details=counts))
            await uow.commit()
    return Report(comparison=found, version=state.version, done=True)


async def everything(store: Store, *, by: str | None, at: datetime) -> Sequence[Vehicle]:
    """The whole list, to be taken elsewhere; the audit log notes it."""
    async with store.write() as uow:
        found = await uow.vehicles.everything()
        uow.audit.add(Entry(at=at, act=Act.EXPORTED, actor=by, subject="vehicles", details={"vehicles": len(found)}))
        await uow.commit()
    return found


async def _save(
    uow: UnitOfWork,
    state: ListState,
    vehicle_id: str,
    listed: Listed,
    by: Access,
    at: datetime,
    *,
    alarm: str | None = None,
) -> Vehicle:
    """Who registered it, and when, stays when it is changed."""
    held = await uow.vehicles.get(vehicle_id)
    wanted = checked(replace(listed, plate=normal_plate(listed.plate)))
    if held is not None and held.listed == wanted:
        return held
    # Another plate or beginning is another pass to gateways, and nobody has used that one.
    same = held is not None and held.listed.is_pass(wanted)
    vehicle = Vehicle(
        id=vehicle_id,
        listed=wanted,
        registered_by=held.registered_by if held else by.person.id,
        registered_at=held.registered_at if held else at,
        visits=held.visits if held and same else {},
    )
    await uow.vehicles.save([vehicle])
    if not same:
        await uow.vehicles.count_anew([vehicle_id])
    await _require_room(uow, at)
    # A note is nothing to a gateway.
    if held is None or held.listed.resident != wanted.resident:
        await set_out(uow, state, at)
    details: dict[str, str | int] = {"change": "created" if held is None else "updated"}
    if alarm is not None:
        details["alarm"] = alarm
    if wanted.valid_until is not None:
        details["valid_until"] = wanted.valid_until.isoformat()
    uow.audit.add(Entry(at=at, act=Act.VEHICLE_SAVED, actor=by.person.id, subject=vehicle_id, details=details))
    return vehicle


async def _change(uow: UnitOfWork, found: Comparison, table: Table) -> None:
    actor = table.by.person.id if table.by else None
    fresh: list[Vehicle] = []
    for change in found.changes:
        if change.after is not None and change.before is not None:
            fresh.append(replace(change.before, listed=change.after))
        elif change.after is not None:
            fresh.append(Vehicle(id=new_id(), listed=change.after, registered_by=actor, registered_at=table.at))
    await uow.vehicles.remove([each.before.id for each in found.changes if each.before and not each.after])
    await uow.vehicles.save(fresh)


def _with_notes(found: Comparison, table: Table) -> Comparison:
    """A table without notes leaves them as they are, and is no change where it says nothing else."""
    if table.sheet.has_notes:
        return found
    kept = [
        replace(each, after=replace(each.after, note=each.before.listed.note)) if each.before and each.after else each
        for each in found.changes
    ]
    changes = tuple(each for each in kept if each.before is None or each.before.listed != each.after)
    return replace(found, changes=changes, same=found.same + len(kept) - len(changes))


async def _require_room(uow: UnitOfWork, at: datetime) -> None:
    size = await uow.vehicles.size(at)
    if size > MOST_BYTES:
        raise InvalidError(
            f"the list would have {size:,} bytes, and gateways can be sent {MOST_BYTES:,}: nothing was changed;"
            " take out vehicles that are gone"
        )


async def _theirs(uow: UnitOfWork, by: Access) -> tuple[str, ...]:
    if by.places is None:
        return ()
    return tuple(sorted({key.id for key, camera in (await uow.territory.cameras()).items() if by.covers(camera.grid)}))


def _of_alarm(alarm: Alarm) -> str:
    return f"v-{hashlib.sha256(f'let in {alarm.id}'.encode()).hexdigest()[:20]}"
