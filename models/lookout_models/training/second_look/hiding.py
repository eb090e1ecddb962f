"""People and shapes before a square, so that what they leave of a lamp or a fire is still taken for what it is."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from lookout_models.training.data.geometry import Floats, Picture
from lookout_models.training.data.paste import CutOut, clipped, lay, resized

#: The least and the greatest share of the square that is hidden.
_OF_SQUARE = (0.04, 0.6)
#: The greatest shares of the place's box and of a labelled object that are.
_OF_BOX, _OF_OBJECT = 0.6, 0.35
_TRIES = 8
#: Height of people and sides of shapes, in sides of the square.
_PEOPLE, _SHAPES = (0.45, 2.2), (0.12, 1.2)
#: Width of people beside their own, and their brightness: many are dark before a light.
_WIDTHS, _LIGHTS = (0.8, 1.2), (0.35, 1.15)
#: Sides of what shapes are textured with, in pixels of the picture that it comes from.
_PATCH = (30, 200)

Random = np.random.Generator


def hidden(picture: Picture, box: Floats, objects: Floats, draw: Callable[[], CutOut], random: Random) -> Picture:
    """A copy of the square ``picture`` with what ``draw`` gives somewhere before it.

    It leaves enough to be seen of the square, of ``box`` (4) and of each of ``objects`` (N × 4, all pixels of the
    square that may reach over its border). As it is when nothing of the kind was drawn in a few tries.
    """
    size = len(picture)
    for _ in range(_TRIES):
        thing = draw()
        height, width = (int(side) for side in thing.coverage.shape)
        left = random.uniform(-0.8 * width, size - 0.2 * width)
        top = random.uniform(-0.5 * height, size - 0.25 * height)
        seen, where = clipped(thing, (int(left), int(top)), (size, size))
        coverage = np.zeros((size, size), np.float32)
        coverage[where] = seen.coverage
        if _leaves_enough(coverage, box, objects):
            covered = picture.copy()
            lay(seen, covered, where)
            return covered
    return picture.copy()


def person(people: Sequence[CutOut], side: int, random: Random) -> CutOut:
    """One of ``people`` as high as suits a square of ``side`` pixels."""
    chosen = people[int(random.integers(len(people)))]
    return resized(chosen, side * _spread(_PEOPLE, random), random, _WIDTHS, _LIGHTS)


def shape(texture: Picture, side: int, random: Random) -> CutOut:
    """A rectangle, an ellipse or a polygon for a square of ``side`` pixels, plain or with a patch of ``texture``."""
    height, width = (max(6, round(side * _spread(_SHAPES, random))) for _ in range(2))
    outline = np.asarray(cv2.GaussianBlur(_outline(height, width, random), (3, 3), 0) / 255, np.float32)
    if random.random() < 0.5:
        surface = np.full((height, width, 3), random.uniform(5, 235, 3) * random.uniform(0.3, 1))
    else:
        surface = cv2.resize(_patch(texture, random), (width, height)) * random.uniform(0.4, 1.1)
    return CutOut(np.clip(surface, 0, 255).astype(np.uint8), outline)


def _leaves_enough(coverage: Floats, box: Floats, objects: Floats) -> bool:
    return (
        _OF_SQUARE[0] < float(coverage.mean()) < _OF_SQUARE[1]
        and _share(coverage, box) <= _OF_BOX
        and all(_share(coverage, item) <= _OF_OBJECT for item in objects)
    )


def _share(coverage: Floats, box: Floats) -> float:
    """How much is covered of what the square shows of ``box``."""
    x1, y1, x2, y2 = np.clip(np.round(box), 0, len(coverage)).astype(int)
    part = coverage[y1:y2, x1:x2]
    return float(part.mean()) if part.size else 0.0


def _spread(between: tuple[float, float], random: Random) -> float:
    """Small and large alike: every doubling is as likely."""
    least, most = between
    return least * (most / least) ** random.random()


def _outline(height: int, width: int, random: Random) -> Picture:
    """H × W, 255 where it covers."""
    kind = random.random()
    mask = np.full((height, width), 255 if kind < 0.35 else 0, np.uint8)
    middle = (width // 2, height // 2)
    if 0.35 <= kind < 0.65:
        cv2.ellipse(mask, middle, middle, 0, 0, 360, 255, -1)
    elif kind >= 0.65:
        corners = int(random.integers(3, 8))
        turn, reach = np.sort(random.uniform(0, 2 * np.pi, corners)), random.uniform(0.5, 1, corners)
        around = np.stack([reach * np.cos(turn), reach * np.sin(turn)], 1)
        cv2.fillPoly(mask, [((1 + around) * (width / 2, height / 2)).astype(np.int32)], 255)
    return mask


def _patch(texture: Picture, random: Random) -> Picture:
    top, left = (int(random.integers(max(1, side - _PATCH[0]))) for side in texture.shape[:2])
    height, width = (int(side) for side in random.integers(*_PATCH, 2))
    return texture[top : top + height, left : left + width]
