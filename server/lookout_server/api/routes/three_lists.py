"""三张清单: needs, resources and services, and which fit each other."""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints

from lookout_server.api.deps import Given
from lookout_server.api.models.base import Identifier, Model, Reason, RequestModel, Text, UtcTime, shown
from lookout_server.api.problems import errors
from lookout_server.api.security import ControlRoom, SignedIn
from lookout_server.domain.lists import Item, ListKind
from lookout_server.services import lists

router = APIRouter(prefix="/api/v1/three-lists", tags=["rounds"])

_PATTERN = r"^l-[0-9a-f]{24}$"
ItemName = Annotated[str, StringConstraints(pattern=_PATTERN)]
ItemId = Annotated[str, Path(pattern=_PATTERN, examples=["l-3f6d0c1be2a94d7781c03f6d"])]
Tag = Annotated[Reason, Field(max_length=40)]
_BODY: dict[str, Any] = {
    "id": "l-3f6d0c1be2a94d7781c03f6d",
    "kind": "need",
    "title": "王大爷需要轮椅",
    "words": "出院后两个月",
    "grid": "grid-07",
    "tags": ["轮椅"],
}
_ITEM = {**_BODY, "by": "u-wangfang", "at": "2026-11-22T06:20:00.000Z", "met_by": None, "ended_at": None}
_OFFER = {**_ITEM, "id": "l-" + "2" * 24, "kind": "resource", "title": "社区轮椅两台"}


class ItemBody(RequestModel):
    """A line of a list. `id` is the client's own; sending it again is the same line."""

    model_config = shown(_BODY, request=True)

    id: ItemName = Field(default_factory=lambda: f"l-{secrets.token_hex(12)}")
    kind: ListKind
    title: Annotated[Reason, Field(max_length=100)]
    words: Text = ""
    grid: Identifier
    tags: Annotated[frozenset[Tag], Field(min_length=1, max_length=20, description="What it is about.")]


class ItemModel(Model):
    """A line of a list."""

    model_config = shown(_ITEM)

    id: str
    kind: ListKind
    title: str
    words: str
    grid: str
    tags: tuple[str, ...]
    by: str
    at: UtcTime
    met_by: str | None = Field(description="Of a need: the offer that meets it.")
    ended_at: UtcTime | None

    @classmethod
    def of(cls, item: Item) -> "ItemModel":
        """From the domain's value."""
        return cls(
            id=item.id,
            kind=item.kind,
            title=item.title,
            words=item.words,
            grid=item.grid,
            tags=tuple(sorted(item.tags)),
            by=item.by,
            at=item.at,
            met_by=item.met_by,
            ended_at=item.ended_at,
        )


class ItemList(Model):
    """Newest first."""

    model_config = shown({"items": [_ITEM]})

    items: tuple[ItemModel, ...]


class OfferModel(Model):
    """An offer, what it has in common with the need, and how far it is."""

    offer: ItemModel
    tags: tuple[str, ...]
    steps: int = Field(description="Steps up the territory until they meet; 0: the same grid.")


class OfferList(Model):
    """The most in common first, then the nearest."""

    model_config = shown({"items": [{"offer": _OFFER, "tags": ["轮椅"], "steps": 0}]})

    items: tuple[OfferModel, ...]


class MeetBody(RequestModel):
    """The offer that meets the need."""

    model_config = shown({"offer": "l-" + "2" * 24}, request=True)

    offer: ItemName


@router.get("", operation_id="listItems", responses=errors())
async def list_items(deps: Given, signed_in: SignedIn) -> ItemList:
    """All three lists of one's places, what is over left out."""
    async with deps.store.read() as uow:
        found = await uow.lists.items(signed_in.access.places)
    return ItemList(items=tuple(ItemModel.of(each) for each in found))


@router.post(
    "", operation_id="addItem", status_code=201, responses=errors("forbidden", "csrf", "conflict", "too_large")
)
async def add_item(deps: Given, signed_in: SignedIn, body: ItemBody) -> ItemModel:
    """Put something on a list; for workers and the control room."""
    item = Item(**dict(body), by=signed_in.person.id, at=deps.clock.now())
    return ItemModel.of(await lists.add(deps.store, item, signed_in.access))


@router.get("/{item_id}/offers", operation_id="listOffers", responses=errors("not_found"))
async def list_offers(deps: Given, signed_in: SignedIn, item_id: ItemId) -> OfferList:
    """What could meet a need."""
    found = await lists.offers(deps.store, item_id, signed_in.access)
    return OfferList(
        items=tuple(
            OfferModel(offer=ItemModel.of(each.offer), tags=tuple(sorted(each.tags)), steps=each.steps)
            for each in found
        )
    )


@router.post(
    "/{item_id}/meet",
    operation_id="meetNeed",
    responses=errors("forbidden", "csrf", "not_found", "conflict", "too_large"),
)
async def meet_need(deps: Given, by: ControlRoom, item_id: ItemId, body: MeetBody) -> ItemModel:
    """An offer meets the need, which is over with that. For the control room."""
    return ItemModel.of(await lists.meet(deps.store, item_id, body.offer, by, at=deps.clock.now()))


@router.post("/{item_id}/end", operation_id="endItem", responses=errors("forbidden", "csrf", "not_found"))
async def end_item(deps: Given, by: ControlRoom, item_id: ItemId) -> ItemModel:
    """It is over, or no longer there to give. For the control room."""
    return ItemModel.of(await lists.end(deps.store, item_id, by, at=deps.clock.now()))
