"""Figures about a span of days: how fast, how often false, how much for whom. Pure sums over what the database found.

Percentiles are by the nearest rank: a value that was really seen, p50 of two being the smaller.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.domain.case import Source
from lookout_server.domain.territory import CameraKey

#: Dealt with, as far as the field is concerned.
DONE = frozenset({CaseState.CLOSED, CaseState.FOLLOW_UP, CaseState.EVALUATED})
#: There was nothing to deal with, or another case deals with it.
DROPPED = frozenset({CaseState.VOID, CaseState.MERGED})


class Step(StrEnum):
    """What is timed, each from the moment the dispatcher first knew: the first alarm's arrival, or the report."""

    CONFIRM = "confirm"
    DISPATCH = "dispatch"
    ON_SCENE = "on_scene"
    CLOSE = "close"


class Assessment(StrEnum):
    """What people made of an alarm. Tests are not among them: they are left out before anything is counted."""

    REAL = "real"
    FALSE = "false"
    #: It was told before: neither.
    DUPLICATE = "duplicate"
    OTHER = "other"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class CaseFacts:
    """A case, as far as it is counted. ``late``: a limit of one of its steps passed."""

    grid: str | None
    severity: Severity
    source: Source
    state: CaseState
    handler: str | None
    opened_at: datetime
    known_at: datetime
    reached: Mapping[Step, datetime]
    late: bool


@dataclass(frozen=True, kw_only=True)
class AlarmCount:
    """How many alarms of a camera and kind were judged in one way."""

    camera: CameraKey
    scenario: Scenario
    assessment: Assessment
    count: int


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long a step took: of how many cases, and seconds. ``severity`` None: all of them."""

    step: Step
    severity: Severity | None
    count: int
    p50_s: float
    p90_s: float


@dataclass
class Work:
    """What became of cases: of a grid, a person, a source, a day, or all."""

    opened: int = 0
    #: Dealt with and ended.
    done: int = 0
    #: Neither ended nor dropped.
    open: int = 0
    void: int = 0
    merged: int = 0
    #: Of ``done``: no limit passed.
    in_time: int = 0
    #: Of all that were not dropped: a limit passed.
    late: int = 0

    @property
    def in_time_share(self) -> float | None:
        """Of those that are done; None while there are none."""
        return self.in_time / self.done if self.done else None

    def add(self, case: CaseFacts) -> None:
        """Count one more."""
        self.opened += 1
        if case.state in DROPPED:
            self.void += case.state is CaseState.VOID
            self.merged += case.state is CaseState.MERGED
            return
        self.late += case.late
        if case.state in DONE:
            self.done += 1
            self.in_time += not case.late
        else:
            self.open += 1


@dataclass
class Judged:
    """Alarms by what people made of them."""

    counts: dict[Assessment, int] = field(default_factory=lambda: dict.fromkeys(Assessment, 0))

    @property
    def total(self) -> int:
        """All of them, judged or not."""
        return sum(self.counts.values())

    @property
    def false_rate(self) -> float | None:
        """False ones among those that are real or false; None while nobody has judged one."""
        judged = self.counts[Assessment.REAL] + self.counts[Assessment.FALSE]
        return self.counts[Assessment.FALSE] / judged if judged else None

    def add(self, assessment: Assessment, count: int) -> None:
        """Count more."""
        self.counts[assessment] += count


@dataclass
class Statistics:
    """The figures of a span, filled a day at a time."""

    cases: Work = field(default_factory=Work)
    alarms: Judged = field(default_factory=Judged)
    grids: dict[str | None, Work] = field(default_factory=lambda: defaultdict[str | None, Work](Work))
    people: dict[str, Work] = field(default_factory=lambda: defaultdict[str, Work](Work))
    sources: dict[Source, Work] = field(default_factory=lambda: defaultdict[Source, Work](Work))
    days: dict[date, tuple[Work, Judged]] = field(default_factory=dict[date, tuple[Work, Judged]])
    cameras: dict[tuple[CameraKey, Scenario], Judged] = field(
        default_factory=lambda: defaultdict[tuple[CameraKey, Scenario], Judged](Judged)
    )
    _took: dict[tuple[Step, Severity], list[float]] = field(
        default_factory=lambda: defaultdict[tuple[Step, Severity], list[float]](list)
    )
    _arrivals: dict[str, list[float]] = field(default_factory=lambda: defaultdict[str, list[float]](list))

    def add_day(self, day: date, cases: Iterable[CaseFacts], alarms: Iterable[AlarmCount]) -> None:
        """What began on this day: its cases, whatever became of them since, and its alarms."""
        work, judged = Work(), Judged()
        self.days[day] = (work, judged)
        for case in cases:
            for each in (work, self.cases, self.grids[case.grid], self.sources[case.source]):
                each.add(case)
            if case.handler is not None:
                self.people[case.handler].add(case)
            self._time(case)
        for alarm in alarms:
            for each in (judged, self.alarms, self.cameras[(alarm.camera, alarm.scenario)]):
                each.add(alarm.assessment, alarm.count)

    def _time(self, case: CaseFacts) -> None:
        if case.state in DROPPED:
            return
        for step, at in case.reached.items():
            self._took[(step, case.severity)].append(max(0.0, (at - case.known_at).total_seconds()))
        sent, came = case.reached.get(Step.DISPATCH), case.reached.get(Step.ON_SCENE)
        if case.handler is not None and sent is not None and came is not None:
            self._arrivals[case.handler].append(max(0.0, (came - sent).total_seconds()))

    def timings(self) -> tuple[Timing, ...]:
        """All steps, over everything and by grade; what nobody has reached is left out."""
        found: list[Timing] = []
        for step in Step:
            rows = [(severity, self._took[(step, severity)]) for severity in Severity]
            every = [value for _, values in rows for value in values]
            for severity, values in ((None, every), *rows):
                if values:
                    p50, p90 = percentile(values, 50), percentile(values, 90)
                    found.append(Timing(step=step, severity=severity, count=len(values), p50_s=p50, p90_s=p90))
        return tuple(found)

    def way_there_s(self, person: str) -> float | None:
        """Median from being sent to being there; None for who never came anywhere."""
        values = self._arrivals.get(person)
        return percentile(values, 50) if values else None


def percentile(values: Sequence[float], percent: int) -> float:
    """By the nearest rank, of at least one value."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]
