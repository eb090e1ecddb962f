"""Evidence files on disk, named by their content, until the dispatcher has them."""

import hashlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One evidence file as it waits."""

    sha256: str
    mime: str
    path: Path
    bytes: int


@dataclass(frozen=True, slots=True)
class EvidenceDepth:
    """What waits, and what was given up since the start."""

    files: int
    bytes: int
    #: Files deleted for want of room before they were uploaded.
    dropped: int
    #: Files that the dispatcher refused for good; they are kept aside as long as there is room.
    rejected: int


class DiskEvidence:
    """An EvidenceStore in one folder. Safe to use from several threads.

    ``quota_bytes`` bounds the folder: refused files go first, then the oldest. The last of the disk is never taken: an
    alarm without a picture is better than a picture without its alarm. ``disk`` tells total, used and free bytes.
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
        self._quota_bytes = quota_bytes
        self._disk = disk
        self._dropped = 0
        self._lock = threading.RLock()
        self._listeners: list[Callable[[], None]] = []
        try:
            self._rejected.mkdir(parents=True, exist_ok=True)
            for leftover in folder.glob(f"{PARTIAL}*"):
                leftover.unlink(missing_ok=True)
        except OSError as error:
            raise self._refused(error) from error

    def put(self, kind: EvidenceKind, content: bytes, mime: str) -> EvidenceRef:
        """Store under the content's SHA-256; SpoolError when the disk refuses."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._folder / f"{sha256}{_SUFFIXES.get(mime, '.bin')}"
        try:
            with self._lock:
                if not path.exists():
                    # Somebody who looked for room may have taken the folders away.
                    self._rejected.mkdir(parents=True, exist_ok=True)
                    self._spare_alarms(len(content))
                    write_whole(path, content)
                    held = (*self._files(self._rejected), *self._files(self._folder))
                    self._drop(sum(file.bytes for file in held) - self._quota_bytes, keep=path)
        except OSError as error:
            raise self._refused(error) from error
        for listener in tuple(self._listeners):
            listener()
        return EvidenceRef(kind=kind, sha256=sha256, bytes=len(content), mime=mime)

    def waiting(self) -> tuple[StoredFile, ...]:
        """Files to be uploaded, oldest first."""
        with self._lock:
            return tuple(self._files(self._folder))

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
            sizes = [file.bytes for file in self._files(self._folder)]
            return EvidenceDepth(len(sizes), sum(sizes), self._dropped, len(list(self._files(self._rejected))))

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

    def _drop(self, surplus: int, keep: Path | None = None) -> int:
        """Delete refused files, then the oldest, until ``surplus`` bytes are gone; how many could not be found."""
        dropped = 0
        for file in (*self._files(self._rejected), *self._files(self._folder)) if surplus > 0 else ():
            if surplus <= 0:
                break
            if file.path == keep:
                continue
            file.path.unlink(missing_ok=True)
            surplus -= file.bytes
            dropped += file.path.parent == self._folder
        if dropped:
            self._dropped += dropped
            _log.error(
                "evidence was deleted before its upload for want of room: check the disk and the way to the dispatcher",
                dropped=dropped,
            )
        return max(0, surplus)

    @staticmethod
    def _files(folder: Path) -> Iterator[StoredFile]:
        try:
            entries = [(entry.stat(), Path(entry.path)) for entry in os.scandir(folder) if entry.is_file()]
        except OSError:
            return  # It was taken away, or cannot be read: then nothing waits, and ``put`` says what is wrong.
        for status, path in sorted(entries, key=lambda entry: (entry[0].st_mtime_ns, entry[1].name)):
            if not path.name.startswith(PARTIAL):
                yield StoredFile(path.stem, _TYPES.get(path.suffix, _OTHER_TYPE), path, status.st_size)

    def _refused(self, error: OSError) -> SpoolError:
        why = error.strerror or str(error)
        return SpoolError(f"cannot store evidence in {self._folder} ({why}): free space there or fix its rights")
