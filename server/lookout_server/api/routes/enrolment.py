"""Letting boxes in: an admin has a one-time code made, a box exchanges it for what lets it in."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.base import Identifier
from lookout_server.api.models.enrolment import EnrolBody, EnrolledModel, OfferBody, OfferModel
from lookout_server.api.problems import errors
from lookout_server.api.rate import whence
from lookout_server.api.security import Administrator
from lookout_server.errors import ForbiddenError, InvalidError, NotFoundError
from lookout_server.services import enrolment
from lookout_server.services.enrolment import Door

router = APIRouter(prefix="/api/v1", tags=["estate"])

#: Failures count by address alone: whoever guesses codes has no name. No user name holds a space.
_ANYBODY = "enrol a box"
#: Long enough to carry the code to the box, as at the command line.
_OFFER_LASTS = timedelta(hours=24)
_CHANGE = ("forbidden", "csrf", "not_found")


@router.post("/enrolments", operation_id="offerEnrolment", status_code=201, responses=errors(*_CHANGE, "too_large"))
async def offer_enrolment(
    deps: Given, request: Request, response: Response, access: Administrator, body: OfferBody
) -> OfferModel:
    """A code with which one box becomes this gateway; a new one ends the one before. For admins of the whole site."""
    now = deps.clock.now()
    door = _door(deps)
    code = await enrolment.offer(deps.store, door, body.gateway, at=now, lasts=_OFFER_LASTS, by=access.person.id)
    response.headers["Cache-Control"] = "no-store"
    url = door.addresses.dispatcher_url or str(request.base_url).rstrip("/")
    return OfferModel(gateway=body.gateway, url=url, code=code, expires_at=now + _OFFER_LASTS)


@router.delete("/enrolments/{gateway}", operation_id="shutOutGateway", status_code=204, responses=errors(*_CHANGE))
async def shut_out_gateway(deps: Given, access: Administrator, gateway: Identifier) -> None:
    """Its certificates, password, upload token and codes work no longer. What it still holds stays on its disk."""
    async with deps.store.read() as uow:
        if gateway not in await uow.gateways.get([gateway]):
            raise NotFoundError(f"there is no gateway {gateway!r}: see the list of gateways")
    await enrolment.revoke(deps.store, _door(deps), gateway, at=deps.clock.now(), by=access.person.id)


@router.post(
    "/enrol",
    operation_id="enrolGateway",
    responses=errors("forbidden", "conflict", "throttled", "too_large", "not_found"),
)
async def enrol_gateway(deps: Given, request: Request, response: Response, body: EnrolBody) -> EnrolledModel:
    """Use a code up: the box gets its certificate or password and its upload token, once."""
    door = _door(deps)
    now = deps.clock.now()
    address = whence(request.client.host) if request.client else ""
    deps.throttle.check(_ANYBODY, address, now)
    try:
        bundle = await enrolment.enrol(deps.store, door, body.code, body.request, at=now, known_as=body.known_as)
    except (ForbiddenError, InvalidError):
        deps.throttle.failed(_ANYBODY, address, now)
        raise
    response.headers["Cache-Control"] = "no-store"
    return EnrolledModel.of(bundle)


def _door(deps: Deps) -> Door:
    if deps.door is None:
        raise NotFoundError("boxes are not enrolled here: ask where the dispatcher runs")
    return deps.door
