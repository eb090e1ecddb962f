"""What is quiet, what never is, and which alarms are one thing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_contract.cases import CaseState
from lookout_contract.events import Attributes, Plate, PlateStatus, Scenario
from lookout_server.domain.alarm import (
    Alarm,
    AlarmState,
    DismissReason,
    Standing,
    acknowledged,
    dismissed,
    first_told,
    unacknowledged,
)
from lookout_server.domain.case import Case
from lookout_server.domain.correlation import NEAR, may_join, same_thing
from lookout_server.domain.silence import Silence, SilenceKind, checked
from lookout_server.domain.territory import CameraKey
from lookout_server.errors import ConflictError, InvalidError
from lookout_server.testing import NOON, SmallGateway, a_case

GATE = CameraKey(gateway="gw-1", id="gate")


def _alarm(scenario: Scenario = Scenario.GARBAGE, *, stage: str | None = None, plate: str | None = None) -> Alarm:
    gateway = SmallGateway(scenario=scenario)
    alarm = first_told(gateway.event(gateway.data("o-1", stage=stage)), GATE, NOON)
    read = Plate(text=plate, confidence=0.9, status=PlateStatus.UNKNOWN) if plate else None
    return replace(alarm, attributes=Attributes(stage=stage, plate=read))


def _silence(**part: Any) -> Silence:
    whole: dict[str, Any] = {
        "id": "q-1",
        "kind": SilenceKind.SILENCE,
        "owner": "u-li",
        "reason": "施工",
        "starts_at": NOON,
        "ends_at": NOON + timedelta(hours=2),
        "gateway": "gw-1",
        "camera": "gate",
    }
    return Silence(**{**whole, **part})


def test_standings_follow_isa_18_2() -> None:
    alarm = _alarm()
    assert alarm.standing is Standing.UNACKNOWLEDGED
    over = replace(alarm, state=AlarmState.CLEARED)
    assert over.standing is Standing.RETURNED
    taken = acknowledged(alarm, "u-li", at=NOON, until=NOON + timedelta(minutes=10))
    assert (taken.standing, replace(taken, state=AlarmState.CLEARED).standing) == (
        Standing.ACKNOWLEDGED,
        Standing.NORMAL,
    )
    assert unacknowledged(taken).standing is Standing.UNACKNOWLEDGED
    assert dismissed(over, DismissReason.TEST, None).standing is Standing.NORMAL
    with pytest.raises(ConflictError, match="u-li looks after"):
        acknowledged(taken, "u-zhao", at=NOON, until=NOON)
    with pytest.raises(ConflictError, match="judged"):
        acknowledged(dismissed(alarm, DismissReason.TEST, None), "u-li", at=NOON, until=NOON)


@pytest.mark.parametrize(
    ("part", "covered"),
    [
        ({}, True),
        ({"scenario": Scenario.GARBAGE}, True),
        ({"scenario": Scenario.KEY_AREA}, False),
        ({"gateway": None, "camera": None, "grid": "grid-07"}, True),
        ({"gateway": None, "camera": None, "grid": "grid-08"}, False),
        ({"camera": "corridor"}, False),
        ({"starts_at": NOON + timedelta(seconds=1)}, False),
        ({"ends_at": NOON}, False),
    ],
)
def test_a_silence_covers_what_it_names_while_it_lasts(part: dict[str, Any], covered: bool) -> None:
    assert _silence(**part).covers(_alarm(), "grid-07", NOON) is covered


_STAGES = st.sampled_from([None, "panic", "pre_alarm"])
_MATCHERS = st.fixed_dictionaries(
    {
        "scenario": st.sampled_from([None, *Scenario]),
        "camera": st.sampled_from([None, "gate"]),
        "grid": st.sampled_from([None, "grid-07"]),
    }
)


@given(st.sampled_from(list(Scenario)), _STAGES, _MATCHERS)
def test_fire_and_panic_are_never_silent(scenario: Scenario, stage: str | None, part: dict[str, Any]) -> None:
    covered = _silence(**part).covers(_alarm(scenario, stage=stage), "grid-07", NOON)
    if scenario is Scenario.FIRE_SMOKE or stage == "panic":
        assert not covered


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"ends_at": NOON + timedelta(hours=25)}, "within 24 hours"),
        ({"ends_at": NOON}, "ends after it starts"),
        ({"scenario": Scenario.FIRE_SMOKE}, "fire is never"),
        ({"gateway": None, "camera": None}, "say what is quiet"),
        ({"gateway": None}, "name the gateway"),
    ],
)
def test_a_silence_that_will_not_do_says_why(part: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidError, match=said):
        checked(_silence(**part))


def test_maintenance_may_last_longer() -> None:
    window = _silence(kind=SilenceKind.MAINTENANCE, ends_at=NOON + timedelta(days=3))
    assert checked(window) is window


def _case(scenario: Scenario, *, camera: str = "gate", minutes: float = 5) -> Case:
    touched = NOON - timedelta(minutes=minutes)
    key = CameraKey(gateway="gw-1", id=camera)
    return replace(a_case(CaseState.CONFIRMED), scenario=scenario, camera=key, updated_at=touched)


@pytest.mark.parametrize(
    ("alarm", "case", "joins"),
    [
        (_alarm(), _case(Scenario.GARBAGE), True),
        (_alarm(), _case(Scenario.GARBAGE, minutes=31), False),
        (_alarm(), _case(Scenario.CORRIDOR_EBIKE), False),
        (_alarm(), _case(Scenario.GARBAGE, camera="corridor"), False),
        (_alarm(Scenario.FIRE_SMOKE), _case(Scenario.FIRE_SMOKE, camera="corridor"), True),
        (_alarm(Scenario.UNFAMILIAR_VEHICLE), _case(Scenario.UNFAMILIAR_VEHICLE), False),
    ],
)
def test_near_in_place_kind_and_time_is_one_thing(alarm: Alarm, case: Case, joins: bool) -> None:
    assert (same_thing(alarm, "grid-07", [(case, None)]) is case) is joins


@pytest.mark.parametrize(("first", "same"), [("皖A12345", True), ("皖A54321", False), (None, False)])
def test_vehicles_are_told_apart_by_their_plates(first: str | None, same: bool) -> None:
    vehicle = Scenario.UNFAMILIAR_VEHICLE
    case = _case(vehicle)
    found = same_thing(_alarm(vehicle, plate="皖A12345"), "grid-07", [(case, _alarm(vehicle, plate=first))])
    assert (found is case) is same


def test_each_press_of_the_button_and_care_stand_alone() -> None:
    assert may_join(_alarm(Scenario.KEY_AREA))
    assert not may_join(_alarm(Scenario.KEY_AREA, stage="panic"))
    assert Scenario.CARE not in NEAR
