"""Trying a policy on the past: which steps would have been late, and how many pages people would have had.

A step is judged as its clock ran: an extension gives it another limit, a suspension stops it and what was left goes on
afterwards, and an alarm that becomes graver cuts it short.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.domain.case import HistoryEntry
from lookout_server.domain.moves import Action
from lookout_server.domain.policy import Policy

_KeyT = TypeVar("_KeyT")


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What happened to a running clock: ``until``: more time was approved; ``severity``: it became graver."""

    at: datetime
    until: datetime | None = None
    severity: Severity | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """A stay of a case in a state, with the grade that it had when it began. ``until`` None: it is there still."""

    case: str
    state: CaseState
    severity: Severity
    since: datetime
    until: datetime | None
    scenario: Scenario | None = None
    turns: tuple[Turn, ...] = ()
    #: The step before a suspension, of whose limit the rest goes on here.
    resumes: "Step | None" = None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Of some steps: how many took too long, and how often somebody would have been told."""

    late: int = 0
    pages: int = 0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a policy would have meant for a past."""

    #: How often somebody would have been told that a limit has passed.
    pages: int = 0
    #: Numbers of the cases of which some step took too long.
    late: frozenset[str] = frozenset()
    #: By the limit that passed: the state, and the grade with which the case came into it.
    limits: Mapping[tuple[CaseState, Severity], Tally] = field(
        default_factory=lambda: dict[tuple[CaseState, Severity], Tally]()
    )
    #: By the kind of case.
    kinds: Mapping[Scenario | None, Tally] = field(default_factory=lambda: dict[Scenario | None, Tally]())

    @property
    def late_steps(self) -> Mapping[CaseState, int]:
        """Steps that took too long, by state."""
        found: dict[CaseState, int] = {}
        for (state, _), tally in self.limits.items():
            found[state] = found.get(state, 0) + tally.late
        return found


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the policy in force and another one would have meant for the same past."""

    cases: int
    steps: int
    now: Outcome
    then: Outcome

    @property
    def newly_late(self) -> Sequence[str]:
        """Numbers of the cases that would have been late with the other one alone."""
        return sorted(self.then.late - self.now.late)

    @property
    def no_longer_late(self) -> Sequence[str]:
        """Numbers of those that would not have been."""
        return sorted(self.now.late - self.then.late)


class Rehearsal:
    """A policy on a past that comes piece by piece; steps that go on are judged by ``now``."""

    def __init__(self, policy: Policy, *, now: datetime) -> None:
        self._policy, self._now = policy, now
        self._pages = 0
        self._late: set[str] = set()
        self._limits: dict[tuple[CaseState, Severity], Tally] = {}
        self._kinds: dict[Scenario | None, Tally] = {}

    def take(self, past: Iterable[Step]) -> None:
        """Judge these steps too."""
        for step in past:
            pages, _ = _run(step, self._policy, step.until or self._now)
            if pages:
                self._pages += pages
                self._late.add(step.case)
                _add(self._limits, (step.state, step.severity), pages)
                _add(self._kinds, step.scenario, pages)

    def outcome(self) -> Outcome:
        """What it came to."""
        return Outcome(
            pages=self._pages, late=frozenset(self._late), limits=dict(self._limits), kinds=dict(self._kinds)
        )


def rehearse(past: Iterable[Step], policy: Policy, *, now: datetime) -> Outcome:
    """What the policy would have done with these steps; those that go on are judged by ``now``."""
    rehearsal = Rehearsal(policy, now=now)
    rehearsal.take(past)
    return rehearsal.outcome()


def steps(
    case: str, severity: Severity, history: Sequence[HistoryEntry], scenario: Scenario | None = None
) -> Iterator[Step]:
    """The stays that a history (oldest first) tells of."""
    grade = next((Severity(str(e.data["from"])) for e in history if e.action == "raise" and "from" in e.data), severity)
    step: Step | None = None
    suspended: Step | None = None
    asked: datetime | None = None
    for entry in history:
        if entry.action == "raise":
            grade = Severity(str(entry.data.get("to", grade.value)))
        if step is not None and not _begins(entry):
            step = _turned(step, entry, asked, grade)
            asked = _asked_for(entry, asked)
            continue
        ended = replace(step, until=entry.at) if step is not None else None
        if ended is not None:
            yield ended
        suspended = ended if entry.to_state is CaseState.SUSPENDED else suspended
        resumes = suspended if entry.action == Action.RESUME else None
        step = Step(
            case=case,
            state=entry.to_state,
            severity=grade,
            since=entry.at,
            until=None,
            scenario=scenario,
            resumes=resumes,
        )
        asked = None
    if step is not None:
        yield step


def _begins(entry: HistoryEntry) -> bool:
    """Whether the entry starts a step: a move does, also into the same state (somebody else is sent)."""
    return entry.from_state is None or entry.from_state is not entry.to_state or entry.action == "dispatch"


def _asked_for(entry: HistoryEntry, asked: datetime | None) -> datetime | None:
    """Until when somebody asks to have more time, once this line is read."""
    if entry.action == Action.ASK_EXTEND and "until" in entry.data:
        return datetime.fromisoformat(str(entry.data["until"]))
    return None if entry.action in (Action.ASK_SUSPEND, Action.APPROVE, Action.REFUSE) else asked


def _turned(step: Step, entry: HistoryEntry, asked: datetime | None, grade: Severity) -> Step:
    if entry.action == Action.APPROVE and asked is not None:
        return replace(step, turns=(*step.turns, Turn(at=entry.at, until=asked)))
    if entry.action == Action.RAISE:
        return replace(step, turns=(*step.turns, Turn(at=entry.at, severity=grade)))
    return step


def _run(step: Step, policy: Policy, until: datetime) -> tuple[int, datetime | None]:
    """Pages by then, one for each rung of the ladder that the silence would have reached, and the limit that runs."""
    due, severity = _first_due(step, policy), step.severity
    pages = rung = 0
    for turn in (*step.turns, Turn(at=until)):
        while due is not None and due < turn.at and rung < policy.escalations:
            pages, rung = pages + 1, rung + 1
            due = policy.due_at(step.state, severity, due)
        if turn.until is not None:
            due, rung = turn.until, 0
        if turn.severity is not None:
            severity = turn.severity
            cut = policy.due_at(step.state, severity, turn.at)
            due = min(cut, due) if cut and due else cut
    return pages, due


def _first_due(step: Step, policy: Policy) -> datetime | None:
    before = step.resumes
    if before is None or before.until is None:
        return policy.due_at(step.state, step.severity, step.since)
    _, due = _run(before, policy, before.until)
    return None if due is None else step.since + max(timedelta(0), due - before.until)


def _add(tallies: dict[_KeyT, Tally], key: _KeyT, pages: int) -> None:
    held = tallies.get(key, Tally())
    tallies[key] = Tally(late=held.late + 1, pages=held.pages + pages)
