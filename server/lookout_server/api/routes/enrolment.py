"""A box exchanges its one-time code for what lets it in."""

from fastapi import APIRouter, Request, Response

from lookout_server.api.deps import Given
from lookout_server.api.models.enrolment import EnrolBody, EnrolledModel
from lookout_server.api.problems import errors
from lookout_server.errors import ForbiddenError, InvalidError, NotFoundError
from lookout_server.services import enrolment

router = APIRouter(prefix="/api/v1/enrol", tags=["estate"])

#: Failures count by address alone: whoever guesses codes has no name. No user name holds a space.
_ANYBODY = "enrol a box"


@router.post("", operation_id="enrolGateway", responses=errors("forbidden", "throttled", "too_large", "not_found"))
async def enrol_gateway(deps: Given, request: Request, response: Response, body: EnrolBody) -> EnrolledModel:
    """Use a code up: the box gets its certificate or password and its upload token, once."""
    if deps.door is None:
        raise NotFoundError("boxes are not enrolled here: ask where the dispatcher runs")
    now = deps.clock.now()
    address = request.client.host if request.client else ""
    deps.throttle.check(_ANYBODY, address, now)
    try:
        bundle = await enrolment.enrol(deps.store, deps.door, body.code, body.request, at=now)
    except (ForbiddenError, InvalidError):
        deps.throttle.failed(_ANYBODY, address, now)
        raise
    response.headers["Cache-Control"] = "no-store"
    return EnrolledModel.of(bundle)
