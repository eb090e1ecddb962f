"""Live view: the browser's end of a camera's stream, and the gateway's."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.base import Identifier
from lookout_server.api.problems import errors
from lookout_server.api.security import Caller, ControlRoom, SignedIn, Uploader
from lookout_server.domain.territory import CameraKey
from lookout_server.errors import ForbiddenError, StoreError, UnauthenticatedError
from lookout_server.services import accounts, live

router = APIRouter(prefix="/api/v1", tags=["estate"])

_MP4: dict[str, Any] = {"video/mp4": {"schema": {"type": "string", "format": "binary"}}}
#: A revoked session sees no more after this.
_CHECK_EVERY_S = 30.0
_WAIT_S = 5.0


@router.get(
    "/cameras/{gateway}/{camera}/live",
    operation_id="watchCamera",
    response_class=StreamingResponse,
    responses={
        200: {"description": "Fragments of MP4 as the camera encodes them, for ten minutes.", "content": _MP4},
        **errors("forbidden", "not_found", "no_picture"),
    },
)
async def watch_camera(
    deps: Given, _access: ControlRoom, signed_in: SignedIn, gateway: Identifier, camera: Identifier
) -> StreamingResponse:
    """What a camera sees now. Its gateway is asked for the stream, which ends when nobody looks any more."""
    key = CameraKey(gateway=gateway, id=camera)
    now = deps.clock.now()
    viewer, first = await live.begin(deps.live, deps.store, deps.site, key, signed_in.access, at=now)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_pieces(deps, signed_in, viewer, first), headers=headers, media_type="video/mp4")


@router.post(
    "/live/{session}",
    operation_id="sendStream",
    status_code=204,
    openapi_extra={"requestBody": {"required": True, "content": _MP4}},
    responses=errors("forbidden", "csrf", "not_found", "conflict"),
)
async def send_stream(
    deps: Given,
    uploader: Uploader,
    request: Request,
    session: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")],
) -> Response:
    """A gateway's answer to the command `live`: the stream in fragments of MP4, until it is answered."""
    kind, _, gateway = uploader.partition(":")
    if kind != "gateway":
        raise ForbiddenError("streams come from gateways, by their upload token")
    await deps.live.take(session, gateway, request.stream())
    # What the gateway has not sent yet is wanted by nobody.
    return Response(status_code=204, headers={"Connection": "close"})


async def _pieces(deps: Deps, signed_in: Caller, viewer: live.Viewer, first: bytes) -> AsyncGenerator[bytes]:
    clock = asyncio.get_running_loop().time
    until, check_at = clock() + live.LOOK_S, clock() + _CHECK_EVERY_S
    try:
        yield first
        while clock() < until:
            content = await viewer.next(_WAIT_S)
            if content is not None:
                yield content
            elif viewer.stream.ended:
                return
            if clock() >= check_at:
                check_at = clock() + _CHECK_EVERY_S
                await accounts.whose_access(deps.store, signed_in.token, at=deps.clock.now())
    except (StoreError, UnauthenticatedError):
        # The stream just ends; asking for another says why.
        return
    finally:
        deps.live.leave(viewer)
