"""From verdicts to proposals: what was wrongly taken for an alarm again and again may be left out for a while.

Nothing is applied by itself: a proposal says what it would have spared and what it would have missed, and waits for an
operator. False alarms at one place ask to leave the place out; such as come everywhere, of which the model was less
sure than of the real ones, ask for a higher threshold. Fire is never silenced: an accepted proposal only slows what
neither flickers nor grows, for a day, and its threshold is never asked for.
"""

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from lookout_contract.base import Identifier
from lookout_contract.commands import Verdict
from lookout_contract.events import Scenario
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.labels import label_group
from lookout_edge.domain.memory import Kind, Note
from lookout_edge.domain.suppression import Suppression

#: False alarms about one kind of thing at one place that make a proposal.
FALSE_NEEDED = 3
#: False alarms about one kind of thing anywhere at a camera that may ask for a higher threshold.
FALSE_ANYWHERE = 5
#: A threshold may rise to this above the one in force, and stays so far below the doubtfullest real alarm.
MOST_RISE, BELOW_REAL = 0.2, 0.02
#: Never raised by a proposal: what must not be missed for a low score.
_FIXED = frozenset({Scenario.FIRE_SMOKE, Scenario.CARE})
_WHOLE = (0.0, 0.0, 1.0, 1.0)
#: How long an accepted suppression holds, seconds: two weeks, and a day for fire.
KEEP_S, KEEP_FIRE_S = 14 * 86_400.0, 86_400.0
#: Overlap of two boxes at the same place.
_SAME_PLACE = 0.3


class Decision(StrEnum):
    """How a proposal stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class LeftOut(BaseModel):
    """An alarm that a proposal would have left out."""

    model_config = ConfigDict(frozen=True)

    occurrence: str
    at: float
    verdict: Verdict | None = None


class Question(NamedTuple):
    """What a proposal asks: to leave out a kind of thing at a place, or to raise the threshold for it."""

    camera: Identifier
    scenario: Scenario
    zone: str | None
    group: str
    is_threshold: bool
    box: tuple[float, float, float, float]

    def repeats(self, earlier: "Question") -> bool:
        """Whether it asks what ``earlier`` has asked."""
        return self.is_like(earlier) and Box(*self.box).iou(Box(*earlier.box)) >= _SAME_PLACE

    def is_like(self, earlier: "Question") -> bool:
        """Whether it asks the same, here or elsewhere in the picture."""
        return self[:-1] == earlier[:-1]


class Proposal(BaseModel):
    """A scoped, expiring suppression or threshold that an operator may accept. Times are seconds since 1970 UTC."""

    model_config = ConfigDict(frozen=True)

    id: str
    camera: Identifier
    scenario: Scenario
    zone: str | None
    group: str
    box: tuple[float, float, float, float]
    made_at: float
    #: The false alarms it comes from.
    occurrences: tuple[str, ...]
    #: Alarms of the last week that it would have left out: those judged false or a duplicate, not judged, judged real.
    spared: int
    unjudged: int
    missed: int
    #: When it was tried on these, and on how many alarms of its kind at its camera; None: an older version did not say.
    tried_at: float | None = None
    tried_on: int | None = None
    #: Only what the model is less sure of than this, on the whole; None: everything there.
    least_score: float | None = None
    #: The alarms of the last week behind these numbers, oldest first.
    left_out: tuple[LeftOut, ...] = ()
    decision: Decision = Decision.OPEN
    decided_by: str | None = None
    decided_at: float | None = None
    until: float | None = None

    @property
    def was_left_out(self) -> frozenset[str]:
        """The occurrences behind its numbers."""
        return frozenset(each.occurrence for each in self.left_out)

    @property
    def question(self) -> Question:
        """What it asks, the place to a thousandth of the picture."""
        x1, y1, x2, y2 = (round(value, 3) for value in self.box)
        is_threshold = self.least_score is not None
        return Question(self.camera, self.scenario, self.zone, self.group, is_threshold, (x1, y1, x2, y2))

    def as_suppression(self, since: float, until: float) -> Suppression:
        """What it would leave out from ``since`` to ``until``."""
        return Suppression(
            id=self.id,
            camera=self.camera,
            scenario=self.scenario,
            box=Box(*self.box),
            group=self.group,
            since=since,
            until=until,
            least_score=self.least_score,
        )

    def repeats(self, earlier: "Proposal") -> bool:
        """Whether it asks what ``earlier`` has asked: about alarms of the same kind in the same place, or to raise the
        same threshold; not once that has been agreed to and there was another false alarm after it ran out."""
        until = earlier.until
        if until is not None and any(each.verdict is Verdict.FALSE and each.at >= until for each in self.left_out):
            return False
        mine, its = self.question, earlier.question
        return mine.repeats(its) or (mine.is_like(its) and bool(set(self.occurrences) & set(earlier.occurrences)))

    def decided(self, decision: Decision, by: str, at: float) -> "Proposal":
        """The proposal after an operator's word."""
        keep_s = KEEP_FIRE_S if self.scenario is Scenario.FIRE_SMOKE else KEEP_S
        until = at + keep_s if decision is Decision.ACCEPTED else None
        return self.model_copy(update={"decision": decision, "decided_by": by, "decided_at": at, "until": until})


def propose(at: float, notes: Sequence[Note], verdicts: Mapping[str, Verdict]) -> list[Proposal]:
    """The proposals that follow from ``verdicts`` (occurrence → what a person made of it) on remembered alarms.

    ``notes`` are those of the last week. The same false alarms give the same proposal.
    """
    alarms = _alarms(notes)
    false = [
        note
        for note in alarms
        if verdicts.get(note.occurrence or "") is Verdict.FALSE and not _is_told_all_the_same(note)
    ]
    found: list[Proposal] = []
    scattered: list[Note] = []
    while false:
        first, rest = false[0], false[1:]
        same = [first, *(note for note in rest if _same(first, note))]
        false = [note for note in rest if note not in same]
        if len(same) >= FALSE_NEEDED:
            found.append(_at_a_place(at, same, alarms, verdicts))
        else:
            scattered += same
    return [*found, *_thresholds(at, scattered, alarms, verdicts)]


