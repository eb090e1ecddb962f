"""Rotations: a pattern of days that people go through one after the other, made into shifts of the roster.

``early early late late night night rest rest`` with eight people, each a day behind the one before, is a round of three
watches; ``day day rest rest`` with two pairs is two on, two off.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from lookout_server.domain.roster import Shift, ShiftKind
from lookout_server.domain.wording import ROTATION_WARNINGS, Words
from lookout_server.errors import InvalidError

#: What a day of the pattern may be called beside the posts: a day of rest, and one of which nothing is said.
REST, FREE = "rest", "free"
LONGEST_DAYS = 92
#: Between two shifts of one person (EU directive 2003/88, article 3, asks the same).
LEAST_REST = timedelta(hours=11)
#: Gaps and warnings that a preview tells of; more help nobody.
_MOST_TOLD = 200
_Between = tuple[datetime, datetime]
_AWAY = frozenset({ShiftKind.REST, ShiftKind.LEAVE})


@dataclass(frozen=True, kw_only=True)
class Post:
    """A watch of the day by the site's clock; one that ends no later than it begins ends on the next day."""

    begins: time
    ends: time
    kind: ShiftKind = ShiftKind.DUTY


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """Who goes through which pattern, from when, for how long. Days are the site's."""

    name: str
    first: date
    days: int
    pattern: tuple[str, ...]
    posts: Mapping[str, Post]
    #: Person and how many days they are behind the pattern; on the first day they stand ``-offset`` days into it.
    people: tuple[tuple[str, int], ...]

    @property
    def prefix(self) -> str:
        """How the ids of its shifts begin."""
        return f"r-{self.name}-"


@dataclass(frozen=True, kw_only=True)
class Warned:
    """Something that a supervisor should look at before it is so."""

    code: str
    person: str
    at: datetime
    words: Words


def shifts(rotation: Rotation, timezone: str) -> list[Shift]:
    """The shifts, by person and day; the same rotation gives the same ids. InvalidError when it makes no sense.

    A day of rest begins when the watch before it has ended, so that a night is not cut short by it.
    """
    _check(rotation)
    zone = ZoneInfo(timezone)
    found: list[Shift] = []
    for person, offset in rotation.people:
        ended: datetime | None = None
        for day in range(rotation.days):
            name = rotation.pattern[(day - offset) % len(rotation.pattern)]
            if name == FREE:
                continue
            on = rotation.first + timedelta(days=day)
            start, end, kind = _span(rotation, name, on, zone)
            start = max(start, ended) if name == REST and ended else start
            if name != REST:
                ended = end
            if start < end:
                found.append(
                    Shift(
                        id=_id(rotation, person, on), person=person, kind=kind, starts_at=start, ends_at=end, note=name
                    )
                )
    return found


def warnings(made: Sequence[Shift], others: Sequence[Shift]) -> list[Warned]:
    """Short rests between the shifts made, and shifts that ``others`` (leave, other posts) of the same people meet."""
    found: list[Warned] = []
    for person in dict.fromkeys(shift.person for shift in made):
        own = [shift for shift in made if shift.person == person and shift.kind not in _AWAY]
        known = [shift for shift in others if shift.person == person]
        for before, shift in pairwise(own):
            if shift.starts_at - before.ends_at < LEAST_REST:
                hours = max(0, (shift.starts_at - before.ends_at) // timedelta(hours=1))
                found.append(_warned("short_rest", shift, hours=hours))
        for shift in own:
            met = [each for each in known if each.starts_at < shift.ends_at and shift.starts_at < each.ends_at]
            if any(each.kind in _AWAY for each in met):
                found.append(_warned("on_leave", shift))
            elif met:
                found.append(_warned("twice", shift))
    return sorted(found, key=lambda each: (each.at, each.person))[:_MOST_TOLD]


def uncovered(made: Sequence[Shift], others: Sequence[Shift]) -> list[_Between]:
    """Spans, from the first shift's start to the last one's end, in which none of the rotation's people is on duty."""
    on: list[_Between] = []
    for person in {shift.person for shift in made}:
        held = [shift for shift in (*made, *others) if shift.person == person]
        away = sorted((each.starts_at, each.ends_at) for each in held if each.kind in _AWAY)
        for shift in held:
            on += _left((shift.starts_at, shift.ends_at), away) if shift.kind not in _AWAY else []
    working = [shift for shift in made if shift.kind not in _AWAY]
    if not working:
        return []
    reached, last = min(shift.starts_at for shift in working), max(shift.ends_at for shift in working)
    gaps: list[_Between] = []
    for start, end in [*sorted(on), (last, last)]:
        if start > reached and reached < last:
            gaps.append((reached, min(start, last)))
        reached = max(reached, end)
    return gaps[:_MOST_TOLD]


def _left(span: _Between, away: Sequence[_Between]) -> list[_Between]:
    """What of a span is left by spans (ascending) that are taken out of it."""
    start, end = span
    found: list[_Between] = []
    for first, last in away:
        if last <= start or first >= end:
            continue
        if first > start:
            found.append((start, first))
        start = max(start, last)
    return [*found, (start, end)] if start < end else found


def _check(rotation: Rotation) -> None:
    if not 0 < rotation.days <= LONGEST_DAYS:
        raise InvalidError(f"a rotation is made for 1 to {LONGEST_DAYS} days at a time")
    if REST in rotation.posts or FREE in rotation.posts:
        raise InvalidError(f"'{REST}' and '{FREE}' are no posts: give these others names")
    unknown = sorted(set(rotation.pattern) - set(rotation.posts) - {REST, FREE})
    if unknown or not rotation.pattern:
        known = ", ".join([*rotation.posts, REST, FREE])
        raise InvalidError(f"the pattern names {', '.join(unknown) or 'nothing'}: known are {known}")
    names = [person for person, _ in rotation.people]
    if not names or len(set(names)) < len(names):
        raise InvalidError("name the people of the rotation, each once")


def _span(rotation: Rotation, name: str, on: date, zone: ZoneInfo) -> tuple[datetime, datetime, ShiftKind]:
    """In UTC."""
    post = Post(begins=time(0), ends=time(0), kind=ShiftKind.REST) if name == REST else rotation.posts[name]
    last = on if post.ends > post.begins else on + timedelta(days=1)
    utc = ZoneInfo("UTC")
    start = datetime.combine(on, post.begins, zone).astimezone(utc)
    return start, datetime.combine(last, post.ends, zone).astimezone(utc), post.kind


def _id(rotation: Rotation, person: str, on: date) -> str:
    """Of the person only a hash: names may be longer than ids."""
    digest = hashlib.sha256(person.encode()).hexdigest()[:10]
    return f"{rotation.prefix}{digest}-{on:%Y%m%d}"


def _warned(code: str, shift: Shift, **values: object) -> Warned:
    words = ROTATION_WARNINGS[code].fill(post=shift.note or "", **values)
    return Warned(code=code, person=shift.person, at=shift.starts_at, words=words)


def differences(made: Sequence[Shift], held: Sequence[Shift]) -> Iterator[tuple[str, Shift]]:
    """What has to be done so that the ``held`` shifts of a rotation become the ones made: created, updated, removed."""
    known = {shift.id: shift for shift in held}
    wanted = {shift.id for shift in made}
    for shift in made:
        if shift.id not in known:
            yield "created", shift
        elif known[shift.id] != shift:
            yield "updated", shift
    for shift in held:
        if shift.id not in wanted:
            yield "removed", shift
