"""Events in memory while the disk refuses them: few, in order, and what is given up is counted."""

from collections import Counter
from collections.abc import Sequence

from lookout_contract.events import EventData, Phase, Scenario
from lookout_edge.domain.occurrence import PRIORITY
from lookout_edge.errors import SpoolError
from lookout_edge.ports import EventSink

#: Events that are held.
ROOM = 1000
_WORTH = {Phase.UPDATE: 0, Phase.END: 1, Phase.START: 2}


class HeldEvents:
    """Hands events to a sink in order, and holds those that it refuses. Used by one thread at a time.

    An update takes the place of the one before it that says no less. When ``room`` events are held, what a later event
    of its occurrence repeats is given up first; then other alarms before those of fire and key area, updates before
    ends before starts, the oldest first.
    """

    def __init__(self, sink: EventSink, *, room: int = ROOM) -> None:
        self._sink = sink
        self._room = room
        self._held: list[EventData] = []
        #: Scenario → events given up so far. Updates that were replaced by a later one are none.
        self.given_up: Counter[Scenario] = Counter()
        #: Whether some of those that are held now had to make room.
        self.overflowed = False

    def __len__(self) -> int:
        return len(self._held)

    def put(self, events: Sequence[EventData]) -> None:
        """Store what is held and then ``events``; SpoolError when some have to be held.

        Of which anything else is raised is given up, so that it holds up none of those that come after it.
        """
        for event in events:
            self._hold(event)
        fault: Exception | None = None
        while self._held:
            try:
                self._sink.put(self._held[0])
            except SpoolError:
                raise
            except Exception as error:  # noqa: BLE001 - raised below, when the others are stored
                self.given_up[self._held[0].scenario] += 1
                fault = fault or error
            del self._held[0]
        self.overflowed = False
        if fault is not None:
            raise fault

    def _hold(self, event: EventData) -> None:
        if event.phase is Phase.UPDATE:
            last = max(
                (index for index, each in enumerate(self._held) if each.occurrence == event.occurrence), default=-1
            )
            if last >= 0 and _gist(self._held[last]) == _gist(event):
                del self._held[last]
        self._held.append(event)
        if len(self._held) > self._room:
            self.given_up[self._give_up().scenario] += 1
            self.overflowed = True

    def _give_up(self) -> EventData:
        newest = {event.occurrence: index for index, event in enumerate(self._held)}

        def worth(index: int) -> tuple[bool, bool, int, int]:
            event = self._held[index]
            needed = event.phase is not Phase.UPDATE or newest[event.occurrence] == index
            return needed, event.scenario in PRIORITY, _WORTH[event.phase], index

        return self._held.pop(min(range(len(self._held)), key=worth))


def _gist(event: EventData) -> tuple[object, ...]:
    """What a person or a device acts upon."""
    return event.phase, event.severity, event.attributes.stage, event.resumed
