"""Digits and letters of a number plate as pen strokes, on a grid 8 wide and 16 high, y downwards.

The plates' own typeface is not free, so its proportions are drawn: even strokes, rounded shoulders, cells twice as high
as wide. A path is a list of corners ``(x, y)`` or, rounded, ``(x, y, radius)``; a path that ends in ``CLOSED`` returns
to its start.
"""

import math
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Corner = tuple[float, float] | tuple[float, float, float]
Path = Sequence[Corner]
CLOSED: Corner = (-1.0, -1.0)

_ROUND: Path = [(0, 0, 4), (8, 0, 4), (8, 16, 4), (0, 16, 4), CLOSED]
_OPEN_RIGHT: Path = [(8, 4.2), (8, 0, 4), (0, 0, 4), (0, 16, 4), (8, 16, 4), (8, 11.8)]

STROKES: Mapping[str, Sequence[Path]] = {
    "0": [_ROUND],
    "1": [[(2.6, 2.4), (4.6, 0), (4.6, 16)]],
    "2": [[(0, 4.4), (0, 0, 4), (8, 0, 4), (8, 7, 3.5), (0, 16), (8, 16)]],
    "3": [
        [(0, 3.8), (0, 0, 4), (7.8, 0, 3.8), (7.8, 7.5, 3.6), (3, 7.5)],
        [(3, 7.5), (8, 7.5, 4), (8, 16, 4), (0, 16, 4), (0, 12.2)],
    ],
    "4": [[(4.6, 0), (0, 11.6), (8, 11.6)], [(6, 6.8), (6, 16)]],
    "5": [[(7.6, 0), (0.8, 0), (0.3, 7.6), (2.4, 6.2, 2), (8, 6.2, 4), (8, 16, 4), (0, 16, 4), (0, 12.4)]],
    "6": [[(5.2, 0), (0.3, 9.5)], [(0, 6.8, 4), (8, 6.8, 4), (8, 16, 4), (0, 16, 4), CLOSED]],
    "7": [[(0, 0), (8, 0), (8, 1.6), (3.2, 9.5, 4), (3.2, 16)]],
    "8": [
        [(0.5, 0, 3.6), (7.5, 0, 3.6), (7.5, 7.4, 3.6), (0.5, 7.4, 3.6), CLOSED],
        [(0, 7.4, 4), (8, 7.4, 4), (8, 16, 4), (0, 16, 4), CLOSED],
    ],
    "9": [[(2.8, 16), (7.7, 6.5)], [(0, 0, 4), (8, 0, 4), (8, 9.2, 4), (0, 9.2, 4), CLOSED]],
    "A": [[(0, 16), (4, 0), (8, 16)], [(1.5, 11.2), (6.5, 11.2)]],
    "B": [
        [(0, 0), (7.5, 0, 3.6), (7.5, 7.5, 3.6), (0, 7.5), CLOSED],
        [(0, 7.5), (8, 7.5, 4), (8, 16, 4), (0, 16), CLOSED],
    ],
    "C": [_OPEN_RIGHT],
    "D": [[(0, 0), (8, 0, 4), (8, 16, 4), (0, 16), CLOSED]],
    "E": [[(8, 0), (0, 0), (0, 16), (8, 16)], [(0, 7.7), (6.8, 7.7)]],
    "F": [[(8, 0), (0, 0), (0, 16)], [(0, 7.9), (6.8, 7.9)]],
    "G": [[(8, 4.2), (8, 0, 4), (0, 0, 4), (0, 16, 4), (8, 16, 4), (8, 8.8), (4.4, 8.8)]],
    "H": [[(0, 0), (0, 16)], [(8, 0), (8, 16)], [(0, 7.8), (8, 7.8)]],
    "J": [[(7, 0), (7, 16, 3.6), (0, 16, 3.6), (0, 11.8)]],
    "K": [[(0, 0), (0, 16)], [(7.8, 0), (0, 10.4)], [(2.9, 7), (8, 16)]],
    "L": [[(0, 0), (0, 16), (8, 16)]],
    "M": [[(0, 16), (0, 0), (4, 11), (8, 0), (8, 16)]],
    "N": [[(0, 16), (0, 0), (8, 16), (8, 0)]],
    "P": [[(0, 16), (0, 0), (8, 0, 4), (8, 8.8, 4), (0, 8.8)]],
    "Q": [_ROUND, [(4.8, 11.4), (8.4, 16.6)]],
    "R": [[(0, 16), (0, 0), (8, 0, 4), (8, 8.4, 4), (0, 8.4)], [(4, 8.4), (8, 16)]],
    "S": [[(8, 4), (8, 0, 4), (0, 0, 4), (0, 7.6, 4), (8, 7.8, 4), (8, 16, 4), (0, 16, 4), (0, 12)]],
    "T": [[(0, 0), (8, 0)], [(4, 0), (4, 16)]],
    "U": [[(0, 0), (0, 16, 4), (8, 16, 4), (8, 0)]],
    "V": [[(0, 0), (4, 16), (8, 0)]],
    "W": [[(0, 0), (1.9, 16), (4, 3.6), (6.1, 16), (8, 0)]],
    "X": [[(0, 0), (8, 16)], [(8, 0), (0, 16)]],
    "Y": [[(0, 0), (4, 8), (8, 0)], [(4, 8), (4, 16)]],
    "Z": [[(0, 0), (8, 0), (0, 16), (8, 16)]],
}

