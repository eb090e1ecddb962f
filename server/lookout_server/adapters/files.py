"""Files that are replaced in one step, so that a reader or a crash never sees half of one."""

import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from lookout_server.errors import ConfigError, ServerError

_PIECE = 256 * 1024


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` by ``text``, on disk before this returns, readable by its owner only (mode 600)."""
    write_private_bytes(path, text.encode())


def write_private_bytes(path: Path, content: bytes) -> None:
    """The same for any content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


@contextmanager
def alone_with(path: Path) -> Generator[None]:
    """One at a time, of all threads and processes, between reading a file and replacing it: no change is lost."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600), "wb") as file:
        if sys.platform != "win32":
            import fcntl

            # Let go when the file is closed, also by a process that is killed.
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_private_folder(folder: Path) -> None:
    """Make the folder for its owner only (mode 700); one that exists keeps what its owner chose."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)


async def in_pieces(body: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """What arrives, in pieces that are worth a thread's work: a disk that is slow holds up who waits for it alone.

    What has arrived of a body that breaks off is given out, too, before its error is raised.
    """
    held: list[bytes] = []
    size = 0
    try:
        async for chunk in body:
            held.append(chunk)
            size += len(chunk)
            if size >= _PIECE:
                yield b"".join(held)
                held, size = [], 0
    except Exception:
        if size:
            yield b"".join(held)
        raise
    if size:
        yield b"".join(held)


class FolderLock:
    """Keeps a second dispatcher out of the same data folder. A killed process lets go by itself."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            make_private_folder(self._path.parent)
            self._file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise ConfigError(
                f"data_dir {self._path.parent} cannot be written to ({error.strerror}); make it a folder of the user "
                f"that runs the dispatcher, or set another data_dir"
            ) from error
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                self._file.close()
                raise ServerError(
                    f"another dispatcher already works in {self._path.parent}; stop it, or set another data_dir"
                ) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()
