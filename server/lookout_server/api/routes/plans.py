"""Floor plans, and where cameras stand on them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import StringConstraints

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.base import Identifier
from lookout_server.api.models.plans import NewPlanModel, PlanList, PlanModel, StandingBody, StandingModel
from lookout_server.api.problems import errors
from lookout_server.api.security import ControlRoom, Lead
from lookout_server.domain.territory import CameraKey
from lookout_server.errors import NotFoundError
from lookout_server.services import plans

router = APIRouter(prefix="/api/v1/plans", tags=["estate"])

PlanId = Annotated[str, Path(pattern=r"^p-[0-9a-f]{20}$")]
PlanName = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True, pattern=r"^[^\x00]*$")]
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": dict.fromkeys(("image/jpeg", "image/png", "image/webp"), _BINARY)}
}


@router.get("", operation_id="listPlans", responses=errors("forbidden"))
async def list_plans(deps: Given, access: ControlRoom) -> PlanList:
    """The plans of one's places, with where the cameras stand."""
    return PlanList(items=tuple(PlanModel.of(view) for view in await plans.plans_for(deps.store, access)))


@router.post(
    "",
    operation_id="addPlan",
    status_code=201,
    openapi_extra=_BODY,
    responses=errors("forbidden", "csrf", "not_found", "too_large", "wrong_type"),
)
async def add_plan(
    deps: Given,
    access: Lead,
    request: Request,
    place: Annotated[Identifier, Query(description="Id of the place that it shows.")],
    name: Annotated[PlanName, Query()],
) -> NewPlanModel:
    """Add a plan; the body is its picture. What is kept is drawn anew, 2048 pixels at most."""
    content = await request.body()
    return NewPlanModel.of(await plans.add_plan(_shelf(deps), place, name, content, access, at=deps.clock.now()))


@router.get(
    "/{plan}/picture",
    operation_id="getPlanPicture",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The picture.", "content": {"image/jpeg": _BINARY}},
        **errors("forbidden", "not_found"),
    },
)
async def get_plan_picture(deps: Given, access: ControlRoom, plan: PlanId) -> Response:
    """A plan's picture, which never changes."""
    found = await plans.plan_of(deps.store, plan, access)
    size = await deps.evidence.size(found.sha256)
    if size is None:
        raise NotFoundError("the picture is gone from the evidence store: add the plan again")
    headers = {"Cache-Control": "private, max-age=31536000, immutable", "Content-Length": str(size)}
    return StreamingResponse(deps.evidence.read(found.sha256, 0, size), headers=headers, media_type="image/jpeg")


@router.delete(
    "/{plan}", operation_id="removePlan", status_code=204, responses=errors("forbidden", "csrf", "not_found")
)
async def remove_plan(deps: Given, access: Lead, plan: PlanId) -> None:
    """Remove a plan; the cameras on it stand on none from then on."""
    await plans.remove_plan(deps.store, plan, access)


@router.put(
    "/{plan}/cameras/{gateway}/{camera}",
    operation_id="placeCamera",
    responses=errors("forbidden", "csrf", "not_found", "too_large"),
)
async def place_camera(
    deps: Given, access: Lead, plan: PlanId, gateway: Identifier, camera: Identifier, body: StandingBody
) -> StandingModel:
    """Say where a camera stands and looks. It leaves the plan on which it stood before."""
    standing = body.standing(CameraKey(gateway=gateway, id=camera), plan)
    return StandingModel.of(await plans.place_camera(deps.store, standing, access, at=deps.clock.now()))


@router.delete(
    "/cameras/{gateway}/{camera}",
    operation_id="takeCameraOff",
    status_code=204,
    responses=errors("forbidden", "csrf", "not_found"),
)
async def take_camera_off(deps: Given, access: Lead, gateway: Identifier, camera: Identifier) -> None:
    """The camera stands on no plan any more."""
    await plans.take_off(deps.store, CameraKey(gateway=gateway, id=camera), access, at=deps.clock.now())


def _shelf(deps: Deps) -> plans.Shelf:
    return plans.Shelf(store=deps.store, files=deps.evidence, cleaner=deps.photos)
