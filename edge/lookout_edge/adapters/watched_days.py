"""Watched days on disk: a restart in the morning must not hide that nobody has been seen since."""

from pathlib import Path
from threading import Lock

import structlog
from pydantic import TypeAdapter, ValidationError

from lookout_edge.adapters.atomic_file import write_whole
from lookout_edge.domain.watched import WatchedDay
from lookout_edge.ports import Clock

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
_DAYS: TypeAdapter[dict[str, WatchedDay]] = TypeAdapter(dict[str, WatchedDay])
#: Written at most so often, seconds, and with a day's first sign of life; a power cut makes as much unwatched.
SAVE_EVERY_S = 60.0
#: Rules of which nothing was kept for so long, seconds, are forgotten.
_FORGET_S = 3 * 86_400.0


class WatchedDayFile:
    """``WatchedDays`` in one JSON file. Safe from any thread; a disk that refuses costs a log line, never a look.

    A file that cannot be read is begun anew: silence is then told of from the next day on.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._lock = Lock()
        self._days: dict[str, WatchedDay] = _read(path)
        self._written: dict[str, WatchedDay] = dict(self._days)
        self._saved_at = float("-inf")

    def last(self, rule: str) -> WatchedDay | None:
        """See ``WatchedDays``."""
        with self._lock:
            return self._days.get(rule)

    def keep(self, rule: str, day: WatchedDay) -> None:
        """See ``WatchedDays``."""
        with self._lock:
            before = self._days.get(rule)
            if day == before:
                return
            self._days[rule] = day
            is_first = day.alive_at is not None and (
                before is None or before.alive_at is None or before.begins_at != day.begins_at
            )
            if is_first or not 0 <= self._clock.now() - self._saved_at < SAVE_EVERY_S:
                self._save()

    def close(self) -> None:
        """Write for the last time."""
        with self._lock:
            self._save()

    def _save(self) -> None:
        if self._days == self._written:
            return
        self._saved_at = self._clock.now()
        newest = max(day.begins_at for day in self._days.values())
        self._days = {rule: day for rule, day in self._days.items() if newest - day.begins_at <= _FORGET_S}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, _DAYS.dump_json(self._days))
            self._written = dict(self._days)
        except OSError as error:
            _log.warning("what was watched today could not be written and is forgotten at a restart", why=str(error))


def _read(path: Path) -> dict[str, WatchedDay]:
    try:
        return _DAYS.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        _log.warning("what was watched today cannot be read and is counted anew", why=str(error).splitlines()[0])
        return {}
