"""Decoded pictures into arrays."""

from typing import cast

from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from lookout_edge.domain.frame import Image


class Converter:
    """Converts and scales in one step; keeps the scaler, which costs more to make than to use."""

    def __init__(self, max_size: int | None) -> None:
        self._max_size = max_size
        self._reformatter = VideoReformatter()

    def to_image(self, picture: VideoFrame) -> Image:
        """BGR, H × W × 3, the long side at most ``max_size``; a new array that nobody else writes to."""
        width, height = self._size(picture.width, picture.height)
        scaled = self._reformatter.reformat(
            picture, width=width, height=height, format="bgr24", interpolation=Interpolation.FAST_BILINEAR
        )
        return cast(Image, scaled.to_ndarray())

    def _size(self, width: int, height: int) -> tuple[int, int]:
        longest = max(width, height)
        if self._max_size is None or longest <= self._max_size:
            return width, height
        factor = self._max_size / longest
        return max(1, round(width * factor)), max(1, round(height * factor))
