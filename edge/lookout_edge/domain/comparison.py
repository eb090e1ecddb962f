"""What a shadow would have alarmed, beside what the running rules did."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lookout_contract.events import Scenario
from lookout_edge.domain.memory import Kind, Note

#: Two alarms of one camera and scenario that start within so many seconds of each other are about the same thing.
SAME_S = 60.0
Pair = tuple[str, Scenario]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The alarms of one camera and scenario; the notes of their starts, oldest first."""

    camera: str
    scenario: Scenario
    both: int
    #: Alarms that the shadow would have spared, and those that it alone would have raised.
    spared: tuple[Note, ...]
    added: tuple[Note, ...]

    @property
    def running(self) -> int:
        """Alarms of the running rules."""
        return self.both + len(self.spared)

    @property
    def shadow(self) -> int:
        """Alarms of the shadow."""
        return self.both + len(self.added)


def compare(name: str, notes: Sequence[Note], pairs: Collection[Pair]) -> list[Difference]:
    """One difference for each of ``pairs``, the cameras and scenarios that the shadow ``name`` judges.

    ``notes`` hold the starts of alarms of both, of the time for which the shadow has run. Each running alarm answers
    to at most one of the shadow's: the first within ``SAME_S``.
    """
    found: list[Difference] = []
    for camera, scenario in sorted(pairs, key=lambda pair: (pair[0], pair[1].value)):
        here = [note for note in notes if (note.camera, note.scenario) == (camera, scenario) and note.state == "start"]
        here.sort(key=lambda note: note.at)
        running = [note for note in here if note.kind is Kind.EVENT]
        added: list[Note] = []
        both = 0
        for note in here:
            if note.kind is not Kind.SHADOW or note.shadow != name:
                continue
            match = next((other for other in running if abs(other.at - note.at) <= SAME_S), None)
            if match is None:
                added.append(note)
            else:
                running.remove(match)
                both += 1
        found.append(Difference(camera=camera, scenario=scenario, both=both, spared=tuple(running), added=tuple(added)))
    return found