def tried_again(proposal: Proposal, at: float, notes: Sequence[Note], verdicts: Mapping[str, Verdict]) -> Proposal:
    """``proposal`` with what is known at ``at`` of what it would spare and miss; the rest as for ``propose``."""
    return _tried(proposal, at, _alarms(notes), verdicts)


def _alarms(notes: Sequence[Note]) -> list[Note]:
    return [note for note in notes if note.kind is Kind.EVENT and note.state == "start" and note.box and note.label]


def _same(a: Note, b: Note) -> bool:
    return (*_scope(a), a.zone) == (*_scope(b), b.zone) and _box(a).iou(_box(b)) >= _SAME_PLACE


def _scope(note: Note) -> tuple[str, Scenario | None, str]:
    return note.camera, note.scenario, label_group(note.label or "")


def _at_a_place(at: float, same: Sequence[Note], alarms: Sequence[Note], verdicts: Mapping[str, Verdict]) -> Proposal:
    boxes = [_box(note) for note in same]
    around = Box(min(b.x1 for b in boxes), min(b.y1 for b in boxes), max(b.x2 for b in boxes), max(b.y2 for b in boxes))
    return _tried(_proposal(at, same, FALSE_NEEDED, around.as_tuple()), at, alarms, verdicts)


def _thresholds(
    at: float, scattered: Sequence[Note], alarms: Sequence[Note], verdicts: Mapping[str, Verdict]
) -> list[Proposal]:
    """Higher thresholds for what is wrongly alarmed here and there, where that misses nothing real."""
    found: list[Proposal] = []
    for scope in dict.fromkeys(_scope(note) for note in scattered if note.scenario not in _FIXED):
        false = [note for note in scattered if _scope(note) == scope and _score(note) is not None]
        real = [
            value
            for note in alarms
            if _scope(note) == scope and verdicts.get(note.occurrence or "") is Verdict.REAL
            if (value := _score(note)) is not None
        ]
        if len(false) < FALSE_ANYWHERE:
            continue
        limit = max(_limit(note) for note in false)
        least = min([limit + MOST_RISE, *(value - BELOW_REAL for value in real)])
        below = [note for note in false if (_score(note) or 0.0) < least]
        if len(below) >= FALSE_ANYWHERE:
            proposal = _proposal(at, below, FALSE_ANYWHERE, _WHOLE).model_copy(update={"least_score": round(least, 3)})
            found.append(_tried(proposal, at, alarms, verdicts))
    return found


def _proposal(at: float, of: Sequence[Note], needed: int, box: tuple[float, float, float, float]) -> Proposal:
    first = of[0]
    assert first.scenario is not None
    occurrences = tuple(sorted(note.occurrence or "" for note in of))
    return Proposal(
        id=hashlib.sha256("\n".join(occurrences[:needed]).encode()).hexdigest()[:12],
        camera=first.camera,
        scenario=first.scenario,
        zone=first.zone,
        group=label_group(first.label or ""),
        box=box,
        made_at=at,
        occurrences=occurrences,
        spared=0,
        unjudged=0,
        missed=0,
    )


def _tried(proposal: Proposal, at: float, alarms: Sequence[Note], verdicts: Mapping[str, Verdict]) -> Proposal:
    """The proposal with what it would have done to the alarms that are remembered."""
    suppression = proposal.as_suppression(float("-inf"), float("inf"))
    scope = (proposal.camera, proposal.scenario, proposal.group)
    covered = tuple(
        LeftOut(occurrence=note.occurrence or "", at=note.at, verdict=verdicts.get(note.occurrence or ""))
        for note in sorted(alarms, key=lambda note: note.at)
        if _scope(note) == scope and suppression.covers(note.at, proposal.group, _box(note), _score(note))
        if not _is_told_all_the_same(note)
    )
    return proposal.model_copy(
        update={
            "spared": sum(each.verdict in {Verdict.FALSE, Verdict.DUPLICATE} for each in covered),
            "unjudged": sum(each.verdict is None for each in covered),
            "missed": sum(each.verdict is Verdict.REAL for each in covered),
            "tried_at": at,
            "tried_on": sum(_scope(note) == scope for note in alarms),
            "left_out": covered,
        }
    )


def _is_told_all_the_same(note: Note) -> bool:
    """Whether no proposal could have left it out: flames and smoke that flickered or grew when they were told.

    Growth that only fills where smoke was suspected long before is none, see the rule.
    """
    if note.scenario is not Scenario.FIRE_SMOKE:
        return False
    over = {
        c.name: c.value >= c.limit
        for c in note.conditions
        if isinstance(c.value, int | float) and isinstance(c.limit, int | float)
    }
    return over.get("flicker", False) or (over.get("growth", False) and not over.get("scenery", False))


def _score(note: Note) -> float | None:
    """How sure the model was on the whole when the alarm began."""
    values = [c.value for c in note.conditions if c.name == "score"]
    return float(values[0]) if values and isinstance(values[0], int | float) else None


def _limit(note: Note) -> float:
    limits = [c.limit for c in note.conditions if c.name == "score"]
    return float(limits[0]) if limits and isinstance(limits[0], int | float) else 0.0


def _box(note: Note) -> Box:
    return Box(*(note.box or (0.0, 0.0, 0.0, 0.0)))
