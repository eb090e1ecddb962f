"""What stood in plain sight for long before it was first seen: what comes changes its place, and a lamp does not."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Scene
from lookout_edge.domain.track import Track

#: Seconds for which it must have stood there.
UNSEEN_S = 20.0
#: Seconds for which a place is known where one of these things was seen: it is the same one under another number.
_KNOWN_S = 300.0
#: Overlap of boxes in one place.
_SAME_PLACE = 0.5


class _Place(NamedTuple):
    """Where something was seen, when last (frame time), and whether it had stood there unseen."""

    box: Box
    seen_at: float
    stood: bool


class Unseen:
    """Asks of each track, when it is new, whether what it is on had stood there unseen. One rule, one camera."""

    def __init__(self, labels: Collection[str]) -> None:
        self._labels = frozenset(labels)
        #: Track → where it was first seen, if it had stood there unseen.
        self._first: dict[int, Box | None] = {}
        self._places: list[_Place] = []

    def look(self, at: float, tracks: Sequence[Track], scene: Scene) -> None:
        """Take in a look. Nothing of ``scene`` is kept."""
        mine = [track for track in tracks if track.label in self._labels]
        self._places = [place for place in self._places if 0 <= at - place.seen_at < _KNOWN_S]
        self._first = {
            track.id: self._first[track.id] if track.id in self._first else self._begin(track, scene) for track in mine
        }
        seen = [_Place(track.box, at, self.stood(track)) for track in mine if track.last_at >= at]
        self._places = [p for p in self._places if not any(p.box.iou(s.box) >= _SAME_PLACE for s in seen)] + seen

    def stood(self, track: Track) -> bool:
        """Whether it had stood unseen where it still is."""
        first = self._first.get(track.id)
        return first is not None and first.iou(track.box) >= _SAME_PLACE

    def reset(self) -> None:
        """Forget everything: time has jumped."""
        self._first, self._places = {}, []

    def _begin(self, track: Track, scene: Scene) -> Box | None:
        known = [place.stood for place in self._places if place.box.iou(track.box) >= _SAME_PLACE]
        stood = all(known) if known else bool(scene.stood and scene.stood(track.box, track.first_at - UNSEEN_S))
        return track.box if stood else None
