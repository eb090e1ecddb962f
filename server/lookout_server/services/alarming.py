"""Alarms that nobody has made a case of: taking one up, and what happens when nobody does."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from lookout_contract.cases import CaseState
from lookout_contract.events import Severity
from lookout_server.domain.access import Access
from lookout_server.domain.alarm import Alarm, Disposition, acknowledged, unacknowledged
from lookout_server.domain.deadline import Deadline, DeadlineKey, DeadlineKind
from lookout_server.domain.notice import NoticeKind
from lookout_server.domain.territory import Role, Site
from lookout_server.domain.topics import of_scenario, titled
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.access import audience, grid_of, visible_alarm
from lookout_server.services.notifying import About, notify


async def watch(uow: UnitOfWork, site: Site, alarms: Iterable[Alarm], *, since: datetime | None = None) -> None:
    """Start the timers of alarms that nobody has judged: from when they came, or from ``since``."""
    found = [_timer(site, alarm, 1, since or alarm.received_at) for alarm in alarms]
    await uow.deadlines.set([timer for timer in found if timer is not None])


async def watch_graver(uow: UnitOfWork, site: Site, alarms: Iterable[tuple[Severity, Alarm]], *, at: datetime) -> None:
    """Start the timers of alarms anew that nobody has judged and that have become graver, each with what it was: the
    new grade has rungs of its own. Nobody is told later for it, and who took one up has no longer than its grade has.
    """
    for was, alarm in alarms:
        if alarm.disposition is not Disposition.OPEN:
            continue
        await leave(uow, site, alarm.id)
        first, old = _timer(site, alarm, 1, at), site.policy.due_at(CaseState.NEW, was, alarm.received_at)
        if first is not None:
            still_first = old is not None and at < old < first.due_at
            await uow.deadlines.set([replace(first, due_at=old) if old and still_first else first])
        if alarm.ack_until is not None:
            until = min(alarm.ack_until, at + timedelta(seconds=site.policy.acknowledged_for[alarm.severity]))
            await uow.alarms.save([replace(alarm, ack_until=until)])
            await uow.deadlines.set([Deadline(key=_ack_key(alarm.id), due_at=until)])


async def leave(uow: UnitOfWork, site: Site, alarm_id: str) -> None:
    """Stop the timers of an alarm that was judged."""
    rungs = range(1, site.policy.escalations + 1)
    keys = [DeadlineKey(subject=alarm_id, kind=DeadlineKind.ALARM, part=str(rung)) for rung in rungs]
    await uow.deadlines.cancel([*keys, _ack_key(alarm_id)])


async def acknowledge(store: Store, site: Site, alarm_id: str, by: Access, *, at: datetime) -> None:
    """The person looks after the alarm; it is everybody's again when nothing has come of it in time."""
    async with store.write() as uow:
        alarm = await visible_alarm(uow, alarm_id, by, lock=True)
        until = at + timedelta(seconds=site.policy.acknowledged_for[alarm.severity])
        await uow.alarms.save([acknowledged(alarm, by.person.id, at=at, until=until)])
        await uow.deadlines.set([Deadline(key=_ack_key(alarm_id), due_at=until)])
        announce.alarm_changed(uow, alarm_id, "acknowledged", at)
        await uow.commit()


async def let_go(store: Store, alarm_id: str, by: Access, *, at: datetime) -> None:
    """Take an acknowledgement back."""
    async with store.write() as uow:
        alarm = await visible_alarm(uow, alarm_id, by, lock=True)
        await uow.alarms.save([unacknowledged(alarm)])
        await uow.deadlines.cancel([_ack_key(alarm_id)])
        announce.alarm_changed(uow, alarm_id, "unacknowledged", at)
        await uow.commit()


async def alarm_passed(uow: UnitOfWork, site: Site, alarm: Alarm, key: DeadlineKey, at: datetime) -> None:
    """A timer of this alarm, which is locked, has passed."""
    if alarm.disposition is not Disposition.OPEN:
        return
    if key.kind is DeadlineKind.ACKNOWLEDGEMENT:
        await _dropped(uow, site, alarm, at)
        return
    rung = int(key.part)
    covered = alarm.acked_by is not None or await _is_quiet(uow, alarm, at)
    again = _timer(site, alarm, rung if covered else rung + 1, at)
    if again is not None and (covered or rung < site.policy.escalations):
        await uow.deadlines.set([again])
    if not covered:
        about = await _about(uow, alarm)
        people = await _with_role(uow, Role.OPERATOR if rung == 1 else Role.SUPERVISOR, alarm)
        await notify(uow, site, about, NoticeKind.ALARM_LATE, people, at=at)
        announce.alarm_changed(uow, alarm.id, "late", at)


async def _dropped(uow: UnitOfWork, site: Site, alarm: Alarm, at: datetime) -> None:
    """Taken up, and nothing came of it: it is everybody's again, and whoever had it hears so."""
    if alarm.acked_by is None:
        return
    await uow.alarms.save([unacknowledged(alarm)])
    people = [alarm.acked_by, *await _with_role(uow, Role.SUPERVISOR, alarm)]
    await notify(uow, site, await _about(uow, alarm), NoticeKind.ALARM_DROPPED, people, at=at)
    announce.alarm_changed(uow, alarm.id, "unacknowledged", at)


async def _is_quiet(uow: UnitOfWork, alarm: Alarm, at: datetime) -> bool:
    silences = await uow.silences.current(at)
    if not silences:
        return False
    grid = await grid_of(uow, alarm)
    return any(silence.covers(alarm, grid, at) for silence in silences)


async def _about(uow: UnitOfWork, alarm: Alarm) -> About:
    camera = (await uow.territory.cameras([alarm.camera])).get(alarm.camera)
    place = camera.name if camera else alarm.camera.id
    return About(subject=alarm.id, severity=alarm.severity, title=titled(of_scenario(alarm.scenario), place))


async def _with_role(uow: UnitOfWork, role: Role, alarm: Alarm) -> Sequence[str]:
    return [person.id for person in await audience(uow, role, await grid_of(uow, alarm), alarm.scenario)]


def _timer(site: Site, alarm: Alarm, rung: int, since: datetime) -> Deadline | None:
    due = site.policy.due_at(CaseState.NEW, alarm.severity, since)
    key = DeadlineKey(subject=alarm.id, kind=DeadlineKind.ALARM, part=str(rung))
    return Deadline(key=key, due_at=due) if due else None


def _ack_key(alarm_id: str) -> DeadlineKey:
    return DeadlineKey(subject=alarm_id, kind=DeadlineKind.ACKNOWLEDGEMENT)
