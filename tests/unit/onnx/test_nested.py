"""Boxes within boxes: a part of a thing is no second thing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lookout_edge.adapters.onnx.nested import NestedDetector, unnested
from lookout_edge.adapters.zoo import ModelSpec, Nested, Zoo
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.geometry import Box
from lookout_edge.testing import ScriptedDetector

WHOLE, WHEEL, NEXT = Box(0.2, 0.2, 0.6, 0.8), Box(0.25, 0.5, 0.4, 0.9), Box(0.45, 0.2, 0.85, 0.8)
SETTINGS = Nested(labels=("motorcycle", "bicycle"))
LABELS = ("person", "bicycle", "motorcycle")
BOXES = st.tuples(*[st.floats(0, 1)] * 4).map(
    lambda c: Box(min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3]))
)


def test_a_part_of_an_e_bike_is_no_second_one() -> None:
    whole, wheel = Detection("motorcycle", 0.6, WHOLE), Detection("motorcycle", 0.4, WHEEL)
    assert whole.box.iou(wheel.box) < 0.3
    detector = NestedDetector(ScriptedDetector([[wheel, whole]]), SETTINGS)
    assert detector.detect(np.zeros((4, 4, 3), np.uint8)) == [whole]


def test_a_larger_box_around_a_surer_one_goes_as_well() -> None:
    whole, wheel = Detection("motorcycle", 0.4, WHOLE), Detection("motorcycle", 0.6, WHEEL)
    assert unnested([whole, wheel], SETTINGS) == [wheel]


def test_an_e_bike_is_not_a_bicycle_as_well() -> None:
    found = [Detection("motorcycle", 0.6, WHOLE), Detection("bicycle", 0.5, WHOLE)]
    assert unnested(found, SETTINGS) == found[:1]


@pytest.mark.parametrize(
    "other",
    [Detection("motorcycle", 0.5, NEXT), Detection("person", 0.5, WHEEL)],
    ids=["the next one in a row", "another kind of thing"],
)
def test_what_is_something_else_stays(other: Detection) -> None:
    whole = Detection("motorcycle", 0.6, WHOLE)
    assert unnested([other, whole], SETTINGS) == [whole, other]


def test_what_went_itself_displaces_nothing() -> None:
    small = Detection("motorcycle", 0.4, Box(0.35, 0.75, 0.4, 0.9))
    found = [Detection("motorcycle", 0.6, WHOLE), Detection("motorcycle", 0.5, WHEEL), small]
    assert unnested(found, SETTINGS) == [found[0], small]


TRUCKS = Nested(labels=("motorcycle", "bicycle"), outdone={"truck": 1.4})


def test_what_is_clearly_a_truck_is_no_motorcycle() -> None:
    """A car of 1920, whose wheels have spokes."""
    truck, bike = Detection("truck", 0.57, WHOLE), Detection("motorcycle", 0.38, Box(0.22, 0.25, 0.6, 0.8))
    assert unnested([bike, truck], TRUCKS) == [truck]
    assert unnested([bike, truck], SETTINGS) == [truck, bike]


@pytest.mark.parametrize(
    ("label", "score", "box"),
    [("truck", 0.5, WHOLE), ("truck", 0.9, Box(0.0, 0.0, 0.9, 0.9)), ("person", 0.9, WHOLE)],
    ids=["hardly surer", "stands behind it", "who rides it"],
)
def test_a_motorcycle_stays_one_beside_others(label: str, score: float, box: Box) -> None:
    bike = Detection("motorcycle", 0.4, WHOLE)
    assert bike in unnested([Detection(label, score, box), bike], TRUCKS)


def test_what_is_outdone_displaces_no_part_that_is_none() -> None:
    truck, bike, wheel = (
        Detection("truck", 0.6, WHOLE),
        Detection("motorcycle", 0.4, WHOLE),
        Detection("bicycle", 0.3, WHEEL),
    )
    assert unnested([truck, bike, wheel], TRUCKS) == [truck, wheel]


@given(st.lists(st.builds(Detection, st.sampled_from(LABELS), st.floats(0, 1), BOXES), max_size=8))
def test_the_best_stays_and_nothing_is_changed(found: list[Detection]) -> None:
    kept = unnested(found, SETTINGS)
    assert set(kept) <= set(found)
    assert [d for d in kept if d.label == "person"] == sorted(
        (d for d in found if d.label == "person"), key=lambda d: -d.score
    )
    assert unnested(kept, SETTINGS) == kept
    assert bool(kept) == bool(found)


def test_labels_that_the_model_does_not_have_are_named() -> None:
    spec = Zoo.find().entry("community-nano").spec
    for part, nested in (("labels", {"labels": ["moped"]}), ("outdone", {"labels": ["bus"], "outdone": {"moped": 2}})):
        with pytest.raises(ValidationError, match=rf"'nested\.{part}' names moped, which 'labels' does not have"):
            ModelSpec.model_validate(spec.model_dump() | {"nested": nested})
