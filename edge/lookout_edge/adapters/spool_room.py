"""What a spool gives up when it is full or its events are old, and what it remembers of that."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from lookout_contract.events import EventData, Severity
from lookout_edge.domain.occurrence import PRIORITY

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_RANK = {Severity.BLUE: 0, Severity.YELLOW: 1, Severity.RED: 2}
#: The rank of fire and key area.
PROTECTED: Final = 3
_DAY_S = 86_400.0
#: What was put before has no age: its box's clock was never set (2020-01-01 UTC).
_CLOCK_SET = 1_577_836_800.0
#: Names of lost events that are kept, the newest.
_REMEMBERED = 10_000


def rank_of(data: EventData) -> int:
    """The class of an event: 0 is given up first, trials among them, ``PROTECTED`` last."""
    if data.attributes.test:
        return _RANK[Severity.BLUE]
    return PROTECTED if data.scenario in PRIORITY else _RANK[data.severity]


@dataclass(frozen=True, kw_only=True)
class SpoolLimits:
    """How much a spool keeps. Fire and key area are never given up for their age, and last for want of room."""

    max_bytes: int = 256_000_000
    #: Longest that an event of each class waits, seconds: blue, yellow, red.
    max_age_s: tuple[float, float, float] = (30 * _DAY_S, 30 * _DAY_S, 90 * _DAY_S)


@dataclass(frozen=True, slots=True)
class _Victim:
    sequence: int
    camera: str
    scenario: str
    bytes: int
    reason: str


def make_room(file: sqlite3.Connection, limits: SpoolLimits, now: float) -> None:
    """Give up what is too old or too much, in the transaction that is open. Each one is counted, named and logged."""
    victims = [*_too_old(file, limits, now)]
    gone = {victim.sequence for victim in victims}
    size = int(file.execute("SELECT bytes FROM waiting").fetchone()[0]) - sum(each.bytes for each in victims)
    if size > limits.max_bytes:
        for row in file.execute("SELECT sequence, camera, scenario, bytes FROM event ORDER BY rank, sequence"):
            if size <= limits.max_bytes:
                break
            if row[0] not in gone:
                victims.append(_victim(row, "room"))
                size -= int(row[3])
    if victims:
        _give_up(file, victims)


def time_away(file: sqlite3.Connection, now: float) -> float:
    """Seconds since the newest event that waits was put, by the clock; 0 where none has an age."""
    newest = file.execute("SELECT max(stored_at) FROM event WHERE stored_at >= ?", (_CLOCK_SET,)).fetchone()[0]
    return 0.0 if newest is None else now - float(newest)


def date_later(file: sqlite3.Connection, by_s: float, upto: int) -> int:
    """Take all up to the number ``upto`` that has an age for as much younger; how many."""
    sql = "UPDATE event SET stored_at = stored_at + ? WHERE stored_at >= ? AND sequence <= ?"
    return file.execute(sql, (by_s, _CLOCK_SET, upto)).rowcount


def dropped_counts(file: sqlite3.Connection) -> dict[str, int]:
    """Scenario → events given up since the spool was made."""
    return {str(name): int(count) for name, count in file.execute("SELECT scenario, events FROM dropped_count")}


def why_gone(file: sqlite3.Connection, epoch: str, first: int, last: int) -> str:
    """What this spool knows of events that it is asked for and does not hold."""
    rows = file.execute(
        "SELECT scenario, camera, reason, count(*) FROM dropped WHERE epoch = ? AND sequence BETWEEN ? AND ? "
        "GROUP BY scenario, camera, reason ORDER BY scenario, camera, reason",
        (epoch, first, last),
    ).fetchall()
    reasons = {"room": "for want of room", "age": "for their age"}
    said = [f"{count} {scenario} at {camera} {reasons[reason]}" for scenario, camera, reason, count in rows]
    if said:
        return f"given up: {', '.join(said)}"
    if file.execute("SELECT 1 FROM past_epoch WHERE epoch = ?", (epoch,)).fetchone():
        return "the epoch is over: what waited in it was carried over, with new numbers"
    if file.execute("SELECT 1 FROM life WHERE epoch = ?", (epoch,)).fetchone():
        return "not in the spool any more"
    return "the spool does not know this epoch: its disk was wiped or replaced"


def _victim(row: tuple[int, str, str, int], reason: str) -> _Victim:
    sequence, camera, scenario, size = row
    return _Victim(sequence, camera, scenario, size, reason)


def _too_old(file: sqlite3.Connection, limits: SpoolLimits, now: float) -> list[_Victim]:
    return [
        _victim(row, "age")
        for rank, age in enumerate(limits.max_age_s)
        for row in file.execute(
            "SELECT sequence, camera, scenario, bytes FROM event WHERE rank = ? AND stored_at >= ? AND stored_at < ?",
            (rank, _CLOCK_SET, now - age),
        )
    ]


def _give_up(file: sqlite3.Connection, victims: Sequence[_Victim]) -> None:
    epoch = str(file.execute("SELECT epoch FROM life").fetchone()[0])
    file.executemany("DELETE FROM event WHERE sequence = ?", [(each.sequence,) for each in victims])
    file.executemany(
        "INSERT OR REPLACE INTO dropped VALUES (?, ?, ?, ?, ?)",
        [(epoch, each.sequence, each.camera, each.scenario, each.reason) for each in victims],
    )
    file.execute(
        "DELETE FROM dropped WHERE rowid <= (SELECT max(rowid) FROM dropped) - ?",
        (_REMEMBERED,),
    )
    counts = Counter(each.scenario for each in victims)
    file.executemany(
        "INSERT INTO dropped_count VALUES (?, ?) ON CONFLICT (scenario) "
        "DO UPDATE SET events = events + excluded.events",
        list(counts.items()),
    )
    file.execute("UPDATE life SET dropped = dropped + ?", (len(victims),))
    _log.error(
        "events were given up because the spool is full or they were too old: check the way to the broker",
        dropped=len(victims),
        scenarios=dict(counts),
        first=min(each.sequence for each in victims),
        last=max(each.sequence for each in victims),
    )
