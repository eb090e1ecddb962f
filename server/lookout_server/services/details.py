"""Everything about one alarm or one case."""

from dataclasses import replace
from datetime import datetime

from lookout_server.domain.access import RESTRICTED, Access
from lookout_server.domain.alarm import Alarm
from lookout_server.domain.case import Case, CaseEvidence, CaseEvidenceKind, Stage
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services.access import visible_alarm, visible_case
from lookout_server.services.care import note_reading
from lookout_server.services.views import AlarmView, CaseDetail, alarm_views, case_views

#: A camera that flaps all day may have hundreds in one case: their number is told, and the newest are shown.
MOST_OTHERS = 30


async def alarm_detail(store: Store, alarm_id: str, by: Access, *, at: datetime) -> AlarmView:
    """The alarm, or NotFoundError."""
    async with store.read() as uow:
        alarm = await visible_alarm(uow, alarm_id, by)
        return (await alarm_views(uow, [alarm], at=at))[0]


async def case_detail(store: Store, case_id: str, by: Access, *, at: datetime) -> CaseDetail:
    """The case with its history and files, or NotFoundError when this person may not see it.

    The record of a care case, its notes and pictures, stays closed until it is opened to them.
    """
    async with store.read() as uow:
        case = await visible_case(uow, case_id, by)
        opens = by.opens(case)
        history = await uow.cases.history(case_id)
        alarms = await alarm_views(uow, await _shown(uow, case))
        found = CaseDetail(
            view=(await case_views(uow, [case]))[0],
            primary_alarm=alarms[0] if alarms and opens else None,
            other_alarms=alarms[1:] if opens else [],
            history=history if opens else [replace(entry, note=None, data={}) for entry in history],
            people=await uow.people.get({entry.actor for entry in history if entry.actor}),
            evidence=await _files(uow, case, alarms) if opens else [],
            opened=opens,
        )
    if opens and case.scenario in RESTRICTED:
        await note_reading(store, case, by, "record", at=at)
    return found


async def _shown(uow: UnitOfWork, case: Case) -> list[Alarm]:
    """The first and the newest; a care alarm that was merged into another case is not for all who see that one."""
    first, others = case.alarms[:1], case.alarms[1:]
    held = await uow.alarms.get([*first, *others[-MOST_OTHERS:]])
    tells = case.scenario in RESTRICTED
    return [held[each] for each in case.alarms if each in held and (tells or held[each].scenario not in RESTRICTED)]


async def _files(uow: UnitOfWork, case: Case, alarms: list[AlarmView]) -> list[CaseEvidence]:
    """What the machine saw before and what came after; only files that have arrived."""
    before = [
        CaseEvidence(
            kind=CaseEvidenceKind(ref.kind.value),
            sha256=ref.sha256,
            mime=ref.mime,
            bytes=ref.bytes,
            at=view.alarm.started_at,
            stage=Stage.BEFORE,
        )
        for view in alarms
        for ref in view.alarm.evidence
        if ref.sha256 in view.available
    ]
    attached = await uow.cases.evidence(case.id)
    stored = await uow.evidence.get({file.sha256 for file in attached})
    return before + [file for file in attached if file.sha256 in stored]
