from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import label as scipy_label  # pyright: ignore[reportUnknownVariableType]

from lookout_edge.domain.frame import Image, ImagePicture, Luma
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.zone import Zone
from lookout_edge.motion import Motion, MotionGate, clusters
from lookout_edge.testing import picture

_Label = Callable[[NDArray[np.bool_], NDArray[np.int8]], tuple[NDArray[np.int32], int]]

RNG = np.random.default_rng(1)


def luma(image: Image) -> Luma:
    return ImagePicture(image).luma(MotionGate().longest)


def gate_after(image: Image, masks: tuple[Zone, ...] = ()) -> MotionGate:
    gate = MotionGate(masks=masks)
    gate.observe(luma(image))
    gate.looked()
    return gate


def textured(width: int = 480, height: int = 270) -> Image:
    levels = np.random.default_rng(3).integers(60, 180, (height // 10, width // 10, 1), np.uint8)
    return np.repeat(np.repeat(np.repeat(levels, 10, axis=0), 10, axis=1), 3, axis=2)


def noisy(image: Image, sigma: float) -> Image:
    return np.clip(image + RNG.normal(0, sigma, image.shape), 0, 255).astype(np.uint8)


def with_thing(image: Image, x: float, y: float, width: float, height: float, level: int = 230) -> Image:
    changed = image.copy()
    rows, columns = image.shape[:2]
    changed[round(y * rows) : round((y + height) * rows), round(x * columns) : round((x + width) * columns)] = level
    return changed


def test_the_first_picture_is_always_worth_a_look() -> None:
    assert MotionGate().observe(luma(picture())).everywhere


def test_the_same_picture_is_not() -> None:
    assert gate_after(picture(90)).observe(luma(picture(90))) == Motion()


@pytest.mark.parametrize("sigma", [1.0, 4.0])
def test_sensor_noise_is_not_movement(sigma: float) -> None:
    night = picture(40, width=480, height=270)
    gate = gate_after(night)
    for _ in range(20):
        assert gate.observe(luma(noisy(night, sigma))) == Motion()


def test_a_small_thing_is_movement_where_it_is() -> None:
    before = picture(90, width=1280, height=720)
    motion = gate_after(before).observe(luma(with_thing(before, 0.5, 0.4, 0.02, 0.1)))
    (region,) = motion.regions
    assert region.holds(Box(0.5, 0.4, 0.52, 0.5))
    assert region.area < 0.02


def test_two_things_are_two_regions() -> None:
    before = textured()
    after = with_thing(with_thing(before, 0.1, 0.1, 0.1, 0.1), 0.7, 0.7, 0.1, 0.2)
    assert len(gate_after(before).observe(luma(after)).regions) == 2


def test_slow_movement_adds_up_against_what_was_looked_at() -> None:
    gate = gate_after(picture(100, width=480, height=270))
    assert not gate.observe(luma(with_thing(picture(100, width=480, height=270), 0.4, 0.4, 0.2, 0.2, 110))).regions
    assert gate.observe(luma(with_thing(picture(100, width=480, height=270), 0.4, 0.4, 0.2, 0.2, 125))).regions


def test_only_where_it_was_looked_at_it_is_settled() -> None:
    before = textured()
    after = with_thing(with_thing(before, 0.1, 0.1, 0.1, 0.1), 0.7, 0.7, 0.1, 0.2)
    gate = gate_after(before)
    first = gate.observe(luma(after)).regions
    gate.looked(first[:1])
    assert gate.observe(luma(after)).regions == first[1:]


def test_what_is_explained_makes_no_region_but_moves() -> None:
    before = textured()
    after = with_thing(before, 0.1, 0.1, 0.1, 0.1)
    motion = gate_after(before).observe(luma(after), [Box(0.0, 0.0, 0.3, 0.3)])
    assert (motion.regions, motion.moves) == ((), True)


def test_a_light_switch_is_another_picture_and_not_movement() -> None:
    room = textured()
    gate = gate_after(room)
    assert gate.observe(luma(np.clip(room.astype(np.int16) - 50, 0, 255).astype(np.uint8))).everywhere
    gate.looked()
    assert gate.observe(luma(np.clip(room.astype(np.int16) - 50, 0, 255).astype(np.uint8))) == Motion()


def test_the_infra_red_filter_is_another_picture() -> None:
    day = textured()
    assert gate_after(day).observe(luma(255 - day)).everywhere


def test_slow_daylight_is_nothing() -> None:
    gate = gate_after(textured())
    for rise in range(1, 16):
        assert gate.observe(luma(textured() + np.uint8(rise))) == Motion()


def test_what_flickers_by_itself_is_learned_in_its_place_only() -> None:
    scene = textured()
    gate = gate_after(scene)
    leaves = [with_thing(scene, 0.1, 0.1, 0.2, 0.2, level) for level in (100, 140)]
    first = [bool(gate.observe(luma(leaves[n % 2])).regions) for n in range(10)]
    assert all(first)
    for number in range(600):
        gate.observe(luma(leaves[number % 2]))
        gate.looked()
    assert not any(gate.observe(luma(leaves[n % 2])).regions for n in range(10))
    assert gate.observe(luma(with_thing(leaves[0], 0.6, 0.6, 0.1, 0.1))).regions


def test_nothing_moves_in_a_mask() -> None:
    road = Zone("road", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
    before = textured()
    gate = gate_after(before, (road,))
    assert not gate.observe(luma(with_thing(before, 0.1, 0.1, 0.2, 0.2))).regions
    assert gate.observe(luma(with_thing(before, 0.6, 0.1, 0.2, 0.2))).regions


def test_a_place_resembles_itself_in_another_light_but_not_without_the_thing() -> None:
    empty = textured()
    thing = with_thing(empty, 0.4, 0.4, 0.2, 0.2, 30)
    thing[:, :, :] = noisy(thing, 1.5)
    gate = gate_after(thing)
    box = Box(0.38, 0.38, 0.62, 0.62)
    patch = gate.patch(box)
    gate.observe(luma(noisy(thing, 1.5) + np.uint8(8)))
    assert gate.resembles(patch, box)
    gate.observe(luma(empty))
    assert not gate.resembles(patch, box)


def test_another_size_and_a_reset_start_anew() -> None:
    gate = gate_after(picture(90))
    assert gate.observe(luma(picture(90, width=32, height=18))).everywhere
    gate.reset()
    assert gate.observe(luma(picture(90, width=32, height=18))).everywhere


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 300))
def test_any_size_will_do(width: int, height: int) -> None:
    image = picture(50, width=width, height=height)
    assert gate_after(image).observe(luma(image)) == Motion()


def test_what_hangs_together_across_corners_is_one_cluster() -> None:
    grid = ["2...1", ".3..1", ".....", "4...."]
    counts = np.array([[0 if each == "." else int(each) for each in row] for row in grid], np.uint32)
    # Neither the edges of the grid nor the ends of its rows touch one another.
    assert clusters(counts) == [(0, 0, 1, 1, 5), (4, 0, 4, 1, 2), (0, 3, 0, 3, 4)]


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 20), st.floats(0, 1))
@settings(max_examples=50)
def test_clusters_are_those_of_scipy(seed: int, height: int, width: int, share: float) -> None:
    random = np.random.default_rng(seed)
    full = random.random((height, width)) < share
    counts = (full * random.integers(1, 17, (height, width))).astype(np.uint32)
    labelled, number = cast(_Label, scipy_label)(full, np.ones((3, 3), np.int8))
    expected = [
        (int(x.min()), int(y.min()), int(x.max()), int(y.max()), int(counts[y, x].sum()))
        for y, x in (np.nonzero(labelled == each) for each in range(1, number + 1))
    ]
    assert clusters(counts) == expected


