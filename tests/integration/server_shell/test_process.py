"""``lookout-server run`` as a process: nothing is lost or doubled when it is killed, and it stops in good order."""

import json
import os
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from lookout_contract.delivery import Receipt
from lookout_contract.events import EventData, Phase, Scenario, Severity, make_event
from lookout_contract.topics import GatewayTopics
from lookout_server.adapters.broker.engines import find_mosquitto
from lookout_server.adapters.listening import can_listen, listen
from lookout_server.adapters.mqtt.testing import Probe

pytestmark = pytest.mark.e2e

SITE = "kangle"
TOPICS = GatewayTopics(site=SITE, gateway="gw-a")
EVENT_TOPIC = TOPICS.event("gate", Scenario.GARBAGE)
COMMAND = [sys.executable, "-m", "lookout_server"]
AT = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)

SITE_FILE = """\
district: {id: d, name: 雁塔区}
street: {id: s, name: 长延堡街道}
community: {id: c, name: 康乐南路社区}
grids: [{id: grid-01, name: 第一网格}]
cameras: [{id: gate, name: 东门, grid: grid-01, gateway: gw-a}]
people: [{username: wang, name: 王芳, roles: [worker], grids: [grid-01]}]
"""


def event(number: int) -> bytes:
    data = EventData(
        occurrence=f"occ-{number}",
        scenario=Scenario.GARBAGE,
        camera="gate",
        phase=Phase.START,
        captured_at=AT,
        started_at=AT,
        severity=Severity.BLUE,
    )
    return make_event(data, site=SITE, gateway="gw-a", epoch="e1", sequence=number, time=AT).to_json()


@dataclass
class Home:
    """A data folder with its configuration, and the dispatcher that runs on it now and then."""

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    environment: dict[str, str] = field(default_factory=dict[str, str])
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        values: dict[str, Any] = {
            "site": {"id": SITE, "name": "康乐南路社区"},
            "listen": {"port": 0},
            "data_dir": "data",
            "site_file": "site.yaml",
            "broker": {"mode": "embedded", "port": 0},
            "log": {"format": "console"},
        }
        (self.folder / "site.yaml").write_text(SITE_FILE, encoding="utf-8")
        self.config.write_text(yaml.safe_dump(values | self.settings), encoding="utf-8")

    @property
    def config(self) -> Path:
        return self.folder / "server.yaml"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def verb(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *words, "--config", str(self.config)],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | self.environment,
            timeout=60,
        )

    def start(self, *, session: bool = False) -> dict[str, Any]:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "run", "--config", str(self.config)],
                stderr=log,
                env=os.environ | self.environment,
                start_new_session=session,
            )
        return self.wait_for("runtime.json", self.runtime)

    def runtime(self) -> dict[str, Any] | None:
        file = self.folder / "data" / "runtime.json"
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return found if self.process is not None and found.get("pid") == self.process.pid else None

    def wait_for(self, what: str, look: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            if self.process is not None and self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"{what} did not come; the log says:\n{self.log}")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[Callable[..., Home]]:
    made: list[Home] = []

    def make(**values: Any) -> Home:
        folder = tmp_path / f"home-{len(made)}"
        folder.mkdir()
        made.append(Home(folder, **values))
        return made[-1]

    yield make
    for home in made:
        if home.process is not None and home.process.poll() is None:
            home.stop()


@contextmanager
def login(home: Home, runtime: dict[str, Any]) -> Generator[httpx.Client]:
    """An operator's client."""
    added = home.verb("user", "add", "li", "--name", "李明", "--password-stdin", stdin="geheim-123\n")
    assert added.returncode == 0, added.stderr
    with httpx.Client(base_url=runtime["url"], timeout=20) as client:
        session = client.post("/api/v1/session", json={"username": "li", "password": "geheim-123"})
        assert session.status_code == 200, session.text
        client.headers["Authorization"] = f"Bearer {session.json()['token']}"
        yield client


