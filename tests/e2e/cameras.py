"""An estate with a few cameras, its supervisor, and a gateway that really runs."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from e2e.console_driver import Login, Window, open_window
from e2e.dispatcher import SITE, Dispatcher

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "server" / "lookout_server" / "static"
AXE = ROOT / "server" / "console" / "node_modules" / "axe-core" / "axe.min.js"
REEL = ROOT / "models" / "reel"
SUPERVISOR = Login(username="zhao", password="supervisor-of-the-test")
#: Camera → name, grid, clip of the reel whose first picture it sees.
CAMERAS = {
    "unit2": ("2单元楼道", "grid-01", "ebike-corridor"),
    "bins4": ("投放点4", "grid-01", "bag-beside-bin"),
    "yard3": ("3号楼后院", "grid-01", "fire-yard"),
    "gate": ("东门", "grid-02", "lamp-yard"),
    "unit5": ("5单元楼道", "grid-02", "pram-corridor"),
    "bins7": ("投放点7", "grid-02", None),
}
SITE_FILE = """\
district: {id: yanta, name: 雁塔区}
street: {id: changyanbu, name: 长延堡街道}
community: {id: kangle-south, name: 康乐南路社区}
grids:
  - {id: grid-01, name: 第一网格}
  - {id: grid-02, name: 第二网格}
cameras:
""" + "".join(
    f"  - {{id: {id}, name: {name}, grid: {grid}, gateway: gw-01}}\n" for id, (name, grid, _) in CAMERAS.items()
)
PEOPLE = """\
people:
  - {username: zhao, name: 赵强, roles: [supervisor]}
"""


def start_dispatcher(folder: Path) -> Dispatcher:
    """One of this estate, with the supervisor's account."""
    if not (STATIC / "index.html").exists():
        pytest.skip("the console is not built: run `python server/build_console.py`")
    running = Dispatcher(folder=folder)
    (folder / "site.yaml").write_text(SITE_FILE + PEOPLE, encoding="utf-8")
    running.start()
    running.add_person(SUPERVISOR)
    return running


def supervisor(browser: Browser, dispatcher: Dispatcher, windows: list[Window], size: tuple[int, int]) -> Window:
    window = open_window(browser, dispatcher.url, size)
    windows.append(window)
    window.sign_in(SUPERVISOR)
    return window


GATEWAY_FILE = """\
site: {site}
gateway: gw-01
data_dir: data
mqtt: {{host: 127.0.0.1, port: {port}, username: {username}}}
dispatcher: {{url: "{url}"}}
http: {{enabled: false}}
self_test: {{enabled: false}}
stills: {{every_s: 5}}
models: {{plates: false}}
cameras:
  unit2:
    name: 2单元楼道
    source: {{url: "{clip}", loop: true}}
    zones:
      corridor: {{polygon: [[0.2, 0.3], [0.7, 0.3], [0.9, 0.9], [0.1, 0.9]]}}
    rules:
      - {{scenario: corridor_ebike, zones: [corridor]}}
"""


@dataclass(kw_only=True)
class RunningGateway:
    """``lookout-edge run`` of one camera, which plays a clip over and over."""

    folder: Path
    dispatcher: Dispatcher
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns at once."""
        issued: dict[str, Any] = self.dispatcher.add_gateway("gw-01")
        config = self.folder / "gateway.yaml"
        written = GATEWAY_FILE.format(
            site=SITE,
            port=self.dispatcher.runtime()["mqtt_port"],
            username=issued["mqtt_username"],
            url=self.dispatcher.url,
            clip=REEL / "ebike-corridor.mp4",
        )
        config.write_text(written, encoding="utf-8")
        secrets = {"LOOKOUT_MQTT_PASSWORD": issued["mqtt_password"], "LOOKOUT_DISPATCHER_TOKEN": issued["upload_token"]}
        with (self.folder / "gateway.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lookout_edge", "run", "--config", str(config)],
                stdout=log,
                stderr=log,
                env={**os.environ, **secrets},
            )

    def stop(self) -> None:
        """Ask it to stop and wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)

    def log(self) -> str:
        """What it has logged."""
        return (self.folder / "gateway.log").read_text("utf-8", errors="replace")
