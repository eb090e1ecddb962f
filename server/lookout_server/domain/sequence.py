"""Which numbers of a gateway's epoch are settled. From this, and nothing else, receipts are written."""

from bisect import bisect_left
from dataclasses import dataclass, replace

Range = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Sequences:
    """Settled numbers of one (source, epoch): 1..upto and the closed, ascending, separate ranges above it."""

    upto: int = 0
    also: tuple[Range, ...] = ()

    def settles(self, number: int) -> bool:
        """Whether the number has been stored or rejected."""
        return number <= self.upto or any(first <= number <= last for first, last in self.also)

    def settle(self, number: int) -> "Sequences":
        """The state with one more number settled; the same state when it already was."""
        if number < 1:
            raise ValueError(f"sequence numbers start at 1, not {number}")
        if self.settles(number):
            return self
        ranges = _insert(self.also, number)
        upto = self.upto
        while ranges and ranges[0][0] == upto + 1:
            upto = ranges[0][1]
            ranges = ranges[1:]
        return replace(self, upto=upto, also=ranges)

    def gaps(self) -> tuple[Range, ...]:
        """Closed ranges that are missing below the highest settled number."""
        found: list[Range] = []
        end = self.upto
        for first, last in self.also:
            found.append((end + 1, first - 1))
            end = last
        return tuple(found)

    @property
    def missing(self) -> int:
        """How many numbers the gaps hold."""
        return sum(last - first + 1 for first, last in self.gaps())


def _insert(ranges: tuple[Range, ...], number: int) -> tuple[Range, ...]:
    place = bisect_left(ranges, (number, number))
    before, after = list(ranges[:place]), list(ranges[place:])
    first = last = number
    if before and before[-1][1] == number - 1:
        first = before.pop()[0]
    if after and after[0][0] == number + 1:
        last = after.pop(0)[1]
    return (*before, (first, last), *after)
