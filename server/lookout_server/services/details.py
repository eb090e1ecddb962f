"""Everything about one alarm or one case."""

from datetime import datetime

from lookout_server.domain.case import Case, CaseEvidence, CaseEvidenceKind, Stage
from lookout_server.domain.territory import Person
from lookout_server.errors import NotFoundError
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services.handling import visible_case
from lookout_server.services.views import AlarmView, CaseDetail, alarm_views, case_views


async def alarm_detail(store: Store, alarm_id: str, *, at: datetime) -> AlarmView:
    """The alarm, or NotFoundError."""
    async with store.read() as uow:
        found = await uow.alarms.get([alarm_id])
        if alarm_id not in found:
            raise NotFoundError(f"there is no alarm {alarm_id!r}: it may be a typing mistake")
        return (await alarm_views(uow, found.values(), at=at))[0]


async def case_detail(store: Store, case_id: str, person: Person) -> CaseDetail:
    """The case with its history and files, or NotFoundError when this person may not see it."""
    async with store.read() as uow:
        case = await visible_case(uow, case_id, person)
        history = await uow.cases.history(case_id)
        alarms = await alarm_views(uow, (await uow.alarms.get(case.alarms[:1])).values())
        return CaseDetail(
            view=(await case_views(uow, [case]))[0],
            primary_alarm=alarms[0] if alarms else None,
            history=history,
            people=await uow.people.get({entry.actor for entry in history if entry.actor}),
            evidence=await _files(uow, case, alarms),
        )


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
