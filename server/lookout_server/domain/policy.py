"""Policy: limits of time per step, when they run, what happens when one passes. Data, so that it can be tried out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.domain.calendar import Window, WorkCalendar, window_ends, within
from lookout_server.domain.site_graph import SiteGraph

#: Stages at which a rule itself is not yet sure, so that nobody is sent.
UNSURE_STAGES = frozenset({"pre_alarm"})
PANIC_STAGE = "panic"

_GRAVITY = {Severity.BLUE: 0, Severity.YELLOW: 1, Severity.RED: 2}

#: How far ahead of the dispatcher's clock an event may be dated before that is noted; it is stored all the same.
FUTURE_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How long a step may take: seconds by the clock, or seconds of working time."""

    seconds: int
    working: bool = False


Limits = Mapping[CaseState, Mapping[Severity, Limit]]


def _graded(red: int, yellow: int, blue: int) -> Mapping[Severity, Limit]:
    return {
        Severity.RED: Limit(seconds=red),
        Severity.YELLOW: Limit(seconds=yellow),
        Severity.BLUE: Limit(seconds=blue),
    }


LIMITS: Limits = {
    CaseState.NEW: _graded(60, 300, 1800),
    CaseState.CONFIRMED: _graded(120, 120, 120),
    CaseState.DISPATCHED: _graded(90, 300, 900),
    CaseState.ACCEPTED: _graded(300, 900, 3600),
    CaseState.ON_SCENE: _graded(1800, 3600, 14400),
    CaseState.REWORK: _graded(1800, 3600, 14400),
    CaseState.VERIFYING: _graded(1800, 1800, 1800),
    CaseState.FOLLOW_UP: _graded(86400, 2 * 86400, 2 * 86400),
}


