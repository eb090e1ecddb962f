"""Opening an address with FFmpeg."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from lookout_edge.adapters.video.address import SourceOptions, ffmpeg_format, ffmpeg_options, kind_of, path_of
from lookout_edge.adapters.video.faults import Faults

#: Frames a second that are believed; cameras announce 90000 or 0.
_PLAUSIBLE_FPS = (0.5, 240.0)
_USUAL_FPS = 25.0


@contextmanager
def opened(options: SourceOptions) -> Generator[tuple[InputContainer, VideoStream]]:
    """The address's container and its best video stream; SourceError when there is none."""
    faults = Faults(options)
    kind = kind_of(options.url)
    begun = time.monotonic()
    try:
        container = av.open(
            path_of(options.url),
            "r",
            format=ffmpeg_format(kind),
            options=ffmpeg_options(kind, options),
            timeout=(options.open_timeout_s, options.read_timeout_s),
        )
    except av.error.FFmpegError as error:
        raise faults.on_open(error, time.monotonic() - begun) from error
    try:
        stream = cast(VideoStream | None, container.streams.best("video"))
        if stream is None or cast(object, stream.codec_context) is None:
            raise faults.undecodable("it has no picture track" if stream is None else "its codec is not known")
        stream.codec_context.thread_count = options.thread_count
        yield container, stream
    finally:
        container.close()


def frame_seconds(stream: VideoStream) -> float:
    """Seconds between two frames as the stream announces them, or a usual value where it says nothing plausible."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and _PLAUSIBLE_FPS[0] <= float(rate) <= _PLAUSIBLE_FPS[1]:
            return 1 / float(rate)
    return 1 / _USUAL_FPS
