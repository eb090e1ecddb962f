"""Whether an encoder is handed one picture again and again, though no two pictures that it makes of it need be alike.

It makes them as coarse as its rate allows at the time, so they may differ all over; but equally coarse it makes the
same picture, to the last bit: pictures come back. Where it is always as coarse, but draws a running clock, all else
stays as it is, to the last bit. A sensor's noise does neither, however little of it is left.
"""

import numpy as np
from numpy.typing import NDArray

from lookout_edge.domain.frame import Luma

Marks = NDArray[np.uint32]

#: Size of a tile in pixels of the small picture: 60 tiles in one of 160 x 90.
_WIDE, _HIGH = 16, 15
#: Pictures that are remembered: of a camera at which nothing moves three minutes or more.
_KEPT = 512
#: Share of the tiles that may differ in a picture that has come back: a clock that goes on, and what its digits do to
#: the picture around it.
_MAY_DIFFER = 0.1
#: Share of the tiles that must differ from the picture before: those that hardly change resemble many.
_MUST_DIFFER = 0.3
#: In so many tiles each remembered picture is compared first: nearly always that rules all of them out.
_ASKED_FIRST = 12
#: Another picture altogether, not another coding of it: share of the pixels that differ by more than so many levels.
_FAR_SHARE, _FAR = 0.005, 48
#: Levels between the darkest and the brightest pixel of a tile that shows something: in one that does not, night may
#: have no noise at all.
_SHOWS_SOMETHING = 8


class Stillness:
    """One camera's small pictures, compared with earlier ones. Its memory is constant: 0.1 MB."""

    def __init__(self, pause_s: float) -> None:
        #: Longest time from one that comes back to the next, seconds of frame time.
        self._pause_s = pause_s
        self.reset()

    def reset(self) -> None:
        """Forget all pictures."""
        #: What pictures are told from that are not of the same scene any more.
        self._anchor: Luma | None = None
        self._latest: Luma | None = None
        self._weights: NDArray[np.uint64] = np.zeros((0, 0, 0), np.uint64)
        #: Marks of tiles, one column a picture; a ring of which ``_next`` is written next.
        self._seen: Marks = np.zeros((0, _KEPT), np.uint32)
        self._next = self._filled = 0
        self._marks: Marks | None = None
        #: Frame time at which each tile changed last.
        self._changed_at = np.zeros(0)
        self._began_at = self._came_back_at = 0.0
        self._came_back = 0

    def observe(self, at: float, luma: Luma) -> None:
        """Take in a small picture (it is kept) at frame time ``at``."""
        if luma.shape[0] < _HIGH or luma.shape[1] < _WIDE:
            return
        if self._anchor is None or self._anchor.shape != luma.shape:
            self._begin(at, luma)
        if self._came_back and at - self._came_back_at > self._pause_s:
            self._came_back = 0
        before, marks = self._marks, self._marks_of(luma)
        self._latest, self._marks = luma, marks
        if before is None:
            self._remember(marks)
            return
        changed = marks != before
        count = int(np.count_nonzero(changed))
        if not count:
            return
        self._changed_at[changed] = at
        if count >= _MUST_DIFFER * marks.size and self._was_there(marks):
            self._count(at, luma)
        self._remember(marks)

    def comes_back(self, at_least: int, for_s: float) -> bool:
        """Whether pictures have been coming back for so many seconds, and so many of them."""
        return self._came_back >= at_least and self._came_back_at - self._began_at >= for_s

    def stands(self, at: float, share: float, for_s: float) -> bool:
        """Whether the picture shows something in half of it or more, and not a pixel changed in ``share`` of that."""
        unchanged = at - self._changed_at >= for_s
        if self._latest is None or np.count_nonzero(unchanged) < share / 2 * unchanged.size:
            return False
        tiles = self._tiles(self._latest)
        shows = (tiles.max(axis=(1, 3)) - tiles.min(axis=(1, 3)) >= _SHOWS_SOMETHING).ravel()
        count = int(np.count_nonzero(shows))
        return count >= shows.size / 2 and int(np.count_nonzero(shows & unchanged)) >= share * count

    def _begin(self, at: float, luma: Luma) -> None:
        self.reset()
        self._anchor = luma
        rows, _, columns, _ = self._tiles(luma).shape
        # Odd numbers by chance, the same ones each time: a tile of which a pixel differs has another sum.
        dice, words = np.random.default_rng(20_111), (rows, _HIGH, columns * _WIDE // 4)
        self._weights = dice.integers(0, 2**63, words, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        self._seen = np.zeros((rows * columns, _KEPT), np.uint32)
        self._changed_at = np.full(rows * columns, at)

    @staticmethod
    def _tiles(luma: Luma) -> Luma:
        """Row, row within the tile, column, column within it: whole tiles only."""
        rows, columns = luma.shape[0] // _HIGH, luma.shape[1] // _WIDE
        whole = np.ascontiguousarray(luma[: rows * _HIGH, : columns * _WIDE])
        return whole.reshape(rows, _HIGH, columns, _WIDE)

    def _marks_of(self, luma: Luma) -> Marks:
        """A number for each tile: another one when a single pixel of it differs, but for one chance in billions."""
        tiles = self._tiles(luma)
        rows, _, columns, _ = tiles.shape
        words = tiles.view(np.uint32).reshape(self._weights.shape)
        sums = (words * self._weights).sum(axis=1).reshape(rows, columns, -1).sum(axis=2)
        return (sums >> np.uint64(32)).astype(np.uint32).ravel()

    def _remember(self, marks: Marks) -> None:
        self._seen[:, self._next] = marks
        self._next = (self._next + 1) % _KEPT
        self._filled = min(self._filled + 1, _KEPT)

    def _was_there(self, marks: Marks) -> bool:
        """Whether nearly the same picture is remembered."""
        seen, most = self._seen[:, : self._filled], _MAY_DIFFER * marks.size
        step = max(1, marks.size // _ASKED_FIRST)
        likely = np.flatnonzero(_apart(seen[::step], marks[::step]) <= most)
        return likely.size > 0 and bool((_apart(seen[:, likely], marks) <= most).any())

    def _count(self, at: float, luma: Luma) -> None:
        anchor = self._anchor
        if anchor is None:
            return
        apart = np.maximum(luma, anchor) - np.minimum(luma, anchor)
        if np.count_nonzero(apart > _FAR) > _FAR_SHARE * luma.size:
            # A clip that is played over and over brings pictures back, too; but things move in it.
            self._anchor, self._came_back = luma, 0
            return
        if not self._came_back:
            self._began_at = at
        self._came_back, self._came_back_at = self._came_back + 1, at


def _apart(seen: Marks, marks: Marks) -> NDArray[np.uint8]:
    """In how many tiles each remembered picture differs."""
    return np.add.reduce((seen != marks[:, None]).view(np.uint8), axis=0, dtype=np.uint8)
