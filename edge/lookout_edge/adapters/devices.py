"""What stands around the gateway: buttons, door controllers and speakers on MQTT, and its own loudspeaker."""

import json
import queue
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, cast

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from lookout_edge.adapters.broker import BrokerOptions, secure

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: Announcements that wait for the loudspeaker; more are left out.
_WAITING = 4
#: Longest time for one announcement, seconds.
_PLAY_S = 60.0
#: What a wireless button tells of itself on the topic of its presses.
_OF_ITSELF = frozenset(
    {
        "action",  # an empty one, after each press
        "availability",
        "battery",
        "battery_low",
        "battery_state",
        "device",
        "device_temperature",
        "last_seen",
        "linkquality",
        "power_outage_count",
        "update",
        "update_available",
        "voltage",
    }
)
#: A longer message is no report of that kind.
_REPORT_BYTES = 16_384


def is_press(payload: bytes) -> bool:
    """Whether a message on a button's topic is a press: any is, but one in which it only tells of its battery or radio,
    as Zigbee2MQTT's do from time to time."""
    if len(payload) > _REPORT_BYTES:
        return True
    try:
        message: object = json.loads(payload)
    except (ValueError, RecursionError):
        return True
    if not isinstance(message, dict) or not message:
        return True
    report = cast(dict[str, object], message)
    return bool(report.get("action")) or not report.keys() <= _OF_ITSELF


class DeviceBus:
    """A connection to the broker of the devices, which comes back by itself.

    ``topics`` maps each topic that is listened to to what happens when a press arrives there.
    """

    def __init__(self, options: BrokerOptions, client_id: str, topics: Mapping[str, Callable[[], None]]) -> None:
        self._options, self._topics = options, dict(topics)
        self._lock = threading.Lock()
        #: Topic → what it is told once there is a connection.
        self._waiting: dict[str, str] = {}
        #: Whether that has been said: what comes later must not overtake it.
        self._connects = False
        version: Literal[4, 5] = options.version
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if version == 5 else MQTTProtocolVersion.MQTTv311,
        )
        client.connect_timeout = options.connect_timeout_s
        client.reconnect_delay_set(1, 30)
        if options.username is not None:
            client.username_pw_set(options.username, options.password)
        secure(client, options.tls)
        client.on_connect = self._connected
        client.on_message = self._received
        #: Set while the subscriptions stand.
        self.listening = threading.Event()
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._lost
        #: None once it is closed.
        self._client: mqtt.Client | None = client

    def start(self) -> None:
        """Connect in the background, for as long as it takes."""
        if self._client is not None:
            self._client.connect_async(self._options.host, self._options.port, self._options.keepalive_s)
            self._client.loop_start()

    def close(self) -> None:
        """Say goodbye."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()
            # Without these it refers to nobody: its sockets are closed here, not by some later collection.
            client.on_connect = client.on_message = client.on_subscribe = client.on_disconnect = None

    def publish(self, topic: str, payload: str) -> None:
        """Send with QoS 1. Of what cannot go now the last word on each topic waits for the connection: a door is told
        how it shall be, not all that it missed in the days without."""
        with self._lock:
            if self._client is not None and self._connects:
                self._client.publish(topic, payload, qos=1)
            else:
                self._waiting[topic] = payload

    def _connected(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            _log.warning(
                "the broker of the devices refuses this gateway", broker=self._options.address, why=str(reason)
            )
            return
        with self._lock:
            waiting, self._waiting, self._connects = self._waiting, {}, True
            for topic, payload in waiting.items():
                client.publish(topic, payload, qos=1)
        if self._topics:
            client.subscribe([(topic, 1) for topic in self._topics])
        else:
            self.listening.set()

    def _subscribed(self, *_: object) -> None:
        self.listening.set()

    def _lost(self, *_: object) -> None:
        self.listening.clear()
        with self._lock:
            self._connects = False

    def _received(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.retain:
            return  # An old press is no press.
        act = self._topics.get(message.topic)
        if act is None or not is_press(bytes(message.payload)):
            return
        try:
            act()
        except Exception:  # noqa: BLE001 - raised, it ends the client's thread: no button is heard until a restart
            _log.exception("a press of a button failed", topic=message.topic)


class Loudspeaker:
    """Plays files and speaks texts one after the other, by programs of the box, on a thread of its own."""

    def __init__(self, play: Sequence[str], say: Sequence[str]) -> None:
        self._play, self._say = tuple(play), tuple(say)
        self._waiting: queue.Queue[tuple[str, ...] | None] = queue.Queue(_WAITING + 1)
        self._thread = threading.Thread(target=self._work, name="loudspeaker", daemon=True)

    def start(self) -> None:
        """Begin to wait for announcements."""
        self._thread.start()

    def close(self) -> None:
        """Leave out what waits; do not wait for what plays."""
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put(None)

    def play(self, file: Path) -> None:
        """Play a sound file."""
        self._put((*self._play, str(file)))

    def say(self, text: str) -> None:
        """Speak a text."""
        self._put((*self._say, text))

    def _put(self, command: tuple[str, ...]) -> None:
        if self._waiting.qsize() >= _WAITING:
            _log.warning("the loudspeaker is busy; an announcement is left out", command=command[0])
        else:
            self._waiting.put(command)

    def _work(self) -> None:
        while (command := self._waiting.get()) is not None:
            try:
                subprocess.run(command, check=True, timeout=_PLAY_S, capture_output=True)
            # ValueError: a text with what no program can be given (a NUL, letters that the locale lacks).
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                _log.warning("an announcement failed: install the program or change `speaker`", why=str(error))
