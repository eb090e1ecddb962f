"""The estate's places, cameras and people, brought in as a whole. Doing it again changes nothing."""

from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import cast

from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.roster import Shift, checked
from lookout_server.domain.territory import Camera, Level, Person, Territory, misplaced
from lookout_server.domain.whereabouts import Spot
from lookout_server.errors import InvalidError
from lookout_server.ports import CameraPart, Store, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.accounts import require_grids

_ROSTER_SINCE, _ROSTER_UNTIL = timedelta(days=90), timedelta(days=3660)
_MOST_SHIFTS = 100_000
Held = Territory | Camera | Person | Shift
#: What names the thing itself.
_UNTOLD = frozenset({"id", "key", "username"})


@dataclass(frozen=True, kw_only=True)
class Estate:
    """What a site file holds. Parents of territories come before their children."""

    territories: tuple[Territory, ...] = ()
    cameras: tuple[Camera, ...] = ()
    people: tuple[Person, ...] = ()
    shifts: tuple[Shift, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field before and after; None: nothing was said, or is."""

    field: str
    before: str | None
    after: str | None

    @property
    def text(self) -> str:
        """``name: before → after``."""
        return f"{self.field}: {self.before or 'nothing'} → {self.after or 'nothing'}"


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that is new or different. ``kind``: territory, camera, person or shift.

    ``change``: created, updated, disabled (an account) or removed (a shift). ``what``: for what was there, each field
    that differs, as ``name: before → after``; ``fields``: the same in parts, and for what is new all that is said.
    """

    kind: str
    id: str
    change: str
    what: tuple[str, ...] = ()
    fields: tuple[Difference, ...] = field(default=(), compare=False, repr=False)


async def import_estate(store: Store, estate: Estate, *, at: datetime, dry_run: bool = False) -> tuple[Change, ...]:
    """Insert and update; nothing is ever removed. Returns what changed, or would change."""
    async with store.write() as uow:
        changes = await bring_in(uow, estate, at)
        if changes and not dry_run:
            await uow.commit()
    return tuple(changes)


async def bring_in(uow: UnitOfWork, estate: Estate, at: datetime) -> list[Change]:
    """Insert and update within a transaction of the caller's; what is new or different."""
    return [
        *await _import_territories(uow, estate.territories),
        *await _import_cameras(uow, estate.cameras, at),
        *await _import_people(uow, estate.people),
        *await _import_shifts(uow, estate.shifts),
    ]


async def export_estate(store: Store, *, at: datetime, by: str | None = None) -> Estate:
    """All of it, the roster from 90 days ago on; written into the audit log, for it names everybody. ``by``: a person's
    id, None for whoever runs the machine."""
    async with store.write() as uow:
        people = await uow.people.everyone()
        found = Estate(
            territories=tuple(await uow.territory.territories()),
            cameras=tuple((await uow.territory.cameras()).values()),
            people=tuple(people),
            shifts=tuple(await uow.roster.shifts(at - _ROSTER_SINCE, at + _ROSTER_UNTIL, _MOST_SHIFTS)),
        )
        uow.audit.add(Entry(at=at, act=Act.EXPORTED, actor=by, subject="estate", details={"people": len(people)}))
        await uow.commit()
    return found


async def is_empty(store: Store) -> bool:
    """Whether nobody has told the dispatcher of any place, camera or person."""
    async with store.read() as uow:
        return not (await uow.territory.territories() or await uow.territory.cameras() or await uow.people.everyone())


async def has_places(store: Store) -> bool:
    """Whether anybody has told the dispatcher of a place. Accounts and cameras may come before: verbs of the command
    line make the first, a gateway that speaks the others."""
    async with store.read() as uow:
        return bool(await uow.territory.territories())


async def import_first(store: Store, estate: Estate, *, at: datetime) -> tuple[Change, ...]:
    """As ``import_estate``, but whoever has an account already keeps it as it is."""
    async with store.read() as uow:
        known = await uow.people.get([person.id for person in estate.people])
    fresh = tuple(person for person in estate.people if person.id not in known)
    return await import_estate(store, replace(estate, people=fresh), at=at)


async def _import_territories(uow: UnitOfWork, territories: tuple[Territory, ...]) -> list[Change]:
    known = {place.id: place for place in await uow.territory.territories()}
    after = known | {place.id: place for place in territories}
    wrong = [f"{place.id}: {problem.text}" for place in territories if (problem := misplaced(place, after))]
    if wrong:
        raise InvalidError("; ".join(wrong))
    changes: list[Change] = []
    for place in territories:
        held = known.get(place.id)
        if held != place:
            await uow.territory.save_territory(place)
            changes.append(_change("territory", place.id, held, place))
    return changes


async def _import_cameras(uow: UnitOfWork, cameras: tuple[Camera, ...], at: datetime) -> list[Change]:
    await require_grids(uow, frozenset(camera.grid for camera in cameras if camera.grid))
    await _require_buildings(uow, cameras)
    known = await uow.territory.cameras({camera.key for camera in cameras})
    changes: list[Change] = []
    for camera in cameras:
        held = known.get(camera.key)
        # The file says where a camera is; what it sees is the gateway's to say.
        # A file without its spot leaves the one it has.
        placed = camera
        if held:
            building = camera.building or (held.building if held.grid == camera.grid else None)
            spot = camera.spot or held.spot
            placed = replace(held, name=camera.name, grid=camera.grid, building=building, spot=spot)
        if placed != held:
            await uow.territory.save_cameras([placed], part=CameraPart.PLACE)
            change = _change("camera", announce.camera_subject(camera.key), held, placed)
            announce.camera_changed(uow, camera.key, change.change, at)
            changes.append(change)
    return changes


async def _require_buildings(uow: UnitOfWork, cameras: tuple[Camera, ...]) -> None:
    """InvalidError that names the buildings which are not in their cameras' grids."""
    grid_of = {place.id: place.parent for place in await uow.territory.territories() if place.level is Level.BUILDING}
    wrong = [each for each in cameras if each.building is not None and grid_of.get(each.building) != each.grid]
    if wrong:
        named = ", ".join(f"{each.building} of camera {each.key.path}" for each in wrong)
        raise InvalidError(f"no building of the camera's grid: {named}")


async def _import_people(uow: UnitOfWork, people: tuple[Person, ...]) -> list[Change]:
    await require_grids(uow, frozenset(grid for person in people for grid in person.grids))
    known = await uow.people.get([person.id for person in people])
    changes: list[Change] = []
    for person in people:
        held = known.get(person.id)
        # Whether an account is disabled is not a file's to say.
        wanted = replace(person, barred=held.barred) if held else person
        if held != wanted:
            await uow.people.save(wanted)
            changes.append(_change("person", person.username, held, wanted))
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
    pairs = [(each.name, getattr(held, each.name, None), getattr(fresh, each.name)) for each in fields(fresh)]
    said = tuple(
        Difference(field=name, before=_shown(before), after=_shown(after))
        for name, before, after in pairs
        if before != after and name not in _UNTOLD
    )
    if held is None:
        return Change(kind=kind, id=name, change="created", fields=tuple(each for each in said if each.after))
    return Change(kind=kind, id=name, change="updated", what=tuple(each.text for each in said), fields=said)


def _shown(value: object) -> str | None:
    if isinstance(value, frozenset):
        return ",".join(sorted(str(each) for each in cast(frozenset[object], value))) or None
    if isinstance(value, Spot):
        return f"{value.lat}, {value.lon}"
    return None if value is None else str(value)
