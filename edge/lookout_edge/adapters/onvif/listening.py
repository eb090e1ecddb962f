"""Listening to cameras that publish their own events."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Protocol

import structlog

from lookout_contract.events import EventData, EvidenceRef, Scenario
from lookout_edge.adapters.backoff import Backoff
from lookout_edge.adapters.broker import BrokerOptions, Message, Session
from lookout_edge.adapters.folded_log import FoldedLog
from lookout_edge.adapters.onvif.events import ProfileM, TalkingCamera
from lookout_edge.errors import EdgeError, LinkError, SpoolError
from lookout_edge.ports import Clock, EventSink

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
_NAP_S = 0.5


class Holding(Protocol):
    """Where events wait, only so many, while the disk refuses them."""

    #: Scenario → events given up so far because too many waited.
    given_up: Counter[Scenario]
    #: Whether some of those that wait now had to make room.
    overflowed: bool

    def put(self, events: Sequence[EventData]) -> None:
        """Spool what waits and then these; SpoolError when some have to wait."""
        ...

    def __len__(self) -> int:
        """How many wait."""
        ...


class OnvifListener:
    """A connection to the broker of its own, so that what cameras say never holds up our own events."""

    def __init__(
        self,
        broker: BrokerOptions,
        *,
        name: str,
        clock: Clock,
        sink: EventSink,
        held: Holding,
        snapshot: Callable[[str], EvidenceRef],
    ) -> None:
        self._broker = broker
        self._name = name
        self._clock = clock
        self._sink = sink
        self._held = held
        self._take_snapshot = snapshot
        self._profile = ProfileM(name, self._snapshot)
        self._cameras: tuple[TalkingCamera, ...] = ()
        self._heard: SimpleQueue[Message] = SimpleQueue()
        self._backoff = Backoff(ceiling_s=15.0)
        self._faults = FoldedLog(_log)
        self._stop = threading.Event()
        self._again = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def given_up(self) -> Mapping[Scenario, int]:
        """Events given up since the start because the disk refused them for too long, by scenario."""
        return dict(self._held.given_up)

    def watch(self, cameras: Iterable[TalkingCamera]) -> None:
        """Listen to these from now on; from any thread."""
        self._cameras = tuple(cameras)
        self._again.set()

    def start(self) -> None:
        """Begin in the background; nothing is opened while no camera is to be listened to."""
        self._thread = threading.Thread(target=self._run, name="onvif-events", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End what holds, and stop."""
        self._stop.set()
        self._again.set()
        if self._thread is not None:
            self._thread.join(3.0)

    def _run(self) -> None:
        known: set[str] = set()
        while not self._stop.is_set():
            self._again.clear()
            try:
                self._listen(known)
            except LinkError as error:
                self._faults.warning("onvif", f"cameras' own events are not heard: {error}")
                self._stop.wait(self._backoff.next())
            except Exception as error:  # noqa: BLE001 - the worker loop: without it nothing is heard until a restart
                self._faults.warning("onvif", f"who hears cameras' own events stumbled ({error!r}) and begins anew")
                self._stop.wait(self._backoff.next())
        self._keep(self._profile.close(self._clock.now()))
        if lost := len(self._held) + self._held.given_up.total():
            _log.error("cameras' own events are lost: the disk refused them", events=lost)

    def _listen(self, known: set[str]) -> None:
        """Hear what the cameras say until the connection is lost, or others are to be heard. ``known`` are those whose
        past was taken over."""
        # Also while their broker is away: the disk may be back.
        self._keep(())
        cameras = self._cameras
        for camera in cameras:
            if camera.camera not in known:
                known.add(camera.camera)
                self._profile.resume(self._unfinished(camera.camera))
        # After that: of what was taken over ends, too, what no rule is about any more.
        self._keep(self._profile.watch(cameras, self._clock.now()))
        if not cameras:
            self._again.wait()
            return
        session = self._connect(cameras)
        self._backoff.reset()
        self._faults.over("onvif", "cameras' own events are heard again")
        try:
            while session.lost is None and not self._stop.is_set() and not self._again.is_set():
                self._work()
        finally:
            session.close()

    def _connect(self, cameras: Iterable[TalkingCamera]) -> Session:
        session = Session(
            self._broker,
            client_id=f"lookout-onvif-{self._name.replace('/', '-')}",
            will=None,
            on_message=self._heard.put,
            on_lost=lambda: None,
        )
        session.open(tuple(camera.filter for camera in cameras))
        return session

    def _work(self) -> None:
        try:
            message = self._heard.get(timeout=_NAP_S)
        except Empty:
            self._keep(())
            return
        try:
            events = self._profile.take(message.topic, message.payload, self._clock.now())
        except ValueError as error:
            self._faults.warning(message.topic, f"what {message.topic} says is no ONVIF event ({error}): passed over")
            return
        self._keep(events)

    def _keep(self, events: Sequence[EventData]) -> None:
        """Spool in order, with what the disk has refused before."""
        for event in events:
            _log.info("event", camera=event.camera, scenario=event.scenario.value, phase=event.phase.value)
        try:
            self._held.put(events)
        except SpoolError as error:
            overflow = " Memory is full too: some of cameras' own events are given up." if self._held.overflowed else ""
            self._faults.warning("spool", f"{error}{overflow}")
        else:
            self._faults.over("spool", "cameras' own events are on the disk again")

    def _unfinished(self, camera: str) -> Iterable[EventData]:
        try:
            return self._sink.unfinished(camera)
        except SpoolError as error:
            self._faults.warning("spool", f"{error} What cameras say again counts as new.")
            return ()

    def _snapshot(self, camera: str) -> EvidenceRef | None:
        try:
            return self._take_snapshot(camera)
        except EdgeError:
            return None
