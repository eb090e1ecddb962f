"""The unbroken line of stream times."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lookout_edge.adapters.video.timeline import Stamp, Timeline


def place_all(timeline: Timeline, stamps: list[Stamp]) -> list[int]:
    return [timeline.place(stamp).decoded for stamp in stamps]


def both(ticks: int) -> Stamp:
    return Stamp(ticks, ticks)


def test_regular_times_are_left_alone() -> None:
    assert place_all(Timeline(nominal=10, max_gap=None), [both(5), both(15), both(25)]) == [5, 15, 25]


def test_missing_times_follow_at_the_usual_distance() -> None:
    stamps = [both(100), Stamp(None, None), Stamp(None, None), both(130)]
    assert place_all(Timeline(nominal=10, max_gap=None), stamps) == [100, 110, 120, 130]


def test_a_counter_that_wraps_goes_on() -> None:
    assert place_all(Timeline(nominal=10, max_gap=None), [both(5000), both(5010), both(0), both(10)]) == [
        5000,
        5010,
        5020,
        5030,
    ]


def test_reordered_presentation_times_are_no_jump_back() -> None:
    stamps = [Stamp(0, None), Stamp(30, None), Stamp(10, None), Stamp(20, None), Stamp(40, None)]
    assert [Timeline(nominal=10, max_gap=None).place(s).shown for s in stamps] == [0, 30, 10, 20, 40]


def test_a_live_step_is_believed_when_as_much_time_passed_here() -> None:
    timeline = Timeline(nominal=10, max_gap=100)
    timeline.place(both(0), arrived=1000)
    assert timeline.place(both(5000), arrived=6000).decoded == 5000


def test_a_live_jump_is_closed_when_no_time_passed_here() -> None:
    timeline = Timeline(nominal=10, max_gap=100)
    timeline.place(both(0), arrived=1000)
    assert timeline.place(both(5000), arrived=1012).decoded == 12


def test_a_clip_that_begins_again_joins_where_it_is_told() -> None:
    timeline = Timeline(nominal=10, max_gap=None)
    timeline.place(both(0))
    timeline.join(at=500, start=20)
    assert timeline.place(both(20)).decoded == 500


@given(st.lists(st.one_of(st.none(), st.integers(0, 10**9)), min_size=2, max_size=60))
def test_decoding_times_never_fall_behind_by_more_than_the_reordering(ticks: list[int | None]) -> None:
    timeline = Timeline(nominal=10, max_gap=1000)
    highest = place_all(timeline, [Stamp(t, t) for t in ticks])
    for before, after in pairwise(highest):
        assert -160 <= after - before <= 1160
