"""Decides which events of a batch are new, how every number ends, and writes the receipts and the ledger."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lookout_contract.delivery import Receipt, Rejection
from lookout_server.domain.ledger import Ending, Link, digest_of
from lookout_server.domain.refusal import why
from lookout_server.domain.sequence import Range, Sequences
from lookout_server.ports import Gap, LinkedEvent, LinkedNote, StreamKey, StreamState, UnitOfWork
from lookout_server.services.reading import Read, ReadEvent, ReadResponse, ReadStatus, Refused

_CONFLICT = (
    "another event is stored under this number: two boxes use this gateway's name and spool, or its disk was restored "
    "from a copy; the gateway was told to begin a new epoch and to send it again"
)


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What a batch settles: the events that are new, and how the numbers stand afterwards."""

    fresh: tuple[ReadEvent, ...]
    #: Events whose number belongs to another event.
    conflicts: tuple[Refused, ...]
    duplicates: int
    #: How the streams of the batch stood, and how they stand.
    before: dict[StreamKey, StreamState]
    after: dict[StreamKey, StreamState]
    rejected: dict[StreamKey, dict[int, Rejection]]

    def receipts(self) -> tuple[tuple[str, Receipt], ...]:
        """(gateway id, receipt) for every stream of the batch; to be sent after the commit, never before."""
        return tuple((gateway_of(stream), self._receipt(stream)) for stream in self.after)

    def gaps(self) -> tuple[Gap, ...]:
        """What has been overtaken, per stream of the batch."""
        return tuple(gap for stream, state in self.after.items() for gap in gaps_of(stream, state.numbers))

    def _receipt(self, stream: StreamKey) -> Receipt:
        numbers = self.after[stream].numbers
        rejected = sorted(self.rejected.get(stream, {}).items())
        return Receipt(
            epoch=stream.epoch,
            upto=numbers.upto,
            also=numbers.also,
            rejected=tuple(rejection for _, rejection in rejected),
        )


def gateway_of(stream: StreamKey) -> str:
    """The last part of ``/site/{site}/gateway/{gateway}``."""
    return stream.source.rsplit("/", 1)[-1]


def gaps_of(stream: StreamKey, numbers: Sequences) -> tuple[Gap, ...]:
    """What is missing of a stream."""
    return tuple(
        Gap(gateway=gateway_of(stream), epoch=stream.epoch, first=first, last=last) for first, last in numbers.gaps()
    )


async def settle(uow: UnitOfWork, batch: Sequence[Read]) -> Settlement:
    """Lock the numbers of all streams in the batch, find what is new, and store events, ledger and new numbers."""
    tails = await _tails(uow, [read for read in batch if isinstance(read, ReadStatus)])
    keys = {stream for message in batch if (stream := _stream(message)) is not None}.union(tails)
    before = await uow.events.lock(keys)
    book = _Book(states=dict(before))
    for message in batch:
        book.take(message)
    for stream, top in tails.items():
        book.expect(stream, top)
    await _take_again(uow, book)
    conflicts = await _conflicts(uow, book)
    await uow.events.append(book.events)
    await uow.events.note(book.notes)
    changed = {stream: book.states[stream] for stream in keys if book.states[stream] is not before[stream]}
    await uow.events.save_streams(changed)
    return Settlement(
        fresh=tuple(book.fresh),
        conflicts=conflicts,
        duplicates=len(book.repeated) - len(conflicts),
        before=before,
        after=book.states,
        rejected=book.rejected,
    )


