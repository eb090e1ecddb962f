"""Does a camera's stream come, and does it suit what is looked for in it?"""

import time
from itertools import pairwise

import av.error

from lookout_edge.adapters.video.address import Kind, SourceOptions, is_live, kind_of, redact
from lookout_edge.adapters.video.faults import Faults
from lookout_edge.adapters.video.opening import opened
from lookout_edge.domain.finding import Finding, Grade
from lookout_edge.errors import SourceError

#: A live stream is listened to for so long, seconds: two groups of pictures of a usual camera.
LISTEN_S = 6.0
_MOST_PACKETS = 3000
#: Browsers play these from an MP4.
_PLAYABLE = frozenset({"h264", "hevc", "av1"})


def check_stream(subject: str, options: SourceOptions, *, longest_gap_s: float, listen_s: float = LISTEN_S) -> Finding:
    """Open a stream, listen to it, and compare its key frames with the longest gap that the rules tolerate."""
    if kind_of(options.url) is Kind.FOLDER:
        return Finding(Grade.OK, subject, f"{options.url}: a folder of pictures")
    begun = time.monotonic()
    try:
        with opened(options) as (container, stream):
            opened_s = time.monotonic() - begun
            context = stream.codec_context
            about = f"{context.name} {context.width}×{context.height}"
            keys: list[float] = []
            last_s, count = 0.0, 0
            live = is_live(options.url)
            for packet in container.demux(stream):
                if packet.pts is None:
                    continue
                last_s, count = float(packet.pts * packet.time_base), count + 1
                if packet.is_keyframe:
                    keys.append(last_s)
                if count >= _MOST_PACKETS or (live and time.monotonic() - begun - opened_s > listen_s):
                    break
    except av.error.FFmpegError as error:
        return _failed(subject, Faults(options).on_open(error, time.monotonic() - begun))
    except SourceError as error:
        return _failed(subject, error)
    if not count:
        return Finding(
            Grade.FAIL,
            subject,
            f"{about}, but not one picture came",
            "restart the camera; look at its encoder settings",
        )
    return _judged(subject, about, keys, (count, last_s), longest_gap_s)


def _failed(subject: str, error: SourceError) -> Finding:
    text, _, advice = redact(str(error)).partition(": ")
    return Finding(Grade.FAIL, subject, f"{error.reason}: {text}", advice)


def _judged(subject: str, about: str, keys: list[float], seen: tuple[int, float], longest_gap_s: float) -> Finding:
    count, last_s = seen
    span_s = last_s - keys[0] if keys else 0.0
    gaps = [after - before for before, after in pairwise(keys)]
    rate = f", {(count - 1) / span_s:.1f} fps" if span_s > 0 else ""
    if not gaps:
        text = f"{about}{rate}, no second key frame while listening"
        return Finding(
            Grade.WARN, subject, text, "set the camera's key frame (I-frame) interval to 1-2 s: a clip starts at one"
        )
    gap_s = max(gaps)
    text = f"{about}{rate}, a key frame every {gap_s:.1f} s"
    if about.split()[0] not in _PLAYABLE:
        return Finding(
            Grade.WARN,
            subject,
            text,
            "browsers cannot play this codec: set H.264 in the camera, or events have no clip",
        )
    if gap_s > longest_gap_s + 0.2:
        text += f" (the rules tolerate {longest_gap_s:g} s, so every picture is decoded also while nothing moves)"
        return Finding(Grade.OK, subject, text, f"a key frame interval of {longest_gap_s:g} s would save CPU")
    return Finding(Grade.OK, subject, text)
