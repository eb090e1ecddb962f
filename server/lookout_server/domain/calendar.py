"""Working time: which minutes of the site's clock count, with holidays and the working days that make up for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lookout_server.errors import InvalidError

#: A span of a day, by the site's clock: from, until (not included).
Window = tuple[time, time]

#: Beyond these, a zone's midnight may be no time that a computer can say.
_FIRST_YEAR, _LAST_YEAR = 1971, 9990
#: Nobody plans further; a calendar without any working day ends here instead of never.
_LONGEST = timedelta(days=3660)


@dataclass(frozen=True, kw_only=True)
class WorkCalendar:
    """When the offices work. Days and hours are those of ``timezone``."""

    #: IANA name.
    timezone: str = "Asia/Shanghai"
    #: 0 is Monday.
    weekdays: frozenset[int] = frozenset(range(5))
    #: Ascending and apart from each other, the same on every working day.
    windows: tuple[Window, ...] = ((time(9), time(12)), (time(14), time(18)))
    #: Days off, whatever weekday they are.
    holidays: frozenset[date] = frozenset()
    #: 调休: days worked to make up for a holiday, whatever weekday they are. They win over ``holidays``.
    makeup_days: frozenset[date] = frozenset()

    def works_on(self, day: date) -> bool:
        """Whether this is a working day."""
        if day in self.makeup_days:
            return True
        return day not in self.holidays and day.weekday() in self.weekdays

    def works_at(self, at: datetime) -> bool:
        """Whether this moment is working time."""
        return any(start <= at < end for start, end in self._spans(self._local(at).date(), days=1))

    def has_within(self, seconds: float) -> bool:
        """Whether there is so much working time in any ten years, so that ``add`` finds its end whenever it begins."""
        lengths = [datetime.combine(date.min, end) - datetime.combine(date.min, start) for start, end in self.windows]
        day = sum(lengths, timedelta())
        # A week less, for the first day has begun and clocks are changed.
        days = (_LONGEST.days // 7 - 1) * len(self.weekdays) - len(self.holidays)
        return days * day >= timedelta(seconds=seconds)

    def add(self, since: datetime, seconds: float) -> datetime:
        """The moment at which ``seconds`` of working time have passed since ``since``; UTC.

        Where the calendar has not that much working time in ten years, as policies of earlier versions may not, they
        pass by the clock: somebody is told too early, and not never.
        """
        left = timedelta(seconds=seconds)
        for start, end in self._spans(self._local(since).date(), days=_LONGEST.days):
            begin = max(start, since)
            if begin >= end:
                continue
            if end - begin >= left:
                return begin + left
            left -= end - begin
        return since + timedelta(seconds=seconds)

    def between(self, first: datetime, last: datetime) -> float:
        """Seconds of working time from ``first`` to ``last``; 0 when ``last`` is not later."""
        days = (self._local(last).date() - self._local(first).date()).days + 1
        spans = self._spans(self._local(first).date(), days=max(days, 0))
        overlaps = (min(end, last) - max(start, first) for start, end in spans)
        return sum(max(overlap.total_seconds(), 0.0) for overlap in overlaps)

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.timezone))

    def _spans(self, day: date, *, days: int) -> Iterator[tuple[datetime, datetime]]:
        """Working spans from ``day`` on, in UTC: a change of the clocks makes one longer or shorter, as it does."""
        zone = ZoneInfo(self.timezone)
        for offset in range(days):
            today = day + timedelta(days=offset)
            if not self.works_on(today):
                continue
            for start, end in self.windows:
                yield (
                    datetime.combine(today, start, tzinfo=zone).astimezone(UTC),
                    datetime.combine(today, end, tzinfo=zone).astimezone(UTC),
                )


def within(window: Window, at: datetime, timezone: str) -> bool:
    """Whether the site's clock stands within the window; one that ends before it starts goes over midnight."""
    now = at.astimezone(ZoneInfo(timezone)).time()
    start, end = window
    return start <= now < end if start <= end else now >= start or now < end


def window_ends(window: Window, at: datetime, timezone: str) -> datetime:
    """When the window that holds ``at`` ends; UTC. An end that a clock shows twice, or leaps over, is the later."""
    local = at.astimezone(ZoneInfo(timezone))
    end = datetime.combine(local.date(), window[1], tzinfo=local.tzinfo)
    if end <= local:
        end = datetime.combine(local.date() + timedelta(days=1), window[1], tzinfo=local.tzinfo)
    return max(end.astimezone(UTC), end.replace(fold=1).astimezone(UTC))


def day_span(timezone: str, day: date) -> tuple[datetime, datetime]:
    """From midnight to midnight by a clock of this zone, which is 23 or 25 hours where clocks are changed."""
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise InvalidError("this day is out of reach: name another")
    zone = ZoneInfo(timezone)
    return datetime.combine(day, time(0), zone), datetime.combine(day + timedelta(days=1), time(0), zone)
