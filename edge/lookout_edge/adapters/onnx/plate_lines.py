"""Plates of two lines laid out as one, so that a reader of single lines reads them."""

import cv2
import numpy as np

from lookout_edge.domain.frame import Image

#: Of a plate with two lines, as shares of its height: the end of the upper line's strip and the start of the lower
#: one's. They overlap a little, since corners are never quite right.
_UPPER_END, _LOWER_START = 0.42, 0.36
#: The part of the width that the upper line's province and letter fill.
_UPPER_SIDES = (0.16, 0.84)
#: Share of the result that the upper line gets: two characters of seven.
_UPPER_SHARE = 0.3


def side_by_side(plate: Image, size: tuple[int, int]) -> Image:
    """The upper and the lower line of a straightened plate (BGR) beside each other, at (width, height) pixels.

    GA 36's rear plates of large vehicles and trailers, and those of motorcycles, divide their height alike.
    """
    height, width = plate.shape[:2]
    left, right = (round(width * share) for share in _UPPER_SIDES)
    upper = plate[: max(1, round(height * _UPPER_END)), left : max(left + 1, right)]
    lower = plate[min(height - 1, round(height * _LOWER_START)) :]
    seam = round(size[0] * _UPPER_SHARE)
    return np.hstack([_fitted(upper, seam, size[1]), _fitted(lower, size[0] - seam, size[1])])


def _fitted(strip: Image, width: int, height: int) -> Image:
    shrinks = strip.shape[0] > height and strip.shape[1] > width
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(strip, (width, height), interpolation=way).astype(np.uint8, copy=False)
