"""When a notice may leave, what need not leave any more, and how many become one message."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lookout_contract.cases import CaseState
from lookout_contract.events import Severity
from lookout_server.domain.case import Whistle
from lookout_server.domain.grouping import NOTHING_TOLD, Told, composed, is_over, leaves_at
from lookout_server.domain.notice import Notice, NoticeKind
from lookout_server.domain.policy import Grouping
from lookout_server.domain.wording import Words
from lookout_server.testing import NOON, a_case

GROUPING = Grouping(wait=timedelta(seconds=30), interval=timedelta(minutes=5), repeat=timedelta(hours=1))
_AGO = NOON - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("kind", "told", "seconds"),
    [
        (NoticeKind.ALARM_LATE, NOTHING_TOLD, 30),
        (NoticeKind.ALARM_LATE, Told(last=_AGO), 240),
        (NoticeKind.ALARM_LATE, Told(last=NOON - timedelta(hours=2)), 30),
        (NoticeKind.LATE, Told(last=_AGO, same=_AGO), 3540),
        # Somebody is asked to go: the first at once, what follows within the wait together.
        (NoticeKind.DISPATCHED, NOTHING_TOLD, 0),
        (NoticeKind.DISPATCHED, Told(last=_AGO, same=_AGO), 0),
        (NoticeKind.DISPATCHED, Told(last=NOON - timedelta(seconds=10)), 20),
    ],
)
def test_the_first_waits_for_others_and_the_next_for_its_turn(kind: NoticeKind, told: Told, seconds: int) -> None:
    assert leaves_at(GROUPING, kind, Severity.YELLOW, NOON, told) == NOON + timedelta(seconds=seconds)
    assert leaves_at(GROUPING, kind, Severity.RED, NOON, told) == NOON


def test_what_was_done_meanwhile_is_told_no_more() -> None:
    late = replace(a_case(CaseState.CONFIRMED), due_at=_AGO)
    assert not is_over(NoticeKind.LATE, "u-li", late, NOON)
    moved = replace(late, state=CaseState.DISPATCHED, due_at=NOON + timedelta(minutes=5), handler="u-wang")
    assert is_over(NoticeKind.LATE, "u-li", moved, NOON)
    awaited = replace(moved, whistles=(Whistle(person="u-fire", due_at=_AGO),))
    assert not is_over(NoticeKind.LATE, "u-fire", awaited, NOON)
    assert not is_over(NoticeKind.DISPATCHED, "u-wang", moved, NOON)
    assert is_over(NoticeKind.DISPATCHED, "u-zhang", moved, NOON)
    assert not is_over(NoticeKind.INSPECTION_LATE, "u-wang", None, NOON)


def _notice(number: int, about: str) -> Notice:
    return Notice(
        id=f"n-{number}",
        person="u-li",
        kind=NoticeKind.ALARM_LATE,
        severity=Severity.BLUE,
        case_id=None,
        words=Words(f"第{number}条", f"No. {number}"),
        at=NOON,
        about=about,
    )


def test_many_are_a_heading_and_lines_and_the_same_thing_is_said_once() -> None:
    assert composed([_notice(1, "a-1")]) == Words("第1条", "No. 1")
    assert composed([_notice(1, "a-1"), _notice(2, "a-1")]) == Words("第2条", "No. 2")
    words = composed([_notice(number, f"a-{number}") for number in range(1, 21)])
    assert words.zh.splitlines()[:2] == ["20 条告警无人研判", "第1条"]
    assert words.zh.splitlines()[-1] == "另有 12 条，详见平台"
    assert words.en.splitlines()[0] == "Nobody has judged 20 alarms"
    assert len(words.zh.splitlines()) == len(words.en.splitlines()) == 10
