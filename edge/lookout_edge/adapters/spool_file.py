"""Opening the spool's file: made when missing, moved aside when broken."""

import sqlite3
from contextlib import ExitStack
from pathlib import Path

import structlog

from lookout_edge.errors import SpoolError

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_TABLES = """
CREATE TABLE life (
    id INTEGER PRIMARY KEY CHECK (id = 1), epoch TEXT NOT NULL, last INTEGER NOT NULL, dropped INTEGER NOT NULL
);
CREATE TABLE event (
    sequence INTEGER PRIMARY KEY, rank INTEGER NOT NULL, stored_at REAL NOT NULL, bytes INTEGER NOT NULL,
    camera TEXT NOT NULL, scenario TEXT NOT NULL, payload BLOB NOT NULL
);
CREATE INDEX event_order ON event (rank < 3, sequence);
"""
#: What was given up: each event by name as long as anybody may ask for it, and the counts for good. And the epochs
#: whose waiting events were carried over into a later one.
_LOSSES = """
CREATE TABLE dropped (
    epoch TEXT NOT NULL, sequence INTEGER NOT NULL, camera TEXT NOT NULL, scenario TEXT NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (epoch, sequence)
);
CREATE TABLE past_epoch (epoch TEXT PRIMARY KEY);
CREATE TABLE dropped_count (scenario TEXT PRIMARY KEY, events INTEGER NOT NULL);
"""
#: The last event of each occurrence that may go on after a restart.
_OCCURRENCES = """
CREATE TABLE occurrence (
    id TEXT PRIMARY KEY, camera TEXT NOT NULL, at REAL NOT NULL, ended INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE INDEX occurrence_camera ON occurrence (camera, at);
"""
#: Trials leave on a topic of their own.
_TRIALS = """
ALTER TABLE event ADD COLUMN test INTEGER NOT NULL DEFAULT 0;
"""
#: What waits, counted as it comes and goes, and found by age: with thousands of events waiting, a new one must not cost
#: a look at all of them.
_WAITING = """
CREATE INDEX event_age ON event (rank, stored_at);
CREATE TABLE waiting (id INTEGER PRIMARY KEY CHECK (id = 1), events INTEGER NOT NULL, bytes INTEGER NOT NULL);
INSERT INTO waiting SELECT 1, count(*), ifnull(sum(bytes), 0) FROM event;
CREATE TRIGGER event_comes AFTER INSERT ON event BEGIN
    UPDATE waiting SET events = events + 1, bytes = bytes + NEW.bytes;
END;
CREATE TRIGGER event_goes AFTER DELETE ON event BEGIN
    UPDATE waiting SET events = events - 1, bytes = bytes - OLD.bytes;
END;
"""
#: What brings the file from each version to the next.
_STEPS = (_TABLES, _LOSSES, _OCCURRENCES, _TRIALS, _WAITING)
_VERSION = len(_STEPS)


class _DamagedError(sqlite3.DatabaseError):
    """The check of the pages failed."""


def is_broken(error: sqlite3.Error) -> bool:
    """Whether the file itself is damaged or no database, rather than busy, full or out of reach."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, _DamagedError) or code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_full(error: BaseException | None) -> bool:
    """Whether there was no room on the disk."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


def aside_of(path: Path, stamp: str) -> Path:
    """Where a damaged file at ``path`` goes."""
    return path.with_name(f"{path.name}.broken-{stamp}")


def open_spool_file(path: Path, stamp: str) -> sqlite3.Connection:
    """A connection for all threads, durable after each commit.

    A file that is no healthy spool is renamed to ``NAME.broken-{stamp}`` and a new one made: a gateway that alarms
    without its backlog is better than one that does not start. SpoolError when the folder cannot be written, or when
    a newer version of this program made the file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connect(path)
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
            aside = _move_aside(path, stamp)
            _log.error(
                "the spool was broken and a new one begins",
                why=str(error),
                kept_as=str(aside),
            )
            return _connect(path)
    except (OSError, sqlite3.Error) as error:
        raise SpoolError(f"cannot open the spool {path} ({error}): check the folder's rights and free space") from error


def _connect(path: Path) -> sqlite3.Connection:
    with ExitStack() as undo:
        file = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
        undo.callback(file.close)
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = FULL")
        if file.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise _DamagedError("its pages are damaged")
        version = int(file.execute("PRAGMA user_version").fetchone()[0])
        if version > _VERSION:
            raise SpoolError(f"the spool {path} was made by a newer version: install that one or move the file away")
        if version < _VERSION:
            steps = "".join(_STEPS[version:])
            file.executescript(f"BEGIN; {steps} PRAGMA user_version = {_VERSION}; COMMIT;")
        undo.pop_all()
    return file


def _move_aside(path: Path, stamp: str) -> Path:
    """With its log, which holds what was written last; that goes first, or a new file would take it for its own."""
    aside = aside_of(path, stamp)
    log = path.with_name(f"{path.name}-wal")
    if log.exists():
        log.rename(aside.with_name(f"{aside.name}-wal"))
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    return path.rename(aside)
