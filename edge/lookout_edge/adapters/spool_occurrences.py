"""The occurrences that may go on after a restart, in the spool's file, so that they fit the events to the power cut."""

import sqlite3

import structlog
from pydantic import ValidationError

from lookout_contract.events import OVER, EventData

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: Ended for so long, an occurrence is not taken up again by anybody.
_KEEP_ENDED_S = 86_400.0


def note_event(file: sqlite3.Connection, data: EventData) -> None:
    """Remember ``data`` as the last word of its occurrence; forget those that were seen to end."""
    if data.end_reason in OVER:
        file.execute("DELETE FROM occurrence WHERE id = ?", (data.occurrence,))
        return
    at, ended = data.captured_at.timestamp(), data.end_reason is not None
    file.execute("DELETE FROM occurrence WHERE ended AND at < ?", (at - _KEEP_ENDED_S,))
    file.execute(
        "INSERT OR REPLACE INTO occurrence VALUES (?, ?, ?, ?, ?)",
        (data.occurrence, data.camera, at, ended, data.model_dump_json()),
    )


def last_words(file: sqlite3.Connection, camera: str) -> list[EventData]:
    """The last event of each occurrence of ``camera`` that nobody has seen to be over, oldest first.

    What another version wrote and this one cannot read is passed over: a camera that is not watched would be worse.
    """
    rows = file.execute("SELECT data FROM occurrence WHERE camera = ? ORDER BY at, id", (camera,))
    found: list[EventData] = []
    for (data,) in rows:
        try:
            found.append(EventData.model_validate_json(data))
        except ValidationError as error:
            why = error.errors(include_url=False)[0]["msg"]
            _log.warning("an occurrence of an earlier run cannot be read and counts as new", camera=camera, why=why)
    return found


def cameras_with_open(file: sqlite3.Connection) -> list[str]:
    """Cameras of which an occurrence has started and was never told to have ended."""
    return [
        str(row[0]) for row in file.execute("SELECT DISTINCT camera FROM occurrence WHERE NOT ended ORDER BY camera")
    ]
