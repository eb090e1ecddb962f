"""VideoSource against clips of every awkward shape."""

import re
import threading
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.codec.hwaccel import hwdevices_available

from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.video import SourceOptions, VideoSource
from lookout_edge.adapters.video.cadence import Look
from lookout_edge.adapters.video.pump import Pump
from lookout_edge.adapters.video.testing import ClipShape, make_clip, make_sound, number_of
from lookout_edge.domain.frame import Frame, Image
from lookout_edge.errors import SourceError

START = 1_750_000_000.0


def replayed(options: SourceOptions, *, limit: int | None = None) -> list[Frame]:
    source = VideoSource("gate", options, clock=SystemClock(), realtime=False, start_at=START)
    with source.frames() as frames:
        return list(islice(frames, limit))


def positions(frames: Sequence[Frame]) -> list[float]:
    return [round(frame.at - START, 3) for frame in frames]


def fault_of(url: Path | str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        replayed(SourceOptions(url=str(url)))
    return caught.value


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".avi"])
def test_every_frame_arrives_in_order_at_its_time(tmp_path: Path, codec: str, b_frames: int, suffix: str) -> None:
    clip = make_clip(tmp_path / f"clip{suffix}", ClipShape(frames=30, codec=codec, b_frames=b_frames))
    frames = replayed(SourceOptions(url=str(clip)))
    assert [number_of(frame.image) for frame in frames] == list(range(30))
    # AVI knows no presentation times: with B-frames it is a few frames late. MPEG-TS and Matroska round them.
    assert positions(frames) == pytest.approx([n / 25 for n in range(30)], abs=0.13 if suffix == ".avi" else 0.002)


