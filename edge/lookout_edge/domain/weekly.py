"""A moment of every week."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from lookout_edge.domain.schedule import parse_clock

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class WeeklyMoment:
    """``weekday`` counts from Monday as 0, ``minutes`` from midnight."""

    weekday: int
    minutes: int

    def last(self, local: datetime) -> datetime:
        """The newest one that is not after ``local``, an aware time of the site's zone; in that zone."""
        day = local - timedelta(days=(local.weekday() - self.weekday) % 7)
        found = day.replace(hour=self.minutes // 60, minute=self.minutes % 60, second=0, microsecond=0, fold=0)
        return found if found <= local else found - timedelta(days=7)


def parse_weekly(text: str) -> WeeklyMoment:
    """Read ``DAY HH:MM``, e.g. ``wed 10:00``; ValueError says how to write it."""
    match = re.fullmatch(r"([a-z]{3})\s+(\S+)", text.strip().lower())
    if match is None or match[1] not in _DAYS:
        raise ValueError(f"{text!r} is no moment of the week: write a day and a time, like 'wed 10:00'")
    return WeeklyMoment(_DAYS.index(match[1]), parse_clock(match[2]))
