"""码上就办: what residents report by a QR code, what they are told of it, and what they say when it is done."""

import hashlib
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from lookout_contract.cases import CaseState
from lookout_server.domain import moving
from lookout_server.domain.access import Access
from lookout_server.domain.case import SYSTEM, Case, Details, Request, Source
from lookout_server.domain.moves import SETTLED, Action
from lookout_server.domain.resident import (
    KINDS,
    TAKEN_BACK_WITHIN,
    Milestone,
    OpenReport,
    Progress,
    ReportKind,
    ReportPlace,
    ResidentReport,
    SeenToo,
    handle_of,
    is_over,
    is_shown,
    milestones,
    open_reports,
    progress_of,
    rated,
    report_id,
    seen_id,
    tracking_code,
)
from lookout_server.domain.territory import Site, Territory
from lookout_server.domain.topics import of_report
from lookout_server.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from lookout_server.ports import EvidenceStore, Store, StoredFile, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.accounts import require_grids
from lookout_server.services.evidence import Upload, keep
from lookout_server.services.handling import keep_move, tell
from lookout_server.services.opening import Told, attach_photo, open_told

#: The same thing told again from the same place within this is one case.
SAME_WITHIN = timedelta(hours=2)
#: What was told longer ago than this, or before so many others, is shown to nobody who reports at the place.
_SHOWN_WITHIN = timedelta(days=30)
_LOOKED_AT = 50
#: More would hide what they came to do.
_SHOWN_AT_MOST = 5
#: A case may have been merged into another, and that one again.
_MERGED_AT_MOST = 20
#: Whoever is less content than this is asked what is wrong.
_CONTENT_FROM = 3
#: Letters and digits that nobody mistakes for another when typing them from a wall.
_CODE_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_CODE_LENGTH = 8


class PhotoCleaner(Protocol):
    """Makes of what a stranger sent a picture that is nothing but a picture."""

    async def clean(self, content: bytes) -> bytes:
        """A JPEG without place, time, names or anything else beside the picture. WrongTypeError when it is none."""
        ...


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a resident sends. ``key``: the same one again is the same report."""

    place: str
    kind: ReportKind
    words: str
    key: str
    #: Clean JPEG files.
    photos: tuple[bytes, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Followed:
    """A report and where it stands, for its resident."""

    report: ResidentReport
    place: ReportPlace
    progress: Progress
    milestones: tuple[Milestone, ...]


async def open_place(uow: UnitOfWork, code: str) -> tuple[ReportPlace, Territory | None]:
    """A place at which one can report, and its grid. NotFoundError when there is none, or it has been taken down."""
    place = await uow.residents.place(code.lower())
    if place is None or place.retired_at is not None:
        raise NotFoundError("this code is not in use: scan the one on the wall again, or call 12345")
    grids = {each.id: each for each in await uow.territory.territories()}
    return place, grids.get(place.grid)


async def open_here(uow: UnitOfWork, site: Site, place: ReportPlace, *, at: datetime) -> tuple[OpenReport, ...]:
    """What was reported here already and is being seen to, for whoever is about to report it again."""
    told = await _told_at(uow, place, at)
    seen = await uow.residents.seen_at(place.code, {each.case_id for each, _ in told})
    return open_reports(told, ZoneInfo(site.timezone), seen)[:_SHOWN_AT_MOST]


async def _told_at(uow: UnitOfWork, place: ReportPlace, at: datetime) -> list[tuple[ResidentReport, Case]]:
    """What was told there lately, each with the case that deals with it now."""
    told = await uow.residents.newest_at(place.code, at - _SHOWN_WITHIN, _LOOKED_AT)
    cases = await uow.cases.get({each.case_id for each in told})
    now_in = {name: await _went_on(uow, case) for name, case in cases.items()}
    return [(each, now_in[each.case_id]) for each in told]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How many see it, too; and until when the one who asks may take it back, None: they did not say so."""

    seen_by: int
    until: datetime | None


async def see_too(store: Store, code: str, handle: str, device: str, *, at: datetime) -> Seen:
    """我也看到了: count who sees what was told already, each browser once.

    It is no report: it neither prolongs the time in which reports are one case nor pushes them out of what is looked
    at, changes no severity and asks for no rating. Its case does not get another version either, or a stranger's taps
    would make the moves of whoever deals with it fail. ConflictError when it is over, NotFoundError when not shown.
    """
    async with store.write() as uow:
        place, _ = await open_place(uow, code)
        mine, case = await _same_thing(uow, place, handle, device, at)
        if is_over(case):
            raise ConflictError("this has been dealt with: report it anew if it is there again")
        said = await uow.residents.seen([each.id for each in mine])
        # Of cases that were merged they may have seen another one: they are one person still.
        if not said and await uow.residents.add_seen(mine[0]):
            announce.case_noted(uow, case, "seen_too", at)
            await uow.commit()
        first = said[0] if said else mine[0]
        return Seen(seen_by=await _count(uow, place, mine), until=first.at + TAKEN_BACK_WITHIN)


