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
from lookout_server.domain.correlation import NEAR, may_join, one_thing, same_thing
from lookout_server.domain.silence import Silence, SilenceKind, checked
from lookout_server.domain.site_graph import SiteGraph, Way
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


def _case(scenario: Scenario) -> Case:
    return replace(a_case(CaseState.CONFIRMED), scenario=scenario)


def _at(alarm: Alarm, camera: str, begins: float, ends: float | None = None, *, told: float = 0.0) -> Alarm:
    """The same alarm at another camera, from ``begins`` to ``ends`` minutes after noon, ``told`` after it was seen."""
    started = NOON + timedelta(minutes=begins + told)
    ended = None if ends is None else NOON + timedelta(minutes=ends)
    key = CameraKey(gateway="gw-1", id=camera)
    state = AlarmState.ACTIVE if ended is None else AlarmState.CLEARED
    changed = {"camera": key, "started_at": started, "updated_at": ended or started, "ended_at": ended, "state": state}
    dwell_s = 60 * (told if ends is None else ends - begins)
    return replace(alarm, id=f"a-{camera}-{begins}", dwell_s=dwell_s, **changed)


def _way(start: str, end: str, minutes: float, one_way: bool = False) -> Way:
    return Way(start=f"gw-1/{start}", end=f"gw-1/{end}", within=timedelta(minutes=minutes), one_way=one_way)


HOUSE = SiteGraph(
    ways=(_way("gate", "yard", 3), _way("yard", "lift", 2), _way("lift", "corridor", 2)),
    overlaps=frozenset({frozenset({"gw-1/yard", "gw-1/bins"})}),
)
FIRE, EBIKE, CAR = Scenario.FIRE_SMOKE, Scenario.CORRIDOR_EBIKE, Scenario.UNFAMILIAR_VEHICLE


@pytest.mark.parametrize(
    ("alarm", "other", "joins"),
    [
        (_alarm(), _at(_alarm(), "gate", -5), True),
        (_alarm(), _at(_alarm(), "gate", -90, -31), False),
        (_alarm(), _at(_alarm(), "gate", -90, -29), True),
        (_alarm(), _at(_alarm(EBIKE), "gate", -5), False),
        (_alarm(), _at(_alarm(), "corridor", -5), False),
        (_alarm(FIRE), _at(_alarm(FIRE), "corridor", -5), True),
        (_alarm(CAR), _at(_alarm(CAR), "gate", -5), False),
        (_at(_alarm(), "yard", 0), _at(_alarm(), "bins", -5), True),
    ],
)
def test_near_in_place_kind_and_time_is_one_thing(alarm: Alarm, other: Alarm, joins: bool) -> None:
    case = _case(other.scenario)
    assert (same_thing(alarm, "grid-07", [(case, [other])], HOUSE) is case) is joins


def test_what_people_do_to_a_case_does_not_move_it_in_time() -> None:
    case = replace(_case(Scenario.GARBAGE), updated_at=NOON)
    assert same_thing(_alarm(), "grid-07", [(case, [_at(_alarm(), "gate", -90, -60)])], HOUSE) is None