_SHIFT = 4


def draw_strokes(character: str, width: int, height: int, pen: float) -> NDArray[np.uint8]:
    """Ink of ``character`` (255 on 0), height × width, with strokes ``pen`` pixels wide that touch the cell's edges."""
    ink = np.zeros((height, width), np.uint8)
    scale = np.array([(width - pen) / 8, (height - pen) / 16])
    for path in STROKES[character]:
        points = np.array(_polyline(path)) * scale + pen / 2 - 0.5
        fixed = np.round(points * (1 << _SHIFT)).astype(np.int32)
        cv2.polylines(ink, [fixed], path[-1] == CLOSED, 255, max(1, round(pen)), cv2.LINE_AA, _SHIFT)
    return ink


def _polyline(path: Path) -> list[tuple[float, float]]:
    closed = path[-1] == CLOSED
    corners = path[:-1] if closed else path
    points: list[tuple[float, float]] = []
    for index, corner in enumerate(corners):
        inner = closed or 0 < index < len(corners) - 1
        if len(corner) == 3 and inner:
            before, after = corners[index - 1], corners[(index + 1) % len(corners)]
            points += _rounded(before, corner, after)
        else:
            points.append((corner[0], corner[1]))
    return points


def _rounded(before: Corner, corner: Corner, after: Corner, steps: int = 6) -> list[tuple[float, float]]:
    """The corner as a quadratic curve whose ends are up to the radius away from it, never past half of a side."""
    x, y, radius = corner[0], corner[1], corner[2] if len(corner) == 3 else 0.0
    start, end = _towards(x, y, before, radius), _towards(x, y, after, radius)
    curve: list[tuple[float, float]] = []
    for step in range(steps + 1):
        t = step / steps
        # Pulled a little to the corner, nearer to a circle's arc than a plain parabola.
        a, b, c = (1 - t) ** 2, 2.0 * t * (1 - t), t**2
        curve.append((a * start[0] + b * x + c * end[0], a * start[1] + b * y + c * end[1]))
    return curve


def _towards(x: float, y: float, other: Corner, radius: float) -> tuple[float, float]:
    length = math.hypot(other[0] - x, other[1] - y)
    share = min(radius / length, 0.5) if length else 0.0
    return x + (other[0] - x) * share, y + (other[1] - y) * share
