"""The one-tap alarm: a button on the wall, or on the local page, becomes a red alarm with a picture."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from lookout_contract.events import Attributes, Condition, EndReason, EventData, EvidenceRef, Phase, Scenario, Severity
from lookout_edge.domain.occurrence import BUTTON_PRESSED, PANIC
from lookout_edge.errors import ConfigError, EdgeError, SpoolError
from lookout_edge.ports import Clock, EventSink
from lookout_edge.supervisor.holding import HeldEvents

#: What the disk refuses is tried again after so many seconds, until it is stored.
RETRY_S = 2.0

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button: ``camera`` is where it hangs, further presses within ``reset_s`` seconds are the same alarm."""

    camera: str
    reset_s: float = 60.0


@dataclass(slots=True)
class _Pressed:
    start: EventData
    presses: int
    last_at: float


class ButtonDesk:
    """Turns presses into events. Safe from any thread; ``schedule`` calls a function after some seconds."""

    def __init__(
        self,
        buttons: Mapping[str, Button],
        sink: EventSink,
        clock: Clock,
        snapshot: Callable[[str], EvidenceRef],
        schedule: Callable[[float, Callable[[], None]], None],
    ) -> None:
        self._buttons, self._clock = dict(buttons), clock
        self._snapshot, self._schedule = snapshot, schedule
        self._lock = threading.Lock()
        self._pressed: dict[str, _Pressed] = {}
        #: With what the disk has refused so far: nobody presses again because of a log line.
        self._sink, self._held = sink, HeldEvents(sink)
        self._is_retrying = False

    def end_unfinished(self, cameras: Iterable[str]) -> None:
        """End what a power cut has left open at ``cameras``, also of buttons that are gone: nobody else would."""
        with self._lock:
            for camera in cameras:
                try:
                    known = self._sink.unfinished(camera)
                    left = [e for e in known if e.severity_reason == BUTTON_PRESSED and e.end_reason is None]
                    self._store(*(_ended(event, self._clock.now(), EndReason.SHUTDOWN) for event in left))
                except SpoolError as error:
                    log.warning("what a button left open is ended later", camera=camera, why=str(error))

    def press(self, name: str) -> str:
        """Somebody pressed ``name``; returns the occurrence.

        ConfigError when there is no such button. SpoolError when the disk refuses: the alarm waits in memory and is
        stored as soon as the disk takes it.
        """
        button = self._buttons.get(name)
        if button is None:
            known = ", ".join(self._buttons) or "none"
            raise ConfigError(f"There is no button {name!r} at this gateway; there are: {known}.")
        with self._lock:
            now = self._clock.now()
            held = self._pressed.get(name)
            if held is not None:
                held.presses, held.last_at = held.presses + 1, now
                self._store(_event(held.start, now, held.presses))
                return held.start.occurrence
            start = self._start(name, button, now)
            self._pressed[name] = _Pressed(start, 1, now)
            self._schedule(button.reset_s, lambda: self._release(name, button.reset_s))
            log.warning("button pressed", button=name, camera=button.camera, occurrence=start.occurrence)
            self._store(start)
        return start.occurrence

    def close(self) -> None:
        """End what is open: nobody waits for further presses."""
        with self._lock:
            for pressed in self._pressed.values():
                self._end(pressed, EndReason.SHUTDOWN)
            self._pressed = {}
            if self._held:
                log.error("alarms of buttons are lost: the disk refused them to the end", events=len(self._held))

    def _release(self, name: str, reset_s: float) -> None:
        with self._lock:
            pressed = self._pressed.get(name)
            if pressed is None:
                return
            waited_s = self._clock.now() - pressed.last_at
            # A clock that was set back must not hold an alarm open, in which later ones would go under.
            if not 0 <= waited_s < reset_s:
                del self._pressed[name]
                self._end(pressed, EndReason.CLEARED)
                return
        self._schedule(reset_s - waited_s, lambda: self._release(name, reset_s))

    def _end(self, pressed: _Pressed, reason: EndReason) -> None:
        now = self._clock.now()
        event = _ended(_event(pressed.start, now, pressed.presses), now, reason)
        try:
            self._store(event)
        except SpoolError as error:
            log.warning("the end of a button's alarm waits in memory", camera=event.camera, why=str(error))

    def _store(self, *events: EventData) -> None:
        """Spool in order; SpoolError when some have to wait."""
        try:
            self._held.put(events)
        except SpoolError:
            if not self._is_retrying:
                self._is_retrying = True
                self._schedule(RETRY_S, self._retry)
            raise

    def _retry(self) -> None:
        with self._lock:
            self._is_retrying = False
            try:
                self._store()
            except SpoolError:
                return  # It was said when it was refused, and is tried again.
        log.info("what a button said is stored after all")

    def _start(self, name: str, button: Button, now: float) -> EventData:
        try:
            evidence = (self._snapshot(button.camera),)
        except EdgeError as error:
            log.warning("a button's alarm goes without a picture", button=name, why=str(error))
            evidence = ()
        moment = datetime.fromtimestamp(now, UTC)
        return EventData(
            occurrence=hashlib.sha256(f"button\n{name}\n{now:.6f}".encode()).hexdigest()[:24],
            scenario=Scenario.KEY_AREA,
            camera=button.camera,
            phase=Phase.START,
            captured_at=moment,
            started_at=moment,
            attributes=Attributes(stage=PANIC),
            severity=Severity.RED,
            severity_reason=BUTTON_PRESSED,
            explain=_conditions(name, 1),
            evidence=evidence,
        )


def _event(start: EventData, now: float, presses: int) -> EventData:
    name, moment = str(start.explain[0].value), max(start.captured_at, datetime.fromtimestamp(now, UTC))
    changes = {"phase": Phase.UPDATE, "captured_at": moment, "explain": _conditions(name, presses)}
    return start.model_copy(update=changes)


def _ended(event: EventData, now: float, reason: EndReason) -> EventData:
    moment = max(event.captured_at, datetime.fromtimestamp(now, UTC))
    return event.model_copy(update={"phase": Phase.END, "end_reason": reason, "captured_at": moment})


def _conditions(name: str, presses: int) -> tuple[Condition, ...]:
    return (
        Condition(name="button", value=name, met=True),
        Condition(name="presses", value=presses, limit=1, met=True, unit="1"),
    )


def schedule_on_thread(seconds: float, act: Callable[[], None]) -> None:
    """Call ``act`` after ``seconds`` on a thread that does not hold up the end of the program."""
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
