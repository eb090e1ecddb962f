"""三张清单: keeping needs, resources and services of one's places, and bringing them together."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from lookout_server.domain.access import Access
from lookout_server.domain.lists import Item, ListKind, Match, matches
from lookout_server.domain.territory import CONTROL_ROOM, FIELD
from lookout_server.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services.accounts import require_grids


async def visible(uow: UnitOfWork, item_id: str, by: Access, *, lock: bool = False) -> Item:
    """A line of one's places, or NotFoundError."""
    found = await uow.lists.item(item_id, lock=lock)
    if found is None or not by.covers(found.grid):
        raise NotFoundError(f"there is no line {item_id!r} that you can see")
    return found


async def add(store: Store, item: Item, by: Access) -> Item:
    """A new line. The same id again is the same line; ConflictError when it is somebody else's."""
    if not by.person.roles & (FIELD | CONTROL_ROOM) or not by.covers(item.grid):
        raise ForbiddenError(f"{item.grid} is not among your places: ask somebody who looks after it")
    async with store.write() as uow:
        await require_grids(uow, frozenset({item.grid}))
        held = await uow.lists.item(item.id)
        if held is not None:
            if held.by != item.by:
                raise ConflictError("another line has this id: make another id")
            return held
        await uow.lists.save(item)
        await uow.commit()
    return item


async def offers(store: Store, need_id: str, by: Access) -> Sequence[Match]:
    """What of one's places could meet a need, the best first."""
    async with store.read() as uow:
        need = await visible(uow, need_id, by)
        places = {each.id: each for each in await uow.territory.territories()}
        return matches(need, await uow.lists.items(by.places), places)


async def meet(store: Store, need_id: str, offer_id: str, by: Access, *, at: datetime) -> Item:
    """An offer meets the need, which is over with that; the offer stays, since it may meet others."""
    async with store.write() as uow:
        need, offer = await visible(uow, need_id, by, lock=True), await visible(uow, offer_id, by)
        if need.kind is not ListKind.NEED or offer.kind is ListKind.NEED:
            raise InvalidError("a need is met by a resource or a service")
        if need.ended_at is not None or offer.ended_at is not None:
            raise ConflictError("one of the two is over already: look again")
        met = replace(need, met_by=offer.id, ended_at=at)
        await uow.lists.save(met)
        await uow.commit()
    return met


async def end(store: Store, item_id: str, by: Access, *, at: datetime) -> Item:
    """The need is over, or the offer no longer there."""
    async with store.write() as uow:
        held = await visible(uow, item_id, by, lock=True)
        ended = replace(held, ended_at=held.ended_at or at)
        await uow.lists.save(ended)
        await uow.commit()
    return ended
