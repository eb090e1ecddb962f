"""Coverage on disk: a restart must not make a blind morning look like a watched one."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from threading import Lock
from zoneinfo import ZoneInfo

import structlog
from pydantic import BaseModel, ValidationError

from lookout_contract.status import CameraState, Coverage, Sight
from lookout_edge.adapters.atomic_file import write_whole
from lookout_edge.domain.coverage import WATCHING, CoverageBook, Seconds
from lookout_edge.ports import Clock

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
#: Written at most so often, seconds; after a power cut as much counts as not running.
SAVE_EVERY_S = 60.0
#: Days that the status tells of: today and yesterday.
_TOLD_DAYS = 2


class _Kept(BaseModel):
    until: float
    days: dict[str, dict[date, Seconds]]


class CoverageFile:
    """Keeps a ``CoverageBook`` in one JSON file. From any thread; a disk that refuses costs a log line, never a camera.

    A file that cannot be read is begun anew.
    """

    def __init__(self, path: Path, timezone: Callable[[], ZoneInfo], clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._lock = Lock()
        kept = _read(path)
        self._book = CoverageBook(timezone, kept.days if kept else {}, kept.until if kept else None)
        self._saved_at = float("-inf")

    def note(self, state: CameraState) -> None:
        """A camera's state has changed."""
        what = WATCHING if state.state is Sight.WATCHING else f"{state.state.value}:{state.reason or 'unknown'}"
        with self._lock:
            self._book.note(state.camera, state.since.timestamp(), what)

    def report(self) -> Mapping[str, tuple[Coverage, ...]]:
        """Camera → its last days, the newest first, counted up to now."""
        with self._lock:
            now = self._clock.now()
            self._book.take_stock(now)
            if not 0 <= now - self._saved_at < SAVE_EVERY_S:
                self._save(now)
            return {camera: _told(self._book.of(camera)) for camera in self._book.days}

    def start(self) -> None:
        """Nothing to do: it counts whenever the status is told."""

    def close(self) -> None:
        """Count and write for the last time."""
        with self._lock:
            now = self._clock.now()
            self._book.take_stock(now)
            self._save(now)

    def _save(self, now: float) -> None:
        self._saved_at = now
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, _Kept(until=now, days=self._book.days).model_dump_json().encode())
        except OSError as error:
            _log.warning("coverage could not be written and is forgotten at a restart", why=str(error))


def _read(path: Path) -> _Kept | None:
    try:
        return _Kept.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        _log.warning("coverage cannot be read and is counted anew", path=str(path), why=str(error).splitlines()[0])
        return None


def _told(days: Mapping[date, Seconds]) -> tuple[Coverage, ...]:
    newest = sorted(days, reverse=True)[:_TOLD_DAYS]
    return tuple(
        Coverage(
            day=day,
            watching_min=_minutes(days[day].get(WATCHING, 0.0)),
            blind_min=_by_reason(days[day], Sight.BLIND),
            off_min=_by_reason(days[day], Sight.OFF),
        )
        for day in newest
    )


def _by_reason(spent: Seconds, sight: Sight) -> dict[str, float]:
    parts = ((what.partition(":"), seconds) for what, seconds in spent.items())
    return {reason: _minutes(seconds) for (state, _, reason), seconds in parts if state == sight.value}


def _minutes(seconds: float) -> float:
    return round(seconds / 60.0, 2)
