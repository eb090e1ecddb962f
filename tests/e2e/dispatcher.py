"""A dispatcher of its own, as a real process with its own broker, and a gateway that a test speaks for."""

import asyncio
import hashlib
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any, TypeVar, cast

from e2e.console_driver import Login
from lookout_contract.commands import COMMANDS, Command, CommandResponse, Outcome, ZonesReport
from lookout_contract.delivery import Receipt
from lookout_contract.events import EventData, make_event
from lookout_contract.status import CameraState, GatewayStatus, ProposalReport, Sight
from lookout_contract.topics import GatewayTopics
from lookout_server import bootstrap
from lookout_server.adapters.mqtt.testing import Probe
from lookout_server.adapters.web_push import new_key
from lookout_server.config import ServerConfig, load_server_config
from lookout_server.domain.territory import Role

T = TypeVar("T")

SITE = "e2e"
EPOCH = "e1"
#: As often as a real gateway.
HEARTBEAT_S = 15.0
OPERATOR = Login(username="li", password="operator-of-the-test")
WORKER = Login(username="wang", password="worker-of-the-test")
SUPERVISOR = Login(username="zhao", password="supervisor-of-the-test")

CONFIG = """\
site: {id: e2e, name: 康乐南路社区, timezone: Asia/Shanghai}
listen: {port: 0}
broker: {port: 0}
data_dir: data
site_file: site.yaml
web_push: {contact: "mailto:duty@lookout.test", key_file: web-push.pem}
"""
SITE_FILE = """\
district: {id: yanta, name: 雁塔区}
street: {id: changyanbu, name: 长延堡街道}
community: {id: kangle-south, name: 康乐南路社区}
grids:
  - {id: grid-01, name: 第一网格}
  - {id: grid-02, name: 第二网格}
cameras:
  - {id: unit2, name: 2单元楼道, grid: grid-01, gateway: gw-01}
  - {id: gate, name: 东门, grid: grid-02, gateway: gw-01}
people:
  - {username: li, name: 李敏, roles: [operator]}
  - {username: wang, name: 王芳, roles: [worker], grids: [grid-01]}
  - {username: zhang, name: 张强, roles: [worker], grids: [grid-02]}
  - {username: zhao, name: 赵立, roles: [supervisor]}
  - {username: wuye, name: 物业公司, roles: [department]}
"""
START_S = 150


