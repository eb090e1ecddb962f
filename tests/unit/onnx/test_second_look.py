"""The second look changes the scores of its labels, and those only."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lookout_edge.adapters.onnx.second_look import Floats, Opinions, SecondLookDetector, cut_square, redrawn
from lookout_edge.adapters.zoo import SecondLook
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.errors import ModelError

PICTURE = np.zeros((40, 80, 3), np.uint8)
BOX = Box(0.25, 0.25, 0.5, 0.75)


class Finds:
    """A detector that always finds the same."""

    name, sha256, labels, takes_regions = "finds", "0" * 64, ("person", "fire"), False

    def __init__(self, *found: Detection) -> None:
        self.found = found

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """What it was made with."""
        return self.found


class Judges:
    """A classifier that thinks the same of all pictures, and remembers them."""

    name, sha256 = "judges", "1" * 64

    def __init__(self, probability: float, labels: tuple[str, ...] = ("fire",)) -> None:
        self.labels, self.probability = labels, probability
        self.seen: list[Image] = []

    def judge(self, pictures: Sequence[Image], extents: Floats) -> Opinions:
        """The same for each."""
        self.seen.extend(pictures)
        self.extents = extents.tolist()
        return Opinions(np.full((len(pictures), len(self.labels)), self.probability, np.float32))


class Redraws(Judges):
    """One that also moves the edges of all boxes alike."""

    def __init__(self, moves: tuple[float, float, float, float], fit: float = 1.0) -> None:
        super().__init__(0.5)
        self.moves, self.fit, self.mute = moves, fit, False

    def judge(self, pictures: Sequence[Image], extents: Floats) -> Opinions:
        """The same for each."""
        likely = np.asarray(super().judge(pictures, extents).likely)
        edges = np.tile(np.array(self.moves, np.float32), (len(pictures), 1, 1))
        fits = np.full(likely.shape, self.fit, np.float32)
        return Opinions(None if self.mute else likely, edges, fits)


class Doubts(Judges):
    """One that believes less, the more of the surroundings it sees, and then moves the right edge further."""

    def judge(self, pictures: Sequence[Image], extents: Floats) -> Opinions:
        """By how much of the picture the box fills."""
        super().judge(pictures, extents)
        share = extents.max(1, keepdims=True)
        edges = np.zeros((len(pictures), 1, 4), np.float32)
        edges[:, :, 2] = 1 - share
        return Opinions(share, edges, share)


def detector(judge: Judges, *found: Detection, limit: float = 0.3) -> SecondLookDetector:
    return SecondLookDetector(Finds(*found), judge, SecondLook(model="judges"), {"fire": limit})


def test_the_evidence_of_both_looks_adds_up() -> None:
    judged = detector(Judges(0.9), Detection("fire", 0.4, BOX)).detect(PICTURE)
    # Odds of 2 : 3 times 9 : 1.
    odds = 0.4 / 0.6 * 9
    assert [d.score for d in judged] == [pytest.approx(odds / (1 + odds))]
    assert judged[0].box == BOX


def test_looks_from_several_distances_are_one_opinion() -> None:
    """Boxes fill 1/1.25 = 0.8 and 1/2.5 = 0.4 of what is seen."""
    judge = Doubts(0.5)
    settings = SecondLook(model="judges", side=1.25, further={"fire": (2.5,)}, fit_weight={"fire": 1.0})
    judged = SecondLookDetector(Finds(Detection("fire", 0.5, BOX)), judge, settings, {"fire": 0.0}).detect(PICTURE)
    assert sorted(max(picture.shape) for picture in judge.seen) == [25, 50]
    odds = (0.8 / 0.2 * 0.4 / 0.6) ** 0.5
    assert [d.score for d in judged] == [pytest.approx(odds / (1 + odds) * (0.8 + 0.4) / 2, rel=1e-3)]
    assert judged[0].box.x2 == pytest.approx(BOX.x2 + BOX.width * (0.2 + 0.6) / 2)


@pytest.mark.parametrize(("counts", "score"), [("mean", 0.62), ("most", 0.8)])
def test_some_things_are_believed_from_the_distance_that_says_most(
    counts: Literal["mean", "most"], score: float
) -> None:
    """Boxes fill 0.8 and 0.4 of what is seen; edges and fits are means in either case."""
    settings = SecondLook(model="judges", side=1.25, further={"fire": (2.5,)}, evidence={"fire": counts})
    found = Detection("fire", 0.5, BOX)
    judged = SecondLookDetector(Finds(found), Doubts(0.5), settings, {"fire": 0.0}).detect(PICTURE)
    assert [d.score for d in judged] == [pytest.approx(score, abs=0.01)]
    assert judged[0].box.x2 == pytest.approx(BOX.x2 + BOX.width * (0.2 + 0.6) / 2)


def test_only_what_is_worth_it_is_looked_at_from_further_away() -> None:
    judge = Judges(0.5, ("fire", "person"))
    settings = SecondLook(model="judges", further={"fire": (2.0, 3.0)})
    found = [Detection("person", 0.6, BOX), Detection("fire", 0.5, BOX)]
    told = SecondLookDetector(Finds(*found), judge, settings, {"fire": 0.0, "person": 0.0}).detect(PICTURE)
    assert [max(picture.shape) for picture in judge.seen] == [30, 30, 40, 60]
    assert [(d.label, round(d.score, 3)) for d in told] == [("person", 0.6), ("fire", 0.5)]


def test_another_net_sees_what_is_further_away_as_well() -> None:
    """From near odds of 4 : 1, from afar the mean of 2 : 3 and of 9 : 1; edges and fits are the first net's."""
    settings = SecondLook(model="judges", side=1.25, further={"fire": (2.5,)}, afar="another")
    another = Judges(0.9)
    found = Finds(Detection("fire", 0.5, BOX))
    judged = SecondLookDetector(found, Doubts(0.5), settings, {"fire": 0.0}, another).detect(PICTURE)
    assert [max(picture.shape) for picture in another.seen] == [50]
    odds = (4 * (2 / 3 * 9) ** 0.5) ** 0.5
    assert [d.score for d in judged] == [pytest.approx(odds / (1 + odds), rel=1e-3)]
    assert judged[0].box.x2 == pytest.approx(BOX.x2 + BOX.width * (0.2 + 0.6) / 2)


