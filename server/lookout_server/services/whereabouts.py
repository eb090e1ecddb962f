"""Sharing where one is: people do it themselves, for as long as they like, and it is forgotten after minutes.

Nobody is shown a position. It only makes the distance to a case, among the reasons for choosing who goes.
"""

from datetime import datetime

from lookout_server.domain.access import Access
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.case import Case
from lookout_server.domain.territory import FIELD, Camera
from lookout_server.domain.whereabouts import FRESH_FOR, Position, Spot
from lookout_server.errors import ForbiddenError
from lookout_server.ports import Store, UnitOfWork


async def share(store: Store, by: Access, spot: Spot, accuracy_m: float | None, *, at: datetime) -> Position:
    """Keep where the person is, instead of where they were. The audit log notes when sharing begins."""
    if not by.person.roles & FIELD:
        raise ForbiddenError("only those who can be sent share where they are")
    position = Position(person=by.person.id, spot=spot, accuracy_m=accuracy_m, at=at)
    async with store.write() as uow:
        if not await uow.whereabouts.of([position.person], at - FRESH_FOR):
            _note(uow, Act.POSITION_SHARED, position.person, at)
        await uow.whereabouts.save(position)
        await uow.commit()
    return position


async def stop(store: Store, by: Access, *, at: datetime) -> None:
    """Forget where the person is; again does nothing."""
    async with store.write() as uow:
        if await uow.whereabouts.forget(by.person.id):
            _note(uow, Act.POSITION_FORGOTTEN, by.person.id, at)
        await uow.commit()


async def forget_old(store: Store, *, at: datetime) -> int:
    """Forget what nobody has renewed; how many."""
    async with store.write() as uow:
        gone = await uow.whereabouts.forget_before(at - FRESH_FOR)
        await uow.commit()
    return gone


async def camera_of(uow: UnitOfWork, case: Case) -> Camera | None:
    """The camera that saw it; None when people told it."""
    return (await uow.territory.cameras([case.camera])).get(case.camera) if case.camera is not None else None


async def spot_of(uow: UnitOfWork, case: Case, camera: Camera | None) -> Spot | None:
    """Where a case is: at its camera, else where whoever told it was; None when nobody said."""
    if case.camera is not None:
        return camera.spot if camera else None
    first = (await uow.cases.history(case.id))[0].data.get("place")
    match first:
        case {"lat": float() | int() as lat, "lon": float() | int() as lon}:
            return Spot(lat=float(lat), lon=float(lon))
        case _:
            return None


def _note(uow: UnitOfWork, act: Act, person: str, at: datetime) -> None:
    uow.audit.add(Entry(at=at, act=act, actor=person, subject=person))
