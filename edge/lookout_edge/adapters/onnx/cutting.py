"""Which part of a picture a network sees, and how large its input is for it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookout_edge.adapters.onnx.letterbox import Canvas
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box

Floats = NDArray[np.float32]


#: Nearer to an edge than this, in pixels of the picture, a box ends there because the part does.
_EDGE_PIXELS = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A cut-out. ``left`` and ``top`` are its corner in the picture, ``width`` and ``height`` the picture's size."""

    image: Image
    canvas: Canvas
    left: int
    top: int
    width: int
    height: int

    def cuts(self, boxes: Floats) -> NDArray[np.bool_]:
        """Which of (n, 4) boxes, in fractions of the part, its edge cuts; the picture's own edge cuts nothing."""
        height, width = self.image.shape[:2]
        low = np.array([self.left > 0, self.top > 0])
        high = np.array([self.left + width < self.width, self.top + height < self.height])
        edge = _EDGE_PIXELS / np.array([width, height])
        ends = (boxes[:, :2] < edge) & low | (boxes[:, 2:] > 1 - edge) & high
        return ends[:, 0] | ends[:, 1]

    def to_whole(self, boxes: Floats) -> Floats:
        """(n, 4) boxes from fractions of the part to fractions of the picture."""
        height, width = self.image.shape[:2]
        size = np.array([width, height] * 2, np.float32)
        corner = np.array([self.left, self.top] * 2, np.float32)
        return ((boxes * size + corner) / np.array([self.width, self.height] * 2, np.float32)).astype(np.float32)


def cut(image: Image, region: Box | None, full: Canvas, step: int | None) -> Part:
    """The part of ``image`` for ``region`` (all of it when None) and the input to see it in.

    ``full`` is the input for a look at the whole, ``step`` what its sides must be multiples of; None when the model
    knows no other size than ``full``. A part is seen at the scale at which the whole would be, and grows into what the
    multiple leaves free rather than being surrounded by grey.
    """
    height, width = image.shape[:2]
    scale = min(full[0] / width, full[1] / height)
    low_x, low_y, high_x, high_y = (0.0, 0.0, 1.0, 1.0) if region is None else region.clipped().as_tuple()
    if step is None:
        across = _span(low_x, high_x, width, round((high_x - low_x) * width))
        down = _span(low_y, high_y, height, round((high_y - low_y) * height))
        canvas = full
    else:
        canvas = _rounded((high_x - low_x) * width * scale, step), _rounded((high_y - low_y) * height * scale, step)
        across = _span(low_x, high_x, width, round(canvas[0] / scale))
        down = _span(low_y, high_y, height, round(canvas[1] / scale))
    part = image[down[0] : down[1], across[0] : across[1]]
    return Part(part, canvas, across[0], down[0], width, height)


def _rounded(length: float, step: int) -> int:
    # Half a pixel of rounding must not cost a whole step.
    return max(step, -(-round(length - 0.5) // step) * step)


def _span(low: float, high: float, size: int, length: int) -> tuple[int, int]:
    """First and last pixel of a stretch of ``length`` pixels around the fractions ``low`` to ``high``."""
    length = max(1, min(size, length))
    first = round((low + high) / 2 * size - length / 2)
    first = max(0, min(size - length, first))
    return first, first + length
