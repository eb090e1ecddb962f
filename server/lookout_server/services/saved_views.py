"""Lists that people keep under a name: their own, and those that the control room shares."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lookout_server.domain.access import Access
from lookout_server.domain.moves import OVERSIGHT
from lookout_server.errors import ConflictError, ForbiddenError, NotFoundError
from lookout_server.ports import SavedView, Store

#: More than this nobody finds anything in.
MOST = 50


@dataclass(frozen=True, kw_only=True)
class WantedList:
    """What somebody wants to keep."""

    name: str
    query: Mapping[str, str | bool]
    shared: bool


async def saved(store: Store, by: Access) -> Sequence[SavedView]:
    """By name."""
    async with store.read() as uow:
        return await uow.saved_views.of(by.person.id, shared=by.person.in_control_room)


async def keep(store: Store, by: Access, wanted: WantedList, *, at: datetime) -> SavedView:
    """Keep a list; one of the same name is replaced."""
    if wanted.shared and not by.person.in_control_room:
        raise ForbiddenError("lists are shared by the control room: keep this one for yourself")
    async with store.write() as uow:
        own = await uow.saved_views.of(by.person.id, shared=False)
        same = next((view for view in own if view.name == wanted.name), None)
        if same is None and len(own) >= MOST:
            raise ConflictError(f"{MOST} lists are kept already: remove one first")
        view = SavedView(
            id=same.id if same else f"l-{secrets.token_hex(10)}",
            person=by.person.id,
            name=wanted.name,
            query=wanted.query,
            shared=wanted.shared,
            at=at,
        )
        await uow.saved_views.save(view)
        await uow.commit()
    return view


async def remove(store: Store, view_id: str, by: Access) -> None:
    """Forget a list: one's own, or as a supervisor one that is shared."""
    async with store.write() as uow:
        view = await uow.saved_views.get(view_id)
        mine = view is not None and view.person == by.person.id
        if view is None or not (mine or (view.shared and by.person.in_control_room)):
            raise NotFoundError(f"there is no list {view_id!r} of yours")
        if not mine and not by.person.roles & OVERSIGHT:
            raise ForbiddenError("this list is somebody else's: they or a supervisor can remove it")
        await uow.saved_views.remove(view_id)
        await uow.commit()
