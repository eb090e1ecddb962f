"""amqtt made fit for our use: Mosquitto's password file, gateways pinned to their subtree, retained messages on disk.

What it cannot do, and why that is no loss: it speaks MQTT 3.1.1 only, limits no message size, and forgets queued
messages of a durable session when it restarts or when an acknowledgement takes longer than 5 s. Events then stay in
the gateway's spool until a receipt arrives and are sent again.
"""

import asyncio
import sqlite3
from collections.abc import Collection, ItemsView
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from amqtt.adapters import ReaderAdapter, WriterAdapter
from amqtt.broker import Broker, BrokerContext, RetainedApplicationMessage
from amqtt.contexts import Action, BrokerConfig, ListenerConfig
from amqtt.errors import MQTTError
from amqtt.mqtt.connack import NOT_AUTHORIZED, ConnackPacket
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.plugins.base import BaseAuthPlugin, BasePlugin, BaseTopicPlugin
from amqtt.plugins.manager import PluginManager
from amqtt.session import OutgoingApplicationMessage, Session

from lookout_server.adapters.broker.access import may_hear, may_say, may_subscribe
from lookout_server.adapters.broker.accounts import PASSWORD_FILE, read_accounts
from lookout_server.adapters.broker.passwords import verify_password

RETAINED_FILE = "amqtt-retained.db"
#: Messages in flight to one client; the dispatcher commits that many in well under the 5 s that amqtt waits.
WINDOW = 100
#: Between two looks at the accounts, seconds.
LOOK_EVERY_S = 0.5


class AccountPlugin(BaseAuthPlugin):
    """Checks passwords, and keeps an account from leaving a will in another one's subtree."""

    @dataclass
    class Config(BaseAuthPlugin.Config):
        """Filled by amqtt from the plugin's settings."""

        site: str
        password_file: str

    config: Config

    async def authenticate(self, *, session: Session) -> bool:
        """The file is read at each connection, so a new account works at once."""
        name = session.username or ""
        stored = read_accounts(Path(self.config.password_file)).get(name)
        if stored is None or not verify_password(session.password or "", stored):
            return False
        return not session.will_flag or may_say(name, session.will_topic or "", site=self.config.site)


class PinPlugin(BaseTopicPlugin):
    """The same access rules as Mosquitto's ACL file."""

    @dataclass
    class Config(BaseTopicPlugin.Config):
        """Filled by amqtt from the plugin's settings."""

        site: str

    config: Config

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        """Told apart by what the session is about to do."""
        username = session.username if session is not None else None
        rule = {Action.PUBLISH: may_say, Action.SUBSCRIBE: may_subscribe, Action.RECEIVE: may_hear}.get(
            action or Action.RECEIVE, may_hear
        )
        return bool(username and topic) and rule(username or "", topic or "", site=self.config.site)


