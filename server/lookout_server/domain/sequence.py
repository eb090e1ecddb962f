"""Which numbers of a gateway's epoch are settled. From this, and nothing else, receipts are written."""

from bisect import bisect_left
from dataclasses import dataclass, replace

Range = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Sequences:
    """Settled numbers of one (source, epoch): 1..upto and the closed, ascending, separate ranges above it.

    ``lost`` are those among them that the gateway no longer has: settled, so that nobody asks for ever, and stored
    all the same should they come after all. ``top`` is the highest number that the gateway is known to have given and
    not to hold any more, so that a loss at the end shows too.
    """

    upto: int = 0
    also: tuple[Range, ...] = ()
    lost: tuple[Range, ...] = ()
    top: int = 0

    def settles(self, number: int) -> bool:
        """Whether the number has been stored, rejected or given up."""
        return number <= self.upto or _holds(self.also, number)

    def takes(self, number: int) -> bool:
        """Whether an event of that number is new: it was never settled, or was given up as lost."""
        return not self.settles(number) or _holds(self.lost, number)

    def taken(self, number: int) -> "Sequences | None":
        """The state with a number settled that is new as ``takes`` has it; None when it is not."""
        if number == self.upto + 1 and not self.also:
            # What nearly every event comes to; what is lost is settled, so that this number is none of them.
            return Sequences(upto=number, lost=self.lost, top=self.top)
        return self.settle(number) if self.takes(number) else None

    def settle(self, number: int) -> "Sequences":
        """The state with one more number settled; the same state when it already was."""
        if number < 1:
            raise ValueError(f"sequence numbers start at 1, not {number}")
        if _holds(self.lost, number):
            return replace(self, lost=_without(self.lost, number))
        if self.settles(number):
            return self
        return self._with(number, number)

    def give_up(self, first: int, last: int) -> tuple["Sequences", tuple[Range, ...]]:
        """The state with what is missing in that range settled as lost, and which numbers those were."""
        open_ones = tuple(
            (max(start, first), min(end, last)) for start, end in self.gaps() if start <= last and end >= first
        )
        state = self
        for start, end in open_ones:
            state = replace(state._with(start, end), lost=_insert(state.lost, start, end))
        return state, open_ones

    def expect(self, top: int) -> "Sequences":
        """The state that misses everything up to ``top`` which is not settled; the same state when it did already."""
        return replace(self, top=top) if top > self.top else self

    def gaps(self) -> tuple[Range, ...]:
        """Closed ranges that are missing below the highest settled number, or below ``top`` where that is higher."""
        found: list[Range] = []
        end = self.upto
        for first, last in self.also:
            found.append((end + 1, first - 1))
            end = last
        return (*found, (end + 1, self.top)) if self.top > end else tuple(found)

    @property
    def highest(self) -> int:
        """The highest settled number."""
        return self.also[-1][1] if self.also else self.upto

    @property
    def missing(self) -> int:
        """How many numbers the gaps hold."""
        return _count(self.gaps())

    @property
    def lost_count(self) -> int:
        """How many numbers were given up."""
        return _count(self.lost)

    def _with(self, first: int, last: int) -> "Sequences":
        if first == self.upto + 1 and not self.also:
            # What nearly every event comes to; ``replace`` costs three times as much.
            return Sequences(upto=last, lost=self.lost, top=self.top)
        ranges = _insert(self.also, first, last)
        upto = self.upto
        while ranges and ranges[0][0] == upto + 1:
            upto = ranges[0][1]
            ranges = ranges[1:]
        return replace(self, upto=upto, also=ranges)


def _holds(ranges: tuple[Range, ...], number: int) -> bool:
    # Mostly there are none, and this is asked three times an event.
    return bool(ranges) and any(first <= number <= last for first, last in ranges)


def _count(ranges: tuple[Range, ...]) -> int:
    return sum(last - first + 1 for first, last in ranges)


def _insert(ranges: tuple[Range, ...], first: int, last: int) -> tuple[Range, ...]:
    """``ranges`` with a range that overlaps none of them; neighbours become one."""
    place = bisect_left(ranges, (first, last))
    before, after = list(ranges[:place]), list(ranges[place:])
    if before and before[-1][1] == first - 1:
        first = before.pop()[0]
    if after and after[0][0] == last + 1:
        last = after.pop(0)[1]
    return (*before, (first, last), *after)


def _without(ranges: tuple[Range, ...], number: int) -> tuple[Range, ...]:
    kept: list[Range] = []
    for first, last in ranges:
        if first <= number <= last:
            kept += [part for part in ((first, number - 1), (number + 1, last)) if part[0] <= part[1]]
        else:
            kept.append((first, last))
    return tuple(kept)
