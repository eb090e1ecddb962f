"""A sensor that hangs while its encoder goes on, and cameras that see but show hardly any noise."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.video import SourceOptions, VideoSource
from lookout_edge.adapters.video.street import Street
from lookout_edge.adapters.video.testing import ClipShape, make_clip
from lookout_edge.bootstrap import sight_of
from lookout_edge.config import CameraConfig
from lookout_edge.domain.frame import Image, ImagePicture, Luma
from lookout_edge.sight import Blindness, SightWatch

_SIZE, _FPS = (320, 180), 2
STILL = Street(640, 360, busy=True).frame(3.0)
RULES = [{"scenario": "fire_smoke"}]
Draw = Callable[[int, int, int], Image]


def hung(number: int, width: int, height: int, *, clock: bool = False) -> Image:
    image = np.asarray(cv2.resize(STILL, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    if clock:
        digits = f"2026-11-30 08:{number // _FPS // 60:02}:{number // _FPS % 60:02}"
        cv2.putText(image, digits, (6, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.35, (255, 255, 255))
    return image


def with_running_clock(number: int, width: int, height: int) -> Image:
    return hung(number, width, height, clock=True)


def seen(light: float, noise: float, *, clock: bool = False, lamp: bool = False) -> Draw:
    """The same scene with what a temporal noise reduction leaves of noise, levels; a lamp blinks each second."""
    dice = np.random.default_rng(5)
    # Light is no whole number of levels.
    part, left = dice.uniform(-0.5, 0.5, _SIZE[::-1]), np.zeros(_SIZE[::-1])

    def draw(number: int, width: int, height: int) -> Image:
        nonlocal left
        left = 0.9 * left + dice.normal(0, noise * np.sqrt(1 - 0.81), left.shape)
        image = hung(number, width, height) * light + (part + left)[:, :, None]
        image = np.clip(np.rint(image), 0, 255).astype(np.uint8)
        if lamp and number // _FPS % 2:
            image[60:64, 100:104] = 200
        if clock:
            image[:16] = hung(number, width, height, clock=True)[:16]
        return image

    return draw


def told(path: Path, draw: Draw, *, bit_rate: int, gop: int, seconds: int = 330) -> list[tuple[float, Blindness]]:
    shape = ClipShape(
        frames=seconds * _FPS, fps=_FPS, gop=gop, size=_SIZE, bit_rate=bit_rate, preset="superfast", draw=draw
    )
    options = SourceOptions(url=str(make_clip(path / "clip.mp4", shape)))
    sight, found, first = SightWatch(), list[tuple[float, Blindness]](), None
    with VideoSource("gate", options, clock=SystemClock(), realtime=False).frames() as frames:
        for frame in frames:
            first = frame.at if first is None else first
            before = sight.blindness
            now = sight.observe(frame.at, frame.picture.luma(160).copy())
            if now is not None and now is not before:
                found.append((frame.at - first, now))
    return found


@pytest.mark.parametrize(("bit_rate", "gop"), [(100_000, 2 * _FPS), (250_000, 4 * _FPS)])
@pytest.mark.parametrize("draw", [hung, with_running_clock], ids=["no clock", "a clock that goes on"])
def test_one_picture_that_is_encoded_anew_again_and_again_is_frozen(
    tmp_path: Path, bit_rate: int, gop: int, draw: Draw
) -> None:
    found = told(tmp_path, draw, bit_rate=bit_rate, gop=gop)
    assert [blindness for _, blindness in found] == [Blindness.FROZEN]
    assert 240 <= found[0][0] <= 330


@pytest.mark.parametrize(
    ("draw", "bit_rate"),
    [
        (seen(1.0, 0.3, clock=True), 20_000),
        (seen(0.25, 0.1), 20_000),
        (seen(0.25, 0.1, clock=True), 250_000),
        (seen(0.25, 0.1, lamp=True), 50_000),
    ],
    ids=["day with a clock", "night", "night with a clock", "night with a blinking lamp"],
)
def test_a_still_scene_whose_noise_is_all_but_gone_is_seen(tmp_path: Path, draw: Draw, bit_rate: int) -> None:
    assert told(tmp_path, draw, bit_rate=bit_rate, gop=_FPS) == []


def small(image: Image) -> Luma:
    return ImagePicture(image).luma(160)


class Codings:
    """A picture as an encoder makes it: one of a few that differ all over."""

    def __init__(self, luma: Luma, kinds: int = 6) -> None:
        self._dice = np.random.default_rng(3)
        coded = (np.clip(luma + self._dice.integers(-3, 4, luma.shape), 0, 255) for _ in range(kinds))
        self._coded = [each.astype(np.uint8) for each in coded]

    def next(self) -> Luma:
        return self._coded[self._dice.integers(len(self._coded))].copy()


def test_what_hangs_is_looked_at_all_the_same_and_seen_again_when_pictures_come_back_no_more() -> None:
    sight, luma, dice = SightWatch(), small(STILL), np.random.default_rng(4)
    codings = Codings(luma)
    found = [sight.observe(float(second), codings.next()) for second in range(260)]
    assert (found[239], found[-1], sight.is_doubtful) == (None, Blindness.FROZEN, False)
    alive = [np.clip(luma + dice.integers(-3, 4, luma.shape), 0, 255).astype(np.uint8) for _ in range(110)]
    found = [sight.observe(260.0 + second, each) for second, each in enumerate(alive)]
    assert (found[95], found[-1]) == (Blindness.FROZEN, None)


def test_pauses_longer_than_an_encoder_makes_begin_anew_and_so_does_a_jump_of_time() -> None:
    sight, luma, dice = SightWatch(), small(STILL), np.random.default_rng(4)
    codings = Codings(luma)
    for second in range(800):
        hangs = second % 300 < 180
        noisy = np.clip(luma + dice.integers(-3, 4, luma.shape), 0, 255).astype(np.uint8)
        assert sight.observe(float(second), codings.next() if hangs else noisy) is None
    for second in range(1000, 1200):
        assert sight.observe(float(second), codings.next()) is None
    sight.reset()
    assert {sight.observe(float(second), codings.next()) for second in range(1200, 1400)} == {None}


def test_a_clip_that_is_played_over_and_over_is_seen_as_long_as_things_move_in_it() -> None:
    street, sight = Street(640, 360, busy=True), SightWatch()
    loop = [small(street.frame(part / 2)) for part in range(40)]
    assert {sight.observe(number / 2, loop[number % 40].copy()) for number in range(2 * 400)} == {None}


@pytest.mark.parametrize("light", [0.0, 1.0], ids=["most of it pitch dark", "lit"])
def test_what_stands_but_for_a_clock_is_frozen_where_there_is_something_to_see(light: float) -> None:
    sight, luma = SightWatch(), (small(STILL) * light).astype(np.uint8)
    dice = np.random.default_rng(6)
    luma[70:] = small(STILL)[70:]
    found: Blindness | None = None
    for second in range(250):
        luma = luma.copy()
        luma[2:8, 4:40] = dice.integers(0, 256, (6, 36))
        if not light:
            luma[75:, ::8] = dice.integers(60, 64, luma[75:, ::8].shape)
        found = sight.observe(float(second), luma)
    assert found is (Blindness.FROZEN if light else None)


def test_of_a_file_that_loops_pictures_may_come_back() -> None:
    codings, found = Codings(small(STILL)), list[Blindness | None]()
    for loop in (True, False):
        source = {"url": "clip.mp4", "loop": loop}
        sight = SightWatch(sight_of(CameraConfig.model_validate({"source": source, "rules": RULES})))
        for second in range(300):
            sight.observe(float(second), codings.next())
        found.append(sight.blindness)
    assert found == [None, Blindness.FROZEN]
