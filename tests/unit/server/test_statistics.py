"""Figures about a span of days, counted by hand here."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.domain.case import Source
from lookout_server.domain.statistics import AlarmCount, Assessment, CaseFacts, Statistics, Step, percentile
from lookout_server.domain.territory import CameraKey
from lookout_server.testing import NOON

DAY = date(2026, 11, 22)
GATE = CameraKey(gateway="gw-1", id="gate")


def facts(
    state: CaseState = CaseState.CLOSED,
    *,
    late: bool = False,
    severity: Severity = Severity.YELLOW,
    handler: str | None = "u-wang",
    known_before_s: int = 0,
    **reached: int,
) -> CaseFacts:
    """A case opened at noon; ``reached``: step → seconds after that."""
    return CaseFacts(
        grid="grid-07",
        severity=severity,
        source=Source.CAMERA,
        state=state,
        handler=handler,
        opened_at=NOON,
        known_at=NOON - timedelta(seconds=known_before_s),
        reached={Step(step): NOON + timedelta(seconds=seconds) for step, seconds in reached.items()},
        late=late,
    )


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([7.0], 50, 7.0), ([1.0, 9.0], 50, 1.0), ([1.0, 9.0], 90, 9.0), ([float(n) for n in range(1, 11)], 90, 9.0)],
)
def test_percentiles_are_by_the_nearest_rank(values: list[float], percent: int, expected: float) -> None:
    assert percentile(values, percent) == expected


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(1, 100))
def test_a_percentile_is_a_value_that_enough_do_not_exceed(values: list[float], percent: int) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= percent / 100 * len(values)
    assert sum(value < found for value in values) < percent / 100 * len(values)


def test_times_run_from_when_we_first_knew() -> None:
    figures = Statistics()
    red = facts(severity=Severity.RED, known_before_s=30, confirm=0, dispatch=10, on_scene=200, close=1000)
    figures.add_day(DAY, [red, facts(confirm=60, dispatch=70, on_scene=600)], [])
    found = {(each.step, each.severity): (each.count, each.p50_s, each.p90_s) for each in figures.timings()}
    assert found[(Step.CONFIRM, None)] == (2, 30.0, 60.0)
    assert found[(Step.CONFIRM, Severity.RED)] == (1, 30.0, 30.0)
    assert found[(Step.CLOSE, None)] == (1, 1030.0, 1030.0)
    assert (Step.CLOSE, Severity.YELLOW) not in found
    assert figures.way_there_s("u-wang") == 190.0


def test_cases_are_counted_by_what_became_of_them() -> None:
    figures = Statistics()
    figures.add_day(
        DAY,
        [
            facts(),
            facts(CaseState.EVALUATED, late=True),
            facts(CaseState.ON_SCENE, late=True, handler="u-chen"),
            # What was dropped has no times and is not late.
            facts(CaseState.VOID, late=True, handler=None, confirm=5),
            facts(CaseState.MERGED, late=True, handler=None, confirm=5),
        ],
        [],
    )
    work = figures.cases
    assert (work.opened, work.done, work.open, work.void, work.merged) == (5, 2, 1, 1, 1)
    assert (work.in_time, work.late, work.in_time_share) == (1, 2, 0.5)
    assert figures.timings() == ()
    assert figures.people["u-wang"].done == 2
    assert figures.people["u-chen"].open == 1
    assert figures.grids["grid-07"] == work
    assert figures.way_there_s("u-chen") is None


def test_false_alarms_are_a_share_of_what_was_judged() -> None:
    figures = Statistics()
    empty = Statistics()
    empty.add_day(DAY, [], [])
    assert (empty.alarms.false_rate, empty.cases.in_time_share) == (None, None)
    counts = {Assessment.REAL: 6, Assessment.FALSE: 2, Assessment.DUPLICATE: 5, Assessment.OPEN: 1}
    alarms = [
        AlarmCount(camera=GATE, scenario=Scenario.FIRE_SMOKE, assessment=assessment, count=count)
        for assessment, count in counts.items()
    ]
    figures.add_day(DAY, [], alarms)
    figures.add_day(DAY + timedelta(days=1), [], alarms[:1])
    assert (figures.alarms.total, figures.alarms.false_rate) == (20, 2 / 14)
    assert figures.cameras[(GATE, Scenario.FIRE_SMOKE)].false_rate == 2 / 14
    assert [judged.total for _, judged in figures.days.values()] == [14, 6]
