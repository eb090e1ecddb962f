"""What the core needs of a stream, so that no more of it is decoded."""

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Demand:
    """How far apart pictures may be, and which are of no use; whoever decodes picks the cheapest way that keeps to it.

    Key frames alone where they come often enough, else without the pictures that no other refers to, else all.
    """

    #: Longest time between two pictures, seconds of frame time; 0 asks for every picture.
    longest_gap_s: float = 0.0
    #: Frame times between which no picture is of use, as nobody would look at it: neither end is among them.
    unwanted: tuple[float, float] = (inf, inf)

    def wants(self, at: float) -> bool:
        """Whether a picture at frame time ``at`` is of use."""
        after, before = self.unwanted
        return not after < at < before


EVERY_PICTURE = Demand()
"""Nothing may be left out."""
