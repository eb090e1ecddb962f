"""An object followed over time."""

from typing import NamedTuple

from lookout_edge.domain.geometry import Box

#: Score from which on one look says enough of a thing to follow it, where no other net vouches for less.
SEEN_SURELY = 0.35


class Track(NamedTuple):
    """One followed object as of one frame. Times are frame times, seconds since the Unix epoch."""

    id: int
    label: str
    score: float
    box: Box
    first_at: float
    #: Last frame in which a detection confirmed it; older than the frame's own time while it is coasting.
    last_at: float
    #: Number of detections matched so far.
    hits: int
    #: Not found in the last look, but its place looks as it did: it is there.
    held: bool = False