def test_the_net_for_afar_has_to_judge_the_same_labels() -> None:
    with pytest.raises(ModelError, match="'judges' judges other labels than 'judges'"):
        SecondLookDetector(Finds(), Judges(0.5), SecondLook(model="judges"), {"fire": 0.0}, Judges(0.5, ("smoke",)))
    with pytest.raises(ValidationError, match="'further' has no squares for 'afar'"):
        SecondLook(model="judges", afar="another")


def test_what_is_not_believed_from_near_is_not_looked_at_from_further_away() -> None:
    judge = Judges(0.1)
    settings = SecondLook(model="judges", further={"fire": (2.0,)}, worth_further=0.05)
    other = Box(0.7, 0.7, 0.9, 0.9)
    found = Finds(Detection("fire", 0.4, BOX), Detection("fire", 0.3, other))
    SecondLookDetector(found, judge, settings, {"fire": 0.0}).detect(PICTURE)
    # Both looks together give the first 0.069 and the second 0.045.
    assert [max(picture.shape) for picture in judge.seen] == [30, 24, 40]


@pytest.mark.parametrize("sides", [[], [0.5], [2.0, 9.0]])
def test_a_distance_that_shows_less_than_the_thing_or_all_the_world_is_refused(sides: list[float]) -> None:
    with pytest.raises(ValidationError, match="further"):
        SecondLook.model_validate({"model": "judges", "further": {"fire": sides}})


def test_a_second_look_that_knows_nothing_changes_nothing() -> None:
    judged = detector(Judges(0.5), Detection("fire", 0.4, BOX)).detect(PICTURE)
    assert [d.score for d in judged] == [pytest.approx(0.4)]


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_a_second_look_that_is_certain_can_be_told(probability: float) -> None:
    judged = detector(Judges(probability), Detection("fire", 0.4, BOX), limit=0.0).detect(PICTURE)
    assert (judged[0].score > 0.999) == (probability == 1.0)
    assert 0 < judged[0].score < 1


