"""What of the pages somebody has been shown, so that nobody is asked twice, at whatever desk or phone."""

from typing import Annotated

from fastapi import APIRouter, Path

from lookout_server.api.deps import Given
from lookout_server.api.models.base import Model, shown
from lookout_server.api.problems import errors
from lookout_server.api.security import SignedIn

router = APIRouter(prefix="/api/v1/session/tours", tags=["session"])

Name = Annotated[str, Path(pattern=r"^[a-z][a-z_]{0,39}$", examples=["worker"])]


class ToursModel(Model):
    """Names of tours; what they show is the pages' own matter."""

    model_config = shown({"seen": ["worker"]})

    seen: tuple[str, ...]


@router.get("", operation_id="listTours", responses=errors())
async def list_tours(deps: Given, signed_in: SignedIn) -> ToursModel:
    """Which tours the asking person has seen, or did not want to."""
    async with deps.store.read() as uow:
        return ToursModel(seen=tuple(sorted(await uow.people.toured(signed_in.person.id))))


@router.put("/{name}", operation_id="noteTour", responses=errors("csrf"))
async def note_tour(deps: Given, signed_in: SignedIn, name: Name) -> ToursModel:
    """The asking person has seen this one; saying so again changes nothing."""
    async with deps.store.write() as uow:
        await uow.people.note_tour(signed_in.person.id, name)
        await uow.commit()
        return ToursModel(seen=tuple(sorted(await uow.people.toured(signed_in.person.id))))
