"""What a gateway remembers for a week, to answer "why was there an alarm, and why none?"."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from lookout_contract.base import Identifier
from lookout_contract.events import Condition, EventData, Scenario
from lookout_contract.status import CameraState, Sight
from lookout_edge.domain.suppressed import Suppressed

#: How long notes are kept, seconds.
KEEP_S = 7 * 86_400.0


class Kind(StrEnum):
    """What a note is about."""

    #: A candidate that did not become an alarm.
    SUPPRESSED = "suppressed"
    #: An event that was sent.
    EVENT = "event"
    #: A camera began or ceased to see.
    SIGHT = "sight"
    #: An event that only a trial run beside the real one would have sent.
    SHADOW = "shadow"


class Note(BaseModel):
    """One thing worth remembering. ``at`` is frame time (for sights the gateway's clock), seconds since 1970 UTC."""

    model_config = ConfigDict(frozen=True)

    at: float
    camera: Identifier
    kind: Kind
    scenario: Scenario | None = None
    zone: str | None = None
    label: str | None = None
    #: Phase of an event, state of a camera.
    state: str | None = None
    occurrence: str | None = None
    severity: str | None = None
    #: Why the state, or the severity.
    reason: str | None = None
    #: Name of the condition that stopped a candidate.
    blocked_by: str | None = None
    conditions: tuple[Condition, ...] = ()
    #: Name of the trial run, for its events.
    shadow: str | None = None
    #: x1, y1, x2, y2 as fractions of the frame.
    box: tuple[float, float, float, float] | None = None


class Silence(StrEnum):
    """Of which time it is known that nothing came close to an alarm."""

    #: All of it.
    WHOLE = "whole"
    #: What came after the newest note that was forgotten.
    SINCE = "since"
    #: Those parts in which the camera watched.
    WATCHED = "watched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """What is remembered of a camera from ``start`` to ``end``, seconds since 1970 UTC."""

    start: float
    end: float
    #: Oldest first.
    notes: Sequence[Note] = ()
    #: What the camera could see at the start; None where that is not known.
    before: Note | None = None
    #: Up to when notes about this camera had to give way to newer ones: silence says nothing there.
    forgotten_until: float | None = None
    #: Up to when the gateway is known to have lived; None where it lives yet, or nobody can know.
    known_until: float | None = None

    @property
    def is_incomplete(self) -> bool:
        """Whether some of it may be forgotten."""
        return self.forgotten_until is not None and self.forgotten_until >= self.start

    @property
    def is_forgotten(self) -> bool:
        """Whether all of it may be."""
        return self.forgotten_until is not None and self.forgotten_until >= self.end

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is known: not even whether the camera saw."""
        return self.before is None and not self.notes

    @property
    def unknown_since(self) -> float | None:
        """Since when it is not known what the camera could see, though it never said that it was off: then the gateway
        broke off. None where that is known to the end."""
        last = next((note for note in reversed(self.notes) if note.kind is Kind.SIGHT), self.before)
        broke_off = self.known_until is not None and self.known_until < self.end
        return self.known_until if broke_off and last is not None and last.state != Sight.OFF else None

    @property
    def silence(self) -> Silence | None:
        """Of which time no note means that nothing was; None if something was, or nobody is known to have watched."""
        if any(note.kind in {Kind.SUPPRESSED, Kind.EVENT} for note in self.notes):
            return None
        watched = self._watched()
        if not any(watched):
            return None
        return Silence.SINCE if self.is_incomplete else Silence.WHOLE if all(watched) else Silence.WATCHED

    def _watched(self) -> Sequence[bool]:
        """For each part of what is not forgotten, from one change of what the camera could see to the next, whether it
        watched; a part of which that is not known did not."""
        since = max(self.start, self.forgotten_until or self.start)
        sights = [note for note in self.notes if note.kind is Kind.SIGHT]
        states = [self.before.state if self.before is not None else None, *(note.state for note in sights)]
        ends = [*(note.at for note in sights), self.end]
        if self.unknown_since is not None:
            states, ends = [*states, None], [*ends[:-1], self.unknown_since, self.end]
        return [state == Sight.WATCHING for state, ends_at in zip(states, ends, strict=True) if ends_at > since]


def note_of_suppressed(suppressed: Suppressed) -> Note:
    """The note of a candidate that came to nothing."""
    return Note(
        at=suppressed.at,
        camera=suppressed.camera,
        kind=Kind.SUPPRESSED,
        scenario=suppressed.scenario,
        zone=suppressed.zone,
        label=suppressed.label,
        blocked_by=suppressed.condition.name,
        conditions=tuple(condition.as_contract() for condition in suppressed.conditions),
        box=suppressed.box,
    )


def note_of_event(event: EventData, kind: Kind = Kind.EVENT) -> Note:
    """The note of an event; what care saw keeps its conditions to itself."""
    thing = event.objects[0] if event.objects else None
    return Note(
        at=event.captured_at.timestamp(),
        camera=event.camera,
        kind=kind,
        scenario=event.scenario,
        zone=event.zone,
        label=thing.label if thing else None,
        state="resumed" if event.resumed else event.phase.value,
        occurrence=event.occurrence,
        severity=event.severity.value,
        reason=event.end_reason.value if event.end_reason else event.severity_reason,
        conditions=event.explain,
        box=thing.box if thing else None,
    )


def note_of_sight(state: CameraState) -> Note:
    """The note of a camera's state."""
    at = state.since.timestamp()
    return Note(at=at, camera=state.camera, kind=Kind.SIGHT, state=state.state.value, reason=state.reason)
