"""Cases: what people do about alarms. The moves are a table; ``move`` is the only way to change where a case stands."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.domain import policy
from lookout_server.domain.territory import CONTROL_ROOM, CameraKey, Person, Role
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


class Action(StrEnum):
    """What can be done to a case. ``verify``, ``recheck`` and ``raise`` are the system's."""

    REPORT = "report"
    CONFIRM = "confirm"
    DISPATCH = "dispatch"
    ACCEPT = "accept"
    RETURN = "return"
    ARRIVE = "arrive"
    FEEDBACK = "feedback"
    VERIFY = "verify"
    CLOSE = "close"
    REWORK = "rework"
    VOID = "void"
    REOPEN = "reopen"
    RAISE = "raise"
    RECHECK = "recheck"


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


@dataclass(frozen=True, kw_only=True)
class Move:
    """A row of the table: from where to where, and by whom."""

    sources: frozenset[CaseState]
    target: CaseState
    #: Roles that may do it; empty means the system alone.
    roles: frozenset[Role]
    #: Only the one who has the case.
    handler_only: bool = False
    needs_reason: bool = False
    needs_photo: bool = False
    needs_worker: bool = False
    #: Not the one who has the case.
    four_eyes: bool = False
    clears_handler: bool = False


_S = CaseState
_WORKER = frozenset({Role.WORKER})
_OVERSIGHT = frozenset({Role.SUPERVISOR, Role.ADMIN})
_SYSTEM: frozenset[Role] = frozenset()


def _from(*states: CaseState) -> frozenset[CaseState]:
    return frozenset(states)


MOVES: Mapping[Action, Move] = {
    Action.CONFIRM: Move(sources=_from(_S.NEW), target=_S.CONFIRMED, roles=CONTROL_ROOM),
    Action.DISPATCH: Move(
        sources=_from(_S.CONFIRMED, _S.DISPATCHED, _S.REWORK),
        target=_S.DISPATCHED,
        roles=CONTROL_ROOM,
        needs_worker=True,
    ),
    Action.ACCEPT: Move(sources=_from(_S.DISPATCHED), target=_S.ACCEPTED, roles=_WORKER, handler_only=True),
    Action.RETURN: Move(
        sources=_from(_S.DISPATCHED, _S.ACCEPTED),
        target=_S.CONFIRMED,
        roles=_WORKER,
        handler_only=True,
        needs_reason=True,
        clears_handler=True,
    ),
    Action.ARRIVE: Move(sources=_from(_S.ACCEPTED, _S.REWORK), target=_S.ON_SCENE, roles=_WORKER, handler_only=True),
    Action.FEEDBACK: Move(
        sources=_from(_S.ON_SCENE, _S.REWORK),
        target=_S.FEEDBACK,
        roles=_WORKER,
        handler_only=True,
        needs_photo=True,
    ),
    Action.VERIFY: Move(sources=_from(_S.FEEDBACK), target=_S.VERIFYING, roles=_SYSTEM),
    Action.CLOSE: Move(sources=_from(_S.VERIFYING), target=_S.CLOSED, roles=CONTROL_ROOM, four_eyes=True),
    Action.REWORK: Move(
        sources=_from(_S.VERIFYING), target=_S.REWORK, roles=CONTROL_ROOM, needs_reason=True, four_eyes=True
    ),
    Action.VOID: Move(
        sources=_from(_S.NEW, _S.CONFIRMED, _S.DISPATCHED), target=_S.VOID, roles=CONTROL_ROOM, needs_reason=True
    ),
    Action.REOPEN: Move(
        sources=_from(_S.CLOSED, _S.VOID),
        target=_S.CONFIRMED,
        roles=_OVERSIGHT,
        needs_reason=True,
        clears_handler=True,
    ),
}

#: States in which nothing more is asked of anybody.
SETTLED = frozenset({_S.CLOSED, _S.VOID, _S.MERGED, _S.EVALUATED})


def opened(case: Case, *, actor: Actor, at: datetime, data: Data) -> tuple[Case, HistoryEntry]:
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


def move(
    case: Case, action: Action, actor: Actor, *, at: datetime, version: int, details: Details
) -> tuple[Case, HistoryEntry]:
    """Do ``action``: the case afterwards (version + 1) and the line for its history.

    Raises StaleVersionError, IllegalMoveError, ForbiddenError, FourEyesError, InvalidError or EvidenceMissingError.
    """
    if version != case.version:
        raise StaleVersionError(seen=version, current=case.version)
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
        updated_at=at,
        due_at=policy.due_at(row.target, case.severity, at),
        handler=handler,
        reworks=case.reworks + (1 if action is Action.REWORK else 0),
    )
    return after, _entry(after, action, actor, at=at, was=case.state, details=details)


def allowed(case: Case, actor: Actor) -> tuple[Action, ...]:
    """The actions that are legal for this actor now, in the table's order."""
    return tuple(
        action for action, row in MOVES.items() if case.state in row.sources and _refusal(case, row, actor) is None
    )


def raised(case: Case, severity: Severity, *, at: datetime) -> tuple[Case, HistoryEntry]:
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


def _entry(
    after: Case, action: Action, actor: Actor, *, at: datetime, was: CaseState, details: Details
) -> HistoryEntry:
    data: dict[str, object] = {}
    if details.worker is not None:
        data["worker"] = {"id": details.worker.id, "name": details.worker.name}
    if details.photos:
        data["photos"] = list(details.photos)
    if details.place is not None:
        data["place"] = dict(details.place)
    return HistoryEntry(
        seq=after.entries,
        at=at,
        actor=actor.id,
        action=action,
        from_state=was,
        to_state=after.state,
        note=details.reason or details.note,
        data=data,
    )


def _refusal(case: Case, row: Move, actor: Actor) -> ForbiddenError | None:
    """Why this actor may not take this row, or None. System rows are for the system, all others for people."""
    person = actor.person
    if person is None:
        return None if not row.roles else ForbiddenError("this step needs a person")
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
