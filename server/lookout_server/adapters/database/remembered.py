"""What this process wrote last of streams and alarms on PostgreSQL, so that a batch need not ask before it writes.

Each row there says which transaction wrote it (``xmin``). As long as that is the one of ours by which a row is
remembered, nobody has written it since, and it is as we left it. So a batch is worked out from memory, and goes to the
server as one statement that is its own transaction: it locks these rows, compares, and writes all of it or nothing.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.prepared import Condition
from lookout_server.domain.alarm import Alarm
from lookout_server.errors import AssumedError
from lookout_server.ports import Ahead, StreamKey, StreamState

#: Streams, and alarms, that are remembered; then it begins anew.
_MOST = 2_000
#: After it was wrong the database is asked for so long, seconds: what made it wrong may go on.
_DOUBTED_S = 1.0
_RECALLED = "recalled"
_WRITTEN = "written"
_Value = TypeVar("_Value")

#: Locks the streams, then the alarms, each in the order in which they are given, as those do who ask. Arrays come by
#: way of a SELECT: seeing that one is short the server would take a plan for just these values to be worth its while,
#: and make one each time.
_HELD = """
WITH held_streams AS (
    SELECT count(*) AS held
    FROM unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::xid[])) AS wanted (source, epoch, written_by),
    LATERAL (
        SELECT 1 FROM streams WHERE source = wanted.source AND epoch = wanted.epoch AND xmin = wanted.written_by
        FOR UPDATE
    ) AS stream
), held_alarms AS (
    SELECT count(*) AS held FROM unnest((SELECT $4::text[]), (SELECT $5::xid[])) AS wanted (id, written_by),
    LATERAL (SELECT 1 FROM alarms WHERE id = wanted.id AND xmin = wanted.written_by FOR UPDATE) AS alarm
    WHERE (SELECT held FROM held_streams) = cardinality($1)
), holds AS MATERIALIZED (
    SELECT 1 FROM held_alarms WHERE (SELECT held FROM held_streams) = cardinality($1) AND held = cardinality($4)
    AND NOT EXISTS (SELECT 1 FROM alarms WHERE id = ANY((SELECT $6::text[])::text[]))
)"""


@dataclass(frozen=True, kw_only=True)
class Recalled:
    """What a transaction takes for granted."""

    #: Value, and the transaction that wrote it.
    streams: Mapping[StreamKey, tuple[StreamState, int]]
    alarms: Mapping[str, tuple[Alarm, int]]
    #: Alarms that there are none of.
    begun: tuple[str, ...]

    def states(self, streams: Collection[StreamKey]) -> dict[StreamKey, StreamState]:
        """As if they were locked."""
        if not self.streams.keys() >= set(streams):
            raise AssumedError("other streams than were named")
        return {key: self.streams[key][0] for key in streams}

    def held(self, names: Collection[str]) -> dict[str, Alarm]:
        """Those that there are, as if they were locked."""
        if not {*self.alarms, *self.begun}.issuperset(names):
            raise AssumedError("other alarms than were named")
        return {name: self.alarms[name][0] for name in names if name in self.alarms}

    def condition(self) -> Condition:
        """That it is so."""
        return Condition(
            sql=_HELD,
            arguments=(
                [key.source for key in self.streams],
                [key.epoch for key in self.streams],
                [written_by for _, written_by in self.streams.values()],
                list(self.alarms),
                [written_by for _, written_by in self.alarms.values()],
                list(self.begun),
            ),
        )


@dataclass
class Written:
    """What a transaction has written so far, the last of each."""

    streams: dict[StreamKey, StreamState] = field(default_factory=dict[StreamKey, StreamState])
    alarms: dict[str, Alarm] = field(default_factory=dict[str, Alarm])


class Memory:
    """Of committed transactions alone."""

    def __init__(self) -> None:
        self._streams: dict[StreamKey, tuple[StreamState, int]] = {}
        self._alarms: dict[str, tuple[Alarm, int]] = {}
        self._doubted_until = 0.0

    @property
    def is_doubted(self) -> bool:
        """Whether it was wrong just now."""
        return time.monotonic() < self._doubted_until

    def doubt(self) -> None:
        """It was wrong."""
        self._doubted_until = time.monotonic() + _DOUBTED_S

    def recall(self, ahead: Ahead) -> Recalled | None:
        """None where something has to be asked."""
        if not ahead.is_all or self.is_doubted or not self._streams.keys() >= ahead.streams:
            return None
        known = sorted({name for name in ahead.alarms if name in self._alarms})
        begun = sorted(set(ahead.alarms).difference(known))
        if not ahead.begun.issuperset(begun):
            return None
        streams = sorted(ahead.streams, key=lambda key: (key.source, key.epoch))
        return Recalled(
            streams={key: self._streams[key] for key in streams},
            alarms={name: self._alarms[name] for name in known},
            begun=tuple(begun),
        )

    def keep(self, written: Written, written_by: int) -> None:
        """What a transaction of this number has written; it is committed now."""
        for held in (self._streams, self._alarms):
            if len(held) > _MOST:
                held.clear()
        self._streams.update({key: (state, written_by) for key, state in written.streams.items()})
        self._alarms.update({name: (alarm, written_by) for name, alarm in written.alarms.items()})


def begin_with(session: AsyncSession, recalled: Recalled | None) -> None:
    """A transaction begins, of which nothing is written yet."""
    session.info[_RECALLED], session.info[_WRITTEN] = recalled, Written()


def recalled_in(session: AsyncSession) -> Recalled | None:
    """What the running transaction takes for granted instead of asking."""
    return session.info.get(_RECALLED)


def written_in(session: AsyncSession) -> Written:
    """For whoever writes streams or alarms."""
    return session.info.setdefault(_WRITTEN, Written())
