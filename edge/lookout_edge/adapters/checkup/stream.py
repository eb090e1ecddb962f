"""Does a camera's stream come, and does it suit what is looked for in it?"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from statistics import median
from typing import cast

import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lookout_edge.adapters.video.address import Kind, SourceOptions, is_live, kind_of, redact
from lookout_edge.adapters.video.anchor import TRUSTED_S, camera_time
from lookout_edge.adapters.video.faults import Faults
from lookout_edge.adapters.video.opening import opened
from lookout_edge.domain.finding import Finding, Grade
from lookout_edge.errors import SourceError

#: A live stream is listened to for so long, seconds: two groups of pictures of a usual camera.
LISTEN_S = 6.0
_MOST_PACKETS = 3000
_Decode = Callable[["Packet[VideoStream]"], list[VideoFrame]]
#: Browsers play these from an MP4.
_PLAYABLE = frozenset({"h264", "hevc", "av1"})


@dataclass
class _Heard:
    """What came while a stream was listened to, from its first key frame on: what is before it shows nothing."""

    #: Stream times of key frames, and times of decoding of all packets, seconds.
    keys: list[float] = field(default_factory=list[float])
    times: list[float] = field(default_factory=list[float])
    #: Whether anything came, and whether a whole picture came of it.
    speaks: bool = False
    shows: bool = False
    #: The camera's clock minus this box's; None where it does not tell.
    ahead_s: float | None = None

    @property
    def rate(self) -> str:
        """Pictures a second, for the text; empty where that cannot be told.

        By the middle of all steps: times jump when an RTSP camera's first report says what they were.
        """
        steps = [after - before for before, after in pairwise(self.times) if after > before]
        return f", {1 / median(steps):.1f} fps" if steps else ""


def check_stream(
    subject: str, options: SourceOptions, *, longest_gap_s: float, least_width: int = 0, listen_s: float = LISTEN_S
) -> Finding:
    """Open a stream, listen to it, and compare its key frames with the longest gap that the rules tolerate, and its
    pictures with the ``least_width`` in pixels that its close-ups are worth while at."""
    if kind_of(options.url) is Kind.FOLDER:
        return Finding(Grade.OK, subject, f"{options.url}: a folder of pictures")
    begun = time.monotonic()
    try:
        with opened(options) as (container, stream):
            heard = _listen(container, stream, listen_s if is_live(options.url) else inf)
            context = stream.codec_context
            about, width = f"{context.name} {context.width}×{context.height}", context.width
    except av.error.FFmpegError as error:
        return _failed(subject, Faults(options).on_open(error, time.monotonic() - begun))
    except SourceError as error:
        return _failed(subject, error)
    if not heard.speaks:
        return Finding(
            Grade.FAIL,
            subject,
            f"{about}, but not one picture came",
            "restart the camera; look at its encoder settings",
        )
    if heard.keys and not heard.shows:
        return _failed(subject, Faults(options).undecodable("no picture came out of it"))
    found = _judged(subject, about, heard, longest_gap_s)
    if found.grade is not Grade.OK or width >= least_width:
        return found
    advice = f"look at a stream of {least_width} pixels across (no sub_url, or a larger one), or leave close_ups out"
    return Finding(Grade.WARN, subject, f"{found.text}; too small for its close-ups to show more", advice)


def _listen(container: InputContainer, stream: VideoStream, listen_s: float) -> _Heard:
    """Packets for so long, decoded until one gives a picture."""
    heard, until = _Heard(), time.monotonic() + listen_s
    for packet in container.demux(stream):
        heard.speaks = heard.speaks or packet.pts is not None
        if packet.size and packet.pts is not None and (packet.is_keyframe or heard.keys):
            heard.keys += [float(packet.pts * packet.time_base)] if packet.is_keyframe else []
            decoded = packet.pts if packet.dts is None else packet.dts
            heard.times.append(float(decoded * packet.time_base))
            camera_at = camera_time(packet)
            heard.ahead_s = heard.ahead_s if camera_at is None else camera_at - time.time()
        heard.shows = heard.shows or _shows(stream, packet)
        if len(heard.times) >= _MOST_PACKETS or time.monotonic() > until:
            break
    return heard


def _shows(stream: VideoStream, packet: "Packet[VideoStream]") -> bool:
    """Whether a whole picture came out of it."""
    decode = cast(_Decode, stream.codec_context.decode)  # pyright: ignore[reportUnknownMemberType]
    try:
        return any(not picture.is_corrupt for picture in decode(packet))
    except av.error.FFmpegError:
        return False  # one damaged packet is none too many


def _failed(subject: str, error: SourceError) -> Finding:
    text, _, advice = redact(str(error)).partition(": ")
    return Finding(Grade.FAIL, subject, f"{error.reason}: {text}", advice)


def _judged(subject: str, about: str, heard: _Heard, longest_gap_s: float) -> Finding:
    gaps = [after - before for before, after in pairwise(heard.keys)]
    if not gaps:
        text = f"{about}{heard.rate}, no second key frame while listening"
        return Finding(
            Grade.WARN, subject, text, "set the camera's key frame (I-frame) interval to 1-2 s: a clip starts at one"
        )
    gap_s = max(gaps)
    text = f"{about}{heard.rate}, a key frame every {gap_s:.1f} s"
    if about.split()[0] not in _PLAYABLE:
        return Finding(
            Grade.WARN,
            subject,
            text,
            "browsers cannot play this codec: set H.264 in the camera, or events have no clip",
        )
    if heard.ahead_s is not None and abs(heard.ahead_s) > TRUSTED_S:
        apart = f"{abs(heard.ahead_s):.0f} s {'ahead of' if heard.ahead_s > 0 else 'behind'} this box"
        advice = "have both ask the same time server (NTP); until then its pictures are dated by this box"
        return Finding(Grade.WARN, subject, f"{text}; its clock is {apart}", advice)
    if gap_s > longest_gap_s + 0.2:
        text += f" (the rules tolerate {longest_gap_s:g} s, so every picture is decoded also while nothing moves)"
        return Finding(Grade.OK, subject, text, f"a key frame interval of {longest_gap_s:g} s would save CPU")
    return Finding(Grade.OK, subject, text)
