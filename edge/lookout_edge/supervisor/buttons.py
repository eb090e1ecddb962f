"""The one-tap alarm: a button on the wall, or on the local page, becomes a red alarm with a picture."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from lookout_contract.events import Attributes, Condition, EndReason, EventData, EvidenceRef, Phase, Scenario, Severity
from lookout_edge.errors import ConfigError, EdgeError
from lookout_edge.ports import Clock, EventSink

#: Stage by which the dispatcher makes a case without a tap.
PANIC = "panic"

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
        self._buttons, self._sink, self._clock = dict(buttons), sink, clock
        self._snapshot, self._schedule = snapshot, schedule
        self._lock = threading.Lock()
        self._pressed: dict[str, _Pressed] = {}

    def press(self, name: str) -> str:
        """Somebody pressed ``name``; returns the occurrence.

        ConfigError when there is no such button, SpoolError when the disk refuses.
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
                self._sink.put(_event(held.start, now, Phase.UPDATE, held.presses))
                return held.start.occurrence
            start = self._start(name, button, now)
            self._sink.put(start)
            self._pressed[name] = _Pressed(start, 1, now)
        log.warning("button pressed", button=name, camera=button.camera, occurrence=start.occurrence)
        self._schedule(button.reset_s, lambda: self._release(name, button.reset_s))
        return start.occurrence

    def close(self) -> None:
        """End what is open: nobody waits for further presses."""
        with self._lock:
            for pressed in self._pressed.values():
                self._end(pressed, EndReason.SHUTDOWN)
            self._pressed = {}

    def _release(self, name: str, reset_s: float) -> None:
        with self._lock:
            pressed = self._pressed.get(name)
            if pressed is None:
                return
            left_s = pressed.last_at + reset_s - self._clock.now()
            if left_s <= 0:
                self._end(pressed, EndReason.CLEARED)
                del self._pressed[name]
                return
        self._schedule(left_s, lambda: self._release(name, reset_s))

    def _end(self, pressed: _Pressed, reason: EndReason) -> None:
        event = _event(pressed.start, self._clock.now(), Phase.END, pressed.presses)
        self._sink.put(event.model_copy(update={"end_reason": reason}))

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
            severity_reason="button_pressed",
            explain=_conditions(name, 1),
            evidence=evidence,
        )


def _event(start: EventData, now: float, phase: Phase, presses: int) -> EventData:
    name = str(start.explain[0].value)
    moment = max(start.captured_at, datetime.fromtimestamp(now, UTC))
    return start.model_copy(update={"phase": phase, "captured_at": moment, "explain": _conditions(name, presses)})


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
