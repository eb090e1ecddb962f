"""Alarms: looking, reporting, dismissing."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from lookout_contract.base import Identifier
from lookout_contract.events import Scenario
from lookout_server.api.cursor import encode, page_of
from lookout_server.api.deps import Given
from lookout_server.api.models.alarms import AlarmModel, AlarmPage, DismissBody, ReportBody
from lookout_server.api.models.cases import CaseDetailModel
from lookout_server.api.problems import errors
from lookout_server.api.routes.parameters import AlarmId, Cursor, Limit
from lookout_server.api.security import ControlRoom
from lookout_server.domain.alarm import Disposition
from lookout_server.ports import AlarmFilter
from lookout_server.services import alarming
from lookout_server.services.details import alarm_detail, case_detail
from lookout_server.services.judging import Judgement, dismiss, undismiss
from lookout_server.services.reporting import report_alarm
from lookout_server.services.views import alarm_views

router = APIRouter(prefix="/api/v1/alarms", tags=["alarms"])


def _filter(
    disposition: Annotated[Disposition | None, Query()] = None,
    scenario: Annotated[Scenario | None, Query()] = None,
    camera: Annotated[Identifier | None, Query()] = None,
) -> AlarmFilter:
    return AlarmFilter(disposition=disposition, scenario=scenario, camera=camera)


@router.get("", operation_id="listAlarms", responses=errors("forbidden"))
async def list_alarms(
    deps: Given,
    access: ControlRoom,
    wanted: Annotated[AlarmFilter, Depends(_filter)],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> AlarmPage:
    """Alarms, newest arrival first."""
    page = page_of(limit, cursor)
    wanted = replace(wanted, visible_to=access)
    async with deps.store.read() as uow:
        views = await alarm_views(uow, await uow.alarms.page(wanted, page), at=deps.clock.now())
    last = views[-1].alarm if len(views) == limit else None
    return AlarmPage(
        items=tuple(AlarmModel.of(view) for view in views),
        next_cursor=encode(last.received_at, last.id) if last else None,
    )


@router.get("/{alarm_id}", operation_id="getAlarm", responses=errors("forbidden", "not_found"))
async def get_alarm(deps: Given, access: ControlRoom, alarm_id: AlarmId) -> AlarmModel:
    """One alarm."""
    return AlarmModel.of(await alarm_detail(deps.store, alarm_id, access, at=deps.clock.now()))


@router.post(
    "/{alarm_id}/report",
    operation_id="reportAlarm",
    status_code=201,
    responses={
        200: {
            "model": CaseDetailModel,
            "description": "It was reported before, or a live case is about that thing: that case.",
        },
        **errors("forbidden", "csrf", "not_found", "conflict", "case_elsewhere", "too_large"),
    },
)
async def report(
    deps: Given, access: ControlRoom, response: Response, alarm_id: AlarmId, _body: ReportBody | None = None
) -> CaseDetailModel:
    """One tap 一键预报: the alarm becomes a confirmed case. Again, or about the same thing: the same case."""
    case_id, created = await report_alarm(deps.store, deps.site, alarm_id, access, at=deps.clock.now())
    response.status_code = 201 if created else 200
    response.headers["Location"] = f"/api/v1/cases/{case_id}"
    return CaseDetailModel.of_detail(await case_detail(deps.store, case_id, access, at=deps.clock.now()), access.person)


@router.post(
    "/{alarm_id}/dismiss",
    operation_id="dismissAlarm",
    responses=errors("forbidden", "csrf", "not_found", "conflict", "too_large"),
)
async def dismiss_alarm(deps: Given, access: ControlRoom, alarm_id: AlarmId, body: DismissBody) -> AlarmModel:
    """The alarm needs nobody; the gateway is told why."""
    judgement = Judgement(reason=body.reason, note=body.note)
    await dismiss(deps.store, deps.site, alarm_id, access, judgement, at=deps.clock.now())
    return AlarmModel.of(await alarm_detail(deps.store, alarm_id, access, at=deps.clock.now()))


@router.post(
    "/{alarm_id}/undismiss",
    operation_id="undismissAlarm",
    responses=errors("forbidden", "csrf", "not_found", "conflict", "too_large"),
)
async def undismiss_alarm(deps: Given, access: ControlRoom, alarm_id: AlarmId) -> AlarmModel:
    """Take a dismissal back."""
    await undismiss(deps.store, deps.site, alarm_id, access, at=deps.clock.now())
    return AlarmModel.of(await alarm_detail(deps.store, alarm_id, access, at=deps.clock.now()))


@router.post(
    "/{alarm_id}/acknowledge",
    operation_id="acknowledgeAlarm",
    responses=errors("forbidden", "csrf", "not_found", "conflict", "too_large"),
)
async def acknowledge_alarm(deps: Given, access: ControlRoom, alarm_id: AlarmId) -> AlarmModel:
    """Take the alarm up. Without a report or a dismissal in time it is everybody's again."""
    await alarming.acknowledge(deps.store, deps.site, alarm_id, access, at=deps.clock.now())
    return AlarmModel.of(await alarm_detail(deps.store, alarm_id, access, at=deps.clock.now()))


@router.post(
    "/{alarm_id}/unacknowledge",
    operation_id="unacknowledgeAlarm",
    responses=errors("forbidden", "csrf", "not_found", "too_large"),
)
async def unacknowledge_alarm(deps: Given, access: ControlRoom, alarm_id: AlarmId) -> AlarmModel:
    """Take that back."""
    await alarming.let_go(deps.store, alarm_id, access, at=deps.clock.now())
    return AlarmModel.of(await alarm_detail(deps.store, alarm_id, access, at=deps.clock.now()))
