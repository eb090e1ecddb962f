"""Volunteers of one's places, and the points 道德银行 that they are given or spend."""

from lookout_server.domain.access import Access
from lookout_server.domain.territory import CONTROL_ROOM, FIELD
from lookout_server.domain.volunteers import Points, Volunteer, checked
from lookout_server.errors import ConflictError, ForbiddenError, NotFoundError
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services.accounts import require_grids


async def visible(uow: UnitOfWork, volunteer_id: str, by: Access, *, lock: bool = False) -> Volunteer:
    """A volunteer of one's places, or NotFoundError."""
    found = await uow.volunteers.volunteer(volunteer_id, lock=lock)
    if found is None or not by.covers(found.grid):
        raise NotFoundError(f"there is no volunteer {volunteer_id!r} that you can see")
    return found


async def save(store: Store, volunteer: Volunteer, by: Access) -> Volunteer:
    """Add a volunteer, or change the one with this id. ForbiddenError outside the asking person's places."""
    async with store.write() as uow:
        held = await uow.volunteers.volunteer(volunteer.id, lock=True)
        if not by.person.roles & (FIELD | CONTROL_ROOM):
            raise ForbiddenError("volunteers are looked after by the control room and by workers")
        if not all(by.covers(grid) for grid in {volunteer.grid, held.grid if held else volunteer.grid}):
            raise ForbiddenError(f"{volunteer.grid} is not among your places: ask somebody who looks after it")
        await require_grids(uow, frozenset({volunteer.grid}))
        await uow.volunteers.save(volunteer)
        await uow.commit()
    return volunteer


async def give(store: Store, line: Points, by: Access) -> int:
    """Add a line to a volunteer's ledger; the balance after it. The same id again is the same line.

    ConflictError when more is spent than there is, or the id is another line's.
    """
    async with store.write() as uow:
        await visible(uow, line.volunteer, by, lock=True)
        held = await uow.volunteers.line(line.id)
        balance = (await uow.volunteers.balances([line.volunteer])).get(line.volunteer, 0)
        if held is not None:
            if (held.volunteer, held.points, held.by) != (line.volunteer, line.points, line.by):
                raise ConflictError("another line has this id: make another id")
            return balance
        await uow.volunteers.add(checked(line, balance))
        await uow.commit()
    return balance + line.points
