"""What a second look learns from: crops of fire and smoke, and of what could be taken for them."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from lookout_models.training.data.examples import Boxes
from lookout_models.training.data.geometry import Floats, Picture, areas

#: From this share of the crop on, or of the object, a label holds for the crop.
_SHARE_OF_CROP = 0.08
_SHARE_OF_OBJECT = 0.5
#: Below this the label does not hold; between the two nobody knows.
_TRACE = 0.01
_TRIES = 6

Random = np.random.Generator


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A square cut-out; for every label 1, 0 or −1 (undecided)."""

    picture: Picture
    truth: tuple[int, ...]


def square_around(box: Floats, side: float) -> Floats:
    """x1 y1 x2 y2 of the square with the box's centre and ``side`` × its longer side, in the box's own unit."""
    centre = (box[:2] + box[2:]) / 2
    half = max(float(box[2] - box[0]), float(box[3] - box[1])) * side / 2
    return np.concatenate([centre - half, centre + half]).astype(np.float32)


def cut(picture: Picture, square: Floats, size: int) -> Picture:
    """``square`` (pixels) of ``picture``, what lies outside repeated from the border, as ``size`` × ``size``."""
    x1, y1, x2, y2 = (round(float(v)) for v in square)
    side = max(2, x2 - x1, y2 - y1)
    height, width = picture.shape[:2]
    left, top, right, bottom = max(0, -x1), max(0, -y1), max(0, x1 + side - width), max(0, y1 + side - height)
    inside = picture[max(0, y1) : y1 + side, max(0, x1) : x1 + side]
    if left or top or right or bottom:
        inside = cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_REPLICATE)
    way = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return cv2.resize(inside, (size, size), interpolation=way).astype(np.uint8, copy=False)


def warm_places(picture: Picture, amount: int, random: Random) -> Floats:
    """``amount`` squares, N × 4 pixels, each the warmest of a few: what could be taken for fire."""
    found: list[Floats] = []
    for _ in range(amount):
        tried = [_anywhere(picture, random) for _ in range(_TRIES)]
        found.append(max(tried, key=lambda square: _warmth(cut(picture, square, 32))))
    return np.array(found, np.float32).reshape(-1, 4)


def _anywhere(picture: Picture, random: Random) -> Floats:
    height, width = picture.shape[:2]
    side = random.uniform(0.2, 1.0) * max(height, width)
    x, y = random.random() * width, random.random() * height
    return np.array([x - side / 2, y - side / 2, x + side / 2, y + side / 2], np.float32)


def _warmth(picture: Picture) -> float:
    """How bright and how much redder than blue the warmest tenth is."""
    blue, _, red = cv2.split(picture.astype(np.float32))
    return float(np.percentile(np.asarray(red) + (np.asarray(red) - np.asarray(blue)), 90))


def in_pixels(boxes: Boxes, picture: Picture) -> Boxes:
    """Boxes in fractions of ``picture`` as pixels."""
    height, width = picture.shape[:2]
    return Boxes(boxes.corners * np.array([width, height, width, height], np.float32), boxes.classes)


def truth_of(square: Floats, boxes: Boxes, undecided: Boxes, labels: Sequence[int]) -> tuple[int, ...]:
    """For every label whether ``square`` holds it: 1, 0, or −1 where nobody knows. All in pixels."""
    return tuple(_holds(square, boxes.of(label), undecided.of(label)) for label in labels)


def _holds(square: Floats, boxes: Floats, undecided: Floats) -> int:
    of_crop, of_object = _shares(square, boxes)
    if (of_crop >= _SHARE_OF_CROP).any() or (of_object >= _SHARE_OF_OBJECT).any():
        return 1
    doubtful = (of_crop > _TRACE).any() or (_shares(square, undecided)[0] > _TRACE).any()
    return -1 if doubtful else 0


def _shares(square: Floats, boxes: Floats) -> tuple[Floats, Floats]:
    """The shares of the square and of each box that both have in common."""
    common = np.concatenate([np.maximum(boxes[:, :2], square[:2]), np.minimum(boxes[:, 2:], square[2:])], axis=1)
    size = areas(common.astype(np.float32))
    of_object = (size / np.maximum(areas(boxes), 1e-6)).astype(np.float32)
    return (size / areas(square[None])).astype(np.float32), of_object
