"""Volunteers, their teams by skill, and points 道德银行."""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints

from lookout_server.api.deps import Given
from lookout_server.api.models.base import Identifier, Model, Reason, RequestModel, UtcTime, shown
from lookout_server.api.problems import errors
from lookout_server.api.security import ControlRoom, SignedIn
from lookout_server.domain.volunteers import MOST_POINTS, Points, Volunteer, teams
from lookout_server.services.volunteers import give, save, visible

router = APIRouter(prefix="/api/v1/volunteers", tags=["rounds"])

VolunteerId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", examples=["v-zhou"])]
Skill = Annotated[Reason, Field(max_length=40)]
#: Lines of a ledger that are shown.
_SHOWN = 200
_VOLUNTEER: dict[str, Any] = {
    "id": "v-zhou",
    "name": "周阿姨",
    "grid": "grid-07",
    "skills": ["first_aid", "mediation"],
    "active": True,
}
_SHOWN_VOLUNTEER = {**_VOLUNTEER, "points": 12}
_LINE: dict[str, Any] = {"id": "p-3f6d0c1be2a94d7781c03f6d", "points": 2, "reason": "清扫楼道"}
_SHOWN_LINE = {**_LINE, "by": "u-wangfang", "at": "2026-11-22T06:20:00.000Z"}


class VolunteerBody(RequestModel):
    """Somebody who helps; an id that exists changes that one."""

    model_config = shown(_VOLUNTEER, request=True)

    id: Identifier = Field(default_factory=lambda: f"v-{secrets.token_hex(10)}")
    name: Annotated[Reason, Field(max_length=100)]
    grid: Identifier
    skills: Annotated[frozenset[Skill], Field(max_length=30)] = frozenset()
    active: bool = True


class VolunteerModel(Model):
    """A volunteer and their points."""

    model_config = shown(_SHOWN_VOLUNTEER)

    id: str
    name: str
    grid: str
    skills: tuple[str, ...]
    active: bool
    points: int

    @classmethod
    def of(cls, volunteer: Volunteer, points: int) -> "VolunteerModel":
        """From the domain's value."""
        return cls(
            id=volunteer.id,
            name=volunteer.name,
            grid=volunteer.grid,
            skills=tuple(sorted(volunteer.skills)),
            active=volunteer.active,
            points=points,
        )


class VolunteerList(Model):
    """By name."""

    model_config = shown({"items": [_SHOWN_VOLUNTEER]})

    items: tuple[VolunteerModel, ...]


class TeamModel(Model):
    """Everybody active with a skill."""

    skill: str
    members: tuple[VolunteerModel, ...]


class TeamList(Model):
    """The largest first."""

    model_config = shown({"items": [{"skill": "first_aid", "members": [_SHOWN_VOLUNTEER]}]})

    items: tuple[TeamModel, ...]


class PointsBody(RequestModel):
    """Points for something, or spent on something. `id` is the client's own; sending it again is the same line."""

    model_config = shown(_LINE, request=True)

    id: Annotated[str, StringConstraints(pattern=r"^p-[0-9a-f]{24}$")] = Field(
        default_factory=lambda: f"p-{secrets.token_hex(12)}"
    )
    points: Annotated[int, Field(ge=-MOST_POINTS, le=MOST_POINTS)]
    reason: Reason


class LineModel(Model):
    """A line of the ledger; none is ever changed."""

    id: str
    points: int
    reason: str
    by: str
    at: UtcTime


class PointsModel(Model):
    """A volunteer's ledger, newest first, and what it adds up to."""

    model_config = shown({"volunteer": "v-zhou", "balance": 12, "lines": [_SHOWN_LINE]})

    volunteer: str
    balance: int
    lines: tuple[LineModel, ...]


@router.get("", operation_id="listVolunteers", responses=errors())
async def list_volunteers(deps: Given, signed_in: SignedIn) -> VolunteerList:
    """Volunteers of one's places, with their points."""
    return VolunteerList(items=await _volunteers(deps, signed_in))


@router.get("/teams", operation_id="listVolunteerTeams", responses=errors())
async def list_volunteer_teams(deps: Given, signed_in: SignedIn) -> TeamList:
    """Who can be asked for what: the active volunteers of one's places by skill."""
    async with deps.store.read() as uow:
        found = teams(await uow.volunteers.volunteers(signed_in.access.places))
    shown_as = {each.id: each for each in await _volunteers(deps, signed_in)}
    return TeamList(
        items=tuple(TeamModel(skill=team.skill, members=tuple(shown_as[m.id] for m in team.members)) for team in found)
    )


@router.post("", operation_id="saveVolunteer", responses=errors("forbidden", "csrf", "too_large"))
async def save_volunteer(deps: Given, signed_in: SignedIn, body: VolunteerBody) -> VolunteerModel:
    """Add a volunteer to one's places, or change one; for workers and the control room."""
    kept = await save(deps.store, Volunteer(**dict(body)), signed_in.access)
    async with deps.store.read() as uow:
        points = await uow.volunteers.balances([kept.id])
    return VolunteerModel.of(kept, points.get(kept.id, 0))


@router.get("/{volunteer_id}/points", operation_id="getPoints", responses=errors("not_found"))
async def get_points(deps: Given, signed_in: SignedIn, volunteer_id: VolunteerId) -> PointsModel:
    """A volunteer's ledger."""
    async with deps.store.read() as uow:
        await visible(uow, volunteer_id, signed_in.access)
        lines = await uow.volunteers.lines(volunteer_id, _SHOWN)
        balance = (await uow.volunteers.balances([volunteer_id])).get(volunteer_id, 0)
    rows = tuple(
        LineModel(id=each.id, points=each.points, reason=each.reason, by=each.by, at=each.at) for each in lines
    )
    return PointsModel(volunteer=volunteer_id, balance=balance, lines=rows)


@router.post(
    "/{volunteer_id}/points",
    operation_id="givePoints",
    status_code=201,
    responses=errors("forbidden", "csrf", "not_found", "conflict", "too_large"),
)
async def give_points(
    deps: Given, by: ControlRoom, signed_in: SignedIn, volunteer_id: VolunteerId, body: PointsBody
) -> PointsModel:
    """Add a line: points given, or spent (below 0), never more than there are. For the control room."""
    line = Points(
        id=body.id,
        volunteer=volunteer_id,
        points=body.points,
        reason=body.reason,
        by=by.person.id,
        at=deps.clock.now(),
    )
    await give(deps.store, line, by)
    return await get_points(deps, signed_in, volunteer_id)


async def _volunteers(deps: Given, signed_in: SignedIn) -> tuple[VolunteerModel, ...]:
    async with deps.store.read() as uow:
        found = await uow.volunteers.volunteers(signed_in.access.places)
        points = await uow.volunteers.balances([each.id for each in found])
    return tuple(VolunteerModel.of(each, points.get(each.id, 0)) for each in found)
