"""SQLite's write-ahead log goes into the database's file beside the commits, and not within one of them.

Of its own accord SQLite does that in the commit that brings the log to 1,000 pages, which then waits for the disk
several times over (https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files).
"""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import structlog
from sqlalchemy.engine import URL

_log = structlog.stdlib.get_logger(__name__)

#: Where the log is emptied, bytes. Whoever writes cuts its file to this size after that.
LOG_BYTES = 4 * 1024 * 1024
#: Pages of 4 kB at which a commit empties it all the same: where a verb of the command line writes, nobody else may.
AUTOMATIC_PAGES = 16_000
_LOOK_EVERY_S = 0.5


async def keep_log_short(url: URL, *, every_s: float = _LOOK_EVERY_S) -> None:
    """Look at the log and empty it until cancelled; ends at once where there is none."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return
    database = Path(str(url.database))
    while True:
        await asyncio.sleep(every_s)
        if _size(database.with_name(f"{database.name}-wal")) > LOG_BYTES:
            await asyncio.to_thread(empty_log, database)


def empty_log(database: Path) -> None:
    """Copy into the file what no reader keeps in the log. It waits for nobody and nobody waits for it."""
    try:
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    except sqlite3.Error as error:
        # A full disk, mostly. The log keeps what it has, and the commits tell of it themselves.
        _log.warning("the database's log could not be emptied", file=str(database), error=str(error))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
