"""The estate's places, cameras and people, brought in as a whole. Doing it again changes nothing."""

from dataclasses import dataclass, replace
from datetime import datetime

from lookout_server.domain.territory import Camera, Person, Territory
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.accounts import require_grids


@dataclass(frozen=True, kw_only=True)
class Estate:
    """What a site file holds. Parents of territories come before their children."""

    territories: tuple[Territory, ...] = ()
    cameras: tuple[Camera, ...] = ()
    people: tuple[Person, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that is new or different. ``kind``: territory, camera or person; ``change``: created or updated."""

    kind: str
    id: str
    change: str


async def import_estate(store: Store, estate: Estate, *, at: datetime, dry_run: bool = False) -> tuple[Change, ...]:
    """Insert and update; nothing is ever removed. Returns what changed, or would change."""
    async with store.write() as uow:
        changes = [
            *await _import_territories(uow, estate.territories),
            *await _import_cameras(uow, estate.cameras, at),
            *await _import_people(uow, estate.people),
        ]
        if changes and not dry_run:
            await uow.commit()
    return tuple(changes)


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
            changes.append(_change("territory", place.id, held))
    return changes


async def _import_cameras(uow: UnitOfWork, cameras: tuple[Camera, ...], at: datetime) -> list[Change]:
    await require_grids(uow, frozenset(camera.grid for camera in cameras if camera.grid))
    known = await uow.territory.cameras({camera.key for camera in cameras})
    changes: list[Change] = []
    for camera in cameras:
        held = known.get(camera.key)
        # The file says where a camera is; what it sees is the gateway's to say.
        placed = replace(held, name=camera.name, grid=camera.grid) if held else camera
        if placed != held:
            await uow.territory.save_cameras([placed])
            change = _change("camera", announce.camera_subject(camera.key), held)
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
            changes.append(_change("person", person.username, held))
    return changes


def _change(kind: str, name: str, held: object | None) -> Change:
    return Change(kind=kind, id=name, change="created" if held is None else "updated")
