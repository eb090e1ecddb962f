"""Moving cases: the only functions that change where a case stands. Each gives the case afterwards and a line for its
history, and raises without a trace when it may not be.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from lookout_contract.cases import CaseState
from lookout_contract.events import Severity
from lookout_server.domain.case import Actor, Asked, Case, Data, Details, HistoryEntry, Request, Whistle
from lookout_server.domain.moves import JUDGEMENTS, MOVES, OVERSIGHT, SUPERVISORS_DECIDE, Action, Move
from lookout_server.domain.policy import DEFAULT, Policy
from lookout_server.domain.territory import CONTROL_ROOM
from lookout_server.errors import (
    EvidenceMissingError,
    ForbiddenError,
    FourEyesError,
    IllegalMoveError,
    InvalidError,
    StaleVersionError,
)

#: After this many returns to the worker the case is under supervision.
REWORKS_BEFORE_SUPERVISION = 3
#: No step is suspended or extended for longer.
LONGEST_DELAY = timedelta(days=366)


def opened(
    case: Case, *, actor: Actor, at: datetime, data: Data, policy: Policy = DEFAULT, note: str | None = None
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
        note=note,
        data=data,
    )
    return fresh, entry


def move(case: Case, request: Request, policy: Policy = DEFAULT) -> tuple[Case, HistoryEntry]:
    """Do what is requested: the case afterwards (version + 1) and the line for its history.

    Raises StaleVersionError, IllegalMoveError, ForbiddenError, FourEyesError, InvalidError or EvidenceMissingError.
    """
    action, actor = request.action, request.actor
    if request.version != case.version:
        raise StaleVersionError(seen=request.version, current=case.version)
    row = MOVES.get(action)
    if row is None or case.state not in row.sources or not _possible(case, action, actor):
        raise IllegalMoveError(action=action, state=case.state, allowed=allowed(case, actor))
    _check_actor(case, action, row, actor)
    _check_details(case, row, request)
    counted = replace(case, version=case.version + 1, entries=case.entries + 1, updated_at=request.at)
    after = _enter(counted, row.target, row, request, policy) if row.target else counted
    change = _CHANGES.get(action)
    if change is not None:
        after = change(after, request, policy)
    return after, _entry(after, request, was=case)


def _enter(case: Case, state: CaseState, row: Move, request: Request, policy: Policy) -> Case:
    """The case in another step: its clock starts anew, and what was asked about the last one falls away."""
    worker = request.details.worker
    handler = None if row.clears_handler else case.handler
    if worker is not None and row.needs_worker:
        handler = worker.id
    return replace(
        case,
        state=state,
        due_at=policy.due_at(state, case.severity, request.at),
        first_due_at=None,
        rung=0,
        handler=handler,
        asked=None,
    )


def _reworked(case: Case, request: Request, policy: Policy) -> Case:
    reworks = case.reworks + 1
    return replace(case, reworks=reworks, supervised=case.supervised or reworks >= REWORKS_BEFORE_SUPERVISION)


def _closed(case: Case, request: Request, policy: Policy) -> Case:
    return replace(case, tier=request.details.tier or policy.tier_of(case.severity))


def _merged(case: Case, request: Request, policy: Policy) -> Case:
    return replace(case, merged_into=request.details.into)


def _split(case: Case, request: Request, policy: Policy) -> Case:
    gone = set(request.details.alarms)
    return replace(case, alarms=tuple(alarm for alarm in case.alarms if alarm not in gone))


def _reopened(case: Case, request: Request, policy: Policy) -> Case:
    return replace(case, merged_into=None, tier=None, score=None, whistles=())


def _asked(case: Case, request: Request, policy: Policy) -> Case:
    details = request.details
    if details.until is None:
        return case
    asked = Asked(action=request.action, until=details.until, by=request.actor.id or "", reason=details.reason or "")
    return replace(case, asked=asked)


def _approved(case: Case, request: Request, policy: Policy) -> Case:
    """An extension gives the step another limit; a suspension stops its clock until then."""
    asked = case.asked
    if asked is None:
        return case
    if asked.action is Action.ASK_EXTEND:
        first = case.first_due_at or case.due_at
        return replace(case, asked=None, due_at=asked.until, first_due_at=first, rung=0)
    left = max(0, int((case.due_at - request.at).total_seconds())) if case.due_at else None
    return replace(
        case,
        asked=None,
        state=CaseState.SUSPENDED,
        resumes_to=case.state,
        paused_left_s=left,
        due_at=asked.until,
        rung=0,
    )


def _refused(case: Case, request: Request, policy: Policy) -> Case:
    return replace(case, asked=None)


def _resumed(case: Case, request: Request, policy: Policy) -> Case:
    due = request.at + timedelta(seconds=case.paused_left_s) if case.paused_left_s is not None else None
    state = case.resumes_to or CaseState.CONFIRMED
    return replace(case, state=state, due_at=due, paused_left_s=None, resumes_to=None, rung=0)


def _whistled(case: Case, request: Request, policy: Policy) -> Case:
    due = request.at + timedelta(seconds=policy.report_in[case.severity])
    called = {person.id for person in request.details.departments}
    kept = tuple(each for each in case.whistles if each.person not in called)
    return replace(case, whistles=kept + tuple(Whistle(person=name, due_at=due) for name in sorted(called)))


def _reported_in(case: Case, request: Request, policy: Policy) -> Case:
    return replace(
        case,
        whistles=tuple(
            replace(each, reported_at=request.at)
            if each.person == request.actor.id and each.reported_at is None
            else each
            for each in case.whistles
        ),
    )


def _supervised(case: Case, request: Request, policy: Policy) -> Case:
    return replace(case, supervised=True)


def _handed_over(case: Case, request: Request, policy: Policy) -> Case:
    worker = request.details.worker
    return replace(case, handler=worker.id) if worker else case


def _evaluated(case: Case, request: Request, policy: Policy) -> Case:
    return replace(case, score=request.details.score)


_CHANGES: Mapping[Action, Callable[[Case, Request, Policy], Case]] = {
    Action.REWORK: _reworked,
    Action.CLOSE: _closed,
    Action.MERGE: _merged,
    Action.SPLIT: _split,
    Action.REOPEN: _reopened,
    Action.ASK_SUSPEND: _asked,
    Action.ASK_EXTEND: _asked,
    Action.APPROVE: _approved,
    Action.REFUSE: _refused,
    Action.RESUME: _resumed,
    Action.WHISTLE: _whistled,
    Action.REPORT_IN: _reported_in,
    Action.SUPERVISE: _supervised,
    Action.EVALUATE: _evaluated,
    Action.HAND_OVER: _handed_over,
}


def allowed(case: Case, actor: Actor) -> tuple[Action, ...]:
    """The actions that are legal for this actor now, in the table's order."""
    return tuple(
        action
        for action, row in MOVES.items()
        if case.state in row.sources and _possible(case, action, actor) and _refusal(case, action, row, actor) is None
    )


