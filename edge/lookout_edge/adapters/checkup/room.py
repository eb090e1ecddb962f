"""Is there room on the disk, and does it keep what is written?"""

import os
import shutil
import time
from pathlib import Path
from tempfile import TemporaryFile

from lookout_edge.domain.finding import Finding, Grade

_ROUNDS = 20
_BLOCK = b"\0" * 4096
#: An event waits for its write; slower than this a burst takes long.
_SLOW_S = 0.1


def check_disk(folder: Path, needed_bytes: int) -> Finding:
    """Room for the spool and the evidence, and how long a durable write takes (the spool does one for every event)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        with TemporaryFile(dir=folder, buffering=0) as file:
            begun = time.monotonic()
            for _ in range(_ROUNDS):
                file.write(_BLOCK)
                os.fsync(file.fileno())
            write_s = (time.monotonic() - begun) / _ROUNDS
    except OSError as error:
        text = f"{folder} cannot be written ({error.strerror})"
        return Finding(Grade.FAIL, "disk", text, "correct data_dir or its rights: without it no event is kept")
    taken = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    text = f"{folder}: {free / 1e9:.1f} GB free, a durable write takes {write_s * 1000:.1f} ms"
    if free + taken < needed_bytes:
        advice = (
            f"spool.max_mb and evidence.quota_mb together may take {needed_bytes / 1e9:.1f} GB: lower them or make room"
        )
        return Finding(Grade.WARN, "disk", text, advice)
    if write_s > _SLOW_S:
        return Finding(Grade.WARN, "disk", text, "this disk is slow: use an SSD rather than a memory card")
    return Finding(Grade.OK, "disk", text)