def test_a_place_is_compared_with_what_it_was_at_a_time_or_before() -> None:
    gate, scene, place = MotionGate(), textured(), Box(0.4, 0.4, 0.8, 0.7)

    def shown(image: Image, at: float) -> None:
        gate.observe(luma(image))
        gate.keep(at)

    shown(scene, 0.0)
    assert not gate.is_as_before(place, -1.0), "nothing is kept from so long ago"
    shown(noisy(scene, 2.0), 40.0)
    assert gate.is_as_before(place, 10.0)
    assert gate.is_as_before(place, 10.0, just=True)
    shown(scene + np.uint8(12), 50.0)
    assert gate.is_as_before(place, 20.0), "the sun has come out"
    shown(with_thing(scene, 0.0, 0.0, 0.3, 0.9), 60.0)
    assert gate.is_as_before(place, 30.0), "only elsewhere has something come"
    thin = scene.copy()
    thin[108:189, 192:384] += 16
    shown(thin, 70.0)
    assert not gate.is_as_before(place, 40.0), "a veil is no light over the whole picture"
    thin[108:189, 192:384] -= 11
    shown(thin, 85.0)
    assert gate.is_as_before(place, 40.0)
    assert not gate.is_as_before(place, 40.0, just=True), "the thinnest veil is no mere likeness"
    part = scene.copy()
    part[108:136, 192:256] += 40
    shown(part, 100.0)
    assert gate.is_as_before(place, 40.0)
    assert not gate.is_as_before(place, 40.0, just=True), "one part in twelve is new"
    shown(scene, 240.0)
    for at in range(255, 600, 15):
        shown(with_thing(scene, 0.4, 0.4, 0.4, 0.3), float(at))
    shown(scene, 600.0)
    assert not gate.is_as_before(place, 590.0), "the last minutes are kept, no more"
    gate.reset()
    shown(scene, 700.0)
    assert not gate.is_as_before(place, 699.0)


