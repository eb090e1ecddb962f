"""What would grow without end has an end: refused messages by room, commands by age. Certificates end with a word."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from lookout_server.domain.access import RESTRICTED
from lookout_server.domain.territory import Role
from lookout_server.ports import AlarmFilter, Page, Store
from lookout_server.services.views import ends_soon

_log = structlog.stdlib.get_logger(__name__)

#: Commands that were answered, or ran out, this long ago are forgotten.
COMMANDS_KEPT = timedelta(days=90)
#: How far back care alarms are looked for that nobody sees.
CARE_LOOKED_BACK = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class QuarantineRoom:
    """What the quarantine holds at most: messages, and bytes of their payloads."""

    rows: int = 10_000
    kept_bytes: int = 64 * 1024 * 1024


async def trim_quarantine(store: Store, room: QuarantineRoom) -> int:
    """Let the oldest refused messages go until what is left fits; how many went. Their ledger entries stay."""
    async with store.write() as uow:
        dropped = await uow.quarantine.trim(rows=room.rows, kept_bytes=room.kept_bytes)
        await uow.commit()
    if dropped:
        _log.warning("the quarantine is full: its oldest messages were let go", messages=dropped)
    return dropped


async def forget_commands(store: Store, *, at: datetime) -> int:
    """Forget commands that have long been over; how many there were."""
    async with store.write() as uow:
        forgotten = await uow.gateways.forget_commands(at - COMMANDS_KEPT)
        await uow.commit()
    if forgotten:
        _log.info("commands that are long over were forgotten", commands=forgotten)
    return forgotten


async def warn_of_unseen_care(store: Store, *, at: datetime) -> bool:
    """Whether care alarms came lately that nobody of the control room may see; the log says so, and what to do."""
    async with store.read() as uow:
        wanted = AlarmFilter(scenarios=RESTRICTED, told_since=at - CARE_LOOKED_BACK)
        if not await uow.alarms.page(wanted, Page(limit=1)):
            return False
        unseen = not any(person.in_control_room for person in await uow.people.everyone(Role.CARE))
    if unseen:
        advice = "give somebody the role: lookout-server user add NAME --role operator --role care"
        _log.error("care alarms came, and nobody is cleared for them", advice=advice)
    return unseen


async def warn_of_certificates(store: Store, *, at: datetime) -> list[str]:
    """Say in the log whose certificate ends soon, as the system page does; the gateways' ids."""
    async with store.read() as uow:
        expiries = await uow.enrolments.expiries()
    ending = {name: expiry for name, expiry in sorted(expiries.items()) if ends_soon(expiry, at)}
    for name, expiry in ending.items():
        advice = f"run `lookout-server gateway enrol {name}` here and `lookout-edge enrol` on the box"
        _log.warning("a gateway's certificate ends soon", gateway=name, ends=expiry.isoformat(), advice=advice)
    return list(ending)
