"""A week of notes in one SQLite file: bounded by age and number, lost without harm."""

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import structlog
from pydantic import ValidationError

from lookout_edge.domain.memory import KEEP_S, Kind, Note, Recollection
from lookout_edge.errors import SpoolError

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

MOST_NOTES = 200_000
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
"""
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


class Memory:
    """Notes on disk. Safe from any thread. A disk that refuses costs the note and a log line, never an event."""

    def __init__(self, path: Path) -> None:
        """Open or make ``path``; SpoolError when that cannot be."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._file.execute("PRAGMA journal_mode=WAL")
            # A power cut may cost the last notes: they are no evidence.
            self._file.execute("PRAGMA synchronous=OFF")
            self._file.executescript(_SCHEMA)
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
        return self._read("at >= ? AND at <= ? AND (? IS NULL OR camera = ?) ORDER BY at", start, end, camera, camera)

    def last_sight(self, camera: str, before: float) -> Note | None:
        """What the camera could see at a time: the newest note about it up to then."""
        found = self._read(
            "camera = ? AND kind = ? AND at <= ? ORDER BY at DESC LIMIT 1", camera, Kind.SIGHT.value, before
        )
        return found[0] if found else None

    def recall(self, camera: str, start: float, end: float) -> Recollection:
        """What is remembered of a camera from ``start`` to ``end``, and what is forgotten of it."""
        notes, before = self.between(start, end, camera=camera), self.last_sight(camera, start)
        upto = self._forgotten(camera)
        return Recollection(start=start, end=end, notes=notes, before=before, forgotten_until=upto)

    def of_occurrence(self, occurrence: str) -> Sequence[Note]:
        """Everything about one occurrence, oldest first."""
        return self._read("occurrence = ? ORDER BY at", occurrence)

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
        try:
            with self._lock:
                found = self._file.execute("SELECT upto FROM forgotten WHERE camera = ?", (camera,)).fetchone()
        except sqlite3.Error as error:
            raise self._unreadable(error) from error
        return None if found is None else float(found[0])

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
