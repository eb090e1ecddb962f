"""Opening an address with FFmpeg."""

import errno
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import av
import av.error
from av.codec.hwaccel import HWAccel, hwdevices_available
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from lookout_edge.adapters.video.address import SourceOptions, ffmpeg_format, ffmpeg_options, kind_of, path_of
from lookout_edge.adapters.video.faults import Faults

#: Frames a second that are believed; cameras announce 90000 or 0.
_PLAUSIBLE_FPS = (0.5, 240.0)
_USUAL_FPS = 25.0


#: What FFmpeg says when a device cannot be made use of.
_DEVICE_CODES = {errno.EPERM, errno.ENODEV, errno.ENOSYS, errno.EIO, errno.EINVAL, errno.ENOMEM}


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
            metadata_errors="replace",  # cameras write their names in GBK
            timeout=(options.open_timeout_s, options.read_timeout_s),
            hwaccel=_device(options),
        )
    except RuntimeError as error:  # PyAV found no way to decode this stream on that device
        raise faults.device_failed(str(error)) from error
    except av.error.FFmpegError as error:
        if options.hardware is not None and error.errno in _DEVICE_CODES:
            raise faults.device_failed(error.strerror or str(error)) from error
        raise faults.on_open(error, time.monotonic() - begun) from error
    try:
        stream = cast(VideoStream | None, container.streams.best("video"))
        if stream is None or cast(object, stream.codec_context) is None:
            raise faults.undecodable("it has no picture track" if stream is None else "its codec is not known")
        for other in container.streams:
            if other is not stream:
                # Else a camera that goes on with its sound alone keeps the reader busy, and its time-out away.
                other.discard = Discard.all
        stream.codec_context.thread_count = options.thread_count
        if not options.deblock:
            stream.codec_context.options = {"skip_loop_filter": "all"}
        yield container, stream
    finally:
        container.close()


def _device(options: SourceOptions) -> HWAccel | None:
    """The device to decode on; SourceError names those that there are."""
    if options.hardware is None:
        return None
    kind, _, which = options.hardware.partition(":")
    there = hwdevices_available()
    if kind not in there:
        raise Faults(options).no_device(kind, there)
    return HWAccel(kind, which or None, allow_software_fallback=False)


def frame_seconds(stream: VideoStream) -> float:
    """Seconds between two frames as the stream announces them, or a usual value where it says nothing plausible."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and _PLAUSIBLE_FPS[0] <= float(rate) <= _PLAUSIBLE_FPS[1]:
            return 1 / float(rate)
    return 1 / _USUAL_FPS
