"""Encoded packets into an MP4, untouched."""

import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol, cast

import av
import av.error
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from lookout_edge.errors import EdgeError

#: What browsers play from an MP4.
_PLAYABLE = frozenset({"h264", "hevc", "av1", "vp9"})
#: A second in the clock of containers.
TICKS = 90_000


class Muxer(Protocol):
    """The part of PyAV's OutputContainer that is used here; its stubs leave these two partly unknown."""

    def add_stream_from_template(self, template: VideoStream, opaque: bool | None = None) -> VideoStream:
        """A stream with the template's parameters."""
        ...

    def mux(self, packets: "Packet[Stream]") -> None:
        """Write a packet."""
        ...


def muxer_of(container: OutputContainer) -> Muxer:
    """The container as what it is."""
    return cast(Muxer, container)


@dataclass(frozen=True, slots=True)
class HeldPacket:
    """One encoded picture. Times are frame times, seconds since the Unix epoch."""

    #: When it is shown.
    at: float
    #: When it is decoded, on the same line; never later than ``at``.
    dts_at: float
    key: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class StreamHead:
    """What a decoder must know before the first packet, kept apart from the camera's connection."""

    codec: str
    #: A container with the stream's parameters and one empty packet; None when no MP4 can be made of the codec.
    seed: bytes | None
    #: Seconds between two pictures as announced.
    frame_s: float


def head_of(stream: VideoStream, frame_s: float) -> StreamHead:
    """Keep the parameters of an open stream.

    They are written into a NUT container, which stores them as they are: the stream itself dies with its connection,
    and MP4 or Matroska would rewrite parameter sets into a form that no longer fits the packets.
    """
    codec = stream.codec_context.codec.canonical_name
    if codec not in _PLAYABLE:
        return StreamHead(codec, None, frame_s)
    target = io.BytesIO()
    try:
        with av.open(target, "w", format="nut") as container:
            muxer = muxer_of(container)
            copy = muxer.add_stream_from_template(stream, opaque=True)
            packet = av.Packet(bytes(8))
            packet.pts = packet.dts = 0
            packet.time_base = Fraction(1, TICKS)
            packet.is_keyframe = True
            packet.stream = copy
            muxer.mux(packet)
    except (av.error.FFmpegError, ValueError):
        return StreamHead(codec, None, frame_s)
    return StreamHead(codec, target.getvalue(), frame_s)


def to_mp4(head: StreamHead, packets: Sequence[HeldPacket]) -> bytes | None:
    """An MP4 with the index in front, so that it plays while it loads; None when the muxer refuses the packets.

    EdgeError when the folder for temporary files takes none, as on a full disk.
    """
    if head.seed is None or not packets:
        return None
    try:
        with tempfile.TemporaryDirectory(prefix="lookout-clip-") as folder:
            path = Path(folder) / "clip.mp4"
            # The muxer reads its own output again to move the index to the front: that takes a real file.
            _write(path, head.seed, packets, head.frame_s)
            return path.read_bytes()
    except OSError as error:
        # FFmpeg's, too, where the disk becomes full while it writes.
        why = error.strerror or str(error)
        raise EdgeError(f"No clip can be cut ({why}): free space where temporary files go.") from error
    except (av.error.FFmpegError, ValueError):
        return None


def _write(path: Path, seed: bytes, packets: Sequence[HeldPacket], frame_s: float) -> None:
    base = min(p.at for p in packets)
    with (
        av.open(io.BytesIO(seed), "r", format="nut") as template,
        av.open(path, "w", format="mp4", options={"movflags": "+faststart"}) as container,
    ):
        muxer = muxer_of(container)
        stream = muxer.add_stream_from_template(template.streams.video[0], opaque=True)
        before: int | None = None
        for index, held in enumerate(packets):
            dts = _ticks(held.dts_at - base)
            dts = dts if before is None else max(dts, before + 1)
            following = packets[index + 1].dts_at if index + 1 < len(packets) else held.dts_at + frame_s
            packet = av.Packet(held.payload)
            packet.dts = before = dts
            packet.pts = max(dts, _ticks(held.at - base))
            packet.duration = max(1, _ticks(following - held.dts_at))
            packet.time_base = Fraction(1, TICKS)
            packet.is_keyframe = held.key
            packet.stream = stream
            muxer.mux(packet)


def _ticks(seconds: float) -> int:
    return round(seconds * TICKS)
