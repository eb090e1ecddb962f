"""Trying a policy on the past: which steps would have been late, and how many pages people would have had."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lookout_contract.cases import CaseState
from lookout_contract.events import Severity
from lookout_server.domain.case import HistoryEntry
from lookout_server.domain.policy import Policy


@dataclass(frozen=True, kw_only=True)
class Step:
    """A stay of a case in a state. ``until`` None: it is there still."""

    case: str
    state: CaseState
    severity: Severity
    since: datetime
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a policy would have meant for a past."""

    #: How often somebody would have been told that a limit has passed.
    pages: int
    #: Numbers of the cases of which some step took too long.
    late: frozenset[str]
    #: Steps that took too long, by state.
    late_steps: Mapping[CaseState, int]


def steps(case: str, severity: Severity, history: Sequence[HistoryEntry]) -> Iterator[Step]:
    """The stays that a history (oldest first) tells of, each with the grade it had when it began."""
    grade = next((Severity(str(e.data["from"])) for e in history if e.action == "raise" and "from" in e.data), severity)
    began: HistoryEntry | None = None
    begun_as = grade
    for entry in history:
        if entry.action == "raise":
            grade = Severity(str(entry.data.get("to", grade.value)))
        if began is not None and not _begins(entry):
            continue
        if began is not None:
            yield Step(case=case, state=began.to_state, severity=begun_as, since=began.at, until=entry.at)
        began, begun_as = entry, grade
    if began is not None:
        yield Step(case=case, state=began.to_state, severity=begun_as, since=began.at, until=None)


def rehearse(past: Sequence[Step], policy: Policy, *, now: datetime) -> Outcome:
    """What the policy would have done with these steps; those that go on are judged by ``now``."""
    pages = 0
    late: set[str] = set()
    late_steps: dict[CaseState, int] = {}
    for step in past:
        told = _pages(step, policy, step.until or now)
        if told:
            pages += told
            late.add(step.case)
            late_steps[step.state] = late_steps.get(step.state, 0) + 1
    return Outcome(pages=pages, late=frozenset(late), late_steps=late_steps)


def _begins(entry: HistoryEntry) -> bool:
    """Whether the entry starts a step: a move does, also into the same state (somebody else is sent)."""
    return entry.from_state is None or entry.from_state is not entry.to_state or entry.action == "dispatch"


def _pages(step: Step, policy: Policy, until: datetime) -> int:
    """One for each rung of the ladder that the silence would have reached."""
    due, count = policy.due_at(step.state, step.severity, step.since), 0
    while due is not None and due < until and count < policy.escalations:
        count += 1
        due = policy.due_at(step.state, step.severity, due)
    return count
