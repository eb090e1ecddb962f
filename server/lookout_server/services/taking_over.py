"""The list of registered vehicles, as long as nobody has changed it here: what gateways were sent, taken together.

A list used to lie nowhere but in the commands that sent it. Whoever registers the first vehicle adds it to that list,
and the gateways' copies are replaced by what is kept here from then on.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime

from pydantic import ValidationError

from lookout_contract.commands import COMMANDS, ResidentsCommand
from lookout_server.domain.vehicles import Handed, Vehicle, together
from lookout_server.ports import SentCommand, UnitOfWork

#: Between which the vehicles of a list stand, in JSON. Nobody reads it anew to send it on: a list of tens of thousands
#: would hold up alarms for as long.
LIST_BEGINS, LIST_ENDS = '"residents":[', "]}"


def list_of(command: SentCommand | None) -> ResidentsCommand | None:
    """The list that a command carried; None when another version wrote it, or it is no list."""
    if command is None or command.request is None:
        return None
    try:
        sent = COMMANDS.validate_json(command.request)
    except ValidationError:
        return None
    return sent if isinstance(sent, ResidentsCommand) else None


def vehicles_of(command: SentCommand | None) -> bytes | None:
    """The vehicles of a list as it carried them, in JSON with commas between them; None when it is none, or its text is
    not kept."""
    if command is None or command.request is None:
        return None
    _, begin, vehicles = command.request.partition(LIST_BEGINS)
    return vehicles.removesuffix(LIST_ENDS).encode() if begin and vehicles.endswith(LIST_ENDS) else None


async def take_over(uow: UnitOfWork, gateways: Collection[str], at: datetime) -> None:
    """After these gateways were sent lists of their own, which they keep until the site's changes.

    Until the site's list is kept here it is all that gateways know. A vehicle that one of them knows is on it, so that
    nobody's car becomes a stranger's by the first change.
    """
    state = await uow.vehicles.state(lock=True)
    if state.is_kept_here:
        for name in sorted(gateways):
            await uow.vehicles.hand(name, Handed(version=state.version, command=""), at)
        return
    await _gather(uow)


async def _gather(uow: UnitOfWork) -> None:
    sent = {name: list_of(await uow.gateways.newest_command(name, "residents")) for name in await uow.gateways.get()}
    lists = {name: command for name, command in sent.items() if command is not None}
    all_of_them = together(command.residents for command in lists.values())
    at = max((command.issued_at for command in lists.values()), default=None)
    await uow.vehicles.remove([vehicle.id for vehicle in await uow.vehicles.everything()])
    await uow.vehicles.unhand()
    if at is None:
        return
    await uow.vehicles.save(
        [
            Vehicle(id=_name(at.isoformat(), str(place)), listed=listed, registered_by=None, registered_at=at)
            for place, listed in enumerate(all_of_them)
        ]
    )
    for name, command in lists.items():
        if set(together([command.residents])) == set(all_of_them):
            await uow.vehicles.hand(name, Handed(version=0, command=command.id), command.issued_at)


def _name(*parts: str) -> str:
    return f"v-{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:20]}"
