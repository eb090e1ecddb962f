"""Geometry of training samples: single pictures scaled and shifted, and mosaics of four."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from lookout_models.pictures import read_picture
from lookout_models.training.data.examples import Boxes, Example
from lookout_models.training.data.geometry import PADDING, Floats, Picture, areas, letterboxed
from lookout_models.training.recipe import Augmentation

#: An object of which less than this is left in view is neither there nor not there.
_VISIBLE = 0.3
_LEAST_PIXELS = 3.0
_TILE_ASPECT = (0.9, 1.1)
_MOSAIC_TILES = 4

Random = np.random.Generator
Next = Callable[[], tuple[Example, Picture]]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A picture as the network gets it; boxes and undecided places in its pixels."""

    picture: Picture
    boxes: Boxes
    undecided: Boxes


@dataclass(frozen=True, slots=True)
class Window:
    """Where a picture is drawn: scales and offset to the canvas, and the canvas area it may cover (x1 y1 x2 y2)."""

    scale: tuple[float, float]
    offset: tuple[float, float]
    area: tuple[int, int, int, int]


def plain(example: Example, size: int) -> Sample:
    """Letterboxed as the gateway does it."""
    picture = read_picture(example.path)
    canvas, _, (left, top) = letterboxed(picture, size)
    height, width = canvas.shape[:2]
    window = Window(
        ((width - 2 * left) / picture.shape[1], (height - 2 * top) / picture.shape[0]),
        (left, top),
        (0, 0, width, height),
    )
    boxes, undecided = _moved(example, picture, window)
    return Sample(canvas, boxes, undecided)


def augmented(take: Next, size: int, settings: Augmentation, random: Random) -> Sample:
    """A mosaic or a single picture, perhaps mirrored; colours as they were."""
    sample = (
        _mosaic(take, size, random) if random.random() < settings.mosaic else _single(*take(), size, settings, random)
    )
    return _mirrored(sample) if random.random() < 0.5 else sample


def _single(example: Example, picture: Picture, size: int, settings: Augmentation, random: Random) -> Sample:
    height, width = picture.shape[:2]
    wider = random.uniform(*settings.aspect) * random.uniform(*example.stretch)
    fit = size / max(height, width * wider) * random.uniform(*settings.scale)
    scale = (fit * wider, fit)
    offset = tuple(_placed(side * s, size, random) for side, s in zip((width, height), scale, strict=True))
    canvas = _canvas(size)
    return _drawn([(example, picture, Window(scale, (offset[0], offset[1]), (0, 0, size, size)))], canvas)


def _placed(length: float, size: int, random: Random) -> float:
    """Offset that keeps a shorter picture inside and leaves no bar beside a longer one."""
    slack = size - length
    return random.uniform(min(0.0, slack), max(0.0, slack))


def _mosaic(take: Next, size: int, random: Random) -> Sample:
    middle = [int(random.uniform(0.3, 0.7) * size) for _ in range(2)]
    spans = [((0, cut), (cut, size)) for cut in middle]
    tiles: list[tuple[Example, Picture, Window]] = []
    for number in range(_MOSAIC_TILES):
        (x1, x2), (y1, y2) = spans[0][number % 2], spans[1][number // 2]
        example, picture = take()
        wider = random.uniform(*_TILE_ASPECT) * random.uniform(*example.stretch)
        tiles.append((example, picture, _tile_window(picture, (x1, y1, x2, y2), wider, random)))
    return _drawn(tiles, _canvas(size))


def _tile_window(picture: Picture, area: tuple[int, int, int, int], wider: float, random: Random) -> Window:
    height, width = picture.shape[:2]
    wide, high = area[2] - area[0], area[3] - area[1]
    across, down = float(wide / width / wider), float(high / height)
    inside, covering = min(across, down), max(across, down)
    fit = random.uniform(inside, min(covering * 1.2, inside * 2.5))
    scale = (fit * wider, fit)
    left = area[0] + _placed(width * scale[0], wide, random)
    top = area[1] + _placed(height * scale[1], high, random)
    return Window(scale, (left, top), area)


def _canvas(size: int) -> Picture:
    return np.full((size, size, 3), PADDING, np.uint8)


def _drawn(tiles: Sequence[tuple[Example, Picture, Window]], canvas: Picture) -> Sample:
    boxes: list[Boxes] = []
    undecided: list[Boxes] = []
    for example, picture, window in tiles:
        _draw(picture, window, canvas)
        seen, unsure = _moved(example, picture, window)
        boxes.append(seen)
        undecided.append(unsure)
    return Sample(canvas, _together(boxes), _together(undecided))


def _draw(picture: Picture, window: Window, canvas: Picture) -> None:
    x1, y1, x2, y2 = window.area
    matrix = np.array(
        [[window.scale[0], 0, window.offset[0] - x1], [0, window.scale[1], window.offset[1] - y1]], np.float64
    )
    # Area filtering is what INTER_LINEAR lacks when a picture shrinks to less than half.
    if min(window.scale) < 0.5:
        small = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        matrix[:, :2] *= [[picture.shape[1] / small.shape[1], picture.shape[0] / small.shape[0]]]
        picture = small.astype(np.uint8, copy=False)
    border = (PADDING, PADDING, PADDING)
    canvas[y1:y2, x1:x2] = cv2.warpAffine(picture, matrix, (x2 - x1, y2 - y1), borderValue=border)


def _moved(example: Example, picture: Picture, window: Window) -> tuple[Boxes, Boxes]:
    """Boxes and undecided places on the canvas; a box cut down too far becomes an undecided place."""
    boxes, shares = _on_canvas(example.boxes.corners, picture, window)
    large = (boxes[:, 2:] - boxes[:, :2]).min(1, initial=np.inf) >= _LEAST_PIXELS if len(boxes) else np.zeros(0, bool)
    kept = (shares >= _VISIBLE) & large
    unsure, _ = _on_canvas(example.undecided.corners, picture, window)
    cut = ~kept & (shares > 0)
    classes = example.boxes.classes
    undecided = Boxes(np.concatenate([unsure, boxes[cut]]), np.concatenate([example.undecided.classes, classes[cut]]))
    return Boxes(boxes[kept], classes[kept]), undecided


def _on_canvas(corners: Floats, picture: Picture, window: Window) -> tuple[Floats, Floats]:
    """Fractions of the picture → canvas pixels clipped to the window's area, and the share of each that is left."""
    height, width = picture.shape[:2]
    scale = np.array([width * window.scale[0], height * window.scale[1]] * 2, np.float32)
    placed = corners * scale + np.array(window.offset * 2, np.float32)
    x1, y1, x2, y2 = window.area
    low, high = np.array([x1, y1, x1, y1], np.float32), np.array([x2, y2, x2, y2], np.float32)
    clipped = np.clip(placed, low, high).astype(np.float32)
    return clipped, (areas(clipped) / np.maximum(areas(placed.astype(np.float32)), 1e-6)).astype(np.float32)


def _together(parts: Sequence[Boxes]) -> Boxes:
    return Boxes(np.concatenate([p.corners for p in parts]), np.concatenate([p.classes for p in parts]))


def _mirrored(sample: Sample) -> Sample:
    width = sample.picture.shape[1]
    return Sample(
        np.ascontiguousarray(sample.picture[:, ::-1]), _mirror(sample.boxes, width), _mirror(sample.undecided, width)
    )


def _mirror(boxes: Boxes, width: int) -> Boxes:
    corners = boxes.corners.copy()
    corners[:, [0, 2]] = width - corners[:, [2, 0]]
    return Boxes(corners, boxes.classes)
