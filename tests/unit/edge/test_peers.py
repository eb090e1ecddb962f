"""The way to a peer, with a stand-in: a package of its name that takes time to start and for each picture."""

import sys
from pathlib import Path

import pytest

from lookout_edge.peers import ULTRALYTICS, measure_peers

STAND_IN = """
import time

def burn(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass

burn(0.4)

class YOLO:
    def __init__(self, weights):
        assert weights == "yolo11n.pt"

    def track(self, *, source, imgsz, tracker, stream, save, verbose):
        assert stream and not save
        for _ in range({pictures}):
            burn(0.02)
            yield object()
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose packages this process and its children find."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "ultralytics").mkdir()
    return tmp_path / "ultralytics" / "__init__.py"


def test_a_peer_is_measured_without_its_start(install: Path, tmp_path: Path) -> None:
    install.write_text(STAND_IN.replace("{pictures}", "11"))
    peers = measure_peers(Path("clip.mp4"), 2.0, tmp_path)
    assert peers.failed == {}
    # Ten pictures of 20 ms each over two seconds; its start and its first picture take 420 ms more.
    assert 0.1 <= peers.cost[ULTRALYTICS] < 0.3


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (STAND_IN.replace("{pictures}", "1"), "less than two pictures"),
        ("raise RuntimeError('no weights')", "no weights"),
        ("import time\ntime.sleep(60)", "longer than 1 s"),
    ],
)
def test_what_does_not_run_is_named(install: Path, tmp_path: Path, code: str, why: str) -> None:
    install.write_text(code)
    peers = measure_peers(Path("clip.mp4"), 2.0, tmp_path, timeout_s=1.0 if "sleep" in code else 60.0)
    assert peers.cost == {}
    assert why in peers.failed[ULTRALYTICS]
