"""What delivery needs of a broker that somebody else runs: the same questions to each one that is installed.

Neither is needed or installed by ``make test``; Debian has both (rabbitmq-server, nats-server).
"""

import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lookout_server.adapters.broker.access import DISPATCHER, nats_permissions, rabbitmq_permissions
from lookout_server.adapters.listening import can_listen, free_port
from lookout_server.adapters.mqtt.testing import Probe

pytestmark = pytest.mark.e2e
SITE = "kangle"
BASE = f"lookout/v1/{SITE}/gateway/gw-a"
OTHER = f"lookout/v1/{SITE}/gateway/gw-b"
PASSWORD = "of-the-test"
ACCOUNTS = (DISPATCHER, "gw-a", "gw-b", "~bureau")
START_S = 90


@dataclass
class ExternalBroker:
    """A program with an MQTT port, in a folder of its own."""

    command: list[str]
    environment: dict[str, str]
    port: int
    #: What it prints.
    said: Path
    #: RabbitMQ 3.10 came back without it, also with its store told to save five times a second.
    keeps_retained_through_a_kill: bool = True
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                self.command,
                env=os.environ | self.environment,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_S
        # RabbitMQ listens before it has imported its accounts.
        while not self.accepts():
            assert self.process.poll() is None, f"{self.command[0]} ended: {self.last_words()}"
            assert time.monotonic() < deadline, f"{self.command[0]} did not start: {self.last_words()}"
            time.sleep(0.1)

    def last_words(self) -> str:
        return self.said.read_text(errors="replace")[-2000:]

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        deadline = time.monotonic() + START_S
        while not can_listen("127.0.0.1", self.port):
            assert time.monotonic() < deadline, "the port is still taken"
            time.sleep(0.1)

    def accepts(self) -> bool:
        try:
            with self.probe("gw-b") as probe:
                return probe.refused is None
        except (OSError, TimeoutError):
            return False

    def probe(
        self,
        name: str,
        *,
        client_id: str | None = None,
        clean: bool = True,
        will: tuple[str, bytes] | None = None,
        timeout_s: float = 15,
    ) -> Probe:
        """Its client id is the account's name, as a gateway's is after ``gateway add``."""
        return Probe(
            host="127.0.0.1",
            port=self.port,
            client_id=client_id or name,
            username=name,
            password=PASSWORD,
            clean=clean,
            will=will,
            timeout_s=timeout_s,
        )


def wanted_permissions(of: Callable[..., Any]) -> dict[str, Any]:
    return {name: of(name, site=SITE) for name in ACCOUNTS}


