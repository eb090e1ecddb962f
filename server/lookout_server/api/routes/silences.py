"""Silences and maintenance windows."""

from typing import Annotated

from fastapi import APIRouter, Path

from lookout_server.api.deps import Given
from lookout_server.api.models.silences import SilenceBody, SilenceList, SilenceModel
from lookout_server.api.problems import errors
from lookout_server.api.security import ControlRoom
from lookout_server.services import silencing

router = APIRouter(prefix="/api/v1/silences", tags=["alarms"])

SilenceId = Annotated[str, Path(pattern=r"^q-[0-9a-f]{20}$", examples=["q-3f6d0c1be2a94d7781c0"])]


@router.get("", operation_id="listSilences", responses=errors("forbidden"))
async def list_silences(deps: Given, access: ControlRoom) -> SilenceList:
    """What is quiet now or will be."""
    found = await silencing.current_silences(deps.store, access, at=deps.clock.now())
    return SilenceList(items=tuple(SilenceModel.of(silence) for silence in found))


@router.post("", operation_id="addSilence", status_code=201, responses=errors("forbidden", "csrf", "too_large"))
async def add_silence(deps: Given, access: ControlRoom, body: SilenceBody) -> SilenceModel:
    """Keep something quiet for a while; it is the asking person's. Alarms go on being recorded and shown."""
    silence = body.silence(silencing.new_id(), access.person.id, deps.clock.now())
    return SilenceModel.of(await silencing.add_silence(deps.store, silence, access))


@router.delete(
    "/{silence_id}",
    operation_id="endSilence",
    status_code=204,
    responses=errors("forbidden", "csrf", "not_found"),
)
async def end_silence(deps: Given, access: ControlRoom, silence_id: SilenceId) -> None:
    """End a silence now; for its owner, and supervisors."""
    await silencing.end_silence(deps.store, silence_id, access, at=deps.clock.now())
