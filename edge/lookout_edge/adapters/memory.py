"""A week of notes in one SQLite file: bounded by age and number, lost without harm."""

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import structlog
from pydantic import ValidationError

from lookout_contract.status import Sight
from lookout_edge.adapters.atomic_file import put_aside
from lookout_edge.adapters.spool_file import is_broken
from lookout_edge.domain.memory import KEEP_S, Kind, Note, Recollection
from lookout_edge.errors import SpoolError

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

MOST_NOTES = 200_000
#: Signs of life are written so often, seconds; after a power cut up to as much was watched and is not known to be.
BEAT_S = 60.0
#: So long without one and it is not known that anybody watched.
LAPSE_S = 2 * BEAT_S
#: Notes between two clean-ups.
_TIDY_EVERY = 500
_SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, camera TEXT NOT NULL, kind TEXT NOT NULL, occurrence TEXT,
  note TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS notes_by_camera ON notes (camera, at);
CREATE INDEX IF NOT EXISTS notes_by_occurrence ON notes (occurrence);
CREATE TABLE IF NOT EXISTS forgotten (camera TEXT PRIMARY KEY, upto REAL NOT NULL);
CREATE TABLE IF NOT EXISTS tidied (one INTEGER PRIMARY KEY CHECK (one = 1), last_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS lived (one INTEGER PRIMARY KEY CHECK (one = 1), upto REAL NOT NULL);
"""
#: Events are told to the millisecond: of one moment the order in which they were noted counts.
_IN_ORDER = "ORDER BY round(at, 3), id"
#: A new note takes two that are too old with it at most: one of a clock that is far ahead must not take all.
_TAKES_ALONG = 2
#: What is to go: what is too much, and of what is too old as much as the notes since the last clean-up take along.
#: What each camera could see at last stays, however long ago that was: a camera that goes on watching says no more.
_GONE = """
WITH much AS (
  SELECT id FROM notes WHERE id <= (SELECT max(id) FROM notes) - :most
), last AS (
  SELECT id, max(at) FROM notes WHERE kind = :sight AND (at < :old OR id IN much) GROUP BY camera
), aged AS (
  SELECT id FROM notes WHERE at < :old AND id NOT IN (SELECT id FROM last) ORDER BY at LIMIT :along * (
    SELECT count(*) FROM notes WHERE id > coalesce((SELECT last_id FROM tidied), 0) AND at >= :old
  )
)
SELECT id, camera, at FROM notes WHERE (id IN much OR id IN aged) AND id NOT IN (SELECT id FROM last)
"""
_FORGET = """
INSERT INTO forgotten (camera, upto) VALUES (?, ?) ON CONFLICT (camera) DO UPDATE SET upto = max(upto, excluded.upto)
"""


def open_or_renew(path: Path) -> "Memory":
    """The memory at ``path``; one that is damaged is put aside and begun anew, for what was is no reason not to watch.

    SpoolError when the disk refuses.
    """
    try:
        with closing(sqlite3.connect(path)) as file:
            is_sound = file.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    except sqlite3.Error as error:
        is_sound = not is_broken(error)
    if not is_sound:
        try:
            aside = put_aside(path)
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            raise SpoolError(f"{path}: the gateway's memory is damaged and cannot be put aside ({error}).") from error
        _log.error("the gateway's memory was damaged and a new one begins", kept_as=str(aside))
    return Memory(path)


class Memory:
    """Notes on disk. Safe from any thread. A disk that refuses costs the note and a log line, never an event."""

    def __init__(self, path: Path) -> None:
        """Open or make ``path``; SpoolError when that cannot be."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with ExitStack() as undo:
                self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
                undo.callback(self._file.close)
                self._file.execute("PRAGMA journal_mode=WAL")
                # A power cut may cost the last notes: they are no evidence. Signs of life that came later go with them.
                self._file.execute("PRAGMA synchronous=OFF")
                self._file.executescript(_SCHEMA)
                undo.pop_all()
        except (OSError, sqlite3.Error) as error:
            raise SpoolError(f"{path}: the gateway's memory cannot be opened ({error}); delete the file.") from error
        self._path = path
        self._lock = threading.Lock()
        self._added = 0

    def add(self, note: Note) -> None:
        """Keep ``note``."""
        row = (note.at, note.camera, note.kind.value, note.occurrence, note.model_dump_json(exclude_defaults=True))
        try:
            with self._lock:
                sql = "INSERT INTO notes (at, camera, kind, occurrence, note) VALUES (?, ?, ?, ?, ?)"
                self._file.execute(sql, row)
                self._added += 1
                if self._added % _TIDY_EVERY == 1:
                    self._tidy(note.at)
        except sqlite3.Error as error:
            _log.warning("a note could not be kept", path=str(self._path), why=str(error))

    def between(self, start: float, end: float, *, camera: str | None = None) -> Sequence[Note]:
        """The notes from ``start`` to ``end`` (seconds since 1970 UTC), oldest first, of one camera or of all."""
        return self._read("at >= ? AND at <= ? AND (? IS NULL OR camera = ?) " + _IN_ORDER, start, end, camera, camera)

    def last_sight(self, camera: str, before: float) -> Note | None:
        """What the camera could see at a time: the newest note about it up to then."""
        found = self._read(
            "camera = ? AND kind = ? AND at <= ? ORDER BY at DESC LIMIT 1", camera, Kind.SIGHT.value, before
        )
        return found[0] if found else None

    def live(self, at: float) -> None:
        """Keep that the gateway lives."""
        try:
            with self._lock:
                self._file.execute("REPLACE INTO lived (one, upto) VALUES (1, ?)", (at,))
        except sqlite3.Error as error:
            _log.warning("a sign of life could not be kept", path=str(self._path), why=str(error))

    def break_off(self, now: float) -> float | None:
        """Note of each camera that was not off that it was watched no longer than the gateway is known to have lived.

        Returns the last time of which that was noted; None when each had said that it was off.
        """
        try:
            lived = self._lived()
            # Up to the next sign of life there may have been notes; without any there are only notes.
            limit = now if lived is None else lived + BEAT_S
            lefts = [left for left in map(partial(self._left, limit), self.cameras()) if left is not None]
        except SpoolError as error:
            _log.warning("how the last run ended could not be noted", why=str(error))
            return None
        ends = [left.model_copy(update={"at": max(left.at, lived or left.at)}) for left in lefts]
        for end in ends:
            self.add(end)
        return max((end.at for end in ends), default=None)

    def recall(self, camera: str, start: float, end: float, *, lives_at: float | None = None) -> Recollection:
        """What is remembered of a camera from ``start`` to ``end``, what is forgotten of it and what was never known.

        ``lives_at``: a time at which the gateway lives; unless its last sign of life was long before, it watches yet.
        """
        notes, before = self.between(start, end, camera=camera), self.last_sight(camera, start)
        upto, lived = self._forgotten(camera), self._lived()
        if lived is not None and lives_at is not None and lives_at - lived <= LAPSE_S:
            lived = None
        known_until = lived if lived is None or not notes else max(lived, notes[-1].at)
        return Recollection(
            start=start, end=end, notes=notes, before=before, forgotten_until=upto, known_until=known_until
        )

    def of_occurrence(self, occurrence: str) -> Sequence[Note]:
        """Everything about one occurrence, oldest first."""
        return self._read("occurrence = ? " + _IN_ORDER, occurrence)

    def starts(self, start: float, end: float) -> Sequence[Note]:
        """The starts of alarms from ``start`` to ``end``, of the running rules and of shadows, oldest first."""
        return self._alarms(start, end, "start")

    def starts_and_ends(self, start: float, end: float) -> Sequence[Note]:
        """The same with the ends of alarms."""
        return self._alarms(start, end, "start", "end")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _alarms(self, start: float, end: float, *states: str) -> Sequence[Note]:
        kinds = (Kind.EVENT.value, Kind.SHADOW.value)
        wanted = ", ".join("?" * len(states))
        where = f"at >= ? AND at <= ? AND kind IN (?, ?) AND json_extract(note, '$.state') IN ({wanted}) ORDER BY at"
        return self._read(where, start, end, *kinds, *states)

    def _forgotten(self, camera: str) -> float | None:
        return self._number("SELECT upto FROM forgotten WHERE camera = ?", camera)

    def _lived(self) -> float | None:
        """When the gateway gave its last sign of life; None when it never did."""
        return self._number("SELECT upto FROM lived")

    def cameras(self) -> list[str]:
        """Cameras of which something is remembered, also those that are watched no more."""
        try:
            with self._lock, closing(self._file.execute("SELECT DISTINCT camera FROM notes")) as rows:
                return [str(camera) for (camera,) in rows]
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def _left(self, limit: float, camera: str) -> Note | None:
        """A note that nobody has watched a camera since its last note up to ``limit``; None if it was off by then."""
        last = self.last_sight(camera, limit)
        if last is None or last.state == Sight.OFF:
            return None
        newest = self._number("SELECT max(at) FROM notes WHERE camera = ? AND at <= ?", camera, limit)
        at = last.at if newest is None else newest
        return Note(at=at, camera=camera, kind=Kind.SIGHT, state=Sight.OFF.value, reason="not_running")

    def _number(self, sql: str, *values: str | float) -> float | None:
        try:
            with self._lock:
                found = self._file.execute(sql, values).fetchone()
        except sqlite3.Error as error:
            raise self._unreadable(error) from error
        return None if found is None or found[0] is None else float(found[0])

    def _unreadable(self, error: Exception) -> SpoolError:
        return SpoolError(f"{self._path}: the memory cannot be read ({error}); delete the file.")

    def _read(self, where: str, *values: str | float | None) -> list[Note]:
        try:
            with self._lock, closing(self._file.execute(f"SELECT note FROM notes WHERE {where}", values)) as rows:
                return [Note.model_validate_json(text) for (text,) in rows]
        except (sqlite3.Error, ValidationError) as error:
            raise self._unreadable(error) from error

    def _tidy(self, now: float) -> None:
        wanted = {"old": now - KEEP_S, "most": MOST_NOTES, "sight": Kind.SIGHT.value, "along": _TAKES_ALONG}
        with self._file:
            self._file.execute("BEGIN IMMEDIATE")
            gone = self._file.execute(_GONE, wanted).fetchall()
            self._file.executemany("DELETE FROM notes WHERE id = ?", [(number,) for number, _, _ in gone])
            self._file.executemany(_FORGET, [(camera, at) for _, camera, at in gone if at <= now])
            self._file.execute("REPLACE INTO tidied (one, last_id) SELECT 1, coalesce(max(id), 0) FROM notes")
