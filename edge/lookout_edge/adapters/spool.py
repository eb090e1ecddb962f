"""Events on disk until the dispatcher has stored them: one SQLite file, one row an event."""

import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from lookout_contract.commands import Gone
from lookout_contract.delivery import Receipt
from lookout_contract.events import Event, EventData, Scenario, make_event
from lookout_edge.adapters.spool_file import aside_of, is_broken, is_full, open_spool_file
from lookout_edge.adapters.spool_occurrences import cameras_with_open, last_words, note_event
from lookout_edge.adapters.spool_room import (
    PROTECTED,
    SpoolLimits,
    date_later,
    dropped_counts,
    make_room,
    rank_of,
    time_away,
    why_gone,
)
from lookout_edge.adapters.spool_salvage import epochs_in, readable
from lookout_edge.errors import SpoolError
from lookout_edge.ports import Clock

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: By what an epoch begins, and a damaged file is named.
_STAMP = "%Y%m%dt%H%M%S"
#: A fire or key-area alarm of the last seconds is live, and leaves before older ones.
_LIVE_S = 60.0
#: A clock that gains or loses so much against the steady one was set: ages are told without that.
_LEAP_S = 600.0
#: So much between the newest event that was left and the start after it is no restart. Less is its age.
_LONG_AWAY_S = 7 * 86_400.0
#: Without ``+`` SQLite walks the whole backlog in the order asked for, to find the few of the last minute.
_LIVE_FIRST = "SELECT sequence FROM event WHERE rank = ? AND stored_at >= ? ORDER BY +sequence LIMIT ?"
#: By rank, since that is how the index has them.
_OLDEST_BY_RANK = " UNION ALL ".join(["SELECT min(stored_at) AS at FROM event WHERE rank = ?"] * (PROTECTED + 1))
_OLDEST = f"SELECT min(at) FROM ({_OLDEST_BY_RANK})"


class BrokenSpoolError(SpoolError):
    """The file is damaged, which waiting does not mend."""


@dataclass(frozen=True, slots=True)
class SpooledEvent:
    """One event as it waits: its envelope is ready to be sent."""

    sequence: int
    camera: str
    scenario: Scenario
    payload: bytes
    test: bool = False


@dataclass(frozen=True, slots=True)
class Depth:
    """What waits."""

    events: int
    bytes: int
    #: Age of the oldest unsettled event in seconds, 0 when there is none.
    oldest_s: float
    #: Events given up since the spool was made, for want of room or for their age.
    dropped: int
    #: The same by scenario.
    dropped_by_scenario: Mapping[str, int]


