"""Who could go, and why or why not."""

from dataclasses import dataclass

from lookout_server.domain.case import Case
from lookout_server.domain.territory import Person, Role
from lookout_server.domain.wording import REASONS, Words
from lookout_server.errors import NoCandidateError
from lookout_server.ports import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A stable code and its words."""

    code: str
    words: Words


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A worker; ``fit`` when nothing speaks against them."""

    person: Person
    reasons: tuple[Reason, ...]
    why_not: tuple[Reason, ...]
    load: int

    @property
    def fit(self) -> bool:
        """Whether they may be chosen without a second thought."""
        return not self.why_not


async def candidates(uow: UnitOfWork, case: Case) -> list[Candidate]:
    """All workers, the fittest first: in the grid, then few cases in hand, then by name."""
    workers = await uow.people.everyone(Role.WORKER)
    load = await uow.cases.load_of([person.id for person in workers])
    returned = await uow.cases.returned_by(case.id)
    places = {place.id: place.name for place in await uow.territory.territories()}
    grid = places.get(case.grid or "", case.grid or "")
    found = [_candidate(person, case, grid, load.get(person.id, 0), person.id in returned) for person in workers]
    return sorted(found, key=lambda one: (not one.fit, one.load, one.person.name, one.person.id))


async def best_candidate(uow: UnitOfWork, case: Case) -> Person:
    """The fittest, other than who has it now. NoCandidateError when nobody fits."""
    for candidate in await candidates(uow, case):
        if candidate.fit and candidate.person.id != case.handler:
            return candidate.person
    where = f"grid {case.grid}" if case.grid else "a camera that has not been placed in a grid"
    raise NoCandidateError(f"nobody fits for {where}: name a worker by hand, or put one into the grid")


def _candidate(person: Person, case: Case, grid: str, load: int, returned: bool) -> Candidate:
    reasons = [Reason(code="load", words=REASONS["load"].fill(count=load))]
    why_not: list[Reason] = []
    if case.grid is None:
        why_not.append(Reason(code="no_grid", words=REASONS["no_grid"]))
    elif case.grid in person.grids:
        reasons.insert(0, Reason(code="in_grid", words=REASONS["in_grid"].fill(grid=grid)))
    else:
        why_not.append(Reason(code="not_in_grid", words=REASONS["not_in_grid"]))
    if returned:
        why_not.append(Reason(code="returned", words=REASONS["returned"]))
    return Candidate(person=person, reasons=tuple(reasons), why_not=tuple(why_not), load=load)