def raised(case: Case, severity: Severity, *, at: datetime, policy: Policy = DEFAULT) -> tuple[Case, HistoryEntry]:
    """The case after its alarm became graver; the running clock is cut to the new limit. Where all rungs were told of
    the lower grade, they are told again. A suspended case keeps its day, and what is left of its limit is cut."""
    suspended = case.state is CaseState.SUSPENDED
    limit = policy.due_at(case.resumes_to or CaseState.CONFIRMED if suspended else case.state, severity, at)
    due, left = case.due_at, case.paused_left_s
    if not suspended:
        due = min(limit, due) if limit and due else limit
    elif limit is not None:
        whole = int((limit - at).total_seconds())
        left = whole if left is None else min(whole, left)
    after = replace(
        case,
        severity=severity,
        version=case.version + 1,
        entries=case.entries + 1,
        updated_at=at,
        due_at=due,
        paused_left_s=left,
        rung=0 if case.rung >= policy.escalations else case.rung,
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


def joined(case: Case, *, at: datetime, actor: Actor, data: Data, note: str | None = None) -> tuple[Case, HistoryEntry]:
    """A line about alarms or reports that came to the case, or left it. The version stays: it overtakes no decision."""
    after = replace(case, entries=case.entries + 1, updated_at=at)
    entry = _system_entry(after, Action.JOIN, at=at, note=note, data=data)
    return after, replace(entry, actor=actor.id)


def not_reported_in(case: Case, person_id: str, *, at: datetime) -> tuple[Case, HistoryEntry]:
    """The case once a department that was called has not come in time."""
    after = replace(case, entries=case.entries + 1, updated_at=at)
    data = {"reason": "no_report_in", "told": [person_id]}
    return after, _system_entry(after, Action.ESCALATE, at=at, note=None, data=data)


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


def _entry(after: Case, request: Request, *, was: Case) -> HistoryEntry:
    details = request.details
    ran = {"ran": _ran(was)} if request.action in JUDGEMENTS else {}
    return HistoryEntry(
        seq=after.entries,
        at=request.at,
        actor=request.actor.id,
        action=request.action,
        from_state=was.state,
        to_state=after.state,
        note=details.reason or details.note,
        data=_said(details) | ran,
    )


def _ran(case: Case) -> dict[str, object]:
    """How the step ran that a judgement ends, for whoever takes that back; see ``as_it_ran``."""
    asked = case.asked
    given: dict[str, object] = {
        "due_at": case.due_at.isoformat() if case.due_at else None,
        "first_due_at": case.first_due_at.isoformat() if case.first_due_at else None,
        "asked": vars(asked) | {"action": asked.action.value, "until": asked.until.isoformat()} if asked else None,
    }
    return {key: value for key, value in given.items() if value is not None}


def as_it_ran(case: Case, judged: HistoryEntry) -> Case:
    """``case`` with the limit and the request of the step that ``judged`` ended: a slip gives nobody more time, and
    takes from nobody what they asked for or were given."""
    ran = cast(dict[str, Any], judged.data["ran"])
    due, first = (datetime.fromisoformat(ran[key]) if key in ran else None for key in ("due_at", "first_due_at"))
    asked = ran.get("asked")
    return replace(
        case,
        due_at=due,
        first_due_at=first,
        asked=Asked(
            action=Action(asked["action"]),
            until=datetime.fromisoformat(asked["until"]),
            by=asked["by"],
            reason=asked["reason"],
        )
        if asked
        else None,
    )


def _said(details: Details) -> dict[str, object]:
    """What the details add to the history, without what was not given."""
    worker, until = details.worker, details.until
    given: dict[str, object] = {
        "worker": {"id": worker.id, "name": worker.name} if worker else None,
        "photos": list(details.photos),
        "place": dict(details.place) if details.place else None,
        "into": details.into,
        "alarms": list(details.alarms),
        "until": until.isoformat() if until else None,
        "departments": [{"id": each.id, "name": each.name} for each in details.departments],
        "tier": details.tier.value if details.tier else None,
        "score": details.score,
        **(details.why or {}),
    }
    return {key: value for key, value in given.items() if value not in (None, [])}


def _possible(case: Case, action: Action, actor: Actor) -> bool:
    """Whether the case itself, beside its state, allows it."""
    match action:
        case Action.APPROVE | Action.REFUSE:
            return case.asked is not None
        case Action.ASK_SUSPEND | Action.ASK_EXTEND:
            return case.asked is None and (action is Action.ASK_SUSPEND or case.due_at is not None)
        case Action.SPLIT:
            return len(case.alarms) > 1
        case Action.REPORT_IN:
            return actor.id is not None and case.awaits(actor.id)
        case Action.SUPERVISE:
            return not case.supervised
        case _:
            return True


def _refusal(case: Case, action: Action, row: Move, actor: Actor) -> ForbiddenError | None:
    """Why this actor may not take this row, or None. System rows are for the system, all others for people."""
    person = actor.person
    if person is None:
        return None if row.automatic or not row.roles else ForbiddenError("this step needs a person")
    if not person.roles & row.roles:
        who = ", ".join(sorted(role.value for role in row.roles)) or "the system"
        return ForbiddenError(f"this step is for {who}")
    if row.handler_only and case.handler != person.id and not person.roles & row.roles & CONTROL_ROOM:
        return ForbiddenError(
            "only the person who has the case may do this: ask the control room to dispatch it to you"
        )
    if case.supervised and action in SUPERVISORS_DECIDE and not person.roles & OVERSIGHT:
        return ForbiddenError("this case is under supervision (督办): a supervisor decides")
    if row.four_eyes and case.handler == person.id:
        return FourEyesError("you handled this case yourself: somebody else has to check it")
    if action is Action.APPROVE and case.asked is not None and case.asked.by == person.id:
        return FourEyesError("you asked for this yourself: somebody else has to approve it")
    return None


def _check_actor(case: Case, action: Action, row: Move, actor: Actor) -> None:
    refusal = _refusal(case, action, row, actor)
    if refusal is not None:
        raise refusal


def _check_details(case: Case, row: Move, request: Request) -> None:
    action, details = request.action, request.details
    if row.needs_reason and not (details.reason or "").strip():
        raise InvalidError(f"'{action}' needs a reason: say why in a few words")
    if row.needs_photo and not details.photos:
        raise EvidenceMissingError(
            "feedback needs at least one photo: upload it first, then name its SHA-256 in 'photos'"
        )
    if row.needs_worker and details.worker is None:
        raise InvalidError("dispatch needs somebody to send: name a worker")
    if row.needs_until and not _is_ahead(case, request):
        raise InvalidError("name a time ahead, later than the limit that runs now and within a year, in 'until'")
    if action is Action.MERGE and details.into in (None, case.id):
        raise InvalidError("name another case to go on with in 'into'")
    if action is Action.SPLIT and not set() < set(details.alarms) < set(case.alarms):
        raise InvalidError("name some of the case's alarms in 'alarms', and leave it at least one")
    if action is Action.WHISTLE and not details.departments:
        raise InvalidError("name at least one department to call")
    if action is Action.EVALUATE and details.score not in range(1, 6):
        raise InvalidError("an evaluation needs a score from 1 to 5")


def _is_ahead(case: Case, request: Request) -> bool:
    until = request.details.until
    if until is None or not timedelta(0) < until - request.at <= LONGEST_DELAY:
        return False
    return request.action is not Action.ASK_EXTEND or case.due_at is None or until > case.due_at
