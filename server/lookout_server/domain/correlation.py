"""Which alarms are one thing: near in place, kind and time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from lookout_contract.events import PlateStatus, Scenario
from lookout_server.domain.alarm import Alarm
from lookout_server.domain.case import Case
from lookout_server.domain.policy import PANIC_STAGE


class Reach(StrEnum):
    """How far apart two alarms of one thing may be."""

    CAMERA = "camera"
    GRID = "grid"


@dataclass(frozen=True, kw_only=True)
class Near:
    """Alarms of one kind within this reach, this long after the case was last touched, are the same thing."""

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
#: So many alarms of one kind from one camera within ``FLAPS_WITHIN`` are one that flaps.
FLAPS_FROM = 5
FLAPS_WITHIN = timedelta(minutes=30)


def may_join(alarm: Alarm) -> bool:
    """Whether this alarm can be part of a case that is there already. Each press of the button is its own case."""
    return alarm.case_id is None and alarm.scenario in NEAR and alarm.attributes.stage != PANIC_STAGE


def same_thing(alarm: Alarm, grid: str | None, cases: Iterable[tuple[Case, Alarm | None]]) -> Case | None:
    """The live case to which this alarm, of a camera in ``grid``, belongs; the one touched last when there are several.

    Each case comes with its first alarm, whose plate tells one vehicle from another.
    """
    near = NEAR.get(alarm.scenario)
    if near is None:
        return None
    found = [case for case, first in cases if _is_near(alarm, grid, case, near) and _may_be_one(alarm, first)]
    return max(found, key=lambda case: (case.updated_at, case.id), default=None)


def _is_near(alarm: Alarm, grid: str | None, case: Case, near: Near) -> bool:
    if case.scenario is not alarm.scenario or alarm.started_at - case.updated_at > near.within:
        return False
    if case.camera == alarm.camera:
        return True
    return near.reach is Reach.GRID and grid is not None and case.grid == grid


def _may_be_one(alarm: Alarm, first: Alarm | None) -> bool:
    """Vehicles are the same only if both plates were read alike."""
    if alarm.scenario is not Scenario.UNFAMILIAR_VEHICLE:
        return True
    plates = [each.attributes.plate for each in (alarm, first) if each is not None]
    read = [plate.text for plate in plates if plate is not None and plate.status is not PlateStatus.UNREADABLE]
    return len(read) == 2 and read[0] is not None and read[0] == read[1]
