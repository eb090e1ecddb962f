"""Alarms that go from one case to another, or come back: merging, splitting, reopening, taking a judgement back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from lookout_contract.cases import CaseState
from lookout_contract.events import Severity
from lookout_server.domain import moving, policy
from lookout_server.domain.alarm import Alarm, Disposition, reported
from lookout_server.domain.case import Actor, Case
from lookout_server.domain.correlation import one_thing
from lookout_server.domain.moves import SETTLED
from lookout_server.domain.taking_back import taken_back
from lookout_server.domain.territory import Site
from lookout_server.errors import ConflictError
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.access import visible_case
from lookout_server.services.alarming import leave
from lookout_server.services.commands import send_verdict
from lookout_server.services.concerning import notify_of_grade, notify_of_merged, notify_of_places
from lookout_server.services.handling import Order, keep_move, tell, with_alarms, with_all_alarms
from lookout_server.services.reporting import open_case
from lookout_server.services.timing import set_clock


async def merge(store: Store, site: Site, order: Order) -> None:
    """并案: the case ends, and another goes on with its alarms. ConflictError when that one is settled."""
    async with store.write() as uow:
        case, _ = await with_alarms(uow, order)
        into = await visible_case(uow, order.details.into or order.case_id, order.access)
        after, entry = moving.move(case, order.request, site.policy)
        if into.state in SETTLED:
            raise ConflictError(f"case {into.number} is settled: reopen it, or merge the other way round")
        await keep_move(uow, site, case, after, entry)
        await uow.cases.release_alarms(case.id, released=True)
        by = Actor(person=order.person)
        told = await notify_of_merged(uow, site, into, case, by, at=order.at)
        await _take(uow, site, into, case.alarms, order, {"from": case.id}, least=case.severity, told=told)
        await uow.commit()


async def split(store: Store, site: Site, order: Order) -> str:
    """拆分: some of the alarms become a case of their own; its id."""
    async with store.write() as uow:
        case, alarms = await with_alarms(uow, order)
        after, entry = moving.move(case, order.request, site.policy)
        await keep_move(uow, site, case, after, entry)
        leaving = order.details.alarms
        await uow.cases.drop_alarms(case.id, leaving)
        first, *others = [replace(alarms[name], case_id=None) for name in leaving]
        made = await open_case(uow, site, first, Actor(person=order.person), at=order.at, afresh=True)
        if others:
            await _take(uow, site, made, [alarm.id for alarm in others], order, {"from": case.id})
        await uow.commit()
    return made.id


async def reopen(store: Store, site: Site, order: Order) -> None:
    """Back to confirmed. A void or merged case takes its alarms back, unless one is another case's by now.

    A merged one also takes what joined the other case since and is about its thing alone.
    """
    async with store.write() as uow:
        case, known = await with_all_alarms(uow, order)
        alarms = {name: known[name] for name in case.alarms}
        after, entry = moving.move(case, order.request, site.policy)
        await keep_move(uow, site, case, after, entry)
        _still_theirs(case, alarms.values())
        since = await _take_back(uow, site, case, known, order)
        await _have_again(uow, site, case, alarms.values(), order)
        if since:
            await _take(uow, site, after, since, order, {"from": case.merged_into})
        await uow.commit()


async def take_back(store: Store, site: Site, order: Order) -> None:
    """撤回: whoever confirmed or voided the case has it as it was before, with its alarms."""
    async with store.write() as uow:
        case, alarms = await with_alarms(uow, order)
        after, entry = taken_back(case, order.request, await uow.cases.history(case.id))
        await keep_move(uow, site, case, after, entry)
        if case.state is CaseState.VOID:
            _still_theirs(case, alarms.values())
            await _have_again(uow, site, case, alarms.values(), order)
        await uow.commit()


def _still_theirs(case: Case, alarms: Iterable[Alarm]) -> None:
    for alarm in alarms:
        if alarm.case_id not in {None, case.id, case.merged_into}:
            raise ConflictError(f"its alarm belongs to case {alarm.case_id} by now: go on with that one")


async def _have_again(uow: UnitOfWork, site: Site, case: Case, alarms: Iterable[Alarm], order: Order) -> None:
    """The alarms of a case that was void or merged are its own again."""
    await uow.cases.release_alarms(case.id, released=False)
    opened = [replace(alarm, disposition=Disposition.OPEN) for alarm in alarms]
    await uow.alarms.save([reported(alarm, case.id) for alarm in opened])
    for alarm in opened:
        await leave(uow, site, alarm.id)
        announce.alarm_changed(uow, alarm.id, "reported", order.at)
        if case.state is CaseState.VOID:
            # With the case it was told to be false; its gateway would propose to leave such things out.
            await send_verdict(uow, site, alarm, None, at=order.at)


async def _take_back(
    uow: UnitOfWork, site: Site, case: Case, known: Mapping[str, Alarm], order: Order
) -> Sequence[str]:
    """The alarms of a case that was merged leave the one that went on with them; those of others that leave as well."""
    own = [name for name in case.alarms if known[name].case_id == case.merged_into]
    if case.merged_into is None or not own:
        return ()
    into = (await uow.cases.get([case.merged_into]))[case.merged_into]
    since = await _companions(uow, site, [known[name] for name in own], [known[n] for n in into.alarms if n in known])
    theirs = [*own, *since]
    await uow.cases.drop_alarms(into.id, theirs)
    left = replace(into, alarms=tuple(alarm for alarm in into.alarms if alarm not in theirs))
    told, entry = moving.joined(
        left, at=order.at, actor=Actor(person=order.person), data={"back": case.id, "alarms": theirs}
    )
    await uow.cases.update(told, entry, seen=into.version)
    await tell(uow, site, told, entry)
    return since


async def _companions(uow: UnitOfWork, site: Site, own: Sequence[Alarm], all_of: Sequence[Alarm]) -> list[str]:
    """Of the alarms of a case those that joined after ``own`` did and are one thing with them, and with no other."""
    cameras = await uow.territory.cameras({alarm.camera for alarm in all_of})
    grids = {alarm.id: camera.grid if (camera := cameras.get(alarm.camera)) else None for alarm in all_of}

    def linked(alarm: Alarm, others: Sequence[Alarm]) -> bool:
        grid, graph = grids[alarm.id], site.policy.graph
        return any(
            one_thing(alarm, other, same_grid=grid is not None and grid == grids[other.id], graph=graph)
            for other in others
        )

    mine, rest, since = list(own), list[Alarm](), list[str]()
    last = max(place for place, alarm in enumerate(all_of) if alarm in own)
    for place, alarm in enumerate(all_of):
        if alarm in own:
            continue
        if place > last and linked(alarm, mine) and not linked(alarm, rest):
            mine.append(alarm)
            since.append(alarm.id)
        else:
            rest.append(alarm)
    return since


async def _take(
    uow: UnitOfWork,
    site: Site,
    into: Case,
    alarms: Sequence[str],
    order: Order,
    data: dict[str, object],
    *,
    least: Severity = Severity.BLUE,
    told: bool = False,
) -> None:
    """``least``: how grave it is from now on; ``told``: who is under way has heard of what comes."""
    by = Actor(person=order.person)
    found = await uow.alarms.get(alarms, lock=True)
    told = await notify_of_places(uow, site, into, found.values(), by, at=order.at) or told
    await uow.cases.add_alarms(into.id, [name for name in alarms if name in found])
    await uow.alarms.save([replace(alarm, case_id=into.id) for alarm in found.values()])
    grown = replace(into, alarms=(*into.alarms, *found))
    after, entry = moving.joined(grown, at=order.at, actor=by, data={**data, "alarms": sorted(found)})
    await uow.cases.update(after, entry, seen=into.version)
    await tell(uow, site, after, entry)
    grade = policy.graver(into.severity, least)
    for alarm in found.values():
        grade = policy.graver(grade, alarm.severity)
        announce.alarm_changed(uow, alarm.id, "reported", order.at)
    if grade is not into.severity:
        graver, entry = moving.raised(after, grade, at=order.at, policy=site.policy)
        await uow.cases.update(graver, entry, seen=after.version)
        await set_clock(uow, graver, site.policy)
        await tell(uow, site, graver, entry)
        if not told:
            await notify_of_grade(uow, site, graver, by, at=order.at)