class SqliteSpool:
    """An EventSink that survives power cuts. Safe to use from several threads.

    Sequence numbers are gapless within an epoch; the epoch is made with the file and kept with it. A row goes when a
    receipt settles it, or, counted, named and logged, when it would outgrow the ``limits``: blue ones first, oldest
    first; fire and key area last, and never for their age. What waits does not age when the clock is set: boxes without
    a battery come up months or years behind. ``steady`` counts seconds and is never set.
    """

    def __init__(
        self,
        path: Path,
        *,
        site: str,
        gateway: str,
        clock: Clock,
        limits: SpoolLimits | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._site = site
        self._gateway = gateway
        self._clock = clock
        self._limits = limits or SpoolLimits()
        self._lock = threading.RLock()
        self._listeners: list[Callable[[], None]] = []
        self._requeued: set[int] = set()
        self._give_way: Callable[[], bool] = lambda: False
        self._steady = steady
        self._ahead_s = clock.now() - steady()
        #: Whether the file was met damaged, by whoever wrote or read it: the next use begins a new one.
        self._broken = False
        self._file = self._begin()
        #: What was put since then has been dated by the clock as it is now.
        self._since = self.last_sequence
        with self._transaction() as file:
            self._date_what_was_left(file)
            make_room(file, self._limits, clock.now())

    @property
    def epoch(self) -> str:
        """Names this life of the spool; sorts by age."""
        return str(self._life()[0])

    @property
    def last_sequence(self) -> int:
        """The number given last, 0 before the first."""
        return self._life()[1]

    def put(self, data: EventData) -> int:
        """Store durably and return the sequence number; SpoolError when the disk refuses.

        A file that turns out to be damaged is moved aside, and a new one takes what can be read of it. Where the disk
        is full, whoever said so by ``when_full`` gives way.
        """
        try:
            sequence = self._put(data)
        except BrokenSpoolError:
            sequence = self._put(data)
        except SpoolError as error:
            if not is_full(error.__cause__) or not self._give_way():
                raise
            sequence = self._put(data)
        for listener in tuple(self._listeners):
            listener()
        return sequence

    def unfinished(self, camera: str) -> Sequence[EventData]:
        """See ``EventSink``."""
        with self._transaction() as file:
            return last_words(file, camera)

    def cameras_with_open(self) -> Sequence[str]:
        """Cameras of which an occurrence has started and was never told to have ended."""
        with self._transaction() as file:
            return cameras_with_open(file)

    def pending(self, limit: int, skip: Collection[int] = frozenset(), *, reserve: int = 0) -> tuple[SpooledEvent, ...]:
        """Up to ``limit`` unsettled events whose numbers are not in ``skip``, in the order in which they leave.

        Fire and key area go first, those of the last minute before older ones. ``reserve`` more are given when they
        are live ones of these, so that a window that is full of backlog does not hold them up.
        """
        live_from = self._clock.now() - _LIVE_S
        with self._transaction() as file:
            live = file.execute(_LIVE_FIRST, (PROTECTED, live_from, max(0, limit) + reserve + len(skip)))
            first = [int(row[0]) for row in live if row[0] not in skip][: max(0, limit) + reserve]
            left = max(0, limit - len(first))
            order = file.execute(
                "SELECT sequence FROM event ORDER BY rank < 3, sequence LIMIT ?", (left + len(first) + len(skip),)
            )
            rest = [int(row[0]) for row in order if row[0] not in skip and row[0] not in first][:left]
            return tuple(row for sequence in (*first, *rest) for row in self._rows(file, sequence, sequence))

    def waits(self, sequence: int) -> bool:
        """Whether the event is here: the dispatcher has not settled it."""
        with self._transaction() as file:
            return bool(self._rows(file, sequence, sequence))

    def range(self, epoch: str, first: int, last: int) -> tuple[SpooledEvent, ...]:
        """The events of that range that are still here; none when the epoch is another one."""
        with self._transaction() as file:
            return self._rows(file, first, last) if epoch == self.epoch else ()

    def requeue(self, epoch: str, first: int, last: int) -> Gone | None:
        """Have the link send that range again at once; returns the numbers that are no longer here, and why."""
        with self._transaction() as file:
            rows = self.range(epoch, first, last)
            gone = self._gone(file, epoch, (first, last), [row.sequence for row in rows])
            self._requeued.update(row.sequence for row in rows)
        for listener in tuple(self._listeners):
            listener()
        return gone

    def take_requeued(self) -> frozenset[int]:
        """Numbers to be sent again; they are forgotten with this call."""
        with self._lock:
            taken, self._requeued = frozenset(self._requeued), set[int]()
            return taken

    def settle(self, receipt: Receipt) -> int:
        """Delete what the dispatcher has stored or refused for good; returns how many rows that were.

        A receipt of another epoch changes nothing. A receipt for numbers that were never given, or one that tells of
        another event under a number that waits here, means that this file is a copy: what waits then moves into a new
        epoch, since the dispatcher would take the numbers given next for old events.
        """
        with self._transaction() as file:
            epoch, last, _ = self._life()
            if receipt.epoch != epoch:
                return 0
            if max(receipt.upto, *(end for _, end in receipt.also), 0) > last:
                self._begin_again(file, receipt)
                return 0
            conflicts = {r.seq for r in receipt.rejected if r.conflict and self._rows(file, r.seq, r.seq)}
            settled = [(0, receipt.upto), *receipt.also, *((r.seq, r.seq) for r in receipt.rejected)]
            count = 0
            for start, end in settled:
                count += self._delete(file, start, end, conflicts)
            if conflicts:
                self._begin_again(file, receipt)
        for rejection in receipt.rejected:
            _log.warning("the dispatcher refused an event", sequence=rejection.seq, why=rejection.reason)
        return count

    def depth(self) -> Depth:
        """How much waits, and for how long."""
        with self._transaction() as file:
            events, size = file.execute("SELECT events, bytes FROM waiting").fetchone()
            oldest = file.execute(_OLDEST, (*range(PROTECTED + 1),)).fetchone()[0]
            age = max(0.0, self._clock.now() - float(oldest)) if oldest is not None else 0.0
            return Depth(int(events), int(size), age, self._life()[2], dropped_counts(file))

    def listen(self, callback: Callable[[], None]) -> None:
        """Call back after every event that comes in, on the thread that put it."""
        self._listeners.append(callback)

    def when_full(self, give_way: Callable[[], bool]) -> None:
        """Have ``give_way`` free some of the disk when an event finds none; it says whether it could."""
        self._give_way = give_way

    def close(self) -> None:
        """Close the file; everything put is on disk already."""
        with self._lock:
            self._file.close()

    def _begin(self) -> sqlite3.Connection:
        """The open file; a new one has what could be read of a damaged one that it takes the place of."""
        stamp = self._stamp()
        aside = aside_of(self._path, stamp)
        was_there = aside.exists()
        self._file, self._since, self._broken = self._open(stamp), 0, False
        if aside.exists() and not was_there:
            try:
                self._carry_over(aside)
            except SpoolError as error:
                _log.error("what waited in the damaged spool stays there", kept_as=str(aside), why=str(error))
        return self._file

    def _carry_over(self, aside: Path) -> None:
        left, words = readable(aside)
        # Where nothing tells the earlier epoch, it began before the last of what was told.
        told = [f"{_stamp(word.captured_at)}-zzzz" for word in words]
        earlier = [*(event.epoch for event, _ in left), *epochs_in(aside), *told]
        with self._transaction() as file:
            file.execute("UPDATE life SET epoch = ?", (self._new_epoch(*earlier),))
            for event, stored_at in left:
                file.execute("INSERT OR IGNORE INTO past_epoch VALUES (?)", (event.epoch,))
                self._insert(file, event.data, stored_at)
                if not event.data.attributes.test:
                    note_event(file, event.data)
            for word in words:
                note_event(file, word)
        _log.warning("what could be read of the damaged spool waits in the new one", carried_over=len(left))

    def _open(self, stamp: str) -> sqlite3.Connection:
        file = open_spool_file(self._path, stamp)
        try:
            file.execute("INSERT OR IGNORE INTO life VALUES (1, ?, 0, 0)", (self._new_epoch(),))
        except sqlite3.Error as error:
            file.close()
            raise self._unusable(error) from error
        return file

    def _mend(self) -> None:
        """Begin a new file after damage; where the disk does not let it, the next use tries again."""
        if self._broken:
            self._file.close()
            self._begin()
            self._requeued.clear()

    def _put(self, data: EventData) -> int:
        with self._transaction() as file:
            self._date_anew(file)
            sequence = self._insert(file, data, self._clock.now())
            if not data.attributes.test:
                note_event(file, data)
            make_room(file, self._limits, self._clock.now())
            return sequence

    def _date_anew(self, file: sqlite3.Connection) -> None:
        """Move the times of this run's events along with a clock that was set."""
        ahead_s = self._clock.now() - self._steady()
        leap_s = ahead_s - self._ahead_s
        if abs(leap_s) < _LEAP_S:
            return
        self._ahead_s = ahead_s
        if time_away(file, self._clock.now() - leap_s) < 0:  # it came up behind what was left: that has no age yet
            self._date_what_was_left(file)
        moved = "UPDATE event SET stored_at = stored_at + ? WHERE sequence > ?"
        count = file.execute(moved, (leap_s, self._since)).rowcount
        _log.warning("the clock was set: what waits keeps its age", by_s=round(leap_s), events=count)

    def _date_what_was_left(self, file: sqlite3.Connection) -> None:
        """Nothing tells a clock that was set between two runs from a box that was off for so long, and in either case
        what waits has not waited for that time: its newest event counts as put just now, the others as before it."""
        away_s = time_away(file, self._clock.now())
        if away_s < _LONG_AWAY_S:
            return
        count = date_later(file, away_s, self._since)
        _log.warning(
            "the clock was set, or this box was off: what waits keeps its age", by_s=round(away_s), events=count
        )

    def _insert(self, file: sqlite3.Connection, data: EventData, made_at: float) -> int:
        epoch, last, _ = self._life()
        event = make_event(
            data,
            site=self._site,
            gateway=self._gateway,
            epoch=epoch,
            sequence=last + 1,
            time=datetime.fromtimestamp(made_at, UTC),
        )
        payload = event.to_json()
        rank = rank_of(data)
        file.execute("UPDATE life SET last = ?", (last + 1,))
        file.execute(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (last + 1, rank, made_at, len(payload), data.camera, data.scenario.value, payload, data.attributes.test),
        )
        return last + 1

    @staticmethod
    def _gone(file: sqlite3.Connection, epoch: str, asked: tuple[int, int], here: Sequence[int]) -> Gone | None:
        ranges: list[tuple[int, int]] = []
        start = asked[0]
        for number in (*here, asked[1] + 1):
            if number > start:
                ranges.append((start, number - 1))
            start = number + 1
        if not ranges:
            return None
        return Gone(epoch=epoch, ranges=tuple(ranges), why=why_gone(file, epoch, *asked))

    @staticmethod
    def _delete(file: sqlite3.Connection, first: int, last: int, keep: Collection[int]) -> int:
        count = 0
        for number in sorted(each for each in keep if first <= each <= last):
            count += file.execute("DELETE FROM event WHERE sequence BETWEEN ? AND ?", (first, number - 1)).rowcount
            first = number + 1
        return count + file.execute("DELETE FROM event WHERE sequence BETWEEN ? AND ?", (first, last)).rowcount

    def _begin_again(self, file: sqlite3.Connection, receipt: Receipt) -> None:
        rows = file.execute("SELECT payload, stored_at FROM event ORDER BY sequence").fetchall()
        fresh = self._new_epoch(receipt.epoch)
        file.execute("DELETE FROM event")
        file.execute("INSERT OR IGNORE INTO past_epoch SELECT epoch FROM life")
        file.execute("UPDATE life SET epoch = ?, last = 0", (fresh,))
        for payload, stored_at in rows:
            self._insert(file, Event.model_validate_json(payload).data, float(stored_at))
        self._requeued.clear()
        self._since = 0
        _log.error(
            "the dispatcher knows other events under numbers of this spool: it is a copy, so a new epoch begins",
            epoch=fresh,
            old_epoch=receipt.epoch,
            upto=receipt.upto,
            carried_over=len(rows),
        )

    def _life(self) -> tuple[str, int, int]:
        with self._transaction() as file:
            epoch, last, dropped = file.execute("SELECT epoch, last, dropped FROM life").fetchone()
            return str(epoch), int(last), int(dropped)

    @staticmethod
    def _rows(file: sqlite3.Connection, first: int, last: int) -> tuple[SpooledEvent, ...]:
        found: Sequence[tuple[int, str, str, bytes, int]] = file.execute(
            "SELECT sequence, camera, scenario, payload, test FROM event WHERE sequence BETWEEN ? AND ? "
            "ORDER BY sequence",
            (first, last),
        ).fetchall()
        return tuple(
            SpooledEvent(number, camera, Scenario(name), payload, bool(test))
            for number, camera, name, payload, test in found
        )

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        """The open file, alone, in a transaction that commits at the end of the outermost use."""
        with self._lock:
            try:
                self._mend()
                if self._file.in_transaction:
                    yield self._file
                    return
                self._file.execute("BEGIN IMMEDIATE")
                with self._file:
                    yield self._file
            except sqlite3.Error as error:
                self._broken = self._broken or is_broken(error)
                raise self._unusable(error) from error

    def _unusable(self, error: sqlite3.Error) -> SpoolError:
        kind = BrokenSpoolError if is_broken(error) else SpoolError
        return kind(f"the spool {self._path} cannot be used ({error}): check that its disk has room and is healthy")

    def _new_epoch(self, *earlier: str) -> str:
        """One that sorts after ``earlier`` ones, whatever the clock says: by that the dispatcher tells which of two
        events is the newer one, and a box without a battery begins in 1970."""
        moment = datetime.fromtimestamp(self._clock.now(), UTC)
        for epoch in earlier:
            with suppress(ValueError):
                begun = datetime.strptime(epoch.partition("-")[0], _STAMP).replace(tzinfo=UTC)
                moment = max(moment, begun + timedelta(seconds=1))
        return f"{_stamp(moment)}-{secrets.token_hex(2)}"

    def _stamp(self) -> str:
        return _stamp(datetime.fromtimestamp(self._clock.now(), UTC))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_STAMP)
