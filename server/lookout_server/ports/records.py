"""Values that cross the ports: filters, messages, lines of the feed, files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from typing import NamedTuple

from lookout_contract.cases import CaseState
from lookout_contract.events import Event, Scenario, Severity
from lookout_server.domain.access import Access
from lookout_server.domain.alarm import Disposition
from lookout_server.domain.deadline import Deadline, DeadlineKind
from lookout_server.domain.ledger import Chain, Link
from lookout_server.domain.sequence import Sequences


class FeedKind(StrEnum):
    """What a line of the feed is about."""

    ALARM = "alarm"
    CASE = "case"
    CAMERA = "camera"
    GATEWAY = "gateway"


class CameraPart(Enum):
    """What is written of a camera, by whom."""

    #: Where it hangs and what it is called: people.
    PLACE = "place"
    #: What it sees: its gateway.
    SIGHT = "sight"
    #: Its last alarm: the intake.
    ALARM = "alarm"


@dataclass(frozen=True, kw_only=True)
class FeedEntry:
    """A line of the feed as the database keeps it: what changed, not how it looks. ``seq`` 0 means not numbered yet."""

    at: datetime
    kind: FeedKind
    subject: str
    change: str
    seq: int = 0


@dataclass(frozen=True, kw_only=True)
class Page:
    """A window on a list, newest first: at most ``limit`` rows older than ``before`` (time, id)."""

    limit: int = 50
    before: tuple[datetime, str] | None = None


@dataclass(frozen=True, kw_only=True)
class AlarmFilter:
    """Which alarms; None means any. ``visible_to`` limits to what that person may see."""

    disposition: Disposition | None = None
    scenario: Scenario | None = None
    camera: str | None = None
    visible_to: Access | None = None
    #: Any of these.
    scenarios: frozenset[Scenario] | None = None
    severity: Severity | None = None
    #: The gateway told of it then or later.
    told_since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class CaseFilter:
    """Which cases; None means any. ``visible_to`` limits to what that person may see."""

    states: frozenset[CaseState] | None = None
    handler: str | None = None
    visible_to: Access | None = None
    severity: Severity | None = None
    scenario: Scenario | None = None
    #: Any of these.
    scenarios: frozenset[Scenario] | None = None
    #: Ids of grids, or of buildings, for what their cameras saw.
    grids: frozenset[str] | None = None
    buildings: frozenset[str] | None = None
    supervised: bool | None = None
    #: Part of the title, or the beginning of the number.
    text: str | None = None
    opened_from: datetime | None = None
    opened_before: datetime | None = None
    #: Their step's limit passed before this.
    due_before: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class LeaseRequest:
    """Timers of these kinds that have passed by ``at``, for ``owner`` until ``until``."""

    owner: str
    kinds: frozenset[DeadlineKind]
    at: datetime
    until: datetime
    limit: int


@dataclass(frozen=True, kw_only=True)
class DeadlineHealth:
    """How the timers do. One that passed long ago and is there still is ``late``: nobody acted on it."""

    waiting: int
    late: tuple[Deadline, ...]


class StreamKey(NamedTuple):
    """One life of a gateway's spool. A tuple, since it is looked up several times an event."""

    source: str
    epoch: str


class StreamState(NamedTuple):
    """How the numbers of a stream stand, and its ledger."""

    numbers: Sequences
    chain: Chain


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """What a transaction of the intake is going to ask for first."""

    streams: frozenset[StreamKey]
    #: Alarms that the events are about, and those of them that begin with these events.
    alarms: tuple[str, ...]
    begun: frozenset[str]
    #: See ``CaseRepository.live_near``.
    live_since: datetime
    #: Whether it is going to ask for nothing else, as far as can be known.
    is_all: bool


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Numbers ``first`` to ``last`` of a gateway's epoch that have not come, while later ones have."""

    gateway: str
    epoch: str
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """A message as the broker delivered it."""

    topic: str
    payload: bytes
    received_at: datetime
    #: The broker kept it from earlier: it says how things stood, not when.
    retained: bool = False


class QuarantineState(StrEnum):
    """How it stands with a message that could not be taken."""

    WAITING = "waiting"
    #: Taken after all: what kept it out is no more.
    TAKEN = "taken"
    DISCARDED = "discarded"


