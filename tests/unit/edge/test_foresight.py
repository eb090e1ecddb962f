import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_edge.domain.foresight import ForesightSettings, foreseen_s
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.kalman import BoxFilter
from lookout_edge.testing import box_at

SETTINGS = ForesightSettings()


def walked(sights: int, *, speed: float = 1.0, dt: float = 0.2, size: float = 0.05) -> BoxFilter:
    """Seen every ``dt`` seconds, ``speed`` of its widths a second to the right."""
    motion = BoxFilter(box_at(0.1, 0.4, size, 2 * size))
    for sight in range(1, sights):
        motion.predict(dt)
        motion.correct(box_at(0.1 + sight * speed * dt * size, 0.4, size, 2 * size))
    return motion


def test_where_it_is_seen_once_nobody_knows_where_it_goes() -> None:
    assert foreseen_s(walked(1), SETTINGS) == 0.0


@pytest.mark.parametrize(("sights", "expected"), [(2, 0.4), (3, 0.6), (8, 0.6)])
def test_the_more_sights_the_longer_it_may_wait(sights: int, expected: float) -> None:
    assert foreseen_s(walked(sights), SETTINGS) == expected


@pytest.mark.parametrize(("speed", "expected"), [(0.0, 0.6), (2.5, 0.6), (2.8, 0.4), (3.9, 0.4), (4.2, 0.0)])
def test_the_faster_the_sooner(speed: float, expected: float) -> None:
    assert foreseen_s(walked(8, speed=speed), SETTINGS) == expected


def test_what_was_out_of_sight_for_long_is_seen_twice_before_it_may_wait() -> None:
    motion = walked(8)
    motion.predict(1.0)
    assert foreseen_s(motion, SETTINGS) == 0.0


@given(st.floats(-6, 6), st.floats(0.01, 0.3), st.integers(3, 12), st.sampled_from([0.2, 0.4, 0.6]))
def test_who_walks_on_is_met_where_he_was_foreseen(speed: float, size: float, sights: int, dt: float) -> None:
    """A change of pace by half a width a second each second still overlaps by far enough to be matched."""
    motion = walked(sights, speed=speed, dt=dt, size=size)
    wait_s = foreseen_s(motion, SETTINGS)
    if wait_s == 0.0:
        assert abs(speed) * 0.4 > SETTINGS.most_way - 0.05 or motion.spread(0.4) > SETTINGS.most_spread
        return
    x = 0.1 + ((sights - 1) * dt + wait_s) * speed * size + 0.25 * wait_s**2 * size
    motion.predict(wait_s)
    assert motion.box.iou(box_at(x, 0.4, size, 2 * size)) >= 0.5


@given(st.integers(1, 8), st.floats(0.05, 1.0))
def test_the_spread_is_that_of_the_prediction(sights: int, wait_s: float) -> None:
    motion = walked(sights)
    spread, (width, height) = motion.spread(wait_s), motion.position[2:]
    motion.predict(wait_s)
    assert spread == pytest.approx(max(motion.pp[0] / width**2, motion.pp[1] / height**2) ** 0.5)


def test_a_box_without_a_size_does_no_harm() -> None:
    assert foreseen_s(BoxFilter(Box(0.5, 0.5, 0.5, 0.5)), SETTINGS) == 0.0
