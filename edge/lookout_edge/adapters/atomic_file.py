"""Files that are there whole or not at all, whatever happens to the power."""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

#: Begins the name of a file that is being written; one that is found at the start was never finished.
PARTIAL = ".partial-"


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` beside ``path``, force it to the disk and give it its name; OSError leaves nothing behind."""
    with ExitStack() as undo:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=PARTIAL, delete=False) as file:
            partial = Path(file.name)
            undo.callback(partial.unlink, missing_ok=True)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        undo.pop_all()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
