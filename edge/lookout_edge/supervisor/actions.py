"""What a gateway does by itself when something happens: speak, play, tell a door or a speaker."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Protocol

import structlog

from lookout_contract.events import EventData, Phase, Scenario
from lookout_edge.ports import Clock, EventSink

log = structlog.stdlib.get_logger()


class Publisher(Protocol):
    """Sends a message to the devices' broker."""

    def publish(self, topic: str, payload: str) -> None:
        """Returns at once; never raises."""
        ...


class Voice(Protocol):
    """The gateway's loudspeaker."""

    def play(self, file: Path) -> None:
        """Play a sound file; returns at once, never raises."""
        ...

    def say(self, text: str) -> None:
        """Speak a text; returns at once, never raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What is done at one camera when an occurrence of ``scenario`` begins or reaches one of ``stages``."""

    scenario: Scenario
    #: Stages at which it is done; none means as soon as there is an alarm.
    stages: frozenset[str] = frozenset()
    sound: Path | None = None
    text: str | None = None
    topic: str | None = None
    payload: str = ""
    #: Published when the occurrence ends, if it was begun, and no other one is under way.
    end_payload: str | None = None
    #: Least seconds between two announcements; messages to devices are never held back.
    cooldown_s: float = 60.0


class ActingSink:
    """An ``EventSink`` that hands on events and then acts on them, whoever found them: rules, buttons or the cameras
    themselves. From any thread.

    ``actions_of`` tells what is done at a camera now; what was begun is ended as it was begun.
    """

    def __init__(
        self,
        sink: EventSink,
        actions_of: Callable[[str], Sequence[Action]],
        *,
        publisher: Publisher,
        voice: Voice,
        clock: Clock,
    ) -> None:
        self._sink, self._actions_of = sink, actions_of
        self._publisher, self._voice, self._clock = publisher, voice, clock
        self._lock = Lock()
        #: (camera, occurrence) → what is under way for it.
        self._begun: dict[tuple[str, str], list[Action]] = {}
        self._spoke_at: dict[tuple[str, Action], float] = {}

    def put(self, data: EventData) -> int:
        """See ``EventSink``. The event is stored before anything is done about it.

        Both under the lock: a camera that starts in between would take what has just begun for left under way, and
        nothing would be done for it.
        """
        with self._lock:
            number = self._sink.put(data)
            try:
                if not data.attributes.test:
                    self._act(data)
            except Exception:
                # Raised, it would have the event stored again and again: who put it takes it for refused.
                log.exception("what is to be done about an alarm failed", camera=data.camera)
        return number

    def unfinished(self, camera: str) -> Sequence[EventData]:
        """See ``EventSink``. What a power cut left under way is so still: its end is told to the devices, too."""
        with self._lock:
            known = self._sink.unfinished(camera)
            for data in known:
                for action in self._reached(data) if data.end_reason is None else ():
                    self._begin(data, action)
        return known

    def _act(self, data: EventData) -> None:
        if data.phase is Phase.END:
            for action in self._begun.pop((data.camera, data.occurrence), ()):
                self._end(data.camera, action)
            return
        for action in self._reached(data):
            if self._begin(data, action) or data.resumed:
                if action.topic is not None:
                    self._publisher.publish(action.topic, action.payload)
                self._announce(data.camera, action)

    def _end(self, camera: str, action: Action) -> None:
        # A door that is held for two is released when the second has gone.
        others = any(action in begun for (where, _), begun in self._begun.items() if where == camera)
        if not others and action.topic is not None and action.end_payload is not None:
            self._publisher.publish(action.topic, action.end_payload)

    def _reached(self, data: EventData) -> list[Action]:
        """What is done at its camera for what it tells."""
        return [a for a in self._actions_of(data.camera) if a.scenario is data.scenario and _is_reached(a, data)]

    def _begin(self, data: EventData, action: Action) -> bool:
        """Note that it is under way; whether that is news."""
        begun = self._begun.setdefault((data.camera, data.occurrence), [])
        is_news = action not in begun
        begun += [action] if is_news else []
        return is_news

    def _announce(self, camera: str, action: Action) -> None:
        now = self._clock.now()
        spoke_at = self._spoke_at.get((camera, action))
        if spoke_at is not None and 0 <= now - spoke_at < action.cooldown_s:  # the clock may have been set back
            return
        self._spoke_at[camera, action] = now
        if action.sound is not None:
            self._voice.play(action.sound)
        if action.text is not None:
            self._voice.say(action.text)


def _is_reached(action: Action, data: EventData) -> bool:
    return not action.stages or data.attributes.stage in action.stages


class SilentVoice:
    """A gateway without a loudspeaker."""

    def play(self, file: Path) -> None:
        """See ``Voice``."""

    def say(self, text: str) -> None:
        """See ``Voice``."""


class NoDevices:
    """A gateway without devices."""

    def publish(self, topic: str, payload: str) -> None:
        """See ``Publisher``."""
