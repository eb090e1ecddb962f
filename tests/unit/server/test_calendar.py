"""Working time, by hand and against counting minute by minute."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_server.domain.calendar import WorkCalendar, window_ends, within

#: National Day 2026: off 1 to 7 October, Saturday 10 October is worked for it.
CALENDAR = WorkCalendar(
    holidays=frozenset(date(2026, 10, day) for day in range(1, 8)), makeup_days=frozenset({date(2026, 10, 10)})
)
NIGHT = (time(22), time(7))


def _beijing(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("since", "hours", "until"),
    [
        (_beijing(8, 9), 1, _beijing(8, 10)),
        (_beijing(8, 11), 2, _beijing(8, 15)),  # over lunch
        (_beijing(8, 17), 2, _beijing(9, 10)),  # over night
        (_beijing(8, 6), 1, _beijing(8, 10)),  # before work
        (_beijing(9, 17), 2, _beijing(10, 10)),  # the Saturday is worked
        (_beijing(10, 17), 2, _beijing(12, 10)),  # the Sunday is not
        (_beijing(3, 12), 1, _beijing(8, 10)),  # within the holidays
    ],
)
def test_hours_count_only_while_people_work(since: datetime, hours: int, until: datetime) -> None:
    assert CALENDAR.add(since, hours * 3600) == until


def test_a_day_made_up_for_is_worked_even_if_it_was_called_a_holiday() -> None:
    day = date(2026, 10, 10)
    assert WorkCalendar(holidays=frozenset({day}), makeup_days=frozenset({day})).works_on(day)


def test_where_a_calendar_has_too_little_work_the_clock_counts() -> None:
    """An alarm is not lost for a policy of an earlier version; new ones are refused (``has_within``)."""
    assert WorkCalendar(weekdays=frozenset()).add(_beijing(8, 9), 60) == _beijing(8, 9) + timedelta(seconds=60)


def test_what_a_calendar_has_within_ten_years_it_reaches_from_any_moment() -> None:
    hour = WorkCalendar(weekdays=frozenset({0}), windows=((time(23), time.max),))
    most = 520 * 3600
    assert hour.has_within(most)
    assert not hour.has_within(most + 3 * 3600)
    for since in (_beijing(1, 0), _beijing(5, 23), _beijing(5, 23) + timedelta(minutes=59)):
        assert hour.add(since, most) > since
    assert not replace(hour, holidays=frozenset({date(2026, 10, 5), date(2026, 10, 12)})).has_within(most)


_MOMENTS = st.integers(0, 20 * 24 * 60).map(lambda minute: _beijing(1, 0) + timedelta(minutes=minute))


@given(_MOMENTS, st.integers(1, 40 * 60))
def test_what_is_added_lies_between(since: datetime, minutes: int) -> None:
    until = CALENDAR.add(since, minutes * 60)
    assert CALENDAR.between(since, until) == minutes * 60


@given(_MOMENTS, st.integers(0, 600))
def test_between_counts_the_working_minutes(since: datetime, minutes: int) -> None:
    counted = sum(CALENDAR.works_at(since + timedelta(minutes=n)) for n in range(minutes))
    assert CALENDAR.between(since, since + timedelta(minutes=minutes)) == counted * 60


def test_a_change_of_the_clocks_takes_its_hour() -> None:
    night = WorkCalendar(timezone="Europe/Berlin", weekdays=frozenset(range(7)), windows=((time(0), time(6)),))
    before = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight in Berlin; at two it becomes three
    assert night.between(before, before + timedelta(hours=12)) == 5 * 3600


def test_a_window_over_midnight() -> None:
    zone = "Asia/Shanghai"
    assert within(NIGHT, _beijing(8, 23), zone)
    assert within(NIGHT, _beijing(8, 6, 59), zone)
    assert not within(NIGHT, _beijing(8, 7), zone)
    assert window_ends(NIGHT, _beijing(8, 23), zone) == _beijing(9, 7)
    assert window_ends(NIGHT, _beijing(9, 1), zone) == _beijing(9, 7)


def test_a_window_that_ends_in_the_hour_that_comes_twice_or_never_holds_until_it_is_over() -> None:
    quiet, zone = (time(22), time(2, 30)), "Europe/Berlin"
    # On 25 October the clocks show 02:00 to 03:00 twice, at 00:00 and at 01:00 UTC.
    for minute in (15, 75):
        at = datetime(2026, 10, 25, 0, 0, tzinfo=UTC) + timedelta(minutes=minute)
        assert within(quiet, at, zone)
        assert window_ends(quiet, at, zone) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    # On 29 March there is no 02:30: at 01:00 UTC it is three.
    at = datetime(2026, 3, 29, 0, 45, tzinfo=UTC)
    assert within(quiet, at, zone)
    assert window_ends(quiet, at, zone) > at
