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


def place(picture_width: int, picture_height: int, spec: InputSpec) -> Placement:
    """The largest centred area with the picture's proportions, or all of the input for ``fit: stretch``."""
    if spec.fit == "stretch":
        return Placement(0, 0, spec.width, spec.height)
    scale = min(spec.width / picture_width, spec.height / picture_height)
    width = max(1, min(spec.width, round(picture_width * scale)))
    height = max(1, min(spec.height, round(picture_height * scale)))
    return Placement((spec.width - width) // 2, (spec.height - height) // 2, width, height)


class InputMaker:
    """Makes the inputs of one model. Holds no state between pictures, so threads may share it."""

    def __init__(self, spec: InputSpec) -> None:
        self._spec = spec
        self._scale = (1.0 / np.array(spec.std, np.float32)).astype(np.float32)
        self._offset = (-np.array(spec.mean, np.float32) * self._scale).astype(np.float32)

    def make(self, image: Image) -> tuple[Floats, Placement]:
        """A BGR picture as a batch of one, and where it lies in it."""
        spec = self._spec
        height, width = image.shape[:2]
        placement = place(width, height, spec)
        canvas = np.full((spec.height, spec.width, 3), spec.fill, np.uint8)
        inner = canvas[
            placement.top : placement.top + placement.height, placement.left : placement.left + placement.width
        ]
        shrinks = placement.width < width or placement.height < height
        inner[:] = cv2.resize(
            image,
            (placement.width, placement.height),
            interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
        )
        return self._normalised(canvas), placement

    def _normalised(self, canvas: Image) -> Floats:
        ordered = canvas[..., ::-1] if self._spec.colour == "rgb" else canvas
        values = ordered * self._scale + self._offset
        if self._spec.layout == "nchw":
            values = values.transpose(2, 0, 1)
        return np.ascontiguousarray(values[None], np.float32)
