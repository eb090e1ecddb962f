"""Messages that could not be taken: reading them, taking them after all, discarding them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from lookout_server.api.deps import Given
from lookout_server.api.models.quarantine import DiscardBody, QuarantineDetail, QuarantineModel, QuarantinePage
from lookout_server.api.problems import errors
from lookout_server.api.routes.parameters import Limit
from lookout_server.api.security import SiteLead, WholeSite
from lookout_server.ports import QuarantineState
from lookout_server.services import second_chances
from lookout_server.services.second_chances import Chance, hides

router = APIRouter(prefix="/api/v1/quarantine", tags=["estate"])

Number = Annotated[int, Path(ge=1, le=2**53, examples=[3])]


@router.get("", operation_id="listQuarantine", responses=errors("forbidden"))
async def list_quarantine(
    deps: Given,
    access: WholeSite,
    limit: Limit = 50,
    cursor: Annotated[int | None, Query(ge=1, le=2**53, description="`next_cursor` of the page before.")] = None,
    state: Annotated[QuarantineState | None, Query(description="Left out: all.")] = None,
) -> QuarantinePage:
    """Messages that could not be taken, newest first, with the reason; for those who look after the whole site."""
    async with deps.store.read() as uow:
        found = await uow.quarantine.page(limit=limit, before=cursor, state=state)
        dropped = await uow.quarantine.dropped()
    return QuarantinePage(
        items=tuple(QuarantineModel.of(held, restricted=hides(access, held)) for held in found),
        next_cursor=str(found[-1].id) if len(found) == limit else None,
        dropped=dropped,
    )


@router.get("/{number}", operation_id="getQuarantined", responses=errors("forbidden", "not_found"))
async def get_quarantined(deps: Given, access: WholeSite, number: Number) -> QuarantineDetail:
    """One of them, as it came."""
    message = await second_chances.read_one(deps.store, number)
    return QuarantineDetail.whole_of(message, restricted=hides(access, message.held))


@router.post(
    "/{number}/replay",
    operation_id="replayQuarantined",
    responses=errors("forbidden", "csrf", "not_found", "conflict"),
)
async def replay_quarantined(deps: Given, access: SiteLead, number: Number) -> QuarantineDetail:
    """Take it through the intake again, for when what kept it out is no more. Doing so twice takes it once; a
    conflict says why it still cannot be taken."""
    chance = Chance(number=number, by=access, at=deps.clock.now())
    message = await second_chances.replay(deps.store, deps.site, chance)
    return QuarantineDetail.whole_of(message, restricted=hides(access, message.held))


@router.post(
    "/{number}/discard",
    operation_id="discardQuarantined",
    responses=errors("forbidden", "csrf", "not_found", "conflict", "too_large"),
)
async def discard_quarantined(deps: Given, access: SiteLead, number: Number, body: DiscardBody) -> QuarantineDetail:
    """Say that nothing will become of it, and why; it can still be read."""
    chance = Chance(number=number, by=access, at=deps.clock.now())
    message = await second_chances.discard(deps.store, chance, body.reason)
    return QuarantineDetail.whole_of(message, restricted=hides(access, message.held))
