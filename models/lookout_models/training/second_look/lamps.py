"""Lit lamps painted into pictures: as bright and warm as a flame, but with a smooth face, an outline and a glow.

Training pictures have few lamps, so brightness and colour alone tell fire there, and a lampshade is taken for it.
"""

from typing import Protocol

import cv2
import numpy as np

from lookout_models.training.data.geometry import Floats, Picture

Random = np.random.Generator

#: Blue, green and red of the coldest and of the warmest light.
_COLD, _WARM = np.array([255, 250, 245], np.float32), np.array([50, 150, 255], np.float32)
#: Outlines are drawn this much larger and shrunk, which makes their edges soft.
_FINER = 4
#: How far the glow is painted, in sides of the lamp's box.
_REACH = 2.5


class _Outline(Protocol):
    def __call__(self, mask: Picture, random: Random) -> None:
        """Draw with 255 into a black square."""
        ...


def with_lamp(picture: Picture, box: Floats, random: Random) -> Picture:
    """A copy of ``picture`` (BGR) with a lamp in ``box``, its glow, and a stand or a cord.

    The box is x1 y1 x2 y2 in pixels and may reach over the border.
    """
    side = max(4, round(float((box[2:] - box[:2]).max())))
    middle = (box[:2] + box[2:]) / 2
    reach = round(side * _REACH)
    height, width = picture.shape[:2]
    left, top = round(float(middle[0])) - reach, round(float(middle[1])) - reach
    y1, y2, x1, x2 = max(0, top), min(height, top + 2 * reach), max(0, left), min(width, left + 2 * reach)
    painted = picture.copy()
    if y1 >= y2 or x1 >= x2:
        return painted
    canvas = np.zeros((2 * reach, 2 * reach, 3), np.float32)
    seen = np.s_[y1 - top : y2 - top, x1 - left : x2 - left]
    canvas[seen] = painted[y1:y2, x1:x2]
    _paint(canvas, side, random)
    painted[y1:y2, x1:x2] = np.clip(canvas[seen], 0, 255).astype(np.uint8)
    return painted


def _paint(canvas: Floats, side: int, random: Random) -> None:
    """Onto the middle of a square of floats, in place."""
    light = _COLD + (_WARM - _COLD) * random.random() ** 1.5
    middle = len(canvas) // 2
    _hold(canvas, middle, side, random)
    rows, columns = np.ogrid[: len(canvas), : len(canvas)]
    distance = ((rows - middle) ** 2 + (columns - middle) ** 2) / (side * random.uniform(0.5, 1.0)) ** 2
    canvas += (random.uniform(0, 0.6) * np.exp(-distance))[..., None].astype(np.float32) * light
    cover, face = _face(side, light, random)
    half = side // 2
    place = np.s_[middle - half : middle - half + side, middle - half : middle - half + side]
    canvas[place] = canvas[place] * (1 - cover) + face * cover


def _face(side: int, light: Floats, random: Random) -> tuple[Floats, Floats]:
    """How much of each pixel the lamp covers, S × S × 1 (0..1), and its colours, S × S × 3: bright about the bulb."""
    mask = np.zeros((side * _FINER, side * _FINER), np.uint8)
    _OUTLINES[int(random.integers(len(_OUTLINES)))](mask, random)
    cover = np.asarray(cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA), np.float32)[..., None] / 255
    rows, columns = np.mgrid[:side, :side].astype(np.float32) / side
    bulb = np.exp(-((rows - random.uniform(0.3, 0.9)) ** 2 + (columns - 0.5) ** 2) / random.uniform(0.05, 0.5))
    dim = random.uniform(0.45, 1.0)
    brightness = (dim + (1 - dim) * bulb) * random.uniform(0.75, 1.25)
    return cover.astype(np.float32), (brightness[..., None] * light).astype(np.float32)


def _hold(canvas: Floats, middle: int, side: int, random: Random) -> None:
    """A stand below, a cord above, or nothing."""
    way = random.random()
    ends = (middle, len(canvas)) if way < 0.4 else (0, middle) if way < 0.7 else None
    if ends is not None:
        half = max(1, round(side * random.uniform(0.02, 0.08)))
        canvas[ends[0] : ends[1], middle - half : middle + half] = random.uniform(10, 120)


def _shade(mask: Picture, random: Random) -> None:
    side = len(mask)
    top, height = random.uniform(0.15, 0.45) * side, random.uniform(0.35, 0.5) * side
    middle, low, high = side / 2, side / 2 - height, side / 2 + height
    corners = [(middle - top, low), (middle + top, low), (side - 1, high), (0, high)]
    cv2.fillPoly(mask, [np.array(corners, np.int32)], 255)


def _globe(mask: Picture, random: Random) -> None:
    side = len(mask)
    axes = round(side / 2 * random.uniform(0.5, 1)), round(side / 2 * random.uniform(0.5, 1))
    cv2.ellipse(mask, (side // 2, side // 2), axes, 0, 0, 360, 255, -1)


def _panel(mask: Picture, random: Random) -> None:
    """A tube, a lit sign or a window."""
    side = len(mask)
    box = (
        (side / 2, side / 2),
        (side * random.uniform(0.6, 0.95), side * random.uniform(0.08, 0.7)),
        random.uniform(-25, 25),
    )
    turned = box if random.random() < 0.6 else (box[0], (box[1][1], box[1][0]), box[2])
    cv2.fillPoly(mask, [np.asarray(cv2.boxPoints(turned)).astype(np.int32)], 255)


_OUTLINES: tuple[_Outline, ...] = (_shade, _shade, _globe, _panel)
