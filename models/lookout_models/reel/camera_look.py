"""What a cheap camera makes of a clean picture: a wide lens, dark corners, noise, its clock, H.264 at a low rate."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol, cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Reals = NDArray[np.float32]


class _Writer(Protocol):
    """The part of PyAV's OutputContainer that is used here; its stubs leave these partly unknown."""

    def add_stream(self, codec_name: str, rate: Fraction) -> Any: ...

    def mux(self, packets: Any) -> None: ...


class CameraLook:
    """The look of one camera, repeatable by ``seed``; ``bend`` is its barrel distortion at the corners."""

    def __init__(
        self, *, name: str, begins: datetime, fps: int, seed: int, bend: float = 0.06, infrared: bool = False
    ) -> None:
        self._name, self._begins, self._fps, self._infrared = name, begins, fps, infrared
        self._noise, self._falloff = (6.0, 0.5) if infrared else (3.0, 0.22)
        self._random = np.random.default_rng(seed)
        self._bend = bend

    def taken(self, number: int, clean: Picture) -> Picture:
        """Frame ``number`` (BGR, H × W × 3) as the camera sends it."""
        height, width = clean.shape[:2]
        rows, columns = np.indices((height, width), np.float32)
        x, y = (columns - width / 2) / (width / 2), (rows - height / 2) / (width / 2)
        radius = x * x + y * y
        scale = (1 + self._bend * radius) / (1 + self._bend * 1.32)
        across, down = x * scale * width / 2 + width / 2, y * scale * width / 2 + height / 2
        made = cv2.remap(clean, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR).astype(np.float32)
        made = (made * (1 - self._falloff * radius)[..., None]).astype(np.float32)
        if self._infrared:
            made = np.repeat(made.mean(2, keepdims=True), 3, 2).astype(np.float32)
        grain = self._random.standard_normal((height, width, 1), np.float32) * self._noise
        colour = cv2.resize(self._random.standard_normal((height // 2, width // 2, 3), np.float32), (width, height))
        tint = 0.0 if self._infrared else 0.5
        noisy: Reals = np.clip(made + grain + colour * self._noise * tint, 0, 255).astype(np.float32)
        soft: Reals = cv2.GaussianBlur(noisy, (0, 0), 1.0).astype(np.float32)
        sharp: Picture = np.clip(noisy + 0.35 * (noisy - soft), 0, 255).astype(np.uint8)
        self._stamp(sharp, number)
        return sharp

    def _stamp(self, picture: Picture, number: int) -> None:
        at = self._begins + timedelta(seconds=number / self._fps)
        for text, x, y in (
            (f"{at:%Y-%m-%d %H:%M:%S}", 10, 20),
            (self._name, picture.shape[1] - 120, picture.shape[0] - 10),
        ):
            for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
                cv2.putText(picture, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, width, cv2.LINE_AA)


def write_clip(
    path: Path, pictures: Iterable[Picture], size: tuple[int, int], *, fps: int, kilobits: int = 300
) -> None:
    """An H.264 clip of BGR pictures of ``size`` (width, height), a key frame every two seconds."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        sink = cast(_Writer, container)
        stream = cast(VideoStream, sink.add_stream("libx264", Fraction(fps)))
        encode = cast("Callable[[av.VideoFrame | None], Any]", stream.encode)  # pyright: ignore[reportUnknownMemberType]
        stream.width, stream.height = size
        stream.pix_fmt, stream.bit_rate = "yuv420p", kilobits * 1000
        stream.codec_context.gop_size = 2 * fps
        # One thread: the same bytes on every machine with the same encoder.
        stream.options = {"preset": "medium", "threads": "1"}
        for picture in pictures:
            sink.mux(encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")))
        sink.mux(encode(None))
