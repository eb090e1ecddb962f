"""Cases: what people do about alarms. ``moves`` has the table; ``moving.move`` is the only way to change one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.domain.moves import Action
from lookout_server.domain.policy import Tier
from lookout_server.domain.territory import CameraKey, Person

#: What an entry of the history may carry beside its words; JSON-serialisable.
Data = Mapping[str, object]


class Source(StrEnum):
    """Which way a case came in."""

    CAMERA = "camera"
    RESIDENT = "resident"
    BUTTON = "button"
    HOTLINE = "hotline"
    PATROL = "patrol"
    INSPECTION = "inspection"


class Stage(StrEnum):
    """Whether a picture shows the scene before or after somebody dealt with it."""

    BEFORE = "before"
    AFTER = "after"


class CaseEvidenceKind(StrEnum):
    """What a file of a case is: the machine's own, a person's photo, or the camera's second look."""

    SNAPSHOT = "snapshot"
    CLIP = "clip"
    CROP = "crop"
    PHOTO = "photo"
    RECHECK = "recheck"


@dataclass(frozen=True, kw_only=True)
class CaseEvidence:
    """A file attached to a case."""

    kind: CaseEvidenceKind
    sha256: str
    mime: str
    bytes: int
    at: datetime
    stage: Stage


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts: a person, or the system itself (``person`` is None)."""

    person: Person | None = None

    @property
    def id(self) -> str | None:
        """The person's id, or None for the system."""
        return None if self.person is None else self.person.id


SYSTEM = Actor()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Somebody asks for more time: ``action`` says whether to suspend or to extend, ``until`` when."""

    action: Action
    until: datetime
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Whistle:
    """吹哨: a department was called to a case; 报到: when it came."""

    person: str
    due_at: datetime
    reported_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """Where a case stands. ``version`` counts its changes; ``entries`` counts the lines of its history."""

    id: str
    number: str
    title: str
    scenario: Scenario | None
    severity: Severity
    state: CaseState
    version: int
    entries: int
    camera: CameraKey | None
    grid: str | None
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None
    handler: str | None = None
    alarms: tuple[str, ...] = ()
    reworks: int = 0
    #: How far up the ladder the present step has been told on since its limit passed.
    rung: int = 0
    #: The limit that the step had before it was extended.
    first_due_at: datetime | None = None
    #: While suspended: what was left of the step's limit, and where the case goes on. ``due_at`` is when.
    paused_left_s: int | None = None
    resumes_to: CaseState | None = None
    asked: Asked | None = None
    #: 督办: supervisors alone decide.
    supervised: bool = False
    merged_into: str | None = None
    whistles: tuple[Whistle, ...] = ()
    #: How soon somebody asks how things are, once it is closed.
    tier: Tier | None = None
    #: 1 (bad) to 5, by whoever asked.
    score: int | None = None
    source: Source = Source.CAMERA
    #: What it is about, a key of ``topics.TOPICS``, and where, as that was called when it was opened. Cases from before
    #: there were topics have their title alone.
    topic: str | None = None
    scene: str | None = None

    def awaits(self, person_id: str) -> bool:
        """Whether this department was called and has not come."""
        return any(each.person == person_id and each.reported_at is None for each in self.whistles)


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One line of a case's history; never changed once written. ``actor`` is a person's id, None for the system."""

    seq: int
    at: datetime
    actor: str | None
    action: Action
    from_state: CaseState | None
    to_state: CaseState
    note: str | None
    data: Data


@dataclass(frozen=True, kw_only=True)
class Details:
    """What comes with a move; each action asks for its own part of it."""

    note: str | None = None
    reason: str | None = None
    #: The person to send (dispatch).
    worker: Person | None = None
    #: SHA-256 of photos that are known to be stored (feedback).
    photos: tuple[str, ...] = ()
    #: ``lat``, ``lon``, ``accuracy_m`` (arrive, feedback).
    place: Data | None = None
    #: The case to go on with (merge).
    into: str | None = None
    #: The alarms that get a case of their own (split).
    alarms: tuple[str, ...] = ()
    #: Until when to suspend or extend.
    until: datetime | None = None
    #: The departments that are called (whistle).
    departments: tuple[Person, ...] = ()
    tier: Tier | None = None
    #: 1 to 5 (evaluate).
    score: int | None = None
    #: What the system adds to the line of the history.
    why: Data | None = None


@dataclass(frozen=True, kw_only=True)
class Request:
    """Who wants what done, having seen which version."""

    action: Action
    actor: Actor
    at: datetime
    version: int
    details: Details = Details()
