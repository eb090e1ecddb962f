"""Which alarms are one thing: near in place, kind and time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from lookout_contract.events import PlateStatus, Scenario
from lookout_server.domain.alarm import Alarm, Disposition
from lookout_server.domain.case import Case
from lookout_server.domain.policy import PANIC_STAGE
from lookout_server.domain.site_graph import SiteGraph


class Reach(StrEnum):
    """How far apart two alarms of one thing may be."""

    CAMERA = "camera"
    GRID = "grid"


@dataclass(frozen=True, kw_only=True)
class Near:
    """Alarms of one kind within this reach are the same thing, when one was last seen so short a time before the other
    began."""

    reach: Reach
    within: timedelta


#: A fire is seen by every camera around; all else by the one it happens before. Care is never correlated.
NEAR: Mapping[Scenario, Near] = {
    Scenario.FIRE_SMOKE: Near(reach=Reach.GRID, within=timedelta(minutes=30)),
    Scenario.GARBAGE: Near(reach=Reach.CAMERA, within=timedelta(minutes=30)),
    Scenario.CORRIDOR_EBIKE: Near(reach=Reach.CAMERA, within=timedelta(minutes=30)),
    Scenario.CAMERA_BLIND: Near(reach=Reach.CAMERA, within=timedelta(hours=1)),
    Scenario.KEY_AREA: Near(reach=Reach.CAMERA, within=timedelta(minutes=10)),
    Scenario.UNFAMILIAR_VEHICLE: Near(reach=Reach.CAMERA, within=timedelta(minutes=15)),
}
#: What goes from camera to camera, by the ways of the site graph.
TRAVELS = frozenset({Scenario.UNFAMILIAR_VEHICLE, Scenario.CORRIDOR_EBIKE, Scenario.KEY_AREA})
#: Ways in a row that a thing without a name may take between two alarms: one camera may overlook it. A plate is a name.
HOPS, HOPS_BY_NAME = 2, 16
#: A thing that has gone is reported as gone some seconds later, and the clocks of two cameras differ.
SLACK = timedelta(seconds=30)
#: So many alarms of one kind from one camera within ``FLAPS_WITHIN`` are one that flaps.
FLAPS_FROM = 5
FLAPS_WITHIN = timedelta(minutes=30)


def may_join(alarm: Alarm) -> bool:
    """Whether this alarm waits and can be part of a case that is there already. Each press of the button is its own."""
    return alarm.case_id is None and alarm.disposition is Disposition.OPEN and may_have_company(alarm)


def may_have_company(alarm: Alarm) -> bool:
    """Whether other alarms can be about the same thing."""
    return alarm.scenario in NEAR and alarm.attributes.stage != PANIC_STAGE


def travels(alarm: Alarm, graph: SiteGraph) -> bool:
    """Whether the thing may go on to another camera, or have come from one: an alarm in between may be the link."""
    return alarm.scenario in TRAVELS and may_have_company(alarm) and alarm.camera.path in graph.cameras


def same_thing(
    alarm: Alarm, grid: str | None, cases: Iterable[tuple[Case, Sequence[Alarm]]], graph: SiteGraph
) -> Case | None:
    """The live case, each with its alarms, to which this one, of a camera in ``grid``, belongs.

    Of several the one with the alarm that began nearest in time, before or after: some are told late. What people do to
    a case does not move it in time.
    """
    found: list[tuple[timedelta, Case]] = []
    for case, alarms in cases:
        same_grid = grid is not None and case.grid == grid
        mine = [other.started_at for other in alarms if one_thing(alarm, other, same_grid=same_grid, graph=graph)]
        if not alarms and same_grid and _told_by_people(alarm, case):
            mine = [case.opened_at]
        found += [(min(abs(alarm.started_at - began) for began in mine), case)] if mine else []
    nearest = max(found, key=lambda each: (-each[0], each[1].id), default=None)
    return nearest[1] if nearest is not None else None


def one_thing(one: Alarm, other: Alarm, *, same_grid: bool, graph: SiteGraph) -> bool:
    """Whether two alarms are about the same thing; which is given first makes no difference."""
    near = NEAR.get(one.scenario)
    if (
        near is None
        or one.scenario is not other.scenario
        or PANIC_STAGE in {one.attributes.stage, other.attributes.stage}
    ):
        return False
    plates = [name_of(one), name_of(other)]
    if one.scenario is Scenario.UNFAMILIAR_VEHICLE and (plates[0] is None or plates[0] != plates[1]):
        return False
    first, second = sorted((one, other), key=lambda alarm: (alarm.first_seen_at, alarm.id))
    here, there = first.camera.path, second.camera.path
    if here == there or graph.overlap(here, there) or (near.reach is Reach.GRID and same_grid):
        return second.first_seen_at - (first.ended_at or first.updated_at) <= near.within
    return one.scenario in TRAVELS and _came_over(first, second, graph, by_name=plates[0] is not None)


def longest_memory(graph: SiteGraph) -> timedelta:
    """For how long an alarm that was last told of may still be joined by another."""
    return max(graph.longest, *(near.within for near in NEAR.values()))


def _came_over(first: Alarm, second: Alarm, graph: SiteGraph, *, by_name: bool) -> bool:
    """Whether what ``first`` saw can be what ``second`` saw at another camera.

    What is still there cannot be elsewhere, unless it was found a moment ago and its end has not been told yet.
    """
    travel = graph.travel(first.camera.path, second.camera.path, HOPS_BY_NAME if by_name else HOPS)
    if travel is None:
        return False
    after = second.first_seen_at - (first.ended_at or first.started_at)
    return after <= travel and (by_name or after >= -SLACK)


def _told_by_people(alarm: Alarm, case: Case) -> bool:
    """Whether a case that somebody reported in words, without any alarm, may be about this: a fire in the same grid."""
    near = NEAR[alarm.scenario]
    apart = abs(alarm.started_at - case.opened_at)
    return case.scenario is alarm.scenario and near.reach is Reach.GRID and apart <= near.within


def name_of(alarm: Alarm) -> str | None:
    """What tells the thing from others of its kind: a vehicle's plate, once it was read."""
    plate = alarm.attributes.plate
    return plate.text if plate is not None and plate.status is not PlateStatus.UNREADABLE else None
