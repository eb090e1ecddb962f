"""From a picture to a network's input, and from its coordinates back."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lookout_edge.adapters.zoo import InputSpec
from lookout_edge.domain.frame import Image

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the picture lies in the network's input, in input pixels."""

    left: int
    top: int
    width: int
    height: int

    def to_fractions(self, points: Floats) -> Floats:
        """x, y pairs along the last axis (x, y, x, y, …), from input pixels to fractions of the picture."""
        pairs = points.shape[-1] // 2
        origin = np.array([self.left, self.top] * pairs, np.float32)
        size = np.array([self.width, self.height] * pairs, np.float32)
        return ((points - origin) / size).astype(np.float32)


Canvas = tuple[int, int]
"""Width and height of a network's input in pixels."""


def place(picture_width: int, picture_height: int, spec: InputSpec, canvas: Canvas | None = None) -> Placement:
    """The largest centred area with the picture's proportions, or all of the input for ``fit: stretch``.

    ``canvas`` replaces the input's size, for models that take any.
    """
    full_width, full_height = canvas or (spec.width, spec.height)
    if spec.fit == "stretch":
        return Placement(0, 0, full_width, full_height)
    scale = min(full_width / picture_width, full_height / picture_height)
    width = max(1, min(full_width, round(picture_width * scale)))
    height = max(1, min(full_height, round(picture_height * scale)))
    return Placement((full_width - width) // 2, (full_height - height) // 2, width, height)


def resized(image: Image, width: int, height: int) -> Image:
    """``image`` at another size: whole blocks are averaged first, the rest is interpolated.

    OpenCV's INTER_AREA costs seven times as much where the ratio is no whole number, and looks no better below two.
    """
    block = int(min(image.shape[1] / width, image.shape[0] / height))
    if block >= 2:
        whole = image[: image.shape[0] // block * block, : image.shape[1] // block * block]
        smaller = (whole.shape[1] // block, whole.shape[0] // block)
        image = np.asarray(cv2.resize(whole, smaller, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


class InputMaker:
    """Makes the inputs of one model. Holds no state between pictures, so threads may share it."""

    def __init__(self, spec: InputSpec) -> None:
        self._spec = spec
        self._scale = (1.0 / np.array(spec.std, np.float32)).astype(np.float32)
        self._offset = (-np.array(spec.mean, np.float32) * self._scale).astype(np.float32)

    def make(self, image: Image, canvas: Canvas | None = None) -> tuple[Floats, Placement]:
        """A BGR picture as a batch of one, and where it lies in it; ``canvas`` replaces the input's size."""
        spec = self._spec
        height, width = image.shape[:2]
        placement = place(width, height, spec, canvas)
        inner = resized(image, placement.width, placement.height)
        full_width, full_height = canvas or (spec.width, spec.height)
        if (placement.width, placement.height) == (full_width, full_height):
            return self._normalised(inner), placement
        filled = np.full((full_height, full_width, 3), spec.fill, np.uint8)
        filled[placement.top : placement.top + placement.height, placement.left : placement.left + placement.width] = (
            inner
        )
        return self._normalised(filled), placement

    def _normalised(self, canvas: Image) -> Floats:
        """Plane by plane: on interleaved pixels numpy needs ten times as long."""
        planes = cv2.split(canvas)
        ordered = planes[::-1] if self._spec.colour == "rgb" else planes
        batch = np.empty((1, 3, *canvas.shape[:2]), np.float32)
        for plane, target, scale, offset in zip(ordered, batch[0], self._scale, self._offset, strict=True):
            np.copyto(target, plane)  # multiplied as bytes it would take half as long again
            target *= scale
            target += offset
        return batch if self._spec.layout == "nchw" else np.ascontiguousarray(batch.transpose(0, 2, 3, 1))
