"""``runtime.json``: where the running dispatcher can be found, for tools and for the next start."""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lookout_server.adapters.files import write_private


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What the file holds. ``pid`` is None after a clean stop; the ports are taken again where possible."""

    pid: int | None
    url: str
    http_host: str
    http_port: int
    mqtt_host: str
    mqtt_port: int
    broker: str
    site: str
    version: str
    started_at: str


def runtime_file(data_dir: Path) -> Path:
    """The file of that data folder."""
    return data_dir / "runtime.json"


def read_runtime(data_dir: Path) -> Runtime | None:
    """What the last start left; None when there was none or the file is of another version."""
    try:
        return Runtime(**json.loads(runtime_file(data_dir).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_runtime(data_dir: Path, runtime: Runtime) -> None:
    """Replace the file in one step."""
    write_private(runtime_file(data_dir), json.dumps(asdict(runtime), indent=2) + "\n")


def forget_process(data_dir: Path) -> None:
    """The clean stop: keep the ports, drop the process id."""
    runtime = read_runtime(data_dir)
    if runtime is not None and runtime.pid == os.getpid():
        write_runtime(data_dir, replace(runtime, pid=None))
