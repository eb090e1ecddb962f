"""What ``domain.access`` decides, as conditions of queries."""

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true

from lookout_server.adapters.database.tables import AlarmRow, CameraRow, CaseRow, WhistleRow
from lookout_server.domain.access import RESTRICTED, Access
from lookout_server.domain.moves import SETTLED
from lookout_server.domain.territory import FIELD

_RESTRICTED = sorted(scenario.value for scenario in RESTRICTED)
_SETTLED = sorted(state.value for state in SETTLED)


def cases_seen(access: Access) -> ColumnElement[bool] | None:
    """The cases that ``Access.sees``; None: all of them."""
    if access.places is None and access.cleared:
        return None
    person = access.person
    called = select(WhistleRow.case_id).where(WhistleRow.person_id == person.id)
    concerned = or_(CaseRow.handler == person.id, CaseRow.id.in_(called))
    plain = or_(CaseRow.scenario.is_(None), CaseRow.scenario.not_in(_RESTRICTED))
    near = _near(access)
    restricted: list[ColumnElement[bool]] = [and_(concerned, CaseRow.state.not_in(_SETTLED))]
    if access.opened:
        restricted.append(CaseRow.id.in_(sorted(access.opened)))
    if access.cleared:
        restricted.append(near)
    return or_(and_(plain, or_(concerned, near)), and_(CaseRow.scenario.in_(_RESTRICTED), or_(*restricted)))


def alarms_seen(access: Access) -> ColumnElement[bool] | None:
    """The alarms that ``Access.sees_alarm``; None: all of them."""
    if not access.person.in_control_room:
        return false()
    asked: list[ColumnElement[bool]] = []
    if not access.cleared:
        asked.append(AlarmRow.scenario.not_in(_RESTRICTED))
    if access.places is not None:
        elsewhere = exists().where(
            CameraRow.gateway == AlarmRow.gateway,
            CameraRow.id == AlarmRow.camera,
            CameraRow.grid.is_not(None),
            CameraRow.grid.not_in(sorted(access.places)),
        )
        asked.append(~elsewhere)
    return and_(*asked) if asked else None


def _near(access: Access) -> ColumnElement[bool]:
    if access.places is None:
        return true()
    placed = CaseRow.grid.in_(sorted(access.places))
    if access.person.in_control_room:
        return or_(placed, CaseRow.grid.is_(None))
    return placed if access.person.roles & FIELD else false()
