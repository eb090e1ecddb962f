"""What integrators hear of a case: every step as an event, and the present state, retained until it closes."""

from enum import StrEnum

from lookout_contract.base import Identifier, Message, UtcTime
from lookout_contract.events import Scenario, Severity


class CaseState(StrEnum):
    """Where a case stands; the dispatcher's README draws the moves between them."""

    NEW = "new"
    CONFIRMED = "confirmed"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    ON_SCENE = "on_scene"
    FEEDBACK = "feedback"
    VERIFYING = "verifying"
    REWORK = "rework"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    FOLLOW_UP = "follow_up"
    EVALUATED = "evaluated"
    VOID = "void"
    MERGED = "merged"


class CaseMessage(Message):
    """One step of a case (``…/event``) or where it stands now (``…/state``)."""

    case: Identifier
    grid: Identifier
    state: CaseState
    version: int
    at: UtcTime
    action: str
    """What was done: ``report``, ``dispatch``, ``accept``, ``arrive``, ``feedback``, ``verify`` …"""
    scenario: Scenario | None = None
    severity: Severity
    camera: Identifier | None = None
    occurrence: Identifier | None = None