async def see_no_more(store: Store, code: str, handle: str, device: str, *, at: datetime) -> Seen:
    """Take it back; who never said so has nothing to. ConflictError when they said so too long ago."""
    async with store.write() as uow:
        place, _ = await open_place(uow, code)
        mine, case = await _same_thing(uow, place, handle, device, at)
        said = await uow.residents.seen([each.id for each in mine])
        if any(at - each.at > TAKEN_BACK_WITHIN for each in said):
            raise ConflictError("this was said too long ago to be taken back")
        if said and await uow.residents.remove_seen([each.id for each in said]):
            announce.case_noted(uow, case, "seen_too", at)
            await uow.commit()
        return Seen(seen_by=await _count(uow, place, mine), until=None)


async def _same_thing(
    uow: UnitOfWork, place: ReportPlace, handle: str, device: str, at: datetime
) -> tuple[list[SeenToo], Case]:
    """What this browser may have said of it, that of the handle's report first; and the case that deals with it."""
    told = await _told_at(uow, place, at)
    named = next((each for each in told if handle_of(each[0]) == handle and is_shown(*each)), None)
    if named is None:
        raise NotFoundError("this is no longer shown here: report it anew if it is still there")
    report, case = named
    others = {each.case_id for each, now in told if now.id == case.id and each.kind is report.kind}
    mine = [
        SeenToo(
            id=seen_id(device, place.code, report.kind, own), place=place.code, kind=report.kind, case_id=own, at=at
        )
        for own in [report.case_id, *sorted(others - {report.case_id})]
    ]
    return mine, case


async def _count(uow: UnitOfWork, place: ReportPlace, mine: Sequence[SeenToo]) -> int:
    """As ``open_here`` counts."""
    seen = await uow.residents.seen_at(place.code, {each.case_id for each in mine})
    return sum(seen.get((each.case_id, each.kind), 0) for each in mine)


async def add_place(store: Store, grid: str, name: str, by: Access | None, *, at: datetime) -> ReportPlace:
    """A new place with a code of its own; ``by`` None: the command line. The same name in the same grid again gives
    the place that is there. ForbiddenError outside the asking person's places.
    """
    if by is not None and not by.covers(grid):
        raise ForbiddenError(f"{grid} is not among your places: ask somebody who looks after it")
    async with store.write() as uow:
        await require_grids(uow, frozenset({grid}))
        for held in await uow.residents.places():
            if (held.grid, held.name, held.retired_at) == (grid, name, None):
                return held
        code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))
        place = ReportPlace(code=code, name=name, grid=grid, created_at=at)
        await uow.residents.save_place(place)
        await uow.commit()
    return place


async def retire_place(store: Store, code: str, by: Access | None, *, at: datetime) -> ReportPlace:
    """The code on the wall works no longer; what was reported by it stays. ``by`` None: the command line."""
    async with store.write() as uow:
        place = await uow.residents.place(code)
        if place is None or not (by is None or by.covers(place.grid)):
            raise NotFoundError(f"there is no place {code!r}: see the list of places")
        gone = replace(place, retired_at=place.retired_at or at)
        await uow.residents.save_place(gone)
        await uow.commit()
    return gone


async def report(store: Store, files: EvidenceStore, site: Site, heard: Heard, *, at: datetime) -> str:
    """Take a report: it becomes a case, or joins the one that is about the same thing. Its tracking code."""
    if not heard.words and not heard.photos:
        raise InvalidError("say in a few words what is the matter, or send a photo")
    tracking = tracking_code(heard.key)
    async with store.read() as uow:
        place, _ = await open_place(uow, heard.place)
        if await uow.residents.report(report_id(tracking)) is not None:
            return tracking
    photos = [await _keep(store, files, place, content, at) for content in heard.photos]
    async with store.write() as uow:
        case = await _join(uow, site, place, heard, at) or await _open(uow, site, place, heard, at)
        told = ResidentReport(
            id=report_id(tracking), place=place.code, kind=heard.kind, words=heard.words, at=at, case_id=case.id
        )
        for photo in photos:
            await attach_photo(uow, case.id, photo, at=at)
        # The very same report, sent twice at once: the other one made the case, this one leaves nothing behind.
        if await uow.residents.add_report(told):
            await uow.commit()
    return tracking


async def follow(store: Store, tracking: str) -> Followed:
    """How a report stands. NotFoundError when there is none with this code."""
    async with store.read() as uow:
        return await _followed(uow, tracking)


