"""Red alarms as other warning systems take them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lookout_contract.events import Severity
from lookout_server.domain.access import RESTRICTED, Access
from lookout_server.domain.alarm import Alarm
from lookout_server.domain.cap import Where, cap
from lookout_server.domain.territory import Site, path_up
from lookout_server.errors import NotFoundError
from lookout_server.ports import AlarmFilter, Page, Store, UnitOfWork
from lookout_server.services.access import visible_alarm
from lookout_server.services.views import grids

#: How far back the list of red alarms goes.
LISTED = timedelta(hours=24)
_MOST = 200


@dataclass(frozen=True, kw_only=True)
class RedAlarm:
    """A red alarm and its title."""

    alarm: Alarm
    where: Where


async def cap_of(store: Store, site: Site, alarm_id: str, by: Access) -> bytes:
    """A red alarm in CAP 1.2. NotFoundError for one that is not red, as for one that cannot be seen."""
    async with store.read() as uow:
        alarm = await visible_alarm(uow, alarm_id, by)
        if alarm.severity is not Severity.RED or alarm.scenario in RESTRICTED:
            raise NotFoundError(f"alarm {alarm_id} is no warning: red ones are, and never those of care")
        where = await _where(uow, site, [alarm])
    return cap(alarm, where[0], sender=sender_of(site))


async def red_alarms(store: Store, site: Site, by: Access, *, at: datetime) -> Sequence[RedAlarm]:
    """Red alarms of the last day that somebody may see, newest first."""
    async with store.read() as uow:
        wanted = AlarmFilter(visible_to=by, severity=Severity.RED, told_since=at - LISTED)
        found = await uow.alarms.page(wanted, Page(limit=_MOST))
        alarms = [alarm for alarm in found if alarm.scenario not in RESTRICTED]
        places = await _where(uow, site, alarms)
    return [RedAlarm(alarm=alarm, where=where) for alarm, where in zip(alarms, places, strict=True)]


def sender_of(site: Site) -> str:
    """How the dispatcher calls itself towards warning systems."""
    return f"lookout@{site.id}"


async def _where(uow: UnitOfWork, site: Site, alarms: Sequence[Alarm]) -> list[Where]:
    cameras = await uow.territory.cameras({alarm.camera for alarm in alarms})
    places = await grids(uow) if alarms else {}
    found: list[Where] = []
    for alarm in alarms:
        camera = cameras.get(alarm.camera)
        grid = camera.grid if camera else None
        names = tuple(place.name for place in path_up(grid, places))
        name = camera.name if camera else alarm.camera.id
        spot = camera.spot if camera else None
        found.append(Where(site=site.id, site_name=site.name, camera=name, places=names, grid=grid, spot=spot))
    return found
