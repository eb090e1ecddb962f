"""A second detector: both have to agree on a label's boxes, and it is asked only where there is something."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lookout_edge.adapters.onnx.second_detector import PairedDetector, paired
from lookout_edge.adapters.zoo import ModelSpec, SecondDetector
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.errors import ModelError

ZOO = Path(__file__).parents[3] / "models" / "zoo"
PICTURE = np.zeros((40, 80, 3), np.uint8)
BOX, NEAR, FAR = Box(0.2, 0.2, 0.4, 0.6), Box(0.22, 0.2, 0.42, 0.6), Box(0.6, 0.2, 0.8, 0.6)
SETTINGS = SecondDetector(model="second", first={"fire": 0.05})


class Finds:
    """A detector that always finds the same, and remembers where it was asked."""

    sha256, takes_regions = "0" * 64, True

    def __init__(self, *found: Detection, labels: tuple[str, ...] = ("person", "fire"), name: str = "finds") -> None:
        self.found, self.labels, self.name = found, labels, name
        self.regions: list[Box | None] = []

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """What it was made with."""
        self.regions.append(region)
        return self.found


def detector(first: Finds, second: Finds, limit: float = 0.1) -> PairedDetector:
    return PairedDetector(first, second, SETTINGS, {"fire": limit})


def test_what_both_see_lies_where_both_say() -> None:
    (found,) = detector(Finds(Detection("fire", 0.8, BOX)), Finds(Detection("fire", 0.8, NEAR))).detect(PICTURE)
    assert found.score == pytest.approx(0.8)
    assert found.box == pytest.approx(Box(0.21, 0.2, 0.41, 0.6))


def test_evidence_of_both_is_averaged() -> None:
    (found,) = detector(Finds(Detection("fire", 0.9, BOX)), Finds(Detection("fire", 0.1, BOX))).detect(PICTURE)
    assert found.score == pytest.approx(0.5)


def test_what_the_second_sees_alone_is_doubtful() -> None:
    """The first says 0.01 of it, so that 0.99 becomes a half."""
    lone, weak = Detection("fire", 0.99, FAR), Detection("fire", 0.3, BOX)
    found = detector(Finds(weak), Finds(weak, lone)).detect(PICTURE)
    assert [(d.score, d.box) for d in found] == [
        (pytest.approx(0.5), pytest.approx(FAR)),
        (pytest.approx(0.3), pytest.approx(BOX)),
    ]


@pytest.mark.parametrize(("witness", "is_there"), [(0.1, True), (0.09, False)])
def test_what_the_second_does_not_see_at_all_is_not_there(witness: float, is_there: bool) -> None:
    """The same label, 0.1 at least, and a corner in common are enough."""
    lone, corner = Detection("fire", 0.99, BOX), Box(0.38, 0.58, 0.7, 0.9)
    seconds = Finds(Detection("fire", witness, corner), Detection("smoke", 0.9, BOX), labels=("fire", "smoke"))
    told = detector(Finds(lone), seconds).detect(PICTURE)
    assert any(d.box == pytest.approx(BOX) for d in told) is is_there


class Weighs:
    """Another look, which doubles scores and remembers at what it was taken."""

    def __init__(self) -> None:
        self.asked: list[Sequence[Detection]] = []

    def again(self, image: Image, found: Sequence[Detection]) -> Sequence[Detection]:
        """Twice as sure."""
        self.asked.append(found)
        return [replace(each, score=2 * each.score) for each in found]


def test_other_looks_are_taken_at_what_both_see() -> None:
    near, far, person = Detection("fire", 0.4, BOX), Detection("fire", 0.4, FAR), Detection("person", 0.4, FAR)
    weighs = Weighs()
    paired_up = PairedDetector(
        Finds(near, far, person), Finds(Detection("fire", 0.8, BOX)), SETTINGS, {"fire": 0.1}, [weighs]
    )
    found = paired_up.detect(PICTURE)
    assert weighs.asked == [[near]]
    assert [(d.label, d.score) for d in found] == [("fire", pytest.approx(0.8)), ("person", 0.4)]


def test_nobody_is_asked_about_what_is_not_worth_it() -> None:
    person, second = Detection("person", 0.9, BOX), Finds(Detection("fire", 0.9, BOX))
    assert detector(Finds(person, Detection("fire", 0.04, BOX)), second).detect(PICTURE) == [person]
    assert second.regions == []


def test_other_labels_stay_as_they_were() -> None:
    person, fire = Detection("person", 0.3, BOX), Detection("fire", 0.9, BOX)
    found = detector(Finds(fire, person), Finds(fire, Detection("person", 0.9, FAR))).detect(PICTURE)
    assert [d.label for d in found] == ["fire", "person"]
    assert found[1] == person


def test_the_second_sees_the_whole_picture_and_tells_of_the_part() -> None:
    part, fire = Box(0.0, 0.0, 0.5, 1.0), Detection("fire", 0.9, BOX, cut=True)
    first, second = Finds(fire), Finds(Detection("fire", 0.9, NEAR), Detection("fire", 0.99, FAR))
    (found,) = detector(first, second).detect(PICTURE, part)
    assert first.regions == [part]
    assert second.regions == [None]
    assert found.cut
    assert found.box == pytest.approx(Box(0.21, 0.2, 0.41, 0.6))


def test_what_falls_below_the_threshold_goes() -> None:
    assert detector(Finds(Detection("fire", 0.9, BOX)), Finds(), limit=0.3).detect(PICTURE) == []


@given(st.lists(st.floats(0.02, 1), max_size=6), st.lists(st.floats(0.02, 1), max_size=6))
def test_neither_alone_is_surer_than_both(first: list[float], second: list[float]) -> None:
    """Boxes of one place: the pair's score lies between the best of each, and nothing is lost or doubled."""
    mine, theirs = ([Detection("fire", score, BOX) for score in scores] for scores in (first, second))
    found = paired(mine, theirs, 0.45)
    assert len(found) == (1 if first or second else 0)
    best = [max(scores, default=0.01) for scores in (first, second)]
    for each in found:
        assert min(best) - 1e-4 <= each.score <= max(best) + 1e-4


def test_a_label_that_the_second_never_sees_is_named() -> None:
    with pytest.raises(ModelError, match="'second_detector' names fire, which 'blind' never sees"):
        detector(Finds(), Finds(labels=("person",), name="blind"))


def test_it_has_to_be_asked_about_something() -> None:
    with pytest.raises(ValidationError, match="first"):
        SecondDetector(model="second", first={})


def test_two_are_never_asked_about_one_label() -> None:
    described = yaml.safe_load((ZOO / "community-nano" / "model.yaml").read_text("utf-8"))
    one = described["second_detector"][0]
    assert len(ModelSpec.model_validate({**described, "second_detector": one}).second_detector) == 1
    with pytest.raises(ValidationError, match="two of 'second_detector' are asked about fire, smoke; leave out one"):
        ModelSpec.model_validate({**described, "second_detector": [one, {**one, "model": "another"}]})
