"""A camera that speaks RTSP, and what happens when it dies."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from lookout_edge.adapters.broker_testing import free_port, wait_for_port
from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.video import PacketRing, SourceOptions, VideoSource
from lookout_edge.adapters.video.testing import ClipShape, make_clip
from lookout_edge.errors import SourceError


class Camera:
    """An RTSP server in a process of its own, so that it can be killed."""

    def __init__(self, folder: Path) -> None:
        make_clip(folder / "clip.mp4", ClipShape(frames=75, gop=25, b_frames=0, size=(320, 240)))
        self.port = free_port()
        self.url = f"rtsp://127.0.0.1:{self.port}/clip.mp4?play_count=0"
        code = (
            "import asyncio, aio_rtsp_toolkit.server as server;"
            f"asyncio.run(server.serve({str(folder)!r}, host='127.0.0.1', port={self.port}))"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    pytest.importorskip("aio_rtsp_toolkit", reason="aio-rtsp-toolkit is not installed: pip install lookout[dev]")
    server = Camera(tmp_path)
    try:
        wait_for_port(server.port)
        yield server
    finally:
        server.kill()


def test_frames_arrive_until_the_camera_dies(camera: Camera) -> None:
    ring = PacketRing()
    options = SourceOptions(url=camera.url, read_timeout_s=3, open_timeout_s=10)
    source = VideoSource("gate", options, clock=SystemClock(), realtime=True, ring=ring)
    ats: list[float] = []

    def watch() -> None:
        with source.frames() as frames:
            for frame in frames:
                ats.append(frame.at)
                assert frame.size == (320, 240)
                if len(ats) == 40:
                    clip = ring.clip(ats[5], ats[30])
                    assert clip is not None
                    assert clip[4:8] == b"ftyp"
                    camera.kill()

    with pytest.raises(SourceError) as caught:
        watch()
    assert len(ats) >= 40
    assert min(b - a for a, b in pairwise(ats)) > 0
    # However late frames are looked at, their times are the camera's: 25 a second.
    steps = [(at - ats[0]) * 25 for at in ats]
    assert steps == pytest.approx([round(step) for step in steps], abs=0.05)
    assert caught.value.reason in {"ended", "stalled", "refused"}


def test_a_camera_that_freezes_is_stalled(camera: Camera) -> None:
    options = SourceOptions(url=camera.url, read_timeout_s=1, open_timeout_s=10)
    source = VideoSource("gate", options, clock=SystemClock(), realtime=True)

    def watch() -> None:
        with source.frames() as frames:
            for _ in frames:
                camera.freeze()

    with pytest.raises(SourceError) as caught:
        watch()
    assert caught.value.reason == "stalled"


def test_a_stream_that_is_not_there_is_missing(camera: Camera) -> None:
    url = camera.url.replace("clip.mp4", "other.mp4")
    source = VideoSource("gate", SourceOptions(url=url), clock=SystemClock(), realtime=True)
    with pytest.raises(SourceError) as caught, source.frames() as frames:
        next(frames)
    assert caught.value.reason == "missing"


def test_a_camera_that_accepts_and_says_nothing_has_timed_out(tmp_path: Path) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        url = f"rtsp://127.0.0.1:{mute.getsockname()[1]}/live"
        source = VideoSource("gate", SourceOptions(url=url, open_timeout_s=1), clock=SystemClock(), realtime=True)
        with pytest.raises(SourceError) as caught, source.frames() as frames:
            next(frames)
    assert caught.value.reason == "timeout"
