"""Decoded pictures, converted when somebody asks."""

import threading
from collections.abc import Callable
from typing import cast

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from lookout_edge.domain.frame import Image, Luma, thinned

#: Pixel formats whose first plane is brightness, one byte a pixel.
_PLANAR = frozenset(
    {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "nv21", "gray", "gray8"}
)


def no_finer() -> None:
    """There is no main stream to look it up in."""


class Converter:
    """Converts and scales in one step; keeps the scaler, which costs more to make than to use. Safe in threads."""

    def __init__(self, max_size: int | None) -> None:
        self._max_size = max_size
        self._reformatter = VideoReformatter()
        self._lock = threading.Lock()

    def to_image(self, picture: VideoFrame) -> Image:
        """BGR, H × W × 3, the long side at most ``max_size``; a new array that nobody else writes to."""
        width, height = self.size(picture)
        return self._convert(picture, width, height, "bgr24")

    def to_luma(self, picture: VideoFrame, longest: int) -> Luma:
        """Brightness alone, the longer side at most ``longest``."""
        if picture.format.name in _PLANAR:
            return thinned(_rows(picture)[: picture.height, : picture.width], longest)
        return thinned(self._convert(picture, picture.width, picture.height, "gray8"), longest)

    def size(self, picture: VideoFrame) -> tuple[int, int]:
        """(width, height) that ``to_image`` gives."""
        width, height = picture.width, picture.height
        longest = max(width, height)
        if self._max_size is None or longest <= self._max_size:
            return width, height
        factor = self._max_size / longest
        return max(1, round(width * factor)), max(1, round(height * factor))

    def _convert(self, picture: VideoFrame, width: int, height: int, pixel_format: str) -> NDArray[np.uint8]:
        with self._lock:
            # One thread: by default every scaler starts as many as there are cores, and a camera's picture is small.
            scaled = self._reformatter.reformat(
                picture,
                width=width,
                height=height,
                format=pixel_format,
                interpolation=Interpolation.FAST_BILINEAR,
                threads=1,
            )
        # A view of the scaler's own new picture: copying it would take as long as half of the scaling.
        rows = _rows(scaled)
        if pixel_format == "gray8":
            return rows[:height, :width]
        return rows[:height, : width * 3].reshape(height, width, 3)


def _rows(picture: VideoFrame) -> NDArray[np.uint8]:
    """The first plane, a row of pixels and what pads it in each row."""
    plane = picture.planes[0]
    return np.frombuffer(cast(bytes, plane), np.uint8).reshape(-1, plane.line_size)


class DecodedPicture:
    """A Picture on a decoder's frame. ``finer`` gives the same instant of the main stream, None when there is none."""

    def __init__(self, picture: VideoFrame, converter: Converter, finer: Callable[[], Image | None] = no_finer) -> None:
        self._picture = picture
        self._converter = converter
        self._finer = finer
        self._image: Image | None = None
        self._finest: Image | None = None

    @property
    def size(self) -> tuple[int, int]:
        """See ``Picture``."""
        return self._converter.size(self._picture)

    def image(self) -> Image:
        """See ``Picture``."""
        if self._image is None:
            self._image = self._converter.to_image(self._picture)
        return self._image

    def finest(self) -> Image:
        """See ``Picture``."""
        if self._finest is None:
            finer = self._finer()
            self._finest = self.image() if finer is None else finer
        return self._finest

    def luma(self, longest: int) -> Luma:
        """See ``Picture``."""
        return self._converter.to_luma(self._picture, longest)
