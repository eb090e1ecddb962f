"""What people do to a case. Every function is one move, or the moves that belong together, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from lookout_server.domain import moving
from lookout_server.domain.access import Access
from lookout_server.domain.alarm import Alarm, DismissReason, released
from lookout_server.domain.case import (
    SYSTEM,
    Actor,
    Case,
    CaseEvidence,
    CaseEvidenceKind,
    Details,
    HistoryEntry,
    Request,
    Stage,
)
from lookout_server.domain.moves import Action
from lookout_server.domain.territory import FIELD, Person, Role, Site
from lookout_server.errors import ConflictError, EvidenceMissingError, InvalidError
from lookout_server.ports import Store, StoredFile, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.access import visible_case
from lookout_server.services.alarming import watch
from lookout_server.services.candidates import best_candidate
from lookout_server.services.commands import request_snapshot, send_verdict, withdraw_verdict
from lookout_server.services.concerning import notify_about
from lookout_server.services.evidence import is_closed_to
from lookout_server.services.timing import set_clock, set_report_in

#: The reason with which a report is undone: the alarm is open again instead of dismissed with its case.
UNDO = "undo"


@dataclass(frozen=True, kw_only=True)
class Order:
    """Who wants what done to which case, having seen which version."""

    case_id: str
    action: Action
    access: Access
    version: int
    at: datetime
    details: Details = field(default_factory=Details)

    @property
    def person(self) -> Person:
        """Who wants it."""
        return self.access.person

    @property
    def request(self) -> Request:
        """What the domain is asked."""
        return Request(
            action=self.action,
            actor=Actor(person=self.person),
            at=self.at,
            version=self.version,
            details=self.details,
        )


async def carry_out(store: Store, site: Site, order: Order) -> None:
    """A move that needs nothing but itself."""
    async with store.write() as uow:
        case = await visible_case(uow, order.case_id, order.access, lock=True)
        await _move(uow, site, case, order)
        await uow.commit()


async def dispatch(store: Store, site: Site, order: Order, worker_id: str | None) -> None:
    """Send a worker: the one named, else the best candidate. NoCandidateError when nobody fits."""
    async with store.write() as uow:
        case = await visible_case(uow, order.case_id, order.access, lock=True)
        # Whether it may be dispatched at all comes before whom to send.
        stand_in = replace(order.details, worker=order.person)
        moving.move(case, replace(order.request, details=stand_in))
        worker = await _worker(uow, worker_id) if worker_id else await best_candidate(uow, site, case, at=order.at)
        await _move(uow, site, case, replace(order, details=replace(order.details, worker=worker)))
        await uow.commit()


async def give_feedback(store: Store, site: Site, order: Order) -> None:
    """The worker's photos; verification starts at once and the camera is asked to look again."""
    async with store.write() as uow:
        case = await visible_case(uow, order.case_id, order.access, lock=True)
        told = await _move(uow, site, case, order)
        for file in await stored_pictures(uow, order.details.photos, order.access):
            await uow.cases.attach(case.id, _photo(file, order.at))
        verify = replace(order, action=Action.VERIFY, version=told.version, details=Details())
        verifying = await _move(uow, site, told, verify, actor=SYSTEM)
        await request_snapshot(uow, site, verifying, at=order.at)
        await uow.commit()


async def call_departments(store: Store, site: Site, order: Order, departments: Sequence[str]) -> None:
    """吹哨: the departments join the case; each has a clock of its own until it reports in (报到)."""
    async with store.write() as uow:
        case = await visible_case(uow, order.case_id, order.access, lock=True)
        found = await uow.people.get(departments)
        wrong = [name for name in departments if name not in found or Role.DEPARTMENT not in found[name].roles]
        if wrong:
            raise InvalidError(f"{', '.join(wrong)} is no department: choose from those with the role department")
        called = tuple(found[name] for name in dict.fromkeys(departments))
        await _move(uow, site, case, replace(order, details=replace(order.details, departments=called)))
        await uow.commit()


