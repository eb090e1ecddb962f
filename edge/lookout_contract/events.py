"""Events: what a gateway saw, as CloudEvents 1.0 in structured JSON."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from lookout_contract.base import Identifier, Message, Sha256, UtcTime


class Scenario(StrEnum):
    """What a rule looks for. The values are the last level of the event topic."""

    UNFAMILIAR_VEHICLE = "unfamiliar_vehicle"
    FIRE_SMOKE = "fire_smoke"
    GARBAGE = "garbage"
    CORRIDOR_EBIKE = "corridor_ebike"
    KEY_AREA = "key_area"
    CARE = "care"
    CAMERA_BLIND = "camera_blind"


class Phase(StrEnum):
    """Where an occurrence stands. Updates are silent edits of what ``start`` announced."""

    START = "start"
    UPDATE = "update"
    END = "end"


class EndReason(StrEnum):
    """Why an occurrence ended. Only ``cleared`` and ``removed`` say that the scene was seen to be clean.

    ``window_over``: the rule's hours ended while it was still there.
    """

    CLEARED = "cleared"
    REMOVED = "removed"
    WINDOW_OVER = "window_over"
    SHUTDOWN = "shutdown"
    BLIND = "blind"


#: Ends after which nobody waits for what it was: it is over, and does not go on when it is found again.
OVER = frozenset({EndReason.CLEARED, EndReason.REMOVED, EndReason.WINDOW_OVER})


class Severity(StrEnum):
    """Colour grade: red 特急, yellow 紧急, blue 一般."""

    RED = "red"
    YELLOW = "yellow"
    BLUE = "blue"


class PlateStatus(StrEnum):
    """Three outcomes, never two: a plate nobody could read is not an unknown one."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


class Plate(Message):
    """A number plate, voted over the whole track."""

    text: str | None = None
    """GA 36 text without separators, e.g. ``皖A12345``; null when unreadable."""
    confidence: float = Field(ge=0, le=1)
    """Calibrated share of the vote, 0..1."""
    status: PlateStatus


class DetectedObject(Message):
    """One object that the rule judged, as last seen."""

    label: str
    score: float = Field(ge=0, le=1)
    box: tuple[float, float, float, float]
    """x1, y1, x2, y2 as fractions 0..1 of the frame, origin at the top left."""
    track: int | None = None
    """Track number, unique per camera and epoch."""


class Votes(Message):
    """k of n: how many of the last n looks said yes."""

    yes: int = Field(ge=0)
    of: int = Field(ge=0)


class Condition(Message):
    """One condition of the rule with the value it had; the list of them is the answer to "why"."""

    name: str
    """Stable key, e.g. ``dwell``, ``zone``, ``plate``; pages translate it."""
    value: float | str | bool | None = None
    """Null where there was nothing to measure."""
    limit: float | str | bool | None = None
    """What the value was compared with."""
    met: bool
    unit: str | None = None
    """``s``, ``1`` (fraction), ``px`` …"""
    bound: Literal["least", "most"] | None = None
    """Of what is met whatever its value, since other signs may have been enough: whether ``limit`` is the least or the
    most with which the value speaks for the alarm. Pages give it no tick. Null where ``met`` compares both."""


class EvidenceKind(StrEnum):
    """What an evidence file shows."""

    SNAPSHOT = "snapshot"
    CLIP = "clip"
    CROP = "crop"


class EvidenceRef(Message):
    """A file that proves the event; it travels apart from it, by HTTP PUT under its hash."""

    kind: EvidenceKind
    sha256: Sha256
    bytes: int = Field(ge=0)
    mime: str


class Attributes(Message):
    """What only some scenarios know."""

    plate: Plate | None = None
    stage: str | None = None
    """The rule's own stage, e.g. ``passing``, ``parked``, ``suspected_charging``, ``pre_alarm``."""
    test: bool = False
    """A trial: a test alarm or a self-test. Such events have types and a topic of their own, and make no alarm."""
    restricted: bool = False
    """Only for those who look after the person (care): no integrator, no list that everybody sees."""


