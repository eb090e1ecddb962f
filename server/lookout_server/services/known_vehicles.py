"""The list of registered vehicles on its way to gateways, which keep it on their disks and judge plates by it."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from lookout_contract.commands import Resident, ResidentsCommand
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.deadline import Deadline, DeadlineKey, DeadlineKind
from lookout_server.domain.territory import Site
from lookout_server.domain.vehicles import Handed, ListState
from lookout_server.errors import NotFoundError
from lookout_server.ports import SentCommand, Store, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.commands import VEHICLES_WITHIN, command_name, must_fit, send_with
from lookout_server.services.hearing import Back
from lookout_server.services.taking_over import list_of, take_over

_NAME = "residents"
_DUE = DeadlineKey(subject="vehicles", kind=DeadlineKind.VEHICLES)


async def send_vehicles(
    store: Store, site: Site, vehicles: Sequence[Resident], *, gateways: Collection[str], at: datetime
) -> dict[str, str]:
    """Replace the list of these gateways, until the site's changes; gateway → id of the command. NotFoundError names
    who is unknown.

    For whoever runs the machine; people ask through ``commands.ask``.
    """
    async with store.write() as uow:
        known = await uow.gateways.get()
        strange = sorted(set(gateways) - known.keys())
        if strange:
            there = ", ".join(known) or "none yet"
            raise NotFoundError(f"no gateway goes by {', '.join(strange)}; there are: {there}")
        sent: dict[str, str] = {}
        for name in sorted(gateways):
            command = _command(name, vehicles, str(at), at)
            must_fit(command)
            await _send(uow, site, name, command)
            details: dict[str, str | int] = {"name": command.name, "command": command.id, "vehicles": len(vehicles)}
            uow.audit.add(Entry(at=at, act=Act.GATEWAY_ASKED, actor=None, subject=name, details=details))
            sent[name] = command.id
        await take_over(uow, sent, at)
        await uow.commit()
    return sent


async def set_out(uow: UnitOfWork, state: ListState, at: datetime) -> ListState:
    """After a change of the list, whose ``state`` is locked: gateways are sent it soon, once for several."""
    changed = state.changed(at)
    await uow.vehicles.save_state(changed)
    await uow.deadlines.set([Deadline(key=_DUE, due_at=changed.due_at(at))])
    return changed


async def hand_out(uow: UnitOfWork, site: Site, state: ListState, at: datetime) -> None:
    """Send the list, whose ``state`` is locked, to one who is there and lacks it, and have the rest sent it next.

    A list may be long, and others want to write, too. Who is away gets it when it is back, so that lists do not pile up
    at the broker.
    """
    if not state.is_kept_here:
        return
    handed = await uow.vehicles.handed()
    lacking = [
        name
        for name, gateway in (await uow.gateways.get()).items()
        if gateway.online and (name not in handed or handed[name].version < state.version)
    ]
    if lacking:
        name = min(lacking)
        listed = [vehicle.listed.resident for vehicle in await uow.vehicles.everything(at=at)]
        command = _command(name, listed, f"{state.version} {at}", at)
        await _send(uow, site, name, command)
        await uow.vehicles.hand(name, Handed(version=state.version, command=command.id), at)
    if len(lacking) > 1:
        await send_now(uow, at)
    else:
        await uow.vehicles.save_state(state.sent())


async def send_now(uow: UnitOfWork, at: datetime) -> None:
    """Have the list sent at once to those who lack it."""
    await uow.deadlines.set([Deadline(key=_DUE, due_at=at)])


async def bring_up_to_date(uow: UnitOfWork, site: Site, back: Back) -> None:
    """A gateway that is there again gets the list that it missed, and one that begins anew, whose disk is empty, the
    one that it, or the box before it, is to hold."""
    state = await uow.vehicles.state()
    handed = (await uow.vehicles.handed()).get(back.gateway)
    newest = await uow.gateways.newest_command(back.gateway, _NAME) if back.anew or handed else None
    missed = handed is None or handed.version < state.version
    has_own = newest is not None and (handed is None or handed.command != newest.id)
    if state.is_kept_here and (missed or (not has_own and (back.anew or is_lost(newest, back.at)))):
        await uow.vehicles.unhand([back.gateway])
        await send_now(uow, back.at)
    elif back.anew:
        again = await _repeat(uow, site, back, newest)
        if again is not None and handed is not None and not has_own:
            await uow.vehicles.hand(back.gateway, replace(handed, command=again), back.at)


def is_lost(command: SentCommand | None, at: datetime) -> bool:
    """Whether a gateway could not take the list, or did not say in time that it did."""
    return command is None or command.timed_out(at) or command.outcome not in {None, "done"}


async def _repeat(uow: UnitOfWork, site: Site, back: Back, newest: SentCommand | None) -> str | None:
    """Send what was sent last, once an epoch; the id of the command."""
    earlier = list_of(newest)
    if earlier is None:
        return None
    command = _command(back.gateway, earlier.residents, back.epoch, back.at)
    if await uow.gateways.command(command.id) is None:
        await send_with(uow, site, back.gateway, command)
    return command.id


async def _send(uow: UnitOfWork, site: Site, gateway: str, command: ResidentsCommand) -> None:
    await send_with(uow, site, gateway, command)
    await uow.gateways.drop_requests(gateway, _NAME, but=command.id)
    announce.gateway_changed(uow, gateway, "asked", command.issued_at)


def _command(gateway: str, vehicles: Sequence[Resident], key: str, at: datetime) -> ResidentsCommand:
    return ResidentsCommand(
        id=command_name(_NAME, gateway, key),
        issued_at=at,
        expires_at=at + VEHICLES_WITHIN,
        residents=tuple(vehicles),
    )
