"""Sharing where one is."""

from fastapi import APIRouter

from lookout_server.api.deps import Given
from lookout_server.api.models.moves import Place
from lookout_server.api.models.whereabouts import SharedModel
from lookout_server.api.problems import errors
from lookout_server.api.security import SignedIn
from lookout_server.domain.whereabouts import Spot
from lookout_server.services import whereabouts

router = APIRouter(prefix="/api/v1/position", tags=["people"])


@router.put("", operation_id="sharePosition", responses=errors("forbidden", "csrf", "too_large"))
async def share_position(deps: Given, signed_in: SignedIn, body: Place) -> SharedModel:
    """Say where one is, for the distance to cases; it is forgotten ten minutes later, and nobody is shown it."""
    spot = Spot(lat=body.lat, lon=body.lon)
    kept = await whereabouts.share(deps.store, signed_in.access, spot, body.accuracy_m, at=deps.clock.now())
    return SharedModel.of(kept)


@router.delete("", operation_id="forgetPosition", status_code=204, responses=errors("csrf"))
async def forget_position(deps: Given, signed_in: SignedIn) -> None:
    """Stop sharing: it is forgotten at once."""
    await whereabouts.stop(deps.store, signed_in.access, at=deps.clock.now())
