"""Whoever judged a case by a slip takes that back: soon, alone, and before anything came of it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from lookout_contract.cases import CaseState
from lookout_contract.events import Severity
from lookout_server.domain import moving
from lookout_server.domain.case import SYSTEM, Actor, Case, Details, HistoryEntry, Request
from lookout_server.domain.moves import Action
from lookout_server.domain.policy import DEFAULT
from lookout_server.domain.resident import milestones
from lookout_server.domain.taking_back import WITHIN, taken_back
from lookout_server.domain.territory import Person, Role
from lookout_server.errors import ConflictError, ForbiddenError, IllegalMoveError, ServerError, StaleVersionError
from lookout_server.testing import NOON, a_case, person

LI = person("li", Role.OPERATOR)
ZHAO = person("zhao", Role.SUPERVISOR)
LATER = NOON + timedelta(seconds=20)


def _asked(case: Case, action: Action, by: Person, at: datetime) -> Request:
    return Request(action=action, actor=Actor(person=by), at=at, version=case.version, details=Details(reason="看错了"))


def _judged(action: Action) -> tuple[Case, list[HistoryEntry]]:
    """A report from noon, judged by Li twenty seconds later."""
    case, first = moving.opened(a_case(CaseState.NEW, handler=None), actor=SYSTEM, at=NOON, data={})
    after, judged = moving.move(case, _asked(case, action, LI, LATER))
    return after, [first, judged]


@pytest.mark.parametrize("action", [Action.CONFIRM, Action.VOID])
def test_a_judgement_taken_back_leaves_the_case_as_it_was(action: Action) -> None:
    case, history = _judged(action)
    back, entry = taken_back(case, _asked(case, Action.TAKE_BACK, LI, LATER + timedelta(seconds=4)), history)
    assert (back.state, back.version, back.entries) == (CaseState.NEW, 3, 3)
    assert back.due_at == DEFAULT.due_at(CaseState.NEW, case.severity, NOON), "the clock runs on from noon"
    assert (entry.action, entry.from_state, entry.to_state) == (Action.TAKE_BACK, case.state, CaseState.NEW)
    assert (entry.actor, entry.data) == (LI.id, {"undone": 2})
    assert moving.allowed(back, Actor(person=LI))[0] is Action.CONFIRM


def test_what_the_system_wrote_beside_it_is_in_nobodys_way() -> None:
    case, history = _judged(Action.CONFIRM)
    case, joined = moving.joined(case, at=LATER, actor=SYSTEM, data={})
    back, _ = taken_back(case, _asked(case, Action.TAKE_BACK, LI, LATER), [*history, joined])
    assert back.state is CaseState.NEW


@pytest.mark.parametrize(
    ("by", "at", "error", "says"),
    [
        (ZHAO, LATER, ForbiddenError, "whoever decided"),
        (LI, LATER + WITHIN + timedelta(seconds=1), ConflictError, "supervisor can reopen"),
    ],
)
def test_nobody_else_and_not_later(by: Person, at: datetime, error: type[ServerError], says: str) -> None:
    case, history = _judged(Action.VOID)
    with pytest.raises(error, match=says):
        taken_back(case, _asked(case, Action.TAKE_BACK, by, at), history)


def test_only_what_was_seen_and_only_a_judgement() -> None:
    case, history = _judged(Action.CONFIRM)
    asked = _asked(case, Action.TAKE_BACK, LI, LATER)
    with pytest.raises(StaleVersionError):
        taken_back(case, replace(asked, version=1), history)
    with pytest.raises(IllegalMoveError):
        taken_back(case, asked, history[:1])
    supervised, entry = moving.move(case, _asked(case, Action.SUPERVISE, ZHAO, LATER))
    with pytest.raises(IllegalMoveError):
        taken_back(supervised, _asked(supervised, Action.TAKE_BACK, LI, LATER), [*history, entry])


def test_what_an_earlier_version_wrote_down_is_not_guessed() -> None:
    case, (first, judged) = _judged(Action.VOID)
    with pytest.raises(ConflictError, match="decide anew"):
        taken_back(case, _asked(case, Action.TAKE_BACK, LI, LATER), [first, replace(judged, data={})])


def test_the_resident_is_not_told_of_a_slip() -> None:
    case, history = _judged(Action.VOID)
    back, entry = taken_back(case, _asked(case, Action.TAKE_BACK, LI, LATER), history)
    _, confirmed = moving.move(back, _asked(back, Action.CONFIRM, LI, LATER + timedelta(minutes=1)))
    told = milestones([*history, entry, confirmed], NOON)
    assert [each.progress.value for each in told] == ["received", "confirmed"]


def _line(case: Case, history: list[HistoryEntry], action: Action, by: Person, at: datetime, **said: Any) -> Case:
    """The case after one more move, whose line is added to the history."""
    details = Details(reason="等人", **said)
    after, entry = moving.move(
        case, Request(action=action, actor=Actor(person=by), at=at, version=case.version, details=details)
    )
    history.append(entry)
    return after


def _voided_and_back(case: Case, history: list[HistoryEntry], at: datetime) -> Case:
    gone = _line(case, history, Action.VOID, LI, at)
    back, entry = taken_back(gone, _asked(gone, Action.TAKE_BACK, LI, at + timedelta(seconds=4)), history)
    history.append(entry)
    return back


@pytest.mark.parametrize("action", [Action.ASK_EXTEND, Action.ASK_SUSPEND])
def test_what_somebody_asked_for_still_waits_for_its_answer(action: Action) -> None:
    case, history = _judged(Action.CONFIRM)
    case = _line(case, history, action, LI, LATER, until=NOON + timedelta(hours=3))
    back = _voided_and_back(case, history, LATER + timedelta(seconds=9))
    assert back.asked == case.asked is not None
    assert back.due_at == case.due_at


def test_what_was_approved_or_refused_before_stays_so() -> None:
    case, history = _judged(Action.CONFIRM)
    case = _line(case, history, Action.ASK_EXTEND, LI, LATER, until=NOON + timedelta(hours=3))
    case = _line(case, history, Action.APPROVE, ZHAO, LATER)
    case = _line(case, history, Action.ASK_EXTEND, LI, LATER, until=NOON + timedelta(hours=9))
    case = _line(case, history, Action.REFUSE, ZHAO, LATER)
    back = _voided_and_back(case, history, LATER + timedelta(seconds=9))
    assert (back.due_at, back.first_due_at, back.asked) == (case.due_at, case.first_due_at, None)
    assert back.due_at == NOON + timedelta(hours=3)


def test_a_step_that_was_suspended_goes_on_with_what_was_left() -> None:
    case, history = _judged(Action.CONFIRM)
    case = _line(case, history, Action.ASK_SUSPEND, LI, LATER, until=NOON + timedelta(hours=3))
    case = _line(case, history, Action.APPROVE, ZHAO, LATER + timedelta(seconds=60))
    case, entry = moving.raised(case, Severity.RED, at=LATER + timedelta(seconds=70))
    history.append(entry)
    case = _line(case, history, Action.RESUME, LI, NOON + timedelta(hours=1))
    back = _voided_and_back(case, history, NOON + timedelta(hours=1, seconds=9))
    assert back.due_at == case.due_at == NOON + timedelta(hours=1, seconds=60)


def test_a_second_slip_gives_no_more_time_than_the_first() -> None:
    case, first = moving.opened(a_case(CaseState.NEW, handler=None), actor=SYSTEM, at=NOON, data={})
    history = [first]
    for seconds in (20, 40):
        case = _voided_and_back(case, history, NOON + timedelta(seconds=seconds))
    assert case.due_at == DEFAULT.due_at(CaseState.NEW, case.severity, NOON)


def test_one_that_grew_graver_keeps_the_limit_that_it_then_got() -> None:
    case, first = moving.opened(a_case(CaseState.NEW, handler=None), actor=SYSTEM, at=NOON, data={})
    case, raised = moving.raised(case, Severity.RED, at=LATER)
    back = _voided_and_back(case, [first, raised], LATER + timedelta(seconds=9))
    assert back.due_at == case.due_at == DEFAULT.due_at(CaseState.NEW, Severity.RED, LATER)
