"""What happens when a step takes too long: somebody else is sent, or the next rung is told."""

from collections.abc import Sequence
from datetime import datetime

from lookout_contract.cases import CaseState
from lookout_server.domain import moving
from lookout_server.domain.case import SYSTEM, Case, Details, Request
from lookout_server.domain.choosing import LADDER
from lookout_server.domain.deadline import Deadline, DeadlineKey, DeadlineKind
from lookout_server.domain.moves import SETTLED, Action
from lookout_server.domain.notice import NoticeKind
from lookout_server.domain.territory import Level, Role, Site, nearest_level, path_up
from lookout_server.errors import NoCandidateError
from lookout_server.ports import UnitOfWork
from lookout_server.services.access import audience
from lookout_server.services.candidates import best_candidate
from lookout_server.services.handling import keep_move, tell
from lookout_server.services.notifying import notify
from lookout_server.services.timing import step_key
from lookout_server.services.views import grids


async def passed(uow: UnitOfWork, site: Site, case: Case, key: DeadlineKey, at: datetime) -> None:
    """A timer of this case, which is locked, has passed."""
    if key.kind is DeadlineKind.FOLLOW_UP:
        if case.state is CaseState.CLOSED:
            await _do(uow, site, case, Action.FOLLOW_UP, at)
    elif key.kind is DeadlineKind.REPORT_IN:
        if case.state not in SETTLED and case.awaits(key.part):
            await _did_not_report_in(uow, site, case, key.part, at)
    elif case.state is CaseState.SUSPENDED:
        await _do(uow, site, case, Action.RESUME, at)
    elif case.state not in SETTLED:
        await _step_passed(uow, site, case, at)


async def _do(uow: UnitOfWork, site: Site, case: Case, action: Action, at: datetime) -> None:
    request = Request(action=action, actor=SYSTEM, at=at, version=case.version)
    after, entry = moving.move(case, request, site.policy)
    await keep_move(uow, site, case, after, entry)


async def _did_not_report_in(uow: UnitOfWork, site: Site, case: Case, department: str, at: datetime) -> None:
    """吹哨 without 报到: the department hears it again, and supervisors with it."""
    after, entry = moving.not_reported_in(case, department, at=at)
    await uow.cases.update(after, entry, seen=case.version)
    supervisors = [person.id for person in await audience(uow, Role.SUPERVISOR, case.grid, case.scenario)]
    await notify(uow, site, after, NoticeKind.LATE, [department, *supervisors], at=at)
    await tell(uow, site, after, entry)


async def _step_passed(uow: UnitOfWork, site: Site, case: Case, at: datetime) -> None:
    if _sends_again(site, case) and await _send_another(uow, site, case, at):
        return
    await _tell_on(uow, site, case, at)


def _sends_again(site: Site, case: Case) -> bool:
    """Whoever was sent and is silent is not waited for; a grave case is not left to a busy control room."""
    if case.state is CaseState.DISPATCHED:
        return True
    return case.state is CaseState.CONFIRMED and case.severity in site.policy.dispatches_itself


async def _send_another(uow: UnitOfWork, site: Site, case: Case, at: datetime) -> bool:
    """Dispatch the next candidate up the ladder; False when there is nobody."""
    try:
        worker = await best_candidate(uow, site, case, at=at)
    except NoCandidateError:
        return False
    due = case.due_at if case.due_at and case.due_at <= at else None
    why = {"reason": "silence" if due else "undelivered", "from": case.handler}
    request = Request(
        action=Action.DISPATCH, actor=SYSTEM, at=at, version=case.version, details=Details(worker=worker, why=why)
    )
    after, entry = moving.move(case, request, site.policy)
    await keep_move(uow, site, case, after, entry)
    return True


async def _tell_on(uow: UnitOfWork, site: Site, case: Case, at: datetime) -> None:
    """Tell the next rung, and start the clock again for the one after it."""
    rung = case.rung + 1
    told = await _people_at(uow, case, rung)
    due = case.due_at.isoformat() if case.due_at else None
    after, entry = moving.escalated(case, at=at, data={"reason": "late", "due_at": due, "told": sorted(told)})
    await uow.cases.update(after, entry, seen=case.version)
    again = site.policy.due_at(case.state, case.severity, at)
    if again is not None and rung < site.policy.escalations:
        await uow.deadlines.set([Deadline(key=step_key(case.id), due_at=again)])
    await notify(uow, site, after, NoticeKind.LATE, told, at=at)
    await tell(uow, site, after, entry)


async def _people_at(uow: UnitOfWork, case: Case, rung: int) -> Sequence[str]:
    """Rung 1: who has the case, and the operators. Above: supervisors, of the community, then street, then district."""
    if rung == 1:
        operators = [person.id for person in await audience(uow, Role.OPERATOR, case.grid, case.scenario)]
        return [*([case.handler] if case.handler else []), *operators]
    path = path_up(case.grid, await grids(uow))
    level = LADDER[min(rung - 1, len(LADDER) - 1)]
    supervisors = await audience(uow, Role.SUPERVISOR, case.grid, case.scenario)
    # A supervisor without a place looks after all of them.
    near = [person.id for person in supervisors if not person.grids or nearest_level(person, path) in _up_to(level)]
    return near or [person.id for person in supervisors]


def _up_to(level: Level) -> frozenset[Level]:
    return frozenset(LADDER[: LADDER.index(level) + 1])
