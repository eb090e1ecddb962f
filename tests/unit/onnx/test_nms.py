import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from lookout_edge.adapters.onnx.nms import non_maximum_suppression, pairwise_iou
from lookout_edge.domain.geometry import Box


@st.composite
def scored_boxes(draw: st.DrawFn) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.intp]]:
    count = draw(st.integers(0, 12))
    corners = draw(arrays(np.float32, (count, 2), elements=st.integers(0, 40).map(float)))
    sizes = draw(arrays(np.float32, (count, 2), elements=st.integers(1, 30).map(float)))
    scores = draw(arrays(np.float32, count, elements=st.floats(0, 1, width=32)))
    classes = draw(arrays(np.intp, count, elements=st.integers(0, 2)))
    return np.concatenate([corners, corners + sizes], axis=1), scores, classes


def test_overlap_is_that_of_the_domain() -> None:
    boxes = np.array([[0, 0, 4, 4], [2, 2, 6, 6], [10, 10, 11, 11]], np.float32)
    expected = Box(0, 0, 4, 4).iou(Box(2, 2, 6, 6))
    overlaps = pairwise_iou(boxes)
    assert overlaps[0, 1] == pytest.approx(expected)
    assert overlaps[0, 2] == 0
    assert np.diag(overlaps) == pytest.approx(1)


def test_the_weaker_of_two_alike_goes_and_another_class_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 10]], np.float32)
    scores = np.array([0.5, 0.9, 0.4], np.float32)
    kept = non_maximum_suppression(boxes, scores, np.array([1, 1, 2]), 0.6)
    assert kept.tolist() == [1, 2]


def test_only_the_best_are_looked_at() -> None:
    boxes = np.array([[i * 10, 0, i * 10 + 5, 5] for i in range(6)], np.float32)
    kept = non_maximum_suppression(boxes, np.linspace(0, 1, 6, dtype=np.float32), np.zeros(6, np.intp), 0.5, limit=2)
    assert kept.tolist() == [5, 4]


@given(scored_boxes(), st.floats(0.1, 0.9))
def test_what_goes_overlaps_a_better_one_that_stays(
    case: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.intp]], limit: float
) -> None:
    boxes, scores, classes = case
    kept = non_maximum_suppression(boxes, scores, classes, limit)
    overlaps = pairwise_iou(boxes)
    assert np.all(np.diff(scores[kept]) <= 0)
    for i in range(len(boxes)):
        rivals = [k for k in kept if k != i and classes[k] == classes[i] and overlaps[i, k] > limit]
        assert (i in kept) == (not rivals)
        assert i in kept or any(scores[k] >= scores[i] for k in rivals)