@dataclass
class _Book:
    """The ledger's pages while a batch is written into them."""

    states: dict[StreamKey, StreamState]
    fresh: list[ReadEvent] = field(default_factory=list[ReadEvent])
    repeated: list[ReadEvent] = field(default_factory=list[ReadEvent])
    events: list[LinkedEvent] = field(default_factory=list[LinkedEvent])
    notes: list[LinkedNote] = field(default_factory=list[LinkedNote])
    rejected: dict[StreamKey, dict[int, Rejection]] = field(default_factory=dict[StreamKey, dict[int, Rejection]])

    def take(self, message: Read) -> None:
        """Settle the numbers that a message settles."""
        if isinstance(message, ReadEvent):
            self._event(message)
        elif isinstance(message, Refused) and message.stream is not None and message.sequence is not None:
            self._refused(message, message.stream, message.sequence)
        elif isinstance(message, ReadResponse):
            self._gone(message)

    def expect(self, stream: StreamKey, top: int) -> None:
        """Numbers up to ``top`` were given, and their gateway holds none of them any more."""
        held = self.states[stream]
        numbers = held.numbers.expect(top)
        if numbers is not held.numbers:
            self.states[stream] = held._replace(numbers=numbers)

    def reject(self, stream: StreamKey, sequence: int, reason: str, *, conflict: bool = False) -> None:
        """Have the receipt say so."""
        rejection = Rejection(seq=sequence, reason=reason, conflict=conflict)
        self.rejected.setdefault(stream, {})[sequence] = rejection

    def _event(self, message: ReadEvent) -> None:
        numbers = self.states[message.stream].numbers.taken(message.taken.event.sequence)
        if numbers is not None:
            self.store(message, numbers)
        else:
            self.repeated.append(message)

    def store(self, message: ReadEvent, numbers: Sequences) -> None:
        """Keep an event that is new; ``numbers``: how its stream's stand with it."""
        sequence = message.taken.event.sequence
        taken, span = message.taken, (sequence, sequence)
        link = self._link(message.stream, numbers, Ending.STORED, span, taken.payload, taken.received_at)
        self.fresh.append(message)
        self.events.append(LinkedEvent(taken=taken, link=link))

    def _refused(self, message: Refused, stream: StreamKey, sequence: int) -> None:
        self.reject(stream, sequence, message.reason)
        numbers = self.states[stream].numbers.taken(sequence)
        if numbers is not None:
            self._note(
                stream, numbers, Ending.REFUSED, (sequence, sequence), message.reason, message.message.received_at
            )

    def _gone(self, message: ReadResponse) -> None:
        gone, stream = message.response.gone, message.gone
        if gone is None or stream is None:
            return
        for first, last in gone.ranges:
            numbers, spans = self.states[stream].numbers.give_up(first, last)
            for span in spans:
                self._note(stream, numbers, Ending.LOST, span, gone.why, message.message.received_at)

    def _link(
        self, stream: StreamKey, numbers: Sequences, ending: Ending, span: Range, text: str, at: datetime
    ) -> Link:
        held = self.states[stream]
        link = held.chain.add(ending, span, digest_of(text), at)
        self.states[stream] = StreamState(numbers=numbers, chain=held.chain.after(link))
        return link

    def _note(
        self, stream: StreamKey, numbers: Sequences, ending: Ending, span: Range, reason: str, at: datetime
    ) -> None:
        link = self._link(stream, numbers, ending, span, reason, at)
        self.notes.append(LinkedNote(stream=stream, link=link, reason=reason, at=at))


async def _take_again(uow: UnitOfWork, book: _Book) -> None:
    """Events from the quarantine whose number was refused then: the ledger has both entries, as with what was lost."""
    again = [event for event in book.repeated if event.again]
    stored = await uow.events.payloads({_place(event) for event in again}) if again else {}
    for event in again:
        if _place(event) not in stored:
            book.repeated.remove(event)
            book.store(event, book.states[event.stream].numbers)


async def _conflicts(uow: UnitOfWork, book: _Book) -> tuple[Refused, ...]:
    """Of the events whose number is settled: those that are not the event stored under it."""
    if not book.repeated:
        return ()
    stored = {_place(event): event.taken.payload for event in book.fresh}
    earlier = {_place(event) for event in book.repeated}.difference(stored)
    stored |= await uow.events.payloads(earlier)
    found: list[Refused] = []
    for event in book.repeated:
        if stored.get(_place(event), event.taken.payload) != event.taken.payload:
            found.append(_conflict(event))
            book.reject(event.stream, event.taken.event.sequence, _CONFLICT, conflict=True)
    return tuple(found)


def _conflict(event: ReadEvent) -> Refused:
    return Refused(
        message=event.message,
        why=why("conflict", _CONFLICT),
        gateway=event.camera.gateway,
        stream=event.stream,
        sequence=event.taken.event.sequence,
        conflict=True,
    )


def _place(event: ReadEvent) -> tuple[StreamKey, int]:
    return event.stream, event.taken.event.sequence


async def _tails(uow: UnitOfWork, statuses: Collection[ReadStatus]) -> dict[StreamKey, int]:
    """Stream → highest number that its gateway gave and does not hold any more.

    A gateway whose spool is empty has sent all that it gave. One that begins a new epoch holds nothing of the old one.
    """
    known = await uow.gateways.get({read.status.gateway for read in statuses}) if statuses else {}
    tops: dict[StreamKey, int] = {}
    for read in statuses:
        status, held = read.status, known.get(read.status.gateway)
        if not status.online:
            continue
        if status.spool is not None and status.spool.events == 0 and status.last_sequence > 0:
            tops[read.stream] = max(tops.get(read.stream, 0), status.last_sequence)
        if held is not None and held.epoch is not None and held.epoch != status.epoch and held.last_sequence > 0:
            tops[StreamKey(source=read.source, epoch=held.epoch)] = held.last_sequence
    return tops


def _stream(message: Read) -> StreamKey | None:
    if isinstance(message, ReadEvent | Refused):
        return message.stream
    return message.gone if isinstance(message, ReadResponse) else None
