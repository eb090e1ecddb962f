"""Clips made on the spot, for tests and measurements: small, of any shape, and each frame tells its number."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from lookout_edge.domain.frame import Image

#: Ticks a second of every clip made here.
TICKS = 12_800
_STEP = 8
#: Samples a second of the silence that is made here.
_RATE = 16_000


class _Encoder(Protocol):
    def encode(self, frame: object = None) -> "Sequence[Packet[Stream]]": ...


class _Writer(Protocol):
    """The part of PyAV's OutputContainer that is used here; its stubs leave it partly unknown."""

    def add_stream(self, codec_name: str, rate: int) -> object: ...

    def mux(self, packets: "Sequence[Packet[Stream]]") -> None: ...


def grey(number: int, width: int, height: int) -> Image:
    """A plain picture that tells its number."""
    return np.full((height, width, 3), (number % 32) * _STEP, dtype=np.uint8)


@dataclass(frozen=True, kw_only=True)
class ClipShape:
    """What a made clip is like."""

    frames: int = 50
    fps: int = 25
    size: tuple[int, int] = (64, 48)
    codec: str = "libx264"
    b_frames: int = 0
    #: Frames from one key frame to the next.
    gop: int = 10
    bit_rate: int = 2_000_000
    #: How much x264 tries; "superfast" has what cameras' encoders have (CABAC, deblocking), "ultrafast" has neither.
    preset: str = "ultrafast"
    #: Key frames that are whole only with the ``gop`` pictures after them, as some encoders spread them (x264).
    intra_refresh: bool = False
    #: Presentation times in seconds, one a frame; None spaces them evenly.
    times: tuple[float, ...] | None = None
    #: Seconds of silence in a track of its own; 0 makes none.
    sound_s: float = 0.0
    #: (number, width, height) → what the frame shows.
    draw: Callable[[int, int, int], Image] = grey


def make_clip(path: Path, shape: ClipShape | None = None) -> Path:
    """Write a clip; the container follows from the suffix. Of grey frames ``number_of`` reads the number modulo 32."""
    shape = shape or ClipShape()
    width, height = shape.size
    with av.open(path, "w") as container:
        writer = cast(_Writer, container)
        stream = cast(VideoStream, writer.add_stream(shape.codec, rate=shape.fps))
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, TICKS)
        stream.codec_context.gop_size = shape.gop
        stream.codec_context.max_b_frames = shape.b_frames
        stream.codec_context.bit_rate = shape.bit_rate
        if shape.codec == "libx264":
            stream.codec_context.options = {
                "preset": shape.preset,
                "bf": str(shape.b_frames),
                "sc_threshold": "0",
                "intra-refresh": str(int(shape.intra_refresh)),
            }
        sound = _sound_track(writer) if shape.sound_s else None
        for number in range(shape.frames):
            at = number / shape.fps if shape.times is None else shape.times[number]
            picture = VideoFrame.from_ndarray(shape.draw(number, width, height), format="bgr24")
            picture.pts = round(at * TICKS)
            picture.time_base = Fraction(1, TICKS)
            writer.mux(cast(_Encoder, stream).encode(picture))
        writer.mux(cast(_Encoder, stream).encode())
        if sound is not None:
            _add_silence(writer, sound, shape.sound_s)
    return path


def make_sound(path: Path) -> Path:
    """Write a second of silence without a picture track."""
    with av.open(path, "w") as container:
        writer = cast(_Writer, container)
        _add_silence(writer, _sound_track(writer), 1.0)
    return path


def _sound_track(writer: _Writer) -> AudioStream:
    stream = cast(AudioStream, writer.add_stream("aac", rate=_RATE))
    stream.layout = "mono"
    return stream


def _add_silence(writer: _Writer, stream: AudioStream, seconds: float) -> None:
    samples: NDArray[np.float32] = np.zeros((1, 1024), dtype=np.float32)
    for index in range(math.ceil(seconds * _RATE / 1024)):
        frame = AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = _RATE
        frame.pts = index * 1024
        writer.mux(cast(_Encoder, stream).encode(frame))
    writer.mux(cast(_Encoder, stream).encode())


def number_of(image: Image) -> int:
    """The number, modulo 32, of the frame that an image shows."""
    return round(float(image.mean()) / _STEP)
