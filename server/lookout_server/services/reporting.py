"""Makes cases of alarms: by one tap, or by themselves when they are too grave to wait for one."""

from datetime import datetime

from lookout_contract.cases import CaseState
from lookout_server.domain.access import Access
from lookout_server.domain.alarm import Alarm, Disposition, reported
from lookout_server.domain.case import SYSTEM, Actor, Case
from lookout_server.domain.correlation import FLAPS_WITHIN
from lookout_server.domain.moving import opened
from lookout_server.domain.territory import Camera, Site
from lookout_server.domain.topics import of_scenario, titled
from lookout_server.errors import CaseElsewhereError
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.access import visible_alarm
from lookout_server.services.alarming import leave
from lookout_server.services.commands import send_verdict
from lookout_server.services.correlating import gather, join_cases, matching_cases, raise_case, waiting_near
from lookout_server.services.opening import next_number
from lookout_server.services.repeats import reopened_by
from lookout_server.services.timing import set_clock


async def report_alarm(store: Store, site: Site, alarm_id: str, by: Access, *, at: datetime) -> tuple[str, bool]:
    """One tap 一键预报: the case's id and whether it is new. Again, also at the same moment, gives the same case.

    An alarm about the thing of a live case, which waits because a dismissal or a report was taken back, joins that,
    with what waits along the ways; unless they may not see that case, for then nobody they know would act on their tap.
    CaseElsewhereError when the alarm is in such a case already.
    """
    async with store.write() as uow:
        seen = await visible_alarm(uow, alarm_id, by)
        near = await waiting_near(uow, site, [seen], at=at)
        locked = await uow.alarms.get({alarm_id, *(other.id for other in near)}, lock=True)
        alarm = locked[alarm_id]
        if alarm.case_id is not None:
            return await _known(uow, alarm.case_id, by), False
        held = await _joined(uow, site, alarm, by, at=at)
        case = held or await open_case(uow, site, alarm, Actor(person=by.person), at=at)
        await leave(uow, site, alarm_id)
        await gather(uow, site, case, alarm, locked.values(), at=at)
        await send_verdict(uow, site, alarm, None, at=at)
        await uow.commit()
    return case.id, held is None


async def _known(uow: UnitOfWork, case_id: str, by: Access) -> str:
    """The case that an alarm is in already. CaseElsewhereError when it is of a place that is not theirs."""
    if not by.sees((await uow.cases.get([case_id]))[case_id]):
        raise CaseElsewhereError(
            "this alarm has joined a case of another grid: they act on it there, nothing is left to report"
        )
    return case_id


async def _joined(uow: UnitOfWork, site: Site, alarm: Alarm, by: Access, *, at: datetime) -> Case | None:
    """The live case about the alarm's thing, which has it now; None when there is none that they may see."""
    for _, case_id in await matching_cases(uow, site, [alarm], at=at):
        case = (await uow.cases.get([case_id], lock=True))[case_id]
        if by.sees(case) and await join_cases(uow, site, [(alarm, case_id)], at=at, actor=Actor(person=by.person)):
            return case
    return None


async def open_case(
    uow: UnitOfWork, site: Site, alarm: Alarm, actor: Actor, *, at: datetime, afresh: bool = False
) -> Case:
    """A confirmed case about this alarm, which must be stored and locked. ConflictError when it was dismissed.

    The same thing again soon after closing is the case that was closed, unless ``afresh`` asks for a new one.
    """
    again = None if afresh or alarm.disposition is Disposition.DISMISSED else await reopened_by(uow, site, alarm, at=at)
    if again is not None:
        await uow.alarms.save([reported(alarm, again.id)])
        announce.alarm_changed(uow, alarm.id, "reported", at)
        await raise_case(uow, site, again, alarm, at=at)
        return (await uow.cases.get([again.id]))[again.id]
    cameras = await uow.territory.cameras([alarm.camera])
    blank = await _blank(uow, site, alarm, cameras.get(alarm.camera), at)
    claimed = reported(alarm, blank.id)
    data = {"alarm": alarm.id, "automatic": actor is SYSTEM}
    case, entry = opened(blank, actor=actor, at=at, data=data, policy=site.policy)
    await uow.cases.add(case, entry)
    await set_clock(uow, case, site.policy)
    await uow.alarms.save([claimed])
    announce.alarm_changed(uow, alarm.id, "reported", at)
    announce.case_moved(uow, site, case, entry, alarm)
    return case


async def _repeats(uow: UnitOfWork, site: Site, alarm: Alarm) -> int:
    """Alarms of its kind from its camera in the half hour up to it, itself included."""
    if not site.policy.grades:
        return 1
    [repeats] = await uow.alarms.repeats([alarm], FLAPS_WITHIN)
    return repeats


async def _blank(uow: UnitOfWork, site: Site, alarm: Alarm, camera: Camera | None, at: datetime) -> Case:
    number = await next_number(uow, site, at)
    topic, scene = of_scenario(alarm.scenario), camera.name if camera else alarm.camera.id
    return Case(
        id=f"c-{number}",
        number=number,
        title=titled(topic, scene).zh,
        scenario=alarm.scenario,
        severity=site.policy.graded(alarm.scenario, alarm.severity, at, await _repeats(uow, site, alarm)),
        state=CaseState.CONFIRMED,
        version=1,
        entries=1,
        camera=alarm.camera,
        grid=camera.grid if camera else None,
        opened_at=at,
        updated_at=at,
        due_at=None,
        alarms=(alarm.id,),
        topic=topic,
        scene=scene,
    )
