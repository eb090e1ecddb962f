"""Inspections that come again and again: who is reminded, what was found, and the case that a problem makes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lookout_contract.events import Scenario, Severity
from lookout_server.domain.access import Access
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.case import Actor, Source
from lookout_server.domain.deadline import DeadlineKey
from lookout_server.domain.notice import NoticeKind
from lookout_server.domain.resident import KINDS, KindRow
from lookout_server.domain.rounds import (
    LATE,
    PROBLEMS,
    REMIND,
    Inspection,
    InspectionKind,
    InspectionReport,
    done,
    late_again,
    timer_key,
    timers,
)
from lookout_server.domain.territory import FIELD, Role, Site
from lookout_server.domain.topics import of_report, of_scenario
from lookout_server.domain.wording import SCENARIOS, Words
from lookout_server.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services.access import audience
from lookout_server.services.accounts import require_grids
from lookout_server.services.handling import stored_pictures
from lookout_server.services.notifying import About, notify
from lookout_server.services.opening import Told, attach_photo, open_told

#: Reports of one inspection that are shown.
_SHOWN = 100
_CARE = KindRow(words=SCENARIOS[Scenario.CARE], scenario=Scenario.CARE, severity=Severity.YELLOW)
_CARE_VISIT = Words("关爱走访", "Care visit")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What somebody found. ``id``: the same one again is the same report."""

    id: str
    ok: bool
    words: str
    failed: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()


async def save(store: Store, inspection: Inspection, by: Access) -> Inspection:
    """Plan an inspection, or change the one with this id; what was done before stays. ForbiddenError elsewhere."""
    async with store.write() as uow:
        held = await uow.rounds.inspection(inspection.id, lock=True)
        if not all(by.covers(grid) for grid in {inspection.grid, held.grid if held else inspection.grid}):
            raise ForbiddenError(f"{inspection.grid} is not among your places: ask somebody who looks after it")
        await require_grids(uow, frozenset({inspection.grid}))
        _check_care(inspection, held, by)
        if inspection.assignee is not None and inspection.assignee not in await uow.people.get([inspection.assignee]):
            raise InvalidError(f"there is nobody called {inspection.assignee!r}: see the list of people")
        kept = replace(inspection, last_done_at=held.last_done_at if held else None)
        await uow.rounds.save_inspection(kept)
        await uow.deadlines.set(timers(kept))
        await uow.commit()
    return kept


async def end(store: Store, inspection_id: str, by: Access, *, at: datetime) -> Inspection:
    """Nobody has to look any more; what was found stays."""
    async with store.write() as uow:
        held = await visible_inspection(uow, inspection_id, by, lock=True)
        ended = replace(held, ended_at=held.ended_at or at)
        await uow.rounds.save_inspection(ended)
        await uow.deadlines.cancel([timer_key(held.id, part) for part in (REMIND, LATE)])
        await uow.commit()
    return ended


async def visible_inspection(uow: UnitOfWork, inspection_id: str, by: Access, *, lock: bool = False) -> Inspection:
    """The inspection, or NotFoundError: those of one's places, and those that one has to do."""
    found = await uow.rounds.inspection(inspection_id, lock=lock)
    if found is None or not _sees(by, found):
        raise NotFoundError(f"there is no inspection {inspection_id!r} that you can see")
    return found


async def inspections(uow: UnitOfWork, by: Access) -> Sequence[Inspection]:
    """Those that one sees, the most urgent first."""
    return [each for each in await uow.rounds.inspections(None) if _sees(by, each)]


async def reports(store: Store, inspection_id: str, by: Access, *, at: datetime) -> Sequence[InspectionReport]:
    """What was found, newest first. Who reads of care visits is written down."""
    async with store.read() as uow:
        inspection = await visible_inspection(uow, inspection_id, by)
        found = await uow.rounds.reports(inspection_id, _SHOWN)
    if inspection.kind is InspectionKind.CARE:
        async with store.write() as uow:
            details: dict[str, str | int] = {"what": "visits"}
            entry = Entry(at=at, act=Act.CARE_READ, actor=by.person.id, subject=inspection.id, details=details)
            uow.audit.add(entry)
            await uow.commit()
    return found


def _sees(by: Access, inspection: Inspection) -> bool:
    if inspection.assignee == by.person.id:
        return True
    return by.covers(inspection.grid) and (inspection.kind is not InspectionKind.CARE or by.cleared)


