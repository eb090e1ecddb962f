from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from lookout_edge.domain.schedule import SiteCalendar, make_schedule, parse_clock, parse_window

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: 2026-10-01 to -03 are off, Saturday the 10th is worked.
YEAR = SiteCalendar(
    SHANGHAI,
    holidays=frozenset({date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3)}),
    workdays=frozenset({date(2026, 10, 10)}),
)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


# 2026-05-04 is a Monday.
@pytest.mark.parametrize(
    ("window", "moment", "inside"),
    [
        ("mon-fri 22:00-06:00", "2026-05-04T22:00:00", True),
        ("mon-fri 22:00-06:00", "2026-05-04T21:59:59.999", False),
        ("mon-fri 22:00-06:00", "2026-05-05T00:00:00", True),
        ("mon-fri 22:00-06:00", "2026-05-05T05:59:59", True),
        ("mon-fri 22:00-06:00", "2026-05-05T06:00:00", False),
        # Monday's early morning belongs to Sunday night, which is not in the list; Saturday's belongs to Friday night.
        ("mon-fri 22:00-06:00", "2026-05-04T03:00:00", False),
        ("mon-fri 22:00-06:00", "2026-05-09T03:00:00", True),
        ("sun 23:00-01:00", "2026-05-04T00:30:00", True),
        ("sat,sun 00:00-24:00", "2026-05-10T23:59:59", True),
        ("sat,sun 00:00-24:00", "2026-05-11T00:00:00", False),
        ("fri-mon 08:00-09:00", "2026-05-10T08:30:00", True),
        ("fri-mon 08:00-09:00", "2026-05-06T08:30:00", False),
        ("daily 12:00-13:00", "2026-05-06T12:30:00", True),
        ("daily 12:00-13:00", "2026-05-06T12:00:00", True),
        ("daily 12:00-13:00", "2026-05-06T12:00:00.5", True),
        ("daily 12:00-13:00", "2026-05-06T12:00:30", True),
        ("daily 12:00-13:00", "2026-05-06T12:59:59.999", True),
        ("daily 12:00-13:00", "2026-05-06T13:00:00", False),
        ("daily 22:00-00:00", "2026-05-06T23:59:59.999", True),
        ("daily 22:00-00:00", "2026-05-07T00:00:00", False),
        ("12:00-13:00", "2026-05-06T12:30:00", True),
        ("22:30-06:15", "2026-05-06T22:29:59", False),
        ("22:30-06:15", "2026-05-06T22:30:00", True),
        ("22:30-06:15", "2026-05-07T06:14:59", True),
        ("22:30-06:15", "2026-05-07T06:15:00", False),
        # Thursday 2026-10-01 is a holiday, Saturday 2026-10-10 is worked, Sunday the 11th is not.
        ("workday 07:00-09:00", "2026-09-30T08:00:00", True),
        ("workday 07:00-09:00", "2026-10-01T08:00:00", False),
        ("workday 07:00-09:00", "2026-10-10T08:00:00", True),
        ("restday 07:00-09:00", "2026-10-10T08:00:00", False),
        ("restday 07:00-09:00", "2026-10-01T08:00:00", True),
        ("restday 07:00-09:00", "2026-10-11T08:00:00", True),
        # An ordinary Saturday.
        ("restday 07:00-09:00", "2026-05-09T08:00:00", True),
        ("workday 07:00-09:00", "2026-05-09T08:00:00", False),
        ("holiday 07:00-09:00", "2026-10-01T08:00:00", True),
        ("holiday 07:00-09:00", "2026-10-11T08:00:00", False),
        ("mon-fri 07:00-09:00", "2026-10-01T08:00:00", True),
        # The night before a holiday belongs to the day on which it begins.
        ("workday 22:00-06:00", "2026-10-01T05:00:00", True),
        ("workday 22:00-06:00", "2026-10-02T05:00:00", False),
        ("holiday,sat 22:00-06:00", "2026-10-04T05:00:00", True),
    ],
)
def test_window_at_its_edges(window: str, moment: str, inside: bool) -> None:
    assert make_schedule([window], YEAR).contains(at(moment)) is inside


def test_one_of_several_windows_is_enough() -> None:
    meals = make_schedule(["07:00-09:00", "17:00-19:00"], YEAR)
    hours = [6.5, 8.0, 12.0, 18.0, 19.5]
    midnight = at("2026-05-06T00:00:00")
    assert [meals.contains(midnight + 3600 * hour) for hour in hours] == [False, True, False, True, False]


def test_no_window_means_always() -> None:
    assert make_schedule([], YEAR).contains(0.0)


def test_the_zone_decides_what_time_it_is() -> None:
    moment = at("2026-05-06T12:30:00")
    assert make_schedule(["12:00-13:00"], YEAR).contains(moment)
    assert not make_schedule(["12:00-13:00"], SiteCalendar(ZoneInfo("UTC"))).contains(moment)


def test_a_night_in_which_the_clock_is_put_on_or_back_is_one_window() -> None:
    """2026-03-29 has 23 hours in Berlin and 2026-10-25 has 25: 02:30 is left out, or comes twice."""
    berlin = SiteCalendar(ZoneInfo("Europe/Berlin"))
    for day, hours in ((date(2026, 3, 28), 7), (date(2026, 10, 24), 9)):
        night = make_schedule(["22:00-06:00"], berlin)
        begun = datetime(day.year, day.month, day.day, 22, tzinfo=berlin.timezone).timestamp()
        inside = [night.contains(begun + 60.0 * minute) for minute in range(-1, hours * 60 + 1)]
        assert inside == [False, *[True] * (hours * 60), False]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("night", "weekly window"),
        ("mon 25:00-26:00", "no valid time"),
        ("mon 24:00-06:00", "no valid time"),
        ("mon 10:60-11:00", "no valid time"),
        ("funday 10:00-11:00", "no valid day"),
        ("mon-funday 10:00-11:00", "no valid day in 'mon-funday'"),
        ("funday-mon 10:00-11:00", "no valid day in 'funday-mon'"),
        ("mon- 10:00-11:00x", "weekly window"),
        ("mon- 10:00-11:00", "no valid day in 'mon-'"),
        ("mon-fri, 10:00-11:00", "no valid day in ''"),
        ("mon 10:00-10:00", "whole day"),
    ],
)
def test_a_bad_window_says_how_to_write_it(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_window(text)


@pytest.mark.parametrize(("text", "minutes"), [("00:00", 0), ("9:30", 570), (" 23:59 ", 1439)])
def test_a_time_of_day_is_minutes_after_midnight(text: str, minutes: int) -> None:
    assert parse_clock(text) == minutes


@pytest.mark.parametrize(
    ("text", "says"),
    [("nine", "write it like '09:30'"), ("24:00", "from 00:00 to 23:59"), ("10:60", "from 00:00 to 23:59")],
)
def test_a_bad_time_of_day_says_how_to_write_it(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_clock(text)
