"""What a policy would have meant for the past."""

from dataclasses import replace
from datetime import datetime, timedelta

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.domain.case import HistoryEntry
from lookout_server.domain.moves import Action
from lookout_server.domain.policy import DEFAULT, LIMITS, Limit, Policy
from lookout_server.domain.rehearsal import Step, Tally, rehearse, steps
from lookout_server.testing import NOON


def _at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def _entry(seq: int, seconds: float, action: Action, was: CaseState | None, now: CaseState) -> HistoryEntry:
    return HistoryEntry(
        seq=seq, at=_at(seconds), actor=None, action=action, from_state=was, to_state=now, note=None, data={}
    )


_C, _D, _A = CaseState.CONFIRMED, CaseState.DISPATCHED, CaseState.ACCEPTED
_HISTORY = [
    _entry(1, 0, Action.REPORT, None, _C),
    _entry(2, 10, Action.DISPATCH, _C, _D),
    _entry(3, 20, Action.RECHECK, _D, _D),
    replace(_entry(4, 30, Action.RAISE, _D, _D), data={"from": "yellow", "to": "red"}),
    _entry(5, 320, Action.DISPATCH, _D, _D),
    _entry(6, 330, Action.ACCEPT, _D, _A),
]


def test_a_history_is_stays_in_states() -> None:
    found = [(s.state, s.severity, s.since, s.until) for s in steps("n", Severity.RED, _HISTORY)]
    yellow, red = Severity.YELLOW, Severity.RED
    assert found == [
        (_C, yellow, _at(0), _at(10)),
        (_D, yellow, _at(10), _at(320)),
        (_D, red, _at(320), _at(330)),
        (_A, red, _at(330), None),
    ]


def _with(state: CaseState, seconds: int) -> Policy:
    return replace(DEFAULT, limits={**LIMITS, state: dict.fromkeys(Severity, Limit(seconds=seconds))})


def test_a_stricter_policy_is_late_more_often_and_pages_more() -> None:
    past = list(steps("n", Severity.RED, _HISTORY, Scenario.GARBAGE))
    usual = rehearse(past, DEFAULT, now=_at(340))
    # It turned red after 30 s, so that 90 s were left: told at 120, 210 and 300.
    assert (usual.pages, usual.late, usual.late_steps) == (3, {"n"}, {_D: 1})
    assert usual.limits == {(_D, Severity.YELLOW): Tally(late=1, pages=3)}
    assert usual.kinds == {Scenario.GARBAGE: Tally(late=1, pages=3)}
    assert rehearse(past, _with(_D, 60), now=_at(340)).pages == 4
    assert rehearse(past, _with(_D, 600), now=_at(340)).late == frozenset()


_BLUE_ON_SCENE = [
    _entry(1, 0, Action.ARRIVE, _A, CaseState.ON_SCENE),
    replace(
        _entry(2, 60, Action.ASK_EXTEND, CaseState.ON_SCENE, CaseState.ON_SCENE), data={"until": _at(900).isoformat()}
    ),
    _entry(3, 70, Action.APPROVE, CaseState.ON_SCENE, CaseState.ON_SCENE),
    _entry(4, 800, Action.FEEDBACK, CaseState.ON_SCENE, CaseState.FEEDBACK),
]


def test_an_extended_step_is_judged_by_the_limit_that_it_got() -> None:
    past = list(steps("n", Severity.BLUE, _BLUE_ON_SCENE))
    assert rehearse(past, _with(CaseState.ON_SCENE, 300), now=_at(800)).pages == 0
    # Late before anybody asked, and again once the longer limit has passed too.
    assert rehearse(past, _with(CaseState.ON_SCENE, 40), now=_at(800)).pages == 1
    longer = [*_BLUE_ON_SCENE[:3], _entry(4, 1300, Action.FEEDBACK, CaseState.ON_SCENE, CaseState.FEEDBACK)]
    assert rehearse(steps("n", Severity.BLUE, longer), _with(CaseState.ON_SCENE, 300), now=_at(0)).pages == 2
    refused = [*_BLUE_ON_SCENE[:2], _entry(3, 70, Action.REFUSE, CaseState.ON_SCENE, CaseState.ON_SCENE)]
    assert rehearse(steps("n", Severity.BLUE, refused), _with(CaseState.ON_SCENE, 300), now=_at(310)).pages == 1


def test_a_suspended_step_goes_on_with_what_was_left() -> None:
    on, off = CaseState.ON_SCENE, CaseState.SUSPENDED
    history = [
        _entry(1, 0, Action.ARRIVE, _A, on),
        replace(_entry(2, 50, Action.ASK_SUSPEND, on, on), data={"until": _at(10_000).isoformat()}),
        _entry(3, 100, Action.APPROVE, on, off),
        _entry(4, 10_000, Action.RESUME, off, on),
        _entry(5, 10_150, Action.FEEDBACK, on, CaseState.FEEDBACK),
    ]
    past = list(steps("n", Severity.BLUE, history))
    # 100 of the 300 s were used; 150 more make it in time, with a limit of 200 s they do not.
    assert rehearse(past, _with(on, 300), now=_at(0)).pages == 0
    assert rehearse(past, _with(on, 200), now=_at(0)).late_steps == {on: 1}


def test_silence_pages_each_rung_once() -> None:
    step = Step(case="n", state=_D, severity=Severity.BLUE, since=NOON, until=None)
    assert rehearse([step], _with(_D, 1), now=_at(3600)).pages == DEFAULT.escalations


def test_a_state_without_a_clock_is_never_late() -> None:
    step = Step(case="n", state=CaseState.CLOSED, severity=Severity.RED, since=NOON, until=None)
    assert rehearse([step], DEFAULT, now=_at(10**7)).pages == 0
