"""The verbs that show, export and check the ledger."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from lookout_server.adapters.clock import SystemClock
from lookout_server.adapters.database import Database
from lookout_server.bootstrap.access import open_database
from lookout_server.config import ServerConfig
from lookout_server.domain.ledger import SPAN, Account
from lookout_server.domain.ledger_file import Checked, begin_line, check_lines, end_line, entry_line
from lookout_server.errors import InvalidError, NotFoundError
from lookout_server.ports import LedgerStream


@dataclass(frozen=True, kw_only=True)
class GatewayLedger:
    """A gateway's account of the last 24 h, and all its streams."""

    gateway: str
    account: Account
    streams: tuple[LedgerStream, ...]


async def ledgers(config: ServerConfig, gateway: str | None) -> tuple[GatewayLedger, ...]:
    """All gateways, or one; NotFoundError when the dispatcher has never heard of it."""
    async with open_database(config) as database, database.read() as uow:
        accounts = await uow.ledger.accounts(SystemClock().now() - SPAN)
        streams = await uow.ledger.streams(gateway)
    by_gateway: dict[str, list[LedgerStream]] = {}
    for each in streams:
        by_gateway.setdefault(each.stream.source.rsplit("/", 1)[-1], []).append(each)
    if gateway is not None and not by_gateway:
        raise NotFoundError(f"no events of a gateway {gateway!r} are known; see 'lookout-server ledger show'")
    return tuple(
        GatewayLedger(gateway=name, account=accounts.get(name, Account()), streams=tuple(found))
        for name, found in sorted(by_gateway.items())
    )


async def export_ledger(config: ServerConfig, gateway: str, out: Path) -> int:
    """Write all streams of a gateway; the number of entries. The file appears whole or not at all."""
    (found,) = await ledgers(config, gateway)
    part = out.with_name(f".{out.name}.{os.getpid()}")
    count = 0
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            async with open_database(config) as database:
                async for line in _lines(database, found.streams):
                    file.write(f"{line}\n")
                    count += 1
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return count - 2 * len(found.streams)


async def _lines(database: Database, streams: tuple[LedgerStream, ...]) -> AsyncIterator[str]:
    for each in streams:
        async with database.read() as uow:
            yield begin_line(each.stream.source, each.stream.epoch, SystemClock().now())
            async for entry in uow.ledger.entries(each.stream):
                if entry.link.number > each.state.chain.links:
                    break  # settled since we looked: not in the last line, so not in the file
                yield entry_line(entry.link, entry.at, entry.text)
            yield end_line(each.state.chain)


def verify_ledger(file: Path, *, head: str | None) -> tuple[Checked, ...]:
    """Follow every chain in an exported file; InvalidError when one does not hold, or none ends in ``head``."""
    with file.open(encoding="utf-8") as lines:
        found = tuple(check_lines(line.rstrip("\n") for line in lines))
    if head is not None and all(each.chain.head != head for each in found):
        raise InvalidError(f"no stream of the file ends in {head}: it is not the ledger that this hash was noted of")
    return found
