"""Who could go, and why or why not: the facts for ``domain.choosing``, in a handful of queries however many people."""

from collections.abc import Sequence
from datetime import datetime

from lookout_server.domain.case import Case
from lookout_server.domain.choosing import Candidate, Facts, judge
from lookout_server.domain.roster import duty, worked
from lookout_server.domain.territory import FIELD, Level, Person, Role, Site, Territory, nearest_level, path_up
from lookout_server.domain.whereabouts import FRESH_FOR, away_m
from lookout_server.errors import NoCandidateError
from lookout_server.ports import UnitOfWork
from lookout_server.services.views import grids
from lookout_server.services.whereabouts import camera_of, spot_of


async def candidates(uow: UnitOfWork, site: Site, case: Case, *, at: datetime) -> list[Candidate]:
    """Whoever works in the case's grid or above it, and the workers of the grids beside it; the fittest first."""
    places = await grids(uow)
    camera = await camera_of(uow, case)
    path = path_up(camera.building if camera and camera.building else case.grid, places)
    people = await _people(uow, case, path, places)
    ids = [person.id for person in people]
    load = await uow.cases.load_of(ids)
    shifts = await uow.roster.shifts_of(ids, at=at)
    returned = await uow.cases.returned_by(case.id)
    spot = await spot_of(uow, case, camera)
    positions = await uow.whereabouts.of(ids, at - FRESH_FOR) if spot is not None else {}
    sent = await uow.cases.sent_for(case.id) - returned
    found = [
        judge(
            person,
            case,
            Facts(
                level=nearest_level(person, path),
                duty=duty(shifts.get(person.id, []), at),
                load=load.get(person.id, 0),
                returned=person.id in returned,
                silent=person.id in sent and person.id != case.handler,
                away_m=away_m(positions.get(person.id), spot, at),
                worked=worked(shifts.get(person.id, []), at),
            ),
            place=places[case.grid].name if case.grid in places else "",
            skills=site.policy.skills,
        )
        for person in people
    ]
    return sorted(found, key=lambda one: one.order)


async def best_candidate(uow: UnitOfWork, site: Site, case: Case, *, at: datetime) -> Person:
    """The fittest, other than who has it now. NoCandidateError when nobody fits."""
    for candidate in await candidates(uow, site, case, at=at):
        if candidate.fit and candidate.person.id != case.handler:
            return candidate.person
    where = f"grid {case.grid}" if case.grid else "a camera that has not been placed in a grid"
    raise NoCandidateError(f"nobody fits for {where}: name a worker by hand, or put one into the grid")


async def _people(
    uow: UnitOfWork, case: Case, path: tuple[Territory, ...], places: dict[str, Territory]
) -> Sequence[Person]:
    if not path:
        return await uow.people.everyone(Role.WORKER)
    above = {place.id for place in path}
    around = next((place.parent for place in path if place.level is Level.GRID), None)
    beside = {place.id for place in places.values() if place.level is Level.GRID and place.parent == around}
    known = await uow.people.working_in(above | beside)
    # A household head of another grid knows nobody there; a worker may help out.
    return [
        person
        for person in known
        if person.roles & FIELD and (Role.WORKER in person.roles or person.grids & above or person.id == case.handler)
    ]