class Tier(StrEnum):
    """Risk tiers 高、中、低、常态: how soon somebody asks how things are, once a case is closed."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    ROUTINE = "routine"


_TIERS = {Severity.RED: Tier.HIGH, Severity.YELLOW: Tier.MEDIUM, Severity.BLUE: Tier.LOW}
_DAY = 86400
FOLLOW_UP: Mapping[Tier, Limit | None] = {
    Tier.HIGH: Limit(seconds=_DAY),
    Tier.MEDIUM: Limit(seconds=3 * _DAY),
    Tier.LOW: Limit(seconds=7 * _DAY),
    Tier.ROUTINE: None,
}
ACKNOWLEDGED_FOR: Mapping[Severity, int] = {Severity.RED: 120, Severity.YELLOW: 600, Severity.BLUE: 3600}
REPORT_IN: Mapping[Severity, int] = {Severity.RED: 900, Severity.YELLOW: 1800, Severity.BLUE: 7200}


@dataclass(frozen=True, kw_only=True)
class GradeRule:
    """红黄蓝 by policy: cases of a kind are at least of this grade, always or at some times of day, and from the n-th
    alarm of their kind at their camera within half an hour on."""

    scenario: Scenario
    at_least: Severity
    during: Window | None = None
    repeats: int = 1


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """Notices of one kind to one person on one channel are one message. Red is never held back.

    The three times are those of Prometheus Alertmanager: ``group_wait``, ``group_interval``, ``repeat_interval``.
    """

    #: How long the first one waits for others.
    wait: timedelta = timedelta(seconds=30)
    #: How long after a message the next one may leave.
    interval: timedelta = timedelta(minutes=5)
    #: How long after a message about the same thing the next one about it may leave.
    repeat: timedelta = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a site has decided. The defaults are the design's."""

    limits: Limits = field(default_factory=lambda: LIMITS)
    calendar: WorkCalendar = field(default_factory=WorkCalendar)
    #: How often a limit that has passed is told on, one rung of the ladder higher each time.
    escalations: int = 4
    #: Grades of which a confirmed case that nobody sends anybody to sends by itself.
    dispatches_itself: frozenset[Severity] = frozenset({Severity.RED})
    #: What a kind of case asks of whoever goes.
    skills: Mapping[Scenario, str] = field(default_factory=lambda: dict[Scenario, str]())
    #: How long after closing somebody asks, by tier; None: nobody does.
    follow_up: Mapping[Tier, Limit | None] = field(default_factory=lambda: FOLLOW_UP)
    #: Seconds in which a department that was called has to report in.
    report_in: Mapping[Severity, int] = field(default_factory=lambda: REPORT_IN)
    #: Seconds for which taking an alarm up holds without progress.
    acknowledged_for: Mapping[Severity, int] = field(default_factory=lambda: ACKNOWLEDGED_FOR)
    #: When nobody is disturbed outside the application, except for red.
    quiet_hours: Window | None = None
    #: When many notices become one message.
    grouping: Grouping = field(default_factory=Grouping)
    #: What makes a case graver than its alarm.
    grades: tuple[GradeRule, ...] = ()
    #: The same thing at the same camera within this time of closing opens the case again; None: a new case.
    reopens_within: timedelta | None = timedelta(hours=24)
    #: By which ways things go from camera to camera.
    graph: SiteGraph = field(default_factory=SiteGraph)

    def may_disturb_at(self, severity: Severity, at: datetime) -> datetime:
        """When a notice of this grade may leave the application: now, or when the quiet hours are over."""
        zone = self.calendar.timezone
        if severity is Severity.RED or self.quiet_hours is None or not within(self.quiet_hours, at, zone):
            return at
        return window_ends(self.quiet_hours, at, zone)

    def graded(self, scenario: Scenario, severity: Severity, at: datetime, repeats: int) -> Severity:
        """The grade of a case whose alarm has this one; never a lower one."""
        zone = self.calendar.timezone
        for rule in self.grades:
            inside = rule.during is None or within(rule.during, at, zone)
            if rule.scenario is scenario and inside and repeats >= rule.repeats:
                severity = graver(severity, rule.at_least)
        return severity

    def due_at(self, state: CaseState, severity: Severity, since: datetime) -> datetime | None:
        """When the step that began at ``since`` should be over; None where no clock runs."""
        limit = self.limits.get(state, {}).get(severity)
        if limit is None:
            return None
        if limit.working:
            return self.calendar.add(since, limit.seconds)
        return since + timedelta(seconds=limit.seconds)

    def tier_of(self, severity: Severity) -> Tier:
        """The tier of a case that nobody put into another."""
        return _TIERS[severity]

    def follow_up_at(self, tier: Tier, closed_at: datetime) -> datetime | None:
        """When somebody asks how things are."""
        limit = self.follow_up.get(tier)
        if limit is None:
            return None
        if limit.working:
            return self.calendar.add(closed_at, limit.seconds)
        return closed_at + timedelta(seconds=limit.seconds)


DEFAULT = Policy()


class PolicyInForce:
    """The one thing of a site that changes while the dispatcher works. Who needs the policy asks for it at that moment.

    ``version``: 0 as the configuration says, above that of the policies that somebody activated.
    """

    def __init__(self, policy: Policy = DEFAULT, version: int = 0) -> None:
        self._policy, self._version = policy, version

    @property
    def policy(self) -> Policy:
        """The one that holds now."""
        return self._policy

    @property
    def version(self) -> int:
        """Which one it is."""
        return self._version

    def take(self, policy: Policy, version: int) -> None:
        """From now on this one holds, unless a newer one does already."""
        if version > self._version:
            self._policy, self._version = policy, version


def graver(one: Severity, other: Severity) -> Severity:
    """The graver of two grades."""
    return one if _GRAVITY[one] >= _GRAVITY[other] else other


def confirms_itself(scenario: Scenario, stage: str | None) -> bool:
    """Whether an alarm becomes a case without a tap: fire once the rule is sure, and somebody pressing the button."""
    if scenario is Scenario.FIRE_SMOKE:
        return stage not in UNSURE_STAGES
    return stage == PANIC_STAGE
