"""What the core needs of a stream, so that no more of it is decoded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Demand:
    """How far apart pictures may be; whoever decodes picks the cheapest way that keeps to it.

    Key frames alone where they come often enough, else without the pictures that no other refers to, else all.
    """

    #: Longest time between two pictures, seconds of frame time; 0 asks for every picture.
    longest_gap_s: float = 0.0


EVERY_PICTURE = Demand()
"""Nothing may be left out."""
