"""Volunteers and their teams by skill; points 道德银行 for what they did, in a ledger that is only ever added to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lookout_server.errors import ConflictError, InvalidError

MOST_POINTS = 1000


@dataclass(frozen=True, kw_only=True)
class Volunteer:
    """Somebody who helps in a grid. They have no account: the control room and workers look after the list."""

    id: str
    name: str
    grid: str
    skills: frozenset[str]
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class Points:
    """A line of the ledger: given for something (above 0), or spent on something (below)."""

    id: str
    volunteer: str
    points: int
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Team:
    """Everybody active with a skill."""

    skill: str
    members: Sequence[Volunteer]


def teams(volunteers: Iterable[Volunteer]) -> tuple[Team, ...]:
    """A team for each skill that somebody has, the largest first; who can do two things is in two."""
    active = [each for each in volunteers if each.active]
    skills = sorted({skill for each in active for skill in each.skills})
    found = [Team(skill=skill, members=[each for each in active if skill in each.skills]) for skill in skills]
    return tuple(sorted(found, key=lambda team: (-len(team.members), team.skill)))


def checked(entry: Points, balance: int) -> Points:
    """The line, or InvalidError; ConflictError when more is spent than there is."""
    if entry.points == 0 or abs(entry.points) > MOST_POINTS:
        raise InvalidError(f"a line gives or takes 1 to {MOST_POINTS} points")
    if balance + entry.points < 0:
        raise ConflictError(f"there are {balance} points: no more can be spent", balance=balance)
    return entry
