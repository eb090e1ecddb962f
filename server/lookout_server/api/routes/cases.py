"""Cases: looking at them, and who could go."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from lookout_server.api.cursor import encode, page_of
from lookout_server.api.deps import Given
from lookout_server.api.models.case_query import CaseQuery
from lookout_server.api.models.cases import CandidateList, CandidateModel, CaseDetailModel, CaseModel, CasePage
from lookout_server.api.models.people import NoticeList, NoticeModel
from lookout_server.api.problems import errors
from lookout_server.api.routes.parameters import CaseId, etag_of
from lookout_server.api.security import ControlRoom, SignedIn
from lookout_server.services.access import visible_case
from lookout_server.services.candidates import candidates
from lookout_server.services.details import case_detail
from lookout_server.services.views import case_views, within

router = APIRouter(prefix="/api/v1/cases", tags=["cases"])


@router.get("", operation_id="listCases", responses=errors())
async def list_cases(
    deps: Given,
    signed_in: SignedIn,
    asked: Annotated[CaseQuery, Query()],
) -> CasePage:
    """Cases, newest first: those of one's places, and those one has or was called to."""
    person, limit = signed_in.person, asked.limit
    async with deps.store.read() as uow:
        wanted = asked.filter(signed_in.access, await within(uow, asked.place), deps.clock.now())
        views = await case_views(uow, await uow.cases.page(wanted, page_of(limit, asked.cursor)))
    last = views[-1].case if len(views) == limit else None
    return CasePage(
        items=tuple(CaseModel.of(view, person) for view in views),
        next_cursor=encode(last.opened_at, last.id) if last else None,
    )


@router.get("/{case_id}", operation_id="getCase", responses=errors("not_found"))
async def get_case(deps: Given, signed_in: SignedIn, response: Response, case_id: CaseId) -> CaseDetailModel:
    """One case with its history and files. Its `ETag` names the version, for `If-Match` of what moves it."""
    detail = await case_detail(deps.store, case_id, signed_in.access, at=deps.clock.now())
    response.headers["ETag"] = etag_of(detail.view.case.version)
    return CaseDetailModel.of_detail(detail, signed_in.person)


@router.get("/{case_id}/candidates", operation_id="listCandidates", responses=errors("forbidden", "not_found"))
async def list_candidates(deps: Given, access: ControlRoom, case_id: CaseId) -> CandidateList:
    """Who could go, the fittest first, with the reasons why and why not."""
    async with deps.store.read() as uow:
        case = await visible_case(uow, case_id, access)
        found = await candidates(uow, deps.site, case, at=deps.clock.now())
    return CandidateList(items=tuple(CandidateModel.of(candidate, case.grid) for candidate in found))


@router.get("/{case_id}/notices", operation_id="listCaseNotices", responses=errors("forbidden", "not_found"))
async def list_case_notices(deps: Given, access: ControlRoom, case_id: CaseId) -> NoticeList:
    """Who was told what about the case, and how far it came on every channel; newest first."""
    async with deps.store.read() as uow:
        case = await visible_case(uow, case_id, access)
        found = await uow.notices.of_case(case.id)
        people = await uow.people.get({notice.person for notice in found})
    return NoticeList(items=tuple(NoticeModel.of(notice, people.get(notice.person)) for notice in found))
