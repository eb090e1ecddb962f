"""Motion gate: where in the picture is something that nobody has looked at yet? On a small picture of brightness.

Each pixel is compared with what was there when that place was last looked at, so that slow movement adds up and what
stands still costs nothing. How much a pixel flickers by itself (sensor noise, leaves, water) is learned for each pixel.
A picture that changes nearly everywhere at once (a light is switched, the infra-red filter falls) is no movement: the
gate starts over from the new picture.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from lookout_edge.domain.frame import Luma, Patch
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.relief import same_relief
from lookout_edge.domain.zone import Zone

Levels = NDArray[np.int16]
Grid = NDArray[np.bool_]

#: Side of the cells that regions are made of, pixels of the small picture; four bytes are summed up at once.
_CELL = 4
#: The learned flicker is kept in this many parts of a level, in 16 bits: 32 levels at most.
_PARTS_SHIFT = 10
#: Pictures from one reckoning of the limits to the next: what is learned moves slowly.
_LIMITS_EVERY = 16
#: While something moves, pictures from one that is learned from to the next: then there are more, and each costs more.
_LEARNED_EVERY = 4
#: Pixels of the small picture (down, across) by which the camera may have been nudged, the least ones first.
_NUDGES = sorted(product(range(-2, 3), repeat=2), key=lambda shift: abs(shift[0]) + abs(shift[1]))
#: Seconds from one picture that is kept for comparison to the next, and how many are: more than a minute and a half.
_KEPT_EVERY_S, _KEPT = 15.0, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionSettings:
    """When a picture counts as changed. Lengths are pixels of the small picture, levels 0..255."""

    #: Longer side of the small picture.
    thumbnail: int = 160
    #: Least difference that counts.
    level: int = 10
    #: A pixel must differ by this multiple of its own mean flicker.
    noise_factor: float = 4.5
    #: Mean flicker that is assumed before any is learned: that of a camera at night.
    noise_first: float = 4.5
    #: Most flicker that is believed: what differs by more than ``noise_factor`` times this always counts.
    noise_most: float = 14.0
    #: The learned flicker follows each picture by ``2 ** -noise_shift``; at 5 pictures a second in about 13 s. While
    #: something moves one picture in four is learned from.
    noise_shift: int = 6
    #: Pixels of a region that must differ: less is no thing that could be recognised.
    least_pixels: int = 4
    #: Share of all pixels above which the light has changed and not the scene.
    flood: float = 0.6
    #: Common rise or fall of all pixels from which on somebody has switched the light.
    light_step: int = 20
    #: Share of a thing's pixels that may differ while it still looks the same.
    same_share: float = 0.12
    #: Levels by which a place as a whole may differ while it looks just the same.
    veil: float = 4.0


@dataclass(frozen=True, slots=True)
class Motion:
    """What has changed since it was last looked at."""

    #: Where, in fractions of the picture; empty when nothing has.
    regions: tuple[Box, ...] = ()
    #: The whole picture is another: the first one, or the light has changed.
    everywhere: bool = False
    #: Whether anything has changed, explained or not.
    moves: bool = False


class MotionGate:
    """Remembers for each place how it looked when it was last looked at. One camera, one thread."""

    def __init__(self, settings: MotionSettings | None = None, masks: Sequence[Zone] = ()) -> None:
        self._settings = settings or MotionSettings()
        self._masks = tuple(masks)
        self._now: Luma = np.zeros((0, 0), np.uint8)
        self._reference: Luma | None = None
        self._moves = False
        self._until_learned = 0
        #: Frame times and small pictures of the last minutes, oldest first.
        self._kept: deque[tuple[float, Luma]] = deque(maxlen=_KEPT)
        self._begin_to_learn((0, 0))

    @property
    def longest(self) -> int:
        """Longer side of the pictures it wants, pixels."""
        return self._settings.thumbnail

    def observe(self, luma: Luma, explained: Sequence[Box] = ()) -> Motion:
        """Take in the next small picture (it is kept); what in it has changed since it was last looked at.

        Changes inside the boxes of ``explained`` are known to somebody and make no regions.
        """
        if self._reference is None or self._reference.shape != luma.shape:
            if self._noise.shape != luma.shape:
                self._begin_to_learn(luma.shape)
            self._now, self._reference = luma, luma.copy()
            return Motion(everywhere=True, moves=True)
        if not luma.size:
            return Motion()
        self._until_learned -= 1
        if not self._moves or self._until_learned <= 0:
            self._learn(luma)
            self._until_learned = _LEARNED_EVERY
        self._now = luma
        self._moves = False
        common = _common_rise(luma, self._reference)
        if abs(common) >= self._settings.light_step:
            return Motion(everywhere=True, moves=True)
        changed = self._compare(luma, self._reference, common)
        count = int(np.count_nonzero(changed))
        if count < self._settings.least_pixels:
            return Motion()
        if count > self._settings.flood * luma.size:
            return Motion(everywhere=True, moves=True)
        moves = False
        for box in explained:
            part = changed[self._slices(box)]
            known = int(np.count_nonzero(part))
            moves = moves or known >= self._settings.least_pixels
            part[:] = False
            count -= known
        regions = self._regions(changed) if count >= self._settings.least_pixels else ()
        self._moves = moves or bool(regions)
        return Motion(regions, moves=self._moves)

    def looked(self, regions: Sequence[Box] | None = None) -> None:
        """The last picture was looked at in ``regions``; everywhere when None."""
        if regions is None or self._reference is None:
            self._reference = self._now.copy()
            return
        for region in regions:
            rows, columns = self._slices(region)
            self._reference[rows, columns] = self._now[rows, columns]

    def patch(self, box: Box) -> Patch:
        """How ``box`` looks in the last picture."""
        return Patch(self._now[self._slices(box)].copy())

    def resembles(self, patch: Patch, box: Box) -> bool:
        """Whether ``box`` looks as it did in ``patch``, but for noise and for light that rose or fell in it."""
        slices = self._slices(box)
        now = self._now[slices]
        if now.shape != patch.levels.shape or not now.size:
            return False
        difference, common = _without_light(now, patch.levels)
        if abs(common) >= self._settings.light_step:
            return False
        differing = np.count_nonzero(np.abs(difference) >= self._limit[slices])
        return bool(differing <= self._settings.same_share * now.size)

    def keep(self, at: float) -> None:
        """Keep the last picture, of frame time ``at``, to be compared with: now and then one."""
        if not self._kept or at - self._kept[-1][0] >= _KEPT_EVERY_S:
            self._kept.append((at, self._now))

    def is_as_before(self, box: Box, before: float, just: bool = False) -> bool:
        """Whether ``box`` looks as it did in a kept picture of frame time ``before`` or earlier, but for noise and for
        light that rose or fell in all of it; False where none is kept. ``just``: half as many pixels may differ, and
        the mean by a few levels only, however noisy it is."""
        return any(self._is_same(box, kept, just) for kept_at, kept in self._kept if kept_at <= before)

    def _is_same(self, box: Box, kept: Luma, just: bool) -> bool:
        if kept.shape != self._now.shape:
            return False
        slices, settings = self._slices(box), self._settings
        now, limit = self._now[slices], self._limit[slices]
        common = _common_rise(self._now, kept)
        if abs(common) >= settings.light_step:
            return False
        difference = np.subtract(now, kept[slices], dtype=np.int16) - np.int16(common)
        # A veil changes every pixel by less than its noise, and all of them alike.
        veil = settings.veil if just else float(limit.mean()) / 2
        if abs(float(difference.mean())) >= veil:
            return False
        differing = np.count_nonzero(np.abs(difference) >= limit)
        return bool(differing <= settings.same_share * now.size * (0.5 if just else 1.0))

    def stood(self, box: Box, before: float) -> bool:
        """Whether ``box`` showed the same thing in one of the last two pictures that are kept of frame time ``before``
        or earlier, in whatever light and though the camera was nudged since; False where nobody could tell."""
        earlier = [kept for kept_at, kept in self._kept if kept_at <= before and kept.shape == self._now.shape][-2:]
        rows, columns = self._slices(box)
        now, limit, share = self._now[rows, columns], self._limit[rows, columns], self._settings.same_share
        for kept in earlier:
            for down, across in _NUDGES:
                there = slice(rows.start + down, rows.stop + down), slice(columns.start + across, columns.stop + across)
                if min(there[0].start, there[1].start) >= 0 and same_relief(now, kept[there], limit, share):
                    return True
        return False

    def reset(self) -> None:
        """Forget the reference: time has jumped. What was learned of the noise stays."""
        self._reference = None
        self._kept.clear()

    def _begin_to_learn(self, shape: tuple[int, ...]) -> None:
        """Start from what is assumed; make the arrays that each picture is worked on in.

        They are used over and over: at this size numpy needs several times as long for a new array as for a sum.
        """
        height, width = shape
        first = self._settings.noise_first
        self._noise: Levels = np.full(shape, round(first * (1 << _PARTS_SHIFT)), np.int16)
        self._limit: Luma = np.empty(shape, np.uint8)
        self._shown: Grid | None = ~covered(self._masks, (height, width)) if self._masks else None
        self._larger: Luma = np.empty(shape, np.uint8)
        self._smaller: Luma = np.empty(shape, np.uint8)
        self._wide: Levels = np.empty(shape, np.int16)
        self._cells: Grid = np.zeros((-(-height // _CELL) * _CELL, -(-width // _CELL) * _CELL), np.bool_)
        self._set_limits()

    def _learn(self, now: Luma) -> None:
        settings, wide = self._settings, self._wide
        flicker = self._apart(now, self._now)
        np.minimum(flicker, np.uint8(2 * settings.noise_most), out=flicker)
        np.copyto(wide, flicker)
        np.left_shift(wide, _PARTS_SHIFT, out=wide)
        np.subtract(wide, self._noise, out=wide)
        np.right_shift(wide, settings.noise_shift, out=wide)
        np.add(self._noise, wide, out=self._noise)
        self._until_limits -= 1
        if self._until_limits <= 0:
            self._set_limits()

    def _set_limits(self) -> None:
        settings = self._settings
        levels = np.minimum(self._noise / np.float32(1 << _PARTS_SHIFT), np.float32(settings.noise_most))
        np.copyto(self._limit, np.clip(levels * settings.noise_factor, settings.level, 255), casting="unsafe")
        self._until_limits = _LIMITS_EVERY

    def _apart(self, a: Luma, b: Luma) -> Luma:
        """How far apart two pictures are, 0..255; the array is used again by the next call."""
        np.maximum(a, b, out=self._larger)
        np.minimum(a, b, out=self._smaller)
        return np.subtract(self._larger, self._smaller, out=self._larger)

    def _compare(self, now: Luma, before: Luma, common: int) -> Grid:
        """Where the pictures differ by more than the limit and the common rise; the array is used again."""
        changed = self._cells[: now.shape[0], : now.shape[1]]
        if common:
            np.subtract(now, before, out=self._wide, dtype=np.int16)
            np.subtract(self._wide, np.int16(common), out=self._wide)
            np.greater_equal(np.abs(self._wide, out=self._wide), self._limit, out=changed)
        else:
            np.greater_equal(self._apart(now, before), self._limit, out=changed)
        return changed if self._shown is None else np.logical_and(changed, self._shown, out=changed)

    def _regions(self, changed: Grid) -> tuple[Box, ...]:
        height, width = changed.shape
        return tuple(
            Box(
                left * _CELL / width,
                top * _CELL / height,
                min(1.0, (right + 1) * _CELL / width),
                min(1.0, (bottom + 1) * _CELL / height),
            )
            for left, top, right, bottom, pixels in clusters(self._count_cells())
            if pixels >= self._settings.least_pixels
        )

    def _count_cells(self) -> NDArray[np.uint32]:
        """How many pixels of each cell have changed: the four bytes of a row at once, then four rows."""
        fours = self._cells.view(np.uint32)
        pairs = fours + (fours >> np.uint32(16))
        row_counts = (pairs + (pairs >> np.uint32(8))) & np.uint32(0xFF)
        return row_counts[::4] + row_counts[1::4] + row_counts[2::4] + row_counts[3::4]

    def _slices(self, box: Box) -> tuple[slice, slice]:
        """Rows and columns of at least one pixel."""
        height, width = self._now.shape
        x1, y1, x2, y2 = box
        left, right, top, bottom = int(x1 * width), round(x2 * width), int(y1 * height), round(y2 * height)
        left = 0 if left < 0 else left if left < width else width - 1
        top = 0 if top < 0 else top if top < height else height - 1
        return slice(top, bottom if bottom > top else top + 1), slice(left, right if right > left else left + 1)


def clusters(counts: NDArray[np.uint32]) -> list[tuple[int, int, int, int, int]]:
    """What of a grid of counts (H × W) hangs together, across corners too: (left, top, right, bottom, sum), all cells
    within; by their first cells, row by row.

    In plain Python: as a rule a few cells are all there is, and a library's labelling costs ten times as much.
    """
    # One column more than there are: whoever goes left from the first or right from the last finds nothing there.
    stride = counts.shape[1] + 1
    rows, columns = (each.tolist() for each in np.nonzero(counts))
    cells = [row * stride + column for row, column in zip(rows, columns, strict=True)]
    left_over = dict(zip(cells, counts[counts > 0].tolist(), strict=True))
    neighbours = (-stride - 1, -stride, -stride + 1, -1, 1, stride - 1, stride, stride + 1)
    found: list[tuple[int, int, int, int, int]] = []
    for first in cells:
        if first not in left_over:
            continue
        total, together = left_over.pop(first), [first]
        for cell in together:  # grows meanwhile
            for step in neighbours:
                if cell + step in left_over:
                    total += left_over.pop(cell + step)
                    together.append(cell + step)
        across = [cell % stride for cell in together]
        found.append((min(across), first // stride, max(across), max(together) // stride, total))
    return found


def _common_rise(now: Luma, before: Luma) -> int:
    """The picture's common rise or fall in light: the median difference of every fifth pixel of every fifth row."""
    step = 1 if now.size < 512 else 5
    difference = np.subtract(now[::step, ::step], before[::step, ::step], dtype=np.int16).ravel()
    difference.sort()
    return int(difference[difference.size // 2])


def _without_light(now: Luma, before: Luma) -> tuple[Levels, int]:
    """The difference without the picture's common rise or fall in light, and that rise."""
    common = _common_rise(now, before)
    return np.subtract(now, before, dtype=np.int16) - np.int16(common), common


def covered(masks: Sequence[Zone], shape: tuple[int, int]) -> Grid:
    """Which pixels' centres of a picture of ``shape`` (height, width) lie in one of the masks."""
    height, width = shape
    x = ((np.arange(width) + 0.5) / width)[None, :]
    y = ((np.arange(height) + 0.5) / height)[:, None]
    inside = np.zeros(shape, np.bool_)
    for mask in masks:
        within = np.zeros(shape, np.bool_)
        for (ax, ay), (bx, by) in zip(mask.polygon, (*mask.polygon[1:], mask.polygon[0]), strict=True):
            if ay != by:
                within ^= ((ay > y) != (by > y)) & (x < ax + (y - ay) * (bx - ax) / (by - ay))
        inside |= within
    return inside
