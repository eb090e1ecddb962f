"""Opening care cases by two people, and the audit log that remembers it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from lookout_server.api.deps import Given
from lookout_server.api.models.accounts import AuditModel, AuditPage, AuditQuery
from lookout_server.api.models.care import AskViewBody, CareViewList, CareViewModel
from lookout_server.api.problems import errors
from lookout_server.api.routes.parameters import CaseId
from lookout_server.api.security import Auditor, SignedIn
from lookout_server.services import care

router = APIRouter(prefix="/api/v1", tags=["cases"])

ViewId = Annotated[str, Path(pattern=r"^v-[0-9a-f]{20}$", examples=["v-3f6d0c1be2a94d7781c0"])]
_CHANGE = ("forbidden", "csrf", "not_found", "too_large")


@router.post("/cases/{case_id}/views", operation_id="askToViewCase", status_code=201, responses=errors(*_CHANGE))
async def ask_to_view(deps: Given, signed_in: SignedIn, case_id: CaseId, body: AskViewBody) -> CareViewModel:
    """Ask to see the notes and files of a care case for a while; somebody else with the role care has to agree."""
    now, by = deps.clock.now(), signed_in.access
    return CareViewModel.of(await care.ask(deps.store, deps.site, case_id, by, body.wanted(), at=now))


@router.get("/views", operation_id="listViews", responses=errors("forbidden"))
async def list_views(deps: Given, signed_in: SignedIn) -> CareViewList:
    """The looks into care cases that wait for somebody's agreement, and those that are open."""
    found = await care.current(deps.store, signed_in.access, at=deps.clock.now())
    return CareViewList(items=tuple(CareViewModel.of(each) for each in found))


@router.post("/views/{view_id}/grant", operation_id="grantView", responses=errors(*_CHANGE, "four_eyes", "conflict"))
async def grant_view(deps: Given, signed_in: SignedIn, view_id: ViewId) -> CareViewModel:
    """Agree to somebody else's look; it is open from now on, for as long as they asked."""
    return CareViewModel.of(await care.grant(deps.store, deps.site, view_id, signed_in.access, at=deps.clock.now()))


@router.post("/views/{view_id}/end", operation_id="endView", responses=errors(*_CHANGE, "conflict"))
async def end_view(deps: Given, signed_in: SignedIn, view_id: ViewId) -> CareViewModel:
    """Refuse a look, or close it before its time."""
    return CareViewModel.of(await care.end(deps.store, view_id, signed_in.access, at=deps.clock.now()))


@router.get("/audit", operation_id="listAudit", tags=["operations"], responses=errors("forbidden"))
async def list_audit(deps: Given, _access: Auditor, asked: Annotated[AuditQuery, Query()]) -> AuditPage:
    """Who did what, newest first; for admins and auditors of the whole site."""
    async with deps.store.read() as uow:
        found = await uow.audit.before(asked.cursor, asked.limit, asked.filter())
    return AuditPage(
        items=tuple(AuditModel.of(kept) for kept in found),
        next_cursor=str(found[-1].seq) if len(found) == asked.limit and found[-1].seq > 1 else None,
    )
