"""Places that burn: what belongs together, and what is remembered of them."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pytest

from lookout_edge.domain.appearance import GRID, Appearance
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.hazard import Hazard, HazardBook
from lookout_edge.testing import box_at

HERE = box_at(0.4, 0.4, 0.1, 0.2)


def flame(box: Box = HERE, score: float = 0.8, label: str = "fire") -> Detection:
    return Detection(label, score, box)


def fires(tolerance_s: float = 3.0) -> HazardBook:
    return HazardBook(votes_of=5, tolerance_s=tolerance_s)


def watch(looks: Iterable[Sequence[Detection]], step: float = 1.0, book: HazardBook | None = None) -> Hazard:
    """The first hazard after the looks, one every ``step`` seconds."""
    book = book or fires(1000.0)
    found: list[Hazard] = []
    for index, look in enumerate(looks):
        found[:] = book.update(index * step, look)[0]
    return found[0]


@pytest.mark.parametrize(
    ("x", "y", "number"),
    [(0.13, 0.0, 1), (0.145, 0.0, 2), (0.0, 0.26, 1), (0.0, 0.29, 2), (0.13, 0.26, 1), (0.2, 0.1, 2)],
)
def test_flames_within_a_third_of_their_size_of_each_other_are_one_fire(x: float, y: float, number: int) -> None:
    other = Box(HERE.x1 + x, HERE.y1 + y, HERE.x2 + x, HERE.y2 + y)
    for pair in ([flame(), flame(other)], [flame(other), flame()]):
        hazards, _ = fires().update(0.0, pair)
        assert len(hazards) == number
        if number == 1:
            assert hazards[0].box == Box(HERE.x1, HERE.y1, other.x2, other.y2)


def test_what_lies_between_two_flames_makes_them_one_fire_and_what_lies_apart_is_another() -> None:
    left, between, right = (flame(box_at(x, 0.4)) for x in (0.1, 0.22, 0.34))
    apart = flame(box_at(0.8, 0.8), label="smoke")
    hazards, _ = fires().update(0.0, [left, apart, right, between])
    assert sorted(len(hazard.parts) for hazard in hazards) == [1, 3]
    book = fires()
    first, _ = book.update(0.0, [left])
    both, _ = book.update(1.0, [left, apart])
    assert [hazard.number for hazard in (*first, *both)] == [1, 1, 2]


def test_two_fires_that_grow_together_leave_one_and_the_other_is_forgotten() -> None:
    book = fires(tolerance_s=2.0)
    left, between, right = (flame(box_at(x, 0.4)) for x in (0.1, 0.22, 0.34))
    book.update(0.0, [left, right])
    for at in (1.0, 2.0):
        assert [hazard.number for hazard in book.update(at, [left, between, right])[0]] == [1, 2]
    alive, gone = book.update(3.0, [left, between, right])
    assert ([hazard.number for hazard in alive], [hazard.number for hazard in gone]) == ([1], [2])


def test_what_was_looked_at_and_not_seen_counts_against_it_and_what_was_not_looked_at_does_not() -> None:
    book = fires()
    book.update(0.0, [flame()])
    book.update(0.5, [flame()])
    (hazard,), _ = book.update(1.0, [])
    told = hazard.votes.yes, hazard.votes.of, hazard.dwell_s, hazard.absent_s
    assert told == (2, 3, 0.5, 0.5)
    assert hazard.share == pytest.approx(2 / 3)
    (hazard,), _ = book.update(1.5, [], saw=lambda box: False)
    assert (hazard.votes.of, hazard.absent_s) == (3, 0.5)
    (hazard,), _ = book.update(2.0, [flame()], saw=lambda box: False)
    assert (hazard.votes.yes, hazard.absent_s, hazard.seen_at) == (3, 0.0, 2.0)


def test_after_a_jump_of_time_fires_are_new_and_their_numbers_go_on() -> None:
    book = fires()
    book.update(0.0, [flame()])
    book.reset()
    assert list(book.update(0.5, [])[0]) == []
    (hazard,), _ = book.update(1.0, [flame()])
    assert (hazard.number, hazard.since, hazard.votes.of) == (2, 1.0, 1)


def test_the_share_lately_is_of_the_last_seconds_and_of_twenty_looks_at_least() -> None:
    hazard = watch([[flame()]] * 30 + [[]] * 10)
    assert hazard.share == 30 / 40
    assert hazard.share_lately == 10 / 20, "twelve seconds are thirteen looks"
    assert hazard.share_over(25.0) == 16 / 26
    dense = watch([[flame()]] * 30 + [[]] * 10, step=0.25)
    assert dense.share_lately == 30 / 40
    assert watch([[flame()], []]).share_lately == 0.5


def test_looks_are_remembered_for_two_minutes() -> None:
    hazard = watch([[flame()]] * 100 + [[]] * 100)
    assert hazard.share_over(500.0) == 21 / 121
    assert hazard.share == 0.5
    seldom = watch([[flame()]] * 10 + [[]] * 15, step=30.0)
    assert seldom.share_over(12.0) == 5 / 20, "the last looks, however long ago"


def test_the_mean_score_is_that_of_its_surest_part_over_the_last_twelve_seconds() -> None:
    pair = [flame(score=0.3), flame(score=0.6)]
    assert watch([pair] * 3).mean_score == pytest.approx(0.6)
    assert watch([[flame(score=0.4)]] * 4 + [[flame(score=0.8)]] * 12).mean_score == pytest.approx(
        (12 * 0.8 + 0.4) / 13
    )


def grown(factor: float) -> Detection:
    return flame(Box(0.4, 0.4, 0.4 + 0.1 * factor, 0.6))


def test_growth_is_the_area_now_by_the_area_with_which_it_began() -> None:
    assert watch([[grown(1.0)]] * 3).growth == 1.0, "too few sights to say so"
    assert watch([[grown(1.0)]] * 4 + [[grown(3.0)]] * 4).growth == pytest.approx(3.0)
    assert watch([[grown(1.0)]] * 4 + [[grown(3.0)]] * 1).growth == pytest.approx(1.0), "one large box is none"
    assert watch([[grown(2.0)], [grown(9.0)]] + [[grown(2.0)]] * 4 + [[grown(1.0)]] * 4).growth == pytest.approx(0.5)
    book = fires(1000.0)
    watch([[grown(1.0)]] * 4, book=book)
    (again,), _ = book.update(30.0, [grown(3.0)])
    assert again.growth == 1.0, "nor is one sight after half a minute"
    long = watch([[grown(1.0)]] * 4 + [[grown(2.0)]] * 30)
    assert long.growth == pytest.approx(2.0), "the beginning is never forgotten"


def test_flames_stand_and_what_passes_wanders_by_its_own_size() -> None:
    def at(x: float, y: float) -> Detection:
        return flame(box_at(0.3 + x, 0.3 + y, 0.2, 0.1))

    assert watch([[at(0.0, 0.0)]] * 6).drift == 0.0
    assert watch([[at(0.0, 0.0)], [at(0.03, 0.0)]] * 3).drift == pytest.approx(0.1)
    assert watch([[at(0.0, 0.0)], [at(0.0, 0.03)]] * 3).drift == pytest.approx(0.1)
    assert watch([[at(0.0, 0.0)], [at(0.03, 0.0)], [at(0.0, 0.0)]]).drift == 0.0, "too few sights to say so"


def scenery(own: float, beside: float, place: Box = HERE) -> Callable[[Box], Appearance]:
    """A picture in which the cells of a place and of all others change by chance, each by so many grey levels."""
    rng = np.random.default_rng(7)
    base = rng.uniform(0.0, 255.0, (GRID, GRID))

    def appearance(box: Box) -> Appearance:
        change = rng.uniform(-1.0, 1.0, (GRID, GRID)) * (own if box == place else beside)
        return Appearance((base + change).astype(np.float32))

    return appearance


def flicker(own: float, beside: float, sights: int = 8, box: Box = HERE) -> float:
    book, looks = fires(), scenery(own, beside, box)
    found: list[Hazard] = []
    for index in range(sights):
        weak = flame(box_at(box.x1 - 0.02, box.y1, 0.02, 0.02), score=0.3)
        found[:] = book.update(index * 0.5, [weak, flame(box)], appearance=looks)[0]
    return found[0].flicker


def test_what_flickers_where_it_is_surest_and_alone_flickers() -> None:
    assert flicker(120.0, 0.0) > 0.3
    assert flicker(120.0, 30.0) > 0.3, "four times as much as the places beside it"
    assert flicker(120.0, 90.0) == 0.0, "so does what is beside it: rain"
    assert flicker(0.0, 0.0) < 0.01


def test_whether_it_flickers_is_told_from_the_fourth_sight_on_and_only_where_there_are_pixels() -> None:
    assert (flicker(120.0, 0.0, sights=3), flicker(120.0, 0.0, sights=4) > 0.3) == (0.0, True)
    assert watch([[flame()]] * 8).flicker == 0.0


def test_beside_what_fills_the_picture_there_is_nothing_to_compare_it_with() -> None:
    assert flicker(120.0, 120.0, box=Box(0.0, 0.0, 1.0, 1.0)) > 0.3
    assert flicker(120.0, 120.0, box=Box(0.3, 0.0, 0.7, 1.0)) == 0.0, "what lies beside it on two sides does"
