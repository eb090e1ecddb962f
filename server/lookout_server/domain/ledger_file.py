"""An exported ledger: JSON lines that can be checked without the database, one stream after the other.

Each stream is a ``begin`` line, an ``entry`` line for each number or range of numbers, and an ``end`` line that says
how many entries there were and where the chain ended. Whoever wrote that last hash down earlier can also tell whether
the file was made anew as a whole.

Whether an entry's hash covers its time is told by the hash alone: a mark beside it could be changed with it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import cast

from lookout_server.domain.ledger import Chain, Ending, Link, digest_of
from lookout_server.domain.sequence import Sequences
from lookout_server.errors import InvalidError

Values = Mapping[str, object]

#: What is written. Who reads no other than 1 would take an entry whose hash covers its time for a changed one.
_FORMAT = 2


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A stream whose chain holds. ``head``: its last hash."""

    source: str
    epoch: str
    numbers: Sequences
    chain: Chain
    stored: int = 0
    refused: int = 0
    lost: int = 0
    #: So many entries at the beginning are of earlier versions: their hashes leave out their times.
    untimed: int = 0

    @property
    def missing(self) -> int:
        """Numbers below the highest one that have no entry: they had not come when the file was made."""
        return self.numbers.missing


def begin_line(source: str, epoch: str, at: datetime) -> str:
    """The first line of a stream."""
    return _line({"line": "begin", "ledger": _FORMAT, "source": source, "epoch": epoch, "exported_at": at.isoformat()})


def entry_line(link: Link, at: datetime, text: str) -> str:
    """One entry. ``text`` is the event as it came, or the reason."""
    return _line(
        {
            "line": "entry",
            "link": link.number,
            "ending": link.ending.value,
            "first": link.first,
            "last": link.last,
            "at": at.isoformat(),
            "text": text,
            "chain": link.chain,
        }
    )


def end_line(chain: Chain) -> str:
    """The last line of a stream."""
    return _line({"line": "end", "links": chain.links, "head": chain.head})


def check_lines(lines: Iterable[str]) -> Iterator[Checked]:
    """Follow the chain of every stream. InvalidError names the first line that does not fit, and why."""
    open_stream: Checked | None = None
    streams = 0
    for place, text in enumerate(lines, start=1):
        values = _read(place, text)
        kind = values.get("line")
        if kind == "begin" and open_stream is None:
            open_stream = _begin(place, values)
            streams += 1
        elif kind == "entry" and open_stream is not None:
            open_stream = _entry(place, values, open_stream)
        elif kind == "end" and open_stream is not None:
            if (values.get("links"), values.get("head")) != (open_stream.chain.links, open_stream.chain.head):
                raise _wrong(place, "the stream ends elsewhere than its entries lead: some are missing or were put in")
            yield open_stream
            open_stream = None
        else:
            raise _wrong(place, "this line is out of place: the file was cut or put together")
    if open_stream is not None or not streams:
        raise InvalidError("the file ends before its ledger does: it was cut, or is no exported ledger")


def _begin(place: int, values: Values) -> Checked:
    source, epoch = values.get("source"), values.get("epoch")
    if values.get("ledger") not in (1, _FORMAT) or not isinstance(source, str) or not isinstance(epoch, str):
        raise _wrong(place, "this is no ledger that this version can read")
    return Checked(source=source, epoch=epoch, numbers=Sequences(), chain=Chain.begin(source, epoch))


def _entry(place: int, values: Values, held: Checked) -> Checked:
    first, last, text = values.get("first"), values.get("last"), values.get("text")
    if not isinstance(first, int) or not isinstance(last, int) or not isinstance(text, str) or not 1 <= first <= last:
        raise _wrong(place, "an entry needs first, last and text")
    try:
        ending = Ending(str(values.get("ending")))
    except ValueError as error:
        raise _wrong(place, f"numbers end stored, refused or lost, not {values.get('ending')!r}") from error
    link, timed = _linked(place, values, held, partial(held.chain.add, ending, (first, last), digest_of(text)))
    if ending is Ending.STORED:
        _same_event(place, text, held, first)
    return replace(
        held,
        numbers=_settled(place, held.numbers, ending, (first, last)),
        chain=held.chain.after(link),
        stored=held.stored + (ending is Ending.STORED),
        refused=held.refused + (ending is Ending.REFUSED),
        lost=held.lost + (last - first + 1 if ending is Ending.LOST else 0),
        untimed=held.untimed + (not timed),
    )


def _linked(place: int, values: Values, held: Checked, made: Callable[[datetime | None], Link]) -> tuple[Link, bool]:
    """The entry as it was made, and whether its hash covers its time."""
    number, chain = values.get("link"), values.get("chain")
    timed, untimed = made(_time(place, values)), made(None)
    name = f"entry {timed.number} (number {timed.first})"
    if number != timed.number:
        raise _wrong(place, f"here should be {name} and is entry {number}: entries were left out, put in or moved")
    if chain == timed.chain:
        return timed, True
    if chain != untimed.chain:
        raise _wrong(
            place, f"{name} does not follow from what comes before it: its time, text, ending or numbers were changed"
        )
    if held.untimed < held.chain.links:
        raise _wrong(
            place,
            f"the hash of {name} leaves out its time, as only earlier versions wrote it, and that of the entry before "
            "covers it: this one was put in or written anew, or an earlier version went on with the database",
        )
    return untimed, False


def _time(place: int, values: Values) -> datetime:
    text = str(values.get("at"))
    try:
        at = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _wrong(
            place, f"entry {values.get('link')} needs the time at which it was decided, not {text!r}"
        ) from error
    if at.isoformat() != text:
        raise _wrong(place, f"the time of entry {values.get('link')} is not as it was exported: {text}")
    return at


def _settled(place: int, numbers: Sequences, ending: Ending, span: tuple[int, int]) -> Sequences:
    if ending is Ending.LOST:
        after, spans = numbers.expect(span[1]).give_up(*span)
        if spans != (span,):
            raise _wrong(place, f"numbers {span[0]} to {span[1]} are lost here and had ended otherwise before")
        return after
    if not numbers.takes(span[0]):
        raise _wrong(place, f"number {span[0]} ends twice")
    return numbers.settle(span[0])


def _same_event(place: int, text: str, held: Checked, sequence: int) -> None:
    event = _read(place, text)
    if (event.get("source"), event.get("epoch"), event.get("sequence")) != (held.source, held.epoch, sequence):
        raise _wrong(place, f"the event under number {sequence} is another gateway's, epoch's or number's")


def _read(place: int, text: str) -> Values:
    try:
        found: object = json.loads(text)
    except ValueError as error:
        raise _wrong(place, "this is not JSON: the file was cut or changed") from error
    if not isinstance(found, dict):
        raise _wrong(place, "this is no line of a ledger")
    return cast(Values, found)


def _line(values: Values) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _wrong(place: int, why: str) -> InvalidError:
    return InvalidError(f"line {place}: {why}")
