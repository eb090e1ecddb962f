"""The verbs that show and check the audit log, and what else whoever runs the machine does to accounts."""

import re
from collections.abc import Mapping

from lookout_server.adapters.clock import SystemClock
from lookout_server.bootstrap.access import open_database
from lookout_server.config import ServerConfig
from lookout_server.errors import InvalidError
from lookout_server.services import auditing, factors


async def audit_entries(config: ServerConfig, last: int) -> list[Mapping[str, object]]:
    """The newest entries, oldest first."""
    async with open_database(config) as database, database.read() as uow:
        found = await uow.audit.before(None, last)
    return [
        {
            "seq": kept.seq,
            "at": kept.entry.at.isoformat(),
            "act": kept.entry.act.value,
            "actor": kept.entry.actor,
            "subject": kept.entry.subject,
            "details": dict(kept.entry.details or {}),
            "chain": kept.chain,
        }
        for kept in reversed(found)
    ]


async def verify_audit(config: ServerConfig, noted: str | None) -> dict[str, int | str | list[str] | None]:
    """How many entries there are, the hash of the last, where the chain breaks if it does, and which cases' histories
    are others than it sealed."""
    match = re.fullmatch(r"(\d+):([0-9a-f]{64})", noted) if noted else None
    if noted and match is None:
        raise InvalidError("write NUMBER:HASH, as an earlier check printed it")
    async with open_database(config) as database:
        verdict = await auditing.verify(database)
        broken = verdict.broken
        if match is not None and broken is None and await auditing.hash_of(database, int(match[1])) != match[2]:
            broken = int(match[1])
    return {"entries": verdict.entries, "head": verdict.head, "broken": broken, "altered": list(verdict.altered)}


async def reset_second_factor(config: ServerConfig, username: str) -> None:
    """For somebody who has lost telephone and recovery codes."""
    async with open_database(config) as database:
        await factors.reset(database, username, at=SystemClock().now())