@pytest.mark.parametrize(("first", "same"), [("皖A12345", True), ("皖A54321", False), (None, False)])
def test_vehicles_are_told_apart_by_any_plate_of_the_case(first: str | None, same: bool) -> None:
    case = _case(CAR)
    unread = _at(_alarm(CAR), "gate", -6)
    known = [unread, _at(_alarm(CAR, plate=first), "gate", -3)]
    assert (same_thing(_alarm(CAR, plate="皖A12345"), "grid-07", [(case, known)], HOUSE) is case) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (_at(_alarm(EBIKE), "gate", 0, 1), _at(_alarm(EBIKE), "yard", 4), True),
        (_at(_alarm(EBIKE), "gate", 0, 1), _at(_alarm(EBIKE), "yard", 4.1), False),
        # The yard may have overlooked it; two cameras in a row may not.
        (_at(_alarm(EBIKE), "gate", 0, 1), _at(_alarm(EBIKE), "lift", 6), True),
        (_at(_alarm(EBIKE), "gate", 0, 1), _at(_alarm(EBIKE), "corridor", 3), False),
        (_at(_alarm(CAR, plate="皖A12345"), "gate", 0, 1), _at(_alarm(CAR, plate="皖A12345"), "corridor", 3), True),
        (_at(_alarm(CAR, plate="皖A12345"), "gate", 0, 1), _at(_alarm(CAR, plate="皖A54321"), "yard", 3), False),
        # What stands in the yard for an hour is another one than what enters the lift now.
        (_at(_alarm(EBIKE), "yard", -60), _at(_alarm(EBIKE), "lift", 0), False),
        (_at(_alarm(EBIKE), "yard", -60, 5), _at(_alarm(EBIKE), "lift", 0), False),
        # The way takes as long as it takes until it is seen, however long it must stay there to be an alarm.
        (_at(_alarm(EBIKE), "lift", 0, 1), _at(_alarm(EBIKE), "corridor", 2.5, told=1), True),
        (_at(_alarm(EBIKE), "lift", 0, 1), _at(_alarm(EBIKE), "corridor", 2.5, 9, told=1), True),
        (_at(_alarm(EBIKE), "lift", 0, 1), _at(_alarm(EBIKE), "corridor", 3.1, told=1), False),
        # What was seen in the corridor before the other left the lift is another one.
        (_at(_alarm(EBIKE), "lift", 0, 1.5), _at(_alarm(EBIKE), "corridor", 0.9, told=1), False),
        # Rubbish does not walk.
        (_at(_alarm(), "gate", 0, 1), _at(_alarm(), "yard", 2), False),
    ],
)
def test_what_travels_is_followed_by_the_ways_and_their_times(one: Alarm, other: Alarm, same: bool) -> None:
    for pair in ((one, other), (other, one)):
        assert one_thing(*pair, same_grid=False, graph=HOUSE) is same


def test_a_dwell_beyond_all_time_is_none() -> None:
    alarm = replace(_at(_alarm(EBIKE), "gate", 0), dwell_s=1e300)
    assert one_thing(alarm, _at(_alarm(EBIKE), "yard", 1), same_grid=False, graph=HOUSE)


def test_nobody_goes_up_a_one_way() -> None:
    graph = SiteGraph(ways=(_way("gate", "yard", 3, one_way=True),))
    there, back = (_at(_alarm(EBIKE), "gate", 0, 1), _at(_alarm(EBIKE), "yard", 2, 3)), _at(_alarm(EBIKE), "gate", 5)
    assert one_thing(*there, same_grid=False, graph=graph)
    assert not one_thing(there[1], back, same_grid=False, graph=graph)


_NAMES = st.sampled_from(["gate", "yard", "lift", "corridor", "bins"])
_KINDS = st.sampled_from([EBIKE, CAR, FIRE, Scenario.GARBAGE, Scenario.KEY_AREA, Scenario.CARE])


@st.composite
def _seen(draw: st.DrawFn) -> Alarm:
    begins, lasts = draw(st.floats(-120, 0)), draw(st.one_of(st.none(), st.floats(0, 60)))
    told = draw(st.floats(0, 30 if lasts is None else lasts))
    return _at(_alarm(draw(_KINDS)), draw(_NAMES), begins, None if lasts is None else begins + lasts, told=told)


@given(_seen(), _seen(), st.booleans(), st.floats(-1e6, 1e6))
def test_being_one_thing_is_mutual_and_knows_no_date(one: Alarm, other: Alarm, same_grid: bool, shift: float) -> None:
    def later(alarm: Alarm) -> Alarm:
        by = timedelta(seconds=round(shift))
        ended = alarm.ended_at + by if alarm.ended_at else None
        return replace(alarm, started_at=alarm.started_at + by, updated_at=alarm.updated_at + by, ended_at=ended)

    said = one_thing(one, other, same_grid=same_grid, graph=HOUSE)
    assert one_thing(other, one, same_grid=same_grid, graph=HOUSE) is said
    assert one_thing(later(one), later(other), same_grid=same_grid, graph=HOUSE) is said
    if Scenario.CARE in {one.scenario, other.scenario}:
        assert not said


def test_each_press_of_the_button_and_care_stand_alone() -> None:
    assert may_join(_alarm(Scenario.KEY_AREA))
    assert not may_join(_alarm(Scenario.KEY_AREA, stage="panic"))
    assert Scenario.CARE not in NEAR
