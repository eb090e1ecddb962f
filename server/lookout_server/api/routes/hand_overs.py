"""交接班: handing over what one has in hand, signed by both."""

from typing import Annotated

from fastapi import APIRouter, Path

from lookout_server.api.deps import Given
from lookout_server.api.models.hand_overs import (
    ColleagueList,
    ColleagueModel,
    DeclineBody,
    HandOverBody,
    HandOverList,
    HandOverModel,
)
from lookout_server.api.problems import errors
from lookout_server.api.security import SignedIn
from lookout_server.services import handing_over

router = APIRouter(prefix="/api/v1/hand_overs", tags=["people"])

HandOverId = Annotated[str, Path(pattern=r"^h-[0-9a-f]{20}$", examples=["h-3f6d0c1be2a94d7781c0"])]
_ANSWER = ("forbidden", "four_eyes", "csrf", "not_found", "conflict", "too_large")


@router.get("", operation_id="listHandOvers", responses=errors())
async def list_hand_overs(deps: Given, signed_in: SignedIn) -> HandOverList:
    """One's own, given and taken, newest first; for the control room those of its places."""
    now = deps.clock.now()
    found = await handing_over.hand_overs(deps.store, signed_in.access)
    return HandOverList(items=tuple(HandOverModel.of(each, now) for each in found))


@router.get("/colleagues", operation_id="listColleagues", responses=errors())
async def list_colleagues(deps: Given, signed_in: SignedIn) -> ColleagueList:
    """Whom one may hand over to: for who goes those who go nearby, in the control room the others there."""
    found = await handing_over.colleagues(deps.store, signed_in.access, at=deps.clock.now())
    return ColleagueList(items=tuple(ColleagueModel.of(each) for each in found))


@router.post(
    "",
    operation_id="handOver",
    status_code=201,
    responses=errors("forbidden", "csrf", "conflict", "too_large"),
)
async def hand_over(deps: Given, signed_in: SignedIn, body: HandOverBody) -> HandOverModel:
    """Sign over all that one has in hand; it is the other's once they have signed, within 24 h."""
    now = deps.clock.now()
    made = await handing_over.offer(deps.store, deps.site, signed_in.access, body.to, body.note, at=now)
    return HandOverModel.of(made, now)


@router.post("/{hand_over_id}/sign", operation_id="signHandOver", responses=errors(*_ANSWER))
async def sign(deps: Given, signed_in: SignedIn, hand_over_id: HandOverId) -> HandOverModel:
    """Take over: what the other has in hand still is one's own from now on."""
    now = deps.clock.now()
    return HandOverModel.of(
        await handing_over.answer(deps.store, deps.site, signed_in.access, hand_over_id, at=now), now
    )


@router.post("/{hand_over_id}/decline", operation_id="declineHandOver", responses=errors(*_ANSWER))
async def decline(deps: Given, signed_in: SignedIn, hand_over_id: HandOverId, body: DeclineBody) -> HandOverModel:
    """Not take over; everything stays with the other."""
    now, by = deps.clock.now(), signed_in.access
    answered = await handing_over.answer(deps.store, deps.site, by, hand_over_id, at=now, declined=body.reason)
    return HandOverModel.of(answered, now)
