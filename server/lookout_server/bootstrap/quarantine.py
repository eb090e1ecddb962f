"""The verbs for messages that could not be taken."""

from collections.abc import Mapping, Sequence

from lookout_server.adapters.clock import SystemClock
from lookout_server.adapters.policies import take_policy
from lookout_server.bootstrap.access import open_database
from lookout_server.bootstrap.site import site_of
from lookout_server.config import ServerConfig
from lookout_server.errors import ConflictError
from lookout_server.ports import Quarantined, QuarantinedMessage, QuarantineState
from lookout_server.services import second_chances
from lookout_server.services.second_chances import Chance


async def list_quarantine(config: ServerConfig, *, every: bool, last: int) -> Sequence[Quarantined]:
    """The newest, newest first: those that wait, or ``every`` one."""
    async with open_database(config) as database, database.read() as uow:
        return await uow.quarantine.page(limit=last, state=None if every else QuarantineState.WAITING)


async def show_quarantined(config: ServerConfig, number: int) -> QuarantinedMessage:
    """One message with what is kept of its payload."""
    async with open_database(config) as database:
        return await second_chances.read_one(database, number)


async def replay_quarantined(
    config: ServerConfig, numbers: Sequence[int] | None
) -> Mapping[int, QuarantinedMessage | str]:
    """Take these messages, or all events that wait, through the intake again: what became of each, or why it waits."""
    found: dict[int, QuarantinedMessage | str] = {}
    async with open_database(config) as database:
        site = site_of(config)
        await take_policy(database, site)
        for number in await second_chances.waiting(database) if numbers is None else numbers:
            chance = Chance(number=number, by=None, at=SystemClock().now())
            try:
                found[number] = await second_chances.replay(database, site, chance)
            except ConflictError as error:
                found[number] = str(error)
    return found


async def discard_quarantined(config: ServerConfig, number: int, reason: str) -> QuarantinedMessage:
    """Say that nothing will become of it, and why."""
    async with open_database(config) as database:
        chance = Chance(number=number, by=None, at=SystemClock().now())
        return await second_chances.discard(database, chance, reason)
