"""Cases: what people do about alarms. ``move`` is the only way to change where one stands; ``moves`` has the table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.domain.moves import MOVES, Action, Move
from lookout_server.domain.policy import DEFAULT, Policy
from lookout_server.domain.territory import CameraKey, Person
from lookout_server.errors import (
    EvidenceMissingError,
    ForbiddenError,
    FourEyesError,
    IllegalMoveError,
    InvalidError,
    StaleVersionError,
)

#: What an entry of the history may carry beside its words; JSON-serialisable.
Data = Mapping[str, object]

#: After this many returns to the worker a supervisor has to look.
REWORKS_BEFORE_SUPERVISION = 3


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

    @property
    def needs_supervision(self) -> bool:
        """Whether it went back to the worker so often that a supervisor should look."""
        return self.reworks >= REWORKS_BEFORE_SUPERVISION


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


def opened(
    case: Case, *, actor: Actor, at: datetime, data: Data, policy: Policy = DEFAULT
) -> tuple[Case, HistoryEntry]:
    """A new case with the first line of its history. ``case`` says where it begins; its counters start at 1."""
    fresh = replace(case, version=1, entries=1, due_at=policy.due_at(case.state, case.severity, at))
    entry = HistoryEntry(
        seq=1,
        at=at,
        actor=actor.id,
        action=Action.REPORT,
        from_state=None,
        to_state=case.state,
        note=None,
        data=data,
    )
    return fresh, entry


def move(case: Case, request: Request, policy: Policy = DEFAULT) -> tuple[Case, HistoryEntry]:
    """Do what is requested: the case afterwards (version + 1) and the line for its history.

    Raises StaleVersionError, IllegalMoveError, ForbiddenError, FourEyesError, InvalidError or EvidenceMissingError.
    """
    action, actor, details = request.action, request.actor, request.details
    if request.version != case.version:
        raise StaleVersionError(seen=request.version, current=case.version)
    row = MOVES.get(action)
    if row is None or case.state not in row.sources:
        raise IllegalMoveError(action=action, state=case.state, allowed=allowed(case, actor))
    _check_actor(case, row, actor)
    _check_details(action, row, details)
    handler = None if row.clears_handler else case.handler
    if details.worker is not None and row.needs_worker:
        handler = details.worker.id
    after = replace(
        case,
        state=row.target,
        version=case.version + 1,
        entries=case.entries + 1,
        updated_at=request.at,
        due_at=policy.due_at(row.target, case.severity, request.at),
        rung=0,
        handler=handler,
        reworks=case.reworks + (1 if action is Action.REWORK else 0),
    )
    return after, _entry(after, request, was=case.state)


def allowed(case: Case, actor: Actor) -> tuple[Action, ...]:
    """The actions that are legal for this actor now, in the table's order."""
    return tuple(
        action for action, row in MOVES.items() if case.state in row.sources and _refusal(case, row, actor) is None
    )


def raised(case: Case, severity: Severity, *, at: datetime, policy: Policy = DEFAULT) -> tuple[Case, HistoryEntry]:
    """The case after its alarm became graver; the running clock is cut to the new limit."""
    limit = policy.due_at(case.state, severity, at)
    due = min(limit, case.due_at) if limit and case.due_at else limit
    after = replace(
        case, severity=severity, version=case.version + 1, entries=case.entries + 1, updated_at=at, due_at=due
    )
    data = {"from": case.severity.value, "to": severity.value}
    return after, _system_entry(after, Action.RAISE, at=at, note=None, data=data)


def rechecked(case: Case, *, at: datetime, note: str | None, data: Data) -> tuple[Case, HistoryEntry]:
    """A line about the camera's second look. The version stays: nobody's decision is overtaken by it."""
    after = replace(case, entries=case.entries + 1, updated_at=at)
    return after, _system_entry(after, Action.RECHECK, at=at, note=note, data=data)


def escalated(case: Case, *, at: datetime, data: Data) -> tuple[Case, HistoryEntry]:
    """The case once its limit has passed and the next rung was told. The version stays: whoever acts now may."""
    after = replace(case, entries=case.entries + 1, updated_at=at, rung=case.rung + 1)
    return after, _system_entry(after, Action.ESCALATE, at=at, note=None, data={"rung": after.rung, **data})


def may_see(case: Case, person: Person) -> bool:
    """The control room sees every case; a worker those in their grids and those they handle."""
    return person.in_control_room or case.handler == person.id or (case.grid is not None and case.grid in person.grids)


def _system_entry(case: Case, action: Action, *, at: datetime, note: str | None, data: Data) -> HistoryEntry:
    return HistoryEntry(
        seq=case.entries,
        at=at,
        actor=None,
        action=action,
        from_state=case.state,
        to_state=case.state,
        note=note,
        data=data,
    )


def _entry(after: Case, request: Request, *, was: CaseState) -> HistoryEntry:
    details = request.details
    data: dict[str, object] = {}
    if details.worker is not None:
        data["worker"] = {"id": details.worker.id, "name": details.worker.name}
    if details.photos:
        data["photos"] = list(details.photos)
    if details.place is not None:
        data["place"] = dict(details.place)
    if details.why is not None:
        data.update(details.why)
    return HistoryEntry(
        seq=after.entries,
        at=request.at,
        actor=request.actor.id,
        action=request.action,
        from_state=was,
        to_state=after.state,
        note=details.reason or details.note,
        data=data,
    )


def _refusal(case: Case, row: Move, actor: Actor) -> ForbiddenError | None:
    """Why this actor may not take this row, or None. System rows are for the system, all others for people."""
    person = actor.person
    if person is None:
        return None if row.automatic or not row.roles else ForbiddenError("this step needs a person")
    if not person.roles & row.roles:
        who = ", ".join(sorted(role.value for role in row.roles)) or "the system"
        return ForbiddenError(f"this step is for {who}")
    if row.handler_only and case.handler != person.id:
        return ForbiddenError(
            "only the person who has the case may do this: ask the control room to dispatch it to you"
        )
    if row.four_eyes and case.handler == person.id:
        return FourEyesError("you handled this case yourself: somebody else has to check it")
    return None


def _check_actor(case: Case, row: Move, actor: Actor) -> None:
    refusal = _refusal(case, row, actor)
    if refusal is not None:
        raise refusal


def _check_details(action: Action, row: Move, details: Details) -> None:
    if row.needs_reason and not (details.reason or "").strip():
        raise InvalidError(f"'{action}' needs a reason: say why in a few words")
    if row.needs_photo and not details.photos:
        raise EvidenceMissingError(
            "feedback needs at least one photo: upload it first, then name its SHA-256 in 'photos'"
        )
    if row.needs_worker and details.worker is None:
        raise InvalidError("dispatch needs somebody to send: name a worker")
