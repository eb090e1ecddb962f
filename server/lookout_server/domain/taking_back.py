"""Taking a judgement back: whoever confirmed or voided a case by a slip has it as it was, while nothing came of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from lookout_server.domain import moving
from lookout_server.domain.case import Case, HistoryEntry, Request
from lookout_server.domain.moves import JUDGEMENTS, Action
from lookout_server.errors import ConflictError, ForbiddenError, IllegalMoveError, StaleVersionError

#: Pages offer it for five seconds; a bad network needs longer. Later it is another decision, with a reason of its own.
WITHIN = timedelta(minutes=2)
#: Lines that the system adds beside what people decide.
_BESIDE = frozenset({Action.JOIN, Action.RECHECK, Action.ESCALATE})


def taken_back(case: Case, request: Request, history: Sequence[HistoryEntry]) -> tuple[Case, HistoryEntry]:
    """The case as it was before its last judgement, its clock running on, and the line that says so.

    ``history``: oldest first. Raises StaleVersionError, IllegalMoveError, ForbiddenError or ConflictError.
    """
    if request.version != case.version:
        raise StaleVersionError(seen=request.version, current=case.version)
    last = next((entry for entry in reversed(history) if entry.action not in _BESIDE), None)
    if last is None or last.action not in JUDGEMENTS or last.from_state is None:
        raise IllegalMoveError(action=request.action, state=case.state, allowed=moving.allowed(case, request.actor))
    if last.actor != request.actor.id:
        raise ForbiddenError("only whoever decided this can take it back: ask them, or ask a supervisor")
    if request.at - last.at > WITHIN:
        later = "a supervisor can reopen the case" if last.action is Action.VOID else "void the case and say why"
        raise ConflictError(f"this was decided more than two minutes ago: {later}")
    if "ran" not in last.data:
        raise ConflictError("an earlier version wrote down this decision, not how its step ran: decide anew instead")
    counted = replace(
        case,
        state=last.from_state,
        version=case.version + 1,
        entries=case.entries + 1,
        updated_at=request.at,
        rung=0,
    )
    back = moving.as_it_ran(counted, last)
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