async def void(store: Store, site: Site, order: Order) -> None:
    """No case after all. Its alarms are dismissed with it, or open again when the reason is ``undo``."""
    async with store.write() as uow:
        case, alarms = await with_alarms(uow, order)
        await _move(uow, site, case, order)
        await uow.cases.release_alarms(case.id, released=True)
        dismiss = order.details.reason != UNDO
        await uow.alarms.save([released(alarm, dismiss=dismiss) for alarm in alarms.values()])
        if not dismiss:
            await watch(uow, site, alarms.values(), since=order.at)
        for alarm in alarms.values():
            announce.alarm_changed(uow, alarm.id, "dismissed" if dismiss else "reopened", order.at)
            # The report said that it was real; its gateway would go on learning from that.
            if dismiss:
                await send_verdict(uow, site, alarm, DismissReason.VOID, at=order.at)
            else:
                await withdraw_verdict(uow, site, alarm, at=order.at)
        await uow.commit()


async def with_alarms(uow: UnitOfWork, order: Order) -> tuple[Case, dict[str, Alarm]]:
    """The order's case and its alarms, locked as everybody does: alarms before cases, cases in the order of their ids.

    Intake holds alarms when it comes to their cases; who went the other way round would wait for it, and it for them.
    The case that this one was merged into, or shall be, is locked with it. ConflictError when either changed just now.
    """
    case, alarms = await with_all_alarms(uow, order)
    return case, {name: alarms[name] for name in case.alarms}


async def with_all_alarms(uow: UnitOfWork, order: Order) -> tuple[Case, dict[str, Alarm]]:
    """The same; to reopen a case that was merged, with those of the case that went on."""
    seen = await visible_case(uow, order.case_id, order.access)
    names = set(seen.alarms)
    if order.action is Action.REOPEN and seen.merged_into is not None:
        names |= {*(await uow.cases.get([seen.merged_into]))[seen.merged_into].alarms}
    alarms = await uow.alarms.get(names, lock=True)
    others = [name for name in (seen.merged_into, order.details.into) if name is not None]
    await uow.cases.get([seen.id, *others], lock=True)
    case = await visible_case(uow, order.case_id, order.access)
    if not set(case.alarms) <= set(alarms) or case.merged_into != seen.merged_into:
        raise ConflictError(f"case {case.number} has just changed: look again")
    return case, alarms


async def _move(uow: UnitOfWork, site: Site, case: Case, order: Order, *, actor: Actor | None = None) -> Case:
    request = replace(order.request, actor=actor) if actor else order.request
    after, entry = moving.move(case, request, site.policy)
    await keep_move(uow, site, case, after, entry)
    return after


async def keep_move(uow: UnitOfWork, site: Site, case: Case, after: Case, entry: HistoryEntry) -> None:
    """Write a change of a case, set its clock and tell everybody."""
    await uow.cases.update(after, entry, seen=case.version)
    await set_clock(uow, after, site.policy)
    if case.whistles or after.whistles:
        await set_report_in(uow, case, after)
    await notify_about(uow, site, case, after, entry)
    await tell(uow, site, after, entry)


async def tell(uow: UnitOfWork, site: Site, case: Case, entry: HistoryEntry) -> None:
    """Announce a line of a case's history."""
    alarms = await uow.alarms.get(case.alarms[:1])
    announce.case_moved(uow, site, case, entry, alarms.get(case.alarms[0]) if case.alarms else None)


async def _worker(uow: UnitOfWork, worker_id: str) -> Person:
    person = (await uow.people.get([worker_id])).get(worker_id)
    if person is None or person.barred or not person.roles & FIELD:
        raise InvalidError(f"{worker_id!r} is no worker: choose one of the case's candidates")
    return person


async def stored_pictures(uow: UnitOfWork, hashes: tuple[str, ...], by: Access) -> list[StoredFile]:
    """The pictures that somebody names. EvidenceMissingError when one was not uploaded, is none, or is of a record of
    care that is closed to them, which looks as if it were not there."""
    stored = await uow.evidence.get(hashes)
    missing = [each for each in hashes if each not in stored or await is_closed_to(uow, each, by)]
    if missing:
        raise EvidenceMissingError("upload the photo first, then name it", missing=missing)
    files = [stored[sha256] for sha256 in dict.fromkeys(hashes)]
    wrong = [file.sha256 for file in files if not file.mime.startswith("image/")]
    if wrong:
        raise EvidenceMissingError("a picture is needed: what was named is none", missing=wrong)
    return files


def _photo(file: StoredFile, at: datetime) -> CaseEvidence:
    return CaseEvidence(
        kind=CaseEvidenceKind.PHOTO, sha256=file.sha256, mime=file.mime, bytes=file.bytes, at=at, stage=Stage.AFTER
    )