async def rate(store: Store, site: Site, tracking: str, score: int, words: str | None, *, at: datetime) -> Followed:
    """What the resident says once it is done; it evaluates the case, or asks the control room to follow up."""
    async with store.write() as uow:
        found = await _find(uow, tracking)
        case = await _case_of(uow, found, lock=True)
        told = rated(found, case.state, score, words, at)
        if told is not found:
            await uow.residents.save_rating(told)
            # A case that was merged away is somebody else's too: their rating is kept with their report alone.
            if case.id == found.case_id:
                await _evaluate(uow, site, case, told, at)
            await uow.commit()
    async with store.read() as uow:
        return await _followed(uow, tracking)


async def _evaluate(uow: UnitOfWork, site: Site, case: Case, told: ResidentReport, at: datetime) -> None:
    content = told.score is not None and told.score >= _CONTENT_FROM
    why = {"by": "resident", "score": told.score}
    if case.state is not CaseState.CLOSED and (case.state is not CaseState.FOLLOW_UP or not content):
        # There is no step to take. Whoever follows up, or looks the case up later, reads what they said.
        after, entry = moving.joined(case, at=at, actor=SYSTEM, data=why, note=told.score_words)
        await uow.cases.update(after, entry, seen=case.version)
        await tell(uow, site, after, entry)
        return
    details = Details(score=told.score if content else None, note=told.score_words, why=why)
    action = Action.EVALUATE if content else Action.FOLLOW_UP
    request = Request(action=action, actor=SYSTEM, at=at, version=case.version, details=details)
    await keep_move(uow, site, case, *moving.move(case, request, site.policy))


async def _followed(uow: UnitOfWork, tracking: str) -> Followed:
    found = await _find(uow, tracking)
    place = await uow.residents.place(found.place)
    case = await _case_of(uow, found)
    if place is None:
        raise NotFoundError("this place is gone")
    history = await uow.cases.history(case.id)
    return Followed(
        report=found, place=place, progress=progress_of(case.state), milestones=milestones(history, found.at)
    )


async def _find(uow: UnitOfWork, tracking: str) -> ResidentReport:
    found = await uow.residents.report(report_id(tracking))
    if found is None:
        raise NotFoundError("there is no report with this tracking code: check the letters and digits")
    return found


async def _case_of(uow: UnitOfWork, told: ResidentReport, *, lock: bool = False) -> Case:
    """The case that deals with it now: where its own was merged, the one that went on."""
    return await _went_on(uow, (await uow.cases.get([told.case_id], lock=lock))[told.case_id], lock=lock)


async def _went_on(uow: UnitOfWork, case: Case, *, lock: bool = False) -> Case:
    """The case itself, or the one that it was merged into."""
    for _ in range(_MERGED_AT_MOST):
        if case.merged_into is None:
            break
        case = (await uow.cases.get([case.merged_into], lock=lock))[case.merged_into]
    return case


async def _join(uow: UnitOfWork, site: Site, place: ReportPlace, heard: Heard, at: datetime) -> Case | None:
    """The live case about the same thing at the same place, with this report in its history."""
    for name in await uow.residents.cases_of(place.code, heard.kind, at - SAME_WITHIN):
        case = (await uow.cases.get([name], lock=True))[name]
        if case.state in SETTLED:
            continue
        data = {"reason": "same_report", "place": place.code}
        after, entry = moving.joined(case, at=at, actor=SYSTEM, data=data, note=heard.words or None)
        await uow.cases.update(after, entry, seen=case.version)
        await tell(uow, site, after, entry)
        return after
    return None


async def _open(uow: UnitOfWork, site: Site, place: ReportPlace, heard: Heard, at: datetime) -> Case:
    row = KINDS[heard.kind]
    told = Told(
        source=Source.RESIDENT,
        topic=of_report(heard.kind),
        scene=place.name,
        words=heard.words or None,
        severity=row.severity,
        grid=place.grid,
        actor=SYSTEM,
        scenario=row.scenario,
        data={"place": place.code, "kind": heard.kind.value},
    )
    return await open_told(uow, site, told, at=at)


async def _keep(store: Store, files: EvidenceStore, place: ReportPlace, content: bytes, at: datetime) -> StoredFile:
    upload = Upload(
        sha256=hashlib.sha256(content).hexdigest(),
        mime="image/jpeg",
        body=_once(content),
        uploader=f"place:{place.code}",
        at=at,
    )
    return await keep(store, files, upload, max_bytes=len(content))


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def places(uow: UnitOfWork, by: Access | None) -> Sequence[tuple[ReportPlace, Territory | None]]:
    """Places that somebody looks after, or all, and their grids."""
    grids = {each.id: each for each in await uow.territory.territories()}
    found = [place for place in await uow.residents.places() if by is None or by.covers(place.grid)]
    return [(place, grids.get(place.grid)) for place in found]
