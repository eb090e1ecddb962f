"""Footage for measuring, drawn on the spot, and the floor it is measured against."""

from pathlib import Path

import av
import av.error
import numpy as np

from lookout_edge.adapters.video.address import SourceOptions
from lookout_edge.adapters.video.faults import Faults
from lookout_edge.adapters.video.testing import ClipShape, make_clip
from lookout_edge.domain.frame import Image

#: What the second stream of a camera commonly is.
SUB_STREAM = (640, 360)
SUB_STREAM_FPS = 10


def draw_clip(path: Path, *, seconds: float, busy: bool) -> Path:
    """Write an H.264 clip of a still, textured scene; when ``busy``, shapes cross it all the time."""
    shape = ClipShape(
        frames=round(seconds * SUB_STREAM_FPS),
        fps=SUB_STREAM_FPS,
        size=SUB_STREAM,
        gop=2 * SUB_STREAM_FPS,
        draw=_busy if busy else _idle,
    )
    return make_clip(path, shape)


def decode_only(clip: Path) -> float:
    """Decode every picture of ``clip`` on one thread and drop it; seconds of video. SourceError when it will not."""
    first = last = None
    try:
        with av.open(clip) as container:
            if not container.streams.video:
                raise Faults(SourceOptions(url=str(clip))).undecodable("it has no picture track")
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            for picture in container.decode(stream):
                last = picture.time
                first = last if first is None else first
    except av.error.FFmpegError as error:
        raise Faults(SourceOptions(url=str(clip))).on_open(error, 0.0) from error
    return 0.0 if first is None or last is None else last - first


def _idle(_number: int, width: int, height: int) -> Image:
    """A wall with some texture, the same every time."""
    across = np.arange(width, dtype=np.int32)[None, :]
    down = np.arange(height, dtype=np.int32)[:, None]
    pattern = 90 + (across // 16 * 7 + down // 12 * 11) % 64
    return np.repeat(pattern[:, :, None], 3, axis=2).astype(np.uint8)


def _busy(number: int, width: int, height: int) -> Image:
    image = _idle(number, width, height)
    for shape in range(3):
        x = (number * (6 + 3 * shape) + shape * 211) % (width - 90)
        y = height // 4 + shape * height // 5
        image[y : y + 56, x : x + 90] = (40 + 80 * shape, 60, 230 - 70 * shape)
    return image
