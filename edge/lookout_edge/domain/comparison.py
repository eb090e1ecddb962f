"""What a shadow would have alarmed, beside what the running rules did."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from lookout_contract.events import EndReason, Scenario
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.memory import Kind, Note
from lookout_edge.domain.occurrence import OccurrenceSettings

#: Alarms of one camera and scenario that go on at the same time, or miss each other by so many seconds, may be about
#: the same thing.
SAME_S = 60.0
#: Overlap of two boxes at the same place: those are paired first.
_SAME_PLACE = 0.3
#: For so long after a restart what is at the place of an alarm is taken for the same thing, seconds; as for the rules.
_RESUME_S = OccurrenceSettings().resume_s
Pair = tuple[str, Scenario]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The alarms of one camera and scenario; the notes of their starts, oldest first, as far as they are remembered."""

    camera: str
    scenario: Scenario
    #: From which frame time on they count.
    since: float
    #: Alarms of the running rules and of the shadow, and how many of them are about the same things.
    running: int
    shadow: int
    both: int
    #: Alarms that the shadow would have spared, and those that it alone would have raised.
    spared: tuple[Note, ...]
    added: tuple[Note, ...]


def compare(
    name: str, notes: Sequence[Note], pairs: Mapping[Pair, float], rests: Mapping[str, float] | None = None
) -> list[Difference]:
    """One difference for each of ``pairs``: camera and scenario that the shadow ``name`` judges, and since when.

    ``rests`` are cameras at which it judges nothing any more, and since when: what starts later it has not spared.
    ``notes`` hold the starts and ends of alarms of both, also from before: what was told then and still goes on is
    nothing new that the shadow finds. Each running alarm answers to at most one of the shadow's: to one at its place
    before all others, to the nearest in time of those. One that waits longer tells the same thing later, so what counts
    is that both went on at once.
    """
    found: list[Difference] = []
    for (camera, scenario), since in sorted(pairs.items(), key=lambda each: (each[0][0], each[0][1].value)):
        until = (rests or {}).get(camera, inf)
        here = [note for note in notes if (note.camera, note.scenario) == (camera, scenario)]
        here = [note for note in here if note.state != "start" or note.at <= until]
        told = _spans(note for note in here if note.kind is Kind.EVENT)
        shadow = _spans(n for n in here if n.kind is Kind.SHADOW and n.shadow == name and n.at >= since)
        running, earlier = [s for s in told if s.note.at >= since], [s for s in told if s.note.at < since]
        spared, added = list(running), list(shadow)
        for same_place in (True, False):
            for mine in list(added):
                near = [
                    other for other in spared if _meet(mine, other) and (not same_place or _share_a_place(mine, other))
                ]
                if near:
                    added.remove(mine)
                    spared.remove(min(near, key=lambda other: abs(other.note.at - mine.note.at)))
        known = [mine for mine in added if any(_meet(mine, e) and _share_a_place(mine, e) for e in earlier)]
        added = [mine for mine in added if mine not in known]
        found.append(
            Difference(
                camera=camera,
                scenario=scenario,
                since=since,
                running=len(running),
                shadow=len(shadow) - len(known),
                both=len(running) - len(spared),
                spared=tuple(span.note for span in spared),
                added=tuple(span.note for span in added),
            )
        )
    return found


@dataclass(slots=True, eq=False)
class _Span:
    """An alarm: the note of its start, and the frame time of its end."""

    note: Note
    until: float


def _spans(notes: Iterable[Note]) -> list[_Span]:
    """The alarms of one side, oldest first. One of whose end nothing is known ends when the next one starts at the
    latest: a power cut takes the word with it. What a restart ended and what is there after it are one: the running
    rules take up their alarms again, a shadow begins anew."""
    known = sorted(notes, key=lambda note: note.at)
    starts = [note for note in known if note.state == "start"]
    ends = {note.occurrence: note for note in known if note.state == "end" and note.occurrence}
    spans: list[_Span] = []
    cut_off: list[_Span] = []
    for number, note in enumerate(starts, 1):
        end = ends.get(note.occurrence or "")
        after = starts[number].at if number < len(starts) else inf
        span = _Span(note, end.at if end else after if note.occurrence else note.at)
        cut_off = [each for each in cut_off if note.at - each.until <= _RESUME_S]
        before = next((each for each in cut_off if each.until <= note.at and _share_a_place(each, span)), None)
        if before is None:
            spans.append(span)
        else:
            cut_off.remove(before)
            before.until, span = span.until, before
        if end is not None and end.reason == EndReason.SHUTDOWN.value:
            cut_off.append(span)
    return spans


def _meet(one: _Span, other: _Span) -> bool:
    return one.note.at - SAME_S <= other.until and other.note.at - SAME_S <= one.until


def _share_a_place(one: _Span, other: _Span) -> bool:
    a, b = one.note.box, other.note.box
    return a is not None and b is not None and Box(*a).iou(Box(*b)) >= _SAME_PLACE
