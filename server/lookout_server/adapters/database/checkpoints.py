"""SQLite's write-ahead log goes into the database's file beside the commits, and not within one of them.

Of its own accord SQLite does that in the commit that brings the log to 1,000 pages, which then waits for the disk
several times over (https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files).
"""

import asyncio
import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy.engine import URL

_log = structlog.stdlib.get_logger(__name__)

#: What the log holds when it is emptied, bytes.
LOG_BYTES = 4 * 1024 * 1024
#: Pages of 4 kB at which a commit empties it all the same: where a verb of the command line writes, nobody else may.
AUTOMATIC_PAGES = 16_000
#: Its file keeps so much room: a commit that makes a file longer waits for the file system's own journal as well.
FILE_BYTES = AUTOMATIC_PAGES * 4096
_LOOK_EVERY_S = 0.5
#: https://www.sqlite.org/fileformat2.html#the_write_ahead_log: the file's head, and that of each page in it.
_HEAD, _PAGE_HEAD = 32, 24


@dataclass(frozen=True)
class LogUse:
    """What the log holds. ``salts`` are others once it began anew; what is behind it in its file is of before."""

    salts: bytes = b""
    bytes: int = 0


async def keep_log_short(url: URL, turn: asyncio.Lock, *, every_s: float = _LOOK_EVERY_S) -> None:
    """Look at the log and empty it until cancelled; ends at once where there is none.

    SQLite begins the log anew only if all of it is in the file at the next commit, which under load is never so: what
    was committed while the most of it was copied, is copied while ``turn``, every writer's, is held.
    """
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return
    database = Path(str(url.database))
    log, emptied = database.with_name(f"{database.name}-wal"), LogUse()
    while True:
        await asyncio.sleep(every_s)
        held = log_use(log)
        if held.bytes > LOG_BYTES and held != emptied:
            await asyncio.to_thread(empty_log, database)
            if log_use(log) != held:
                async with turn:
                    await asyncio.to_thread(empty_log, database)
            emptied = log_use(log)


def empty_log(database: Path) -> None:
    """Copy into the file what no reader keeps in the log. It waits for nobody and nobody waits for it."""
    try:
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    except sqlite3.Error as error:
        # A full disk, mostly. The log keeps what it has, and the commits tell of it themselves.
        _log.warning("the database's log could not be emptied", file=str(database), error=str(error))


def log_use(log: Path) -> LogUse:
    """How much of the log's file is the log. Nobody locks that file, so it may be opened and closed beside SQLite."""
    try:
        with log.open("rb", buffering=0) as file:
            head = file.read(_HEAD)
            if len(head) < _HEAD:
                return LogUse()
            salts, each = head[16:24], _PAGE_HEAD + int.from_bytes(head[8:12], "big")
            # Pages of this log, then pages of earlier ones: the first that is not of this one.
            low, high = 0, (log.stat().st_size - _HEAD) // each
            while low < high:
                middle = (low + high) // 2
                file.seek(_HEAD + middle * each + 8)
                low, high = (middle + 1, high) if file.read(8) == salts else (low, middle)
    except OSError:
        return LogUse()
    return LogUse(salts, _HEAD + low * each)
