"""民情日记: what workers did on their rounds, day by day, and the cases that came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lookout_server.domain.access import Access
from lookout_server.domain.calendar import day_span
from lookout_server.domain.case import Actor, Data, Source
from lookout_server.domain.resident import KINDS, ReportKind
from lookout_server.domain.rounds import DiaryDay, DiaryEntry, DiaryKind, roll_up
from lookout_server.domain.territory import FIELD, Person, Site
from lookout_server.domain.topics import of_report
from lookout_server.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from lookout_server.ports import DiaryFilter, Page, Store, UnitOfWork
from lookout_server.services.accounts import require_grids
from lookout_server.services.handling import stored_pictures
from lookout_server.services.opening import Told, attach_photo, open_told

#: Entries of one day and place that are rolled up; more would be a mistake.
_MOST_A_DAY = 5000


@dataclass(frozen=True, kw_only=True)
class Note:
    """What somebody writes. ``id``: the same one again is the same entry. ``grid`` None: their own place."""

    id: str
    kind: DiaryKind
    words: str
    grid: str | None = None
    photos: tuple[str, ...] = ()
    place: Data | None = None


@dataclass(frozen=True, kw_only=True)
class RolledUp:
    """A day's diary, and the workers who wrote nothing."""

    day: date
    people: Sequence[DiaryDay]
    silent: Sequence[Person]
    names: dict[str, Person]


async def write(store: Store, note: Note, by: Access, *, at: datetime) -> DiaryEntry:
    """Add an entry. ConflictError when somebody else's has this id."""
    async with store.write() as uow:
        held = await uow.rounds.entry(note.id)
        if held is not None:
            if held.person != by.person.id:
                raise ConflictError("an entry with this id is there already: make another id")
            return held
        grid = own_grid(by, note.grid)
        await require_grids(uow, frozenset({grid}))
        photos = tuple(file.sha256 for file in await stored_pictures(uow, note.photos, by))
        entry = DiaryEntry(
            id=note.id,
            person=by.person.id,
            grid=grid,
            at=at,
            kind=note.kind,
            words=note.words,
            photos=photos,
            place=note.place,
        )
        await uow.rounds.write(entry)
        await uow.commit()
    return entry


async def entries(
    uow: UnitOfWork, by: Access, page: Page, *, person: str | None = None, span: tuple[datetime, datetime] | None = None
) -> Sequence[DiaryEntry]:
    """Newest first: workers see their own, the control room those of its places."""
    first, last = span or (None, None)
    if not by.person.in_control_room:
        wanted = DiaryFilter(person=by.person.id, first=first, last=last)
        return [] if person not in {None, by.person.id} else await uow.rounds.entries(wanted, page)
    return await uow.rounds.entries(DiaryFilter(person=person, places=by.places, first=first, last=last), page)


async def make_case(
    store: Store, site: Site, entry_id: str, kind: ReportKind, by: Access, *, at: datetime
) -> DiaryEntry:
    """Report what the entry tells; the case has its words and pictures. Again, it is the same case."""
    async with store.write() as uow:
        entry = await uow.rounds.entry(entry_id, lock=True)
        if entry is None or not _sees(by, entry):
            raise NotFoundError(f"there is no entry {entry_id!r} that you can see")
        if entry.case_id is None:
            told = await _told(uow, entry, kind, by)
            case = await open_told(uow, site, told, at=at)
            for file in await stored_pictures(uow, entry.photos, by):
                await attach_photo(uow, case.id, file, at=at)
            await uow.rounds.link(entry.id, case.id)
            await uow.commit()
    async with store.read() as uow:
        return await uow.rounds.entry(entry_id) or entry


async def _told(uow: UnitOfWork, entry: DiaryEntry, kind: ReportKind, by: Access) -> Told:
    row, places = KINDS[kind], {each.id: each for each in await uow.territory.territories()}
    return Told(
        source=Source.PATROL,
        topic=of_report(kind),
        scene=places[entry.grid].name,
        words=entry.words,
        severity=row.severity,
        grid=entry.grid,
        actor=Actor(person=by.person),
        scenario=row.scenario,
        data={"entry": entry.id, "kind": kind.value, **({"place": dict(entry.place)} if entry.place else {})},
    )


async def rolled_up(store: Store, site: Site, day: date, by: Access) -> RolledUp:
    """What was written on a day by the site's clock in the places that are the asking person's."""
    first, last = day_span(site.timezone, day)
    async with store.read() as uow:
        found = await uow.rounds.entries(DiaryFilter(places=by.places, first=first, last=last), Page(limit=_MOST_A_DAY))
        workers = [each for each in await uow.people.everyone() if _writes(each) and by.knows(each)]
        names = await uow.people.get({entry.person for entry in found})
    wrote = {entry.person for entry in found}
    silent = [each for each in workers if each.id not in wrote]
    return RolledUp(day=day, people=roll_up(found), silent=silent, names=names)


def _writes(person: Person) -> bool:
    return bool(person.roles & FIELD and person.grids) and not person.barred


def own_grid(by: Access, grid: str | None) -> str:
    """The grid that somebody names, or their only one. InvalidError when it is not clear, ForbiddenError elsewhere."""
    if grid is None:
        if len(by.person.grids) != 1:
            raise InvalidError("say in which grid: you look after none, or after several")
        (grid,) = by.person.grids
    if not by.covers(grid):
        raise ForbiddenError(f"{grid} is not among your places: ask somebody who looks after it")
    return grid


def _sees(by: Access, entry: DiaryEntry) -> bool:
    return entry.person == by.person.id or (by.person.in_control_room and by.covers(entry.grid))
