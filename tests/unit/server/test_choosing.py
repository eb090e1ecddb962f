"""Who goes, and why or why not."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario
from lookout_server.domain.choosing import MOST_IN_HAND, Candidate, Facts, judge
from lookout_server.domain.notice import IN_APP, Delivery, DeliveryState, Notice, NoticeKind
from lookout_server.domain.roster import Duty, Shift, ShiftKind, duty, worked
from lookout_server.domain.territory import Level, Role, nearest_level, path_up
from lookout_server.domain.whereabouts import Position, Spot, away_m, distance_m
from lookout_server.domain.wording import REASONS
from lookout_server.testing import NOON, a_case, person, small_estate

CASE = a_case(CaseState.CONFIRMED)
PLACES = {place.id: place for place in small_estate().territories}


def _at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def _shift(kind: ShiftKind, first: float, last: float) -> Shift:
    return Shift(id=f"s{first}", person="u-wang", kind=kind, starts_at=_at(first), ends_at=_at(last))


@pytest.mark.parametrize(
    ("shifts", "found"),
    [
        ([], Duty.UNROSTERED),
        ([_shift(ShiftKind.DUTY, -1, 1)], Duty.ON),
        ([_shift(ShiftKind.SURGE, -1, 1)], Duty.ON),
        ([_shift(ShiftKind.DUTY, -9, -1)], Duty.OFF),
        ([_shift(ShiftKind.DUTY, 0.5, 1)], Duty.OFF),
        ([_shift(ShiftKind.DUTY, -1, 0)], Duty.OFF),
        ([_shift(ShiftKind.DUTY, -1, 1), _shift(ShiftKind.REST, -2, 1)], Duty.REST),
        ([_shift(ShiftKind.REST, -2, 1), _shift(ShiftKind.LEAVE, -3, 1)], Duty.LEAVE),
        ([_shift(ShiftKind.LEAVE, 1, 2)], Duty.UNROSTERED),
    ],
)
def test_leave_beats_rest_beats_duty(shifts: list[Shift], found: Duty) -> None:
    assert duty(shifts, NOON) is found


def _candidate(
    level: Level | None = Level.GRID,
    *,
    on: Duty = Duty.ON,
    load: int = 0,
    silent: bool = False,
    skills: tuple[str, ...] = (),
    willing: bool = True,
    name: str = "wang",
    away_m: float | None = None,
    worked_h: float = 0,
) -> Candidate:
    who = replace(person(name, Role.WORKER), skills=frozenset(skills), willing=willing)
    facts = Facts(level=level, duty=on, load=load, returned=False, silent=silent)
    facts = replace(facts, away_m=away_m, worked=timedelta(hours=worked_h))
    return judge(who, CASE, facts, place="第七网格", skills={Scenario.UNFAMILIAR_VEHICLE: "traffic"})


@pytest.mark.parametrize(
    ("candidate", "why_not"),
    [
        (_candidate(skills=("traffic",)), []),
        (_candidate(), ["no_skill"]),
        (_candidate(None, skills=("traffic",)), ["not_in_grid"]),
        (_candidate(on=Duty.OFF, skills=("traffic",)), ["duty_off"]),
        (_candidate(on=Duty.UNROSTERED, skills=("traffic",)), []),
        (_candidate(load=MOST_IN_HAND, skills=("traffic",)), ["overloaded"]),
        (_candidate(silent=True, skills=("traffic",)), ["silent"]),
        (_candidate(willing=False, skills=("traffic",)), ["no_consent"]),
    ],
)
def test_every_reason_against_is_said(candidate: Candidate, why_not: list[str]) -> None:
    assert [reason.code for reason in candidate.why_not] == why_not
    assert candidate.fit == (not why_not)


def test_the_nearest_rung_comes_first_then_few_cases() -> None:
    far = _candidate(Level.STREET, skills=("traffic",), name="a")
    busy = _candidate(Level.GRID, load=3, skills=("traffic",), name="b")
    free = _candidate(Level.GRID, skills=("traffic",), name="c")
    unfit = _candidate(Level.GRID, name="d")
    order = sorted([unfit, far, busy, free], key=lambda one: one.order)
    assert [one.person.name for one in order] == ["c", "b", "a", "d"]


def test_rungs_follow_the_territory() -> None:
    path = path_up("grid-07", PLACES)
    assert [place.id for place in path] == ["grid-07", "kangle", "changhuai", "yaohai"]
    assert nearest_level(person("x", grids=frozenset({"yaohai", "kangle"})), path) is Level.COMMUNITY
    assert nearest_level(person("x", grids=frozenset({"grid-08"})), path) is None
    assert path_up(None, PLACES) == ()


@pytest.mark.parametrize(
    ("inside", "outside", "failed"),
    [
        (DeliveryState.SENT, [DeliveryState.FAILED], True),
        (DeliveryState.SENT, [DeliveryState.FAILED, DeliveryState.SENT], False),
        (DeliveryState.SENT, [DeliveryState.FAILED, DeliveryState.QUEUED], False),
        (DeliveryState.DELIVERED, [DeliveryState.FAILED], False),
        (DeliveryState.SENT, [], False),
    ],
)
def test_a_notice_failed_when_nothing_reached_the_person(
    inside: DeliveryState, outside: list[DeliveryState], failed: bool
) -> None:
    deliveries = [Delivery(channel=IN_APP, state=inside, at=NOON)]
    deliveries += [Delivery(channel=f"c{n}", state=state, at=NOON) for n, state in enumerate(outside)]
    notice = Notice(
        id="n-1",
        person="u-wang",
        kind=NoticeKind.DISPATCHED,
        severity=CASE.severity,
        case_id=CASE.id,
        words=REASONS["no_grid"],
        at=NOON,
        deliveries=tuple(deliveries),
    )
    assert notice.failed is failed


def test_who_is_near_goes_before_who_has_less_in_hand() -> None:
    near, unknown, far = (
        _candidate(away_m=away, load=load, skills=("traffic",)) for away, load in ((120, 3), (None, 0), (1400, 0))
    )
    assert sorted([far, unknown, near], key=lambda one: one.order) == [near, unknown, far]
    # The rung comes first: a neighbour of the grid before somebody of the street who walks past.
    assert _candidate(away_m=1400).order < _candidate(Level.STREET, away_m=20).order
    assert [reason.words.en for reason in near.reasons if reason.code == "near"] == ["About 100 m away"]


def test_who_is_far_away_or_tired_is_passed_over_and_told_why() -> None:
    assert [reason.code for reason in _candidate(away_m=5230, skills=("traffic",)).why_not] == ["far"]
    assert _candidate(away_m=5230, skills=("traffic",)).why_not[0].words.en == "Too far away (about 5200 m)"
    assert [reason.code for reason in _candidate(worked_h=12.5, skills=("traffic",)).why_not] == ["tired"]
    assert _candidate(worked_h=12, skills=("traffic",)).fit


def test_hours_of_a_day_count_once() -> None:
    spans = [(-30, -20), (-10, -4), (-6, -2), (-1, 8)]
    shifts = [_shift(ShiftKind.DUTY, first, last) for first, last in spans]
    assert worked([*shifts, _shift(ShiftKind.LEAVE, -24, 0)], NOON) == timedelta(hours=4 + 8 + 1)
    assert worked([], NOON) == timedelta(0)


def test_a_position_counts_while_it_is_fresh_and_good() -> None:
    gate = Spot(lat=31.8639, lon=117.2808)
    held = Position(person="u-wang", spot=Spot(lat=31.8639, lon=117.2908), accuracy_m=12.0, at=NOON)
    # A hundredth of a degree of longitude at this latitude.
    assert distance_m(gate, held.spot) == pytest.approx(944.4, abs=1)
    assert distance_m(Spot(lat=0, lon=179.999), Spot(lat=0, lon=-179.999)) == pytest.approx(222.4, abs=0.1)
    assert away_m(held, gate, _at(0.1)) == pytest.approx(944.4, abs=1)
    for position, spot, at in [
        (held, gate, _at(0.2)),
        (held, gate, _at(-0.1)),
        (replace(held, accuracy_m=900.0), gate, NOON),
        (held, None, NOON),
        (None, gate, NOON),
    ]:
        assert away_m(position, spot, at) is None
