"""Cameras, gateways, people and the overview."""

from typing import Annotated

from fastapi import APIRouter, Query

from lookout_server.api.deps import Given
from lookout_server.api.models.accounts import PeopleList, PersonModel
from lookout_server.api.models.estate import (
    CameraList,
    CameraModel,
    GatewayList,
    GatewayModel,
    OverviewModel,
)
from lookout_server.api.models.territory import TerritoryList, TerritoryModel
from lookout_server.api.models.timers import TimersModel
from lookout_server.api.problems import errors
from lookout_server.api.security import ControlRoom, SignedIn
from lookout_server.domain.territory import Role
from lookout_server.services.overview import overview
from lookout_server.services.timers import STALLED_AFTER
from lookout_server.services.views import camera_views, gateway_views

router = APIRouter(prefix="/api/v1", tags=["estate"])


@router.get("/cameras", operation_id="listCameras", responses=errors("forbidden"))
async def list_cameras(deps: Given, access: ControlRoom) -> CameraList:
    """The cameras of one's places and whether they are being watched."""
    async with deps.store.read() as uow:
        found = await camera_views(uow)
    return CameraList(items=tuple(CameraModel.of(view) for view in found if access.covers(view.camera.grid)))


@router.get("/gateways", operation_id="listGateways", responses=errors("forbidden"))
async def list_gateways(deps: Given, access: ControlRoom) -> GatewayList:
    """The gateways of one's places, what waits on them and what is missing."""
    async with deps.store.read() as uow:
        found = await gateway_views(uow, at=deps.clock.now())
    return GatewayList(items=tuple(GatewayModel.of(view) for view in found if access.reaches(view.grids)))


@router.get("/territories", operation_id="listTerritories", responses=errors("forbidden"))
async def list_territories(deps: Given, access: ControlRoom) -> TerritoryList:
    """The places that are the asking person's, to choose one from."""
    async with deps.store.read() as uow:
        found = await uow.territory.territories()
    return TerritoryList(items=tuple(TerritoryModel.of(place) for place in found if access.covers(place.id)))


@router.get("/people", operation_id="listPeople", responses=errors("forbidden"))
async def list_people(deps: Given, access: ControlRoom, role: Annotated[Role | None, Query()] = None) -> PeopleList:
    """The people of one's places, by name."""
    async with deps.store.read() as uow:
        found = await uow.people.everyone(role)
    return PeopleList(items=tuple(PersonModel.of(person) for person in found if access.knows(person)))


@router.get("/overview", operation_id="getOverview", responses=errors())
async def get_overview(deps: Given, signed_in: SignedIn) -> OverviewModel:
    """How things stand, and the feed's number to follow from."""
    async with deps.store.read() as uow:
        return OverviewModel.of(await overview(uow, signed_in.access), deps.site)


@router.get("/timers", operation_id="getTimers", responses=errors("forbidden"))
async def get_timers(deps: Given, _access: ControlRoom) -> TimersModel:
    """How many timers run, and which have stalled."""
    async with deps.store.read() as uow:
        return TimersModel.of(await uow.deadlines.health(late_since=deps.clock.now() - STALLED_AFTER))
