"""Registered vehicles 登记车辆: residents' own, and passes for a while; gateways hold copies of the list."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from lookout_contract.commands import Resident
from lookout_server.errors import InvalidError

#: What brokers hand on of a list, in bytes: a command's limit, less what stands around the vehicles.
MOST_BYTES: Final = 999_000
#: People who edit take their time: the list leaves once nobody has changed it for so long …
QUIET: Final = timedelta(seconds=10)
#: … and after so long all the same.
LONGEST_WAIT: Final = timedelta(seconds=60)
#: As in the contract.
_SHORTEST_PLATE: Final = 2
_LONGEST_PLATE: Final = 12
LONGEST_NOTE: Final = 100
#: For how many days a pass for a week is good beyond today.
_WEEK_DAYS: Final = 7

#: What the id of a pass, which all have 22 characters, takes in a command.
_ID_BYTES: Final = len(',"id":""') + 22

_BETWEEN = re.compile(r"[\s·•.\-]")


class Period(StrEnum):
    """For how long somebody lets a vehicle in that an alarm is about."""

    TONIGHT = "tonight"
    WEEK = "week"
    RESIDENT = "resident"


class Holding(StrEnum):
    """How a gateway stands with the site's list."""

    CURRENT = "current"
    #: It was sent, and has not answered.
    SENT = "sent"
    #: It is to be sent: in a moment, or when the gateway is back.
    WAITING = "waiting"
    #: It was sent, and the gateway could not take it or did not answer in time.
    FAILED = "failed"
    #: It was sent another list since, which holds until the site's changes.
    OWN = "own"


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What is said of a vehicle. A plate may have several passes; to gateways those that begin at one time are one."""

    plate: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    #: Cameras at which it counts; empty: all.
    cameras: tuple[str, ...] = ()
    #: Visits for which it is good, which gateways count; None: any number.
    uses: int | None = None
    #: Whose it is, such as 3号楼502.
    note: str = ""

    @property
    def resident(self) -> Resident:
        """As gateways hear of it, who are not told whose it is."""
        return Resident(
            plate=self.plate,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            cameras=self.cameras,
            uses=self.uses,
        )

    def is_pass(self, other: "Listed") -> bool:
        """Whether it is the same pass to gateways, which go on counting its visits then."""
        return (self.plate, self.valid_from) == (other.plate, other.valid_from)

    @cached_property
    def size(self) -> int:
        """Bytes that it takes in a command, with the comma behind it."""
        return len(self.resident.to_json()) + 1 + (_ID_BYTES if self.uses is not None else 0)

    def is_over(self, at: datetime) -> bool:
        """Whether it has run out; such are not sent."""
        return self.valid_until is not None and self.valid_until <= at


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What a table says. ``has_notes``: whether it says whose they are; if not, that stays as it is."""

    vehicles: tuple[Listed, ...] = ()
    has_notes: bool = False


@dataclass(frozen=True, kw_only=True)
class Vehicle:
    """A registered vehicle. ``registered_by``: a person's id, None for whoever runs the machine.

    ``visits``: gateway → how often it was used there, as far as gateways have told. Each counts for itself, so one that
    is good for three visits is so at each, and a visit that two of them see is two.
    """

    id: str
    listed: Listed
    registered_by: str | None
    registered_at: datetime
    visits: Mapping[str, int] = field(default_factory=dict[str, int], hash=False)

    @property
    def resident(self) -> Resident:
        """As gateways hear of it: with its id where they are to tell how often it was used."""
        said = self.listed.resident
        return said if said.uses is None else said.model_copy(update={"id": self.id})


@dataclass(frozen=True, kw_only=True)
class ListState:
    """Where the site's list stands. ``version``: 0 until somebody changes it here for the first time."""

    version: int = 0
    changed_at: datetime | None = None
    #: Since when gateways wait for what changed; None: they have been sent it.
    waiting_since: datetime | None = None

    @property
    def is_kept_here(self) -> bool:
        """Whether the list is kept here; until then it is no more than what gateways were sent."""
        return self.version > 0

    def changed(self, at: datetime) -> "ListState":
        """After a change."""
        return ListState(version=self.version + 1, changed_at=at, waiting_since=self.waiting_since or at)

    def sent(self) -> "ListState":
        """Once nobody waits any more."""
        return replace(self, waiting_since=None)

    def due_at(self, at: datetime) -> datetime:
        """When it is to leave if nobody changes it again."""
        return min(at + QUIET, (self.waiting_since or at) + LONGEST_WAIT)


