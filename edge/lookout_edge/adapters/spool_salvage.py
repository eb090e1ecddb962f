"""What can still be read of a damaged spool, event by event."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pydantic import ValidationError

from lookout_contract.events import Event

#: Numbers in a row that cannot be read, after which nothing more is expected: a page holds a few, a broken disk all.
_PATIENCE = 10_000
_NEXT = "SELECT sequence, payload, stored_at FROM event WHERE sequence > ? ORDER BY sequence LIMIT 1"


def readable(path: Path) -> list[tuple[Event, float]]:
    """The events in the file at ``path`` that are whole, in order, and when each was stored; never raises."""
    try:
        with closing(sqlite3.connect(path)) as file:
            last = int(file.execute("SELECT last FROM life").fetchone()[0])
            return [found for row in _rows(file, last) if (found := _read(*row)) is not None]
    except (sqlite3.Error, TypeError, ValueError):
        return []


def _rows(file: sqlite3.Connection, last: int) -> Iterator[tuple[bytes, float]]:
    after = missed = 0
    while after < last and missed < _PATIENCE:
        try:
            row = file.execute(_NEXT, (after,)).fetchone()
        except sqlite3.Error:
            after, missed = after + 1, missed + 1
            continue
        if row is None:
            return
        after, missed = max(after + 1, int(row[0])), 0
        yield row[1], row[2]


def _read(payload: bytes, stored_at: float) -> tuple[Event, float] | None:
    try:
        return Event.model_validate_json(payload), float(stored_at)
    except (ValidationError, TypeError, ValueError):
        return None
