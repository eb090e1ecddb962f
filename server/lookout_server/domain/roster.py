"""Who is on duty: shifts, surge posts, rest and leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lookout_server.errors import InvalidError

#: No shift is longer.
LONGEST = timedelta(days=92)


class ShiftKind(StrEnum):
    """What a span of the roster is."""

    DUTY = "duty"
    #: A post beside the usual ones, for days on which everybody is needed.
    SURGE = "surge"
    REST = "rest"
    LEAVE = "leave"


class Duty(StrEnum):
    """How a person stands with the roster now."""

    ON = "on"
    OFF = "off"
    REST = "rest"
    LEAVE = "leave"
    #: No shift of theirs is known: nobody said that they do not work.
    UNROSTERED = "unrostered"


@dataclass(frozen=True, kw_only=True)
class Shift:
    """A span of a person's roster, from ``starts_at`` until, not including, ``ends_at``; UTC."""

    id: str
    person: str
    kind: ShiftKind
    starts_at: datetime
    ends_at: datetime
    note: str | None = None

    def holds(self, at: datetime) -> bool:
        """Whether the moment lies in it."""
        return self.starts_at <= at < self.ends_at


def duty(shifts: Sequence[Shift], at: datetime) -> Duty:
    """How somebody with these shifts stands: leave beats rest, rest beats duty."""
    now = {shift.kind for shift in shifts if shift.holds(at)}
    if ShiftKind.LEAVE in now:
        return Duty.LEAVE
    if ShiftKind.REST in now:
        return Duty.REST
    if now:
        return Duty.ON
    rostered = any(shift.kind in {ShiftKind.DUTY, ShiftKind.SURGE} for shift in shifts)
    return Duty.OFF if rostered else Duty.UNROSTERED


def worked(shifts: Sequence[Shift], at: datetime) -> timedelta:
    """For how long somebody was on duty within the 24 hours before; spans that overlap count once."""
    since, until = at - timedelta(days=1), at
    spans = sorted(
        (max(shift.starts_at, since), min(shift.ends_at, until))
        for shift in shifts
        if shift.kind in {ShiftKind.DUTY, ShiftKind.SURGE} and shift.ends_at > since and shift.starts_at < until
    )
    total, reached = timedelta(0), since
    for start, end in spans:
        total += max(timedelta(0), end - max(start, reached))
        reached = max(reached, end)
    return total


def checked(shift: Shift) -> Shift:
    """The shift, or InvalidError that says what is wrong with it."""
    if not timedelta(0) < shift.ends_at - shift.starts_at <= LONGEST:
        raise InvalidError(f"shift {shift.id} ends after it starts, and within three months")
    return shift
