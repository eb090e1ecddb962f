"""One connection to an MQTT broker, on paho."""

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, cast

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from lookout_edge.errors import LinkError

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: Messages in flight above the window: live fire and key area, states and answers.
RESERVE = 20
#: MQTT 5: how long the broker keeps the session, and with it receipts and commands, of a gateway that is away.
SESSION_S = 7 * 86_400


@dataclass(frozen=True, kw_only=True)
class TlsOptions:
    """TLS to the broker: with ``cert`` and ``key`` it is mutual. Without ``ca`` the system's authorities count."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, kw_only=True)
class BrokerOptions:
    """Where the broker is and how to speak to it."""

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = None
    tls: TlsOptions | None = None
    #: 4 is MQTT 3.1.1.
    version: Literal[4, 5] = 4
    keepalive_s: int = 20
    connect_timeout_s: float = 5.0
    #: Events under way without a receipt, at most.
    window: int = 100
    #: An event without a receipt for so long is sent again.
    resend_after_s: float = 30.0

    @property
    def address(self) -> str:
        """For messages."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Message:
    """A message from or to the broker. ``reply_to`` and ``correlation`` are MQTT 5's."""

    topic: str
    payload: bytes
    retain: bool = False
    reply_to: str | None = None
    correlation: bytes | None = None


