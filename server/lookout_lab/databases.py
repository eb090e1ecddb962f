"""Reads the dispatcher's database from outside, with the drivers alone: SQLite's file or PostgreSQL."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, cast

import asyncpg

from lookout_lab.records import AlarmRow, EventRow, Stored

_EVENTS = "SELECT source, epoch, sequence, occurrence, payload, received_at FROM events ORDER BY id"
_ALARMS = """
    SELECT a.gateway, a.occurrence, a.state, a.epoch, a.sequence,
           (SELECT count(*) FROM case_alarms c WHERE c.alarm_id = a.id AND NOT c.released)
    FROM alarms a"""
_ESCALATIONS = "SELECT case_id, data FROM case_history WHERE action = 'escalate'"
#: An event from a wrong clock is noted there and stored all the same: the lab sets clocks wrong.
_REFUSED = "SELECT count(*) FROM quarantine WHERE reason NOT LIKE 'it is stored, but dated%'"
_COUNTS = (
    f"SELECT ({_REFUSED}), (SELECT count(*) FROM cases), (SELECT count(*) FROM outbox), (SELECT count(*) FROM events)"
)


class Reader(Protocol):
    """Runs a query; the rows as tuples."""

    async def rows(self, query: str, *values: Any) -> Sequence[Sequence[Any]]:
        """Values are written ``$1``, ``$2`` …"""
        ...


class SqliteReader:
    """A new connection for each query: the file may not be there yet, and a killed writer leaves its log to recover."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def rows(self, query: str, *values: Any) -> Sequence[Sequence[Any]]:
        """See ``Reader``."""
        file = sqlite3.connect(self._file, timeout=10)
        try:
            return file.execute(query.replace("$", "?"), values).fetchall()
        finally:
            file.close()


class _Asyncpg(Protocol):
    """What of asyncpg's connection is used."""

    async def fetch(self, query: str, *values: Any) -> Sequence[Sequence[Any]]: ...

    async def close(self) -> None: ...


class PostgresReader:
    """A connection for each query, so that a killed server costs one error and no more."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def rows(self, query: str, *values: Any) -> Sequence[Sequence[Any]]:
        """See ``Reader``."""
        connection = cast(_Asyncpg, await cast(Any, asyncpg).connect(self._url))
        try:
            return [tuple(record) for record in await connection.fetch(query, *values)]
        finally:
            await connection.close()


async def settled_numbers(reader: Reader, source: str, epoch: str, above: int) -> set[int]:
    """The stored numbers above ``above`` of a gateway's epoch."""
    query = "SELECT sequence FROM events WHERE source = $1 AND epoch = $2 AND sequence > $3"
    return {int(row[0]) for row in await reader.rows(query, source, epoch, above)}


async def counted(reader: Reader) -> tuple[int, int, int, int]:
    """Messages in quarantine, cases, messages in the outbox, events."""
    quarantined, cases, outbox, events = (await reader.rows(_COUNTS))[0]
    return int(quarantined), int(cases), int(outbox), int(events)


async def read_everything(reader: Reader) -> Stored:
    """All that the invariants need."""
    quarantined, cases, outbox, _ = await counted(reader)
    return Stored(
        events=tuple(_event(row) for row in await reader.rows(_EVENTS)),
        alarms=tuple(
            AlarmRow(gateway=row[0], occurrence=row[1], state=row[2], epoch=row[3], sequence=row[4], cases=row[5])
            for row in await reader.rows(_ALARMS)
        ),
        quarantined=quarantined,
        escalations=tuple((str(row[0]), _rung(row[1])) for row in await reader.rows(_ESCALATIONS)),
        cases=cases,
        outbox=outbox,
    )


def _event(row: Sequence[Any]) -> EventRow:
    source, epoch, sequence, occurrence, payload, received_at = row
    return EventRow(
        gateway=str(source).rsplit("/", 1)[-1],
        epoch=epoch,
        sequence=sequence,
        occurrence=occurrence,
        phase=json.loads(payload)["data"]["phase"],
        received_at=_seconds(received_at),
    )


def _seconds(at: Any) -> float:
    when = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _rung(data: Any) -> int:
    told: dict[str, Any] = json.loads(data) if isinstance(data, str) else data
    return int(told["rung"])