@dataclass(kw_only=True)
class Dispatcher:
    """``lookout-server run`` in a folder of its own; ports are free ones, the same again after a restart."""

    folder: Path
    config: str = CONFIG
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        (self.folder / "server.yaml").write_text(self.config, encoding="utf-8")
        (self.folder / "site.yaml").write_text(SITE_FILE, encoding="utf-8")
        (self.folder / "web-push.pem").write_text(new_key(), encoding="utf-8")

    @property
    def url(self) -> str:
        """Where the console is."""
        return str(self.runtime()["url"])

    def start(self) -> None:
        """Returns when it listens."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(self._command("run"), stdout=log, stderr=log, cwd=self.folder)
        self._wait_for(lambda: self.runtime().get("pid") == cast("subprocess.Popen[bytes]", self.process).pid)
        self._wait_for(self._answers)

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to stop, or kill it; returns when it is gone."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(with_signal)
            self.process.wait(timeout=30)
        self.process = None

    def add_person(self, login: Login, role: Role | None = None, name: str | None = None) -> None:
        """As ``user add`` does: give somebody of the site file a password, or make an account with this role."""
        roles = None if role is None else frozenset({role})
        wanted = bootstrap.NewPerson(username=login.username, name=name, roles=roles, password=login.password)
        run_apart(bootstrap.add_person(self._settings(), wanted))

    def add_gateway(self, name: str) -> dict[str, Any]:
        """Credentials for a gateway, as ``gateway add`` prints them."""
        return bootstrap.as_values(run_apart(bootstrap.add_gateway(self._settings(), name, rotate=False)))

    def verb(self, *arguments: str, said: str = "") -> str:
        """Run another verb and return what it printed."""
        done = subprocess.run(
            self._command(*arguments), input=said + "\n", capture_output=True, text=True, cwd=self.folder, check=False
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def runtime(self) -> dict[str, Any]:
        """What it says about itself; empty before its first start."""
        try:
            return cast("dict[str, Any]", json.loads((self.folder / "data" / "runtime.json").read_text("utf-8")))
        except FileNotFoundError:
            return {}

    def log(self) -> str:
        """What it has logged."""
        return (self.folder / "server.log").read_text("utf-8", errors="replace")

    def _settings(self) -> ServerConfig:
        return load_server_config(self.folder / "server.yaml")

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "lookout_server", *arguments, "--config", str(self.folder / "server.yaml")]

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5):
                return True
        except OSError:
            return False

    def _wait_for(self, condition: Any) -> None:
        deadline = time.monotonic() + START_S
        while not condition():
            ended = self.process is not None and self.process.poll() is not None
            assert not ended, f"the dispatcher ended:\n{self.log()[-3000:]}"
            assert time.monotonic() < deadline, f"the dispatcher did not start:\n{self.log()[-3000:]}"
            time.sleep(0.1)


@dataclass(kw_only=True)
class SpokenGateway:
    """A gateway without cameras: the test says what it saw, and it lives until ``close``."""

    name: str
    dispatcher: Dispatcher
    issued: dict[str, Any]
    probe: Probe
    sequence: int = 0
    #: Commands, by their ids.
    answered: set[str] = field(default_factory=set[str])
    #: What heartbeats repeat; None: it never announced itself.
    status: GatewayStatus | None = None
    _closed: Event = field(default_factory=Event)

    @classmethod
    def connect(cls, dispatcher: Dispatcher, name: str, issued: dict[str, Any] | None = None) -> "SpokenGateway":
        """Register it, unless it has credentials, and connect it."""
        issued = issued or dispatcher.add_gateway(name)
        gateway = cls(name=name, dispatcher=dispatcher, issued=issued, probe=_connected(dispatcher, issued))
        Thread(target=gateway._live, name=f"heart-{name}", daemon=True).start()
        return gateway

    def close(self) -> None:
        """Say goodbye; no heartbeat follows."""
        self._closed.set()
        self.probe.close()

    def reconnect(self) -> None:
        """After the dispatcher was restarted, wherever its broker is then."""
        self.probe.close()
        self.probe = _connected(self.dispatcher, self.issued)
        self.probe.subscribe(self.topics.receipt)

    @property
    def topics(self) -> GatewayTopics:
        """Where it speaks and listens."""
        return GatewayTopics(site=SITE, gateway=self.name)

    def announce(self, *cameras: str) -> None:
        """Birth, and cameras that are watching."""
        self.probe.subscribe(self.topics.receipt)
        self.propose({})
        for camera in cameras:
            state = CameraState(camera=camera, state=Sight.WATCHING, since=datetime.now(UTC))
            self.probe.publish(self.topics.camera_state(camera), state.to_json(), retain=True)

    def propose(self, proposals: Mapping[str, ProposalReport]) -> None:
        """A heartbeat with what the gateway proposes to leave out."""
        self.status = GatewayStatus(
            gateway=self.name,
            online=True,
            epoch=EPOCH,
            at=datetime.now(UTC),
            version="0.1.0",
            proposals=dict(proposals),
        )
        self.probe.publish(self.topics.status, self.status.to_json(), retain=True)

    def hear_commands(self) -> None:
        """Listen for what the gateway is asked to do."""
        self.probe.subscribe(self.topics.commands)

    def answer(
        self,
        name: str,
        outcome: Outcome = Outcome.DONE,
        detail: str | None = None,
        *,
        zones: ZonesReport | None = None,
    ) -> Command:
        """Answer the newest command of that name that was not answered yet, once it is here; returns it."""

        def waiting() -> list[Command]:
            heard = [COMMANDS.validate_json(each.payload) for each in self.probe.on(self.topics.command(name))]
            return [command for command in heard if command.id not in self.answered]

        self.probe.wait(waiting, f"a command {name}")
        command = waiting()[-1]
        self.answered.add(command.id)
        response = CommandResponse(
            id=command.id, name=name, outcome=outcome, at=datetime.now(UTC), detail=detail, zones=zones
        )
        self.probe.publish(self.topics.response(name), response.to_json())
        return command

    def tell(self, data: EventData) -> None:
        """Publish an event; returns when the dispatcher has stored it."""
        self.publish(data)
        self.settle()

    def publish(self, data: EventData) -> None:
        """Publish an event and go on."""
        self.sequence += 1
        event = make_event(
            data, site=SITE, gateway=self.name, epoch=EPOCH, sequence=self.sequence, time=datetime.now(UTC)
        )
        self.probe.publish(self.topics.event(data.camera, data.scenario), event.to_json())

    def settle(self) -> None:
        """Returns when the dispatcher has stored all that was published."""
        self.probe.wait(lambda: self._settled(self.sequence), f"the receipt of event {self.sequence}")

    def upload(self, content: bytes, mime: str) -> str:
        """Put a file under its hash and return the hash."""
        digest = hashlib.sha256(content).hexdigest()
        request = urllib.request.Request(
            f"{self.dispatcher.url}/api/v1/evidence/{digest}",
            data=content,
            method="PUT",
            headers={"Authorization": f"Bearer {self.issued['upload_token']}", "Content-Type": mime},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status in {200, 201}
        return digest

    def show(self, camera: str, still: bytes) -> None:
        """Hand in the newest picture of a camera."""
        request = urllib.request.Request(
            f"{self.dispatcher.url}/api/v1/stills/{camera}?at={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            data=still,
            method="PUT",
            headers={"Authorization": f"Bearer {self.issued['upload_token']}", "Content-Type": "image/jpeg"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 204

    def _live(self) -> None:
        # A dispatcher takes one that is silent for a minute for lost, and a long test has such minutes.
        while not self._closed.wait(HEARTBEAT_S):
            if self.status is not None and self.probe.connected:
                beat = self.status.model_copy(update={"at": datetime.now(UTC)})
                self.probe.send(self.topics.status, beat.to_json())

    def _settled(self, sequence: int) -> bool:
        heard = self.probe.on(self.topics.receipt)
        return any(Receipt.model_validate_json(message.payload).settles(sequence) for message in heard)


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """What it returns, run in a thread: who drives a browser has a loop already, and a process a verb costs seconds."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


def _connected(dispatcher: Dispatcher, issued: dict[str, Any]) -> Probe:
    probe = Probe(
        host="127.0.0.1",
        port=dispatcher.runtime()["mqtt_port"],
        username=issued["mqtt_username"],
        password=issued["mqtt_password"],
    ).open()
    assert probe.refused is None, probe.refused
    return probe
