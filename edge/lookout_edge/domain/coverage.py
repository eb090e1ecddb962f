"""For how long each camera was watched on each day, was blind, and why, or was off."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WATCHING = "watching"
#: Between two runs of the gateway nobody watched.
NOT_RUNNING = "off:not_running"
#: Days that are kept, of each camera.
KEPT_DAYS = 31
#: Time is taken stock of far more often; a longer step is a clock that was set, and nobody knows what was seen then.
CLOCK_STEP_S = 600.0

Seconds = dict[str, float]
"""``watching``, ``blind:REASON`` or ``off:REASON`` → seconds."""


@dataclass(slots=True)
class CoverageBook:
    """Adds up what is noted. Instants are seconds since 1970 UTC; days are the site's and may have 23 or 25 hours."""

    #: The site's, which a reload may change.
    timezone: Callable[[], ZoneInfo]
    #: Camera → day → seconds.
    days: dict[str, dict[date, Seconds]] = field(default_factory=dict[str, dict[date, Seconds]])
    #: When an earlier run last took stock; None when there was none.
    left_at: float | None = None
    _now: dict[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])

    def note(self, camera: str, at: float, what: str) -> None:
        """From ``at`` on ``what`` holds for the camera; of one that an earlier run knew, the time between is off."""
        if camera in self._now:
            self._count(camera, at)
        elif camera in self.days and self.left_at is not None:
            for day, seconds in _split(max(self.left_at, at - KEPT_DAYS * 86_400.0), at, self.timezone()):
                self._add(camera, day, NOT_RUNNING, seconds)
        self._now[camera] = (what, at)

    def take_stock(self, at: float) -> None:
        """Count up to ``at`` for every camera, and forget days that are long gone."""
        for camera in self._now:
            self._count(camera, at)
        oldest = datetime.fromtimestamp(at, self.timezone()).date() - timedelta(days=KEPT_DAYS)
        kept = {camera: {d: s for d, s in days.items() if d > oldest} for camera, days in self.days.items()}
        self.days = {camera: days for camera, days in kept.items() if days}

    def of(self, camera: str) -> Mapping[date, Seconds]:
        """Day → seconds, as last counted."""
        return self.days.get(camera, {})

    def _count(self, camera: str, at: float) -> None:
        what, since = self._now[camera]
        self._now[camera] = (what, at)
        if at - since <= CLOCK_STEP_S:
            for day, seconds in _split(since, at, self.timezone()):
                self._add(camera, day, what, seconds)

    def _add(self, camera: str, day: date, what: str, seconds: float) -> None:
        spent = self.days.setdefault(camera, {}).setdefault(day, {})
        spent[what] = spent.get(what, 0.0) + seconds


def _split(since: float, until: float, timezone: ZoneInfo) -> Iterator[tuple[date, float]]:
    """(day, seconds) of each day that the time touches; nothing when the clock went back."""
    while since < until:
        day = datetime.fromtimestamp(since, timezone).date()
        midnight = datetime.combine(day + timedelta(days=1), time(), timezone).timestamp()
        end = min(until, midnight)
        yield day, end - since
        since = end
