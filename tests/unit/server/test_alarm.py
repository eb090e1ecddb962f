from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_contract.events import Attributes, Event, Phase, Scenario, Severity
from lookout_server.domain.alarm import (
    Alarm,
    AlarmState,
    DismissReason,
    Disposition,
    dismissed,
    first_told,
    released,
    reported,
    told_again,
    undismissed,
    wants_case,
)
from lookout_server.domain.territory import CameraKey
from lookout_server.errors import ConflictError
from lookout_server.testing import NOON, SmallGateway, picture

KEY = CameraKey(gateway="gw-1", id="gate")


def _told(*events: Event) -> Alarm:
    alarm = first_told(events[0], KEY, NOON)
    for event in events[1:]:
        alarm = told_again(alarm, event)
    return alarm


def _life() -> list[Event]:
    gateway = SmallGateway(evidence=(picture(b"1"),))
    start = gateway.event(gateway.data("o-1"))
    gateway.evidence, gateway.severity = (picture(b"2"),), Severity.RED
    update = gateway.event(gateway.data("o-1", Phase.UPDATE, stage="parked"))
    gateway.evidence, gateway.severity = (picture(b"1"), picture(b"3")), Severity.BLUE
    return [start, update, gateway.event(gateway.data("o-1", Phase.END))]


def test_a_life_in_order() -> None:
    alarm = _told(*_life())
    assert alarm.state is AlarmState.CLEARED
    assert alarm.ended_at == NOON
    assert alarm.attributes.stage == "parked"
    assert alarm.severity is Severity.RED
    assert [ref.sha256 for ref in alarm.evidence] == [picture(c).sha256 for c in (b"1", b"2", b"3")]


def test_the_outline_of_the_zone_is_kept_from_whichever_event_tells_it() -> None:
    gateway = SmallGateway()
    corners = ((0.1, 0.1), (0.9, 0.1), (0.5, 0.9))
    start = gateway.event(gateway.data("o-1").model_copy(update={"outline": corners}))
    end = gateway.event(gateway.data("o-1", Phase.END))
    assert (_told(start, end).outline, _told(end, start).outline) == (corners, corners)


def test_what_is_for_few_stays_for_few() -> None:
    gateway = SmallGateway(scenario=Scenario.CARE)
    data = gateway.data("o-1").model_copy(update={"attributes": Attributes(restricted=True)})
    more = gateway.data("o-1", Phase.UPDATE, stage="fallen")
    alarm = _told(gateway.event(data), gateway.event(more), gateway.event(data))
    assert (alarm.attributes.restricted, alarm.attributes.stage) == (True, "fallen")


@given(st.permutations(_life()))
def test_any_order_comes_to_the_same_end(events: list[Event]) -> None:
    expected = _told(*_life())
    alarm = _told(*events)
    same = replace(alarm, evidence=expected.evidence, attributes=expected.attributes)
    assert same == expected
    assert {ref.sha256 for ref in alarm.evidence} == {ref.sha256 for ref in expected.evidence}


def test_a_late_update_does_not_reopen_what_ended() -> None:
    start, update, end = _life()
    assert _told(start, end, update).state is AlarmState.CLEARED


@pytest.mark.parametrize(
    ("scenario", "stage", "expected"),
    [
        (Scenario.FIRE_SMOKE, None, True),
        (Scenario.FIRE_SMOKE, "pre_alarm", False),
        (Scenario.KEY_AREA, "panic", True),
        (Scenario.KEY_AREA, None, False),
        (Scenario.GARBAGE, None, False),
    ],
)
def test_what_cannot_wait_for_a_tap(scenario: Scenario, stage: str | None, expected: bool) -> None:
    gateway = SmallGateway(scenario=scenario)
    alarm = _told(gateway.event(gateway.data("o-1", stage=stage)))
    assert wants_case(alarm) is expected
    assert not wants_case(reported(alarm, "c-1"))
    assert not wants_case(dismissed(alarm, DismissReason.TEST, None))


def test_dismissing_and_taking_it_back() -> None:
    alarm = _told(_life()[0])
    gone = dismissed(alarm, DismissReason.FALSE_ALARM, "影子")
    assert (gone.disposition, gone.disposition_reason) == (Disposition.DISMISSED, "false_alarm: 影子")
    assert undismissed(gone) == alarm


def test_a_reported_alarm_is_not_dismissed_nor_a_dismissed_one_reported() -> None:
    alarm = _told(_life()[0])
    with pytest.raises(ConflictError, match="void the case"):
        dismissed(reported(alarm, "c-1"), DismissReason.OTHER, None)
    with pytest.raises(ConflictError, match="take the dismissal back"):
        reported(dismissed(alarm, DismissReason.OTHER, None), "c-1")


def test_an_undone_report_leaves_the_alarm_as_it_was() -> None:
    alarm = _told(_life()[0])
    assert released(reported(alarm, "c-1"), dismiss=False) == alarm
    assert released(reported(alarm, "c-1"), dismiss=True).disposition is Disposition.DISMISSED
