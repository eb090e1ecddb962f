"""What a gateway does by itself when something happens: speak, play, tell a door or a speaker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lookout_contract.events import EventData, Phase, Scenario
from lookout_edge.ports import Clock, EventSink


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
    """An ``EventSink`` that hands on events and then acts on them. One camera's thread uses it."""

    def __init__(
        self, sink: EventSink, actions: Sequence[Action], *, publisher: Publisher, voice: Voice, clock: Clock
    ) -> None:
        self._sink, self._actions = sink, tuple(actions)
        self._publisher, self._voice, self._clock = publisher, voice, clock
        #: (action, occurrence) that is under way.
        self._begun: set[tuple[int, str]] = set()
        self._spoke_at: dict[int, float] = {}

    def put(self, data: EventData) -> int:
        """See ``EventSink``. The event is stored before anything is done about it."""
        number = self._sink.put(data)
        if not data.attributes.test:
            for index, action in enumerate(self._actions):
                if action.scenario is data.scenario:
                    self._act(index, action, data)
        return number

    def unfinished(self, camera: str) -> Sequence[EventData]:
        """See ``EventSink``. What a power cut left under way is so still: its end is told to the devices, too."""
        known = self._sink.unfinished(camera)
        for data in known:
            for index, action in enumerate(self._actions):
                if data.end_reason is None and action.scenario is data.scenario and _is_reached(action, data):
                    self._begun.add((index, data.occurrence))
        return known

    def _act(self, index: int, action: Action, data: EventData) -> None:
        key = (index, data.occurrence)
        if data.phase is Phase.END:
            was_begun = key in self._begun
            self._begun.discard(key)
            # A door that is held for two is released when the second has gone.
            is_over = was_begun and all(begun != index for begun, _ in self._begun)
            if is_over and action.topic is not None and action.end_payload is not None:
                self._publisher.publish(action.topic, action.end_payload)
        elif (key not in self._begun or data.resumed) and _is_reached(action, data):
            self._begun.add(key)
            if action.topic is not None:
                self._publisher.publish(action.topic, action.payload)
            self._announce(index, action)

    def _announce(self, index: int, action: Action) -> None:
        now = self._clock.now()
        spoke_at = self._spoke_at.get(index)
        if spoke_at is not None and 0 <= now - spoke_at < action.cooldown_s:  # the clock may have been set back
            return
        self._spoke_at[index] = now
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


#: Camera → what is done there.
Actions = Mapping[str, Sequence[Action]]
