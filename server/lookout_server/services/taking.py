"""Turns new events into alarms, and alarms that cannot wait into cases."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from lookout_contract.events import Phase
from lookout_server.domain.alarm import Alarm, AlarmState, alarm_id, first_seen, first_told, told_again, wants_case
from lookout_server.domain.case import SYSTEM, Case
from lookout_server.domain.correlation import name_of, travels
from lookout_server.domain.moves import SETTLED
from lookout_server.domain.territory import Camera, CameraKey, Gateway, Site
from lookout_server.ports import CameraPart, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.alarming import leave, watch, watch_graver
from lookout_server.services.correlating import (
    gather,
    join_cases,
    matching_cases,
    nothing_near,
    raise_case,
    recent,
    waiting_near,
)
from lookout_server.services.mirrors import mirror_alarm
from lookout_server.services.noted import NOTED_EVERY, Noted, just_noted
from lookout_server.services.reading import ReadEvent
from lookout_server.services.reporting import open_case


async def take_events(uow: UnitOfWork, site: Site, events: Sequence[ReadEvent], noted: Noted | None = None) -> Noted:
    """Everything that follows from new events. Their streams must be locked.

    ``noted``: what was noted before; the answer is what was noted now, and true once the transaction is committed.
    """
    fresh_notes = Noted()
    if not events:
        return fresh_notes
    await _note_gateways(uow, events, noted or Noted(), fresh_notes)
    await _note_cameras(uow, events, noted or Noted(), fresh_notes)
    before, after = await _edit_alarms(uow, events)
    fresh = [alarm for alarm in after.values() if alarm.id not in before]
    gone = [alarm for alarm in _gone(before, after) if travels(alarm, site.policy.graph)]
    named = _once(fresh, _newly_named(before, after), (alarm for alarm in gone if alarm.case_id is None))
    # Asked before anything is written, so that all of it can go to the database in one piece.
    alone = not _touches_cases(after) and await nothing_near(uow, site, named, at=_at(events))
    await uow.alarms.tell(list(after.values()), before)
    for alarm in after.values():
        held = before.get(alarm.id)
        announce.alarm_changed(uow, alarm.id, _change(held, alarm), alarm.received_at if held is None else _at(events))
        await mirror_alarm(uow, site, held, alarm, _at(events))
    matches = () if alone else await matching_cases(uow, site, named, at=_at(events))
    links = [(alarm, alarm.case_id) for alarm in gone if alarm.case_id is not None]
    links += [(alarm, case_id) for alarm, case_id in matches if travels(alarm, site.policy.graph)]
    about = _once((alarm for alarm in after.values() if wants_case(alarm)), (alarm for alarm, _ in links))
    near = await _lock_near(uow, site, about, after, _at(events))
    # At once and in one order: two intakes that touch the same cases must never wait for each other.
    touched = {case_id for _, case_id in (*matches, *links)} | _graver(before, after)
    cases = await uow.cases.get(touched, lock=True)
    joined = await join_cases(uow, site, matches, at=_at(events))
    for name in joined.keys() & before.keys():
        await leave(uow, site, name)
    for alarm, case_id in links:
        if cases[case_id].state not in SETTLED:
            waiting = [each for each in near if each.id not in joined]
            joined |= await gather(uow, site, cases[case_id], alarm, waiting, at=_at(events))
    for alarm in after.values():
        if alarm.id in joined:
            continue
        case = await _follow_up(uow, site, before.get(alarm.id), alarm, _at(events))
        if case is not None:
            waiting = [each for each in near if each.id not in joined]
            joined |= {alarm.id: alarm} | await gather(uow, site, case, alarm, waiting, at=_at(events))
    await watch(uow, site, [alarm for alarm in fresh if alarm.id not in joined])
    risen = [(before[alarm.id].severity, alarm) for alarm in _risen(before, after) if alarm.id not in joined]
    await watch_graver(uow, site, risen, at=_at(events))
    return fresh_notes


async def _lock_near(
    uow: UnitOfWork, site: Site, grave: Sequence[Alarm], after: Mapping[str, Alarm], at: datetime
) -> Sequence[Alarm]:
    """What waits and may be one thing with alarms that become cases now, locked before any case is, and this batch."""
    waiting = await waiting_near(uow, site, grave, at=at) if grave else ()
    locked = await uow.alarms.get([alarm.id for alarm in waiting if alarm.id not in after], lock=True)
    return [*locked.values(), *after.values()] if grave else ()


def _touches_cases(after: Mapping[str, Alarm]) -> bool:
    """Whether some have a case or will: which cases are near can then only be seen once they are written and locked."""
    return any(alarm.case_id is not None or wants_case(alarm) for alarm in after.values())


def _graver(before: Mapping[str, Alarm], after: Mapping[str, Alarm]) -> set[str]:
    """Cases of alarms that have become graver: they do too."""
    return {alarm.case_id for alarm in _risen(before, after) if alarm.case_id is not None}


def _risen(before: Mapping[str, Alarm], after: Mapping[str, Alarm]) -> list[Alarm]:
    """Alarms that have become graver."""
    return [alarm for alarm in after.values() if alarm.id in before and alarm.severity is not before[alarm.id].severity]


def _once(*alarms: Iterable[Alarm]) -> list[Alarm]:
    return list({alarm.id: alarm for some in alarms for alarm in some}.values())


def _gone(before: Mapping[str, Alarm], after: Mapping[str, Alarm]) -> list[Alarm]:
    """Alarms of which it was told only now that they are over: from then on the thing may be at another camera. What
    was told of that one may have come before, for it takes a camera some seconds to miss a thing."""
    return [
        alarm
        for alarm in after.values()
        if alarm.ended_at is not None and alarm.id in before and before[alarm.id].ended_at is None
    ]


def _newly_named(before: Mapping[str, Alarm], after: Mapping[str, Alarm]) -> list[Alarm]:
    """Alarms without a case whose plate was read, or read otherwise, only now: it may be that of a case."""
    return [alarm for alarm in after.values() if alarm.id in before and name_of(alarm) != name_of(before[alarm.id])]


def names_of(events: Iterable[ReadEvent]) -> list[str]:
    """The alarms that events are about, in their order."""
    return [alarm_id(read.taken.event.source, read.taken.event.data.occurrence) for read in events]


def begun_by(events: Iterable[ReadEvent]) -> frozenset[str]:
    """The alarms that begin with events."""
    starts = [read for read in events if read.taken.event.data.phase is Phase.START]
    return frozenset(names_of(starts))


def near_since(site: Site, events: Sequence[ReadEvent]) -> datetime:
    """Since when a case must have been told of to be near what begins with these events."""
    told = [read.taken.event.data for read in events]
    begun = (first_seen(data.started_at, data.captured_at, data.dwell_s) for data in told if data.phase is Phase.START)
    return recent(site, begun, _at(events))


async def _edit_alarms(uow: UnitOfWork, events: Sequence[ReadEvent]) -> tuple[dict[str, Alarm], dict[str, Alarm]]:
    """The alarms before and after these events, in the order in which the events came."""
    names = names_of(events)
    before = await uow.alarms.get(names, lock=True)
    after: dict[str, Alarm] = {}
    for name, read in zip(names, events, strict=True):
        held = after.get(name) or before.get(name)
        event = read.taken.event
        after[name] = told_again(held, event) if held else first_told(event, read.camera, read.taken.received_at)
    return before, after


async def _follow_up(uow: UnitOfWork, site: Site, held: Alarm | None, alarm: Alarm, at: datetime) -> Case | None:
    """The case that was opened, if any."""
    if wants_case(alarm):
        return await open_case(uow, site, alarm, SYSTEM, at=at)
    if held is not None and alarm.case_id is not None and alarm.severity is not held.severity:
        case = (await uow.cases.get([alarm.case_id], lock=True))[alarm.case_id]
        await raise_case(uow, site, case, alarm, at=at)
    return None


def _change(held: Alarm | None, alarm: Alarm) -> str:
    if held is None:
        return "created"
    ended = alarm.state is AlarmState.CLEARED and held.state is AlarmState.ACTIVE
    return "ended" if ended else "updated"


async def _note_gateways(uow: UnitOfWork, events: Sequence[ReadEvent], noted: Noted, fresh: Noted) -> None:
    """Remember that they spoke; one that nobody registered is shown all the same."""
    spoken = {read.camera.gateway: read for read in events}
    last = {name: read for name, read in spoken.items() if not noted.knows_gateway(name, read.taken.received_at)}
    known = await uow.gateways.get(last) if last else {}
    spoke: list[Gateway] = []
    for name, read in sorted(last.items()):
        event, at, held = read.taken.event, read.taken.received_at, known.get(name)
        if held is not None and held.epoch is not None and held.last_seen_at and just_noted(held.last_seen_at, at):
            fresh.gateways[name] = held.last_seen_at
            continue
        fresh.gateways[name] = at
        now = held or Gateway(id=name)
        if now.epoch is None:
            now = replace(now, epoch=event.epoch, last_sequence=event.sequence)
        elif event.epoch == now.epoch:
            now = replace(now, last_sequence=max(now.last_sequence, event.sequence))
        spoke.append(replace(now, last_seen_at=at))
        if name not in known:
            announce.gateway_changed(uow, name, "created", read.taken.received_at)
    await uow.gateways.save(spoke)


async def _note_cameras(uow: UnitOfWork, events: Sequence[ReadEvent], noted: Noted, fresh: Noted) -> None:
    """Remember their last alarm; one that nobody placed is made, without a grid, so that nothing is lost."""
    newest: dict[CameraKey, ReadEvent] = {}
    for read in events:
        held = newest.get(read.camera)
        if held is None or held.taken.event.data.started_at < read.taken.event.data.started_at:
            newest[read.camera] = read
    newest = {
        key: read for key, read in newest.items() if not noted.knows_camera(key, read.taken.event.data.started_at)
    }
    known = await uow.territory.cameras(newest) if newest else {}
    changed: list[Camera] = []
    for key, read in newest.items():
        camera, started = known.get(key) or Camera(key=key, name=key.id), read.taken.event.data.started_at
        if camera.last_alarm_at is None or started - camera.last_alarm_at >= NOTED_EVERY:
            camera = replace(camera, last_alarm_at=started)
            changed.append(camera)
        fresh.cameras[key] = camera.last_alarm_at or started
        if key not in known:
            announce.camera_changed(uow, key, "created", read.taken.received_at)
    await uow.territory.save_cameras(changed, part=CameraPart.ALARM)


def _at(events: Sequence[ReadEvent]) -> datetime:
    return events[-1].taken.received_at