def test_of_boxes_that_overlap_the_best_speaks_for_the_place() -> None:
    inner, elsewhere = Box(0.3, 0.3, 0.5, 0.7), Box(0.8, 0.8, 0.9, 0.9)
    found = [Detection("fire", score, box) for score, box in ((0.6, BOX), (0.3, inner), (0.3, elsewhere))]
    best, lonely, beside = detector(Judges(0.5), *found, limit=0.05).detect(PICTURE)
    assert (best.box, best.score) == (BOX, pytest.approx(0.6))
    assert (lonely.box, lonely.score) == (elsewhere, pytest.approx(0.3))
    assert (beside.box, beside.score) == (inner, pytest.approx(0.3 * 0.5**2))


def test_what_the_second_look_denies_is_dropped() -> None:
    assert detector(Judges(0.01), Detection("fire", 0.5, BOX)).detect(PICTURE) == []


@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.integers(0, 3)), max_size=8), st.floats(0.01, 0.99))
def test_who_cannot_reach_the_threshold_is_not_judged_and_nobody_else_is_lost(
    seen: list[tuple[float, int]], limit: float
) -> None:
    found = [Detection("fire", score, Box(0.2 * x, 0.25, 0.2 * x + 0.3, 0.75)) for score, x in sorted(seen)[::-1]]
    sparing, asking = Judges(0.9), Judges(0.9)
    told = detector(sparing, *found, limit=limit).detect(PICTURE)
    every = detector(asking, *found, limit=0.0).detect(PICTURE)
    assert told == [d for d in every if d.score >= limit]
    assert len(told) <= len(sparing.seen) <= len(asking.seen)


def test_only_the_best_of_a_place_is_judged_where_the_others_stand_too_far_back() -> None:
    judge = Judges(1.0)
    found = [Detection("fire", score, BOX) for score in (0.6, 0.5, 0.59)]
    assert [d.score > 0.9 for d in detector(judge, *found, limit=0.9).detect(PICTURE)] == [True, True]
    assert len(judge.seen) == 2, "0.5 of 0.6, squared, leaves 0.69 at most"


def test_other_labels_stay_as_they_are_and_cost_nothing() -> None:
    judge = Judges(0.0)
    person = Detection("person", 0.35, BOX)
    assert detector(judge, person).detect(PICTURE) == [person]
    assert judge.seen == []


def test_best_first_over_all_labels() -> None:
    judged = detector(Judges(1.0), Detection("person", 0.5, BOX), Detection("fire", 0.49, BOX)).detect(PICTURE)
    assert [d.label for d in judged] == ["fire", "person"]


def test_a_judge_of_unknown_labels_is_refused() -> None:
    with pytest.raises(ModelError, match="smoke"):
        detector(Judges(1.0, ("fire", "smoke")))


@pytest.mark.parametrize(
    ("box", "side"),
    [(Box(0.25, 0.25, 0.5, 0.75), 30), (Box(0, 0, 0.1, 0.1), 12), (Box(0, 0, 1, 1), 120), (Box(0.9, 0.9, 1, 1), 12)],
)
def test_the_cut_is_a_square_wherever_the_box_lies(box: Box, side: int) -> None:
    assert cut_square(PICTURE, box, 1.5).shape == (side, side, 3)


def test_boxes_are_redrawn_in_shares_of_their_size() -> None:
    judge = Redraws((-0.5, 0.0, 0.25, -0.5))
    found = detector(judge, Detection("fire", 0.4, BOX), Detection("person", 0.9, BOX)).detect(PICTURE)
    assert [(d.label, tuple(d.box)) for d in found] == [
        ("person", tuple(BOX)),
        ("fire", pytest.approx((0.125, 0.25, 0.5625, 0.5))),
    ]
    # 20 × 20 pixels in a square of 30.
    assert judge.extents == [pytest.approx([2 / 3, 2 / 3])]


def test_what_becomes_one_thing_is_told_once() -> None:
    inner = Box(0.26, 0.26, 0.5, 0.75)
    found = Detection("fire", 0.6, BOX), Detection("fire", 0.5, inner)
    assert [d.score for d in detector(Redraws((0.0, 0.0, 0.0, 0.0)), *found).detect(PICTURE)] == [pytest.approx(0.6)]
    assert len(detector(Judges(0.5), *found, limit=0.05).detect(PICTURE)) == 2