def _check_care(inspection: Inspection, held: Inspection | None, by: Access) -> None:
    kinds = {inspection.kind, held.kind if held else inspection.kind}
    if InspectionKind.CARE not in kinds:
        return
    if not by.cleared:
        raise ForbiddenError("care visits are planned by those who are cleared for care")
    if len(kinds) > 1:
        raise InvalidError("a care visit stays one: end it, and plan another inspection")
    if inspection.assignee is None:
        raise InvalidError("say who goes: a care visit is not told to everybody who works in the grid")


async def report(
    store: Store, site: Site, inspection_id: str, found: Found, by: Access, *, at: datetime
) -> InspectionReport:
    """Somebody has looked: it is due again later, and a problem becomes a case with the words and pictures."""
    async with store.write() as uow:
        held = await uow.rounds.report(found.id)
        if held is not None:
            if (held.person, held.inspection) != (by.person.id, inspection_id):
                raise ConflictError("a report with this id is there already: make another id")
            return held
        inspection = await visible_inspection(uow, inspection_id, by, lock=True)
        _check(inspection, found)
        case_id = None if found.ok else await _case(uow, site, inspection, found, by, at)
        told = InspectionReport(
            id=found.id,
            inspection=inspection.id,
            person=by.person.id,
            at=at,
            due_at=inspection.due_at,
            ok=found.ok,
            words=found.words,
            failed=found.failed,
            photos=tuple(file.sha256 for file in await stored_pictures(uow, found.photos, by)),
            case_id=case_id,
        )
        await uow.rounds.add_report(told, inspection.grid)
        again = done(inspection, at)
        await uow.rounds.save_inspection(again)
        await uow.deadlines.set(timers(again))
        await uow.commit()
    return told


def _check(inspection: Inspection, found: Found) -> None:
    if inspection.ended_at is not None:
        raise ConflictError("this inspection has ended: nobody has to look any more")
    if inspection.kind is InspectionKind.CARE and found.photos:
        raise InvalidError("no pictures are kept of care visits: say it in words")
    unknown = [each for each in found.failed if each not in inspection.checks]
    if unknown:
        raise InvalidError(f"{', '.join(unknown)} is none of its checks: {', '.join(inspection.checks) or 'none'}")
    if found.ok and found.failed:
        raise InvalidError("not everything is in order when a check failed: say ok: false")
    if not (found.ok or found.words or found.failed):
        raise InvalidError("say in a few words what is not in order, or which check failed")


async def _case(uow: UnitOfWork, site: Site, inspection: Inspection, found: Found, by: Access, at: datetime) -> str:
    cares = inspection.kind is InspectionKind.CARE
    row = _CARE if cares else KINDS[PROBLEMS[inspection.kind]]
    told = Told(
        source=Source.INSPECTION,
        topic=of_scenario(Scenario.CARE) if cares else of_report(PROBLEMS[inspection.kind]),
        scene=inspection.title,
        words="；".join(part for part in (found.words, *found.failed) if part),
        severity=row.severity,
        grid=inspection.grid,
        actor=Actor(person=by.person),
        scenario=row.scenario,
        data={"inspection": inspection.id, "kind": inspection.kind.value},
    )
    case = await open_told(uow, site, told, at=at)
    for file in await stored_pictures(uow, found.photos, by):
        await attach_photo(uow, case.id, file, at=at)
    return case.id


async def inspection_passed(
    uow: UnitOfWork, site: Site, inspection: Inspection, key: DeadlineKey, at: datetime
) -> None:
    """A timer of this inspection, which is locked, has passed."""
    if inspection.ended_at is not None:
        return
    workers = [inspection.assignee] if inspection.assignee else await _workers(uow, inspection.grid)
    about = About(
        subject=inspection.id, occasion=str(inspection.due_at), severity=Severity.BLUE, title=_title(inspection)
    )
    if key.part == REMIND:
        await notify(uow, site, about, NoticeKind.INSPECTION_DUE, workers, at=at)
        return
    scenario = _CARE.scenario if inspection.kind is InspectionKind.CARE else None
    supervisors = [each.id for each in await audience(uow, Role.SUPERVISOR, inspection.grid, scenario)]
    await notify(uow, site, about, NoticeKind.INSPECTION_LATE, [*workers, *supervisors], at=at)
    await uow.deadlines.set([late_again(inspection, at)])


def _title(inspection: Inspection) -> Words:
    """What notices say, which leave by SMS and the like: of a care visit neither who nor where."""
    return _CARE_VISIT if inspection.kind is InspectionKind.CARE else Words.same(inspection.title)


async def _workers(uow: UnitOfWork, grid: str) -> Sequence[str]:
    return [each.id for each in await uow.people.working_in([grid]) if each.roles & FIELD]
