"""Evidence files on disk, named by their content, until the dispatcher has them."""

import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import partial
from pathlib import Path

import structlog

from lookout_contract.events import EvidenceKind, EvidenceRef
from lookout_edge.adapters.atomic_file import PARTIAL, give_name, unnamed
from lookout_edge.adapters.folder_index import FolderIndex
from lookout_edge.errors import SpoolError

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "video/mp4": ".mp4"}
_TYPES = {suffix: mime for mime, suffix in _SUFFIXES.items()}
_CLIP = _TYPES[".mp4"]
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
        return self.lane, self.mime == _CLIP


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
        #: What is being written: a folder of its own, so that no index has to list its own again for it.
        self._unfinished = folder / "unfinished"
        # A long outage's twenty thousand take half a second to list, and each alarm's picture asks for them.
        self._index = {
            path: FolderIndex(path, partial(_stored, path, lane))
            for path, lane in ((self._rejected, Lane.REST), (folder, Lane.REST), (self._first, Lane.FIRST))
        }
        self._quota_bytes = quota_bytes
        self._disk = disk
        self._dropped = 0
        self._lock = threading.RLock()
        self._listeners: list[Callable[[], None]] = []
        try:
            self._rejected.mkdir(parents=True, exist_ok=True)
            for place in (folder, self._first, self._unfinished):
                for leftover in place.glob(f"{PARTIAL}*"):
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
            with self._counting_refusals():
                if self._lacks(ahead, among, first=first, room_for=len(content)):
                    # Without the lock: a memory card takes seconds for a clip, and a fire's picture does not wait.
                    with unnamed(self._unfinished, content) as partial, self._lock:
                        if self._lacks(ahead, among, first=first):
                            with self._index[path.parent].changing(name):
                                give_name(partial, path)
                            self._drop(self._held_bytes() - self._quota_bytes, keep=path)
        except OSError as error:
            raise self._refused(error) from error
        for listener in tuple(self._listeners):
            listener()
        return EvidenceRef(kind=kind, sha256=sha256, bytes=len(content), mime=mime)

    def _lacks(self, ahead: Path, among: Path, *, first: bool, room_for: int | None = None) -> bool:
        """Whether a file is still to be stored; what is here among the rest moves ahead where it is to go ``first``."""
        with self._lock:
            # Somebody who looked for room may have taken the folders away.
            self._make_folders()
            if first and among.exists():
                self._move(among, self._first)
            elif not ahead.exists() and not among.exists():
                if room_for is not None:
                    self._spare_alarms(room_for)
                return True
            return False

    @contextmanager
    def _counting_refusals(self) -> Generator[None]:
        """What finds no room is gone like what was deleted for it, and nobody near the box may look at its log."""
        try:
            yield
        except (OSError, SpoolError):
            with self._lock:
                self._dropped += 1
            raise

    def waiting(self) -> tuple[StoredFile, ...]:
        """Files in the order in which they are to be uploaded: see ``StoredFile.turn``, then the oldest."""
        return tuple(self._in_turn())

    def next(self) -> StoredFile | None:
        """The one that is to be uploaded first, if any waits."""
        return next(self._in_turn(), None)

    def settle(self, file: StoredFile) -> None:
        """The dispatcher has it: delete it here. SpoolError when the disk refuses, as with ``reject``."""
        try:
            with self._lock:
                self._delete(file)
        except OSError as error:
            raise self._refused(error) from error

    def reject(self, file: StoredFile) -> None:
        """The dispatcher will never take it: keep it aside for whoever looks into it."""
        try:
            with self._lock:
                if file.path.exists():
                    self._rejected.mkdir(exist_ok=True)
                    self._move(file.path, self._rejected)
        except OSError as error:
            raise self._refused(error) from error

    def give_way(self) -> bool:
        """Alarms find no room on the disk: delete some of the oldest files; whether there were any."""
        with self._lock:
            return self._drop(_GIVEN_AT_ONCE) < _GIVEN_AT_ONCE

    def depth(self) -> EvidenceDepth:
        """How much waits."""
        with self._lock:
            ahead, rest = self._index[self._first].size(), self._index[self._folder].size()
            rejected = self._index[self._rejected].size()[0]
            return EvidenceDepth(ahead[0] + rest[0], ahead[1] + rest[1], self._dropped, rejected)

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
        self._unfinished.mkdir(exist_ok=True)

    def _expendable(self) -> Iterator[StoredFile]:
        """Everything, in the order in which it is given up."""
        for folder in (self._rejected, self._folder, self._first):
            yield from self._index[folder].files()

    def _in_turn(self) -> Iterator[StoredFile]:
        with self._lock:
            ahead, fresh = self._index[self._first].apart(time.time() - _LIVE_S)
            rest = self._index[self._folder].files()
        live = [replace(file, lane=Lane.LIVE) for file in fresh]
        for lane in (live, ahead, rest):
            yield from (file for file in lane if file.mime != _CLIP)
            yield from (file for file in lane if file.mime == _CLIP)

    def _delete(self, file: StoredFile) -> None:
        with self._index[file.path.parent].changing(file.path.name):
            file.path.unlink(missing_ok=True)

    def _move(self, path: Path, folder: Path) -> None:
        with self._index[path.parent].changing(path.name), self._index[folder].changing(path.name):
            path.rename(folder / path.name)

    def _drop(self, surplus: int, keep: Path | None = None) -> int:
        """Give up files until ``surplus`` bytes are gone; how many could not be found."""
        dropped = 0
        for file in self._expendable() if surplus > 0 else ():
            if surplus <= 0:
                break
            if file.path == keep:
                continue
            self._delete(file)
            surplus -= file.bytes
            dropped += file.path.parent != self._rejected
        if dropped:
            self._dropped += dropped
            _log.error(
                "evidence was deleted before its upload for want of room: check the disk and the way to the dispatcher",
                dropped=dropped,
            )
        return max(0, surplus)

    def _held_bytes(self) -> int:
        return sum(index.size()[1] for index in self._index.values())

    def _refused(self, error: OSError) -> SpoolError:
        why = error.strerror or str(error)
        return SpoolError(f"cannot store evidence in {self._folder} ({why}): free space there or fix its rights")


def _stored(folder: Path, lane: Lane, name: str, size: int) -> StoredFile:
    path = folder / name
    return StoredFile(path.stem, _TYPES.get(path.suffix, _OTHER_TYPE), path, size, lane)
