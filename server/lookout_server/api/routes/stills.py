"""The newest picture of each camera: gateways bring them, the wall shows them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.base import Identifier, UtcTime
from lookout_server.api.models.stills import StillList, StillModel
from lookout_server.api.problems import errors
from lookout_server.api.security import ControlRoom, Uploader
from lookout_server.domain.territory import CameraKey
from lookout_server.errors import ForbiddenError, NotFoundError, WrongTypeError
from lookout_server.services import stills

router = APIRouter(prefix="/api/v1/stills", tags=["estate"])

_JPEG: dict[str, Any] = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}
_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": _JPEG}}


@router.put(
    "/{camera}",
    operation_id="putStill",
    status_code=204,
    openapi_extra=_BODY,
    responses=errors("forbidden", "csrf", "not_found", "too_large", "wrong_type"),
)
async def put_still(
    deps: Given, uploader: Uploader, request: Request, camera: Identifier, at: Annotated[UtcTime, Query()]
) -> None:
    """A gateway's newest picture of its camera, taken `at`; the one before it is forgotten."""
    kind, _, gateway = uploader.partition(":")
    if kind != "gateway":
        raise ForbiddenError("stills come from gateways, by their upload token")
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "image/jpeg":
        raise WrongTypeError("a still is image/jpeg: set Content-Type to that")
    key = CameraKey(gateway=gateway, id=camera)
    await stills.keep_still(deps.store, _stills(deps), key, await request.body(), at, at=deps.clock.now())


@router.get("", operation_id="listStills", responses=errors("forbidden"))
async def list_stills(deps: Given, access: ControlRoom) -> StillList:
    """When the newest picture of each camera of one's places was taken."""
    found = await stills.stills_for(deps.store, _stills(deps), access) if deps.stills else []
    return StillList(items=tuple(StillModel.of(key, at) for key, at in found))


@router.get(
    "/{gateway}/{camera}",
    operation_id="getStill",
    response_class=Response,
    responses={200: {"description": "The picture.", "content": _JPEG}, **errors("forbidden", "not_found")},
)
async def get_still(deps: Given, access: ControlRoom, gateway: Identifier, camera: Identifier) -> Response:
    """A camera's newest picture."""
    content = await stills.still_of(deps.store, _stills(deps), CameraKey(gateway=gateway, id=camera), access)
    # The address of a picture in the list changes with it.
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=300"})


def _stills(deps: Deps) -> stills.Stills:
    if deps.stills is None:
        raise NotFoundError("this dispatcher keeps no stills")
    return deps.stills
