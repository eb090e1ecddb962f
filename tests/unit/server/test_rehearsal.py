"""What a policy would have meant for the past."""

from dataclasses import replace
from datetime import datetime, timedelta

from lookout_contract.cases import CaseState
from lookout_contract.events import Severity
from lookout_server.domain.case import HistoryEntry
from lookout_server.domain.moves import Action
from lookout_server.domain.policy import DEFAULT, LIMITS, Limit, Policy
from lookout_server.domain.rehearsal import Step, rehearse, steps
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
    past = list(steps("n", Severity.RED, _HISTORY))
    usual = rehearse(past, DEFAULT, now=_at(340))
    assert (usual.pages, usual.late, usual.late_steps) == (1, {"n"}, {_D: 1})
    assert rehearse(past, _with(_D, 100), now=_at(340)).pages == 3
    assert rehearse(past, _with(_D, 600), now=_at(340)).late == frozenset()


def test_silence_pages_each_rung_once() -> None:
    step = Step(case="n", state=_D, severity=Severity.BLUE, since=NOON, until=None)
    assert rehearse([step], _with(_D, 1), now=_at(3600)).pages == DEFAULT.escalations


def test_a_state_without_a_clock_is_never_late() -> None:
    step = Step(case="n", state=CaseState.CLOSED, severity=Severity.RED, since=NOON, until=None)
    assert rehearse([step], DEFAULT, now=_at(10**7)).pages == 0
