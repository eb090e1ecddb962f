"""A whole gateway as the configuration says: what it takes over from its folder, and what a reload leaves behind."""

import gc
import time
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lookout_contract.commands import LiveCommand
from lookout_edge import bootstrap
from lookout_edge.adapters.live import Following
from lookout_edge.bootstrap import viewing
from lookout_edge.bootstrap.models import Models
from lookout_edge.bootstrap.shadows import Shadows
from lookout_edge.config import CameraConfig, GatewayConfig, LoadedConfig
from lookout_edge.errors import EdgeError
from lookout_edge.shadow import Shadow
from lookout_edge.supervisor import CameraWorker, Crew

NOW = datetime(2026, 5, 4, tzinfo=UTC)
GATEWAY = """\
site: riverside
gateway: gw-1
data_dir: {data}
mqtt: {{host: 127.0.0.1, port: 9}}
models: {{plates: false}}
http: {{enabled: false}}
dispatcher: {{url: "http://127.0.0.1:9", token: secret}}
cameras:
"""
CAMERA = """\
  {name}:
    source: {{url: "rtsp://127.0.0.1:9/{name}"}}
    rules: [{{scenario: key_area}}]
"""


def write(path: Path, *cameras: str) -> Path:
    text = GATEWAY.format(data=path.parent / "data") + "".join(CAMERA.format(name=name) for name in cameras)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_gateway_with_a_damaged_memory_is_built_all_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "gateway.yaml", "gate")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / bootstrap.MEMORY).write_bytes(b"rubbish" * 1000)
    gateway, workers = bootstrap.GatewayBuilder(bootstrap.load(path)).build()
    gateway.stop()
    assert [worker.camera for worker in workers] == ["gate"]


@contextmanager
def running(path: Path) -> Generator[bootstrap.GatewayBuilder]:
    """A gateway that was started; nobody but itself holds its cameras."""
    builder = bootstrap.GatewayBuilder(bootstrap.load(path))
    gateway, workers = builder.build()
    gateway.start(workers)
    del workers
    try:
        yield builder
    finally:
        gateway.stop()


def is_let_go(thing: weakref.ref[Following] | weakref.ref[Shadow]) -> bool:
    """Soon: a thread that is connecting holds it until it has heard an answer."""
    for _ in range(100):
        gc.collect()
        if thing() is None:
            return True
        time.sleep(0.1)
    return False


def test_the_ring_of_a_camera_that_a_reload_takes_away_goes_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "gateway.yaml", "gate", "lift")
    rings: dict[str, weakref.ref[Following]] = {}
    views: list[viewing.Views] = []

    class Watched(viewing.Views):
        def __init__(self, config: GatewayConfig, crew: Crew) -> None:
            super().__init__(config, crew)
            views.append(self)

        def show(self, worker: CameraWorker, stream: Following) -> None:
            rings[worker.camera] = weakref.ref(stream)
            super().show(worker, stream)

    monkeypatch.setattr("lookout_edge.bootstrap.gateway.Views", Watched)
    with running(path) as builder:
        write(path, "gate")
        builder.reload()
        assert is_let_go(rings["lift"])
        assert rings["gate"]() is not None
        with pytest.raises(EdgeError, match="lift gives no stream"):
            views[0].begin(LiveCommand(id="l-1", issued_at=NOW, session="5" * 32, camera="lift", seconds=10))


def test_the_candidates_of_a_camera_that_a_reload_takes_away_go_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = "shadows: {trial: {rules: [{scenario: key_area, dwell_s: 9}]}}\n"
    path = write(tmp_path / "gateway.yaml", "gate", "lift")
    path.write_text(path.read_text() + trial, encoding="utf-8")
    beside: dict[str, weakref.ref[Shadow]] = {}

    class Noted(Shadows):
        def of(self, camera: str, section: CameraConfig, loaded: LoadedConfig, running: Models) -> list[Shadow]:
            found = super().of(camera, section, loaded, running)
            beside[camera] = weakref.ref(found[0])
            return found

    monkeypatch.setattr("lookout_edge.bootstrap.gateway.Shadows", Noted)
    with running(path) as builder:
        write(path, "gate")
        path.write_text(path.read_text() + trial, encoding="utf-8")
        builder.reload()
        assert is_let_go(beside["lift"])
        assert beside["gate"]() is not None
