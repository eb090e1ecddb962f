from collections.abc import Iterable
from itertools import permutations
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Patch
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.track import Track
from lookout_edge.testing import box_at
from lookout_edge.tracking import Tracker, TrackerSettings, best_pairs


def seen(x: float, y: float = 0.5, label: str = "car", score: float = 0.8, size: float = 0.1) -> Detection:
    return Detection(label, score, Box(x, y, x + size, y + size))


def feed(
    tracker: Tracker, looks: list[list[Detection]], *, dt: float = 0.2, start: float = 0.0
) -> list[tuple[Track, ...]]:
    return [tracker.update(start + index * dt, detections) for index, detections in enumerate(looks)]


def visible(tracks: tuple[Track, ...], at: float) -> list[int]:
    return [track.id for track in tracks if track.last_at == at]


def test_a_moving_thing_keeps_its_number() -> None:
    results = feed(Tracker(), [[seen(0.1 + 0.02 * i)] for i in range(20)])
    assert {track.id for tracks in results for track in tracks} == {1}
    assert results[-1][0].hits == 20
    assert (results[-1][0].first_at, results[-1][0].last_at) == (0.0, pytest.approx(3.8))


def test_a_thing_seen_once_is_not_shown_after_the_first_look() -> None:
    results = feed(Tracker(), [[], [seen(0.5)], [], []])
    assert [len(tracks) for tracks in results] == [0, 0, 0, 0]


def test_crossing_things_keep_their_numbers() -> None:
    looks = [[seen(0.05 + 0.03 * i, 0.40), seen(0.85 - 0.03 * i, 0.46)] for i in range(28)]
    results = feed(Tracker(), looks)
    by_height = {round(track.box.y1, 2): track.id for track in results[0]}
    for tracks in results:
        assert {round(track.box.y1, 2): track.id for track in tracks} == by_height


def test_flicker_between_labels_of_a_group_does_not_split_the_track() -> None:
    labels = ["car", "truck", "car", "bus", "car", "car", "truck", "car"]
    results = feed(Tracker(), [[seen(0.4, label=label)] for label in labels])
    assert [[(track.id, track.label) for track in tracks] for tracks in results] == [[(1, "car")]] * len(labels)


def test_another_group_is_another_thing() -> None:
    results = feed(Tracker(), [[seen(0.4)]] * 2 + [[seen(0.4, label="person")]] * 2)
    assert {(track.id, track.label) for track in results[-1]} == {(1, "car"), (2, "person")}


def test_low_scores_keep_a_track_but_start_none() -> None:
    results = feed(Tracker(), [[seen(0.4)], [seen(0.4)]] + [[seen(0.4, score=0.15), seen(0.8, score=0.2)]] * 20)
    assert visible(results[-1], 21 * 0.2) == [1]
    assert len(results[-1]) == 1


def test_it_comes_back_under_its_number_within_the_buffer() -> None:
    back = [[seen(0.4)]] * 5 + [[]] * 10 + [[seen(0.4)]] * 2
    assert [t.id for t in feed(Tracker(), back)[-1]] == [1]
    late = [[seen(0.4)]] * 5 + [[]] * 20 + [[seen(0.4)]] * 3
    assert [t.id for t in feed(Tracker(), late)[-1]] == [2]


def test_what_is_covered_bit_by_bit_does_not_shrink_to_nothing_while_it_is_out_of_sight() -> None:
    covered = [[seen(0.4 + 0.005 * i, 0.5 + 0.005 * i, size=0.1 - 0.01 * i)] for i in range(5)]
    back = [[seen(0.42, 0.52, size=0.06)]] * 2
    assert [t.id for t in feed(Tracker(), covered + [[]] * 8 + back)[-1]] == [1]


def test_a_coasting_track_says_when_it_was_last_seen() -> None:
    tracks = feed(Tracker(), [[seen(0.4)], [seen(0.4)], [], []])[-1]
    assert [(track.id, track.last_at) for track in tracks] == [(1, 0.2)]


def test_the_buffer_counts_watched_seconds_not_the_time_nobody_looked() -> None:
    tracker = Tracker()
    feed(tracker, [[seen(0.4)]] * 3)
    assert [t.id for t in tracker.update(60.0, [])] == [1]
    assert visible(tracker.update(120.0, [seen(0.4)]), 120.0) == [1]


def test_the_rate_of_looks_does_not_change_the_numbers() -> None:
    for dt in (0.04, 0.2, 0.4):
        looks = [[seen(0.1 + 0.1 * dt * i)] for i in range(int(4 / dt))]
        assert {track.id for tracks in feed(Tracker(), looks, dt=dt) for track in tracks} == {1}


def test_what_is_missed_is_sought_at_once_then_now_and_then_and_then_no_look_is_asked_for() -> None:
    tracker = Tracker()
    feed(tracker, [[seen(0.1 + 0.02 * i)] for i in range(6)])
    assert tracker.foreseen_s == 0.6
    foreseen = [(tracker.update(1.0 + 0.2 * miss, []), tracker.foreseen_s)[1] for miss in range(1, 10)]
    assert foreseen == [0.0] + [0.4] * 4 + [inf] * 4


