"""New alarms that belong to a case that is there already join it, with one query a batch."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from lookout_server.domain import moving
from lookout_server.domain.alarm import Alarm, reported
from lookout_server.domain.case import SYSTEM, Case
from lookout_server.domain.correlation import NEAR, may_join, same_thing
from lookout_server.domain.moves import SETTLED
from lookout_server.domain.policy import graver
from lookout_server.domain.territory import Camera, CameraKey, Site
from lookout_server.ports import UnitOfWork
from lookout_server.services import announce
from lookout_server.services.timing import set_clock

_LONGEST = max((near.within for near in NEAR.values()), default=timedelta(0))


async def join_cases(
    uow: UnitOfWork, site: Site, fresh: Collection[Alarm], cameras: Mapping[CameraKey, Camera], *, at: datetime
) -> dict[str, Alarm]:
    """Id → the alarm as it is now, for those that joined a case. All of them are stored and locked."""
    wanted = [alarm for alarm in fresh if may_join(alarm)]
    if not wanted:
        return {}
    live = await uow.cases.live_near({alarm.scenario for alarm in wanted}, at - _LONGEST)
    if not live:
        return {}
    firsts = await uow.alarms.get([case.alarms[0] for case in live if case.alarms])
    pairs = [(case, firsts.get(case.alarms[0]) if case.alarms else None) for case in live]
    joined: dict[str, Alarm] = {}
    for alarm in wanted:
        camera = cameras.get(alarm.camera)
        case = same_thing(alarm, camera.grid if camera else None, pairs)
        if case is not None and await _join(uow, site, alarm, case.id, at):
            joined[alarm.id] = reported(alarm, case.id)
    await uow.alarms.save(list(joined.values()))
    return joined


async def _join(uow: UnitOfWork, site: Site, alarm: Alarm, case_id: str, at: datetime) -> bool:
    """Read again under the lock: it may have been settled meanwhile."""
    case = (await uow.cases.get([case_id], lock=True))[case_id]
    if case.state in SETTLED:
        return False
    await uow.cases.add_alarms(case.id, [alarm.id])
    data = {"reason": "same_thing", "alarms": [alarm.id]}
    after, entry = moving.joined(case, at=at, actor=SYSTEM, data=data)
    await uow.cases.update(after, entry, seen=case.version)
    announce.alarm_changed(uow, alarm.id, "reported", at)
    announce.case_moved(uow, site, after, entry, alarm)
    await raise_case(uow, site, after, alarm, at=at)
    return True


async def raise_case(uow: UnitOfWork, site: Site, case: Case, alarm: Alarm, *, at: datetime) -> None:
    """A case is at least as grave as each of its alarms."""
    if case.state in SETTLED or graver(case.severity, alarm.severity) is case.severity:
        return
    after, entry = moving.raised(case, alarm.severity, at=at, policy=site.policy)
    await uow.cases.update(after, entry, seen=case.version)
    await set_clock(uow, after, site.policy)
    announce.case_moved(uow, site, after, entry, alarm)