def test_a_thing_stood_there_in_other_light_and_though_the_camera_was_nudged_but_not_before_it_came() -> None:
    scene, place = textured(), Box(0.4, 0.4, 0.6, 0.7)
    lamp = np.linspace(0, 60, scene.shape[1])[None, :, None] - 24.0
    lit = np.clip(scene + lamp, 0, 255).astype(np.uint8)
    nudged = np.roll(scene, (3, -6), axis=(0, 1))
    bag = with_thing(scene, 0.45, 0.5, 0.1, 0.2)

    def stood(before: Image, now: Image, at: float = 20.0, place: Box = place) -> bool:
        gate = MotionGate()
        gate.observe(luma(before))
        gate.keep(0.0)
        gate.observe(luma(now))
        return gate.stood(place, at - 20.0)

    assert stood(scene, noisy(scene, 2.0))
    assert stood(scene, lit)
    assert stood(bag, np.roll(bag, (3, -6), axis=(0, 1)))
    assert stood(scene, nudged)
    assert not stood(scene, bag), "it came"
    assert not stood(bag, scene), "something else is left"
    assert not stood(scene, scene, at=15.0), "nothing is kept from so long ago"
    assert not stood(scene, np.clip(scene.astype(int) + 30, 0, 255).astype(np.uint8)), "nobody can tell by such light"
    plain = np.full_like(scene, 90)
    assert not stood(plain, plain), "a plain thing on plain ground looks like the ground"
    assert not stood(scene, scene, place=Box(0.5, 0.5, 0.51, 0.51)), "of so few pixels nothing can be told"
    assert not stood(scene, scene, place=Box(0.0, 0.0, 0.001, 0.001))


def test_of_a_picture_of_another_size_nobody_can_tell() -> None:
    gate = MotionGate()
    gate.observe(luma(textured()))
    gate.keep(0.0)
    gate.observe(luma(textured(360, 480)))
    assert not gate.stood(Box(0.4, 0.4, 0.6, 0.7), 0.0)
