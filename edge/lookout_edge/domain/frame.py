"""A decoded picture with the time it was taken."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""H × W × 3, BGR, uint8."""

Luma = NDArray[np.uint8]
"""H × W, uint8: brightness alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """How a place looked in a small picture of brightness: levels 0..255."""

    levels: Luma


class Picture(Protocol):
    """A picture as the decoder left it; nothing is converted before somebody asks. Safe to use from any thread."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of ``image`` in pixels."""
        ...

    def image(self) -> Image:
        """In BGR; the same array at every call."""
        ...

    def finest(self) -> Image:
        """The same instant as sharp as the camera gives it: from its main stream where ``image`` is the sub stream's.

        Costs a search and a decode where there are two streams; falls back on ``image``.
        """
        ...

    def luma(self, longest: int) -> Luma:
        """Brightness, thinned out by a whole number until the longer side is at most ``longest``; a new array."""
        ...


class ImagePicture:
    """A picture that is in BGR already."""

    def __init__(self, image: Image) -> None:
        self._image = image

    @property
    def size(self) -> tuple[int, int]:
        """See ``Picture``."""
        height, width = self._image.shape[:2]
        return width, height

    def image(self) -> Image:
        """See ``Picture``."""
        return self._image

    def finest(self) -> Image:
        """See ``Picture``."""
        return self._image

    def luma(self, longest: int) -> Luma:
        """See ``Picture``; the green channel stands for brightness."""
        return thinned(self._image[:, :, 1], longest)


def thinned(plane: NDArray[np.uint8], longest: int) -> Luma:
    """Every n-th pixel of an H × W plane, n the smallest that makes its longer side at most ``longest``; a copy."""
    stride = max(1, -(-max(plane.shape) // longest))
    return plane[stride // 2 :: stride, stride // 2 :: stride].copy()


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of one camera. ``image`` is shared, never written to."""

    camera: str
    #: Frame time in seconds since the Unix epoch (UTC), from the stream, not from the clock of this box.
    at: float
    #: The picture, or simply its BGR array.
    source: "Image | Picture" = field(repr=False)
    #: The stream's clock minus this box's when the frame arrived, in seconds: the camera's own clock where it tells it
    #: (RTCP), else the drift since the stream was opened; None when it was not measured.
    skew_s: float | None = None

    @property
    def picture(self) -> Picture:
        """As the decoder left it."""
        return ImagePicture(self.source) if isinstance(self.source, np.ndarray) else self.source

    @property
    def image(self) -> Image:
        """In BGR; converted when somebody asks for the first time."""
        return self.source if isinstance(self.source, np.ndarray) else self.source.image()

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.picture.size

    @property
    def captured_at(self) -> datetime:
        """``at`` as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.at, UTC)
