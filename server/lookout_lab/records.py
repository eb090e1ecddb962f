"""What both ends know: what the gateways meant and confirmed, and the rows of the dispatcher's database."""

import json
from dataclasses import dataclass, field
from typing import Any

#: (gateway, occurrence, phase): made up once and never again.
Key = tuple[str, str, str]


@dataclass
class Journal:
    """What the gateways said on their standard output."""

    meant: set[Key] = field(default_factory=set[Key])
    #: When the spool said yes, Unix seconds.
    confirmed: dict[Key, float] = field(default_factory=dict[Key, float])
    #: Confirmed events of sure fires, and (gateway, occurrence) of all that were meant.
    fires: set[Key] = field(default_factory=set[Key])
    meant_fires: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    refused: int = 0
    ready: set[str] = field(default_factory=set[str])

    def hear(self, gateway: str, line: bytes) -> None:
        """One line; half a line, from a gateway that was killed while it wrote, says nothing."""
        try:
            told: dict[str, Any] = json.loads(line)
        except ValueError:
            return
        if "ready" in told:
            self.ready.add(gateway)
            return
        key = (gateway, str(told["occurrence"]), str(told["phase"]))
        if "meant" in told:
            self.meant.add(key)
            if told["fire"]:
                self.meant_fires.add(key[:2])
        elif "refused" in told:
            self.refused += 1
        elif "confirmed" in told:
            self.confirmed[key] = float(told["at"])
            if told["fire"]:
                self.fires.add(key)


@dataclass(frozen=True, kw_only=True)
class EventRow:
    """A stored event."""

    gateway: str
    epoch: str
    sequence: int
    occurrence: str
    phase: str
    #: Unix seconds, by the dispatcher's clock.
    received_at: float

    @property
    def key(self) -> Key:
        """What it is about."""
        return (self.gateway, self.occurrence, self.phase)


@dataclass(frozen=True, kw_only=True)
class AlarmRow:
    """An alarm and how many live cases are about it."""

    gateway: str
    occurrence: str
    state: str
    epoch: str
    sequence: int
    cases: int


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The dispatcher's database."""

    events: tuple[EventRow, ...] = ()
    alarms: tuple[AlarmRow, ...] = ()
    quarantined: int = 0
    #: (case, rung) of every escalation in the histories.
    escalations: tuple[tuple[str, int], ...] = ()
    cases: int = 0
    outbox: int = 0
