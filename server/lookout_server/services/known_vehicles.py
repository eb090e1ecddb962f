"""The list of registered vehicles on its way to gateways, which keep it on their disks and judge plates by it."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from lookout_contract.commands import Command, Resident, ResidentsCommand
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.deadline import Deadline, DeadlineKey, DeadlineKind
from lookout_server.domain.territory import Site
from lookout_server.domain.vehicles import Handed, ListState, WrittenList
from lookout_server.errors import NotFoundError
from lookout_server.ports import SentCommand, Store, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.commands import VEHICLES_WITHIN, command_name, in_turn, must_fit, send_with
from lookout_server.services.hearing import Back
from lookout_server.services.taking_over import LIST_ENDS, take_over, vehicles_of

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
        written = b",".join(vehicle.to_json() for vehicle in vehicles)
        for name in sorted(gateways):
            command = await _command(uow, name, str(at), at)
            must_fit(_payload(command, written))
            await _send(uow, site, name, command, written)
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


class ListWriter:
    """Writes the list out once for all who are sent it, outside of the transactions that send it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: WrittenList | None = None

    async def written(self, at: datetime) -> WrittenList | None:
        """The list as it is to be sent now; None when nobody who is there lacks it."""
        async with self._store.read() as uow:
            state = await uow.vehicles.state()
            if not await _lacking(uow, state):
                return None
            if self._last is None or not self._last.is_it(state, at):
                self._last = await _write(uow, state, at)
        return self._last


async def _write(uow: UnitOfWork, state: ListState, at: datetime) -> WrittenList:
    written: list[bytes] = []
    ends: set[datetime] = set()
    async for some in uow.vehicles.portions(at):
        written.append(b",".join([resident.to_json() for resident in some]))
        ends |= {resident.valid_until for resident in some if resident.valid_until is not None}
    return WrittenList(version=state.version, vehicles=b",".join(written), until=min(ends, default=None))


async def hand_out(uow: UnitOfWork, site: Site, state: ListState, written: WrittenList | None, at: datetime) -> None:
    """Send the list, whose ``state`` is locked, to one who is there and lacks it, and have the rest sent it next.

    A list may be long, and others want to write, too. Who is away gets it when it is back, so that lists do not pile up
    at the broker. One that has been changed since it was ``written`` is written anew first.
    """
    if not state.is_kept_here:
        return
    lacking = await _lacking(uow, state)
    if lacking and written is not None and written.version == state.version:
        name = lacking.pop(0)
        command = await _command(uow, name, f"{state.version} {at}", at)
        await _send(uow, site, name, command, written.vehicles)
        await uow.vehicles.hand(name, Handed(version=state.version, command=command.id), at)
    if lacking:
        await send_now(uow, at)
    else:
        await uow.vehicles.save_state(state.sent())


async def _lacking(uow: UnitOfWork, state: ListState) -> list[str]:
    """Gateways that are there and were not sent the list, in the order of their names."""
    if not state.is_kept_here:
        return []
    handed = await uow.vehicles.handed()
    return sorted(
        name
        for name, gateway in (await uow.gateways.get()).items()
        if gateway.online and (name not in handed or handed[name].version < state.version)
    )


async def send_now(uow: UnitOfWork, at: datetime) -> None:
    """Have the list sent at once to those who lack it."""
    await uow.deadlines.set([Deadline(key=_DUE, due_at=at)])


async def bring_up_to_date(uow: UnitOfWork, site: Site, back: Back) -> None:
    """A gateway that is there again gets the list that it missed, and one that begins anew, whose disk is empty, the
    one that it, or the box before it, is to hold."""
    # Locked: a list that is changed at this moment must not be overtaken by the one before it.
    state = await uow.vehicles.state(lock=True)
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
    earlier = vehicles_of(newest)
    if earlier is None:
        return None
    command = await _command(uow, back.gateway, back.epoch, back.at)
    if await uow.gateways.command(command.id) is None:
        await send_with(uow, site, back.gateway, command, payload=_payload(command, earlier))
    return command.id


async def _send(uow: UnitOfWork, site: Site, gateway: str, command: Command, vehicles: bytes) -> None:
    await send_with(uow, site, gateway, command, payload=_payload(command, vehicles))
    await uow.gateways.drop_requests(gateway, _NAME, but=command.id)
    announce.gateway_changed(uow, gateway, "asked", command.issued_at)


async def _command(uow: UnitOfWork, gateway: str, key: str, at: datetime) -> Command:
    """Without its vehicles, see ``_payload``."""
    command = ResidentsCommand(
        id=command_name(_NAME, gateway, key), issued_at=at, expires_at=at + VEHICLES_WITHIN, residents=()
    )
    return await in_turn(uow, gateway, command)


def _payload(command: Command, vehicles: bytes) -> bytes:
    """The command with these vehicles, which are in JSON already."""
    return command.to_json().removesuffix(LIST_ENDS.encode()) + vehicles + LIST_ENDS.encode()
