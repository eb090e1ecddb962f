"""Who may see what: role × territory × care, decided here and nowhere else.

Every route, list, count, file, line of the feed and notice asks an ``Access``, which is worked out once for a request.
The database asks the same question in SQL (``adapters/database/visibility.py``); a test compares the two.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from lookout_contract.events import Scenario
from lookout_server.domain.case import Case
from lookout_server.domain.moves import SETTLED
from lookout_server.domain.territory import FIELD, Person, Role, Territory

#: What only those see who are cleared for it (``Role.CARE``).
RESTRICTED = frozenset({Scenario.CARE})


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a person may see.

    ``places``: ids of where the person works and of everything below; None: the whole site, for the control room.
    ``opened``: ids of care cases whose record a second person has opened to them, now.
    """

    person: Person
    places: frozenset[str] | None
    opened: frozenset[str] = frozenset()

    @cached_property
    def reach(self) -> tuple[bool, bool, frozenset[str] | None]:
        """Who has the same sees the same of all that is no case."""
        return self.person.in_control_room, self.cleared, self.places

    @property
    def cleared(self) -> bool:
        """Whether care alarms and cases are shown at all."""
        return Role.CARE in self.person.roles

    def covers(self, grid: str | None) -> bool:
        """Whether what happens in this grid is theirs. What nobody has placed yet is the whole control room's."""
        if self.places is None:
            return True
        return self.person.in_control_room if grid is None else grid in self.places

    def reaches(self, grids: Iterable[str | None]) -> bool:
        """Whether a gateway is theirs that has cameras in these grids. One without cameras is anybody's."""
        found = set(grids)
        return not found or any(self.covers(grid) for grid in found)

    def admits(self, scenario: Scenario | None) -> bool:
        """Whether things of this kind are for them, wherever they are."""
        return scenario not in RESTRICTED or self.cleared

    def sees_alarm(self, scenario: Scenario, grid: str | None) -> bool:
        """Alarms are for the control room of the place where they are."""
        return self.person.in_control_room and self.covers(grid) and self.admits(scenario)

    def sees(self, case: Case) -> bool:
        """Whether they may know of the case.

        The control room and workers those of their places, and whoever has a case or was called to it. A care case:
        who is cleared, whoever has it or was called to it until it is settled, and to whom it was opened.
        """
        if case.scenario in RESTRICTED:
            return self.opens(case) or (self.cleared and self._is_near(case))
        return self._concerned(case) or self._is_near(case)

    def opens(self, case: Case) -> bool:
        """Whether they may see all of it: notes, history, files. Of a care case two people have to agree to that."""
        if case.scenario not in RESTRICTED:
            return self.sees(case)
        return case.id in self.opened or (self._concerned(case) and case.state not in SETTLED)

    def knows(self, other: Person) -> bool:
        """Whether another account is theirs to look after: those of their places, and themselves."""
        return self.places is None or other.id == self.person.id or bool(other.grids & self.places)

    def _concerned(self, case: Case) -> bool:
        return case.handler == self.person.id or any(each.person == self.person.id for each in case.whistles)

    def _is_near(self, case: Case) -> bool:
        if self.person.in_control_room:
            return self.covers(case.grid)
        return bool(self.person.roles & FIELD) and case.grid is not None and self.covers(case.grid)


def access_of(person: Person, territories: Iterable[Territory], opened: frozenset[str] = frozenset()) -> Access:
    """What a person may see, given all places, parents before children. Who is named no place in the control room
    looks after the whole site; a worker without a place sees what they are sent to. Places open nothing to departments
    and auditors, whose work is not of a place.
    """
    if not person.grids or not (person.in_control_room or person.roles & FIELD):
        return Access(person=person, places=None if person.in_control_room else frozenset(), opened=opened)
    places = set(person.grids)
    for place in territories:
        if place.parent in places:
            places.add(place.id)
    return Access(person=person, places=frozenset(places), opened=opened)
