"""The table of moves, one rule at a time and by random walks."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_contract.cases import CaseState
from lookout_contract.events import Severity
from lookout_server.domain.case import (
    SYSTEM,
    Actor,
    Asked,
    Case,
    Details,
    HistoryEntry,
    Request,
    Whistle,
)
from lookout_server.domain.moves import MOVES, Action
from lookout_server.domain.moving import allowed, escalated, move, opened, raised, rechecked
from lookout_server.domain.policy import DEFAULT, Tier
from lookout_server.domain.territory import Person, Role
from lookout_server.errors import (
    EvidenceMissingError,
    ForbiddenError,
    FourEyesError,
    IllegalMoveError,
    InvalidError,
    ServerError,
    StaleVersionError,
)
from lookout_server.testing import NOON, a_case, person

OPERATOR = person("li", Role.OPERATOR)
SUPERVISOR = person("zhao", Role.SUPERVISOR)
WORKER = person("wang", Role.WORKER, grids=frozenset({"grid-07"}))
OTHER_WORKER = person("zhang", Role.WORKER, grids=frozenset({"grid-08"}))
BOTH = person("sun", Role.OPERATOR, Role.WORKER)
PHOTO = "0" * 64
DEPARTMENT = person("fire", Role.DEPARTMENT)
#: Enough for every move.
FULL = Details(
    reason="because",
    worker=WORKER,
    photos=(PHOTO,),
    into="c-20261122-0002",
    alarms=("a-1",),
    until=NOON + timedelta(days=2),
    departments=(DEPARTMENT,),
    score=4,
)


def _case(state: CaseState, handler: str | None = WORKER.id) -> Case:
    return replace(a_case(state, handler=handler), alarms=("a-1", "a-2"))


def _do(case: Case, action: Action, who: Person | None, details: Details | None = None) -> tuple[Case, HistoryEntry]:
    full = details or FULL
    return move(case, _request(case, action, who, full))


def _request(case: Case, action: Action, who: Person | None, details: Details) -> Request:
    return Request(action=action, actor=Actor(person=who), at=NOON, version=case.version, details=details)


_HAPPY = [
    (Action.DISPATCH, OPERATOR, CaseState.DISPATCHED),
    (Action.ACCEPT, WORKER, CaseState.ACCEPTED),
    (Action.ARRIVE, WORKER, CaseState.ON_SCENE),
    (Action.FEEDBACK, WORKER, CaseState.FEEDBACK),
    (Action.VERIFY, None, CaseState.VERIFYING),
    (Action.CLOSE, OPERATOR, CaseState.CLOSED),
]


def test_the_way_from_confirmed_to_closed() -> None:
    case = _case(CaseState.CONFIRMED, handler=None)
    for action, who, state in _HAPPY:
        case, entry = _do(case, action, who)
        assert case.state is state
        assert entry.action is action
        assert entry.seq == case.entries
    assert case.version == 7
    assert case.handler == WORKER.id
    assert case.due_at is None


def test_a_stale_version_is_refused_and_says_the_current_one() -> None:
    case = replace(_case(CaseState.CONFIRMED), version=3)
    with pytest.raises(StaleVersionError, match="version 3") as caught:
        move(case, replace(_request(case, Action.VOID, OPERATOR, Details(reason="x")), version=2))
    assert caught.value.extras["current_version"] == 3


def test_an_illegal_move_says_what_is_legal() -> None:
    with pytest.raises(IllegalMoveError) as caught:
        _do(_case(CaseState.CONFIRMED), Action.CLOSE, OPERATOR)
    legal = ["dispatch", "void", "merge", "split", "ask_suspend", "whistle"]
    assert caught.value.extras == {"state": "confirmed", "allowed": legal}


def test_only_the_handler_goes_on() -> None:
    with pytest.raises(ForbiddenError, match="has the case"):
        _do(_case(CaseState.DISPATCHED), Action.ACCEPT, OTHER_WORKER)


def test_the_handler_does_not_close() -> None:
    with pytest.raises(FourEyesError):
        _do(_case(CaseState.VERIFYING, handler=BOTH.id), Action.CLOSE, BOTH)


def test_the_system_alone_verifies() -> None:
    with pytest.raises(ForbiddenError):
        _do(_case(CaseState.FEEDBACK), Action.VERIFY, SUPERVISOR)


def test_the_system_does_nothing_else() -> None:
    with pytest.raises(ForbiddenError):
        _do(_case(CaseState.VERIFYING), Action.CLOSE, None)


@pytest.mark.parametrize("state", [CaseState.CLOSED, CaseState.VOID, CaseState.FOLLOW_UP, CaseState.MERGED])
def test_reopening_is_for_supervisors(state: CaseState) -> None:
    with pytest.raises(ForbiddenError):
        _do(_case(state), Action.REOPEN, OPERATOR)
    case, _ = _do(_case(state), Action.REOPEN, SUPERVISOR)
    assert case.state is CaseState.CONFIRMED
    assert case.handler is None


@pytest.mark.parametrize("action", [action for action, row in MOVES.items() if row.needs_reason])
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_reasons_are_asked_for(action: Action, reason: str | None) -> None:
    row = MOVES[action]
    who = WORKER if row.handler_only else SUPERVISOR
    asked = Asked(action=Action.ASK_EXTEND, until=NOON, by=WORKER.id, reason="x") if action is Action.REFUSE else None
    case = replace(_case(min(row.sources)), due_at=NOON, asked=asked)
    with pytest.raises(InvalidError, match="reason"):
        _do(case, action, who, Details(reason=reason, worker=WORKER, until=NOON + timedelta(days=1)))


def test_feedback_needs_a_photo() -> None:
    with pytest.raises(EvidenceMissingError):
        _do(_case(CaseState.ON_SCENE), Action.FEEDBACK, WORKER, Details(note="done"))


def test_returning_frees_the_case() -> None:
    case, entry = _do(_case(CaseState.ACCEPTED), Action.RETURN, WORKER, Details(reason="外出"))
    assert (case.state, case.handler, entry.note) == (CaseState.CONFIRMED, None, "外出")


def test_three_reworks_call_for_supervision() -> None:
    case = _case(CaseState.VERIFYING)
    for _ in range(3):
        assert not case.supervised
        case, _ = _do(case, Action.REWORK, OPERATOR)
        assert case.handler == WORKER.id
        case, _ = _do(case, Action.FEEDBACK, WORKER)
        case, _ = _do(case, Action.VERIFY, None)
    assert case.supervised
    with pytest.raises(ForbiddenError, match="supervision"):
        _do(case, Action.CLOSE, OPERATOR)
    assert _do(case, Action.CLOSE, SUPERVISOR)[0].state is CaseState.CLOSED


def test_a_graver_alarm_shortens_the_clock_and_never_lengthens_it() -> None:
    case = replace(_case(CaseState.DISPATCHED), due_at=NOON + timedelta(seconds=300))
    graver, entry = raised(case, Severity.RED, at=NOON)
    assert graver.due_at == NOON + timedelta(seconds=90)
    assert entry.data == {"from": "yellow", "to": "red"}
    late, _ = raised(replace(case, due_at=NOON + timedelta(seconds=10)), Severity.RED, at=NOON)
    assert late.due_at == NOON + timedelta(seconds=10)


def test_a_case_that_everybody_was_told_of_begins_its_rungs_anew_once_it_is_graver() -> None:
    case = replace(_case(CaseState.ON_SCENE), due_at=NOON, rung=DEFAULT.escalations)
    assert raised(case, Severity.RED, at=NOON)[0].rung == 0
    assert raised(replace(case, rung=2), Severity.RED, at=NOON)[0].rung == 2, "the next rung hears of it"


def test_a_recheck_does_not_overtake_anybody() -> None:
    case = _case(CaseState.VERIFYING)
    after, entry = rechecked(case, at=NOON, note=None, data={})
    assert after.version == case.version
    assert entry.seq == case.entries + 1


def test_being_told_on_overtakes_nobody_and_ends_with_the_next_move() -> None:
    case, entry = escalated(_case(CaseState.DISPATCHED), at=NOON, data={"reason": "late"})
    assert (case.version, case.rung, entry.data) == (1, 1, {"rung": 1, "reason": "late"})
    moved, _ = _do(case, Action.ACCEPT, WORKER)
    assert moved.rung == 0


UNTIL = NOON + timedelta(days=2)


def _timed(state: CaseState = CaseState.ON_SCENE) -> Case:
    return replace(_case(state), due_at=NOON + timedelta(minutes=10))


def test_a_suspension_stops_the_clock_and_the_case_goes_on_with_what_was_left() -> None:
    case, _ = _do(_timed(), Action.ASK_SUSPEND, WORKER)
    assert (case.state, case.due_at) == (CaseState.ON_SCENE, NOON + timedelta(minutes=10))
    case, _ = _do(case, Action.APPROVE, SUPERVISOR)
    assert (case.state, case.due_at, case.paused_left_s) == (CaseState.SUSPENDED, UNTIL, 600)
    case, _ = move(case, replace(_request(case, Action.RESUME, None, Details()), at=UNTIL))
    assert (case.state, case.due_at, case.paused_left_s) == (
        CaseState.ON_SCENE,
        UNTIL + timedelta(minutes=10),
        None,
    )
    assert case.handler == WORKER.id


def test_a_graver_alarm_leaves_a_suspension_its_day_and_cuts_what_was_left() -> None:
    day = {"due_at": UNTIL, "resumes_to": CaseState.ON_SCENE}
    case = replace(_case(CaseState.SUSPENDED), **day, paused_left_s=3000)
    assert (raised(case, Severity.RED, at=NOON)[0]).due_at == UNTIL
    assert [
        raised(replace(case, paused_left_s=left), Severity.RED, at=NOON)[0].paused_left_s for left in (3000, 60, None)
    ] == [1800, 60, 1800]


def test_an_extension_gives_another_limit_and_remembers_the_first() -> None:
    case, _ = _do(_timed(), Action.ASK_EXTEND, WORKER)
    case, _ = _do(case, Action.APPROVE, SUPERVISOR)
    assert (case.state, case.due_at, case.first_due_at) == (
        CaseState.ON_SCENE,
        UNTIL,
        NOON + timedelta(minutes=10),
    )


def test_nobody_approves_their_own_request_and_a_refusal_leaves_the_limit() -> None:
    case, _ = _do(_timed(), Action.ASK_EXTEND, SUPERVISOR)
    with pytest.raises(FourEyesError):
        _do(case, Action.APPROVE, SUPERVISOR)
    with pytest.raises(IllegalMoveError):
        _do(case, Action.ASK_SUSPEND, WORKER)
    case, _ = _do(case, Action.REFUSE, SUPERVISOR)
    assert (case.asked, case.due_at) == (None, NOON + timedelta(minutes=10))
    with pytest.raises(IllegalMoveError):
        _do(case, Action.APPROVE, SUPERVISOR)


@pytest.mark.parametrize("until", [None, NOON, NOON + timedelta(minutes=5), NOON + timedelta(days=400)])
def test_more_time_has_to_lie_ahead(until: datetime | None) -> None:
    with pytest.raises(InvalidError, match="'until'"):
        _do(_timed(), Action.ASK_EXTEND, WORKER, Details(reason="why", until=until))


def test_departments_have_a_clock_until_they_report_in() -> None:
    other = person("police", Role.DEPARTMENT)
    case, _ = _do(_case(CaseState.ON_SCENE), Action.WHISTLE, WORKER, Details(departments=(DEPARTMENT, other)))
    assert {each.due_at for each in case.whistles} == {NOON + timedelta(minutes=30)}
    case, _ = _do(case, Action.REPORT_IN, DEPARTMENT)
    assert [each.person for each in case.whistles if each.reported_at] == [DEPARTMENT.id]
    with pytest.raises(IllegalMoveError):
        _do(case, Action.REPORT_IN, DEPARTMENT)
    case, _ = _do(case, Action.REPORT_IN, other)


def test_a_closed_case_is_followed_up_by_its_tier_and_evaluated_by_somebody_else() -> None:
    case, _ = _do(_case(CaseState.VERIFYING), Action.CLOSE, OPERATOR, Details())
    assert case.tier is Tier.MEDIUM
    case, _ = _do(case, Action.FOLLOW_UP, None)
    assert case.state is CaseState.FOLLOW_UP
    with pytest.raises(InvalidError, match="score"):
        _do(case, Action.EVALUATE, OPERATOR, Details(score=6))
    case, _ = _do(case, Action.EVALUATE, OPERATOR)
    assert (case.state, case.score) == (CaseState.EVALUATED, 4)


def test_splitting_leaves_both_cases_an_alarm() -> None:
    case, _ = _do(_case(CaseState.CONFIRMED), Action.SPLIT, OPERATOR)
    assert case.alarms == ("a-2",)
    with pytest.raises(IllegalMoveError):
        _do(case, Action.SPLIT, OPERATOR)
    for alarms in ((), ("a-1", "a-2"), ("a-9",)):
        with pytest.raises(InvalidError, match="leave it at least one"):
            _do(_case(CaseState.CONFIRMED), Action.SPLIT, OPERATOR, Details(alarms=alarms))


def test_a_case_is_not_merged_with_itself() -> None:
    case = _case(CaseState.CONFIRMED)
    with pytest.raises(InvalidError, match="another case"):
        _do(case, Action.MERGE, OPERATOR, Details(into=case.id))
    assert _do(case, Action.MERGE, OPERATOR)[0].merged_into == FULL.into


_ACTORS = st.sampled_from([OPERATOR, SUPERVISOR, WORKER, OTHER_WORKER, BOTH, DEPARTMENT, None])
_DETAILS = st.builds(
    Details,
    reason=st.sampled_from([None, "because"]),
    worker=st.sampled_from([None, WORKER, OTHER_WORKER, BOTH]),
    photos=st.sampled_from([(), (PHOTO,)]),
    into=st.sampled_from([None, "c-20261122-0001", "c-20261122-0002"]),
    alarms=st.sampled_from([(), ("a-1",), ("a-1", "a-2"), ("a-9",)]),
    until=st.sampled_from([None, NOON, NOON + timedelta(days=2)]),
    departments=st.sampled_from([(), (DEPARTMENT,)]),
    score=st.sampled_from([None, 0, 5]),
)
_STEP = st.tuples(st.sampled_from(list(Action)), _ACTORS, _DETAILS, st.sampled_from([0, 0, 0, -1]))


def _expected(case: Case, action: Action) -> CaseState:
    """Where the table and the design say that it goes."""
    if action is Action.APPROVE and case.asked is not None and case.asked.action is Action.ASK_SUSPEND:
        return CaseState.SUSPENDED
    if action is Action.RESUME:
        assert case.resumes_to is not None
        return case.resumes_to
    return MOVES[action].target or case.state


@given(st.sampled_from([CaseState.NEW, CaseState.CONFIRMED]), st.lists(_STEP, max_size=40))
def test_no_walk_leaves_the_table(start: CaseState, steps: list[tuple[Action, Person | None, Details, int]]) -> None:
    case, first = opened(_case(start, handler=None), actor=SYSTEM, at=NOON, data={})
    history = [first]
    for action, who, details, lag in steps:
        offered = allowed(case, Actor(person=who))
        try:
            request = _request(case, action, who, details)
            after, entry = move(case, replace(request, version=case.version + lag))
        except ServerError:
            # A refusal leaves no trace, and whatever is offered fails for its details alone.
            continue
        assert action in offered
        assert case.state in MOVES[action].sources
        assert after.state is _expected(case, action)
        assert after.version == case.version + 1
        assert (entry.from_state, entry.to_state) == (case.state, after.state)
        if action is Action.CLOSE:
            assert who is not None
            assert who.id != case.handler
        history.append(entry)
        case = after
    assert [entry.seq for entry in history] == list(range(1, len(history) + 1))
    assert case.version == case.entries == len(history)
    working = {CaseState.DISPATCHED, CaseState.ACCEPTED, CaseState.ON_SCENE, CaseState.VERIFYING, CaseState.REWORK}
    assert case.state not in working or case.handler is not None
    assert (case.state is CaseState.SUSPENDED) == (case.resumes_to is not None)
    assert case.state is not CaseState.MERGED or case.merged_into is not None
    assert case.state is not CaseState.EVALUATED or case.score is not None


@given(st.sampled_from(list(CaseState)), _ACTORS, _ACTORS)
def test_what_is_offered_works_and_what_is_not_fails(
    state: CaseState, who: Person | None, handler: Person | None
) -> None:
    case = _case(state, handler=handler.id if handler else None)
    case = replace(case, due_at=NOON, whistles=(Whistle(person=DEPARTMENT.id, due_at=NOON),))
    offered = allowed(case, Actor(person=who))
    for action in Action:
        try:
            move(case, _request(case, action, who, FULL))
        except ServerError:
            assert action not in offered
        else:
            assert action in offered
