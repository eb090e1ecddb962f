import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_edge.adapters.onnx.cutting import cut
from lookout_edge.adapters.onnx.letterbox import resized
from lookout_edge.domain.geometry import Box

FULL = (416, 416)
SUB = np.zeros((360, 640, 3), np.uint8)
EDGE = st.floats(0, 1)


def test_the_whole_of_a_wide_picture_needs_no_square() -> None:
    part = cut(SUB, None, FULL, 32)
    assert (part.image.shape, part.canvas) == (SUB.shape, (416, 256))


def test_a_model_of_one_size_gets_it_whatever_is_cut() -> None:
    assert cut(SUB, None, FULL, None).canvas == FULL
    part = cut(SUB, Box(0.25, 0.0, 0.75, 1.0), FULL, None)
    assert (part.image.shape, part.canvas) == ((360, 320, 3), FULL)


def test_a_part_is_seen_at_the_scale_of_the_whole() -> None:
    part = cut(SUB, Box(0.4, 0.4, 0.6, 0.6), FULL, 32)
    assert part.canvas == (96, 64)
    assert part.image.shape[:2] == (round(64 * 640 / 416), round(96 * 640 / 416))


@given(EDGE, EDGE, EDGE, EDGE, st.sampled_from([32, None]))
def test_a_part_holds_its_region_and_finds_back(x1: float, y1: float, x2: float, y2: float, step: int | None) -> None:
    region = Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    part = cut(SUB, region, FULL, step)
    whole = part.to_whole(np.array([[0, 0, 1, 1]], np.float32))[0]
    # Half a pixel of the network's input, and rounding to whole pixels at either end.
    pixel = (2 / 640, 2 / 360)
    assert whole[0] <= region.x1 + pixel[0]
    assert whole[1] <= region.y1 + pixel[1]
    assert whole[2] >= region.x2 - pixel[0]
    assert whole[3] >= region.y2 - pixel[1]
    assert 0 <= whole.min() <= whole.max() <= 1


@pytest.mark.parametrize(("width", "height"), [(416, 234), (100, 56), (1280, 720), (1, 1)])
def test_resizing_keeps_what_is_where(width: int, height: int) -> None:
    image = np.zeros((360, 640, 3), np.uint8)
    image[:, 320:] = 200
    small = resized(image, width, height)
    assert small.shape == (height, width, 3)
    if width > 1:
        assert small[height // 2, width // 4].tolist() == [0, 0, 0]
        assert small[height // 2, width * 3 // 4].tolist() == [200, 200, 200]
