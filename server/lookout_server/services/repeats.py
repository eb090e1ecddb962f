"""The same thing again, soon after its case was closed: that case goes on."""

from datetime import datetime

from lookout_contract.events import Scenario
from lookout_server.domain import moving
from lookout_server.domain.access import RESTRICTED
from lookout_server.domain.alarm import Alarm
from lookout_server.domain.case import SYSTEM, Case, Details, Request
from lookout_server.domain.correlation import name_of
from lookout_server.domain.moves import Action
from lookout_server.domain.policy import PANIC_STAGE
from lookout_server.domain.territory import Site
from lookout_server.ports import UnitOfWork
from lookout_server.services.handling import keep_move

_REASON = "repeat"


async def reopened_by(uow: UnitOfWork, site: Site, alarm: Alarm, *, at: datetime) -> Case | None:
    """The case that this alarm opens again, which takes it; None when there is none.

    One of the same kind at the same camera, for a vehicle with the same plate, closed before the alarm began and not
    longer ago than the policy says. Care, the alarm button and trials are cases of their own each time.
    """
    window = site.policy.reopens_within
    own = alarm.scenario in RESTRICTED or alarm.attributes.stage == PANIC_STAGE or alarm.attributes.test
    if window is None or own:
        return None
    for found in await uow.cases.closed_at(alarm.camera, alarm.scenario, at - window):
        closed_at = await _closed_at(uow, found)
        if closed_at is None or not at - window <= closed_at <= alarm.started_at:
            continue
        if alarm.scenario is Scenario.UNFAMILIAR_VEHICLE and not await _same_plate(uow, found, alarm):
            continue
        case = (await uow.cases.get([found.id], lock=True))[found.id]
        if case.state is not found.state:
            continue
        return await _reopen(uow, site, case, alarm, at)
    return None


async def _reopen(uow: UnitOfWork, site: Site, case: Case, alarm: Alarm, at: datetime) -> Case:
    why = {"alarms": [alarm.id]}
    request = Request(
        action=Action.REOPEN, actor=SYSTEM, at=at, version=case.version, details=Details(reason=_REASON, why=why)
    )
    after, entry = moving.move(case, request, site.policy)
    await uow.cases.add_alarms(case.id, [alarm.id])
    await keep_move(uow, site, case, after, entry)
    return after


async def _closed_at(uow: UnitOfWork, case: Case) -> datetime | None:
    history = await uow.cases.history(case.id)
    return next((entry.at for entry in reversed(history) if entry.action is Action.CLOSE), None)


async def _same_plate(uow: UnitOfWork, case: Case, alarm: Alarm) -> bool:
    plate = name_of(alarm)
    alarms = await uow.alarms.get(case.alarms)
    return plate is not None and any(name_of(other) == plate for other in alarms.values())
