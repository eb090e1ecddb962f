import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_edge.domain.geometry import Box
from lookout_edge.domain.zone import WHOLE_FRAME, Zone

ARROW = Zone("arrow", ((0.1, 0.1), (0.9, 0.1), (0.5, 0.5), (0.9, 0.9), (0.1, 0.9)))


@pytest.mark.parametrize(
    ("point", "inside"),
    [
        ((0.2, 0.5), True),
        ((0.8, 0.5), False),  # in the notch
        ((0.5, 0.5), True),  # on a corner
        ((0.1, 0.3), True),  # on an edge
        ((0.05, 0.5), False),
    ],
)
def test_polygon_with_a_notch(point: tuple[float, float], inside: bool) -> None:
    assert ARROW.contains(point) is inside


@given(st.floats(-1, 2), st.floats(-1, 2))
def test_the_whole_frame_holds_everything_even_what_sticks_out(x: float, y: float) -> None:
    assert WHOLE_FRAME.contains((x, y))


@given(
    st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0.01, 0.5), st.floats(0.01, 0.5), st.floats(0, 1), st.floats(0, 1)
)
def test_a_rectangle_agrees_with_comparisons(x: float, y: float, w: float, h: float, px: float, py: float) -> None:
    zone = Zone("r", ((x, y), (x + w, y), (x + w, y + h), (x, y + h)))
    clear_of_the_border = min(abs(px - x), abs(px - x - w), abs(py - y), abs(py - y - h)) > 1e-6
    if clear_of_the_border:
        assert zone.contains((px, py)) is (x < px < x + w and y < py < y + h)


def test_bottom_centre_is_where_a_thing_stands() -> None:
    assert Box(0.2, 0.1, 0.4, 0.8).bottom_centre == pytest.approx((0.3, 0.8))


def _box(x: float, y: float, width: float, height: float) -> Box:
    return Box(x, y, x + width, y + height)


_BOX = st.builds(_box, st.floats(-0.5, 1), st.floats(-0.5, 1), st.floats(0, 1), st.floats(0, 1))


@given(_BOX, _BOX)
def test_the_area_of_a_union_is_that_of_the_box_around_both(one: Box, other: Box) -> None:
    assert one.union_area(other) == one.union(other).area


@given(_BOX, st.floats(0, 2), st.floats(0, 1), st.floats(0, 1))
def test_a_grown_box_has_its_margin_and_its_least_size(box: Box, share: float, width: float, height: float) -> None:
    grown = box.grown(share, (width, height))
    assert grown.width == pytest.approx(max(box.width * (1 + 2 * share), width))
    assert grown.height == pytest.approx(max(box.height * (1 + 2 * share), height))
