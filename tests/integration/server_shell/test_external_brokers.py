"""What delivery needs of a broker that somebody else runs: the same questions to each one that is installed.

Neither is needed or installed by ``make test``; Debian has both (rabbitmq-server, nats-server).
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lookout_server.adapters.listening import can_listen, free_port
from lookout_server.adapters.mqtt.testing import Probe

pytestmark = pytest.mark.e2e
BASE = "lookout/v1/kangle/gateway/gw-a"
START_S = 90


@dataclass
class ExternalBroker:
    """A program with an MQTT port, in a folder of its own."""

    command: list[str]
    environment: dict[str, str]
    port: int
    account: tuple[str, str] | None
    #: RabbitMQ 3.10 came back without it, also with its store told to save five times a second.
    keeps_retained_through_a_kill: bool = True
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            env=os.environ | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_S
        while can_listen("127.0.0.1", self.port):
            assert self.process.poll() is None, f"{self.command[0]} ended"
            assert time.monotonic() < deadline, f"{self.command[0]} did not start"
            time.sleep(0.1)

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        deadline = time.monotonic() + START_S
        while not can_listen("127.0.0.1", self.port):
            assert time.monotonic() < deadline, "the port is still taken"
            time.sleep(0.1)

    def probe(self, client_id: str, *, clean: bool = True, will: tuple[str, bytes] | None = None) -> Probe:
        username, password = self.account or (None, None)
        return Probe(
            host="127.0.0.1",
            port=self.port,
            client_id=client_id,
            username=username,
            password=password,
            clean=clean,
            will=will,
            timeout_s=15,
        )


def nats(folder: Path) -> ExternalBroker:
    program = shutil.which("nats-server", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("nats-server is not installed")
    port = free_port("127.0.0.1")
    config = folder / "nats.conf"
    config.write_text(
        f'server_name: lookout\nlisten: "127.0.0.1:{free_port("127.0.0.1")}"\n'
        f'jetstream {{ store_dir: "{folder}/store" }}\nmqtt {{ host: 127.0.0.1, port: {port} }}\n'
    )
    return ExternalBroker([program, "-c", str(config)], {}, port, None)


def rabbitmq(folder: Path) -> ExternalBroker:
    program = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    if not program.exists():
        pytest.skip("rabbitmq-server is not installed")
    port = free_port("127.0.0.1")
    (folder / "plugins").write_text("[rabbitmq_mqtt].\n")
    (folder / "rabbit.conf").write_text(f"listeners.tcp = none\nmqtt.listeners.tcp.1 = 127.0.0.1:{port}\n")
    environment = {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"lookout{port}@localhost",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbit.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_DIST_PORT": str(free_port("127.0.0.1")),
    }
    return ExternalBroker([str(program)], environment, port, ("guest", "guest"), keeps_retained_through_a_kill=False)


@pytest.fixture(params=[nats, rabbitmq], ids=["nats", "rabbitmq"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ExternalBroker]:
    make: Callable[[Path], ExternalBroker] = request.param
    running = make(tmp_path)
    running.start()
    yield running
    running.kill()


def test_delivery_will_and_retained_status_also_through_a_kill(broker: ExternalBroker) -> None:
    topic, status = f"{BASE}/event/gate/garbage", f"{BASE}/status"
    with broker.probe("dispatcher", clean=False) as dispatcher:
        dispatcher.subscribe(topic, status)
        vanishing = broker.probe("gw-a", will=(status, b"lost")).open()
        vanishing.publish(status, b"born", retain=True)
        dispatcher.wait_for(status)
        vanishing.drop()
        assert [heard.payload for heard in dispatcher.wait_for(status, 2)] == [b"born", b"lost"]
    with broker.probe("gw-b") as gateway:
        for number in range(20):
            gateway.publish(topic, str(number).encode())
    with broker.probe("early") as early:
        early.subscribe(status)
        assert [(heard.payload, heard.retained) for heard in early.wait_for(status)] == [(b"lost", True)]
    time.sleep(1)  # longer than it takes any of them to save
    broker.kill()
    broker.start()
    if broker.keeps_retained_through_a_kill:
        with broker.probe("late") as late:
            late.subscribe(status)
            assert late.wait_for(status)[0].payload == b"lost"
    with broker.probe("dispatcher", clean=False) as dispatcher:
        heard = {message.payload for message in dispatcher.wait_for(topic, 20)}
    assert heard == {str(number).encode() for number in range(20)}
