"""The table of moves: what can be done to a case, from where to where, by whom, and what it needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lookout_contract.cases import CaseState
from lookout_server.domain.territory import CONTROL_ROOM, FIELD, Role


class Action(StrEnum):
    """What can be done to a case. ``verify``, ``recheck``, ``raise``, ``escalate``, ``join`` and ``hand_over`` are
    the system's; ``take_back`` depends on what was done before (``taking_back``)."""

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
    ESCALATE = "escalate"
    MERGE = "merge"
    SPLIT = "split"
    JOIN = "join"
    ASK_SUSPEND = "ask_suspend"
    ASK_EXTEND = "ask_extend"
    APPROVE = "approve"
    REFUSE = "refuse"
    RESUME = "resume"
    WHISTLE = "whistle"
    HELP = "help"
    REPORT_IN = "report_in"
    SUPERVISE = "supervise"
    FOLLOW_UP = "follow_up"
    EVALUATE = "evaluate"
    RECHECK = "recheck"
    HAND_OVER = "hand_over"
    TAKE_BACK = "take_back"


@dataclass(frozen=True, kw_only=True)
class Move:
    """A row of the table: from where to where, and by whom."""

    sources: frozenset[CaseState]
    #: None: it stays where it is, or ``moving`` says where it goes.
    target: CaseState | None
    #: Roles that may do it; empty means the system alone.
    roles: frozenset[Role]
    #: Of the field, only the one who has the case.
    handler_only: bool = False
    needs_reason: bool = False
    needs_photo: bool = False
    needs_worker: bool = False
    needs_until: bool = False
    #: Not the one who has the case.
    four_eyes: bool = False
    clears_handler: bool = False
    #: The system may do it as well as the roles.
    automatic: bool = False


_S = CaseState
_WORKER = FIELD
OVERSIGHT = frozenset({Role.SUPERVISOR, Role.ADMIN})
_SYSTEM: frozenset[Role] = frozenset()
#: Whoever has the case, or the control room.
_CONCERNED = FIELD | CONTROL_ROOM


def _from(*states: CaseState) -> frozenset[CaseState]:
    return frozenset(states)


#: Somebody is at it, or is to be.
_WORKED = _from(_S.CONFIRMED, _S.DISPATCHED, _S.ACCEPTED, _S.ON_SCENE, _S.REWORK)
#: Its present step may need more time, or more people.
_AT_IT = _WORKED - {_S.DISPATCHED}

#: What a tap decides, and a tap can take back.
JUDGEMENTS = frozenset({Action.CONFIRM, Action.VOID})

MOVES: Mapping[Action, Move] = {
    Action.CONFIRM: Move(sources=_from(_S.NEW), target=_S.CONFIRMED, roles=CONTROL_ROOM),
    Action.DISPATCH: Move(
        # Also away from somebody who has taken it and then does nothing: a case waits for nobody's signature.
        sources=_WORKED,
        target=_S.DISPATCHED,
        roles=CONTROL_ROOM,
        needs_worker=True,
        automatic=True,
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
        # From verifying: whoever went there found that there was nothing.
        sources=_from(_S.NEW, _S.CONFIRMED, _S.DISPATCHED, _S.VERIFYING),
        target=_S.VOID,
        roles=CONTROL_ROOM,
        needs_reason=True,
        four_eyes=True,
    ),
    Action.REOPEN: Move(
        sources=_from(_S.CLOSED, _S.VOID, _S.FOLLOW_UP, _S.MERGED),
        target=_S.CONFIRMED,
        roles=OVERSIGHT,
        needs_reason=True,
        clears_handler=True,
        automatic=True,
    ),
    Action.MERGE: Move(sources=_WORKED | _from(_S.NEW), target=_S.MERGED, roles=CONTROL_ROOM),
    Action.SPLIT: Move(sources=_WORKED | _from(_S.NEW, _S.VERIFYING), target=None, roles=CONTROL_ROOM),
    Action.ASK_SUSPEND: Move(
        sources=_AT_IT, target=None, roles=_CONCERNED, handler_only=True, needs_reason=True, needs_until=True
    ),
    Action.ASK_EXTEND: Move(
        sources=_AT_IT, target=None, roles=_CONCERNED, handler_only=True, needs_reason=True, needs_until=True
    ),
    Action.APPROVE: Move(sources=_AT_IT, target=None, roles=OVERSIGHT),
    Action.REFUSE: Move(sources=_AT_IT, target=None, roles=OVERSIGHT, needs_reason=True),
    Action.RESUME: Move(sources=_from(_S.SUSPENDED), target=None, roles=CONTROL_ROOM, automatic=True),
    Action.WHISTLE: Move(sources=_AT_IT, target=None, roles=_CONCERNED, handler_only=True),
    #: 求助: whoever is at it is in trouble, or has not hands enough.
    Action.HELP: Move(sources=_WORKED - {_S.CONFIRMED}, target=None, roles=_WORKER, handler_only=True),
    Action.REPORT_IN: Move(
        # Their clock goes on while the case is suspended, so they can stop it then too.
        sources=_WORKED | _from(_S.VERIFYING, _S.SUSPENDED),
        target=None,
        roles=frozenset({Role.DEPARTMENT}),
    ),
    Action.SUPERVISE: Move(
        sources=_WORKED | _from(_S.NEW, _S.VERIFYING, _S.SUSPENDED), target=None, roles=OVERSIGHT, needs_reason=True
    ),
    Action.HAND_OVER: Move(
        sources=_from(_S.DISPATCHED, _S.ACCEPTED, _S.ON_SCENE, _S.REWORK, _S.SUSPENDED),
        target=None,
        roles=_SYSTEM,
        needs_worker=True,
    ),
    Action.FOLLOW_UP: Move(sources=_from(_S.CLOSED), target=_S.FOLLOW_UP, roles=CONTROL_ROOM, automatic=True),
    Action.EVALUATE: Move(
        sources=_from(_S.CLOSED, _S.FOLLOW_UP), target=_S.EVALUATED, roles=CONTROL_ROOM, four_eyes=True, automatic=True
    ),
}

#: Somebody has it: what they leave undone once they cannot sign in any more.
IN_HAND = _from(_S.DISPATCHED, _S.ACCEPTED, _S.ON_SCENE, _S.REWORK, _S.SUSPENDED)
#: The control room is to act: it judges, sends somebody, checks what was done.
ROOM_IS_NEXT = _from(_S.NEW, _S.CONFIRMED, _S.FEEDBACK, _S.VERIFYING)
#: What is red it also watches until somebody is there.
ROOM_WATCHES = ROOM_IS_NEXT | _from(_S.DISPATCHED, _S.ACCEPTED)
#: States in which nothing more is asked of anybody.
SETTLED = frozenset({_S.CLOSED, _S.VOID, _S.MERGED, _S.EVALUATED})

#: What supervisors alone decide once a case is under supervision (督办).
SUPERVISORS_DECIDE = frozenset({Action.CLOSE, Action.REWORK, Action.VOID})