class _ClosedWhenRefused(ssl.SSLSocket):
    """Closes when the handshake fails, which paho leaves to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        """See ``ssl.SSLSocket``."""
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class _TakesContext(Protocol):
    """A paho method whose own annotations are incomplete."""

    def tls_set_context(self, context: ssl.SSLContext) -> None: ...


def secure(client: mqtt.Client, tls: TlsOptions | None) -> None:
    """Have ``client`` speak TLS where there are options for it; LinkError when their files cannot be used."""
    if tls is None:
        return
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        if tls.cert is not None:
            context.load_cert_chain(tls.cert, tls.key)
        context.sslsocket_class = _ClosedWhenRefused
        cast(_TakesContext, client).tls_set_context(context)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise LinkError(f"the files of mqtt.tls cannot be used ({why}): check their paths and rights") from error


class Session:
    """A connection from its opening to its end; it never reconnects, a new one is made instead.

    So nothing is hidden in a queue of the library: what has to be sent again is decided by receipts alone.
    """

    def __init__(
        self,
        options: BrokerOptions,
        *,
        client_id: str,
        will: Message | None,
        on_message: Callable[[Message], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._options = options
        self._on_message = on_message
        self._on_lost = on_lost
        self._answered = threading.Event()
        self._refusal: str | None = None
        self._granted = threading.Event()
        #: What the broker said to each filter.
        self._grants: tuple[ReasonCode, ...] = ()
        #: Why the connection ended, None while it stands.
        self.lost: str | None = None
        v5 = options.version == 5
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=None if v5 else False,
            protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        self._client.connect_timeout = options.connect_timeout_s
        self._client.max_inflight_messages_set(options.window + 2 * RESERVE)
        if will is not None:
            self._client.will_set(will.topic, will.payload, qos=1, retain=will.retain)
        if options.username is not None:
            self._client.username_pw_set(options.username, options.password)
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._disconnected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._received

    def open(self, filters: tuple[str, ...]) -> None:
        """Connect and subscribe; LinkError when the broker is not there or does not want this gateway."""
        options = self._options
        self._secure()
        try:
            if options.version == 5:
                properties = Properties(PacketTypes.CONNECT)
                properties.SessionExpiryInterval = SESSION_S
                self._client.connect(
                    options.host, options.port, options.keepalive_s, clean_start=False, properties=properties
                )
            else:
                self._client.connect(options.host, options.port, options.keepalive_s)
        except ssl.SSLError as error:
            raise LinkError(
                f"no TLS with the broker at {options.address} ({error.reason or error}): check mqtt.tls and mqtt.port"
            ) from error
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise LinkError(
                f"no broker at {options.address} ({why}): start it or correct mqtt.host and mqtt.port"
            ) from error
        self._client.loop_start()
        if not self._answered.wait(options.connect_timeout_s) or self._refusal is not None or self.lost is not None:
            # Before it is closed: that ends the connection, too.
            why = self._not_connected()
            self.close()
            raise LinkError(why)
        self._client.subscribe([(topic, 1) for topic in filters])
        answered = self._granted.wait(options.connect_timeout_s)
        refused = [topic for topic, grant in zip(filters, self._grants, strict=False) if grant.is_failure]
        if not answered or refused:
            # Without receipts every event would be sent again and again, and nothing would say why.
            self.close()
            what = ", ".join(refused or filters)
            raise LinkError(
                f"the broker at {options.address} does not let this gateway subscribe to {what}: "
                "its access list must allow that"
            )

    def publish(self, message: Message) -> mqtt.MQTTMessageInfo:
        """Send with QoS 1. Whether it arrives is not told here."""
        properties = None
        if message.correlation is not None and self._options.version == 5:
            properties = Properties(PacketTypes.PUBLISH)
            properties.CorrelationData = message.correlation
        return self._client.publish(message.topic, message.payload, qos=1, retain=message.retain, properties=properties)

    def say_last(self, message: Message, timeout_s: float) -> None:
        """Send and wait until the broker has it, or not longer than ``timeout_s``."""
        info = self.publish(message)
        if info.rc is MQTTErrorCode.MQTT_ERR_SUCCESS:
            info.wait_for_publish(timeout_s)

    def close(self) -> None:
        """Say goodbye: the broker then drops the will."""
        self._client.disconnect()
        self._client.loop_stop()
        # Without these it refers to nobody: its sockets are closed when this goes, not by some later collection.
        self._client.on_connect = self._client.on_disconnect = None
        self._client.on_subscribe = self._client.on_message = None

    def _secure(self) -> None:
        secure(self._client, self._options.tls)

    def _not_connected(self) -> str:
        options = self._options
        if self._refusal is None and self.lost is not None and options.tls is not None and options.tls.cert is not None:
            return (
                f"the broker at {options.address} hung up as soon as it had seen this gateway's certificate: it may "
                "have been revoked; run lookout-edge doctor, or enrol this box again"
            )
        if self._refusal is None:
            return (
                f"the broker at {options.address} did not answer within {options.connect_timeout_s:g} s: "
                "check that mqtt.port is its MQTT port and whether it wants TLS"
            )
        who = f"user {options.username!r}" if options.username is not None else "a client without a user name"
        return (
            f"the broker at {options.address} refuses {who} ({self._refusal}): "
            "check mqtt.username, the password (LOOKOUT_MQTT_PASSWORD or mqtt.password_file) and the broker's rules"
        )

    def _connected(
        self, client: mqtt.Client, data: object, flags: mqtt.ConnectFlags, code: ReasonCode, props: Properties | None
    ) -> None:
        if code.is_failure:
            self._refusal = str(code)
        self._answered.set()

    def _subscribed(
        self, client: mqtt.Client, data: object, mid: int, codes: list[ReasonCode], props: Properties | None
    ) -> None:
        self._grants = tuple(codes)
        self._granted.set()

    def _disconnected(
        self, client: mqtt.Client, data: object, flags: mqtt.DisconnectFlags, code: ReasonCode, props: Properties | None
    ) -> None:
        self.lost = str(code)
        self._answered.set()
        self._granted.set()
        self._on_lost()

    def _received(self, client: mqtt.Client, data: object, message: mqtt.MQTTMessage) -> None:
        properties = message.properties
        try:
            topic = message.topic
        except UnicodeDecodeError:
            # Raised, it ends paho's thread and nobody is told: the connection stands, and nothing comes or goes.
            _log.warning("a message is passed over: its topic is no UTF-8", broker=self._options.address)
            return
        self._on_message(
            Message(
                topic,
                bytes(message.payload),
                message.retain,
                getattr(properties, "ResponseTopic", None),
                getattr(properties, "CorrelationData", None),
            )
        )
