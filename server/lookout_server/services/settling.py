"""Decides which events of a batch are new and writes the receipts."""

from collections.abc import Sequence
from dataclasses import dataclass

from lookout_contract.delivery import Receipt, Rejection
from lookout_server.domain.sequence import Sequences
from lookout_server.ports import Gap, StreamKey, UnitOfWork
from lookout_server.services.reading import Read, ReadEvent, Refused


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What a batch settles: the events that are new, and how the numbers stand afterwards."""

    fresh: tuple[ReadEvent, ...]
    duplicates: int
    numbers: dict[StreamKey, Sequences]
    rejected: dict[StreamKey, dict[int, str]]

    def receipts(self) -> tuple[tuple[str, Receipt], ...]:
        """(gateway id, receipt) for every stream of the batch; to be sent after the commit, never before."""
        return tuple((gateway_of(stream), self._receipt(stream)) for stream in self.numbers)

    def gaps(self) -> tuple[Gap, ...]:
        """What has been overtaken, per stream of the batch."""
        return tuple(
            Gap(gateway=gateway_of(stream), epoch=stream.epoch, first=first, last=last)
            for stream, numbers in self.numbers.items()
            for first, last in numbers.gaps()
        )

    def _receipt(self, stream: StreamKey) -> Receipt:
        numbers = self.numbers[stream]
        rejected = sorted(self.rejected.get(stream, {}).items())
        return Receipt(
            epoch=stream.epoch,
            upto=numbers.upto,
            also=numbers.also,
            rejected=tuple(Rejection(seq=sequence, reason=reason) for sequence, reason in rejected),
        )


def gateway_of(stream: StreamKey) -> str:
    """The last part of ``/site/{site}/gateway/{gateway}``."""
    return stream.source.rsplit("/", 1)[-1]


async def settle(uow: UnitOfWork, batch: Sequence[Read]) -> Settlement:
    """Lock the numbers of all streams in the batch, find what is new, and store the new numbers."""
    keys = {stream for message in batch if (stream := _stream(message)) is not None}
    numbers = await uow.events.lock(keys)
    before = dict(numbers)
    fresh: list[ReadEvent] = []
    rejected: dict[StreamKey, dict[int, str]] = {}
    duplicates = 0
    for message in batch:
        if isinstance(message, ReadEvent):
            held = numbers[message.stream]
            numbers[message.stream] = held.settle(message.taken.event.sequence)
            if numbers[message.stream] is held:
                duplicates += 1
            else:
                fresh.append(message)
        elif isinstance(message, Refused) and message.stream is not None and message.sequence is not None:
            numbers[message.stream] = numbers[message.stream].settle(message.sequence)
            rejected.setdefault(message.stream, {})[message.sequence] = message.reason
    for stream in sorted(keys, key=lambda key: (key.source, key.epoch)):
        if numbers[stream] is not before[stream]:
            await uow.events.save_sequences(stream, numbers[stream])
    return Settlement(fresh=tuple(fresh), duplicates=duplicates, numbers=numbers, rejected=rejected)


def _stream(message: Read) -> StreamKey | None:
    return message.stream if isinstance(message, ReadEvent | Refused) else None
