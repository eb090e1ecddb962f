"""Events as they came, and which numbers are settled."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.prepared import Question
from lookout_server.adapters.database.remembered import recalled_in, written_in
from lookout_server.adapters.database.statements import asking_by, insert_all, insert_new, select_by, upsert
from lookout_server.adapters.database.tables import EventRow, LedgerRow, StreamRow
from lookout_server.domain.ledger import Chain, delay_s
from lookout_server.domain.sequence import Range, Sequences
from lookout_server.ports import LinkedEvent, LinkedNote, StreamKey, StreamState

#: No ranges, which is how nearly all streams stand.
_NONE = "[]"
_STREAM = ("source", "epoch")


class SqlEvents:
    """Implements ports.EventLog."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock(self, streams: Collection[StreamKey]) -> dict[StreamKey, StreamState]:
        """Locked in one order, so that two writers cannot wait for each other. Those that are new, which is rare, are
        made and then locked."""
        recalled = recalled_in(self._session)
        if recalled is not None:
            return recalled.states(streams)
        held = await self._locked(streams)
        missing = sorted((key.source, key.epoch) for key in streams if key not in held)
        if not missing:
            return held
        fresh = [
            _stream_values(
                StreamKey(source=source, epoch=epoch),
                StreamState(numbers=Sequences(), chain=Chain.begin(source, epoch)),
            )
            for source, epoch in missing
        ]
        await insert_new(self._session, StreamRow, fresh)
        return await self._locked(streams)

    async def _locked(self, streams: Collection[StreamKey]) -> dict[StreamKey, StreamState]:
        rows = await select_by(self._session, StreamRow, _STREAM, _keys(streams), lock=True)
        return {StreamKey(source=row.source, epoch=row.epoch): stream_state(row) for row in rows}

    async def append(self, events: Sequence[LinkedEvent]) -> None:
        """One statement for all of them."""
        await insert_all(self._session, EventRow, [_event_values(event) for event in events], later=True)

    async def note(self, notes: Sequence[LinkedNote]) -> None:
        """One statement for all of them."""
        await insert_all(self._session, LedgerRow, [_note_values(note) for note in notes])

    async def payloads(self, numbers: Collection[tuple[StreamKey, int]]) -> dict[tuple[StreamKey, int], str]:
        """By the unique key."""
        keys = [(stream.source, stream.epoch, number) for stream, number in numbers]
        rows = await select_by(self._session, EventRow, ("source", "epoch", "sequence"), keys)
        return {(StreamKey(source=row.source, epoch=row.epoch), row.sequence): row.payload for row in rows}

    async def save_streams(self, states: Mapping[StreamKey, StreamState]) -> None:
        """Overwrite, in the order of ``lock``."""
        ordered = sorted(states, key=lambda key: (key.source, key.epoch))
        rows = [_stream_values(stream, states[stream]) for stream in ordered]
        await upsert(self._session, StreamRow, rows, later=True)
        written_in(self._session).streams.update(states)


def asking_streams(streams: Collection[StreamKey]) -> Iterator[Question]:
    """What ``lock`` asks of streams that are known."""
    return asking_by(StreamRow, _STREAM, _keys(streams), lock=True)


def _keys(streams: Collection[StreamKey]) -> list[tuple[str, str]]:
    return [(key.source, key.epoch) for key in streams]


def stream_state(row: StreamRow) -> StreamState:
    """A row as the domain sees it."""
    numbers = Sequences(upto=row.upto, also=_ranges(row.also), lost=_ranges(row.lost), top=row.top)
    return StreamState(numbers=numbers, chain=Chain(links=row.links, head=row.head))


def _ranges(stored: str) -> tuple[Range, ...]:
    return () if stored == _NONE else tuple((first, last) for first, last in json.loads(stored))


def _stream_values(stream: StreamKey, state: StreamState) -> dict[str, Any]:
    numbers = state.numbers
    return {
        "source": stream.source,
        "epoch": stream.epoch,
        "upto": numbers.upto,
        "also": json.dumps(numbers.also) if numbers.also else _NONE,
        "lost": json.dumps(numbers.lost) if numbers.lost else _NONE,
        "top": numbers.top,
        "links": state.chain.links,
        "head": state.chain.head,
    }


def _event_values(linked: LinkedEvent) -> dict[str, Any]:
    taken = linked.taken
    event = taken.event
    return {
        "source": event.source,
        "epoch": event.epoch,
        "sequence": event.sequence,
        "occurrence": event.data.occurrence,
        "captured_at": event.data.captured_at,
        "received_at": taken.received_at,
        "payload": taken.payload,
        "link": linked.link.number,
        "chain": linked.link.chain,
        "late_s": delay_s(event.time, taken.received_at),
    }


def _note_values(note: LinkedNote) -> dict[str, Any]:
    link = note.link
    return {
        "source": note.stream.source,
        "epoch": note.stream.epoch,
        "link": link.number,
        "ending": link.ending.value,
        "first": link.first,
        "last": link.last,
        "digest": link.digest,
        "chain": link.chain,
        "reason": note.reason,
        "at": note.at,
    }