def all_alarms(client: httpx.Client) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    while True:
        answer = client.get("/api/v1/alarms", params={"limit": 100} | ({"cursor": cursor} if cursor else {})).json()
        found += [alarm["occurrence"] for alarm in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            return found


class Gateway:
    """Speaks the wire's side of a gateway: keeps events until a receipt settles them."""

    def __init__(self, access: dict[str, Any], port: int) -> None:
        # Closed by ``with``: a test that fails must not leave a connection that retries for ever.
        self.probe = Probe(
            host="127.0.0.1",
            port=port,
            username=access["mqtt_username"],
            password=access["mqtt_password"],
            timeout_s=60,
        ).open()
        assert self.probe.refused is None
        self.probe.subscribe(TOPICS.receipt)

    def __enter__(self) -> "Gateway":
        return self

    def __exit__(self, *_: object) -> None:
        self.probe.close()

    def settled(self, number: int) -> bool:
        heard = self.probe.on(TOPICS.receipt)
        return any(Receipt.model_validate_json(message.payload).settles(number) for message in heard)

    def wait_until_settled_up_to(self, number: int) -> None:
        def done() -> bool:
            heard = self.probe.on(TOPICS.receipt)
            return any(Receipt.model_validate_json(message.payload).upto >= number for message in heard)

        self.probe.wait(done, f"a receipt up to {number}")


def gateway_access(home: Home) -> dict[str, Any]:
    added = home.verb("gateway", "add", "gw-a", "--json")
    assert added.returncode == 0, added.stderr
    return json.loads(added.stdout)


def burst_kill_restart(home: Home) -> None:
    access = gateway_access(home)
    runtime = home.start()
    count = 300
    with Gateway(access, runtime["mqtt_port"]) as gateway:
        for number in range(1, count + 1):
            gateway.probe.send(EVENT_TOPIC, event(number))
        gateway.probe.wait(lambda: len(gateway.probe.on(TOPICS.receipt)) > 0, "the first receipt")
        home.kill()
    unsettled = [number for number in range(1, count + 1) if not gateway.settled(number)]
    runtime = home.start()
    with Gateway(access, runtime["mqtt_port"]) as again:
        for number in [*unsettled, count + 1]:
            again.probe.send(EVENT_TOPIC, event(number))
        again.wait_until_settled_up_to(count + 1)
    with login(home, runtime) as client:
        assert sorted(all_alarms(client)) == sorted(f"occ-{number}" for number in range(1, count + 2))
    assert home.stop() == 0


@pytest.mark.parametrize("engine", ["mosquitto", "amqtt"])
def test_killed_in_a_burst_every_event_is_there_exactly_once(homes: Callable[..., Home], engine: str) -> None:
    if engine == "mosquitto" and find_mosquitto() is None:
        pytest.skip("mosquitto is not installed")
    burst_kill_restart(homes(settings={"broker": {"mode": "embedded", "engine": engine, "port": 0}}))


def test_killed_in_a_burst_on_postgresql(homes: Callable[..., Home], postgres_url: str) -> None:
    burst_kill_restart(homes(environment={"LOOKOUT_DATABASE_URL": postgres_url}))


def test_it_stops_in_good_order_and_comes_back_on_the_same_ports(homes: Callable[..., Home]) -> None:
    home = homes()
    first = home.start()
    assert httpx.get(first["url"] + "/readyz").status_code == 200
    with httpx.stream("GET", first["url"] + "/healthz") as answer:
        assert answer.status_code == 200
    assert home.stop() == 0
    assert json.loads((home.folder / "data" / "runtime.json").read_text())["pid"] is None
    second = home.start()
    assert (second["http_port"], second["mqtt_port"]) == (first["http_port"], first["mqtt_port"])
    assert home.stop() == 0


def test_an_open_feed_does_not_hold_up_the_stop(homes: Callable[..., Home]) -> None:
    home = homes()
    runtime = home.start()
    with login(home, runtime) as client, client.stream("GET", "/api/v1/feed") as feed:
        assert feed.status_code == 200
        assert home.stop() == 0


def test_a_second_dispatcher_keeps_off_the_folder(homes: Callable[..., Home]) -> None:
    home = homes()
    home.start()
    second = home.verb("run")
    assert second.returncode == 1
    assert "another dispatcher already works in" in second.stderr
    assert home.stop() == 0


def test_a_taken_port_is_one_sentence(homes: Callable[..., Home]) -> None:
    with listen("127.0.0.1", 0, key="k") as taken:
        port = taken.getsockname()[1]
        for key, settings in (
            ("listen.port", {"listen": {"port": port}}),
            ("broker.port", {"broker": {"mode": "embedded", "port": port}}),
        ):
            done = homes(settings=settings).verb("run")
            assert done.returncode == 1
            assert f"port {port} on 127.0.0.1 is taken" in done.stderr
            assert f"set {key} to another port" in done.stderr
            assert "Traceback" not in done.stderr


def test_ctrl_c_in_a_terminal_reaches_the_broker_through_the_dispatcher_alone(homes: Callable[..., Home]) -> None:
    home = homes()
    home.start(session=True)
    assert home.process is not None
    os.killpg(home.process.pid, signal.SIGINT)
    assert home.process.wait(20) == 0
    assert "broker died" not in home.log
    assert "lost the broker" not in home.log


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed (Debian: util-linux)")
@pytest.mark.parametrize("engine", ["auto", "amqtt"])
def test_a_killed_dispatcher_takes_its_broker_along(homes: Callable[..., Home], engine: str) -> None:
    home = homes(settings={"broker": {"mode": "embedded", "engine": engine, "port": 0}})
    port = home.start()["mqtt_port"]
    assert not can_listen("127.0.0.1", port)
    home.kill()
    home.process = None
    home.wait_for("the broker's port", lambda: can_listen("127.0.0.1", port))


def test_what_is_no_broker_is_named(homes: Callable[..., Home]) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as closes_at_once:
        threading.Thread(target=closes_at_once.serve_forever, daemon=True).start()
        port = closes_at_once.server_address[1]
        home = homes(settings={"broker": {"mode": "external", "host": "127.0.0.1", "port": port}})
        home.start()
        home.wait_for("the word", lambda: f"127.0.0.1:{port} does not answer as an MQTT broker" in home.log)
        assert home.stop() == 0
        closes_at_once.shutdown()


def test_without_its_broker_the_console_works_and_says_so(homes: Callable[..., Home]) -> None:
    with listen("127.0.0.1", 0, key="k") as probe:
        port = probe.getsockname()[1]
    home = homes(settings={"broker": {"mode": "external", "host": "127.0.0.1", "port": port}})
    runtime = home.start()

    def unreachable() -> bool:
        ready = httpx.get(runtime["url"] + "/readyz")
        return ready.status_code == 503 and "broker unreachable" in ready.text

    home.wait_for("the word that the broker is unreachable", unreachable)
    with login(home, runtime) as client:
        assert all_alarms(client) == []
    assert f"broker unreachable at 127.0.0.1:{port}" in home.log
    assert home.stop() == 0


def test_a_gateway_added_while_it_runs_can_connect_at_once(homes: Callable[..., Home]) -> None:
    home = homes()
    runtime = home.start()
    with Gateway(gateway_access(home), runtime["mqtt_port"]) as gateway:
        gateway.probe.send(EVENT_TOPIC, event(1))
        gateway.wait_until_settled_up_to(1)
    again = home.verb("gateway", "add", "gw-a")
    assert again.returncode == 1
    assert "--rotate" in again.stderr
    rotated = home.verb("gateway", "add", "gw-a", "--rotate")
    assert rotated.returncode == 0
    shown = yaml.safe_load(rotated.stdout)
    assert shown["mqtt"]["port"] == runtime["mqtt_port"]
    assert set(shown["dispatcher"]) == {"url", "token"}
    assert home.stop() == 0


def test_whom_a_verb_lets_in_does_not_knock_as_a_stranger(homes: Callable[..., Home]) -> None:
    """Each new account was a refused connection in the quarantine, which somebody had to look at."""
    home = homes()
    home.start()
    for name in ("city", "police"):
        home.verb("integrator", "add", name)
    home.verb("device", "add", "gw-a", "siren")
    time.sleep(0.5)  # the broker's log is read, and a refusal stored, at its own pace
    assert "nothing waits" in home.verb("quarantine", "list").stdout


def test_the_broker_comes_back_when_it_dies_and_events_still_arrive(homes: Callable[..., Home]) -> None:
    home = homes()
    access = gateway_access(home)
    runtime = home.start()
    pid = int((home.folder / "data" / "broker" / "broker.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    home.wait_for("a new broker", lambda: int((home.folder / "data" / "broker" / "broker.pid").read_text()) != pid)
    home.wait_for("readiness", lambda: httpx.get(runtime["url"] + "/readyz").status_code == 200)
    with Gateway(access, runtime["mqtt_port"]) as gateway:
        gateway.probe.send(EVENT_TOPIC, event(1))
        gateway.wait_until_settled_up_to(1)
    assert home.stop() == 0
