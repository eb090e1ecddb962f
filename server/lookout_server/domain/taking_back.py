"""Taking a judgement back: whoever confirmed or voided a case by a slip has it as it was, while nothing came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lookout_contract.cases import CaseState
from lookout_contract.events import Severity
from lookout_server.domain.case import Asked, Case, HistoryEntry, Request
from lookout_server.domain.moves import MOVES, Action
from lookout_server.domain.moving import allowed
from lookout_server.domain.policy import DEFAULT, Policy
from lookout_server.errors import ConflictError, ForbiddenError, IllegalMoveError, StaleVersionError

#: What a tap decides, and a tap can take back.
JUDGEMENTS = frozenset({Action.CONFIRM, Action.VOID})
#: Pages offer it for five seconds; a bad network needs longer. Later it is another decision, with a reason of its own.
WITHIN = timedelta(minutes=2)
#: Lines that the system adds beside what people decide.
_BESIDE = frozenset({Action.JOIN, Action.RECHECK, Action.ESCALATE})


def taken_back(
    case: Case, request: Request, history: Sequence[HistoryEntry], policy: Policy = DEFAULT
) -> tuple[Case, HistoryEntry]:
    """The case as it was before its last judgement, its clock running since it came there, and the line that says so.

    ``history``: oldest first. Raises StaleVersionError, IllegalMoveError, ForbiddenError or ConflictError.
    """
    if request.version != case.version:
        raise StaleVersionError(seen=request.version, current=case.version)
    last = next((entry for entry in reversed(history) if entry.action not in _BESIDE), None)
    if last is None or last.action not in JUDGEMENTS or last.from_state is None:
        raise IllegalMoveError(action=request.action, state=case.state, allowed=allowed(case, request.actor))
    if last.actor != request.actor.id:
        raise ForbiddenError("only whoever decided this can take it back: ask them, or ask a supervisor")
    if request.at - last.at > WITHIN:
        later = "a supervisor can reopen the case" if last.action is Action.VOID else "void the case and say why"
        raise ConflictError(f"this was decided more than two minutes ago: {later}")
    before = _clock_before(last, history, case, policy)
    back = replace(
        case,
        state=last.from_state,
        version=case.version + 1,
        entries=case.entries + 1,
        updated_at=request.at,
        due_at=before.due_at,
        first_due_at=before.first_due_at,
        asked=before.asked,
        rung=0,
    )
    entry = HistoryEntry(
        seq=back.entries,
        at=request.at,
        actor=request.actor.id,
        action=request.action,
        from_state=case.state,
        to_state=back.state,
        note=None,
        data={"undone": last.seq},
    )
    return back, entry


@dataclass
class _Clock:
    """What a case's history says of its running step: its limit, and what was asked about that."""

    severity: Severity
    due_at: datetime | None = None
    first_due_at: datetime | None = None
    asked: Asked | None = None
    #: While suspended: what was left of the limit, and of which step.
    left: timedelta | None = None
    paused: CaseState | None = None


def _clock_before(last: HistoryEntry, history: Sequence[HistoryEntry], case: Case, policy: Policy) -> _Clock:
    """How the step ran that the judgement ended, told anew line by line: a slip gives nobody more time, and takes from
    nobody what they asked for or were given."""
    # What was taken back has not been; what it had ended ran on.
    undone = {entry.data.get("undone") for entry in history if entry.action is Action.TAKE_BACK}
    lines = [
        entry
        for entry in history
        if entry.seq < last.seq and entry.seq not in undone and entry.action is not Action.TAKE_BACK
    ]
    grades = (Severity(str(entry.data["from"])) for entry in lines if entry.action is Action.RAISE)
    clock = _Clock(severity=next(grades, case.severity))
    for entry in lines:
        _run(clock, entry, policy)
    return clock


def _run(clock: _Clock, entry: HistoryEntry, policy: Policy) -> None:
    row = MOVES.get(entry.action)
    match entry.action:
        case Action.ASK_SUSPEND | Action.ASK_EXTEND:
            until = datetime.fromisoformat(str(entry.data["until"]))
            clock.asked = Asked(action=entry.action, until=until, by=entry.actor or "", reason=entry.note or "")
        case Action.REFUSE:
            clock.asked = None
        case Action.APPROVE if clock.asked is not None:
            if clock.asked.action is Action.ASK_EXTEND:
                clock.first_due_at = clock.first_due_at or clock.due_at
            else:
                clock.left = max(timedelta(0), clock.due_at - entry.at) if clock.due_at else None
                clock.paused = entry.from_state
            clock.due_at, clock.asked = clock.asked.until, None
        case Action.RESUME:
            clock.due_at = entry.at + clock.left if clock.left is not None else None
            clock.left = clock.paused = None
        case Action.RAISE:
            _cut(clock, entry, policy)
        case _ if entry.from_state is None or (row is not None and row.target is not None):
            clock.due_at = policy.due_at(entry.to_state, clock.severity, entry.at)
            clock.first_due_at = clock.asked = None
        case _:
            pass


def _cut(clock: _Clock, entry: HistoryEntry, policy: Policy) -> None:
    clock.severity = Severity(str(entry.data["to"]))
    limit = policy.due_at(clock.paused or entry.to_state, clock.severity, entry.at)
    if limit is None:
        return
    if clock.paused is None:
        clock.due_at = min(limit, clock.due_at) if clock.due_at else limit
    else:
        clock.left = limit - entry.at if clock.left is None else min(limit - entry.at, clock.left)
