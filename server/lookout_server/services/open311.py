"""Cases as service requests of Open311 GeoReport v2, and requests that become cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.domain.access import RESTRICTED, Access
from lookout_server.domain.case import Actor, Case, Source
from lookout_server.domain.moves import SETTLED
from lookout_server.domain.territory import Level, Site
from lookout_server.domain.topics import of_scenario
from lookout_server.errors import InvalidError, NotFoundError
from lookout_server.ports import CaseFilter, Page, Store, UnitOfWork
from lookout_server.services.access import visible_case
from lookout_server.services.opening import Told, open_told
from lookout_server.services.views import CaseView, case_views

#: What can be asked for from outside. Care is restricted, a blind camera is ours to see.
SERVICES = tuple(each for each in Scenario if each not in RESTRICTED and each is not Scenario.CAMERA_BLIND)
_GRADES = {Scenario.FIRE_SMOKE: Severity.RED, Scenario.GARBAGE: Severity.BLUE}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A request as somebody sends it. ``address_id`` is the id of a grid."""

    service: Scenario
    description: str
    address_id: str
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class ServiceRequest:
    """A case as a service request. ``words``: what was said when it began; None: nothing was, as by a camera."""

    view: CaseView
    words: str | None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which requests: of these kinds, open or closed, requested within the span."""

    services: frozenset[Scenario] | None = None
    open: bool | None = None
    first: datetime | None = None
    last: datetime | None = None
    limit: int = 200


async def requests(store: Store, by: Access, asked: Asked) -> Sequence[ServiceRequest]:
    """Newest first; those that the asking person sees, and never care."""
    services = asked.services or frozenset(SERVICES)
    states = None if asked.open is None else frozenset(s for s in CaseState if (s not in SETTLED) is asked.open)
    wanted = CaseFilter(
        visible_to=by, states=states, scenarios=services, opened_from=asked.first, opened_before=asked.last
    )
    async with store.read() as uow:
        return await _with_words(uow, await uow.cases.page(wanted, Page(limit=asked.limit)))


async def named_requests(store: Store, by: Access, case_ids: Sequence[str]) -> Sequence[ServiceRequest]:
    """These, in this order; what is none, or is not for the asking person, is left out."""
    async with store.read() as uow:
        found = await uow.cases.get(case_ids)
        seen = [found[id] for id in dict.fromkeys(case_ids) if id in found and by.sees(found[id])]
        return await _with_words(uow, [case for case in seen if case.scenario in SERVICES])


async def request(store: Store, by: Access, case_id: str) -> ServiceRequest:
    """One; NotFoundError for what is none of these kinds."""
    async with store.read() as uow:
        case = await visible_case(uow, case_id, by)
        if case.scenario not in SERVICES:
            raise NotFoundError(f"there is no request {case_id!r}")
        return (await _with_words(uow, [case]))[0]


async def _with_words(uow: UnitOfWork, cases: Sequence[Case]) -> list[ServiceRequest]:
    words = await uow.cases.first_words([case.id for case in cases])
    return [ServiceRequest(view=view, words=words.get(view.case.id)) for view in await case_views(uow, cases)]


async def open_request(store: Store, site: Site, by: Access, wanted: Wanted, *, at: datetime) -> Case:
    """A new case that somebody has yet to judge; those who look after the grid hear of it."""
    async with store.write() as uow:
        places = {place.id: place for place in await uow.territory.territories()}
        grid = places.get(wanted.address_id)
        if grid is None or grid.level is not Level.GRID or not by.covers(grid.id):
            raise InvalidError(f"address_id is the id of a grid of yours, and {wanted.address_id!r} is none")
        place = wanted.address or grid.name
        told = Told(
            source=Source.HOTLINE,
            topic=of_scenario(wanted.service),
            scene=place,
            words=wanted.description,
            severity=_GRADES.get(wanted.service, Severity.YELLOW),
            grid=grid.id,
            actor=Actor(person=by.person),
            scenario=wanted.service,
            data={"by": "open311"},
        )
        case = await open_told(uow, site, told, at=at)
        await uow.commit()
    return case
