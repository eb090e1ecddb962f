"""The ceiling: a consumer that takes what is queued, stores it with one statement, commits, and receipts. No more.

    python -m lookout_lab.bare PORT DATABASE_URL

What a dispatcher costs is measured beside it: same broker, same events, same durability.
"""

import asyncio
import json
import sqlite3
import sys
from typing import Any, Protocol, cast

import asyncpg

from lookout_lab.mqtt import QuickClient
from lookout_lab.stage import PASSWORD, SITE

_TABLE = "CREATE TABLE IF NOT EXISTS bare (topic TEXT, payload TEXT)"
_MOST = 500
Row = tuple[str, str]


class Keeper(Protocol):
    """Stores and commits."""

    async def keep(self, rows: list[Row]) -> None:
        """Durable when it returns."""
        ...


class SqliteKeeper:
    """WAL with synchronous FULL, as the dispatcher has it."""

    def __init__(self, path: str) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", _TABLE):
            self._file.execute(statement)

    async def keep(self, rows: list[Row]) -> None:
        """See ``Keeper``."""
        self._file.execute("BEGIN IMMEDIATE")
        self._file.executemany("INSERT INTO bare VALUES (?, ?)", rows)
        self._file.execute("COMMIT")


class PostgresKeeper:
    """One connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def keep(self, rows: list[Row]) -> None:
        """See ``Keeper``."""
        async with self._connection.transaction():
            await self._connection.executemany("INSERT INTO bare VALUES ($1, $2)", rows)


async def consume(port: int, url: str) -> None:
    """Until killed."""
    keeper = await _keeper(url)
    waiting: list[tuple[str, bytes]] = []
    woken = asyncio.Event()

    def hear(topic: str, payload: bytes) -> None:
        waiting.append((topic, payload))
        woken.set()

    client = QuickClient(hear)
    events = f"lookout/v1/{SITE}/gateway/+/event/+/+"
    await client.connect(port, name="dispatcher", password=PASSWORD, filters=[events], clean=False)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        await woken.wait()
        batch = waiting[:_MOST]
        del waiting[:_MOST]
        if not waiting:
            woken.clear()
        await keeper.keep([(topic, payload.decode()) for topic, payload in batch])
        last: dict[str, bytes] = {topic.split("/event/")[0]: payload for topic, payload in batch}
        for base, payload in last.items():
            event = json.loads(payload)
            receipt = {"epoch": event["epoch"], "upto": event["sequence"]}
            client.publish(f"{base}/receipt", json.dumps(receipt).encode())


async def _keeper(url: str) -> Keeper:
    if url.startswith("sqlite"):
        return SqliteKeeper(url.removeprefix("sqlite:///"))
    connection = await cast(Any, asyncpg).connect(url)
    await connection.execute(_TABLE)
    return PostgresKeeper(connection)


if __name__ == "__main__":
    asyncio.run(consume(int(sys.argv[1]), sys.argv[2]))