def test_reset_never_uses_a_number_twice() -> None:
    tracker = Tracker()
    feed(tracker, [[seen(0.4)]] * 2)
    tracker.reset()
    assert [track.id for track in tracker.update(0.0, [seen(0.4)])] == [2]


boxes = st.builds(
    box_at,
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 0.5),
    st.floats(0, 0.5),
)
detections = st.builds(Detection, st.sampled_from(["car", "bus", "person", "bicycle"]), st.floats(0, 1), boxes)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.001, 30), st.lists(detections, max_size=6)), max_size=12))
def test_random_detections_never_raise_and_numbers_are_unique(looks: list[tuple[float, list[Detection]]]) -> None:
    tracker, at = Tracker(), 0.0
    for step, found in looks:
        at += step
        tracks = tracker.update(at, found)
        assert len({track.id for track in tracks}) == len(tracks)
        assert all(track.first_at <= track.last_at <= at for track in tracks)


@given(st.lists(boxes, max_size=4), st.lists(boxes, max_size=4), st.sampled_from([0.05, 0.2, 0.5]))
def test_the_pairs_are_those_with_the_largest_sum_of_overlaps(a: list[Box], b: list[Box], least: float) -> None:
    def worth(pairs: Iterable[tuple[int, int]]) -> float:
        return sum(overlap for i, j in pairs if (overlap := a[i].iou(b[j])) >= least)

    pairs = best_pairs(a, b, least)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert all(a[i].iou(b[j]) >= least for i, j in pairs)
    few, many = sorted((len(a), len(b)))
    ways = (zip(range(few), chosen, strict=True) for chosen in permutations(range(many), few))
    best = max(worth(pairs if len(a) <= len(b) else ((j, i) for i, j in pairs)) for pairs in ways)
    assert worth(pairs) == pytest.approx(best, abs=1e-9)


def test_one_box_between_two_goes_where_the_sum_is_largest() -> None:
    a = [Box(0.1, 0.1, 0.3, 0.3), Box(0.14, 0.1, 0.34, 0.3)]
    b = [Box(0.13, 0.1, 0.33, 0.3), Box(0.05, 0.1, 0.25, 0.3)]
    assert best_pairs(a, b, 0.2) == [(0, 1), (1, 0)]
    assert best_pairs(a, b, 0.8) == [(1, 0)]
    assert best_pairs([], b, 0.2) == []


class StillScene:
    """A scene in which nothing moves: every place looks as it did."""

    def saw(self, box: Box) -> bool:
        """See ``SceneView``."""
        return True

    def patch(self, box: Box) -> Patch | None:
        """See ``SceneView``."""
        return Patch(np.zeros((2, 2), np.uint8))

    def resembles(self, patch: Patch, box: Box) -> bool:
        """See ``SceneView``."""
        return True


class ElsewhereScene(StillScene):
    """A look at another part of the picture."""

    def saw(self, box: Box) -> bool:
        """See ``SceneView``."""
        return False


def test_what_stands_is_held_through_a_look_elsewhere_unless_the_look_before_showed_that_it_is_gone() -> None:
    tracker = Tracker()
    for index in range(10):
        tracker.update(0.2 * index, [seen(0.5)], StillScene())
    (stood,) = tracker.update(2.0, [], ElsewhereScene())
    assert (stood.held, stood.last_at) == (True, 2.0)
    assert visible(tracker.update(2.2, []), 2.2) == []
    (gone,) = tracker.update(2.4, [], ElsewhereScene())
    assert (gone.held, gone.last_at) == (False, 2.0)
    assert visible(tracker.update(2.6, [seen(0.5)]), 2.6) == [gone.id]


def ghost(tracker: Tracker, x: float) -> list[bool]:
    """Whether a person who surely walked up to x = 0.5 is followed, while what is seen of them drifts to ``x``."""
    for index in range(20):
        tracker.update(0.2 * index, [seen(min(0.5, 0.1 + 0.04 * index), label="person")], StillScene())
    alive: list[bool] = []
    for index in range(60):
        at = 4.0 + 0.2 * index
        doubtful = seen(min(x, 0.5 + 0.01 * index), label="person", score=0.25)
        alive.append(any(track.last_at >= at for track in tracker.update(at, [doubtful], StillScene())))
    return alive


def test_what_doubtfully_stands_where_nothing_moves_is_no_ghost_of_who_went_by() -> None:
    alive = ghost(Tracker(), 0.56)
    assert 5.0 <= 0.2 * alive.index(False) <= 8.0
    assert not any(alive[alive.index(False) :])


def test_where_it_was_surely_seen_a_doubtful_thing_stays() -> None:
    assert all(ghost(Tracker(), 0.51))


def test_where_people_lie_no_one_is_a_ghost() -> None:
    assert all(ghost(Tracker(TrackerSettings(ghost_s=float("inf"))), 0.56))


@pytest.mark.parametrize(("label", "followed"), [("motorcycle", True), ("person", False)])
def test_a_label_may_be_followed_from_a_score_of_its_own(label: str, followed: bool) -> None:
    tracker = Tracker(TrackerSettings(high_scores={"motorcycle": 0.25}))
    tracks = [tracker.update(0.2 * index, [seen(0.5, label=label, score=0.26)]) for index in range(3)]
    assert bool(tracks[-1]) == followed
