"""The policy as people write it: limits of time, working hours, escalation. What is left out is as it usually is."""

import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, model_validator

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.domain.calendar import WorkCalendar
from lookout_server.domain.policy import (
    ACKNOWLEDGED_FOR,
    LIMITS,
    REPORT_IN,
    GradeRule,
    Grouping,
    Limit,
    Policy,
    Tier,
)
from lookout_server.domain.site_graph import SiteGraph, Way
from lookout_server.exchange.base import Section

_SPAN = re.compile(r"(\d+) ?(s|min|h|d)( working)?")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
#: How a policy is read that was activated once.
_KEPT = {"kept": True}
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
#: A limit longer than this is a typing mistake.
_LONGEST_S = 366 * 86400

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _limit(text: str) -> Limit:
    found = _SPAN.fullmatch(text.strip())
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if found is None or not 0 < seconds <= _LONGEST_S:
        raise ValueError(f"{text!r} is no span of time; write 90s, 5min, 8h or 2d, and '8h working' for working time")
    return Limit(seconds=seconds, working=found[3] is not None)


def _written(limit: Limit) -> str:
    """The span as people write it, in the largest unit that fits."""
    unit = next(name for name in ("d", "h", "min", "s") if limit.seconds % _SECONDS[name] == 0)
    return f"{limit.seconds // _SECONDS[unit]}{unit}{' working' if limit.working else ''}"


def _is_span(text: str) -> str:
    _limit(text)
    return text


def _is_clock_span(text: str, info: ValidationInfo) -> str:
    limit = _limit(text)
    if not limit.working:
        return text
    clock = _written(Limit(seconds=limit.seconds))
    if _is_kept(info):
        return clock
    raise ValueError(f"{text!r}: this span runs by the clock, day and night, and knows no working time; write {clock}")


def _is_kept(info: ValidationInfo) -> bool:
    return info.context == _KEPT


def _is_hours(text: str) -> str:
    _window(text)
    return text


def _window(text: str) -> tuple[time, time]:
    found = _HOURS.fullmatch(text)
    if found is None or (found[3] == "24" and found[4] != "00"):
        raise ValueError(f"{text!r} are no hours; write them like 09:00-12:00")
    end = time.max if found[3] == "24" else time(int(found[3]), int(found[4]))
    return time(int(found[1]), int(found[2])), end


Span = Annotated[str, AfterValidator(_is_span)]
ClockSpan = Annotated[str, AfterValidator(_is_clock_span)]
"""A span that never counts working time alone."""
Hours = Annotated[str, AfterValidator(_is_hours)]


class Graded(Section):
    """A span of time for each grade: 90s, 5min, 8h, 2d, or '8h working' for working time alone."""

    red: Span | None = None
    yellow: Span | None = None
    blue: Span | None = None


class ClockGraded(Section):
    """A span of time by the clock for each grade: 90s, 5min, 8h or 2d."""

    red: ClockSpan | None = None
    yellow: ClockSpan | None = None
    blue: ClockSpan | None = None


class LimitsSection(Section):
    """How long a case may stay in a state before the next rung is told."""

    new: Graded = Graded()
    confirmed: Graded = Graded()
    dispatched: Graded = Graded()
    accepted: Graded = Graded()
    on_scene: Graded = Graded()
    rework: Graded = Graded()
    verifying: Graded = Graded()
    follow_up: Graded = Graded()


class CalendarSection(Section):
    """Working time, by the site's clock."""

    weekdays: tuple[Weekday, ...] = Field(default=("mon", "tue", "wed", "thu", "fri"), min_length=1)
    hours: tuple[Hours, ...] = Field(default=("09:00-12:00", "14:00-18:00"), min_length=1)
    """Ascending, the same on every working day."""
    holidays: tuple[date, ...] = ()
    """Days off."""
    makeup_days: tuple[date, ...] = ()
    """调休: days worked to make up for a holiday."""

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        windows = [_window(text) for text in self.hours]
        edges = [edge for window in windows for edge in window]
        if edges != sorted(edges) or any(start == end for start, end in windows):
            raise ValueError("hours must ascend and not overlap, as in [09:00-12:00, 14:00-18:00]")
        return self

    def calendar(self, timezone: str) -> WorkCalendar:
        """For the domain."""
        return WorkCalendar(
            timezone=timezone,
            weekdays=frozenset(_WEEKDAYS.index(day) for day in self.weekdays),
            windows=tuple(_window(text) for text in self.hours),
            holidays=frozenset(self.holidays),
            makeup_days=frozenset(self.makeup_days),
        )


