"""The sub stream is looked at, the main stream proves it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import pytest

from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.video import RingDepth, SourceOptions, open_streams, two_streams
from lookout_edge.adapters.video.rtsp_testing import Habits, RtspCamera
from lookout_edge.adapters.video.testing import ClipShape, make_clip, number_of
from lookout_edge.adapters.video.two_streams import MainStream
from lookout_edge.domain.frame import Image

DEPTH = RingDepth(seconds=30, max_bytes=8_000_000)


@dataclass
class Faults:
    said: list[str] = field(default_factory=list[str])

    def warning(self, key: str, message: str) -> None:
        self.said.append(message)

    def over(self, key: str, message: str) -> None:
        return None


def marked(number: int, width: int, height: int) -> Image:
    """Tells its number like every made picture, in each stream the same."""
    return np.full((height, width, 3), (number % 32) * 8, dtype=np.uint8)


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[RtspCamera]:
    main = make_clip(tmp_path / "main.ts", ClipShape(frames=96, gop=24, size=(640, 480), draw=marked))
    sub = make_clip(tmp_path / "sub.ts", ClipShape(frames=96, gop=24, size=(160, 120), draw=marked))
    with RtspCamera({"main": main, "sub": sub}, habits=Habits(since=time.monotonic())) as camera:
        yield camera


def options(camera: RtspCamera, name: str) -> SourceOptions:
    return SourceOptions(url=camera.url(name), open_timeout_s=5, read_timeout_s=2)


def test_looks_are_small_and_snapshots_and_clips_are_large(camera: RtspCamera) -> None:
    faults = Faults()
    source, recorder = open_streams(
        "gate",
        options(camera, "main"),
        options(camera, "sub"),
        clock=SystemClock(),
        depth=DEPTH,
        faults=faults,
    )
    with source.frames() as frames:
        frame = next(frame for number, frame in enumerate(frames) if number == 60)
        assert frame.image.shape == (120, 160, 3)
        assert frame.picture.finest().shape == (480, 640, 3)
        time.sleep(1.0)  # until the main stream's picture of the same instant is surely here
        assert isinstance(recorder, MainStream)
        still = recorder.still(frame.at)
        assert still is not None
        assert abs((number_of(still) - number_of(frame.image) + 16) % 32 - 16) <= 2
        clip = recorder.clip(frame.at - 1.0, frame.at)
    assert clip is not None
    source.close()
    shown = Path(camera.clips["main"]).with_name("clip.mp4")
    shown.write_bytes(clip)
    with av.open(shown) as container:
        assert container.streams.video[0].width == 640
        assert container.streams.video[0].codec_context.name == "h264"
    assert (faults.said, source.impairment) == ([], None)
    assert source.held_bytes > 0


def test_without_its_main_stream_a_camera_is_watched_and_proves_with_the_sub_stream(
    camera: RtspCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(two_streams, "MAIN_LOST_S", 0.0)
    faults = Faults()
    missing = SourceOptions(url=camera.url("nowhere"), open_timeout_s=5, read_timeout_s=2)
    source, recorder = open_streams(
        "gate", missing, options(camera, "sub"), clock=SystemClock(), depth=DEPTH, faults=faults
    )
    with source.frames() as frames:
        frame = next(frame for number, frame in enumerate(frames) if number == 30)
        code, told = source.impairment or ("", "")
        assert (code, "no such stream" in told) == ("main_lost", True)
        monkeypatch.setattr(two_streams, "MAIN_LOST_S", 60.0)
        assert source.impairment is None, "it may be a restart"
        assert frame.picture.finest().shape == (120, 160, 3)
        assert recorder.clip(frame.at - 1.0, frame.at) is not None
    source.close()
    assert any("evidence comes from the sub stream" in message for message in faults.said)


def test_of_a_camera_with_one_stream_that_one_is_both(camera: RtspCamera) -> None:
    source, recorder = open_streams(
        "gate", options(camera, "main"), None, clock=SystemClock(), depth=DEPTH, faults=Faults()
    )
    with source.frames() as frames:
        frame = next(frames)
        assert frame.picture.finest() is frame.image
        assert recorder.clip(frame.at - 1.0, frame.at + 1.0) is not None
    source.close()
