import inspect
import re
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from architecture.repository import ROOT
from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.video import SourceOptions, VideoSource, faults
from lookout_edge.adapters.video.street import Street
from lookout_edge.adapters.video.testing import ClipShape, make_clip
from lookout_edge.domain.frame import Frame, Image, ImagePicture, Luma
from lookout_edge.events import Provenance
from lookout_edge.looking import LookSettings
from lookout_edge.pipeline import CameraPipeline, PipelineSettings
from lookout_edge.sight import LOST_SIGHT, Blindness, SightSettings, SightWatch
from lookout_edge.testing import ScriptedDetector

STREET = Street(640, 360, busy=True)
Spoil = Callable[[Image], Image]


def luma(image: Image) -> Luma:
    return ImagePicture(image).luma(160)


def watch(*parts: tuple[float, Spoil], settings: SightSettings | None = None) -> list[tuple[float, Blindness | None]]:
    """The changes of sight while the street is shown for some seconds in each way."""
    sight, at, said = SightWatch(settings), 0.0, list[tuple[float, Blindness | None]]()
    for seconds, spoil in parts:
        for _ in range(round(seconds)):
            before = sight.blindness
            sight.observe(at, luma(spoil(STREET.frame(at))))
            if sight.blindness is not before:
                said.append((at, sight.blindness))
            at += 1.0
    return said


def as_it_is(image: Image) -> Image:
    return image


def covered(image: Image) -> Image:
    return np.clip(np.full_like(image, 70) + np.random.default_rng(1).normal(0, 1.5, image.shape), 0, 255).astype(
        np.uint8
    )


def moved(image: Image) -> Image:
    return np.asarray(np.roll(image, (97, 211), axis=(0, 1)), np.uint8)


def nothing(number: int, width: int, height: int) -> Image:
    return np.zeros((height, width, 3), np.uint8)


SPOILT: list[tuple[Blindness, Spoil]] = [
    (Blindness.BLACK, lambda image: image // 32),
    (Blindness.COVERED, covered),
    (Blindness.DEFOCUSED, lambda image: np.asarray(cv2.GaussianBlur(image, (0, 0), 9), np.uint8)),
    (Blindness.MOVED, moved),
]


@pytest.mark.parametrize(("what", "spoil"), SPOILT)
def test_each_blindness_is_found_after_it_has_lasted_and_ends_with_sight(what: Blindness, spoil: Spoil) -> None:
    said = watch((40, as_it_is), (20, spoil), (20, as_it_is))
    assert [blindness for _, blindness in said] == [what, None]
    assert 47 <= said[0][0] <= 50
    assert 62 <= said[1][0] <= 65


@pytest.mark.parametrize("least", [0, 16])
@pytest.mark.parametrize("glows", [False, True], ids=["nothing glows", "a small flame"])
def test_a_stream_that_is_black_from_the_start_is_blind_and_what_glows_in_it_is_looked_at(
    least: int, glows: bool
) -> None:
    sight, dice = SightWatch(), np.random.default_rng(2)
    for second in range(12):
        dark = np.clip(least + dice.normal(2, 1.5, (90, 160)), least, 255).astype(np.uint8)
        if glows:
            dark[40:46, 40:56] = 180
        sight.observe(float(second), dark)
    assert (sight.blindness, sight.is_doubtful) == (Blindness.BLACK, not glows)


def test_a_dark_scene_in_which_lamps_light_the_ground_is_seen() -> None:
    sight, dice = SightWatch(), np.random.default_rng(2)
    for second in range(12):
        dark = np.clip(16 + dice.normal(2, 1.5, (90, 160)), 16, 255).astype(np.uint8)
        dark[60:70, 40:80] = 40
        sight.observe(float(second), dark)
    assert sight.blindness is None


def test_a_clip_that_is_black_as_cameras_encode_it_is_black(tmp_path: Path) -> None:
    shape = ClipShape(frames=120, fps=10, gop=10, size=(320, 180), draw=nothing)
    options = SourceOptions(url=str(make_clip(tmp_path / "black.mp4", shape)))
    sight = SightWatch()
    with VideoSource("gate", options, clock=SystemClock(), realtime=False).frames() as frames:
        for frame in frames:
            sight.observe(frame.at, frame.picture.luma(160).copy())
    assert sight.blindness is Blindness.BLACK


def test_a_frozen_picture_is_one_that_does_not_change_at_all() -> None:
    still = STREET.frame(3.0)
    assert [b for _, b in watch((40, as_it_is), (90, lambda _: still), (10, as_it_is))] == [Blindness.FROZEN, None]


def test_a_scene_that_repeats_itself_is_not_frozen_though_every_judged_picture_is_the_same() -> None:
    sight, loop = SightWatch(), [luma(STREET.frame(part / 5)) for part in range(5)]
    found = {sight.observe(number / 5, loop[number % 5]) for number in range(5 * 120)}
    assert found == {None}


def test_what_passes_by_and_switched_lights_are_no_blindness() -> None:
    def darker(image: Image) -> Image:
        return (image * 0.5).astype(np.uint8)

    assert watch((40, as_it_is), (5, covered), (20, as_it_is), (30, darker), (20, as_it_is)) == []


def test_being_blind_is_an_alarm_of_its_own_and_no_empty_scene() -> None:
    detector = ScriptedDetector([()])
    settings = PipelineSettings(sight=SightSettings(), looks=LookSettings(heartbeat_s=5.0))
    pipeline = CameraPipeline(Provenance(camera="gate", models={}), (), detector, settings=settings)
    said: list[tuple[str, str | None]] = []
    looks = 0
    for number in range(80):
        black = 40 <= number < 60
        image = STREET.frame(float(number))
        events = pipeline.step(Frame("gate", float(number), image // 32 if black else image))
        said += [(event.phase.value, event.severity_reason) for event in events]
        looks = looks if number != 40 else pipeline.looks
        assert not black or pipeline.looks == looks
    assert said == [("start", "blind_black"), ("end", "blind_black")]
    assert pipeline.looks > looks


@pytest.mark.parametrize("name", ["car-detection", "one-by-one-person-detection", "house6"])
def test_real_footage_is_seen(name: str) -> None:
    clip = ROOT.parent / "shared" / "data" / "video" / f"{name}.mp4"
    if not clip.exists():
        pytest.skip(f"{clip} is not here")
    assert _blind(clip) == []


def _blind(clip: Path) -> list[tuple[float, Blindness]]:
    sight, found = SightWatch(SightSettings(learn_s=5.0)), list[tuple[float, Blindness]]()
    with av.open(clip) as container:
        container.streams.video[0].codec_context.skip_frame = "NONREF"
        next_at = 0.0
        for picture in container.decode(video=0):
            at = float(picture.time or 0.0)
            if at < next_at:
                continue
            next_at = at + 1.0
            if (
                blindness := sight.observe(at, luma(np.asarray(picture.to_ndarray(format="bgr24"), np.uint8)))
            ) is not None:
                found.append((at, blindness))
    return found


def test_every_reason_for_which_a_stream_fails_is_a_stage_that_actions_may_wait_for() -> None:
    codes = set(re.findall(r'_error\(\s*"([a-z_]+)"', inspect.getsource(faults)))
    assert len(codes) > 5
    assert codes <= set(LOST_SIGHT)