class EscalationSection(Section):
    """What follows when a limit passes."""

    rungs: int = Field(default=4, ge=1, le=10)
    """How often it is told on, one rung of the ladder higher each time."""
    dispatches_itself: tuple[Severity, ...] = (Severity.RED,)
    """Grades of which a confirmed case that waits too long sends the best candidate by itself."""
    skills: dict[Scenario, str] = {}
    """What a kind of case asks of whoever goes, as in {fire_smoke: fire}."""
    quiet_hours: Hours | None = None
    """As in 22:00-07:00: nobody is disturbed outside the application, except for red."""


class GroupingSection(Section):
    """When many notices outside the application become one message. Red is never held back."""

    wait: ClockSpan = "30s"
    """How long the first one of a kind waits for others; what asks something of somebody leaves at once."""
    interval: ClockSpan = "5min"
    """How long after a message the next one of its kind may leave."""
    repeat: ClockSpan = "1h"
    """How long after a message about the same thing the next one about it may leave."""

    def grouping(self) -> Grouping:
        """For the domain."""
        return Grouping(**{name: timedelta(seconds=_limit(text).seconds) for name, text in self})


class GradeSection(Section):
    """红黄蓝: cases of a kind that are graver than their alarms say."""

    scenario: Scenario
    at_least: Severity
    during: Hours | None = None
    """As in 22:00-06:00, by the site's clock; left out: always."""
    repeats: int = Field(default=1, ge=1, le=100)
    """From so many alarms of its kind at its camera within half an hour on."""


class FollowUpSection(Section):
    """回访: how long after closing somebody asks, by risk tier; null: nobody does."""

    high: Span | None = "1d"
    medium: Span | None = "3d"
    low: Span | None = "7d"
    routine: Span | None = None


CAMERA_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}/[a-z0-9][a-z0-9_-]{0,62}$"
CameraPath = Annotated[str, StringConstraints(pattern=CAMERA_PATTERN)]
"""``GATEWAY/CAMERA``."""


class WaySection(Section):
    """A way that vehicles, e-bikes and people take from one camera to the next."""

    between: tuple[CameraPath, CameraPath]
    """The two cameras, as GATEWAY/CAMERA."""
    within: ClockSpan
    """Longest time from when the one last saw it until the other first does."""
    one_way: bool = False
    """Only from the first to the second."""


class SameThingSection(Section):
    """Which alarms of different cameras are about one thing, and so one case."""

    ways: tuple[WaySection, ...] = ()
    """A vehicle is followed by its plate over any number of ways, an e-bike or a person over two."""
    overlaps: tuple[tuple[CameraPath, CameraPath], ...] = ()
    """Pairs of cameras that see the same place."""

    @model_validator(mode="after")
    def _ways_lead_somewhere(self) -> Self:
        for pair in (*(way.between for way in self.ways), *self.overlaps):
            if pair[0] == pair[1]:
                raise ValueError(f"{pair[0]} is named twice; a way leads from one camera to another")
        return self

    def graph(self) -> SiteGraph:
        """For the domain."""
        ways = (
            Way(
                start=way.between[0],
                end=way.between[1],
                within=timedelta(seconds=_limit(way.within).seconds),
                one_way=way.one_way,
            )
            for way in self.ways
        )
        return SiteGraph(ways=tuple(ways), overlaps=frozenset(frozenset(pair) for pair in self.overlaps))