def nats(folder: Path) -> ExternalBroker:
    program = shutil.which("nats-server", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("nats-server is not installed")
    port = free_port("127.0.0.1")
    users = [
        {"user": name, "password": PASSWORD, "permissions": allowed}
        for name, allowed in wanted_permissions(nats_permissions).items()
    ]
    config = folder / "nats.conf"
    config.write_text(
        f'server_name: lookout\nlisten: "127.0.0.1:{free_port("127.0.0.1")}"\n'
        f'jetstream {{ store_dir: "{folder}/store" }}\nmqtt {{ host: 127.0.0.1, port: {port} }}\n'
        f"authorization {{ users: {json.dumps(users)} }}\n"
    )
    return ExternalBroker([program, "-c", str(config)], {}, port, folder / "said")


def rabbitmq(folder: Path) -> ExternalBroker:
    program = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    if not program.exists():
        pytest.skip("rabbitmq-server is not installed")
    port = free_port("127.0.0.1")
    (folder / "plugins").write_text("[rabbitmq_mqtt].\n")
    (folder / "definitions.json").write_text(json.dumps(rabbitmq_definitions()))
    (folder / "rabbit.conf").write_text(
        f"listeners.tcp = none\nmqtt.listeners.tcp.1 = 127.0.0.1:{port}\nmqtt.allow_anonymous = false\n"
        f"load_definitions = {folder}/definitions.json\n"
    )
    environment = {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"lookout{port}@localhost",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbit.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_DIST_PORT": str(free_port("127.0.0.1")),
    }
    return ExternalBroker([str(program)], environment, port, folder / "said", keeps_retained_through_a_kill=False)


def rabbitmq_definitions() -> dict[str, Any]:
    """Accounts as RabbitMQ imports them. Each may make and use the queue of its own session, and the topic exchange."""
    salted = hashlib.sha256(b"salt" + PASSWORD.encode()).digest()
    return {
        "vhosts": [{"name": "/"}],
        "users": [
            {
                "name": name,
                "password_hash": base64.b64encode(b"salt" + salted).decode(),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": "",
            }
            for name in ACCOUNTS
        ],
        "permissions": [
            {
                "user": name,
                "vhost": "/",
                "configure": queue,
                "write": f"{queue}|^amq\\.topic$",
                "read": f"{queue}|^amq\\.topic$",
            }
            for name in ACCOUNTS
            for queue in (f"^mqtt-subscription-({re.escape(name)}|early|late)qos[01]$",)
        ],
        "topic_permissions": [
            {"user": name, "vhost": "/", "exchange": "amq.topic", **allowed}
            for name, allowed in wanted_permissions(rabbitmq_permissions).items()
        ],
    }


@pytest.fixture(scope="module", params=[nats, rabbitmq], ids=["nats", "rabbitmq"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExternalBroker]:
    """One for all tests: RabbitMQ needs long to start."""
    make: Callable[[Path], ExternalBroker] = request.param
    running = make(tmp_path_factory.mktemp("broker"))
    running.start()
    yield running
    running.kill()


def test_delivery_will_and_retained_status_also_through_a_kill(broker: ExternalBroker) -> None:
    topic, status = f"{BASE}/event/gate/garbage", f"{BASE}/status"
    with broker.probe(DISPATCHER, clean=False) as dispatcher:
        dispatcher.subscribe(topic, status)
        vanishing = broker.probe("gw-a", will=(status, b"lost")).open()
        vanishing.publish(status, b"born", retain=True)
        dispatcher.wait_for(status)
        vanishing.drop()
        assert [heard.payload for heard in dispatcher.wait_for(status, 2)] == [b"born", b"lost"]
    with broker.probe("gw-a") as gateway:
        for number in range(20):
            gateway.publish(topic, str(number).encode())
    with broker.probe(DISPATCHER, client_id="early") as early:
        early.subscribe(status)
        assert [(heard.payload, heard.retained) for heard in early.wait_for(status)] == [(b"lost", True)]
    time.sleep(1)  # longer than it takes any of them to save
    broker.kill()
    broker.start()
    if broker.keeps_retained_through_a_kill:
        with broker.probe(DISPATCHER, client_id="late") as late:
            late.subscribe(status)
            assert late.wait_for(status)[0].payload == b"lost"
    with broker.probe(DISPATCHER, clean=False) as dispatcher:
        heard = {message.payload for message in dispatcher.wait_for(topic, 20)}
    assert heard == {str(number).encode() for number in range(20)}


def test_a_gateway_speaks_only_in_its_own_subtree_and_an_integrator_not_at_all(broker: ExternalBroker) -> None:
    own = f"{BASE}/event/gate/garbage"
    forged = [
        ("gw-a", f"{OTHER}/event/gate/garbage"),
        ("gw-a", f"{OTHER}/status"),
        ("gw-a", f"{BASE}/receipt"),
        ("gw-a", f"lookout/v1/{SITE}/case/g/c/event"),
        ("~bureau", f"lookout/v1/{SITE}/case/g/c/event"),
        ("~bureau", own),
    ]
    with broker.probe(DISPATCHER) as dispatcher:
        dispatcher.subscribe("lookout/v1/#")
        for name, topic in forged:
            # Some brokers end the connection of who says what they may not.
            with broker.probe(name, timeout_s=3) as sender:
                sender.send(topic, b"forged")
        with broker.probe("gw-a") as gateway:
            gateway.publish(own, b"own")
        dispatcher.wait_for(own)
        assert [heard.topic for heard in dispatcher.heard if heard.payload == b"forged"] == []


def test_a_gateway_hears_only_its_own_subtree(broker: ExternalBroker) -> None:
    with broker.probe(DISPATCHER) as dispatcher:
        dispatcher.publish(f"{OTHER}/command/reload", b"retained", retain=True)
        for wanted in (
            "#",
            "$MQTT/sub/#",
            "lookout/v1/+/gateway/+/receipt",
            f"{OTHER}/#",
            f"{OTHER}/receipt",
            f"{BASE}/receipt",
        ):
            with broker.probe("gw-a", timeout_s=3) as gateway:
                with contextlib.suppress(TimeoutError):
                    gateway.subscribe(wanted)
                dispatcher.publish(f"{OTHER}/receipt", b"for b")
                dispatcher.publish(f"{BASE}/receipt", b"for a")
                if wanted == f"{BASE}/receipt":
                    gateway.wait_for(wanted)
                assert set(gateway.topics()) <= {f"{BASE}/receipt"}, wanted
