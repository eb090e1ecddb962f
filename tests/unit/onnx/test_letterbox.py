import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_edge.adapters.onnx.letterbox import InputMaker, place
from lookout_edge.adapters.zoo import InputSpec

SIDES = st.integers(1, 3000)


@given(SIDES, SIDES)
def test_the_picture_fits_and_keeps_its_proportions(width: int, height: int) -> None:
    placement = place(width, height, InputSpec(width=416, height=320))
    assert 0 <= placement.left <= 416 - placement.width
    assert 0 <= placement.top <= 320 - placement.height
    assert placement.width == 416 or placement.height == 320
    scale = min(416 / width, 320 / height)
    assert abs(placement.width - width * scale) <= 1
    assert abs(placement.height - height * scale) <= 1


@given(SIDES, SIDES)
def test_the_corners_of_the_placed_picture_are_those_of_the_picture(width: int, height: int) -> None:
    p = place(width, height, InputSpec(width=64, height=96))
    corners = np.array([[p.left, p.top, p.left + p.width, p.top + p.height]], np.float32)
    assert p.to_fractions(corners)[0] == pytest.approx([0, 0, 1, 1])


def test_stretching_uses_all_of_the_input() -> None:
    assert place(1000, 10, InputSpec(width=160, height=48, fit="stretch")).width == 160
    assert place(1000, 10, InputSpec(width=160, height=48, fit="stretch")).height == 48


def test_borders_are_filled_and_values_normalised_in_the_models_colour_order() -> None:
    spec = InputSpec(width=8, height=16, colour="rgb", mean=(10, 20, 30), std=(1, 2, 4), fill=114)
    blue = np.full((4, 4, 3), (200, 100, 50), np.uint8)
    batch, placement = InputMaker(spec).make(blue)
    assert batch.shape == (1, 3, 16, 8)
    assert (placement.top, placement.height) == (4, 8)
    assert batch[0, :, 8, 4] == pytest.approx([(50 - 10) / 1, (100 - 20) / 2, (200 - 30) / 4])
    assert batch[0, :, 0, 0] == pytest.approx([(114 - 10) / 1, (114 - 20) / 2, (114 - 30) / 4])


def test_a_channels_last_model_gets_channels_last() -> None:
    batch, _ = InputMaker(InputSpec(width=8, height=16, layout="nhwc")).make(np.zeros((5, 5, 3), np.uint8))
    assert batch.shape == (1, 16, 8, 3)