class RetainedPlugin(BasePlugin[BrokerContext]):
    """Keeps retained messages (gateway status, camera and case states) across restarts."""

    @dataclass
    class Config(BasePlugin.Config):
        """Filled by amqtt from the plugin's settings."""

        file: str

    config: Config

    def __init__(self, context: BrokerContext) -> None:
        super().__init__(context)
        self._database = sqlite3.connect(self.config.file, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("CREATE TABLE IF NOT EXISTS retained (topic TEXT PRIMARY KEY, data BLOB, qos INTEGER)")

    async def on_broker_pre_start(self) -> None:
        """Put back what was retained, before the first client can ask for it."""
        for topic, data, qos in self._database.execute("SELECT topic, data, qos FROM retained"):
            self.context.retained_messages[topic] = RetainedApplicationMessage(None, topic, data, qos)

    async def on_broker_retained_message(
        self, *, client_id: str | None, retained_message: RetainedApplicationMessage
    ) -> None:
        """Store or clear; with a client id it is a message queued for a session, which is not kept."""
        if client_id is not None:
            return
        if retained_message.data:
            self._database.execute(
                "REPLACE INTO retained (topic, data, qos) VALUES (?, ?, ?)",
                (retained_message.topic, bytes(retained_message.data), retained_message.qos or 0),
            )
        else:
            self._database.execute("DELETE FROM retained WHERE topic = ?", (retained_message.topic,))

    async def close(self) -> None:
        """Close the file."""
        self._database.close()


class WindowedHandler(BrokerProtocolHandler):
    """Keeps a bounded window of messages in flight.

    amqtt sends everything at once and throws away what is not acknowledged within 5 s: in a burst of 5,000 events it
    threw away 1,743.
    """

    def __init__(
        self,
        plugins_manager: PluginManager[BrokerContext],
        session: Session | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(plugins_manager, session, loop)
        self._window = asyncio.Semaphore(WINDOW)

    async def mqtt_publish(
        self, topic: str, data: bytes | bytearray, qos: int | None, retain: bool, ack_timeout: int | None = None
    ) -> OutgoingApplicationMessage:
        async with self._window:
            return await super().mqtt_publish(topic, data, qos, retain, ack_timeout)


class _Subscriptions(dict[str, list[tuple[Session, int]]]):
    """Iterated over a copy: amqtt waits inside its loop, while others subscribe."""

    def items(self) -> ItemsView[str, list[tuple[Session, int]]]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return dict(super().items()).items()


class PinnedBroker(Broker):
    """amqtt with sessions that belong to accounts.

    As it comes, amqtt lets anybody end a session by connecting under its client id, with or without the password;
    marks a session as gone when the connection it replaced ends; and hands a returning client the retained messages
    of everybody's subscriptions.
    """

    def __init__(self, config: BrokerConfig) -> None:
        super().__init__(config)
        self._subscriptions = _Subscriptions()

    async def _initialize_client_session(
        self, reader: ReaderAdapter, writer: WriterAdapter, remote_address: str, remote_port: int
    ) -> tuple[BrokerProtocolHandler, Session]:
        handler, session = await WindowedHandler.init_from_connect(reader, writer, self.plugins_manager)
        if not await self._authenticate(session, self.listeners_config["default"]):
            await ConnackPacket.build(0, NOT_AUTHORIZED).to_stream(writer)
            await writer.close()
            raise MQTTError(f"refused {session.username!r} from {remote_address}:{remote_port}")
        session.client_id = f"{session.username}/{session.client_id}"
        if session.clean_session:
            await self._delete_session(session.client_id)
        earlier, _ = self.sessions.get(session.client_id, (None, None))
        if earlier is None:
            return handler, session
        for name in ("will_flag", "will_message", "will_topic", "will_qos", "will_retain", "keep_alive", "password"):
            setattr(earlier, name, getattr(session, name))
        earlier.parent = 1
        return handler, earlier

    async def let_go(self, usernames: Collection[str]) -> None:
        """End the connections of these accounts; amqtt looks at an account when somebody connects and never again."""
        for session, handler in list(self.sessions.values()):
            if session.username in usernames:
                await handler.handle_connection_closed()

    async def _client_message_loop(self, client_session: Session, handler: BrokerProtocolHandler) -> None:
        self._mark_connected(client_session)
        await super()._client_message_loop(client_session, handler)

    async def _handle_disconnect(
        self, client_session: Session, handler: BrokerProtocolHandler, disconnect_waiter: asyncio.Future[Any]
    ) -> None:
        await super()._handle_disconnect(client_session, handler, disconnect_waiter)
        _, current = self.sessions.get(client_session.client_id or "", (None, handler))
        if current is not handler:
            self._mark_connected(client_session)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        holders = self.subscriptions.get(subscription[0], [])
        if any(holder.client_id == session.client_id for holder, _ in holders):
            await super()._publish_retained_messages_for_subscription(subscription, session)

    @staticmethod
    def _mark_connected(session: Session) -> None:
        # The state machine's methods are made at run time; typed here once.
        machine = cast(_Connection, session.transitions)
        if machine.state != "connected":
            machine.connect()


async def follow_accounts(broker: PinnedBroker, file: Path, *, every_s: float = LOOK_EVERY_S) -> None:
    """Who is taken out of the password file, or given another password, loses the connection. Until cancelled."""
    held = read_accounts(file)
    while True:
        await asyncio.sleep(every_s)
        accounts = read_accounts(file)
        gone = {name for name, stored in held.items() if accounts.get(name) != stored}
        held = accounts
        if gone:
            await broker.let_go(gone)


class _Connection(Protocol):
    state: str

    def connect(self) -> bool: ...


def make_broker(*, site: str, bind: str, port: int, folder: Path) -> PinnedBroker:
    """A broker that is ready to be started; needs a running event loop."""
    here = __name__
    config = BrokerConfig(
        listeners={"default": ListenerConfig(bind=f"{bind}:{port}")},
        plugins={
            f"{here}.AccountPlugin": {"site": site, "password_file": str(folder / PASSWORD_FILE)},
            f"{here}.PinPlugin": {"site": site},
            f"{here}.RetainedPlugin": {"file": str(folder / RETAINED_FILE)},
        },
    )
    return PinnedBroker(config)
