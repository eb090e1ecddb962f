"""The list of known vehicles on its way to gateways, which keep it on their disks and judge plates by it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from pydantic import ValidationError

from lookout_contract.commands import COMMANDS, Resident, ResidentsCommand
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.territory import Site
from lookout_server.errors import NotFoundError
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.commands import VEHICLES_WITHIN, command_name, must_fit, send_with


async def send_vehicles(
    store: Store, site: Site, vehicles: Sequence[Resident], *, gateways: Collection[str], at: datetime
) -> dict[str, str]:
    """Replace the list of these gateways, or of all; gateway → id of the command. NotFoundError names who is unknown.

    For whoever runs the machine; people ask through ``commands.ask``.
    """
    async with store.write() as uow:
        known = await uow.gateways.get()
        strange = sorted(set(gateways) - known.keys())
        if strange or not known:
            there = ", ".join(known) or "none yet"
            raise NotFoundError(f"no gateway goes by {', '.join(strange) or 'any name'}; there are: {there}")
        sent: dict[str, str] = {}
        for name in sorted(gateways or known):
            command = _command(name, vehicles, str(at), at)
            must_fit(command)
            await send_with(uow, site, name, command)
            details: dict[str, str | int] = {"name": command.name, "command": command.id, "vehicles": len(vehicles)}
            uow.audit.add(Entry(at=at, act=Act.GATEWAY_ASKED, actor=None, subject=name, details=details))
            announce.gateway_changed(uow, name, "asked", at)
            sent[name] = command.id
        await uow.commit()
    return sent


async def send_again(uow: UnitOfWork, site: Site, gateway: str, epoch: str, at: datetime) -> None:
    """A box that begins anew has an empty disk: it is sent the list that it, or the box before it, was sent last."""
    text = await uow.gateways.last_request(gateway, "residents")
    if text is None:
        return
    try:
        earlier = COMMANDS.validate_json(text)
    except ValidationError:
        return  # Another version wrote it: whoever looks after the list sends it.
    if not isinstance(earlier, ResidentsCommand):
        return
    command = _command(gateway, earlier.residents, epoch, at)
    if await uow.gateways.command(command.id) is None:
        await send_with(uow, site, gateway, command)


def _command(gateway: str, vehicles: Sequence[Resident], key: str, at: datetime) -> ResidentsCommand:
    return ResidentsCommand(
        id=command_name("residents", gateway, key),
        issued_at=at,
        expires_at=at + VEHICLES_WITHIN,
        residents=tuple(vehicles),
    )
