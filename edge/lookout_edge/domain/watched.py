"""How much of a day's time for signs of life was watched: what a restart must not make a rule forget."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WatchedDay:
    """What was seen of one day; times are frame times."""

    #: Start of the time that counts.
    begins_at: float
    #: Seconds of it that were watched.
    watched_s: float = 0.0
    #: Last sign of life in it.
    alive_at: float | None = None


class WatchedDays(Protocol):
    """Remembers the newest day of each care rule, by a name that no other rule of its camera has."""

    def last(self, rule: str) -> WatchedDay | None:
        """What was kept last under a name."""
        ...

    def keep(self, rule: str, day: WatchedDay) -> None:
        """Remember ``day``. Called at every look; raises nothing."""
        ...


class Unremembered:
    """``WatchedDays`` of replays and trials, which begin anew each time."""

    def last(self, rule: str) -> WatchedDay | None:
        """See ``WatchedDays``."""
        return None

    def keep(self, rule: str, day: WatchedDay) -> None:
        """See ``WatchedDays``."""


@dataclass(frozen=True, slots=True)
class AtCamera:
    """The days of one camera's rules among those of all."""

    camera: str
    days: WatchedDays

    def last(self, rule: str) -> WatchedDay | None:
        """See ``WatchedDays``."""
        return self.days.last(f"{self.camera}/{rule}")

    def keep(self, rule: str, day: WatchedDay) -> None:
        """See ``WatchedDays``."""
        self.days.keep(f"{self.camera}/{rule}", day)
