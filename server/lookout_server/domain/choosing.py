"""Choosing who goes: the ladder from the grid to the district, with the reasons for and against each person."""

from collections.abc import Mapping
from dataclasses import dataclass

from lookout_contract.events import Scenario
from lookout_server.domain.case import Case
from lookout_server.domain.roster import Duty
from lookout_server.domain.territory import Level, Person
from lookout_server.domain.wording import DUTIES, LEVELS, REASONS, Words

#: Rungs of the ladder, the nearest first.
LADDER = (Level.GRID, Level.COMMUNITY, Level.STREET, Level.DISTRICT)

#: More cases in hand than this, and the next ones go to somebody else.
MOST_IN_HAND = 5


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


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A person; ``fit`` when nothing speaks against them."""

    person: Person
    level: Level | None
    reasons: tuple[Reason, ...]
    why_not: tuple[Reason, ...]
    load: int

    @property
    def fit(self) -> bool:
        """Whether they may be chosen without a second thought."""
        return not self.why_not

    @property
    def order(self) -> tuple[bool, int, int, str, str]:
        """The fittest first: then the nearest rung, then few cases in hand, then by name."""
        rung = LADDER.index(self.level) if self.level else len(LADDER)
        return (not self.fit, rung, self.load, self.person.name, self.person.id)


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
    load = _reason("load", count=facts.load)
    reasons.append(load)
    if facts.load >= MOST_IN_HAND:
        why_not.append(_reason("overloaded", count=facts.load))
    why_not += [_reason(code) for code, so in _against(person, facts).items() if so]
    return Candidate(person=person, level=facts.level, reasons=tuple(reasons), why_not=tuple(why_not), load=facts.load)


def _against(person: Person, facts: Facts) -> dict[str, bool]:
    return {"no_consent": not person.willing, "returned": facts.returned, "silent": facts.silent}


def _reason(code: str, **values: object) -> Reason:
    return Reason(code=code, words=REASONS[code].fill(**values))
