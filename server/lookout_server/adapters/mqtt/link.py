"""The dispatcher's one connection to the broker, on the event loop.

Messages are acknowledged by hand, when their content is committed. What has been handed over and not yet acknowledged
is bounded by the broker's in-flight window, so the inbox needs no bound of its own.
"""

import asyncio
import itertools
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from lookout_server.adapters.mqtt.loop import ClientLoop
from lookout_server.adapters.mqtt.wire import Publication, WireClient, acknowledgements
from lookout_server.errors import BrokerError, ConfigError
from lookout_server.ports import AnswerTo, Clock, Incoming
from lookout_server.services.reading import Read

_log = structlog.stdlib.get_logger("lookout.mqtt")

PUBACK_TIMEOUT_S = 10.0
#: A broker that confirms nothing and says nothing else either for so long is not reached any more.
DEAD_AFTER_S = 5.0
#: QoS 0 is not ours; whoever sends it anyway cannot fill the memory.
MAX_WAITING = 20_000
#: What waits is read before its turn as long as no more than this waits: what was read takes more room.
READ_AHEAD = 100
_SAY_AGAIN_S = 60.0
#: What a broker keeps has come when nothing more of it came for this long.
QUIET_S = 1.0
#: MQTT 5: how long the broker keeps our session while we are away.
_SESSION_S = 7 * 86_400


