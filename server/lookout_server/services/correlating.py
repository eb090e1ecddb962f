"""Alarms about one thing become one case: new ones join a case that is there, and a new case takes the waiting ones."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from lookout_server.domain import moving
from lookout_server.domain.alarm import Alarm, Disposition, reported
from lookout_server.domain.case import SYSTEM, Actor, Case
from lookout_server.domain.correlation import longest_memory, may_have_company, may_join, one_thing, same_thing
from lookout_server.domain.moves import SETTLED
from lookout_server.domain.policy import graver
from lookout_server.domain.site_graph import SiteGraph
from lookout_server.domain.territory import Camera, CameraKey, Site
from lookout_server.ports import AlarmFilter, Page, Store, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.alarming import leave
from lookout_server.services.concerning import notify_of_grade, notify_of_places
from lookout_server.services.timing import set_clock

#: Waiting alarms that a new case is compared with, the newest.
_MOST_WAITING = 500
#: A thing that was seen for longer before it became an alarm, or was told of so much later, is compared with what was
#: last told of since then: a gateway may name any time.
_LOOKED_BACK = timedelta(days=1)


def recent(site: Site, first_seen: Iterable[datetime], at: datetime) -> datetime:
    """What was last told of before then was over before things came that were first seen at these times."""
    earliest = min((at, *first_seen))
    return max(earliest, at - _LOOKED_BACK) - longest_memory(site.policy.graph)


def _recent(site: Site, found: Iterable[Alarm], at: datetime) -> datetime:
    return recent(site, (alarm.first_seen_at for alarm in found), at)


async def nothing_near(uow: UnitOfWork, site: Site, found: Collection[Alarm], *, at: datetime) -> bool:
    """Whether ``matching_cases`` would find no case to compare these alarms with, mostly so."""
    kinds = {alarm.scenario for alarm in found if may_join(alarm)}
    return not kinds or not await uow.cases.live_near(kinds, _recent(site, found, at))


async def matching_cases(
    uow: UnitOfWork, site: Site, found: Collection[Alarm], *, at: datetime
) -> Sequence[tuple[Alarm, str]]:
    """Alarms and the cases that they belong to, as far as can be seen without a lock."""
    wanted = [alarm for alarm in found if may_join(alarm)]
    if not wanted:
        return ()
    graph = site.policy.graph
    live = await uow.cases.live_near({alarm.scenario for alarm in wanted}, _recent(site, found, at))
    if not live:
        return ()
    cameras = await uow.territory.cameras({alarm.camera for alarm in wanted})
    theirs = await uow.alarms.get([name for case in live for name in case.alarms])
    pairs = [(case, [theirs[name] for name in case.alarms if name in theirs]) for case in live]
    matches: list[tuple[Alarm, str]] = []
    for alarm in sorted(wanted, key=_began):
        case = same_thing(alarm, _grid(alarm, cameras), pairs, graph)
        if case is not None:
            matches.append((alarm, case.id))
            next(alarms for each, alarms in pairs if each is case).append(alarm)
    return matches


async def unknown_stops(store: Store, graph: SiteGraph) -> Sequence[str]:
    """Cameras on a site's ways that are in no site file and of which no gateway has spoken: typing mistakes."""
    async with store.read() as uow:
        known = {key.path for key in await uow.territory.cameras()}
    return sorted(graph.cameras - known)


async def join_cases(
    uow: UnitOfWork, site: Site, matches: Sequence[tuple[Alarm, str]], *, at: datetime, actor: Actor = SYSTEM
) -> dict[str, Alarm]:
    """Id → the alarm as it is now, for those that joined. Alarms and cases must be locked, the alarms first."""
    joined: dict[str, Alarm] = {}
    for alarm, case_id in matches:
        if await _join(uow, site, alarm, case_id, at, actor):
            joined[alarm.id] = reported(alarm, case_id)
    await uow.alarms.save(list(joined.values()))
    return joined


async def waiting_near(uow: UnitOfWork, site: Site, alarms: Collection[Alarm], *, at: datetime) -> Sequence[Alarm]:
    """Alarms that nobody has judged and that may be about the same things, unlocked."""
    kinds = frozenset(alarm.scenario for alarm in alarms if may_have_company(alarm))
    if not kinds:
        return ()
    wanted = AlarmFilter(disposition=Disposition.OPEN, scenarios=kinds, told_since=_recent(site, alarms, at))
    return await uow.alarms.page(wanted, Page(limit=_MOST_WAITING))


async def gather(
    uow: UnitOfWork, site: Site, case: Case, alarm: Alarm, waiting: Iterable[Alarm], *, at: datetime
) -> dict[str, Alarm]:
    """Id → alarm, for those of ``waiting`` that a case takes which was just opened about ``alarm``, or has just got it.

    All of them must be locked. What is one thing with one that was taken is taken as well.
    """
    left = {each.id: each for each in waiting if each.id != alarm.id and may_join(each)}
    cameras = await uow.territory.cameras([each.camera for each in left.values()]) if left else {}
    taken: dict[str, Alarm] = {}
    queue = [alarm]
    while queue:
        known = queue.pop()
        for each in sorted(left.values(), key=_began):
            grid = _grid(each, cameras)
            same_grid = grid is not None and grid == case.grid
            if one_thing(each, known, same_grid=same_grid, graph=site.policy.graph):
                taken[each.id] = reported(left.pop(each.id), case.id)
                queue.append(each)
    for each in taken.values():
        await _join(uow, site, each, case.id, at)
        await leave(uow, site, each.id)
    await uow.alarms.save(list(taken.values()))
    return taken


async def _join(uow: UnitOfWork, site: Site, alarm: Alarm, case_id: str, at: datetime, actor: Actor = SYSTEM) -> bool:
    """Read again under the lock: it may have been settled meanwhile."""
    case = (await uow.cases.get([case_id], lock=True))[case_id]
    if case.state in SETTLED:
        return False
    told = await notify_of_places(uow, site, case, [alarm], actor, at=at)
    await uow.cases.add_alarms(case.id, [alarm.id])
    data = {"reason": "same_thing", "alarms": [alarm.id]}
    after, entry = moving.joined(case, at=at, actor=actor, data=data)
    await uow.cases.update(after, entry, seen=case.version)
    announce.alarm_changed(uow, alarm.id, "reported", at)
    announce.case_moved(uow, site, after, entry, alarm)
    await raise_case(uow, site, after, alarm, at=at, actor=actor, told=told)
    return True


async def raise_case(
    uow: UnitOfWork,
    site: Site,
    case: Case,
    alarm: Alarm,
    *,
    at: datetime,
    actor: Actor = SYSTEM,
    told: bool = False,
) -> None:
    """A case is at least as grave as each of its alarms. ``told``: who is under way has just heard of the alarm."""
    if case.state in SETTLED or graver(case.severity, alarm.severity) is case.severity:
        return
    after, entry = moving.raised(case, alarm.severity, at=at, policy=site.policy)
    await uow.cases.update(after, entry, seen=case.version)
    await set_clock(uow, after, site.policy)
    announce.case_moved(uow, site, after, entry, alarm)
    if not told:
        await notify_of_grade(uow, site, after, actor, at=at)


def _began(alarm: Alarm) -> tuple[datetime, str]:
    return alarm.started_at, alarm.id


def _grid(alarm: Alarm, cameras: Mapping[CameraKey, Camera]) -> str | None:
    camera = cameras.get(alarm.camera)
    return camera.grid if camera else None
