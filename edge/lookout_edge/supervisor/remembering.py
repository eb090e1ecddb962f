"""Events on their way to the spool leave a note behind."""

from collections.abc import Sequence
from typing import Protocol

from lookout_contract.events import EventData
from lookout_edge.domain.memory import Note, note_of_event
from lookout_edge.ports import EventSink


class NoteKeeper(Protocol):
    """Where notes are kept."""

    def add(self, note: Note) -> None:
        """Keep one; never raises."""
        ...


class RememberingSink:
    """An ``EventSink`` that hands on what it is given, and remembers what was stored."""

    def __init__(self, sink: EventSink, notes: NoteKeeper) -> None:
        self._sink, self._notes = sink, notes

    def put(self, data: EventData) -> int:
        """See ``EventSink``."""
        number = self._sink.put(data)
        self._notes.add(note_of_event(data))
        return number

    def unfinished(self, camera: str) -> Sequence[EventData]:
        """See ``EventSink``."""
        return self._sink.unfinished(camera)
