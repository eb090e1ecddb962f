"""What lies in a folder, oldest first, without looking at every file of it each time."""

import os
import time
from bisect import bisect_left, insort
from collections.abc import Callable, Generator
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Generic, TypeVar

from lookout_edge.adapters.atomic_file import PARTIAL

T = TypeVar("T")

#: Seconds after which the folder is listed again though nothing says that it has changed: its time has steps of
#: milliseconds, on memory cards of seconds, and two changes may fall into one.
LIST_AGAIN_S = 300.0
_age = itemgetter(0, 1)


class FolderIndex(Generic[T]):
    """The whole files of one folder. One thread at a time.

    It is listed when it is first asked for and whenever the folder's own time says that somebody else has put or
    taken something; changes of one's own are made within ``changing``. ``make`` makes of a name and a size what is to
    be had of a file.
    """

    def __init__(
        self, folder: Path, make: Callable[[str, int], T], *, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder, self._make, self._steady = folder, make, steady
        #: (time of the last change in nanoseconds, name, size, what is to be had), oldest first.
        self._files: list[tuple[int, str, int, T]] = []
        #: Name → time of the last change.
        self._times: dict[str, int] = {}
        self._bytes = 0
        self._mark: tuple[int, int] | None = None
        self._listed_at = float("-inf")

    def files(self) -> list[T]:
        """All of them, oldest first."""
        self._refresh()
        return [file for _, _, _, file in self._files]

    def apart(self, at: float) -> tuple[list[T], list[T]]:
        """Those from before ``at``, seconds since 1970 by the disk's clock, and those from then on."""
        files = self.files()
        split = bisect_left(self._files, (int(at * 1e9), ""), key=_age)
        return files[:split], files[split:]

    def size(self) -> tuple[int, int]:
        """(files, bytes)."""
        self._refresh()
        return len(self._files), self._bytes

    @contextmanager
    def changing(self, name: str) -> Generator[None]:
        """Put, take or replace the file of that name meanwhile."""
        self._refresh()
        try:
            yield
        finally:
            self._look_at(name)
            self._mark = self._now()

    def _refresh(self) -> None:
        mark, now = self._now(), self._steady()
        if mark == self._mark and now - self._listed_at < LIST_AGAIN_S:
            return
        self._files, self._times, self._bytes = [], {}, 0
        self._mark, self._listed_at = mark, now
        for name, status in _listed(self._folder):
            self._files.append(self._entry(name, status))
        self._files.sort(key=_age)

    def _look_at(self, name: str) -> None:
        known = self._times.pop(name, None)
        if known is not None:
            at = bisect_left(self._files, (known, name), key=_age)
            self._bytes -= self._files.pop(at)[2]
        try:
            status = (self._folder / name).stat()
        except OSError:
            return
        insort(self._files, self._entry(name, status), key=_age)

    def _entry(self, name: str, status: os.stat_result) -> tuple[int, str, int, T]:
        self._times[name] = status.st_mtime_ns
        self._bytes += status.st_size
        return status.st_mtime_ns, name, status.st_size, self._make(name, status.st_size)

    def _now(self) -> tuple[int, int] | None:
        """Changes with what is in the folder; None while there is none."""
        try:
            status = self._folder.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns


def _listed(folder: Path) -> list[tuple[str, os.stat_result]]:
    """Name and status of each file that is whole."""
    try:
        with os.scandir(folder) as entries:
            return [(e.name, e.stat()) for e in entries if not e.name.startswith(PARTIAL) and e.is_file()]
    except OSError:
        return []  # It was taken away, or cannot be read: then nothing waits, and who puts is told what is wrong.
