"""The gateway's line to the dispatcher: events up, receipts and commands down."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from queue import Empty, SimpleQueue

import structlog
from pydantic import ValidationError

from lookout_contract.base import ContractError
from lookout_contract.commands import CommandResponse
from lookout_contract.delivery import Receipt, Refusal
from lookout_contract.status import CameraState, GatewayStatus
from lookout_contract.topics import PREFIX, GatewayTopics, parse_gateway_topic
from lookout_edge.adapters.backoff import Backoff
from lookout_edge.adapters.broker import RESERVE, BrokerOptions, Message, Session, TlsOptions
from lookout_edge.adapters.command_desk import CommandDesk, Handler
from lookout_edge.adapters.command_memory import CommandMemory
from lookout_edge.adapters.command_order import CommandOrder
from lookout_edge.adapters.folded_log import FoldedLog
from lookout_edge.adapters.spool import SqliteSpool
from lookout_edge.errors import LinkError, SpoolError
from lookout_edge.ports import Clock

__all__ = ["BrokerOptions", "MqttLink", "TlsOptions"]

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: Longest sleep between two looks at what is due.
_NAP_S = 0.5
_GOODBYE_S = 1.0


class MqttLink:
    """Publishes what the spool holds until the dispatcher's receipt takes it away.

    One thread does all of it. Nothing here blocks a camera: events are put into the spool, states are remembered, and
    without a broker both wait. Connection faults are one log line, and it tries again for ever.
    """

    def __init__(
        self,
        broker: BrokerOptions,
        topics: GatewayTopics,
        *,
        spool: SqliteSpool,
        clock: Clock,
        status: Callable[[], GatewayStatus],
        on_command: Handler,
        memory: CommandMemory | None = None,
        order: CommandOrder | None = None,
        heartbeat_s: float = 10.0,
        backoff: Backoff | None = None,
    ) -> None:
        self._broker = broker
        self._topics = topics
        self._spool = spool
        self._clock = clock
        self._status = status
        self._desk = CommandDesk(on_command, memory, order)
        self._heartbeat_s = heartbeat_s
        self._backoff = backoff or Backoff(ceiling_s=15.0)
        self._faults = FoldedLog(_log)
        self._incoming: SimpleQueue[Message] = SimpleQueue()
        self._outgoing: SimpleQueue[Message] = SimpleQueue()
        self._cameras: dict[str, CameraState] = {}
        self._changed: set[str] = set()
        self._lock = threading.Lock()
        #: Sequence number → when it was sent, by the monotonic clock.
        self._sent: dict[int, float] = {}
        self._epoch = ""
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._session: Session | None = None
        self._thread = threading.Thread(target=self._run, name="mqtt-link", daemon=True)
        spool.listen(self._wake.set)

    @property
    def connected(self) -> bool:
        """Whether a broker is listening right now."""
        session = self._session
        return session is not None and session.lost is None

    def is_sent(self, sequence: int) -> bool:
        """Whether the event was handed to the broker and waits for its receipt."""
        return sequence in self._sent

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._thread.start()

    def publish_camera(self, state: CameraState) -> None:
        """Make a camera's state known, now or when there is a broker again. Safe from any thread."""
        with self._lock:
            self._cameras[state.camera] = state
            self._changed.add(state.camera)
        self._wake.set()

    def close(self, timeout_s: float = 3.0) -> None:
        """Send what can be sent at once, say goodbye and disconnect, within ``timeout_s``."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                session = self._connect()
            except (LinkError, SpoolError) as error:
                self._faults.warning("link", f"{error}; events wait on disk")
                self._stop.wait(self._backoff.next())
                continue
            except Exception as error:  # noqa: BLE001 - the worker loop: without it no alarm leaves this box
                self._faults.warning("link", f"the link stumbled ({error!r}) and tries again; events wait on disk")
                self._stop.wait(self._backoff.next())
                continue
            self._session = session
            self._faults.over("link", "connected to the broker again")
            _log.info("connected to the broker", broker=self._broker.address)
            try:
                self._serve(session)
            except Exception as error:  # noqa: BLE001 - as above
                self._faults.warning("link", f"the link stumbled ({error!r}) and begins anew; events wait on disk")
                self._stop.wait(self._backoff.next())
            self._session = None

    def _connect(self) -> Session:
        will: Message | None = None
        try:
            will = self._status_message(online=False, reason="lost")
        except Exception as error:  # noqa: BLE001 - without a will the dispatcher notices later; alarms cannot wait
            self._faults.warning("status", f"there is no status to leave behind ({error!r})")
        session = Session(
            self._broker,
            client_id=f"lookout-{self._topics.site}-{self._topics.gateway}",
            will=will,
            on_message=self._receive,
            on_lost=self._wake.set,
        )
        session.open((self._topics.receipt, self._topics.refusal, self._topics.commands))
        return session

    def _serve(self, session: Session) -> None:
        since = time.monotonic()
        beat_at = since
        self._sent.clear()
        with self._lock:
            self._changed.update(self._cameras)
        while session.lost is None and not self._stop.is_set():
            self._wake.clear()
            if time.monotonic() >= beat_at:
                beat_at = time.monotonic() + self._heartbeat_s
                self._try("status", lambda: session.publish(self._status_message(online=True)))
            for message in _drained(self._incoming):
                self._try("spool", partial(self._handle, message))
            self._try("spool", lambda: self._exchange(session))
            self._wake.wait(max(0.0, min(_NAP_S, beat_at - time.monotonic())))
        if session.lost is None:
            self._say_goodbye(session)
        session.close()
        if not self._stop.is_set():
            self._explain_loss(session, time.monotonic() - since)

    def _try(self, what: str, act: Callable[[], object]) -> None:
        """One thing that fails holds up none of the others: neither the status the alarms, nor a receipt a command."""
        try:
            act()
            self._faults.over(what, f"the {what} works again")
        except SpoolError as error:
            self._faults.warning(what, str(error))
        except Exception as error:  # noqa: BLE001 - the worker loop: without it no alarm leaves this box
            self._faults.warning(what, f"the link stumbled over the {what} and goes on ({error!r})")

    def _exchange(self, session: Session) -> None:
        for message in _drained(self._outgoing):
            session.publish(message)
        self._publish_cameras(session)
        self._publish_events(session)

    def _publish_cameras(self, session: Session) -> None:
        with self._lock:
            states = [self._cameras[camera] for camera in sorted(self._changed)]
            self._changed.clear()
        for state in states:
            session.publish(Message(self._topics.camera_state(state.camera), state.to_json(), retain=True))

    def _publish_events(self, session: Session) -> None:
        now = time.monotonic()
        epoch = self._spool.epoch
        if epoch != self._epoch:
            self._epoch = epoch
            self._sent.clear()
        again = self._spool.take_requeued()
        late = now - self._broker.resend_after_s
        self._sent = {number: at for number, at in self._sent.items() if at > late and number not in again}
        for row in self._spool.pending(
            self._broker.window - len(self._sent), self._sent.keys(), reserve=self._room_for_live()
        ):
            topic = self._topics.trial if row.test else self._topics.event
            session.publish(Message(topic(row.camera, row.scenario), row.payload))
            self._sent[row.sequence] = now

    def _room_for_live(self) -> int:
        """Slots above the window for live fire and key area, so that a backlog without receipts does not delay them."""
        return max(0, RESERVE - max(0, len(self._sent) - self._broker.window))

    def _receive(self, message: Message) -> None:
        self._incoming.put(message)
        self._wake.set()

    def _handle(self, message: Message) -> None:
        try:
            topic = parse_gateway_topic(message.topic)
        except ContractError as error:
            self._faults.warning("topic", str(error))
            return
        if topic.channel == "receipt":
            self._settle(message)
        elif topic.channel == "refusal":
            self._note_refusal(message)
        elif topic.channel == "command" and topic.name is not None:
            self._command(topic.name, message)

    def _settle(self, message: Message) -> None:
        try:
            receipt = Receipt.model_validate_json(message.payload)
        except ValidationError as error:
            why = error.errors(include_url=False)[0]["msg"]
            self._faults.warning("receipt", f"a receipt cannot be read ({why}): check the dispatcher's version")
            return
        self._spool.settle(receipt)
        if receipt.epoch == self._epoch:
            refused = {rejection.seq for rejection in receipt.rejected}
            for number in [n for n in self._sent if n in refused or receipt.settles(n)]:
                del self._sent[number]

    def _note_refusal(self, message: Message) -> None:
        try:
            refusal = Refusal.model_validate_json(message.payload)
        except ValidationError:
            return
        what = "took it, but" if refusal.stored else "refused a message:"
        self._faults.warning(f"refusal {refusal.topic}", f"the dispatcher {what} {refusal.reason} ({refusal.topic})")

    def _command(self, name: str, message: Message) -> None:
        if message.retain:
            self._faults.warning("retained", f"command {name!r} was retained and is ignored: publish it plainly")
            return
        own = f"{PREFIX}/{self._topics.site}/"
        reply_to = message.reply_to if message.reply_to is not None and message.reply_to.startswith(own) else None

        def reply(response: CommandResponse) -> None:
            topic = reply_to or self._topics.response(name)
            self._outgoing.put(Message(topic, response.to_json(), correlation=message.correlation))
            self._wake.set()

        self._desk.receive(name, message.payload, now=self._now(), reply=reply)

    def _say_goodbye(self, session: Session) -> None:
        for message in _drained(self._incoming):
            self._try("spool", partial(self._handle, message))
        self._try("spool", lambda: self._exchange(session))
        farewell = partial(self._status_message, online=False, reason="shutdown")
        self._try("status", lambda: session.say_last(farewell(), _GOODBYE_S))

    def _explain_loss(self, session: Session, stood_s: float) -> None:
        hint = ""
        if stood_s < self._heartbeat_s:
            hint = f"; if another gateway runs as {self._topics.gateway!r}, give this one a name of its own"
        else:
            self._backoff.reset()
        self._faults.warning("link", f"the broker at {self._broker.address} is gone ({session.lost}){hint}")
        self._stop.wait(self._backoff.next())

    def _status_message(self, *, online: bool, reason: str | None = None) -> Message:
        update = {"online": online, "reason": reason, "at": self._now()}
        return Message(self._topics.status, self._status().model_copy(update=update).to_json(), retain=True)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)


def _drained(queue: SimpleQueue[Message]) -> list[Message]:
    messages: list[Message] = []
    try:
        while True:
            messages.append(queue.get_nowait())
    except Empty:
        return messages
