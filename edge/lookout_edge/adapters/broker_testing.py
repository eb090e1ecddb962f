"""For tests of the link: a real Mosquitto on a free port, and the dispatcher's side of the line to look through."""

import contextlib
import os
import random
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from lookout_contract.delivery import Receipt
from lookout_contract.events import Event
from lookout_contract.status import GatewayStatus
from lookout_contract.topics import GatewayTopics

_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def free_port() -> int:
    """A port that nobody listens on, below those that outgoing connections take (Linux: from 32768)."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_768)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_for_port(port: int) -> None:
    """Return once something listens."""
    pause = threading.Event()
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        pause.wait(0.02)
    raise TimeoutError(f"nothing listens on port {port}")


@dataclass
class Mosquitto:
    """A broker that can be killed and come back."""

    program: str
    folder: Path
    port: int = field(default_factory=free_port)
    extra: str = "allow_anonymous true\n"
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        config = self.folder / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\n{self.extra}")
        self.process = subprocess.Popen(
            [self.program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for_port(self.port)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def find_mosquitto() -> str | None:
    """The program, which Debian keeps out of the users' PATH; None when it is not installed."""
    return shutil.which("mosquitto", path=_PATH)


class WireTap:
    """The dispatcher's end: what comes in, and receipts and commands to send."""

    def __init__(self, port: int, topics: GatewayTopics) -> None:
        self._topics = topics
        self._changed = threading.Condition()
        self._messages: list[tuple[str, bytes, bool]] = []
        self._subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="dispatcher")
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._ready
        self._client.on_message = self._note
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if not self._subscribed.wait(10):
            raise TimeoutError("the broker does not answer")

    def _connected(
        self, client: mqtt.Client, data: object, flags: mqtt.ConnectFlags, code: ReasonCode, props: Properties | None
    ) -> None:
        client.subscribe("lookout/#", qos=1)

    def _ready(
        self, client: mqtt.Client, data: object, mid: int, codes: list[ReasonCode], props: Properties | None
    ) -> None:
        self._subscribed.set()

    def _note(self, client: mqtt.Client, data: object, message: mqtt.MQTTMessage) -> None:
        with self._changed:
            self._messages.append((message.topic, bytes(message.payload), message.retain))
            self._changed.notify_all()

    def on(self, topic: str) -> list[bytes]:
        """Payloads that came on a topic or below it, in order."""
        return [payload for name, payload, _ in list(self._messages) if name == topic or name.startswith(f"{topic}/")]

    def events(self) -> list[Event]:
        return [Event.model_validate_json(payload) for payload in self.on(f"{self._topics.base}/event")]

    def statuses(self) -> list[GatewayStatus]:
        return [GatewayStatus.model_validate_json(payload) for payload in self.on(self._topics.status)]

    def wait_until(self, condition: Callable[[], bool], timeout_s: float = 20) -> None:
        """Return once it holds; TimeoutError with what came so far when it does not."""
        with self._changed:
            if not self._changed.wait_for(condition, timeout_s):
                raise TimeoutError(f"still not so after {timeout_s:g} s; came: {self._messages}")

    def receipt(self, receipt: Receipt) -> None:
        self.send(self._topics.receipt, receipt.to_json())

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(5)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
