"""A blocking MQTT client for tests and tools: a gateway or an integrator without any logic of its own."""

import ssl
import time
from dataclasses import dataclass, field
from threading import Condition
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One message that arrived."""

    topic: str
    payload: bytes
    retained: bool


@dataclass(kw_only=True)
class Probe:
    """Connect with ``open``; everything it is subscribed to collects in ``heard``."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    client_id: str = ""
    clean: bool = True
    will: tuple[str, bytes] | None = None
    timeout_s: float = 30.0
    heard: list[Heard] = field(default_factory=list[Heard])
    refused: str | None = None
    _changed: Condition = field(default_factory=Condition)
    _connected: bool = False

    def __post_init__(self) -> None:
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.client_id or (self.username or "probe"),
            clean_session=self.clean,
        )
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.max_queued_messages_set(0)
        if self.username is not None:
            self._client.username_pw_set(self.username, self.password)
        if self.will is not None:
            self._client.will_set(self.will[0], self.will[1], qos=1, retain=True)

    def open(self) -> Self:
        """Connect; returns when accepted or refused (see ``refused``)."""
        self._client.connect(self.host, self.port, keepalive=10)
        self._client.loop_start()
        self.wait(lambda: self._connected or self.refused is not None, "an answer to CONNECT")
        return self

    @property
    def connected(self) -> bool:
        """Whether the connection stands now."""
        return self._connected

    def secure(self, context: ssl.SSLContext) -> None:
        """Speak TLS; before ``open``."""
        self._client.tls_set_context(context)  # pyright: ignore[reportUnknownMemberType]

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye; no will is sent."""
        self._client.disconnect()
        self._client.loop_stop()

    def drop(self) -> None:
        """Vanish without a goodbye, as a gateway that lost its power does."""
        self._client.loop_stop()
        connection = self._client.socket()
        if connection is not None:
            connection.close()  # pyright: ignore[reportUnknownMemberType]

    def subscribe(self, *filters: str) -> None:
        """QoS 1; returns when the broker has answered."""
        answered: list[int | None] = []

        def on_subscribe(_c: paho.Client, _u: Any, mid: int, _codes: list[ReasonCode], _p: Any) -> None:
            with self._changed:
                answered.append(mid)
                self._changed.notify_all()

        self._client.on_subscribe = on_subscribe
        _, mid = self._client.subscribe([(each, 1) for each in filters])
        self.wait(lambda: mid in answered, "SUBACK")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1) -> None:
        """Publish and wait for the broker's acknowledgement."""
        self._client.publish(topic, payload, qos=qos, retain=retain).wait_for_publish(self.timeout_s)

    def send(self, topic: str, payload: bytes) -> None:
        """Publish without waiting."""
        self._client.publish(topic, payload, qos=1)

    def wait(self, condition: Any, what: str) -> None:
        """Wait until ``condition()`` holds; TimeoutError names ``what`` did not come."""
        deadline = time.monotonic() + self.timeout_s
        with self._changed:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"{what} did not come within {self.timeout_s} s; heard {self.topics()}")
                self._changed.wait(min(left, 0.1))

    def wait_for(self, topic: str, count: int = 1) -> list[Heard]:
        """Wait for ``count`` messages on the topic and return all of them."""
        self.wait(lambda: len(self.on(topic)) >= count, f"{count} message(s) on {topic}")
        return self.on(topic)

    def on(self, topic: str) -> list[Heard]:
        """What was heard on the topic so far."""
        return [message for message in self.heard if message.topic == topic]

    def topics(self) -> list[str]:
        """The topics heard, in order, with repetitions."""
        return [message.topic for message in self.heard]

    def _on_connect(self, _c: paho.Client, _u: Any, _f: paho.ConnectFlags, reason: ReasonCode, _p: Any) -> None:
        with self._changed:
            if reason.is_failure:
                self.refused = str(reason)
            else:
                self._connected = True
            self._changed.notify_all()

    def _on_disconnect(self, *_: object) -> None:
        with self._changed:
            self._connected = False

    def _on_message(self, _c: paho.Client, _u: Any, message: paho.MQTTMessage) -> None:
        with self._changed:
            self.heard.append(Heard(topic=message.topic, payload=bytes(message.payload), retained=message.retain))
            self._changed.notify_all()