class EventData(Message):
    """The ``data`` of an event."""

    occurrence: Identifier
    scenario: Scenario
    camera: Identifier
    phase: Phase
    captured_at: UtcTime
    """The frame's own time (RTP/NTP or anchored PTS), not the time of sending."""
    started_at: UtcTime
    """Frame time at which the occurrence began."""
    skew_s: float | None = None
    """Stream time minus the gateway's clock when the frame was taken, seconds; null when not measured."""
    end_reason: EndReason | None = None
    resumed: bool = False
    """It had ended as ``shutdown`` or ``blind``, or a moment ago, and the same thing is found in its place again."""
    zone: Identifier | None = None
    outline: tuple[tuple[float, float], ...] | None = None
    """Corners of the zone in order, as fractions of the picture from the top left, with ``start``; null: all of it."""
    objects: tuple[DetectedObject, ...] = ()
    votes: Votes | None = None
    dwell_s: float = Field(default=0, ge=0)
    """Seconds of frame time that the thing has been there."""
    attributes: Attributes = Attributes()
    severity: Severity
    severity_reason: str | None = None
    explain: tuple[Condition, ...] = ()
    evidence: tuple[EvidenceRef, ...] = ()
    models: dict[str, Sha256] = {}
    """Model name → SHA-256 of the weights that looked."""
    config_hash: Sha256 | None = None

    @model_validator(mode="after")
    def _reason_belongs_to_end(self) -> Self:
        if (self.phase is Phase.END) != (self.end_reason is not None):
            raise ValueError("end_reason must be given with phase 'end' and only then")
        return self


EventType = Literal[
    "lookout.event.start.v1",
    "lookout.event.update.v1",
    "lookout.event.end.v1",
    "lookout.test.start.v1",
    "lookout.test.update.v1",
    "lookout.test.end.v1",
]
_TYPES: dict[Phase, tuple[EventType, EventType]] = {
    Phase.START: ("lookout.event.start.v1", "lookout.test.start.v1"),
    Phase.UPDATE: ("lookout.event.update.v1", "lookout.test.update.v1"),
    Phase.END: ("lookout.event.end.v1", "lookout.test.end.v1"),
}

Source = Annotated[str, Field(pattern=r"^/site/[a-z0-9][a-z0-9_-]{0,62}/gateway/[a-z0-9][a-z0-9_-]{0,62}$")]
Epoch = Annotated[str, Field(pattern=r"^[0-9a-z][0-9a-z-]{0,62}$")]


class Event(Message):
    """A CloudEvents 1.0 envelope (structured mode) with the extensions ``epoch`` and ``sequence``.

    ``(source, epoch, sequence)`` is unique: a redelivered event is recognised by it and stored once.
    """

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(min_length=1, max_length=128)
    """Unique per source; ``{epoch}.{sequence}``."""
    source: Source
    type: EventType
    subject: Identifier
    """The occurrence id."""
    time: UtcTime
    """When the gateway made the event, by its own clock."""
    datacontenttype: Literal["application/json"] = "application/json"
    epoch: Epoch
    """Names one life of the gateway's spool; a wiped gateway starts a new one. Sorts by age."""
    sequence: int = Field(ge=1)
    """Gapless within an epoch, from 1."""
    data: EventData

    @model_validator(mode="after")
    def _envelope_agrees_with_data(self) -> Self:
        if self.type != event_type(self.data):
            raise ValueError(
                f"type {self.type!r} does not fit phase {self.data.phase.value!r} with test {self.data.attributes.test}"
            )
        if self.subject != self.data.occurrence:
            raise ValueError("subject must be the occurrence id of data")
        if self.id != event_id(self.epoch, self.sequence):
            raise ValueError("id must be '{epoch}.{sequence}'")
        return self


def event_type(data: EventData) -> EventType:
    """The CloudEvents type: by phase, and trials apart from what was seen."""
    return _TYPES[data.phase][data.attributes.test]


def event_id(epoch: str, sequence: int) -> str:
    """The CloudEvents id: unique per source."""
    return f"{epoch}.{sequence}"


def source_of(site: str, gateway: str) -> str:
    """The CloudEvents source of a gateway."""
    return f"/site/{site}/gateway/{gateway}"


def make_event(data: EventData, *, site: str, gateway: str, epoch: str, sequence: int, time: UtcTime) -> Event:
    """Wrap ``data`` in its envelope. ``time`` is the gateway's clock, handed in."""
    return Event(
        id=event_id(epoch, sequence),
        source=source_of(site, gateway),
        type=event_type(data),
        subject=data.occurrence,
        time=time,
        epoch=epoch,
        sequence=sequence,
        data=data,
    )
