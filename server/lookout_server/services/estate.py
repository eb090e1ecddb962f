"""The estate's places, cameras and people, brought in as a whole. Doing it again changes nothing."""

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import cast

from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.roster import Shift, checked
from lookout_server.domain.territory import Camera, Person, Territory
from lookout_server.errors import InvalidError
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.accounts import require_grids

_ROSTER_SINCE, _ROSTER_UNTIL = timedelta(days=90), timedelta(days=3660)
_MOST_SHIFTS = 100_000
Held = Territory | Camera | Person | Shift


@dataclass(frozen=True, kw_only=True)
class Estate:
    """What a site file holds. Parents of territories come before their children."""

    territories: tuple[Territory, ...] = ()
    cameras: tuple[Camera, ...] = ()
    people: tuple[Person, ...] = ()
    shifts: tuple[Shift, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that is new or different. ``kind``: territory, camera, person or shift; ``change``: created or updated.

    ``what``: for what was there, each field that differs, as ``name: before → after``.
    """

    kind: str
    id: str
    change: str
    what: tuple[str, ...] = ()


async def import_estate(store: Store, estate: Estate, *, at: datetime, dry_run: bool = False) -> tuple[Change, ...]:
    """Insert and update; nothing is ever removed. Returns what changed, or would change."""
    async with store.write() as uow:
        changes = [
            *await _import_territories(uow, estate.territories),
            *await _import_cameras(uow, estate.cameras, at),
            *await _import_people(uow, estate.people),
            *await _import_shifts(uow, estate.shifts),
        ]
        if changes and not dry_run:
            await uow.commit()
    return tuple(changes)


async def export_estate(store: Store, *, at: datetime) -> Estate:
    """All of it, the roster from 90 days ago on; written into the audit log, for it names everybody."""
    async with store.write() as uow:
        people = await uow.people.everyone()
        found = Estate(
            territories=tuple(await uow.territory.territories()),
            cameras=tuple((await uow.territory.cameras()).values()),
            people=tuple(people),
            shifts=tuple(await uow.roster.shifts(at - _ROSTER_SINCE, at + _ROSTER_UNTIL, _MOST_SHIFTS)),
        )
        uow.audit.add(Entry(at=at, act=Act.EXPORTED, actor=None, subject="estate", details={"people": len(people)}))
        await uow.commit()
    return found


async def is_empty(store: Store) -> bool:
    """Whether nobody has told the dispatcher of any place, camera or person."""
    async with store.read() as uow:
        return not (await uow.territory.territories() or await uow.territory.cameras() or await uow.people.everyone())


async def _import_territories(uow: UnitOfWork, territories: tuple[Territory, ...]) -> list[Change]:
    known = {place.id: place for place in await uow.territory.territories()}
    changes: list[Change] = []
    for place in territories:
        held = known.get(place.id)
        if held != place:
            await uow.territory.save_territory(place)
            changes.append(_change("territory", place.id, held, place))
    return changes


async def _import_cameras(uow: UnitOfWork, cameras: tuple[Camera, ...], at: datetime) -> list[Change]:
    await require_grids(uow, frozenset(camera.grid for camera in cameras if camera.grid))
    known = await uow.territory.cameras({camera.key for camera in cameras})
    changes: list[Change] = []
    for camera in cameras:
        held = known.get(camera.key)
        # The file says where a camera is; what it sees is the gateway's to say.
        # A file without its spot leaves the one it has.
        placed = replace(held, name=camera.name, grid=camera.grid, spot=camera.spot or held.spot) if held else camera
        if placed != held:
            await uow.territory.save_cameras([placed])
            change = _change("camera", announce.camera_subject(camera.key), held, placed)
            announce.camera_changed(uow, camera.key, change.change, at)
            changes.append(change)
    return changes


async def _import_people(uow: UnitOfWork, people: tuple[Person, ...]) -> list[Change]:
    await require_grids(uow, frozenset(grid for person in people for grid in person.grids))
    known = await uow.people.get([person.id for person in people])
    changes: list[Change] = []
    for person in people:
        held = known.get(person.id)
        if held != person:
            await uow.people.save(person)
            changes.append(_change("person", person.username, held, person))
    return changes


async def _import_shifts(uow: UnitOfWork, shifts: tuple[Shift, ...]) -> list[Change]:
    known = await uow.people.get([shift.person for shift in shifts])
    changes: list[Change] = []
    for shift in shifts:
        checked(shift)
        if shift.person not in known:
            raise InvalidError(f"shift {shift.id}: there is nobody called {shift.person!r}")
        held = await uow.roster.shift(shift.id)
        if held != shift:
            await uow.roster.save_shifts([shift])
            changes.append(_change("shift", shift.id, held, shift))
    return changes


def _change(kind: str, name: str, held: Held | None, fresh: Held) -> Change:
    if held is None:
        return Change(kind=kind, id=name, change="created")
    pairs = [(field.name, getattr(held, field.name), getattr(fresh, field.name)) for field in fields(held)]
    what = tuple(f"{field}: {_shown(before)} → {_shown(after)}" for field, before, after in pairs if before != after)
    return Change(kind=kind, id=name, change="updated", what=what)


def _shown(value: object) -> str:
    if isinstance(value, frozenset):
        return ",".join(sorted(str(each) for each in cast(frozenset[object], value))) or "nothing"
    return "nothing" if value is None else str(value)
