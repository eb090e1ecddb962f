"""The invariants, judged on what both ends know. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lookout_lab.records import EventRow, Journal, Stored


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Counts of what must not be, each with a few examples, and how late the latest event was."""

    broken: dict[str, list[str]]
    events: int
    latest_s: float

    @property
    def good(self) -> bool:
        """Whether nothing is broken."""
        return not any(self.broken.values())

    def count(self, name: str) -> int:
        """How many of a kind."""
        return len(self.broken[name])


def judge(journal: Journal, stored: Stored, *, rungs: int, early_receipts: Iterable[str] = ()) -> Verdict:
    """Compare both ends. ``rungs`` is how often the timer of a case that nobody touches has to have acted."""
    times = Counter(event.key for event in stored.events)
    return Verdict(
        broken={
            "lost": [f"{key}" for key in journal.confirmed if key not in times],
            "duplicated": [f"{key}" for key, count in times.items() if count > 1] + _twice_an_alarm(stored),
            "phantom": [f"{key}" for key in times if key not in journal.meant],
            "cases": _wrong_cases(journal, stored),
            "order": _out_of_order(stored),
            "early receipts": list(early_receipts),
            "timers": _wrong_timers(stored, rungs),
            "quarantined": [f"{stored.quarantined} messages"] if stored.quarantined else [],
        },
        events=len(stored.events),
        latest_s=max(
            (e.received_at - journal.confirmed[e.key] for e in stored.events if e.key in journal.confirmed), default=0.0
        ),
    )


def _twice_an_alarm(stored: Stored) -> list[str]:
    times = Counter((alarm.gateway, alarm.occurrence) for alarm in stored.alarms)
    return [f"alarm of {name}" for name, count in times.items() if count > 1]


def _wrong_cases(journal: Journal, stored: Stored) -> list[str]:
    """A fire that was sure has one case; nothing else makes a case by itself."""
    burning = {(gateway, occurrence) for gateway, occurrence, _ in journal.fires}
    found: list[str] = []
    for alarm in stored.alarms:
        name = (alarm.gateway, alarm.occurrence)
        # A fire that was meant and stored, but killed before it was confirmed, is no less a fire.
        expected = 1 if name in burning or (name in journal.meant_fires and alarm.cases == 1) else 0
        if alarm.cases != expected:
            found.append(f"{name} has {alarm.cases} cases, not {expected}")
    return found


def _out_of_order(stored: Stored) -> list[str]:
    """An alarm stands as its newest event says, whatever order the events came in."""
    newest: dict[tuple[str, str], EventRow] = {}
    for event in stored.events:
        name = (event.gateway, event.occurrence)
        held = newest.get(name)
        if held is None or (event.epoch, event.sequence) > (held.epoch, held.sequence):
            newest[name] = event
    found: list[str] = []
    for alarm in stored.alarms:
        event = newest.get((alarm.gateway, alarm.occurrence))
        expected = "cleared" if event is not None and event.phase == "end" else "active"
        if event is None or alarm.state != expected or (alarm.epoch, alarm.sequence) != (event.epoch, event.sequence):
            found.append(f"{alarm} is not as its newest event says: {event}")
    return found


def _wrong_timers(stored: Stored, rungs: int) -> list[str]:
    times = Counter(stored.escalations)
    twice = [f"{name} acted {count} times" for name, count in times.items() if count > 1]
    acted = Counter(case for case, _ in times)
    missing = stored.cases * rungs - sum(min(count, rungs) for count in acted.values())
    return twice + ([f"{missing} have not acted"] if missing > 0 else [])
