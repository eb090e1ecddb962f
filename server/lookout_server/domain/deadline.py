"""Deadlines: timers as rows. One that has passed acts once, however often the dispatcher is killed meanwhile."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DeadlineKind(StrEnum):
    """What runs out."""

    #: The present step of a case.
    STEP = "step"
    #: The time to ask how things are, once a case is closed.
    FOLLOW_UP = "follow_up"
    #: A department that was called has to report in; its part is the department.
    REPORT_IN = "report_in"
    #: An alarm that nobody has judged; its part is the rung to tell.
    ALARM = "alarm"
    #: Somebody took an alarm up and has to get on with it.
    ACKNOWLEDGEMENT = "acknowledgement"
    #: An inspection that is due; its part says whether its worker is reminded or it is late.
    INSPECTION = "inspection"
    #: A gateway that is gone: those who look after its cameras are told unless it comes back before.
    GATEWAY = "gateway"
    #: The list of registered vehicles was changed, and gateways are to be sent it.
    VEHICLES = "vehicles"
    #: A notice that has to leave by a channel; its subject is the notice, its part the channel.
    DELIVERY = "delivery"


@dataclass(frozen=True, kw_only=True)
class DeadlineKey:
    """What a deadline is about; there is one of a kind at most. ``part`` tells several of a subject apart."""

    subject: str
    kind: DeadlineKind
    part: str = ""


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """A timer. ``attempts`` counts how often a dispatcher has begun to act on it."""

    key: DeadlineKey
    due_at: datetime
    attempts: int = 0
    last_error: str | None = None
