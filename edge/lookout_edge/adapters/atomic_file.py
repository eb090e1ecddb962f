"""Files that are there whole or not at all, whatever happens to the power."""

import fcntl
import os
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

#: Begins the name of a file that is being written; one that is found at the start was never finished.
PARTIAL = ".partial-"


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` beside ``path``, force it to the disk and give it its name; OSError leaves nothing behind."""
    with unnamed(path.parent, content) as partial:
        give_name(partial, path)


@contextmanager
def unnamed(folder: Path, content: bytes) -> Generator[Path]:
    """``content`` in a file of ``folder`` that is on the disk; gone in the end unless ``give_name`` moved it."""
    with ExitStack() as undo:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=PARTIAL, delete=False) as file:
            partial = Path(file.name)
            undo.callback(partial.unlink, missing_ok=True)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield partial


def give_name(partial: Path, path: Path) -> None:
    """Make of an ``unnamed`` file the one at ``path``, on the same disk, and force that to it."""
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def put_aside(path: Path) -> Path:
    """Give a broken file another name, so that nothing writes over what can still be looked up; the new path."""
    return path.rename(path.with_name(f"{path.name}.broken-{time.time_ns()}"))


@contextmanager
def alone(path: Path) -> Generator[None]:
    """Keep other processes that do the same from changing ``path`` meanwhile; waits for those, OSError when it cannot.

    The lock is on a file beside it, for ``write_whole`` puts another file in its place.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
