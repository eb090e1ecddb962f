"""Files that are replaced in one step, so that a reader or a crash never sees half of one."""

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` by ``text``, on disk before this returns, readable by its owner only (mode 600)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
