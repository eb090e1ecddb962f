"""Evidence files on disk, named by their content, until the dispatcher has them."""

import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import structlog

from lookout_contract.events import EvidenceKind, EvidenceRef
from lookout_edge.adapters.atomic_file import PARTIAL, write_whole
from lookout_edge.errors import SpoolError

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "video/mp4": ".mp4"}
_TYPES = {suffix: mime for mime, suffix in _SUFFIXES.items()}
_OTHER_TYPE = "application/octet-stream"
#: Of the disk so much, or a twentieth where that is less, is left to alarms.
_FOR_ALARMS = 64_000_000
#: Deleted at once when alarms need room.
_GIVEN_AT_ONCE = 16_000_000
#: What goes first is live for so long, and then leaves before older ones of its kind.
_LIVE_S = 60.0


class Lane(IntEnum):
    """Who leaves before whom."""

    LIVE = 0
    FIRST = 1
    REST = 2


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One evidence file as it waits."""

    sha256: str
    mime: str
    path: Path
    bytes: int
    lane: Lane

    @property
    def turn(self) -> tuple[Lane, bool]:
        """The smaller one leaves first: in each lane pictures before clips, which take a thin line minutes."""
        return self.lane, self.mime == _TYPES[".mp4"]


@dataclass(frozen=True, slots=True)
class EvidenceDepth:
    """What waits, and what was given up since the start."""

    files: int
    bytes: int
    #: Files that were deleted for want of room before they were uploaded, or found none.
    dropped: int
    #: Files that the dispatcher refused for good; they are kept aside as long as there is room.
    rejected: int


class DiskEvidence:
    """An EvidenceStore in one folder. Safe to use from several threads.

    ``quota_bytes`` bounds the folder: refused files are deleted first, then the oldest, those put ``first`` last. The
    last of the disk is never taken: an alarm without a picture is better than a picture without its alarm. ``disk``
    tells total, used and free bytes.
    """

    def __init__(
        self,
        folder: Path,
        *,
        quota_bytes: int = 2_000_000_000,
        disk: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage,
    ) -> None:
        self._folder = folder
        self._rejected = folder / "rejected"
        self._first = folder / "first"
        self._quota_bytes = quota_bytes
        self._disk = disk
        self._dropped = 0
        self._lock = threading.RLock()
        self._listeners: list[Callable[[], None]] = []
        try:
            self._rejected.mkdir(parents=True, exist_ok=True)
            for leftover in (*folder.glob(f"{PARTIAL}*"), *self._first.glob(f"{PARTIAL}*")):
                leftover.unlink(missing_ok=True)
        except OSError as error:
            raise self._refused(error) from error

    def put(self, kind: EvidenceKind, content: bytes, mime: str, *, first: bool = False) -> EvidenceRef:
        """See ``EvidenceStore``; SpoolError when the disk refuses."""
        sha256 = hashlib.sha256(content).hexdigest()
        name = f"{sha256}{_SUFFIXES.get(mime, '.bin')}"
        ahead, among = self._first / name, self._folder / name
        path = ahead if first else among
        try:
            with self._lock, self._counting_refusals():
                if first and among.exists():
                    self._make_folders()
                    among.rename(ahead)
                elif not ahead.exists() and not among.exists():
                    # Somebody who looked for room may have taken the folders away.
                    self._make_folders()
                    self._spare_alarms(len(content))
                    write_whole(path, content)
                    self._drop(self._held_bytes() - self._quota_bytes, keep=path)
        except OSError as error:
            raise self._refused(error) from error
        for listener in tuple(self._listeners):
            listener()
        return EvidenceRef(kind=kind, sha256=sha256, bytes=len(content), mime=mime)

    @contextmanager
    def _counting_refusals(self) -> Generator[None]:
        """What finds no room is gone like what was deleted for it, and nobody near the box may look at its log."""
        try:
            yield
        except (OSError, SpoolError):
            self._dropped += 1
            raise

    def waiting(self) -> tuple[StoredFile, ...]:
        """Files in the order in which they are to be uploaded: see ``StoredFile.turn``, then the oldest."""
        live_from = time.time() - _LIVE_S
        with self._lock:
            waiting = (*self._files(self._first, live_from), *self._files(self._folder))
        return tuple(sorted(waiting, key=lambda file: file.turn))

    def settle(self, file: StoredFile) -> None:
        """The dispatcher has it: delete it here. SpoolError when the disk refuses, as with ``reject``."""
        try:
            with self._lock:
                file.path.unlink(missing_ok=True)
        except OSError as error:
            raise self._refused(error) from error

    def reject(self, file: StoredFile) -> None:
        """The dispatcher will never take it: keep it aside for whoever looks into it."""
        try:
            with self._lock:
                if file.path.exists():
                    self._rejected.mkdir(exist_ok=True)
                    file.path.rename(self._rejected / file.path.name)
        except OSError as error:
            raise self._refused(error) from error

    def give_way(self) -> bool:
        """Alarms find no room on the disk: delete some of the oldest files; whether there were any."""
        with self._lock:
            return self._drop(_GIVEN_AT_ONCE) < _GIVEN_AT_ONCE

    def depth(self) -> EvidenceDepth:
        """How much waits."""
        with self._lock:
            sizes = [*self._sizes(self._first), *self._sizes(self._folder)]
            return EvidenceDepth(len(sizes), sum(sizes), self._dropped, len(self._sizes(self._rejected)))

    def listen(self, callback: Callable[[], None]) -> None:
        """Call back after every file that comes in, on the thread that put it."""
        self._listeners.append(callback)

    def _spare_alarms(self, size: int) -> None:
        total, _, free = self._disk(self._folder)
        reserve = min(_FOR_ALARMS, total // 20)
        if self._drop(size + reserve - free) > 0:
            raise SpoolError(
                f"no evidence is stored: the last {reserve // 1_000_000} MB of the disk of {self._folder} are left to "
                "alarms: free space there"
            )

    def _make_folders(self) -> None:
        self._rejected.mkdir(parents=True, exist_ok=True)
        self._first.mkdir(exist_ok=True)

    def _expendable(self) -> Iterator[StoredFile]:
        """Everything, in the order in which it is given up."""
        for folder in (self._rejected, self._folder, self._first):
            yield from self._files(folder)

    def _drop(self, surplus: int, keep: Path | None = None) -> int:
        """Give up files until ``surplus`` bytes are gone; how many could not be found."""
        dropped = 0
        for file in self._expendable() if surplus > 0 else ():
            if surplus <= 0:
                break
            if file.path == keep:
                continue
            file.path.unlink(missing_ok=True)
            surplus -= file.bytes
            dropped += file.path.parent != self._rejected
        if dropped:
            self._dropped += dropped
            _log.error(
                "evidence was deleted before its upload for want of room: check the disk and the way to the dispatcher",
                dropped=dropped,
            )
        return max(0, surplus)

    def _files(self, folder: Path, live_from: float = float("inf")) -> Iterator[StoredFile]:
        """Those in ``folder``, oldest first."""
        entries = sorted(_listed(folder), key=lambda entry: (entry[1].st_mtime_ns, entry[0]))
        for name, status in entries:
            path = folder / name
            lane = Lane.LIVE if status.st_mtime >= live_from else Lane.FIRST if folder == self._first else Lane.REST
            yield StoredFile(path.stem, _TYPES.get(path.suffix, _OTHER_TYPE), path, status.st_size, lane)

    def _held_bytes(self) -> int:
        return sum(sum(self._sizes(folder)) for folder in (self._rejected, self._folder, self._first))

    @staticmethod
    def _sizes(folder: Path) -> list[int]:
        """Of all files there, in no order: with a long outage's twenty thousand, each alarm's picture asks for them."""
        return [status.st_size for _, status in _listed(folder)]

    def _refused(self, error: OSError) -> SpoolError:
        why = error.strerror or str(error)
        return SpoolError(f"cannot store evidence in {self._folder} ({why}): free space there or fix its rights")


def _listed(folder: Path) -> list[tuple[str, os.stat_result]]:
    """Name and status of each file that is whole."""
    try:
        with os.scandir(folder) as entries:
            return [(e.name, e.stat()) for e in entries if not e.name.startswith(PARTIAL) and e.is_file()]
    except OSError:
        return []  # It was taken away, or cannot be read: then nothing waits, and ``put`` says what is wrong.