class PolicyFile(Section):
    """The whole policy; an empty one is the usual one."""

    limits: LimitsSection = LimitsSection()
    calendar: CalendarSection = CalendarSection()
    escalation: EscalationSection = EscalationSection()
    grouping: GroupingSection = GroupingSection()
    follow_up: FollowUpSection = FollowUpSection()
    report_in: ClockGraded = ClockGraded()
    """吹哨报到: in which time a department that was called has to report in."""

    acknowledged_for: ClockGraded = ClockGraded()
    """How long taking an alarm up holds without progress."""
    same_thing: SameThingSection = SameThingSection()
    grades: tuple[GradeSection, ...] = ()
    """What makes a case graver than its alarm; nothing makes it less grave."""
    reopen_within: ClockSpan | None = "24h"
    """The same thing at the same camera so soon after closing opens the case again; null: a new case each time."""

    @classmethod
    def of_kept(cls, content: Mapping[str, Any]) -> Self:
        """A policy that was activated once, by an earlier version maybe: what that took without a word goes on to mean
        what it did."""
        return cls.model_validate(content, context=_KEPT)

    @model_validator(mode="after")
    def _limits_end(self, info: ValidationInfo) -> Self:
        calendar = self.calendar.calendar("UTC")
        limits = {(f"limits: {name}", grade): text for name, graded in self.limits for grade, text in graded}
        limits |= {("follow_up", tier): text for tier, text in self.follow_up}
        for (step, grade), text in limits.items():
            limit = _limit(text) if text else None
            if limit and limit.working and not calendar.has_within(limit.seconds) and not _is_kept(info):
                raise ValueError(
                    f"{step}: {grade}: {text!r} would last for more than ten years, for the calendar has too little "
                    "working time: write a shorter span, or give the calendar more weekdays and hours"
                )
        return self

    def policy(self, timezone: str) -> Policy:
        """The policy of a site whose clock is that of ``timezone``."""
        return Policy(
            limits={**LIMITS, **self._limits()},
            calendar=self.calendar.calendar(timezone),
            escalations=self.escalation.rungs,
            follow_up={Tier(name): _limit(text) if text else None for name, text in self.follow_up},
            acknowledged_for={
                **ACKNOWLEDGED_FOR,
                **{Severity(name): _limit(text).seconds for name, text in self.acknowledged_for if text},
            },
            report_in={**REPORT_IN, **{Severity(name): _limit(text).seconds for name, text in self.report_in if text}},
            dispatches_itself=frozenset(self.escalation.dispatches_itself),
            skills=self.escalation.skills,
            quiet_hours=_window(self.escalation.quiet_hours) if self.escalation.quiet_hours else None,
            grouping=self.grouping.grouping(),
            graph=self.same_thing.graph(),
            grades=tuple(
                GradeRule(
                    scenario=each.scenario,
                    at_least=each.at_least,
                    during=_window(each.during) if each.during else None,
                    repeats=each.repeats,
                )
                for each in self.grades
            ),
            reopens_within=timedelta(seconds=_limit(self.reopen_within).seconds) if self.reopen_within else None,
        )

    def whole(self) -> "PolicyFile":
        """The same policy with everything said that it leaves to what is usual."""
        policy = self.policy("UTC")
        limits = {state.value: _graded(of_state) for state, of_state in policy.limits.items()}
        return self.model_copy(
            update={
                "limits": LimitsSection(**limits),
                "report_in": _by_the_clock(policy.report_in),
                "acknowledged_for": _by_the_clock(policy.acknowledged_for),
            }
        )

    def _limits(self) -> dict[CaseState, Mapping[Severity, Limit]]:
        found: dict[CaseState, Mapping[Severity, Limit]] = {}
        for name in LimitsSection.model_fields:
            graded: Graded = getattr(self.limits, name)
            given = {Severity(grade): _limit(text) for grade, text in graded if text is not None}
            state = CaseState(name)
            found[state] = {**LIMITS[state], **given}
        return found


def _graded(limits: Mapping[Severity, Limit]) -> Graded:
    return Graded.model_validate({severity.value: _written(limit) for severity, limit in limits.items()})


def _by_the_clock(seconds: Mapping[Severity, int]) -> ClockGraded:
    said = {severity.value: _written(Limit(seconds=each)) for severity, each in seconds.items()}
    return ClockGraded.model_validate(said)
