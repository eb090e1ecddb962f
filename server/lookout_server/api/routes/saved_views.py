"""Lists of cases that people keep under a name."""

from typing import Annotated

from fastapi import APIRouter, Path

from lookout_server.api.deps import Given
from lookout_server.api.models.case_query import SavedViewBody, SavedViewList, SavedViewModel
from lookout_server.api.problems import errors
from lookout_server.api.security import SignedIn
from lookout_server.services import saved_views
from lookout_server.services.saved_views import WantedList

router = APIRouter(prefix="/api/v1/lists", tags=["cases"])

ListId = Annotated[str, Path(pattern=r"^l-[0-9a-f]{20}$", examples=["l-3f6d0c1be2a94d7781c0"])]


@router.get("", operation_id="listSavedViews", responses=errors())
async def list_saved(deps: Given, signed_in: SignedIn) -> SavedViewList:
    """One's own lists, and for the control room those that are shared."""
    found = await saved_views.saved(deps.store, signed_in.access)
    return SavedViewList(items=tuple(SavedViewModel.of(view, signed_in.person.id) for view in found))


@router.post(
    "", operation_id="saveView", status_code=201, responses=errors("forbidden", "csrf", "conflict", "too_large")
)
async def save(deps: Given, signed_in: SignedIn, body: SavedViewBody) -> SavedViewModel:
    """Keep a list; one of one's own of the same name is replaced."""
    query = body.query.model_dump(mode="json", exclude_defaults=True)
    wanted = WantedList(name=body.name, query=query, shared=body.shared)
    view = await saved_views.keep(deps.store, signed_in.access, wanted, at=deps.clock.now())
    return SavedViewModel.of(view, signed_in.person.id)


@router.delete(
    "/{list_id}", operation_id="removeView", status_code=204, responses=errors("forbidden", "csrf", "not_found")
)
async def remove(deps: Given, signed_in: SignedIn, list_id: ListId) -> None:
    """Forget a list."""
    await saved_views.remove(deps.store, list_id, signed_in.access)