@dataclass(frozen=True, kw_only=True)
class Tls:
    """PEM files; ``cert`` and ``key`` go together."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, kw_only=True)
class BrokerAddress:
    """Where the broker is and as whom to sign in."""

    host: str
    port: int
    client_id: str
    username: str | None = None
    password: str | None = None
    tls: Tls | None = None
    #: The broker keeps nothing while we are away.
    clean: bool = False
    #: 4 is MQTT 3.1.1.
    version: Literal[4, 5] = 4


@dataclass(kw_only=True)
class Delivery:
    """A message in our hands that the broker still keeps for us."""

    message: Incoming
    qos: int
    mid: int
    #: Which connection brought it; acknowledging it on a later one could settle somebody else's message.
    connection: int
    #: What it says, if there was time for that.
    read: Read | None = None


@dataclass(kw_only=True)
class _Look:
    """At what the broker keeps."""

    granted: asyncio.Future[bool]
    mid: int | None = None
    found: dict[str, bytes] = field(default_factory=dict[str, bytes])


class MqttLink:
    """Connects, stays connected, subscribes, publishes. Deliveries wait in ``inbox``.

    ``read``: reads a message when it arrives, which mostly is while the batch before it waits for the disk.
    """

    def __init__(
        self,
        address: BrokerAddress,
        *,
        filters: Sequence[str],
        clock: Clock,
        read: Callable[[Incoming], Read] | None = None,
        aside: str | None = None,
    ) -> None:
        """``aside``: what is published below this topic is ours, looked at by ``kept`` and else by nobody."""
        self._address = address
        self._filters = tuple(filters)
        self._clock = clock
        self._read = read
        self._aside = aside
        self._look: _Look | None = None
        self._client = _client(address)
        self._loop = ClientLoop(self._client, on_unreachable=self._on_unreachable, on_publication=self._on_publication)
        self._connections = itertools.count(1)
        self._connection = 0
        self._problem: str | None = f"not connected to the broker at {address.host}:{address.port} yet"
        self._away_since = time.monotonic()
        self._said: tuple[str, float] = ("", 0.0)
        self._refused_said_at = float("-inf")
        #: Whether what we are connected to has answered as a broker does.
        self._answered = False
        self._pending: dict[int, asyncio.Future[None]] = {}
        #: Read by the intake loop.
        self.inbox: asyncio.Queue[Delivery] = asyncio.Queue()

    def start(self) -> None:
        """Begin to connect; returns at once, retries for ever."""
        client = self._client
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        if self._address.version == 5:
            session = Properties(PacketTypes.CONNECT)
            session.SessionExpiryInterval = 0 if self._address.clean else _SESSION_S
            client.connect_async(
                self._address.host,
                self._address.port,
                keepalive=20,
                clean_start=self._address.clean,
                properties=session,
            )
        else:
            client.connect_async(self._address.host, self._address.port, keepalive=20)
        self._loop.start()

    async def stop(self) -> None:
        """Say goodbye; what was published before still goes out."""
        await self._loop.stop()

    @property
    def connected(self) -> bool:
        """Whether the connection and our subscriptions stand, so that no gateway speaks unheard."""
        return self._problem is None

    @property
    def away_s(self) -> float:
        """For how long no gateway could be heard, seconds; 0 while connected."""
        return 0.0 if self.connected else time.monotonic() - self._away_since

    async def problem(self) -> str | None:
        """For readiness: None when connected, else what is wrong and what to do."""
        return self._problem

    async def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expires_in_s: float | None = None,
        answer: AnswerTo | None = None,
    ) -> None:
        """Publish with QoS 1 and wait for the broker's word; BrokerError when it does not come.

        After that it is not sent any more, as far as that can be helped: another dispatcher may say something newer.
        Expiry, response topic and correlation are MQTT 5's; to a broker of 3.1.1 the payload alone says them.
        """
        if not self.connected:
            raise BrokerError(self._problem or "the broker is not connected")
        waiting = asyncio.get_running_loop().create_future()
        properties = _properties(expires_in_s, answer) if self._address.version == 5 else None
        mid = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties).mid
        self._pending[mid] = waiting
        try:
            await asyncio.wait_for(waiting, PUBACK_TIMEOUT_S)
        except TimeoutError as error:
            if self._client.silent_s >= DEAD_AFTER_S:
                self._loop.lose()
            raise BrokerError(f"the broker did not acknowledge {topic} within {PUBACK_TIMEOUT_S:.0f} s") from error
        finally:
            self._pending.pop(mid, None)
            self._client.withdraw(mid)

    def publish_soon(self, topic: str, payload: bytes) -> None:
        """Publish with QoS 1 without waiting, for what is repeated when it gets lost; ``acknowledge`` sends it off."""
        if not self._loop.publish(topic, payload):
            self._client.publish(topic, payload, qos=1)

    async def kept(self, *, quiet_s: float = QUIET_S) -> dict[str, bytes]:
        """What the broker keeps (retains) below ``aside``, by topic; BrokerError when it does not tell.

        On this connection, for Mosquitto as we run it lets an account in once. Nothing says which message is the last.
        """
        if self._aside is None or not self.connected:
            raise BrokerError(self._problem or "there is nothing to look at")
        connection, every = self._connection, f"{self._aside}/#"
        look = self._look = _Look(granted=asyncio.get_running_loop().create_future())
        try:
            _, look.mid = self._client.subscribe(every, qos=0)
            if not await asyncio.wait_for(look.granted, PUBACK_TIMEOUT_S):
                raise BrokerError(f"the broker does not let the dispatcher hear {every}; its access list must allow it")
            before = -1
            while before < len(look.found):
                before = len(look.found)
                await asyncio.sleep(quiet_s)
            if connection != self._connection or not self.connected:
                raise BrokerError("the connection was lost while the broker told what it keeps")
        except TimeoutError as error:
            raise BrokerError(f"the broker did not answer a subscription to {every}") from error
        finally:
            self._look = None
            # The session outlives us, and its subscriptions with it.
            self._client.unsubscribe(every)
        return look.found

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """Tell the broker that it may forget these. Those of an earlier connection come again, which is harmless.

        What was published soon leaves before that, in the same piece.
        """
        current = self._connection
        settled = acknowledgements(each.mid for each in deliveries if each.qos == 1 and each.connection == current)
        self._loop.send(settled)

    # --- paho's callbacks ---

    def _on_connect(
        self, client: paho.Client, _userdata: Any, _flags: paho.ConnectFlags, reason: ReasonCode, _properties: Any
    ) -> None:
        place = f"{self._address.host}:{self._address.port}"
        self._answered = True
        if reason.is_failure:
            self._fail(
                f"the broker at {place} refuses the dispatcher ({reason}); check broker.username and its password"
            )
            return
        self._connection = next(self._connections)
        client.subscribe([(each, 1) for each in self._filters])

    def _on_subscribe(
        self, _client: paho.Client, _userdata: Any, mid: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        look = self._look
        if look is not None and mid == look.mid:
            if not look.granted.done():
                look.granted.set_result(not any(reason.is_failure for reason in reasons))
            return
        if any(reason.is_failure for reason in reasons):
            self._fail(
                f"the broker at {self._address.host}:{self._address.port} does not let the dispatcher subscribe; "
                f"its access list must allow {', '.join(self._filters)}"
            )
            return
        # Only now would a gateway be heard: until the subscription stands, a broker keeps nothing for us.
        self._problem = None
        self._said = ("", 0.0)
        _log.info("connected to the broker", broker=f"{self._address.host}:{self._address.port}")

    def _on_unreachable(self) -> None:
        place = f"{self._address.host}:{self._address.port}"
        self._fail(f"broker unreachable at {place}; start it, or correct broker.host and broker.port")

    def _on_disconnect(
        self, _client: paho.Client, _userdata: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        if self.connected and reason.is_failure:
            self._fail(f"lost the broker at {self._address.host}:{self._address.port} ({reason}); connecting again")
        elif self.connected:
            self._lose("disconnected from the broker")
        elif not self._answered:
            self._fail(
                f"what listens on {self._address.host}:{self._address.port} does not answer as an MQTT broker; "
                f"check broker.port and broker.tls"
            )
        self._answered = False

    def _lose(self, text: str) -> None:
        if self.connected:
            self._away_since = time.monotonic()
        self._problem = text
        for waiting in self._pending.values():
            if not waiting.done():
                waiting.set_exception(BrokerError(text))

    def _fail(self, text: str) -> None:
        self._lose(text)
        said, at = self._said
        if text != said or time.monotonic() - at > _SAY_AGAIN_S:
            self._said = (text, time.monotonic())
            _log.error(text)

    def _on_publication(self, heard: Publication) -> None:
        if self._aside is not None and heard.topic.startswith(f"{self._aside}/"):
            if self._look is not None and heard.retained:
                self._look.found[heard.topic] = heard.payload
            return
        if heard.qos == 0 and self.inbox.qsize() >= MAX_WAITING:
            return
        incoming = Incoming(
            topic=heard.topic, payload=heard.payload, received_at=self._clock.now(), retained=heard.retained
        )
        delivery = Delivery(message=incoming, qos=heard.qos, mid=heard.mid, connection=self._connection)
        self.inbox.put_nowait(delivery)
        if self._read is not None and self.inbox.qsize() <= READ_AHEAD:
            # Last: whatever it stumbles over, the intake meets it again, and has a dead letter.
            delivery.read = self._read(incoming)

    def _on_publish(self, _client: paho.Client, _userdata: Any, mid: int, reason: ReasonCode, _properties: Any) -> None:
        # MQTT 5 alone says so; sending it again would be refused again.
        if reason.is_failure and time.monotonic() - self._refused_said_at > _SAY_AGAIN_S:
            self._refused_said_at = time.monotonic()
            place = f"{self._address.host}:{self._address.port}"
            _log.error(
                f"the broker at {place} drops what the dispatcher publishes ({reason}); its access list must "
                f"allow all that is below lookout/v1 (see 'lookout-server broker rules')"
            )
        waiting = self._pending.get(mid)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)


def _client(address: BrokerAddress) -> WireClient:
    v5 = address.version == 5
    client = WireClient(
        CallbackAPIVersion.VERSION2,
        client_id=address.client_id,
        clean_session=None if v5 else address.clean,
        protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
        manual_ack=True,
    )
    client.connect_timeout = 5.0
    client.max_inflight_messages_set(200)
    client.max_queued_messages_set(0)
    if address.username is not None:
        client.username_pw_set(address.username, address.password)
    if address.tls is not None:
        _use_tls(client, address.tls)
    return client


def _properties(expires_in_s: float | None, answer: AnswerTo | None) -> Properties:
    made = Properties(PacketTypes.PUBLISH)
    if expires_in_s is not None:
        made.MessageExpiryInterval = max(1, int(expires_in_s))
    if answer is not None:
        made.ResponseTopic = answer.topic
        made.CorrelationData = answer.correlation.encode()
    return made


def _use_tls(client: paho.Client, tls: Tls) -> None:
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        if tls.cert is not None:
            context.load_cert_chain(tls.cert, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"broker.tls: the PEM files cannot be used ({error}); check ca, cert and key") from error
    client.tls_set_context(context)  # pyright: ignore[reportUnknownMemberType]
