"""Labels that exclude each other: who has a better claim to a place lowers the others' scores there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lookout_edge.adapters.onnx.rivals import RivalDetector, contested
from lookout_edge.adapters.zoo import ModelSpec, Rivals, Zoo
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.geometry import Box
from lookout_edge.testing import ScriptedDetector

HERE, THERE = Box(0.2, 0.2, 0.6, 0.6), Box(0.7, 0.2, 0.9, 0.6)
SETTINGS = Rivals(weights={"garbage": {"overflow": 1.0}, "overflow": {"garbage_bin": 0.5}})
LABELS = ("person", "garbage", "garbage_bin", "overflow")


def scores(*found: Detection) -> dict[str, float]:
    return {d.label: d.score for d in contested(found, SETTINGS)}


def test_a_label_stands_back_behind_its_rival_in_the_same_place() -> None:
    assert scores(Detection("garbage", 0.6, HERE), Detection("overflow", 0.75, HERE)) == {
        "garbage": pytest.approx(0.15),
        "overflow": 0.75,
    }


def test_all_are_weighed_with_the_scores_that_the_detector_gave() -> None:
    bin_, full = Detection("garbage_bin", 0.64, HERE), Detection("overflow", 0.5, HERE)
    assert scores(bin_, full, Detection("garbage", 0.6, HERE)) == {
        "garbage_bin": 0.64,
        "overflow": pytest.approx(0.3),
        "garbage": pytest.approx(0.3),
    }


@pytest.mark.parametrize(
    "rival",
    [Detection("overflow", 0.9, THERE), Detection("overflow", 0.09, HERE), Detection("person", 0.9, HERE)],
    ids=["elsewhere", "too doubtful", "no rival"],
)
def test_others_change_nothing(rival: Detection) -> None:
    assert scores(Detection("garbage", 0.6, HERE), rival)["garbage"] == 0.6


def test_only_the_best_rival_counts() -> None:
    rivals = [Detection("overflow", 0.5, HERE), Detection("overflow", 0.25, HERE)]
    (found, *_) = contested([Detection("garbage", 0.6, HERE), *rivals], SETTINGS)
    assert found.score == pytest.approx(0.3)


def test_thresholds_hold_for_what_is_left() -> None:
    found = [Detection("garbage", 0.6, HERE), Detection("overflow", 0.3, HERE), Detection("person", 0.1, HERE)]
    detector = RivalDetector(ScriptedDetector([found]), SETTINGS, {"garbage": 0.4, "overflow": 0.5})
    assert [(d.label, d.score) for d in detector.detect(np.zeros((4, 4, 3), np.uint8))] == [
        ("garbage", pytest.approx(0.42)),
        ("person", 0.1),
    ]


@given(
    st.lists(st.builds(Detection, st.sampled_from(LABELS), st.floats(0, 1), st.sampled_from([HERE, THERE])), max_size=8)
)
def test_no_score_rises_and_nothing_is_lost(found: list[Detection]) -> None:
    weighed = contested(found, SETTINGS)
    assert [(d.label, d.box) for d in weighed] == [(d.label, d.box) for d in found]
    assert all(after.score <= before.score for before, after in zip(found, weighed, strict=True))


def test_labels_that_the_model_does_not_have_are_named() -> None:
    spec = Zoo.find().entry("community-nano").spec
    wrong = spec.model_dump() | {"rivals": {"weights": {"garbage": {"heap": 1.0}}}}
    with pytest.raises(ValidationError, match="'rivals' names heap, which 'labels' does not have"):
        ModelSpec.model_validate(wrong)
