"""What a demand saves, and that nothing it asked for is missing."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import av
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.video import SourceOptions, VideoSource
from lookout_edge.adapters.video.testing import ClipShape, make_clip, number_of
from lookout_edge.adapters.video.thrift import ThriftyDecoder
from lookout_edge.domain.demand import EVERY_PICTURE, Demand
from lookout_edge.domain.frame import Frame

#: One key frame a second.
SHAPE = ClipShape(frames=250, gop=25)


def watched(clip: Path, demand: Callable[[Frame], Demand], *, decode_fps: float | None = None) -> list[Frame]:
    """What comes of a clip when ``demand`` is asked after every frame."""
    options = SourceOptions(url=str(clip), decode_fps=decode_fps)
    source = VideoSource("gate", options, clock=SystemClock(), realtime=False, start_at=0.0)
    seen: list[Frame] = []
    with source.frames() as frames:
        for frame in frames:
            seen.append(frame)
            source.ask(demand(frame))
    return seen


def positions(frames: list[Frame]) -> list[float]:
    return [round(frame.at, 3) for frame in frames]


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_key_frames_alone_are_decoded_once_they_are_known_to_come_often_enough(
    tmp_path: Path, b_frames: int, suffix: str
) -> None:
    clip = make_clip(tmp_path / f"clip{suffix}", ClipShape(frames=250, gop=25, b_frames=b_frames))
    ats = positions(watched(clip, lambda _: Demand(2.0)))
    keys = [at for at in ats if 1.5 < at < 8.5]
    assert keys == pytest.approx([2, 3, 4, 5, 6, 7, 8], abs=0.002)
    assert max(b - a for a, b in pairwise(ats)) <= 1.001
    assert ats[-1] == pytest.approx(249 / 25, abs=0.002)


def test_key_frames_that_come_too_seldom_are_not_enough(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", SHAPE)
    ats = positions(watched(clip, lambda _: Demand(0.5)))
    assert ats == pytest.approx([n / 25 for n in range(250)], abs=0.002)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_more_is_there_at_once_when_it_is_asked_for(tmp_path: Path, b_frames: int) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=250, gop=25, b_frames=b_frames))
    frames = watched(clip, lambda frame: EVERY_PICTURE if 4.9 < frame.at < 6.5 else Demand(2.0))
    ats = positions(frames)
    # From the key frame that brought the wish about, without a hole, until less is wanted again.
    awake = [at for at in ats if 5.0 <= at <= 6.5]
    assert awake == pytest.approx([5 + n / 25 for n in range(38)], abs=0.002)
    assert [at for at in ats if 7.0 < at < 9.0] == [8.0]
    assert all(number_of(frame.image) == round(frame.at * 25) % 32 for frame in frames)


def test_a_longer_group_of_pictures_is_caught_up_with_in_time(tmp_path: Path) -> None:
    """The camera spaces its key frames further apart than before: nobody waits for the next one."""
    first = make_clip(tmp_path / "a.ts", ClipShape(frames=100, gop=25))
    second = make_clip(tmp_path / "b.ts", ClipShape(frames=150, gop=150))
    both = tmp_path / "both.ts"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    ats = positions(watched(both, lambda _: Demand(2.0)))
    assert max(b - a for a, b in pairwise(ats)) < 2.3


def test_pictures_that_no_other_refers_to_are_left_out_where_the_rest_is_dense_enough(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=100, gop=50, b_frames=2))
    dense = positions(watched(clip, lambda _: Demand(0.2)))
    assert 30 <= len(dense) <= 75
    assert max(b - a for a, b in pairwise(dense)) <= 0.2
    denser = positions(watched(clip, lambda _: Demand(0.05)))
    assert len(denser) > 90


def test_asking_for_less_twice_gives_the_same_frames(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", SHAPE)
    runs = [positions(watched(clip, lambda f: Demand(0.2 if 3 < f.at < 5 else 2.0), decode_fps=5)) for _ in range(2)]
    assert runs[0] == runs[1]
    assert len(runs[0]) < 40


def resting(rest_s: float, longest_gap_s: float = 0.2) -> Callable[[Frame], Demand]:
    """Nothing is wanted for ``rest_s`` after a picture."""
    return lambda frame: Demand(longest_gap_s, (frame.at, frame.at + rest_s))


def test_what_nobody_wants_is_not_delivered(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", SHAPE)
    frames = watched(clip, resting(0.35))
    assert positions(frames) == pytest.approx([0.36 * n for n in range(28)], abs=0.002)
    assert all(number_of(frame.image) == round(frame.at * 25) % 32 for frame in frames)


def test_a_clip_in_its_own_time_is_not_ahead_of_what_is_wanted(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=20, fps=4, gop=8))
    source = VideoSource("gate", SourceOptions(url=str(clip)), clock=SystemClock(), realtime=True)
    ats: list[float] = []
    with source.frames() as frames:
        for frame in frames:
            ats.append(frame.at)
            source.ask(Demand(0.2, (frame.at, frame.at + 0.7)))
    # Where this thread is kept from asking in time, one more may come.
    assert sum(b - a < 0.7 for a, b in pairwise(ats)) <= 1


def test_where_pictures_are_reordered_a_wanted_one_comes_in_time(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=250, gop=25, b_frames=2))
    frames = watched(clip, resting(0.35))
    # The pictures that no other refers to are left out, so it may be the next one.
    assert max(b - a for a, b in pairwise(positions(frames))) <= 0.4 + 0.04
    assert all(number_of(frame.image) == round(frame.at * 25) % 32 for frame in frames)


class CountedContext:
    """A decoder that counts what it is given."""

    def __init__(self, context: object) -> None:
        self.real: Any = context
        self.packets = 0
        self.skip_frame = "DEFAULT"

    def decode(self, packet: object = None) -> list[VideoFrame]:
        self.packets += packet is not None
        self.real.skip_frame = self.skip_frame
        return self.real.decode(packet)

    def flush_buffers(self) -> None:
        self.real.flush_buffers()


class CountedStream:
    def __init__(self, stream: VideoStream) -> None:
        self.codec_context = CountedContext(stream.codec_context)


def decoded(clip: Path, demand: Callable[[float], Demand]) -> tuple[int, list[float]]:
    """How many packets are decoded, and the times of the pictures."""
    at = 0.0
    times: list[float] = []
    with av.open(clip) as container:
        counted = CountedStream(container.streams.video[0])
        decoder = ThriftyDecoder(cast(VideoStream, counted), lambda: demand(at))
        for packet in container.demux(video=0):
            when = float(packet.dts * packet.time_base) if packet.size and packet.dts is not None else None
            for picture in decoder.decode(packet, when, when) or ():
                if demand(at).wants(picture.time):
                    at = picture.time
                    times.append(round(at, 3))
    return counted.codec_context.packets, times


def test_the_rest_of_a_group_of_pictures_is_not_decoded_when_nobody_wants_it(tmp_path: Path) -> None:
    """Ten pictures a second, a key frame every two: of 20 pictures the last three after the one at 1.6 s."""
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=200, fps=10, gop=20))
    packets, times = decoded(clip, lambda at: Demand(0.2, (at, at + 0.35)))
    assert times == pytest.approx([0.4 * n for n in range(50)], abs=0.002)
    # What is left at the end of the clip is decoded.
    assert packets - 1 == 200 - 9 * 3
    assert decoded(clip, lambda at: Demand(0.2))[0] - 1 == 200


def test_key_frames_that_are_spread_over_the_pictures_after_them_are_not_relied_on(tmp_path: Path) -> None:
    """A decoder that begins there shows nothing for a second: that happens once, and then everything is decoded."""
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=250, gop=25, intra_refresh=True))
    for rest_s, gap_s in ((0.15, 0.2), (0.0, 2.0)):
        ats = positions(watched(clip, resting(rest_s, gap_s)))
        assert max(b - a for a, b in pairwise(ats)) <= 1.5
        assert max(b - a for a, b in pairwise([at for at in ats if at > 4.0])) <= 0.2


def test_what_waits_undecoded_counts_as_memory_of_the_camera(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=60, gop=10))
    source = VideoSource("gate", SourceOptions(url=str(clip)), clock=SystemClock(), realtime=False, start_at=0.0)
    source.ask(Demand(longest_gap_s=10.0))
    held: list[int] = []
    with source.frames() as frames:
        for frame in frames:
            held.append(source.held_bytes - frame.image.nbytes)
    # The first group is decoded whole. Of a later one the key frame waits, for what may be asked for after it.
    assert held[0] < max(held)