def test_without_the_loop_filter_pictures_are_nearly_the_same(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(60, 200, (9, 16, 3), np.uint8)

    def drawn(number: int, width: int, height: int) -> Image:
        blocks = np.kron(noise, np.ones((height // 9, width // 16, 1), np.uint8))
        return np.roll(blocks, 3 * number, axis=1)

    shape = ClipShape(frames=25, gop=25, size=(320, 180), bit_rate=100_000, preset="superfast", draw=drawn)
    clip = make_clip(tmp_path / "clip.mp4", shape)
    whole, spared = (replayed(SourceOptions(url=str(clip), deblock=deblock)) for deblock in (True, False))
    assert positions(spared) == positions(whole)
    apart = [np.abs(a.image.astype(int) - b.image).mean() for a, b in zip(whole, spared, strict=True)]
    assert 0 < max(apart) < 4


def test_the_same_clip_gives_the_same_frames(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(b_frames=2))
    first, second = (replayed(SourceOptions(url=str(clip), decode_fps=7)) for _ in range(2))
    assert [frame.at for frame in first] == [frame.at for frame in second]
    assert all((a.image == b.image).all() for a, b in zip(first, second, strict=True))


def test_variable_frame_rate_keeps_each_frames_own_time(tmp_path: Path) -> None:
    times = (0.0, 0.04, 0.2, 0.21, 1.0, 1.5, 1.52)
    clip = make_clip(tmp_path / "vfr.mkv", ClipShape(frames=len(times), times=times))
    assert positions(replayed(SourceOptions(url=str(clip)))) == pytest.approx(times, abs=0.002)


def test_a_change_of_frame_rate_changes_the_spacing_only(tmp_path: Path) -> None:
    times = (*(n / 25 for n in range(10)), *(0.4 + n / 5 for n in range(10)))
    clip = make_clip(tmp_path / "rates.mp4", ClipShape(frames=20, times=times))
    assert positions(replayed(SourceOptions(url=str(clip)))) == pytest.approx(times, abs=0.002)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_camera_that_drops_from_25_to_15_at_night_is_looked_at_as_often_as_before(
    tmp_path: Path, b_frames: int
) -> None:
    times = (*(n / 25 for n in range(75)), *(3 + n / 15 for n in range(60)))
    clip = make_clip(tmp_path / "night.mp4", ClipShape(frames=len(times), times=times, b_frames=b_frames))
    assert positions(replayed(SourceOptions(url=str(clip)))) == pytest.approx(times, abs=0.002)
    looked = positions(replayed(SourceOptions(url=str(clip), decode_fps=5)))
    assert set(looked) <= {round(at, 3) for at in times}
    for begin, end in ((0.0, 3.0), (3.0, 7.0)):
        assert len([at for at in looked if begin <= at < end]) == pytest.approx((end - begin) * 5, abs=1)
    assert max(b - a for a, b in pairwise(looked)) < 0.3


def test_a_replayed_gap_is_believed(tmp_path: Path) -> None:
    times = (0.0, 0.04, 0.08, 60.0, 60.04)
    clip = make_clip(tmp_path / "gap.mkv", ClipShape(frames=5, times=times))
    assert positions(replayed(SourceOptions(url=str(clip)))) == pytest.approx(times, abs=0.002)


def test_times_that_jump_back_go_on_instead(tmp_path: Path) -> None:
    """Two recordings glued together, as cameras do after a restart."""
    first = make_clip(tmp_path / "a.ts", ClipShape(frames=40, gop=5))
    second = make_clip(tmp_path / "b.ts", ClipShape(frames=40, gop=5))
    both = tmp_path / "both.ts"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    frames = replayed(SourceOptions(url=str(both)))
    steps = [b.at - a.at for a, b in pairwise(frames)]
    assert len(frames) >= 70
    assert min(steps) > 0
    assert max(steps) < 0.5


def test_decode_fps_thins_on_frame_time(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=51, fps=25))
    thinned = replayed(SourceOptions(url=str(clip), decode_fps=5))
    assert positions(thinned) == pytest.approx([n / 5 for n in range(11)], abs=0.002)


def test_decode_fps_between_two_rates_keeps_the_mean_rate(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=100, fps=25))
    assert len(replayed(SourceOptions(url=str(clip), decode_fps=10))) == 40


def test_a_part_of_a_clip_keeps_its_positions(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=75, gop=20, b_frames=2))
    frames = replayed(SourceOptions(url=str(clip), start_s=1.0, end_s=2.0))
    assert positions(frames) == pytest.approx([1 + n / 25 for n in range(25)], abs=0.002)


@pytest.mark.parametrize("start_s", [0.0, 0.6])
def test_a_looping_clip_goes_on_without_a_seam(tmp_path: Path, start_s: float) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=25, gop=25, b_frames=2))
    frames = replayed(SourceOptions(url=str(clip), loop=True, start_s=start_s), limit=60)
    steps = [round(b.at - a.at, 3) for a, b in pairwise(frames)]
    assert steps == [0.04] * 59
    first = round(start_s * 25)
    assert [number_of(frame.image) for frame in frames[25 - first : 27 - first]] == [first, first + 1]


def test_the_rest_of_a_clip_is_repeated_for_a_while_before_it_starts_again(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=25, gop=25, b_frames=2))
    frames = replayed(SourceOptions(url=str(clip), loop=True, rest_from_s=0.8, rest_s=0.3), limit=44)
    assert [round(b.at - a.at, 3) for a, b in pairwise(frames)] == [0.04] * 43
    rest = [20, 21, 22, 23, 24]
    assert [number_of(frame.image) for frame in frames] == [*range(25), *rest, *rest, *range(9)]


def test_max_size_scales_the_long_side_and_never_up(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=2, size=(128, 64)))
    assert replayed(SourceOptions(url=str(clip), max_size=64))[0].size == (64, 32)
    assert replayed(SourceOptions(url=str(clip), max_size=640))[0].size == (128, 64)


