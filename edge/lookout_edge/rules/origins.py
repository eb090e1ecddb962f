"""Whether a thing came while its place was watched, was there before, or stood there in plain sight, unseen."""

from collections.abc import Callable, Collection, Sequence
from enum import IntEnum
from typing import NamedTuple

from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Scene
from lookout_edge.domain.track import Track

#: Seconds for which it must have stood there.
UNSEEN_S = 20.0
#: Seconds from the first look after which what is seen for the first time may have come.
WATCHED_S = 5.0
#: Seconds for which a place is known where one of these things was seen: it is the same one under another number.
_KNOWN_S = 300.0
#: How far above the model's own threshold, as a share of the way to certainty, what did not come must be on the whole.
CLEARLY = 0.25
#: Overlap (IoU) of boxes in one place, and from which on one may be a part of what was seen in another.
_SAME_PLACE, _NEARBY = 0.5, 0.1


class _Origin(IntEnum):
    """How a thing came to be where it was first seen, the most believable last."""

    #: It stood there unseen, until other light made something of it: what comes changes its place, a lamp does not.
    STOOD = 0
    #: It was there when the camera began to look.
    FOUND = 1
    CAME = 2


class _Place(NamedTuple):
    """Where something was seen, when last (frame time), and its origin."""

    box: Box
    seen_at: float
    origin: _Origin


class Origins:
    """Asks of each track, when it is new, how what it is on came to be there. One rule, one camera."""

    def __init__(self, labels: Collection[str], part: Callable[[Box], Box] = lambda box: box) -> None:
        self._labels = frozenset(labels)
        #: What of a thing's box changes when it comes.
        self._part = part
        #: Track → where it was first seen, and its origin there.
        self._first: dict[int, tuple[Box, _Origin]] = {}
        self._places: list[_Place] = []
        #: Frame time of the first look.
        self._watched_from: float | None = None

    def look(self, at: float, tracks: Sequence[Track], scene: Scene) -> None:
        """Take in a look. Nothing of ``scene`` is kept."""
        self._watched_from = at if self._watched_from is None else self._watched_from
        mine = [track for track in tracks if track.label in self._labels]
        self._places = [place for place in self._places if 0 <= at - place.seen_at < _KNOWN_S]
        self._first = {
            track.id: self._first[track.id] if track.id in self._first else (track.box, self._begin(track, scene))
            for track in mine
        }
        seen = [_Place(track.box, at, self._origin(track)) for track in mine if track.last_at >= at]
        self._places = [p for p in self._places if not any(p.box.iou(s.box) >= _SAME_PLACE for s in seen)] + seen

    def stood(self, track: Track) -> bool:
        """Whether it had stood unseen where it still is."""
        return self._origin(track) is _Origin.STOOD

    def came(self, track: Track) -> bool:
        """Whether it came while its place was watched, or has left the place where it was at first."""
        return track.id in self._first and self._origin(track) is _Origin.CAME

    def reset(self) -> None:
        """Forget everything: time has jumped."""
        self._first, self._places, self._watched_from = {}, [], None

    def _origin(self, track: Track) -> _Origin:
        box, origin = self._first.get(track.id, (track.box, _Origin.CAME))
        overlap = box.iou(track.box)
        if overlap >= _SAME_PLACE:
            return origin
        # A box that is drawn otherwise has not left its place.
        return max(origin, _Origin.FOUND) if overlap > 0 else _Origin.CAME

    def _begin(self, track: Track, scene: Scene) -> _Origin:
        overlaps = [(place.box.iou(track.box), place.origin) for place in self._places]
        if known := [origin for overlap, origin in overlaps if overlap >= _SAME_PLACE]:
            return max(known)
        if scene.stood and scene.stood(self._part(track.box), track.first_at - UNSEEN_S):
            return _Origin.STOOD
        began = track.first_at if self._watched_from is None else self._watched_from
        nearby = (origin for overlap, origin in overlaps if overlap >= _NEARBY)
        return min(nearby, default=_Origin.CAME) if track.first_at - began >= WATCHED_S else _Origin.FOUND