@dataclass(frozen=True, kw_only=True)
class Quarantined:
    """A message that could not be taken, and why."""

    id: int
    topic: str
    reason: str
    #: The reason's code, for pages in other languages, and what fills its blanks; None: it came before there were any.
    code: str | None
    said: Mapping[str, str]
    gateway: str | None
    epoch: str | None
    sequence: int | None
    size: int
    preview: str
    received_at: datetime
    #: How often the very same message came.
    times: int
    state: QuarantineState = QuarantineState.WAITING
    #: When it was taken after all or discarded, and by whom; a person's id, None for whoever runs the machine.
    ended_at: datetime | None = None
    ended_by: str | None = None
    #: Why it was discarded.
    note: str | None = None
    #: The alarm that it told of when it was taken.
    alarm: str | None = None


@dataclass(frozen=True, kw_only=True)
class QuarantinedMessage:
    """One of them with what is kept of its payload; ``whole``: that is all of it."""

    held: Quarantined
    payload: bytes

    @property
    def whole(self) -> bool:
        """Whether nothing of it was cut off."""
        return len(self.payload) == self.held.size


@dataclass(frozen=True, kw_only=True)
class QuarantineEnd:
    """What became of a message that waited in quarantine."""

    state: QuarantineState
    at: datetime
    by: str | None
    note: str | None = None
    alarm: str | None = None


@dataclass(frozen=True, kw_only=True)
class AnswerTo:
    """Where and under which mark an answer is awaited; MQTT 5's response topic and correlation data."""

    topic: str
    correlation: str


@dataclass(frozen=True, kw_only=True)
class ModelPackage:
    """A zoo entry as one file, for gateways to fetch. ``model`` is the entry's name."""

    model: str
    sha256: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class OutboxMessage:
    """A message that waits to be published, in the order of ``id``."""

    id: int
    topic: str
    payload: bytes
    retain: bool
    expires_at: datetime | None
    attempts: int
    #: Where an answer is awaited, if one is.
    answer: AnswerTo | None = None


@dataclass(frozen=True, kw_only=True)
class SentCommand:
    """A command to a gateway and, once it came, the answer."""

    id: str
    gateway: str
    name: str
    issued_at: datetime
    expires_at: datetime | None
    #: The case that asked for it, if one did.
    case_id: str | None
    #: ``done``, ``refused``, ``failed``, ``expired``, ``unsupported``; None while nobody answered.
    outcome: str | None
    answered_at: datetime | None
    detail: str | None
    #: The command as it was sent, JSON; None for those from before it was kept.
    request: str | None = None
    #: Id of the person who asked; None when the dispatcher did by itself.
    asked_by: str | None = None
    #: What the gateway said beside the outcome.
    result: Mapping[str, object] = field(default_factory=dict[str, object])

    def timed_out(self, at: datetime) -> bool:
        """Whether nobody answered in time."""
        return self.outcome is None and self.expires_at is not None and self.expires_at < at


@dataclass(frozen=True, kw_only=True)
class TakenEvent:
    """An event with the text it came as."""

    event: Event
    payload: str
    received_at: datetime


class LinkedEvent(NamedTuple):
    """An event and its entry in the ledger."""

    taken: TakenEvent
    link: Link


@dataclass(frozen=True, kw_only=True)
class LinkedNote:
    """An entry of the ledger for numbers without an event: refused or lost, and why."""

    stream: StreamKey
    link: Link
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class LedgerEntry:
    """An entry as it is kept. ``text`` is the event as it came, or the reason why there is none."""

    link: Link
    at: datetime
    text: str


@dataclass(frozen=True, kw_only=True)
class LedgerStream:
    """The ledger of one life of a gateway's spool, summed up."""

    stream: StreamKey
    state: StreamState


@dataclass(frozen=True, kw_only=True)
class IssuedCertificate:
    """A gateway's certificate. ``serial``: lower-case hexadecimal; ``pem`` and ``authority``: PEM texts."""

    serial: str
    expires_at: datetime
    pem: str
    authority: str


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """An evidence file that is stored."""

    sha256: str
    mime: str
    bytes: int
    #: False when it was there before.
    created: bool = False
