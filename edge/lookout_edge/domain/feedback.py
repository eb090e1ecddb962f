"""From verdicts to proposals: what was wrongly taken for an alarm again and again may be left out for a while.

Nothing is applied by itself: a proposal says what it would have spared and what it would have missed, and waits for an
operator. Fire is never silenced: an accepted proposal only slows what neither flickers nor grows, and for a day.
"""

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum

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
#: How long an accepted suppression holds, seconds: two weeks, and a day for fire.
KEEP_S, KEEP_FIRE_S = 14 * 86_400.0, 86_400.0
#: Overlap of two boxes at the same place.
_SAME_PLACE = 0.3


class Decision(StrEnum):
    """How a proposal stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Proposal(BaseModel):
    """A scoped, expiring suppression that an operator may accept. Times are seconds since 1970 UTC."""

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
    decision: Decision = Decision.OPEN
    decided_by: str | None = None
    decided_at: float | None = None
    until: float | None = None

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
        )

    def decided(self, decision: Decision, by: str, at: float) -> "Proposal":
        """The proposal after an operator's word."""
        keep_s = KEEP_FIRE_S if self.scenario is Scenario.FIRE_SMOKE else KEEP_S
        until = at + keep_s if decision is Decision.ACCEPTED else None
        return self.model_copy(update={"decision": decision, "decided_by": by, "decided_at": at, "until": until})


def propose(at: float, notes: Sequence[Note], verdicts: Mapping[str, Verdict]) -> list[Proposal]:
    """The proposals that follow from ``verdicts`` (occurrence → what a person made of it) on remembered alarms.

    ``notes`` are those of the last week. The same false alarms give the same proposal.
    """
    alarms = [note for note in notes if note.kind is Kind.EVENT and note.state == "start" and note.box and note.label]
    false = [note for note in alarms if verdicts.get(note.occurrence or "") is Verdict.FALSE]
    found: list[Proposal] = []
    while false:
        first, rest = false[0], false[1:]
        same = [first, *(note for note in rest if _same(first, note))]
        false = [note for note in rest if note not in same]
        if len(same) >= FALSE_NEEDED:
            found.append(_proposal(at, same, alarms, verdicts))
    return found


def _same(a: Note, b: Note) -> bool:
    scope = (a.camera, a.scenario, a.zone, label_group(a.label or ""))
    if scope != (b.camera, b.scenario, b.zone, label_group(b.label or "")):
        return False
    return _box(a).iou(_box(b)) >= _SAME_PLACE


def _proposal(at: float, same: Sequence[Note], alarms: Sequence[Note], verdicts: Mapping[str, Verdict]) -> Proposal:
    first = same[0]
    assert first.scenario is not None
    boxes = [_box(note) for note in same]
    around = Box(min(b.x1 for b in boxes), min(b.y1 for b in boxes), max(b.x2 for b in boxes), max(b.y2 for b in boxes))
    occurrences = tuple(sorted(note.occurrence or "" for note in same))
    proposal = Proposal(
        id=hashlib.sha256("\n".join(occurrences[:FALSE_NEEDED]).encode()).hexdigest()[:12],
        camera=first.camera,
        scenario=first.scenario,
        zone=first.zone,
        group=label_group(first.label or ""),
        box=around.as_tuple(),
        made_at=at,
        occurrences=occurrences,
        spared=0,
        unjudged=0,
        missed=0,
    )
    left_out = proposal.as_suppression(float("-inf"), float("inf"))
    covered = [
        verdicts.get(note.occurrence or "")
        for note in alarms
        if (note.camera, note.scenario) == (first.camera, first.scenario)
        and left_out.covers(note.at, label_group(note.label or ""), _box(note))
    ]
    return proposal.model_copy(
        update={
            "spared": sum(verdict in {Verdict.FALSE, Verdict.DUPLICATE} for verdict in covered),
            "unjudged": sum(verdict is None for verdict in covered),
            "missed": sum(verdict is Verdict.REAL for verdict in covered),
        }
    )


def _box(note: Note) -> Box:
    return Box(*(note.box or (0.0, 0.0, 0.0, 0.0)))
