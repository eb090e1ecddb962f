"""Motion gate: where in the picture is something that nobody has looked at yet? On a small picture of brightness.

Each pixel is compared with what was there when that place was last looked at, so that slow movement adds up and what
stands still costs nothing. How much a pixel flickers by itself (sensor noise, leaves, water) is learned for each pixel.
A picture that changes nearly everywhere at once (a light is switched, the infra-red filter falls) is no movement: the
gate starts over from the new picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects, label  # pyright: ignore[reportUnknownVariableType]

from lookout_edge.domain.frame import Luma, Patch
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.zone import Zone

Levels = NDArray[np.int16]
Grid = NDArray[np.bool_]

_label = cast(Callable[[Grid, NDArray[np.int8]], tuple[NDArray[np.int32], int]], label)
_find_objects = cast(Callable[[NDArray[np.int32]], Sequence[tuple[slice, slice]]], find_objects)
_EIGHT_NEIGHBOURS = np.ones((3, 3), np.int8)


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
    #: Share by which the learned flicker follows the last picture; at 5 pictures a second about 20 s.
    noise_rate: float = 0.01
    #: Side of the cells that regions are made of.
    cell: int = 4
    #: Pixels of a region that must differ: less is no thing that could be recognised.
    least_pixels: int = 4
    #: Share of all pixels above which the light has changed and not the scene.
    flood: float = 0.6
    #: Common rise or fall of all pixels from which on somebody has switched the light.
    light_step: int = 20
    #: Share of a thing's pixels that may differ while it still looks the same.
    same_share: float = 0.12


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
        self._now: Levels = np.zeros((0, 0), np.int16)
        self._reference: Levels | None = None
        self._noise: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._limit: Levels = np.zeros((0, 0), np.int16)
        self._shown: Grid = np.zeros((0, 0), np.bool_)

    @property
    def longest(self) -> int:
        """Longer side of the pictures it wants, pixels."""
        return self._settings.thumbnail

    def observe(self, luma: Luma, explained: Sequence[Box] = ()) -> Motion:
        """Take in the next small picture; what in it has changed since it was last looked at.

        Changes inside the boxes of ``explained`` are known to somebody and make no regions.
        """
        now = luma.astype(np.int16)
        if self._reference is None or self._reference.shape != now.shape:
            self._begin(now)
            return Motion(everywhere=True, moves=True)
        if not now.size:
            return Motion()
        self._learn(now)
        self._now = now
        difference, common = _without_light(now, self._reference)
        if abs(common) >= self._settings.light_step:
            return Motion(everywhere=True, moves=True)
        changed = (np.abs(difference) >= self._limit) & self._shown
        count = int(np.count_nonzero(changed))
        if count < self._settings.least_pixels:
            return Motion()
        if count > self._settings.flood * changed.size:
            return Motion(everywhere=True, moves=True)
        moves = False
        for box in explained:
            part = changed[self._slices(box)]
            moves = moves or int(np.count_nonzero(part)) >= self._settings.least_pixels
            part[:] = False
        regions = self._regions(changed)
        return Motion(regions, moves=moves or bool(regions))

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

    def reset(self) -> None:
        """Forget the reference: time has jumped. What was learned of the noise stays."""
        self._reference = None

    def _begin(self, now: Levels) -> None:
        if self._noise.shape != now.shape:
            first = self._settings.noise_first
            self._noise = np.full(now.shape, first, np.float32)
            self._limit = np.full(now.shape, max(self._settings.level, first * self._settings.noise_factor), np.int16)
            self._shown = ~covered(self._masks, now.shape)
        self._now = now
        self._reference = now.copy()

    def _learn(self, now: Levels) -> None:
        settings = self._settings
        flicker = np.minimum(np.abs(now - self._now), np.int16(2 * settings.noise_most))
        self._noise += np.float32(settings.noise_rate) * (flicker - self._noise)
        limit = np.minimum(self._noise, np.float32(settings.noise_most)) * np.float32(settings.noise_factor)
        np.maximum(limit.astype(np.int16), np.int16(settings.level), out=self._limit)

    def _regions(self, changed: Grid) -> tuple[Box, ...]:
        height, width = changed.shape
        cell = self._settings.cell
        rows_at, columns_at = list(range(0, height, cell)), list(range(0, width, cell))
        by_row = np.add.reduceat(changed.view(np.uint8), rows_at, axis=0, dtype=np.uint16)
        counts = np.add.reduceat(by_row, columns_at, axis=1)
        labelled, _ = _label(counts > 0, _EIGHT_NEIGHBOURS)
        regions: list[Box] = []
        for number, (rows, columns) in enumerate(_find_objects(labelled), 1):
            part = labelled[rows, columns] == number
            if counts[rows, columns][part].sum() < self._settings.least_pixels:
                continue
            regions.append(
                Box(
                    columns.start * cell / width,
                    rows.start * cell / height,
                    min(1.0, columns.stop * cell / width),
                    min(1.0, rows.stop * cell / height),
                )
            )
        return tuple(regions)

    def _slices(self, box: Box) -> tuple[slice, slice]:
        """Rows and columns of at least one pixel."""
        height, width = self._now.shape
        left, top = min(width - 1, max(0, int(box.x1 * width))), min(height - 1, max(0, int(box.y1 * height)))
        right, bottom = max(left + 1, round(box.x2 * width)), max(top + 1, round(box.y2 * height))
        return slice(top, bottom), slice(left, right)


def _without_light(now: Levels, before: Levels) -> tuple[Levels, int]:
    """The difference without the picture's common rise or fall in light, and that rise."""
    difference = now - before
    step = 1 if difference.size < 512 else 5
    common = int(np.median(difference[::step, ::step]))
    if common:
        difference -= np.int16(common)
    return difference, common


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
