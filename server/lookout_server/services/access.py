"""What a person may see, from what the database knows of them."""

from collections.abc import Sequence
from datetime import datetime

from lookout_contract.events import Scenario
from lookout_server.domain.access import RESTRICTED, Access, access_of
from lookout_server.domain.alarm import Alarm
from lookout_server.domain.case import Case
from lookout_server.domain.territory import Person, Role
from lookout_server.errors import NotFoundError
from lookout_server.ports import UnitOfWork


async def access(uow: UnitOfWork, person: Person, at: datetime) -> Access:
    """One query more for those who have a place, and one for those cleared for care."""
    opened = await uow.care.open_to(person.id, at) if Role.CARE in person.roles else frozenset[str]()
    return access_of(person, await uow.territory.territories() if person.grids else (), opened)


async def visible_case(uow: UnitOfWork, case_id: str, by: Access, *, lock: bool = False) -> Case:
    """The case, or NotFoundError, also when this person may not see it: that it exists is not theirs to know."""
    found = await uow.cases.get([case_id], lock=lock)
    if case_id not in found or not by.sees(found[case_id]):
        raise NotFoundError(f"there is no case {case_id!r} that you can see")
    return found[case_id]


async def visible_alarm(uow: UnitOfWork, alarm_id: str, by: Access, *, lock: bool = False) -> Alarm:
    """The alarm, or NotFoundError, as with cases."""
    found = await uow.alarms.get([alarm_id], lock=lock)
    if alarm_id not in found or not by.sees_alarm(found[alarm_id].scenario, await grid_of(uow, found[alarm_id])):
        raise NotFoundError(f"there is no alarm {alarm_id!r} that you can see: it may be a typing mistake")
    return found[alarm_id]


async def grid_of(uow: UnitOfWork, alarm: Alarm) -> str | None:
    """Where the alarm's camera stands; None when nobody has placed it."""
    camera = (await uow.territory.cameras([alarm.camera])).get(alarm.camera)
    return camera.grid if camera else None


async def cleared_for(uow: UnitOfWork, case: Case) -> Sequence[Person]:
    """Those of the control room who see this care case."""
    people = [person for person in await uow.people.everyone(Role.CARE) if person.in_control_room]
    places = await uow.territory.territories() if any(person.grids for person in people) else ()
    return [person for person in people if access_of(person, places).sees(case)]


async def audience(uow: UnitOfWork, role: Role, grid: str | None, scenario: Scenario | None) -> Sequence[Person]:
    """Those with this role who may see what is to be told. When nobody may, everybody with the role: better that
    somebody hears of a thing that is not theirs than that nobody does. Care is told to the cleared alone.
    """
    people = await uow.people.everyone(role)
    places = await uow.territory.territories() if any(person.grids for person in people) else ()
    known = [access_of(person, places) for person in people]
    cleared = [each for each in known if each.admits(scenario)]
    near = [each.person for each in cleared if each.covers(grid)]
    if near or cleared or scenario not in RESTRICTED:
        return near or [each.person for each in cleared]
    return [person for person in await uow.people.everyone(Role.CARE) if person.in_control_room]
