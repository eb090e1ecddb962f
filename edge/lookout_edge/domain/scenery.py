"""Places where smoke has been suspected all along: clouds and fog, which a change of light lifts over the threshold."""

from dataclasses import dataclass, field
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from lookout_edge.domain.geometry import Box

#: Cells across and down the picture: fine enough that a small box is seen to outgrow its past.
_COLUMNS, _ROWS = 32, 18
_Cells = NDArray[np.float64]
_Part = tuple[slice, slice]
#: Frame times are good to so many seconds, see ``domain.looks``.
_INSTANT_S = 1e-5


def _never() -> _Cells:
    return np.full((_ROWS, _COLUMNS), -np.inf)


@dataclass(slots=True, eq=False)
class Scenery:
    """Where smoke was suspected again and again without becoming an alarm. Times are frame times, seconds."""

    #: Occasions after which a cell is enough of a suspect, and the least time between two of them.
    marks_needed: int = 3
    apart_s: float = 3.0
    #: Enough of it must be so long ago: smoke that comes in has this time to become an alarm or to outgrow its past.
    settled_s: float = 8.0
    #: Time without any suspicion after which a cell is forgotten.
    keep_s: float = 600.0
    _count: NDArray[np.int32] = field(default_factory=lambda: np.zeros((_ROWS, _COLUMNS), np.int32))
    #: Frame times of each cell's last occasion, and of the one that made it enough.
    _last_at: _Cells = field(default_factory=_never)
    _enough_at: _Cells = field(default_factory=_never)

    def suspect(self, at: float, box: Box) -> None:
        """Smoke is suspected in ``box``, surely or not, and is no alarm."""
        part = _touched(box)
        count, last_at, enough_at = self._count[part], self._last_at[part], self._enough_at[part]
        count[~self._is_kept(at, last_at)] = 0
        new = (count == 0) | (at - last_at >= self.apart_s - _INSTANT_S)
        count[new] += 1
        last_at[new] = at
        enough_at[new & (count == self.marks_needed)] = at

    def share(self, at: float, box: Box) -> float:
        """Share of ``box`` in which smoke was suspected long before, 0..1."""
        part = _covered(box)
        enough = (self._count[part] >= self.marks_needed) & self._is_kept(at, self._last_at[part])
        return float((enough & (at - self._enough_at[part] >= self.settled_s - _INSTANT_S)).mean())

    def _is_kept(self, at: float, last_at: _Cells) -> NDArray[np.bool_]:
        since_s = at - last_at
        return (since_s >= 0) & (since_s <= self.keep_s + _INSTANT_S)


def _touched(box: Box) -> _Part:
    """All cells that ``box`` touches."""
    inside = box.clipped()
    return _part(inside.y1 * _ROWS, inside.y2 * _ROWS, _ROWS), _part(
        inside.x1 * _COLUMNS, inside.x2 * _COLUMNS, _COLUMNS
    )


def _covered(box: Box) -> _Part:
    """The cells whose middle lies in ``box``; one at least."""
    inside = box.clipped()
    rows = _part(ceil(inside.y1 * _ROWS - 0.5), floor(inside.y2 * _ROWS + 0.5), _ROWS)
    return rows, _part(ceil(inside.x1 * _COLUMNS - 0.5), floor(inside.x2 * _COLUMNS + 0.5), _COLUMNS)


def _part(first: float, end: float, count: int) -> slice:
    start = min(count - 1, max(0, floor(first)))
    return slice(start, max(start + 1, min(count, ceil(end))))
