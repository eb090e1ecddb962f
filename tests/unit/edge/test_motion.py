import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lookout_edge.domain.frame import Image, ImagePicture, Luma
from lookout_edge.motion import MotionGate
from lookout_edge.testing import picture


def luma(image: Image) -> Luma:
    return ImagePicture(image).luma(MotionGate().longest)


def gate_after(image: Image) -> MotionGate:
    gate = MotionGate()
    gate.looked(luma(image))
    return gate


def test_the_first_picture_is_always_worth_a_look() -> None:
    assert MotionGate().changed(luma(picture()))


def test_the_same_picture_is_not() -> None:
    assert not gate_after(picture(90)).changed(luma(picture(90)))


def test_sensor_noise_is_not_movement() -> None:
    noise = np.random.default_rng(1).normal(0, 4, (270, 480, 3))
    night = picture(40, width=480, height=270)
    noisy = np.clip(night + noise, 0, 255).astype(np.uint8)
    assert not gate_after(night).changed(luma(noisy))


def test_a_small_thing_is_movement() -> None:
    before = picture(90, width=1280, height=720)
    after = before.copy()
    after[300:380, 600:640] = 200
    assert gate_after(before).changed(luma(after))


def test_slow_movement_adds_up_against_the_picture_that_was_looked_at() -> None:
    gate = gate_after(picture(100))
    assert not gate.changed(luma(picture(110)))
    assert gate.changed(luma(picture(125)))


def test_another_size_and_a_reset_start_anew() -> None:
    gate = gate_after(picture(90))
    assert gate.changed(luma(picture(90, width=32, height=18)))
    gate.reset()
    assert gate.changed(luma(picture(90)))


@given(st.integers(1, 300), st.integers(1, 300))
def test_any_size_will_do(width: int, height: int) -> None:
    image = picture(50, width=width, height=height)
    assert not gate_after(image).changed(luma(image))
