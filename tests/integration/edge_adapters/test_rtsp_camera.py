"""Cameras that speak RTSP in every way they do in the field: UDP, passwords, clocks of their own, bad manners."""

import time
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path

import pytest

from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.video import PacketRing, SourceOptions, VideoSource
from lookout_edge.adapters.video.rtsp_testing import RtspCamera
from lookout_edge.adapters.video.testing import ClipShape, make_clip, number_of
from lookout_edge.domain.frame import Frame
from lookout_edge.errors import SourceError


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "clip.ts", ClipShape(frames=96, gop=24, size=(320, 240)))


@pytest.fixture
def camera(clip: Path) -> Iterator[RtspCamera]:
    with RtspCamera({"live": clip}) as camera:
        yield camera


def source_of(camera: RtspCamera, *, user: str = "", udp: bool = False, ring: PacketRing | None = None) -> VideoSource:
    options = SourceOptions(
        url=camera.url("live", user),
        rtsp_transport="udp" if udp else "tcp",
        open_timeout_s=5,
        read_timeout_s=1.5,
        picture_timeout_s=1.5,
    )
    return VideoSource("gate", options, clock=SystemClock(), realtime=True, ring=ring)


def first_frames(source: VideoSource, count: int) -> list[Frame]:
    with source.frames() as frames:
        return list(islice(frames, count))


def watch(source: VideoSource, at_frame: Callable[[list[Frame]], None]) -> list[Frame]:
    """Watch until it fails; ``at_frame`` hears of each frame and may do something about it."""
    seen: list[Frame] = []
    with source.frames() as frames:
        for frame in frames:
            seen.append(frame)
            at_frame(seen)
    return seen


def fault_of(source: VideoSource, at_frame: Callable[[list[Frame]], None] = lambda _: None) -> SourceError:
    with pytest.raises(SourceError) as caught:
        watch(source, at_frame)
    return caught.value


@pytest.mark.parametrize("udp", [False, True])
def test_pictures_come_in_order_at_the_cameras_times(camera: RtspCamera, udp: bool) -> None:
    frames = first_frames(source_of(camera, udp=udp), 30)
    steps = [(frame.at - frames[0].at) * 25 for frame in frames]
    assert steps == pytest.approx([round(step) for step in steps], abs=0.2)
    numbers = [(number_of(frame.image) - number_of(frames[0].image)) % 32 for frame in frames]
    assert numbers == [round(step) % 32 for step in steps]


@pytest.mark.parametrize("udp", [False, True])
def test_a_password_is_given_when_asked_for(camera: RtspCamera, udp: bool) -> None:
    camera.habits.user = ("admin", "s3cret")
    assert len(first_frames(source_of(camera, user="admin:s3cret", udp=udp), 3)) == 3


@pytest.mark.parametrize("user", ["", "admin:wrong"])
def test_a_wrong_password_is_refused_and_not_repeated_in_the_message(camera: RtspCamera, user: str) -> None:
    camera.habits.user = ("admin", "s3cret")
    fault = fault_of(source_of(camera, user=user))
    assert fault.reason == "auth"
    assert "password" in str(fault)
    assert "wrong" not in str(fault)


def test_a_clock_a_little_off_is_the_cameras_word(camera: RtspCamera) -> None:
    camera.habits.clock_ahead_s = 5.0
    frame = first_frames(source_of(camera), 20)[-1]
    assert frame.skew_s == pytest.approx(5.0, abs=2.0)
    assert frame.at - time.time() == pytest.approx(5.0, abs=2.0)


def test_a_clock_an_hour_off_is_told_but_not_followed(camera: RtspCamera) -> None:
    camera.habits.clock_ahead_s = -3600.0
    frame = first_frames(source_of(camera), 20)[-1]
    assert frame.skew_s == pytest.approx(-3600.0, abs=2.0)
    assert frame.at == pytest.approx(time.time(), abs=2.0)


def test_without_sender_reports_frames_are_dated_by_this_box(camera: RtspCamera) -> None:
    camera.habits.reports = False
    frames = first_frames(source_of(camera), 40)
    assert frames[-1].at == pytest.approx(time.time(), abs=2.0)
    assert min(b.at - a.at for a, b in pairwise(frames)) > 0


@pytest.mark.parametrize("udp", [False, True])
def test_a_camera_that_stands_still_is_stalled(camera: RtspCamera, udp: bool) -> None:
    def pause(_: list[Frame]) -> None:
        camera.habits.paused = True

    assert fault_of(source_of(camera, udp=udp), pause).reason == "stalled"


def test_a_camera_that_is_killed_and_comes_back_is_watched_again(camera: RtspCamera) -> None:
    ring = PacketRing()
    source = source_of(camera, ring=ring)
    before: list[Frame] = []

    def kill(seen: list[Frame]) -> None:
        before[:] = seen
        if len(seen) == 10:
            camera.kill()

    assert fault_of(source, kill).reason in {"ended", "stalled", "refused"}
    assert fault_of(source).reason == "refused"
    camera.start()
    after = first_frames(source, 10)
    ats = [frame.at for frame in (*before, *after)]
    assert min(b - a for a, b in pairwise(ats)) > 0
    clip = ring.clip(after[0].at, after[-1].at)
    assert clip is not None
    assert clip[4:8] == b"ftyp"


def test_a_connection_cut_amid_a_group_of_pictures_begins_anew_with_whole_pictures(camera: RtspCamera) -> None:
    source = source_of(camera)
    fault_of(source, lambda seen: camera.cut() if len(seen) == 30 else None)
    camera.habits.skip_frames = 7  # the next viewing begins amid a group
    frames = first_frames(source, 5)
    assert all(float(frame.image.std()) < 2.0 for frame in frames), "grey pictures, not smeared ones"


def test_garbage_is_undecodable_or_stalled_and_never_a_picture(camera: RtspCamera) -> None:
    camera.habits.garbage = True
    assert fault_of(source_of(camera)).reason in {"undecodable", "timeout", "stalled"}
    camera.habits.garbage = False
    assert len(first_frames(source_of(camera), 3)) == 3


def test_a_stream_that_is_not_there_is_missing(camera: RtspCamera) -> None:
    camera.clips["other"] = camera.clips.pop("live")
    assert fault_of(source_of(camera)).reason == "missing"


def test_pictures_that_change_their_size_are_a_new_stream(camera: RtspCamera, tmp_path: Path) -> None:
    larger = make_clip(tmp_path / "larger.ts", ClipShape(frames=48, gop=24, size=(640, 480)))

    def grow(_: list[Frame]) -> None:
        camera.clips["live"] = larger

    fault = fault_of(source_of(camera), grow)
    assert fault.reason == "changed"
    assert "320×240 to 640×480" in str(fault)


def test_a_camera_that_floods_is_held_back(camera: RtspCamera) -> None:
    """Ten seconds' worth may come at once; after that it gets as much of the processor as twice its rate."""
    camera.habits.flood = True
    source = source_of(camera)
    begun = time.monotonic()
    with source.frames() as frames:
        first = next(frames)
        last = next(frame for frame in frames if frame.at - first.at > 0.0 and time.monotonic() - begun > 4.0)
    assert (last.at - first.at) < 4.0 * 60 / 25 + 600 / 25 + 10
