"""Footage for measuring, drawn on the spot, and the floor it is measured against."""

from dataclasses import dataclass
from pathlib import Path

import av
import av.error

from lookout_edge.adapters.video.address import SourceOptions
from lookout_edge.adapters.video.faults import Faults
from lookout_edge.adapters.video.street import Street
from lookout_edge.adapters.video.testing import ClipShape, make_clip


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream of a camera, as cameras commonly give it."""

    size: tuple[int, int]
    fps: int
    busy: bool
    #: Bits a second that the encoder aims at.
    bit_rate: int


MAIN_SIZE, MAIN_FPS, MAIN_BIT_RATE = (1920, 1080), 25, 4_000_000
SUB_SIZE, SUB_FPS, SUB_BIT_RATE = (640, 360), 10, 512_000
#: Seconds from one key frame to the next.
GOP_S = 2

FOOTAGE = {
    "sub-idle": Stream(size=SUB_SIZE, fps=SUB_FPS, busy=False, bit_rate=SUB_BIT_RATE),
    "sub-busy": Stream(size=SUB_SIZE, fps=SUB_FPS, busy=True, bit_rate=SUB_BIT_RATE),
    "main-idle": Stream(size=MAIN_SIZE, fps=MAIN_FPS, busy=False, bit_rate=MAIN_BIT_RATE),
}
"""What the bench draws: both streams of a camera, with nothing going on and with much."""


def draw_clip(path: Path, stream: Stream, *, seconds: float) -> Path:
    """Write an H.264 clip (IPPP) of a street, see ``street``; when busy, people and cars cross it all the time."""
    street = Street(*stream.size, busy=stream.busy)
    shape = ClipShape(
        frames=round(seconds * stream.fps),
        fps=stream.fps,
        size=stream.size,
        gop=GOP_S * stream.fps,
        bit_rate=stream.bit_rate,
        preset="superfast",
        draw=lambda number, _width, _height: street.frame(number / stream.fps),
    )
    return make_clip(path, shape)


def decode_only(clip: Path, *, keys_only: bool = False) -> float:
    """Decode ``clip`` on one thread and drop it; seconds from its first to its last decoded picture.

    ``keys_only`` leaves out all but the key frames. SourceError when it will not.
    """
    first = last = None
    try:
        with av.open(clip, metadata_errors="replace") as container:
            if not container.streams.video:
                raise Faults(SourceOptions(url=str(clip))).undecodable("it has no picture track")
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            stream.codec_context.skip_frame = "NONKEY" if keys_only else "DEFAULT"
            for picture in container.decode(stream):
                last = picture.time
                first = last if first is None else first
    except av.error.FFmpegError as error:
        raise Faults(SourceOptions(url=str(clip))).on_open(error, 0.0) from error
    return 0.0 if first is None or last is None else last - first
