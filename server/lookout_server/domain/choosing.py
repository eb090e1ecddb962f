"""Choosing who goes: the ladder from the grid to the district, with the reasons for and against each person."""

from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from lookout_contract.events import Scenario
from lookout_server.domain.case import Case
from lookout_server.domain.roster import Duty
from lookout_server.domain.territory import Level, Person
from lookout_server.domain.wording import DUTIES, LEVELS, REASONS, Words

#: Rungs of the ladder that are told one after the other, the nearest first.
LADDER = (Level.GRID, Level.COMMUNITY, Level.STREET, Level.DISTRICT)

#: Whoever looks after the very building goes before the grid.
_NEARNESS = (Level.BUILDING, *LADDER)

#: More cases in hand than this, and the next ones go to somebody else.
MOST_IN_HAND = 5
#: Farther away than this somebody is not at their post, whatever the roster says.
TOO_FAR_M = 3000.0
#: Whoever was on duty for longer within a day rests first.
LONGEST_WORKED = timedelta(hours=12)
#: Edges of the bands: there in a few minutes on foot, in a quarter of an hour, farther.
_NEAR_M = (300.0, 1000.0)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A stable code and its words."""

    code: str
    words: Words


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a person with regard to a case."""

    #: Their rung of the ladder for the case's grid; None when they work elsewhere.
    level: Level | None
    duty: Duty
    #: Cases in hand.
    load: int
    #: They gave this case back.
    returned: bool
    #: They were sent and did not answer.
    silent: bool
    #: How far they are, metres; None when they do not share it, or nobody knows where the case is.
    away_m: float | None = None
    #: On duty within the last day.
    worked: timedelta = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A person; ``fit`` when nothing speaks against them."""

    person: Person
    level: Level | None
    reasons: tuple[Reason, ...]
    why_not: tuple[Reason, ...]
    load: int
    away_m: float | None = None

    @property
    def fit(self) -> bool:
        """Whether they may be chosen without a second thought."""
        return not self.why_not

    @property
    def order(self) -> tuple[bool, int, int, int, str, str]:
        """The fittest first: then the nearest rung, then who is near, then few cases in hand, then by name."""
        rung = _NEARNESS.index(self.level) if self.level else len(_NEARNESS)
        return (not self.fit, rung, self._band, self.load, self.person.name, self.person.id)

    @property
    def _band(self) -> int:
        """Who does not share where they are is neither preferred nor put last for it."""
        return 1 if self.away_m is None else bisect(_NEAR_M, self.away_m)


def judge(person: Person, case: Case, facts: Facts, *, place: str, skills: Mapping[Scenario, str]) -> Candidate:
    """The person as a candidate; ``place`` is the name of the case's grid, ``skills`` what kinds of case ask for."""
    reasons: list[Reason] = []
    why_not: list[Reason] = []
    if case.grid is None:
        why_not.append(_reason("no_grid"))
    elif facts.level is None:
        why_not.append(_reason("not_in_grid"))
    elif facts.level is Level.GRID:
        reasons.append(_reason("in_grid", grid=place))
    else:
        reasons.append(Reason(code="in_territory", words=LEVELS[facts.level]))
    duty = Reason(code=f"duty_{facts.duty.value}", words=DUTIES[facts.duty])
    (reasons if facts.duty in {Duty.ON, Duty.UNROSTERED} else why_not).append(duty)
    skill = skills.get(case.scenario) if case.scenario else None
    if skill is not None:
        fits = skill in person.skills
        (reasons if fits else why_not).append(_reason("skill" if fits else "no_skill", skill=skill))
    if facts.away_m is not None:
        too_far = facts.away_m > TOO_FAR_M
        (why_not if too_far else reasons).append(_reason("far" if too_far else "near", metres=_rounded(facts.away_m)))
    if facts.worked > LONGEST_WORKED:
        why_not.append(_reason("tired", hours=facts.worked // timedelta(hours=1)))
    load = _reason("load", count=facts.load)
    reasons.append(load)
    if facts.load >= MOST_IN_HAND:
        why_not.append(_reason("overloaded", count=facts.load))
    why_not += [_reason(code) for code, so in _against(person, facts).items() if so]
    return Candidate(
        person=person,
        level=facts.level,
        reasons=tuple(reasons),
        why_not=tuple(why_not),
        load=facts.load,
        away_m=facts.away_m,
    )


def _rounded(metres: float) -> int:
    """To 50 m below a kilometre and 100 m above: a position is not told more exactly than it helps."""
    step = 50 if metres < 1000 else 100
    return max(step, round(metres / step) * step)


def _against(person: Person, facts: Facts) -> dict[str, bool]:
    return {"no_consent": not person.willing, "returned": facts.returned, "silent": facts.silent}


def _reason(code: str, **values: object) -> Reason:
    return Reason(code=code, words=REASONS[code].fill(**values))
