"""Whom a move concerns: they are told, in the transaction that moves."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from lookout_contract.events import Severity
from lookout_server.domain.access import RESTRICTED
from lookout_server.domain.alarm import Alarm
from lookout_server.domain.case import Actor, Case, HistoryEntry
from lookout_server.domain.moves import Action
from lookout_server.domain.notice import NoticeKind
from lookout_server.domain.policy import graver
from lookout_server.domain.territory import FIELD, CameraKey, Role, Site
from lookout_server.domain.topics import of_scenario, title_of, titled
from lookout_server.ports import UnitOfWork
from lookout_server.services.access import audience
from lookout_server.services.notifying import About, about_case, acknowledge_case, notify

#: Told to whoever has the case.
_TO_HANDLER = {
    Action.DISPATCH: NoticeKind.DISPATCHED,
    Action.REWORK: NoticeKind.REWORK,
    Action.RESUME: NoticeKind.RESUMED,
}
_TO_SUPERVISORS = {
    Action.ASK_SUSPEND: NoticeKind.ASKED,
    Action.ASK_EXTEND: NoticeKind.ASKED,
    Action.SUPERVISE: NoticeKind.SUPERVISED,
}
_TO_OPERATORS = {Action.RETURN: NoticeKind.RETURNED, Action.FOLLOW_UP: NoticeKind.FOLLOW_UP}
_TO_ASKER = {Action.APPROVE: NoticeKind.APPROVED, Action.REFUSE: NoticeKind.REFUSED}


async def notify_about(uow: UnitOfWork, site: Site, case: Case, after: Case, entry: HistoryEntry) -> None:
    """Tell those whom the move from ``case`` to ``after`` concerns."""
    action, at = entry.action, entry.at
    if action is Action.ACCEPT and after.handler is not None:
        await acknowledge_case(uow, after.id, after.handler, at=at)
    if action in _TO_HANDLER and after.handler is not None:
        await notify(uow, site, after, _TO_HANDLER[action], [after.handler], at=at)
    moved = case.handler is not None and case.handler != after.handler
    if moved and case.handler is not None and action not in {Action.RETURN, Action.HAND_OVER}:
        await notify(uow, site, after, NoticeKind.REASSIGNED, [case.handler], at=at)
    if action in _TO_SUPERVISORS or (after.supervised and not case.supervised):
        kind = _TO_SUPERVISORS.get(action, NoticeKind.SUPERVISED)
        await notify(uow, site, after, kind, await _with_role(uow, Role.SUPERVISOR, after), at=at)
    if action in _TO_OPERATORS:
        await notify(uow, site, after, _TO_OPERATORS[action], await _with_role(uow, Role.OPERATOR, after), at=at)
    if action in _TO_ASKER and case.asked is not None and case.asked.by:
        await notify(uow, site, after, _TO_ASKER[action], [case.asked.by], at=at)
    if action is Action.HELP:
        await _call_for_help(uow, site, after, at)
    if action is Action.WHISTLE:
        called = [each.person for each in after.whistles if each not in case.whistles]
        await notify(uow, site, after, NoticeKind.WHISTLE, called, at=at)


async def notify_of_places(
    uow: UnitOfWork, site: Site, case: Case, alarms: Iterable[Alarm], by: Actor, *, at: datetime
) -> bool:
    """Tell those who are under way, and the control room, of each further camera at which the case was seen.

    ``case``: before the alarms joined it, so that each place is told once. Who sends somebody later sees them all.
    Returns whether there was something to tell.
    """
    if case.handler is None:
        return False
    known = {case.camera, *(await uow.cases.cameras([case.id])).get(case.id, ())}
    fresh: dict[CameraKey, Alarm] = {}
    for alarm in alarms:
        if alarm.camera not in known and (alarm.scenario not in RESTRICTED or case.scenario in RESTRICTED):
            fresh.setdefault(alarm.camera, alarm)
    cameras = await uow.territory.cameras(fresh) if fresh else {}
    for key, alarm in fresh.items():
        named = cameras.get(key)
        title = titled(of_scenario(alarm.scenario), named.name if named else key.id)
        # Of several notices about one thing the newest alone is sent, and two places are two things.
        about = replace(about_case(case), subject=alarm.id, title=title, severity=graver(case.severity, alarm.severity))
        await _tell_under_way(uow, site, case, about, NoticeKind.ALSO_AT, by, at)
    return bool(fresh)


async def notify_of_merged(uow: UnitOfWork, site: Site, case: Case, merged: Case, by: Actor, *, at: datetime) -> bool:
    """The same of a case that people reported, which has no camera: it is where they say."""
    secret = merged.scenario in RESTRICTED and case.scenario not in RESTRICTED
    if case.handler is None or merged.alarms or merged.scene == case.scene or secret:
        return False
    grade = graver(case.severity, merged.severity)
    about = replace(about_case(case), subject=merged.id, title=title_of(merged), severity=grade)
    await _tell_under_way(uow, site, case, about, NoticeKind.ALSO_AT, by, at)
    return True


async def notify_of_grade(uow: UnitOfWork, site: Site, case: Case, by: Actor, *, at: datetime) -> None:
    """Tell those who are under way, and the control room, that a case is graver than it was. Where nobody was sent yet
    the room is who has to act, and departments may have been called."""
    about = about_case(case) if case.handler else replace(about_case(case), text="raised_unsent")
    await _tell_under_way(uow, site, case, about, NoticeKind.RAISED, by, at)


async def notify_of_absence(uow: UnitOfWork, site: Site, case: Case, *, at: datetime) -> None:
    """Ask the control room to send somebody else: whoever has the case cannot sign in any more."""
    await notify(uow, site, case, NoticeKind.HANDLER_GONE, await _with_role(uow, Role.OPERATOR, case), at=at)


async def _tell_under_way(
    uow: UnitOfWork, site: Site, case: Case, about: About, kind: NoticeKind, by: Actor, at: datetime
) -> None:
    called = [each.person for each in case.whistles]
    told = [*([case.handler] if case.handler else []), *called, *await _with_role(uow, Role.OPERATOR, case)]
    await notify(uow, site, about, kind, [each for each in told if each != by.id], at=at)


async def _call_for_help(uow: UnitOfWork, site: Site, case: Case, at: datetime) -> None:
    """Whatever the hour: the control room, and colleagues of the grid unless it is a care case."""
    called = [*await _with_role(uow, Role.OPERATOR, case), *await _with_role(uow, Role.SUPERVISOR, case)]
    if case.grid is not None and case.scenario not in RESTRICTED:
        called += [person.id for person in await uow.people.working_in([case.grid]) if person.roles & FIELD]
    about = replace(about_case(case), severity=Severity.RED)
    others = [person for person in called if person != case.handler]
    await notify(uow, site, about, NoticeKind.HELP, others, at=at)


async def _with_role(uow: UnitOfWork, role: Role, case: Case) -> Sequence[str]:
    return [person.id for person in await audience(uow, role, case.grid, case.scenario)]