@dataclass(frozen=True, kw_only=True)
class Handed:
    """The list that a gateway was sent last as the site's: its version, and the command."""

    version: int
    command: str


@dataclass(frozen=True, kw_only=True)
class WrittenList:
    """The site's list as commands carry it: its version, and the vehicles in JSON with commas between them."""

    version: int
    vehicles: bytes
    #: When the first of them runs out; None: never.
    until: datetime | None

    def is_it(self, state: ListState, at: datetime) -> bool:
        """Whether this is what is to be sent now."""
        return self.version == state.version and (self.until is None or at < self.until)


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a table makes of the list: a vehicle as it is ``before`` and ``after``; None: there is none."""

    before: Vehicle | None
    after: Listed | None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A table beside the list."""

    changes: tuple[Change, ...] = ()
    #: Vehicles that are in both, and alike.
    same: int = 0
    #: Vehicles of the list that are not in the table.
    others: tuple[Vehicle, ...] = field(default=(), repr=False)

    def count(self, *, before: bool, after: bool) -> int:
        """Changes of a kind: new ones have no before, removed ones no after."""
        return sum((each.before is not None, each.after is not None) == (before, after) for each in self.changes)


def normal_plate(text: str) -> str:
    """The plate as gateways read it: capitals without what people write between them, wide characters made narrow."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text)).upper()


def checked(listed: Listed) -> Listed:
    """It, or InvalidError that says what is wrong."""
    if not _SHORTEST_PLATE <= len(listed.plate) <= _LONGEST_PLATE:
        raise InvalidError(f"a plate has {_SHORTEST_PLATE} to {_LONGEST_PLATE} characters: mend {listed.plate!r}")
    if listed.valid_from is not None and listed.valid_until is not None and listed.valid_until <= listed.valid_from:
        raise InvalidError("a pass ends after it begins: mend valid_from or valid_until")
    if len(listed.note) > LONGEST_NOTE:
        raise InvalidError(f"a note has {LONGEST_NOTE} characters at most: leave out what nobody needs at the gate")
    return listed


def ends_at(period: Period, zone: ZoneInfo, at: datetime) -> datetime | None:
    """When a pass that is given now runs out: at midnight by the site's clock; a resident's never does."""
    if period is Period.RESIDENT:
        return None
    days = 1 if period is Period.TONIGHT else 1 + _WEEK_DAYS
    day = at.astimezone(zone).date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def compared(held: Iterable[Vehicle], table: Sequence[Listed], *, complete: bool) -> Comparison:
    """What a table changes. ``complete``: what it does not name goes; otherwise it stays.

    A vehicle of the table is the one of the list that is just so, else one of the same plate and beginning, which are
    one pass to gateways, too.
    """
    free: dict[Listed, list[Vehicle]] = {}
    for vehicle in held:
        free.setdefault(vehicle.listed, []).append(vehicle)
    fresh: list[Listed] = []
    same = 0
    for listed in table:
        if free.get(listed):
            free[listed].pop(0)
            same += 1
        else:
            fresh.append(listed)
    by_pass: dict[tuple[str, datetime | None], list[Vehicle]] = {}
    for vehicle in (each for left in free.values() for each in left):
        by_pass.setdefault((vehicle.listed.plate, vehicle.listed.valid_from), []).append(vehicle)
    changes: list[Change] = []
    for listed in fresh:
        likely = by_pass.get((listed.plate, listed.valid_from))
        changes.append(Change(before=likely.pop(0) if likely else None, after=listed))
    others = tuple(vehicle for left in by_pass.values() for vehicle in left)
    if complete:
        changes += [Change(before=vehicle, after=None) for vehicle in others]
    return Comparison(changes=tuple(changes), same=same, others=() if complete else others)


def together(lists: Iterable[Sequence[Resident]]) -> tuple[Listed, ...]:
    """Every vehicle that is in one of the lists, once."""
    found = (
        Listed(
            plate=each.plate,
            valid_from=each.valid_from,
            valid_until=each.valid_until,
            cameras=each.cameras,
            uses=each.uses,
        )
        for residents in lists
        for each in residents
    )
    return tuple(dict.fromkeys(found))
