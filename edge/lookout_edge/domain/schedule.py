"""Weekly windows such as ``mon-fri 22:00-06:00``, in the site's own time zone and with its holidays and 调休."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Kinds of day that the calendar tells apart: workdays include Saturdays and Sundays that are worked (调休).
WORKDAY, RESTDAY, HOLIDAY = "workday", "restday", "holiday"
KINDS = (WORKDAY, RESTDAY, HOLIDAY)
_DAY_MINUTES = 24 * 60
_WINDOW = re.compile(r"(?:(?P<days>[a-z,\-]+)\s+)?(?P<h1>\d{1,2}):(?P<m1>\d{2})-(?P<h2>\d{1,2}):(?P<m2>\d{2})")
_EXAMPLE = "write it like 'mon-fri 22:00-06:00', 'workday 07:00-09:00', 'restday 00:00-24:00' or 'daily 23:00-05:30'"


@dataclass(frozen=True, slots=True)
class SiteCalendar:
    """The site's time zone and the days on which its week is not an ordinary one."""

    timezone: tzinfo
    #: Days off by law.
    holidays: frozenset[date] = frozenset()
    #: Saturdays and Sundays that are worked to make up for a holiday (调休).
    workdays: frozenset[date] = frozenset()

    def local(self, at: float) -> datetime:
        """The frame time ``at`` (seconds since the Unix epoch) on the site's clock."""
        return datetime.fromtimestamp(at, self.timezone)

    def kinds(self, day: date) -> frozenset[str]:
        """What kind of day it is: ``workday`` or ``restday``, and ``holiday`` where the law says so."""
        if day in self.workdays:
            return frozenset({WORKDAY})
        if day in self.holidays:
            return frozenset({RESTDAY, HOLIDAY})
        return frozenset({WORKDAY if day.weekday() < 5 else RESTDAY})


@dataclass(frozen=True, slots=True)
class Window:
    """One window. Minutes count from local midnight; ``end <= start`` runs past midnight into the next day."""

    #: Weekdays on which it starts, Monday = 0.
    days: frozenset[int]
    start: int
    end: int
    #: Kinds of day on which it starts, beside ``days``.
    kinds: frozenset[str] = frozenset()

    def contains(self, local: datetime, calendar: SiteCalendar) -> bool:
        """Whether a local time falls inside; the start belongs to it, the end does not."""
        minute = local.hour * 60 + local.minute + local.second / 60 + local.microsecond / 60e6
        today = local.date()
        if self.start < self.end:
            return self._starts_on(today, calendar) and self.start <= minute < self.end
        if minute >= self.start:
            return self._starts_on(today, calendar)
        return minute < self.end and self._starts_on(today - timedelta(days=1), calendar)

    def _starts_on(self, day: date, calendar: SiteCalendar) -> bool:
        return day.weekday() in self.days or not self.kinds.isdisjoint(calendar.kinds(day))


@dataclass(frozen=True, slots=True)
class Schedule:
    """Windows of one site. Without any window it holds at all times."""

    windows: tuple[Window, ...]
    calendar: SiteCalendar

    def contains(self, at: float) -> bool:
        """Whether the frame time ``at`` (seconds since the Unix epoch) falls into one of the windows."""
        if not self.windows:
            return True
        local = self.calendar.local(at)
        return any(window.contains(local, self.calendar) for window in self.windows)


def make_schedule(texts: Iterable[str], calendar: SiteCalendar) -> Schedule:
    """A schedule from its written windows; ValueError as in ``parse_window``."""
    return Schedule(tuple(parse_window(text) for text in texts), calendar)


def parse_window(text: str) -> Window:
    """Read ``[DAYS ]HH:MM-HH:MM``; DAYS is ``daily`` or a comma list of days, ranges and kinds of day.

    Kinds are ``workday``, ``restday`` and ``holiday``. ValueError with an example.
    """
    match = _WINDOW.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"{text!r} is no weekly window: {_EXAMPLE}")
    start = _minutes(text, match["h1"], match["m1"], last=_DAY_MINUTES - 1)
    end = _minutes(text, match["h2"], match["m2"], last=_DAY_MINUTES)
    if start == end:
        raise ValueError(f"{text!r} is empty: write '00:00-24:00' for the whole day")
    days, kinds = _days(text, match["days"] or "daily")
    return Window(days, start, end, kinds)


def parse_clock(text: str) -> int:
    """Minutes after midnight of ``HH:MM``; ValueError says how to write it."""
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no time of day: write it like '09:30'")
    return _minutes(text, match[1], match[2], last=_DAY_MINUTES - 1, example="write one from 00:00 to 23:59")


def _minutes(text: str, hours: str, minutes: str, *, last: int, example: str = _EXAMPLE) -> int:
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > last:
        raise ValueError(f"{text!r} holds no valid time {hours}:{minutes}: {example}")
    return total


def _days(text: str, written: str) -> tuple[frozenset[int], frozenset[str]]:
    if written == "daily":
        return frozenset(range(7)), frozenset()
    parts = written.split(",")
    days: set[int] = set()
    for part in (part for part in parts if part not in KINDS):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if first not in DAYS or last not in DAYS:
            raise ValueError(
                f"{text!r} names no valid day in {part!r}; days are {', '.join((*DAYS, *KINDS))} and daily"
            )
        start, end = DAYS.index(first), DAYS.index(last)
        days.update(day % 7 for day in range(start, end + 1 + (7 if end < start else 0)))
    return frozenset(days), frozenset(part for part in parts if part in KINDS)
