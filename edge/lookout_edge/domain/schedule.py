"""Weekly windows such as ``mon-fri 22:00-06:00``, in the site's own time zone."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES = 24 * 60
_WINDOW = re.compile(r"(?:(?P<days>[a-z,\-]+)\s+)?(?P<h1>\d{1,2}):(?P<m1>\d{2})-(?P<h2>\d{1,2}):(?P<m2>\d{2})")
_EXAMPLE = "write it like 'mon-fri 22:00-06:00', 'sat,sun 00:00-24:00' or 'daily 23:00-05:30'"


@dataclass(frozen=True, slots=True)
class Window:
    """One window. Minutes count from local midnight; ``end <= start`` runs past midnight into the next day."""

    #: Weekdays on which it starts, Monday = 0.
    days: frozenset[int]
    start: int
    end: int

    def contains(self, weekday: int, minute: float) -> bool:
        """Whether a local weekday and minute of the day fall inside; the start belongs to it, the end does not."""
        if self.start < self.end:
            return weekday in self.days and self.start <= minute < self.end
        if minute >= self.start:
            return weekday in self.days
        return minute < self.end and (weekday - 1) % 7 in self.days


@dataclass(frozen=True, slots=True)
class Schedule:
    """Windows in one time zone. Without any window it holds at all times."""

    windows: tuple[Window, ...]
    timezone: tzinfo

    def contains(self, at: float) -> bool:
        """Whether the frame time ``at`` (seconds since the Unix epoch) falls into one of the windows."""
        if not self.windows:
            return True
        local = datetime.fromtimestamp(at, self.timezone)
        minute = local.hour * 60 + local.minute + local.second / 60 + local.microsecond / 60e6
        return any(window.contains(local.weekday(), minute) for window in self.windows)


def make_schedule(texts: Iterable[str], timezone: tzinfo) -> Schedule:
    """A schedule from its written windows; ValueError as in ``parse_window``."""
    return Schedule(tuple(parse_window(text) for text in texts), timezone)


def parse_window(text: str) -> Window:
    """Read ``[DAYS ]HH:MM-HH:MM``; DAYS is ``daily`` or a comma list of days and ranges. ValueError with an example."""
    match = _WINDOW.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"{text!r} is no weekly window: {_EXAMPLE}")
    start = _minutes(text, match["h1"], match["m1"], last=_DAY_MINUTES - 1)
    end = _minutes(text, match["h2"], match["m2"], last=_DAY_MINUTES)
    if start == end:
        raise ValueError(f"{text!r} is empty: write '00:00-24:00' for the whole day")
    return Window(_days(text, match["days"] or "daily"), start, end)


def _minutes(text: str, hours: str, minutes: str, *, last: int) -> int:
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > last:
        raise ValueError(f"{text!r} holds no valid time {hours}:{minutes}: {_EXAMPLE}")
    return total


def _days(text: str, written: str) -> frozenset[int]:
    if written == "daily":
        return frozenset(range(7))
    days: set[int] = set()
    for part in written.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f"{text!r} names no valid day in {part!r}; days are {', '.join(DAYS)} and daily")
        start, end = DAYS.index(first), DAYS.index(last or first)
        days.update(day % 7 for day in range(start, end + 1 + (7 if end < start else 0)))
    return frozenset(days)