def test_a_thing_cut_off_by_the_region_keeps_its_box() -> None:
    cut = Detection("fire", 0.4, BOX, cut=True)
    assert detector(Redraws((-0.5, -0.5, 0.5, 0.5)), cut).detect(PICTURE)[0].box == BOX


def test_the_settings_say_how_much_fit_and_edges_count() -> None:
    settings = SecondLook(model="judges", fit_weight={"fire": 2.0}, redraw={"fire": 0.5})
    found = SecondLookDetector(
        Finds(Detection("fire", 0.4, BOX)), Redraws((-0.5, 0.0, 0.0, 0.0), fit=0.5), settings, {"fire": 0.0}
    ).detect(PICTURE)
    assert found[0].score == pytest.approx(0.4 * 0.25)
    assert found[0].box.x1 == pytest.approx(0.25 - 0.5 * 0.5 * 0.25)


@pytest.mark.parametrize("moves", [(1.0, 0.0, -1.0, 0.0), (9.0, 9.0, 9.0, 9.0), (0.0, 0.6, 0.0, -0.6)])
def test_a_box_of_which_nothing_would_be_left_stays(moves: tuple[float, float, float, float]) -> None:
    assert redrawn(BOX, moves) == BOX


def test_without_weight_only_the_fit_counts() -> None:
    settings = SecondLook(model="judges", weight=0, modesty=0, fit_weight={"fire": 2.0})
    judge = Redraws((0.0, 0.0, 0.0, 0.0), fit=0.5)
    judge.probability = 0.999
    for judge.mute in (False, True):
        found = SecondLookDetector(Finds(Detection("fire", 0.4, BOX)), judge, settings, {"fire": 0.0}).detect(PICTURE)
        assert [d.score for d in found] == [pytest.approx(0.4 * 0.25)]


@pytest.mark.parametrize(("weight", "told"), [(0.0, 5), (1.0, 2)])
def test_who_is_not_asked_about_stays_unless_evidence_was_wanted(weight: float, told: int) -> None:
    judge = Judges(0.5)
    found = [Detection("fire", 0.9 - n / 10, Box(n / 5, 0, n / 5 + 0.1, 0.1)) for n in range(5)]
    settings = SecondLook(model="judges", weight=weight, candidates=2)
    seen = SecondLookDetector(Finds(*found), judge, settings, {"fire": 0.3}).detect(PICTURE)
    assert [(d.score, d.box) for d in seen] == [(pytest.approx(d.score), d.box) for d in found[:told]]
    assert len(judge.seen) == 2


def test_each_look_asks_about_its_own_labels_however_many_others_there_are() -> None:
    crowd = [Detection("person", 0.9, Box(n / 10, 0, n / 10 + 0.1, 0.2)) for n in range(9)]
    fires, people = Judges(0.9), Judges(0.9, ("person",))
    first = SecondLookDetector(
        Finds(*crowd, Detection("fire", 0.4, BOX)), fires, SecondLook(model="fires", candidates=6), {"fire": 0.3}
    )
    found = SecondLookDetector(first, people, SecondLook(model="people", weight=0, candidates=6), {"person": 0.3})
    assert sorted(d.label for d in found.detect(PICTURE)) == ["fire", *["person"] * 9]
    assert (len(fires.seen), len(people.seen)) == (1, 6)


@pytest.mark.parametrize(
    "settings",
    [
        {"redraw": {"smoke": 0.5}},
        {"fit_weight": {"smoke": 1.0}},
        {"first": {"smoke": 0.1}},
        {"evidence": {"smoke": "most"}},
    ],
)
def test_what_the_second_look_does_not_judge_is_not_set(settings: dict[str, dict[str, float | str]]) -> None:
    with pytest.raises(ModelError, match="'second_look' names smoke, which 'judges' does not judge"):
        SecondLookDetector(
            Finds(), Judges(0.5), SecondLook.model_validate({"model": "judges", **settings}), {"fire": 0.3}
        )
