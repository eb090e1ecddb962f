"""What can still be read of a damaged spool, event by event."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from lookout_contract.events import Event, EventData

T = TypeVar("T")

#: Numbers in a row that cannot be read, after which nothing more is expected: a page holds a few, a broken disk all.
_PATIENCE = 10_000
_EVENTS = "SELECT sequence, payload, stored_at FROM event WHERE sequence > ? ORDER BY sequence LIMIT 1"
#: By the number of the row: it is put anew with each event of the occurrence.
_OCCURRENCES = "SELECT rowid, data, 0 FROM occurrence WHERE rowid > ? ORDER BY rowid LIMIT 1"


def readable(path: Path) -> tuple[list[tuple[Event, float]], list[EventData]]:
    """What is whole in the file at ``path``; never raises.

    The events that wait, in order, and when each was stored; and the last word of each occurrence that may go on: of
    most that are open no event waits any more.
    """
    try:
        with closing(sqlite3.connect(path)) as file:
            events = [
                (event, stored_at)
                for payload, stored_at in _rows(file, _EVENTS)
                if (event := _read(Event.model_validate_json, payload)) is not None
            ]
            words = [_read(EventData.model_validate_json, data) for data, _ in _rows(file, _OCCURRENCES)]
            return events, [word for word in words if word is not None]
    except sqlite3.Error:
        return [], []


def epochs_in(path: Path) -> list[str]:
    """The epochs that the file at ``path`` knows, as far as that can be read; never raises."""
    found: list[str] = []
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as file:
        for query in ("SELECT epoch FROM life", "SELECT epoch FROM past_epoch"):
            with suppress(sqlite3.Error):
                found += [str(epoch) for (epoch,) in file.execute(query)]
    return found


def _rows(file: sqlite3.Connection, query: str) -> Iterator[tuple[str | bytes, float]]:
    after = missed = 0
    while missed < _PATIENCE:
        try:
            row = file.execute(query, (after,)).fetchone()
        except sqlite3.Error:
            after, missed = after + 1, missed + 1
            continue
        if row is None:
            return
        after, missed = max(after + 1, int(row[0])), 0
        if isinstance(row[2], int | float):
            yield row[1], float(row[2])


def _read(reader: Callable[[str | bytes], T], text: str | bytes) -> T | None:
    try:
        return reader(text)
    except ValidationError:
        return None
