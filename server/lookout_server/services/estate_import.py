"""Bringing tables of the estate in: judged row by row, looked at before it is done, done wholly or not at all."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from lookout_server.domain.access import Access
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.roster import checked
from lookout_server.domain.territory import Level, Person, Role, Site, Territory, misplaced
from lookout_server.errors import ConflictError, InvalidError
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services.account_keeping import shut_out
from lookout_server.services.estate import Change, Estate, bring_in

_ROSTER_AHEAD = timedelta(days=3660)
_MOST_SHIFTS = 100_000


@dataclass(frozen=True, kw_only=True)
class Objection:
    """Why a row that can be read cannot be taken. ``table`` and ``key`` name it; ``code`` is a stable word."""

    table: str
    key: str
    code: str
    text: str
    column: str | None = None
    value: str | None = None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody brings in.

    ``tables``: those of their files. ``complete``: the files name everything, so accounts and coming shifts that are
    not in them go. ``seen``: the fingerprint of the changes that they looked at; None only looks.
    """

    estate: Estate
    tables: Collection[str]
    by: Access
    at: datetime
    complete: bool = False
    seen: str | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """What would change, or has. ``fingerprint`` names exactly these changes."""

    changes: tuple[Change, ...]
    objections: tuple[Objection, ...]
    #: Accounts and coming shifts that are not in the files and stay.
    absent: tuple[Change, ...]
    done: bool

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the changes."""
        said = json.dumps([asdict(change) for change in self.changes], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()


async def import_tables(store: Store, site: Site, wanted: Wanted) -> Report:
    """Look at what would change, or do it: all rows, or none while one of them cannot be taken.

    ConflictError when what would change is no longer what was looked at.
    """
    async with store.write() as uow:
        objections = await _judge(uow, wanted)
        changes = await bring_in(uow, _without(wanted.estate, objections), wanted.at)
        absent = await _absent(uow, wanted)
        gone = absent if wanted.complete else ()
        report = Report(
            changes=(*changes, *gone),
            objections=tuple(objections),
            absent=() if wanted.complete else absent,
            done=False,
        )
        if wanted.seen is None or objections:
            return report
        if wanted.seen != report.fingerprint:
            raise ConflictError("somebody changed something since you looked: nothing was done; look again")
        await _remove(uow, site, gone, wanted)
        if report.changes:
            _note(uow, report, wanted)
            await uow.commit()
    return replace(report, done=True)


async def _judge(uow: UnitOfWork, wanted: Wanted) -> list[Objection]:
    estate = wanted.estate
    places = {place.id: place for place in await uow.territory.territories()}
    places |= {place.id: place for place in estate.territories}
    people = {person.id for person in await uow.people.everyone()} | {person.id for person in estate.people}
    return [
        *_of_territories(estate.territories, places),
        *_of_cameras(estate, places),
        *_of_people(estate.people, places, wanted.by.person),
        *_of_shifts(estate, people),
    ]


def _of_territories(territories: Sequence[Territory], places: Mapping[str, Territory]) -> Iterator[Objection]:
    for place in territories:
        wrong = misplaced(place, places)
        if wrong is not None:
            yield Objection(
                table="territories", key=place.id, code=wrong.code, column="parent", value=place.parent, text=wrong.text
            )


def _of_cameras(estate: Estate, places: Mapping[str, Territory]) -> Iterator[Objection]:
    for camera in estate.cameras:
        if camera.grid is not None and camera.grid not in places:
            yield _nowhere("cameras", camera.key.path, "grid", camera.grid)
        building = places.get(camera.building or "")
        if camera.building is not None and building is None:
            yield _nowhere("cameras", camera.key.path, "building", camera.building)
        elif building is not None and (building.level is not Level.BUILDING or building.parent != camera.grid):
            yield Objection(
                table="cameras",
                key=camera.key.path,
                code="wrong_level",
                column="building",
                value=building.id,
                text="this is no building of the camera's grid: name one, or leave it empty",
            )


def _of_people(people: Sequence[Person], places: Mapping[str, Territory], by: Person) -> Iterator[Objection]:
    for person in people:
        for grid in sorted(person.grids.difference(places)):
            yield _nowhere("people", person.username, "grids", grid)
        if not person.roles - {Role.CARE}:
            text = "care comes beside another role: name that too"
            yield Objection(table="people", key=person.username, code="only_care", column="roles", text=text)
        if person.id == by.id and (Role.ADMIN not in person.roles or person.grids):
            text = "you would shut yourself out: have another admin change your own roles and places"
            yield Objection(table="people", key=person.username, code="own_account", column="roles", text=text)


def _of_shifts(estate: Estate, people: Collection[str]) -> Iterator[Objection]:
    for shift in estate.shifts:
        if shift.person not in people:
            name = shift.person.removeprefix("u-")
            text = f"there is nobody called {name!r}: bring people in too, or mend the name"
            yield Objection(table="shifts", key=shift.id, code="unknown_person", column="person", value=name, text=text)
        try:
            checked(shift)
        except InvalidError as error:
            yield Objection(table="shifts", key=shift.id, code="bad_span", column="ends_at", text=str(error))


def _nowhere(table: str, key: str, column: str, value: str) -> Objection:
    text = f"there is no place {value!r}: bring territories in too, or mend the id"
    return Objection(table=table, key=key, code="unknown_place", column=column, value=value, text=text)


def _without(estate: Estate, objections: Sequence[Objection]) -> Estate:
    """The rows to which nothing is objected, nor to the places and people that they name."""
    wrong = {(each.table, each.key) for each in objections}
    nowhere = {key for table, key in wrong if table == "territories"}
    while more := {p.id for p in estate.territories if p.parent in nowhere and p.id not in nowhere}:
        nowhere |= more
    nobody = {f"u-{key}" for table, key in wrong if table == "people"}
    return Estate(
        territories=tuple(each for each in estate.territories if each.id not in nowhere),
        cameras=tuple(
            each
            for each in estate.cameras
            if ("cameras", each.key.path) not in wrong and not nowhere.intersection({each.grid, each.building})
        ),
        people=tuple(
            each
            for each in estate.people
            if ("people", each.username) not in wrong and not each.grids.intersection(nowhere)
        ),
        shifts=tuple(each for each in estate.shifts if ("shifts", each.id) not in wrong and each.person not in nobody),
    )


async def _absent(uow: UnitOfWork, wanted: Wanted) -> tuple[Change, ...]:
    """Accounts and coming shifts of which the files, as far as they have such tables, do not speak."""
    found: list[Change] = []
    if "people" in wanted.tables:
        named = {person.id for person in wanted.estate.people} | {wanted.by.person.id}
        found += [
            Change(kind="person", id=person.username, change="disabled")
            for person in await uow.people.everyone()
            if person.id not in named and not person.barred
        ]
    if "shifts" in wanted.tables:
        kept = {shift.id for shift in wanted.estate.shifts}
        ahead = await uow.roster.shifts(wanted.at, wanted.at + _ROSTER_AHEAD, _MOST_SHIFTS)
        found += [
            Change(kind="shift", id=shift.id, change="removed")
            for shift in ahead
            if shift.id not in kept and shift.starts_at > wanted.at
        ]
    return tuple(found)


async def _remove(uow: UnitOfWork, site: Site, gone: Sequence[Change], wanted: Wanted) -> None:
    for change in gone:
        if change.kind == "person":
            await shut_out(uow, site, f"u-{change.id}", wanted.by, at=wanted.at)
        else:
            await uow.roster.remove_shift(change.id)


def _note(uow: UnitOfWork, report: Report, wanted: Wanted) -> None:
    counts: dict[str, str | int] = {}
    for change in report.changes:
        name = f"{change.kind}_{change.change}"
        counts[name] = int(counts.get(name, 0)) + 1
    uow.audit.add(Entry(at=wanted.at, act=Act.IMPORTED, actor=wanted.by.person.id, subject="estate", details=counts))
