"""One picture out of packets that nobody has decoded."""

import io
from collections.abc import Sequence
from typing import cast

import av
import av.error
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lookout_edge.adapters.video.picture import Converter
from lookout_edge.adapters.video.remux import HeldPacket, StreamHead
from lookout_edge.domain.frame import Image

_TICKS = 90_000


def picture_at(head: StreamHead, packets: Sequence[HeldPacket], at: float, converter: Converter) -> Image | None:
    """The picture nearest to frame time ``at``; ``packets`` begin with a key frame. None when none comes out."""
    if head.seed is None or not packets:
        return None
    try:
        return _decoded(head.seed, packets, at, converter)
    except av.error.FFmpegError:
        return None


def _decoded(seed: bytes, packets: Sequence[HeldPacket], at: float, converter: Converter) -> Image | None:
    base = packets[0].dts_at
    nearest: VideoFrame | None = None
    with av.open(io.BytesIO(seed), "r", format="nut") as template:
        stream = template.streams.video[0]
        stream.codec_context.thread_count = 1
        for held in (*packets, None):
            packet = cast("Packet[VideoStream]", Packet(b"" if held is None else held.payload))
            packet.stream = stream
            if held is not None:
                packet.pts = round((held.at - base) * _TICKS)
                packet.dts = round((held.dts_at - base) * _TICKS)
            try:
                pictures = packet.decode()
            except av.error.FFmpegError:
                continue
            for picture in pictures:
                if nearest is None or _distance(picture, at - base) <= _distance(nearest, at - base):
                    nearest = picture
    return None if nearest is None else converter.to_image(nearest)


def _distance(picture: VideoFrame, position: float) -> float:
    return float("inf") if picture.pts is None else abs(picture.pts / _TICKS - position)