def test_a_truncated_file_gives_what_is_there(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.ts", ClipShape(frames=50))
    whole = clip.read_bytes()
    clip.write_bytes(whole[: len(whole) // 2])
    frames = replayed(SourceOptions(url=str(clip)))
    assert 5 < len(frames) < 50


def broken(clip: Path) -> str | None:
    source = VideoSource("gate", SourceOptions(url=str(clip)), clock=SystemClock(), realtime=False, start_at=START)
    with source.frames() as frames:
        assert len(list(frames)) > 100
    return None if source.broken is None else str(source.broken)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_where_a_clip_breaks_off_or_shows_nothing_is_told(tmp_path: Path, codec: str, b_frames: int) -> None:
    shape = ClipShape(frames=400, codec=codec, b_frames=b_frames, gop=25)
    whole = make_clip(tmp_path / "whole.mkv", shape)
    assert broken(whole) is None
    content = whole.read_bytes()
    half = tmp_path / "half.mkv"
    half.write_bytes(content[: len(content) // 2])
    told = re.search(r"half\.mkv breaks off at (\S+) s: what happens there", broken(half) or "")
    assert told is not None
    assert 5 < float(told[1]) < 14

    clip = make_clip(tmp_path / "clip.mp4", shape)
    assert broken(clip) is None
    content = clip.read_bytes()
    head, data = content[: len(content) // 3], len(content) // 3
    holed = tmp_path / "holed.mp4"
    holed.write_bytes(head + bytes(data) + content[len(head) + data :])
    told = re.search(r"shows nothing from (\S+) to (\S+) s: ", broken(holed) or "")
    assert told is not None
    assert 3 < float(told[1]) < 8 < float(told[2]) < 14


def test_a_clip_of_one_picture_a_second_is_whole_though_its_codec_holds_pictures_back(tmp_path: Path) -> None:
    assert broken(make_clip(tmp_path / "slow.mp4", ClipShape(frames=150, fps=1, b_frames=2))) is None


def test_a_name_in_gbk_keeps_no_camera_from_being_watched(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.avi", ClipShape(frames=5))
    encoder, gbk = b"Lavf", "海康".encode("gbk")
    content = clip.read_bytes()
    assert encoder in content
    clip.write_bytes(content.replace(encoder, gbk))
    assert len(replayed(SourceOptions(url=str(clip)))) == 5


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"", "empty.mp4"), (b"\x00garbage\xff" * 5000, "garbage.mp4"), (b"\x00\x00\x01\xb3" * 3000, "noise.h264")],
)
def test_what_is_no_video_is_undecodable(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    fault = fault_of(path)
    assert fault.reason == "undecodable"
    assert str(path) in str(fault)


def test_a_file_without_its_index_is_undecodable(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=50))
    clip.write_bytes(clip.read_bytes()[:-1500])
    assert fault_of(clip).reason == "undecodable"


def test_sound_alone_is_undecodable(tmp_path: Path) -> None:
    fault = fault_of(make_sound(tmp_path / "sound.mp4"))
    assert fault.reason == "undecodable"
    assert "no picture track" in str(fault)


@pytest.mark.parametrize("device", ["vaapi", "qsv", "abacus", "cuda:0"])
def test_a_device_that_cannot_decode_is_named_with_those_there_are(tmp_path: Path, device: str) -> None:
    if device.split(":")[0] in hwdevices_available() and Path("/dev/nvidia0").exists():
        pytest.skip(f"this machine may have a {device} device")
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=5))
    with pytest.raises(SourceError) as caught:
        replayed(SourceOptions(url=str(clip), hardware=device))
    assert caught.value.reason == "no_device"
    assert device.split(":")[0] in str(caught.value)
    assert "hardware_decode" in str(caught.value)


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    assert fault_of(tmp_path / "nowhere.mp4").reason == "missing"


def test_a_capture_device_that_is_not_there_is_missing() -> None:
    fault = fault_of("/dev/video977")
    assert fault.reason == "missing"
    assert "/dev/video977" in str(fault)


def test_an_unreachable_camera_keeps_its_password_out_of_the_message() -> None:
    fault = fault_of("rtsp://admin:s3cret@127.0.0.1:1/stream")
    assert fault.reason == "refused"
    assert "s3cret" not in str(fault)
    assert "admin" not in str(fault)
    assert "127.0.0.1:1" in str(fault)


def test_a_folder_of_pictures_reads_like_a_clip(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=3))
    folder = tmp_path / "pictures"
    folder.mkdir()
    with av.open(clip) as container:
        for number, picture in enumerate(container.decode(video=0)):
            picture.save(folder / f"{number:03}.png")
    (folder / "notes.txt").write_text("not a picture")
    frames = replayed(SourceOptions(url=str(folder), image_fps=2))
    assert [number_of(frame.image) for frame in frames] == [0, 1, 2]
    assert positions(frames) == [0.0, 0.5, 1.0]


def test_an_empty_folder_is_missing(tmp_path: Path) -> None:
    assert fault_of(tmp_path).reason == "missing"


def test_real_time_starts_now_and_measures_its_skew(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=10))
    clock = SystemClock()
    begun = clock.now()
    source = VideoSource("gate", SourceOptions(url=str(clip)), clock=clock, realtime=True)
    with source.frames() as frames:
        first = next(frames)
    assert begun <= first.at <= clock.now()
    assert first.skew_s is not None


