"""Which gateways hold the site's list of registered vehicles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lookout_server.domain.territory import Gateway
from lookout_server.domain.vehicles import Handed, Holding, ListState
from lookout_server.ports import SentCommand, Store, UnitOfWork
from lookout_server.services.known_vehicles import is_lost, send_now
from lookout_server.services.reading import ReadStatus


@dataclass(frozen=True, kw_only=True)
class Holder:
    """How a gateway stands with the list. ``vehicles``: how many it said that it holds; ``detail``: why it does not."""

    gateway: str
    online: bool
    holding: Holding
    at: datetime | None = None
    vehicles: int | None = None
    detail: str | None = None


async def holders(store: Store, *, at: datetime) -> tuple[ListState, tuple[Holder, ...]]:
    """Where the list stands, and how every gateway stands with it; none before there is a list."""
    async with store.read() as uow:
        state = await uow.vehicles.state()
        handed = await uow.vehicles.handed()
        gateways = await uow.gateways.get()
        newest = await uow.gateways.newest_commands("residents")
    if not state.is_kept_here and not newest:
        return state, ()
    return state, tuple(
        _holder(gateway, state, handed.get(name), newest.get(name), at) for name, gateway in gateways.items()
    )


async def hear_visits(uow: UnitOfWork, said: Sequence[ReadStatus]) -> None:
    """Keep how often gateways have seen passes used, as far as they speak of the list as it is.

    One that still holds an earlier list may speak of what the pass was before; it repeats what it says anyway.
    """
    told = {read.status.gateway: read.status.visits for read in said if read.status.visits}
    if not told:
        return
    state, handed = await uow.vehicles.state(), await uow.vehicles.handed()
    newest = await uow.gateways.newest_commands("residents")
    for name, visits in sorted(told.items()):
        if _holding(state, handed.get(name), newest.get(name), said[0].message.received_at) is Holding.CURRENT:
            await uow.vehicles.note_visits(name, visits)


async def send_to_the_rest(store: Store, *, at: datetime) -> None:
    """Have the list sent again to all who do not hold it, those with lists of their own too."""
    state, found = await holders(store, at=at)
    rest = [each.gateway for each in found if each.holding in {Holding.FAILED, Holding.OWN}]
    if not state.is_kept_here:
        return
    async with store.write() as uow:
        await uow.vehicles.state(lock=True)
        await uow.vehicles.unhand(rest)
        await send_now(uow, at)
        await uow.commit()


def _holder(
    gateway: Gateway, state: ListState, handed: Handed | None, newest: SentCommand | None, at: datetime
) -> Holder:
    holding = _holding(state, handed, newest, at)
    told = newest.result.get("residents") if newest is not None else None
    return Holder(
        gateway=gateway.id,
        online=gateway.online,
        holding=holding,
        at=(newest.answered_at or newest.issued_at) if newest is not None else None,
        vehicles=told if isinstance(told, int) and holding is not Holding.FAILED else None,
        detail=newest.detail if newest is not None and holding is Holding.FAILED else None,
    )


def _holding(state: ListState, handed: Handed | None, newest: SentCommand | None, at: datetime) -> Holding:
    if handed is None or handed.version < state.version:
        return Holding.WAITING
    if newest is None or newest.id != handed.command:
        return Holding.OWN
    if newest.outcome == "done":
        return Holding.CURRENT
    return Holding.FAILED if is_lost(newest, at) else Holding.SENT
