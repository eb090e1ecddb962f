"""Limits of time per step, and which alarms are too grave to wait for a tap."""

from datetime import datetime, timedelta

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity

#: Stages at which a rule itself is not yet sure, so that nobody is sent.
UNSURE_STAGES = frozenset({"pre_alarm"})
PANIC_STAGE = "panic"

_SECONDS: dict[CaseState, dict[Severity, int]] = {
    CaseState.NEW: {Severity.RED: 60, Severity.YELLOW: 300, Severity.BLUE: 1800},
    CaseState.CONFIRMED: {Severity.RED: 120, Severity.YELLOW: 120, Severity.BLUE: 120},
    CaseState.DISPATCHED: {Severity.RED: 90, Severity.YELLOW: 300, Severity.BLUE: 900},
    CaseState.ACCEPTED: {Severity.RED: 300, Severity.YELLOW: 900, Severity.BLUE: 3600},
    CaseState.ON_SCENE: {Severity.RED: 1800, Severity.YELLOW: 3600, Severity.BLUE: 14400},
    CaseState.REWORK: {Severity.RED: 1800, Severity.YELLOW: 3600, Severity.BLUE: 14400},
    CaseState.VERIFYING: {Severity.RED: 1800, Severity.YELLOW: 1800, Severity.BLUE: 1800},
}

_GRAVITY = {Severity.BLUE: 0, Severity.YELLOW: 1, Severity.RED: 2}

#: How far ahead of the dispatcher's clock an event may be dated before it is refused.
FUTURE_TOLERANCE = timedelta(minutes=5)


def due_at(state: CaseState, severity: Severity, since: datetime) -> datetime | None:
    """When the step that began at ``since`` should be over; None where no clock runs."""
    limits = _SECONDS.get(state)
    return None if limits is None else since + timedelta(seconds=limits[severity])


def graver(one: Severity, other: Severity) -> Severity:
    """The graver of two grades."""
    return one if _GRAVITY[one] >= _GRAVITY[other] else other


def confirms_itself(scenario: Scenario, stage: str | None) -> bool:
    """Whether an alarm becomes a case without a tap: fire once the rule is sure, and somebody pressing the button."""
    if scenario is Scenario.FIRE_SMOKE:
        return stage not in UNSURE_STAGES
    return stage == PANIC_STAGE
