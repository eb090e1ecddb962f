"""Rounds of workers: the patrol diary 民情日记, and recurring inspections."""

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query

from lookout_server.api.cursor import encode, page_of
from lookout_server.api.deps import Given
from lookout_server.api.models.base import Ref
from lookout_server.api.models.rounds import (
    DiaryBody,
    DiaryCaseBody,
    DiaryModel,
    DiaryPage,
    GridList,
    InspectionBody,
    InspectionList,
    InspectionModel,
    InspectionReportBody,
    InspectionReportList,
    InspectionReportModel,
    RollUpModel,
)
from lookout_server.api.problems import errors
from lookout_server.api.routes.parameters import Cursor, Limit
from lookout_server.api.security import ControlRoom, Lead, SignedIn
from lookout_server.domain.calendar import day_span
from lookout_server.domain.territory import Level
from lookout_server.services import diary, inspecting

router = APIRouter(prefix="/api/v1", tags=["rounds"])

EntryId = Annotated[str, Path(pattern=r"^d-[0-9a-f]{24}$", examples=["d-3f6d0c1be2a94d7781c03f6d"])]
InspectionId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", examples=["i-lift-3"])]
OnDay = Annotated[date | None, Query(description="Only of this day, by the site's clock.")]
_CHANGE = ("forbidden", "csrf", "too_large")


@router.post(
    "/diary", operation_id="writeDiary", status_code=201, responses=errors(*_CHANGE, "conflict", "evidence_missing")
)
async def write_diary(deps: Given, signed_in: SignedIn, body: DiaryBody) -> DiaryModel:
    """Write down what one did in one's grid."""
    return DiaryModel.of(await diary.write(deps.store, body.note(), signed_in.access, at=deps.clock.now()))


@router.get("/diary", operation_id="listDiary", responses=errors())
async def list_diary(
    deps: Given,
    signed_in: SignedIn,
    day: OnDay = None,
    person: Annotated[str | None, Query(max_length=64, description="Only of this person.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DiaryPage:
    """Entries, newest first: one's own; the control room sees those of its places."""
    span = day_span(deps.site.timezone, day) if day else None
    async with deps.store.read() as uow:
        page = page_of(limit, cursor)
        found = await diary.entries(uow, signed_in.access, page, person=person, span=span)
    last = found[-1] if len(found) == limit else None
    return DiaryPage(
        items=tuple(DiaryModel.of(entry) for entry in found), next_cursor=encode(last.at, last.id) if last else None
    )


@router.get("/diary/rollup", operation_id="rollUpDiary", responses=errors("forbidden"))
async def roll_up_diary(deps: Given, by: ControlRoom, day: OnDay = None) -> RollUpModel:
    """A day's diary in one look (left out: today): who wrote how much of what, and who wrote nothing."""
    today = deps.clock.now().astimezone(ZoneInfo(deps.site.timezone)).date()
    return RollUpModel.of(await diary.rolled_up(deps.store, deps.site, day or today, by))


@router.post("/diary/{entry_id}/case", operation_id="makeCaseOfDiary", responses=errors(*_CHANGE, "not_found"))
async def make_case_of_diary(deps: Given, signed_in: SignedIn, entry_id: EntryId, body: DiaryCaseBody) -> DiaryModel:
    """Report what the entry tells: a new case with its words and pictures, for an operator to judge."""
    now = deps.clock.now()
    return DiaryModel.of(await diary.make_case(deps.store, deps.site, entry_id, body.kind, signed_in.access, at=now))


@router.get("/grids", operation_id="listGrids", responses=errors())
async def list_grids(deps: Given, signed_in: SignedIn) -> GridList:
    """The grids of one's places, by name: where an entry of the diary may belong."""
    async with deps.store.read() as uow:
        places = await uow.territory.territories()
    mine = [each for each in places if each.level is Level.GRID and signed_in.access.covers(each.id)]
    return GridList(items=tuple(Ref(id=each.id, name=each.name) for each in sorted(mine, key=lambda each: each.name)))


@router.get("/inspections", operation_id="listInspections", responses=errors())
async def list_inspections(deps: Given, signed_in: SignedIn) -> InspectionList:
    """What has to be looked at in one's places, the most urgent first."""
    async with deps.store.read() as uow:
        found = await inspecting.inspections(uow, signed_in.access)
    now = deps.clock.now()
    return InspectionList(items=tuple(InspectionModel.of(each, now) for each in found))


@router.post("/inspections", operation_id="saveInspection", responses=errors(*_CHANGE))
async def save_inspection(deps: Given, by: Lead, body: InspectionBody) -> InspectionModel:
    """Plan an inspection, or change the one with this id; for supervisors and admins, care visits for the cleared."""
    kept = await inspecting.save(deps.store, body.inspection(), by)
    return InspectionModel.of(kept, deps.clock.now())


@router.post("/inspections/{inspection_id}/end", operation_id="endInspection", responses=errors(*_CHANGE, "not_found"))
async def end_inspection(deps: Given, by: Lead, inspection_id: InspectionId) -> InspectionModel:
    """Nobody has to look any more; what was found stays. For supervisors and admins."""
    now = deps.clock.now()
    return InspectionModel.of(await inspecting.end(deps.store, inspection_id, by, at=now), now)


@router.post(
    "/inspections/{inspection_id}/reports",
    operation_id="reportInspection",
    status_code=201,
    responses=errors(*_CHANGE, "not_found", "conflict", "evidence_missing"),
)
async def report_inspection(
    deps: Given, signed_in: SignedIn, inspection_id: InspectionId, body: InspectionReportBody
) -> InspectionReportModel:
    """Say what was found. It is due again so many days from now, and a problem makes a case."""
    now = deps.clock.now()
    told = await inspecting.report(deps.store, deps.site, inspection_id, body.found(), signed_in.access, at=now)
    return InspectionReportModel.of(told)


@router.get("/inspections/{inspection_id}/reports", operation_id="listInspectionReports", responses=errors("not_found"))
async def list_inspection_reports(
    deps: Given, signed_in: SignedIn, inspection_id: InspectionId
) -> InspectionReportList:
    """What was found, newest first."""
    found = await inspecting.reports(deps.store, inspection_id, signed_in.access, at=deps.clock.now())
    return InspectionReportList(items=tuple(InspectionReportModel.of(each) for each in found))
