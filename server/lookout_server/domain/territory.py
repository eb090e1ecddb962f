"""Places and people: which grid a camera looks at and who belongs to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from lookout_contract.status import CameraReport, Coverage, ProposalReport, ShadowReport, Sight
from lookout_server.domain.policy import Policy, PolicyInForce
from lookout_server.domain.whereabouts import Spot


class Level(StrEnum):
    """Levels of the territory, widest first."""

    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"
    BUILDING = "building"


_DEPTH = {level: depth for depth, level in enumerate(Level)}


class Role(StrEnum):
    """What a person may do."""

    OPERATOR = "operator"
    WORKER = "worker"
    #: 联户长: looks after a few households of a grid.
    HOUSEHOLD_HEAD = "household_head"
    #: The duty desk of a department that can be called to a case (吹哨).
    DEPARTMENT = "department"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    #: Reads the audit log, and nothing else.
    AUDITOR = "auditor"
    #: Cleared for 重点人群, beside another role: care alarms and cases are shown to nobody else.
    CARE = "care"


#: Who can be sent.
FIELD = frozenset({Role.WORKER, Role.HOUSEHOLD_HEAD})
#: Roles of the control room: they see what is in their places, and decide.
CONTROL_ROOM = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN})


@dataclass(frozen=True, kw_only=True)
class Mirrors:
    """Which other systems are told of alarms in their own language."""

    frigate: bool = False
    home_assistant: bool = False


@dataclass(frozen=True, kw_only=True)
class Site:
    """The estate this dispatcher serves."""

    id: str
    name: str
    #: IANA name; days of case numbers and wall times follow it.
    timezone: str
    #: What the site has decided; its calendar is in the same time zone.
    in_force: PolicyInForce = field(default_factory=PolicyInForce, compare=False)
    mirrors: Mirrors = Mirrors()

    @property
    def policy(self) -> Policy:
        """The one that holds now; another one may a moment later."""
        return self.in_force.policy


@dataclass(frozen=True, kw_only=True)
class Territory:
    """A district, street, community, grid or building."""

    id: str
    name: str
    level: Level
    parent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Person:
    """An account: somebody who can sign in."""

    id: str
    username: str
    name: str
    roles: frozenset[Role]
    #: Ids of the places the person works in: grids, what is above them, or single buildings.
    grids: frozenset[str] = frozenset()
    language: str = "zh-CN"
    skills: frozenset[str] = frozenset()
    #: Whether the person has agreed to be sent.
    willing: bool = True
    #: The account is disabled: no way in, and nobody is sent.
    barred: bool = False

    @cached_property
    def in_control_room(self) -> bool:
        """Whether the person decides, rather than goes."""
        return bool(self.roles & CONTROL_ROOM)


@dataclass(frozen=True, kw_only=True)
class CameraKey:
    """Camera ids are unique within their gateway only."""

    gateway: str
    id: str

    @property
    def path(self) -> str:
        """``GATEWAY/CAMERA``."""
        return f"{self.gateway}/{self.id}"


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A camera, as far as the dispatcher knows it. ``grid`` is None while nobody has placed it."""

    key: CameraKey
    name: str
    grid: str | None = None
    #: The building of that grid in which it hangs; None: outdoors, or nobody has said.
    building: str | None = None
    #: Where it hangs; None while nobody has said.
    spot: Spot | None = None
    state: Sight | None = None
    #: Reason code and sentence while blind or off.
    reason: str | None = None
    detail: str | None = None
    since: datetime | None = None
    #: When the dispatcher that took it got this word.
    heard_at: datetime | None = None
    last_alarm_at: datetime | None = None


#: Less is nobody's concern: the way of a heartbeat, and of what waited at a broker, is in it.
WRONG_CLOCK_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """A gateway's last word about itself, and what the dispatcher counted."""

    id: str
    online: bool = False
    #: False when it only ever spoke through the broker and no credential was issued here.
    registered: bool = False
    version: str | None = None
    epoch: str | None = None
    last_seen_at: datetime | None = None
    #: Events and evidence files waiting on its disk; None when never told.
    spool_events: int | None = None
    spool_evidence: int | None = None
    spool_oldest_s: float | None = None
    clock_skew_s: float | None = None
    last_sequence: int = 0
    #: Scenario → events that it gave up for want of room or for their age.
    dropped: Mapping[str, int] = field(default_factory=dict[str, int])
    #: Pictures and clips that it gave up for want of room before the dispatcher had them, since its start.
    evidence_dropped: int = 0
    #: Id → what it proposes to leave out, as far as it waits for a word or is in force.
    proposals: Mapping[str, ProposalReport] = field(default_factory=dict[str, ProposalReport])
    #: Camera → for how long it was watched on its newest day.
    coverage: Mapping[str, Coverage] = field(default_factory=dict[str, Coverage])
    #: Name → what a candidate that runs beside its rules has come to.
    shadows: Mapping[str, ShadowReport] = field(default_factory=dict[str, ShadowReport])
    #: Scenario → looks that it left out because it was too busy, since its start.
    shed: Mapping[str, int] = field(default_factory=dict[str, int])
    #: Camera → how its stream is doing; without its coverage.
    streams: Mapping[str, CameraReport] = field(default_factory=dict[str, CameraReport])
    #: Its clock minus the dispatcher's at its last word, seconds; with the way of that word in it.
    clock_offset_s: float | None = None
    #: The epoch that spoke before this one. When it speaks again, two boxes go by this name, or a disk was copied.
    earlier_epoch: str | None = None
    #: When that was seen last.
    rival_at: datetime | None = None

    @property
    def clock_is_wrong(self) -> bool:
        """So far off that what it dates misleads people."""
        return self.clock_offset_s is not None and abs(self.clock_offset_s) >= WRONG_CLOCK_S


def path_up(grid: str | None, places: Mapping[str, Territory]) -> tuple[Territory, ...]:
    """The grid and what is above it, the nearest first."""
    found: list[Territory] = []
    here = places.get(grid or "")
    while here is not None and here not in found:
        found.append(here)
        here = places.get(here.parent or "")
    return tuple(found)


@dataclass(frozen=True)
class Misplaced:
    """What is wrong with where a place lies. ``code``: unknown_place or wrong_level."""

    code: str
    text: str


def misplaced(place: Territory, places: Mapping[str, Territory]) -> Misplaced | None:
    """None when it lies in something wider, and a building in a grid."""
    above = places.get(place.parent or "")
    if place.parent is not None and above is None:
        return Misplaced("unknown_place", f"there is no place {place.parent!r}: bring it in too, or mend the id")
    if place.level is Level.BUILDING and (above is None or above.level is not Level.GRID):
        return Misplaced("wrong_level", "a building lies in a grid: name one as its parent")
    if above is not None and _DEPTH[above.level] >= _DEPTH[place.level]:
        text = f"a {place.level} is not part of a {above.level}: name a wider place as its parent"
        return Misplaced("wrong_level", text)
    return None


def nearest_level(person: Person, path: Sequence[Territory]) -> Level | None:
    """The nearest place on the path in which the person works."""
    return next((place.level for place in path if place.id in person.grids), None)


#: What people sign in with.
USERNAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,62}$"


def person_id(username: str) -> str:
    """The id of an account; usernames never change and are never given again."""
    return f"u-{username}"
