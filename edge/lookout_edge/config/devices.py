"""The sections about what stands around a gateway: actions, buttons, its loudspeaker."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from lookout_contract.base import Identifier
from lookout_contract.events import Scenario
from lookout_edge.config.section import ConfigPath, Section

Topic = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern="^[^#+\\s]+$")]
"""An MQTT topic, without wildcards."""


class TriggerConfig(Section):
    """What an action waits for."""

    scenario: Scenario
    """The scenario of the alarm."""
    stages: tuple[str, ...] = ()
    """Its stages, e.g. ``misplaced``, or ``panic`` of a button; none means as soon as there is an alarm."""


class PublishConfig(Section):
    """A message to a device: a door controller, a network speaker."""

    topic: Topic
    """Where it goes, on the broker of ``devices``."""
    payload: str = "on"
    """What is sent when it begins …"""
    end_payload: str | None = None
    """… and when it is over; nothing when absent."""


class ActionConfig(Section):
    """What is done by the gateway itself, at once, beside telling the dispatcher."""

    when: TriggerConfig
    """When."""
    say: str | None = Field(default=None, min_length=1, max_length=500)
    """Speak this text, see ``speaker``."""
    sound: ConfigPath | None = None
    """Play this file, see ``speaker``."""
    publish: PublishConfig | None = None
    """Tell a device."""
    cooldown_s: float = Field(default=60.0, ge=0, le=86_400)
    """Least seconds between two announcements. Messages to devices are never held back."""

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.say is None and self.sound is None and self.publish is None:
            raise ValueError("does nothing: add say, sound or publish")
        return self


class ButtonConfig(Section):
    """A one-tap alarm button."""

    camera: Identifier
    """The camera beside it: its picture is sent along."""
    topic: Topic | None = None
    """Any message here is a press, on the broker of ``devices``, but one about its battery and radio alone;
    without it only the local page has the button."""
    reset_s: float = Field(default=60.0, ge=1, le=3600)
    """Presses within so many seconds are the same alarm."""


class SpeakerConfig(Section):
    """The programs that make the gateway's audio output heard; the file or text is added at the end."""

    play: tuple[str, ...] = Field(default=("aplay", "-q"), min_length=1)
    """Plays a sound file."""
    say: tuple[str, ...] = Field(default=("espeak-ng", "-v", "cmn"), min_length=1)
    """Speaks a text."""
