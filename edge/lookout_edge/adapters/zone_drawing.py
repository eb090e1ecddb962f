"""Zones drawn on a picture, for a person to look whether they lie where they should."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lookout_edge.domain.close_up import CloseUp
from lookout_edge.domain.frame import Image
from lookout_edge.domain.zone import Point
from lookout_edge.errors import EdgeError

#: BGR, told apart also by who sees few colours.
_COLOURS = ((0, 200, 255), (255, 160, 0), (120, 220, 60), (220, 90, 220), (60, 60, 240), (240, 240, 80))
_GREY_SIZE = (1280, 720)


def draw_zones(
    picture: Image | None,
    zones: Mapping[str, Sequence[Point]],
    words: Mapping[str, str],
    masks: Sequence[Sequence[Point]] = (),
    close_ups: Sequence[CloseUp] = (),
) -> Image:
    """A copy of the BGR ``picture`` (grey without one) with each zone's border, name and ``words`` about it, with
    ``masks`` in black, and with a white frame around each of the ``close_ups`` that says how many times it enlarges."""
    width, height = _GREY_SIZE
    image = np.full((height, width, 3), 96, np.uint8) if picture is None else picture.copy()
    height, width = image.shape[:2]
    scale = max(0.4, height / 900)
    for mask in masks:
        cv2.fillPoly(image, [_corners(mask, width, height)], (0, 0, 0))
    for number, (name, polygon) in enumerate(zones.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        corners = _corners(polygon, width, height)
        filled = image.copy()
        cv2.fillPoly(filled, [corners], colour)
        image = np.asarray(cv2.addWeighted(filled, 0.25, image, 0.75, 0), np.uint8)
        cv2.polylines(image, [corners], isClosed=True, color=colour, thickness=max(1, round(2 * scale)))
        x, y = int(corners[:, 0].min()), int(corners[:, 1].min())
        text = f"{name}: {words[name]}" if words.get(name) else name
        at = (max(2, x), max(round(24 * scale), y - round(6 * scale)) + number * round(4 * scale))
        _write(image, text, at, scale)
    for part in close_ups:
        left, top, right, bottom = (
            round(fraction * side) for fraction, side in zip(part.box, (width, height, width, height), strict=True)
        )
        cv2.rectangle(image, (left, top), (right, bottom), (255, 255, 255), max(1, round(scale)))
        _write(image, f"x{part.times:.1f}, {part.every_s:g} s", (left + 4, bottom - 6), scale)
    return image


def _write(image: Image, text: str, at: tuple[int, int], scale: float) -> None:
    font, size, thickness = cv2.FONT_HERSHEY_SIMPLEX, 0.7 * scale, max(1, round(scale))
    (width, height), below = cv2.getTextSize(text, font, size, thickness)
    x, y = at
    cv2.rectangle(image, (x - 2, y - height - 2), (x + width + 2, y + below), (0, 0, 0), cv2.FILLED)
    cv2.putText(image, text, at, font, size, (255, 255, 255), thickness, cv2.LINE_AA)


def _corners(polygon: Sequence[Point], width: int, height: int) -> NDArray[np.int32]:
    return np.array([(round(x * width), round(y * height)) for x, y in polygon], np.int32)


def write_png(path: Path, image: Image) -> None:
    """Write the picture; EdgeError when the disk refuses."""
    done, content = cv2.imencode(".png", image)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.tobytes() if done else b"")
    except OSError as error:
        raise EdgeError(f"{path} cannot be written: {error.strerror}.") from error
