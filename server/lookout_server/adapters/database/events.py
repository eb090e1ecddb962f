"""Events as they came, and which numbers are settled."""

from collections.abc import Collection, Sequence
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import insert_all, insert_new, scalars, select_by, upsert
from lookout_server.adapters.database.tables import EventRow, StreamRow
from lookout_server.domain.sequence import Range, Sequences
from lookout_server.ports import StreamKey, TakenEvent


class SqlEvents:
    """Implements ports.EventLog."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock(self, streams: Collection[StreamKey]) -> dict[StreamKey, Sequences]:
        """Rows are made first and locked in one order, so that two writers cannot wait for each other."""
        keys = sorted((key.source, key.epoch) for key in streams)
        if not keys:
            return {}
        fresh: list[dict[str, Any]] = [
            {"source": source, "epoch": epoch, "upto": 0, "also": []} for source, epoch in keys
        ]
        await insert_new(self._session, StreamRow, fresh)
        rows = await select_by(self._session, StreamRow, ("source", "epoch"), keys, lock=True)
        return {StreamKey(source=row.source, epoch=row.epoch): _sequences(row) for row in rows}

    async def append(self, events: Sequence[TakenEvent]) -> None:
        """One statement for all of them."""
        await insert_all(self._session, EventRow, [_event_values(taken) for taken in events])

    async def save_sequences(self, stream: StreamKey, sequences: Sequences) -> None:
        """Overwrite."""
        also = [list(pair) for pair in sequences.also]
        row: dict[str, Any] = {"source": stream.source, "epoch": stream.epoch, "upto": sequences.upto, "also": also}
        await upsert(self._session, StreamRow, [row])

    async def missing(self) -> dict[str, int]:
        """Only streams with ranges can miss something."""
        found: dict[str, int] = {}
        for row in await scalars(self._session, select(StreamRow)):
            gateway = row.source.rsplit("/", 1)[-1]
            found[gateway] = found.get(gateway, 0) + _sequences(row).missing
        return found


def _sequences(row: StreamRow) -> Sequences:
    pairs = cast(list[list[int]], row.also)
    ranges: tuple[Range, ...] = tuple((pair[0], pair[1]) for pair in pairs)
    return Sequences(upto=row.upto, also=ranges)


def _event_values(taken: TakenEvent) -> dict[str, Any]:
    event = taken.event
    return {
        "source": event.source,
        "epoch": event.epoch,
        "sequence": event.sequence,
        "occurrence": event.data.occurrence,
        "captured_at": event.data.captured_at,
        "received_at": taken.received_at,
        "payload": taken.payload,
    }
