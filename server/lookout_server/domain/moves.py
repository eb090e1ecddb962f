"""The table of moves: what can be done to a case, from where to where, by whom, and what it needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lookout_contract.cases import CaseState
from lookout_server.domain.territory import CONTROL_ROOM, FIELD, Role


class Action(StrEnum):
    """What can be done to a case. ``verify``, ``recheck``, ``raise`` and ``escalate`` are the system's."""

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
    RECHECK = "recheck"


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
    #: The system may do it as well as the roles.
    automatic: bool = False


_S = CaseState
_WORKER = FIELD
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
