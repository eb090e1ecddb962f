"""Heads decode what is encoded here by hand."""

from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from lookout_edge.adapters.onnx.heads.candidates import above
from lookout_edge.adapters.onnx.heads.free_of_nms import DetrDecoder
from lookout_edge.adapters.onnx.heads.nanodet import NanodetDecoder
from lookout_edge.adapters.onnx.heads.plate_ssd import PlateSsdDecoder
from lookout_edge.adapters.onnx.heads.yolo import YoloDecoder
from lookout_edge.adapters.zoo_heads import DetrHead
from lookout_edge.errors import ModelError

BINS = 5


def distance_logits(left: int, top: int, right: int, bottom: int) -> NDArray[np.float32]:
    """All weight on one bin a side."""
    logits = np.full((4, BINS), -50, np.float32)
    for side, distance in enumerate((left, top, right, bottom)):
        logits[side, distance] = 50
    return logits.reshape(-1)


def test_nanodet_measures_sides_from_the_cells_centre_in_strides() -> None:
    decoder = NanodetDecoder((8, 16), BINS)
    scores = np.zeros((8 + 2, 2), np.float32)
    distances = np.zeros((8 + 2, 4 * BINS), np.float32)
    scores[6, 1] = 0.75  # stride 8: row 1, column 2
    distances[6] = distance_logits(1, 0, 2, 1)
    scores[9, 0] = 0.5  # stride 16: row 0, column 1
    distances[9] = distance_logits(1, 1, 1, 1)
    outputs = {"scores": scores, "distances": distances}
    found = decoder.decode(outputs, np.array([0.4, 0.4], np.float32), (32, 16))
    assert found.boxes.tolist() == pytest.approx(np.array([[12, 12, 36, 20], [8, -8, 40, 24]]))
    assert found.scores.tolist() == [0.75, 0.5]
    assert found.classes.tolist() == [1, 0]


def test_nanodet_takes_the_mean_of_a_spread_distribution() -> None:
    decoder = NanodetDecoder((8,), BINS)
    outputs = {"scores": np.ones((1, 1), np.float32), "distances": np.zeros((1, 4 * BINS), np.float32)}
    found = decoder.decode(outputs, np.array([0.5], np.float32), (8, 8))
    assert found.boxes[0] == pytest.approx([4 - 16, 4 - 16, 4 + 16, 4 + 16])


def test_nanodet_holds_every_class_to_its_own_threshold() -> None:
    decoder = NanodetDecoder((8,), BINS)
    outputs = {"scores": np.array([[0.3, 0.3]], np.float32), "distances": np.zeros((1, 4 * BINS), np.float32)}
    found = decoder.decode(outputs, np.array([0.2, 0.4], np.float32), (8, 8))
    assert found.classes.tolist() == [0]


def test_plate_head_gives_box_and_corners_in_reading_order() -> None:
    decoder = PlateSsdDecoder((16, 8), (8,), ((10, 20),), (0.1, 0.2))
    locations = np.zeros((4, 4), np.float32)
    landmarks = np.zeros((4, 8), np.float32)
    locations[3] = [1, 0, 0, np.log(0.5) / 0.2]
    # right bottom, left bottom, left top, right top, in tenths of the prior's side
    landmarks[3] = [5, 2, -5, 2, -5, -2, 5, -2]
    scores = np.array([0, 0, 0.1, 0.9], np.float32)
    found = decoder.decode(locations, scores, landmarks, 0.5)
    assert found.boxes[0] == pytest.approx([12 + 2 - 10, 4 - 5, 12 + 2 + 10, 4 + 5])
    assert found.corners[0] == pytest.approx([2, 0, 22, 0, 22, 8, 2, 8])
    assert found.scores.tolist() == pytest.approx([0.9])


def test_labels_that_are_not_as_many_as_classes_are_refused() -> None:
    with pytest.raises(ModelError, match=r"gives 3 classes a box but model\.yaml has 2 labels"):
        YoloDecoder().decode({"output0": np.zeros((7, 5), np.float32)}, np.array([0.2, 0.4], np.float32), (8, 8))


def test_an_output_that_is_not_there_names_those_that_are() -> None:
    head = DetrHead(kind="detr", outputs=("boxes", "scores"))
    outputs = {"boxes": np.zeros((1, 4), np.float32), "logits": np.zeros((1, 2), np.float32)}
    with pytest.raises(ModelError, match=r"no output 'scores'; it has boxes, logits"):
        DetrDecoder(head).decode(outputs, np.array([0.2, 0.4], np.float32), (8, 8))


@pytest.mark.parametrize("layout", ["C", "F"])
def test_what_reaches_its_threshold_is_found_however_the_scores_lie_in_memory(layout: Literal["C", "F"]) -> None:
    scores = np.random.default_rng(0).random((300, 7), np.float32) ** 8
    limits = np.array([0.1, 0.5, 0.3, 0.9, 0.2, 0.05, 1.1], np.float32)
    rows, classes = above(np.array(scores, order=layout), limits)
    wanted = [(row, number) for row in range(300) for number in range(7) if scores[row, number] >= limits[number]]
    assert list(zip(rows.tolist(), classes.tolist(), strict=True)) == wanted
    assert 100 < len(wanted) < 1000
