"""Draws a clean, flat number plate."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lookout_edge.adapters.onnx.plate_text import PROVINCES, SPECIAL
from lookout_models.training.plates.chance import Random, pick, whole
from lookout_models.training.plates.fonts import FontBook, Ink, glyph
from lookout_models.training.plates.kinds import YELLOW, Kind, Rgb, draw_kind
from lookout_models.training.plates.layouts import Layout

Picture = NDArray[np.uint8]
Reals = NDArray[np.float32]

#: Pixels a millimetre of a drawn plate.
SCALE = 0.55
_HAN = PROVINCES + SPECIAL


@dataclass(frozen=True, slots=True)
class DrawnPlate:
    """A flat plate, BGR, edge to edge."""

    image: Picture
    text: str
    colour: str
    #: Lines of text, 1 or 2.
    lines: int


@dataclass(frozen=True, slots=True)
class _Pen:
    """How the characters of one plate are drawn."""

    han: Path
    latin: Path | None
    #: Stroke width where strokes are drawn, mm, on an ordinary cell.
    width: float


def draw_plate(random: Random, fonts: FontBook, kind: Kind | None = None) -> DrawnPlate:
    """A plate of ``kind``, or of one drawn by weight, with a random legal text."""
    kind = kind or draw_kind(random)
    layout, text = kind.layout(random), kind.text(random)
    pen = _Pen(
        pick(random, fonts.han),
        None if random.random() < 0.6 else pick(random, fonts.latin),
        # Few different widths, so that drawn glyphs can be kept.
        float(random.choice((8.5, 9.5, 10.5, 11.5, 12.5))),
    )
    image = _ground(random, kind, layout)
    ink = _jittered(random, kind.ink)
    mark = _jittered(random, kind.mark) if kind.mark is not None and random.random() < 0.8 else ink
    _frame(random, image, ink)
    for characters, colour in _inks(text, ink, mark):
        _lay(image, _written(layout, characters, pen, image.shape[:2]), colour)
    if layout.dot and random.random() < 0.93:
        _dot(random, image, layout, ink, green=kind.colour == "green")
    _bolts(random, image)
    lines = len({cell.y for cell in layout.cells})
    return DrawnPlate(np.clip(image, 0, 255).astype(np.uint8), text, kind.colour, lines)


def _glyph(character: str, width: int, height: int, pen: _Pen) -> Ink:
    font = pen.han if character in _HAN else pen.latin
    return glyph(character, width, height, font=font, pen=pen.width * SCALE * min(width / SCALE / 45, 1.3))


def _ground(random: Random, kind: Kind, layout: Layout) -> Reals:
    height, width = round(layout.height * SCALE), round(layout.width * SCALE)
    ground = np.empty((height, width, 3), np.float32)
    ground[:] = _jittered(random, kind.ground)
    if kind.fade is None:
        return ground
    if kind.fade == YELLOW:
        ground[:, : round(width * 0.28)] = _jittered(random, kind.fade)
    else:
        share = np.clip(np.linspace(1.1, -0.1, height, dtype=np.float32) + np.float32(random.normal(0, 0.1)), 0, 1)
        ground += share[:, None, None] * (_jittered(random, kind.fade) - ground)
    return ground


def _jittered(random: Random, colour: Rgb) -> Reals:
    """The colour as BGR with the spread of paints and ages."""
    return np.clip(np.array(colour[::-1]) + random.normal(0, 14, 3), 0, 255).astype(np.float32)


def _frame(random: Random, image: Reals, ink: Reals) -> None:
    if random.random() < 0.1:
        return
    height, width = image.shape[:2]
    inset = whole(random, 1, 5)
    corner = (width - 1 - inset, height - 1 - inset)
    cv2.rectangle(image, (inset, inset), corner, ink.tolist(), whole(random, 1, 3), cv2.LINE_AA)


def _inks(text: str, ink: Reals, mark: Reals) -> list[tuple[str, Reals]]:
    """The text once an ink, with spaces where the other one writes."""
    if mark is ink:
        return [(text, ink)]
    marked = "".join(c if c in SPECIAL else " " for c in text)
    return [("".join(" " if c in SPECIAL else c for c in text), ink), (marked, mark)]


def _written(layout: Layout, text: str, pen: _Pen, shape: tuple[int, int]) -> Ink:
    mask = np.zeros(shape, np.uint8)
    for cell, character in zip(layout.cells, text, strict=True):
        if character != " ":
            width, height = round(cell.width * SCALE), round(cell.height * SCALE)
            x, y = round(cell.x * SCALE), round(cell.y * SCALE)
            mask[y : y + height, x : x + width] = _glyph(character, width, height, pen)
    return mask


def _lay(image: Reals, mask: Ink, colour: Reals) -> None:
    share = mask.astype(np.float32)[..., None] * np.float32(1 / 255)
    image += share * (colour - image)


def _dot(random: Random, image: Reals, layout: Layout, ink: Reals, *, green: bool) -> None:
    assert layout.dot
    x, y = round(layout.dot[0] * SCALE), round(layout.dot[1] * SCALE)
    if green:
        # The round new-energy mark, and the small security strip on some plates.
        cv2.circle(image, (x, y), round(random.uniform(8, 15) * SCALE), (ink * 0.5 + 90).tolist(), -1, cv2.LINE_AA)
        return
    cv2.circle(image, (x, y), max(1, round(random.uniform(3.5, 6.5) * SCALE)), ink.tolist(), -1, cv2.LINE_AA)


def _bolts(random: Random, image: Reals) -> None:
    """The two or four fastening bolts with their caps."""
    height, width = image.shape[:2]
    shade = random.uniform(40, 235)
    for share in (0.25, 0.75):
        for y in (0.09, 0.91):
            if random.random() < 0.5:
                centre = (round(width * (share + random.normal(0, 0.02))), round(height * y))
                grey = (np.full(3, shade) + random.normal(0, 10, 3)).tolist()
                cv2.circle(image, centre, round(random.uniform(3, 8) * SCALE), grey, -1, cv2.LINE_AA)
