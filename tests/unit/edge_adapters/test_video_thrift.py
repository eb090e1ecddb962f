"""What a demand saves, and that nothing it asked for is missing."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.video import SourceOptions, VideoSource
from lookout_edge.adapters.video.testing import ClipShape, make_clip, number_of
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