def test_frames_that_nobody_takes_are_counted(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=20, fps=100))
    source = VideoSource("gate", SourceOptions(url=str(clip)), clock=SystemClock(), realtime=True)
    with source.frames() as frames:
        ats = [frame.at for frame in frames]
    assert len(ats) + source.dropped == 20
    assert ats == sorted(set(ats))


def test_a_paced_gap_is_closed(tmp_path: Path) -> None:
    """Nobody waits an hour because nothing was recorded for an hour."""
    clip = make_clip(tmp_path / "gap.mkv", ClipShape(frames=4, times=(0.0, 0.04, 3600.0, 3600.04)))
    source = VideoSource("gate", SourceOptions(url=str(clip)), clock=SystemClock(), realtime=True)
    with source.frames() as frames:
        ats = [frame.at for frame in frames]
    assert ats[-1] - ats[0] < 1.0


def test_closing_from_another_thread_ends_a_waiting_iterator(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "slow.mkv", ClipShape(frames=3, times=(0.0, 9.0, 18.0)))
    source = VideoSource("gate", SourceOptions(url=str(clip)), clock=SystemClock(), realtime=True)
    got: list[Frame] = []

    def look() -> None:
        with source.frames() as frames:
            for frame in frames:
                got.append(frame)
                seen.set()

    seen = threading.Event()
    thread = threading.Thread(target=look)
    thread.start()
    assert seen.wait(10)
    source.close()
    thread.join(5)
    assert not thread.is_alive()
    assert len(got) == 1


class SetClock:
    """A clock that runs, and can be set."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return SystemClock().now() + self.ahead


def first_of(source: VideoSource) -> float:
    with source.frames() as frames:
        return next(frames).at


def test_times_go_on_after_a_reconnection(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=3))
    clock = SetClock()
    source = VideoSource("gate", SourceOptions(url=str(clip)), clock=clock, realtime=True)
    ats = [first_of(source)]
    clock.ahead = -2.0
    ats.append(first_of(source))
    ats.append(first_of(source))
    assert ats == sorted(set(ats))


def test_a_clock_that_was_set_right_between_two_connections_counts(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=3))
    clock = SetClock()
    source = VideoSource("gate", SourceOptions(url=str(clip)), clock=clock, realtime=True)
    before = first_of(source)
    clock.ahead = -3600.0
    assert before - first_of(source) == pytest.approx(3600, abs=30)


def test_a_clock_that_is_set_while_a_stream_runs_takes_the_frames_along(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=10))
    clock = SetClock()
    source = VideoSource("gate", SourceOptions(url=str(clip), loop=True), clock=clock, realtime=True)
    with source.frames() as frames:
        before = next(frames)
        clock.ahead = 86_400.0
        later = next(frame for frame in frames if frame.at > before.at + 3600)
    assert later.skew_s == pytest.approx(0, abs=5)


def test_a_reader_that_is_stopped_before_it_has_begun_ends_at_once() -> None:
    begun = threading.Event()

    def looks(_on_packet: object) -> Iterator[Look]:
        begun.set()
        yield from ()

    stop = threading.Event()
    pump = Pump(looks, name="gate", stop=stop)
    pump.close()
    pump.start()
    assert pump.take(open_limit_s=5, read_limit_s=5) is None
    assert begun.wait(5)
    assert stop.is_set()


def test_what_nobody_foresaw_in_a_reader_is_no_end_of_the_clip() -> None:
    def looks(_on_packet: object) -> Iterator[Look]:
        raise UnicodeDecodeError("utf-8", b"\xba", 0, 1, "invalid start byte")
        yield

    pump = Pump(looks, name="gate", stop=threading.Event())
    pump.start()
    with pytest.raises(UnicodeDecodeError):
        pump.take(open_limit_s=5, read_limit_s=5)
