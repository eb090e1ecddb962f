"""The figures are those of pycocotools on a made-up set."""

import contextlib
import io
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from lookout_models.average_precision import ClassInPicture, Operating, average_precision

Floats = NDArray[np.float64]


def made_up_picture(random: np.random.Generator) -> ClassInPicture:
    """Some true boxes; detections near them, far off, and sometimes twice."""
    corners = random.uniform(0, 300, (int(random.integers(0, 8)), 2))
    truth = np.concatenate([corners, corners + random.uniform(20, 120, corners.shape)], axis=1)
    copies = np.repeat(truth, random.integers(0, 3, len(truth)), axis=0)
    near = copies + random.normal(0, 6, copies.shape)
    wild = random.uniform(0, 300, (int(random.integers(0, 5)), 2))
    found = np.concatenate([near, np.concatenate([wild, wild + random.uniform(10, 90, wild.shape)], axis=1)])
    return ClassInPicture(truth, found, random.uniform(0.05, 1, len(found)).round(3))


def by_pycocotools(pictures: list[ClassInPicture]) -> tuple[float, float]:
    """AP at IoU 0.5 and AP at 0.5 to 0.95."""

    def wide(box: Floats) -> list[float]:
        return [float(box[0]), float(box[1]), float(box[2] - box[0]), float(box[3] - box[1])]

    boxes = [(number, wide(box)) for number, picture in enumerate(pictures) for box in picture.truth]
    annotations = [
        {"id": key, "image_id": number, "category_id": 1, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
        for key, (number, box) in enumerate(boxes, start=1)
    ]
    found = [
        {"image_id": number, "category_id": 1, "bbox": wide(box), "score": float(score)}
        for number, picture in enumerate(pictures)
        for box, score in zip(picture.found, picture.scores, strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = cast(Any, COCO())
        truth.dataset = {
            "info": {},
            "images": [{"id": number} for number in range(len(pictures))],
            "annotations": annotations,
            "categories": [{"id": 1, "name": "thing"}],
        }
        truth.createIndex()
        evaluation = cast(Any, COCOeval(truth, truth.loadRes(found), "bbox"))
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[1]), float(evaluation.stats[0])


@pytest.mark.parametrize("seed", range(6))
def test_it_agrees_with_pycocotools(seed: int) -> None:
    random = np.random.default_rng(seed)
    pictures = [made_up_picture(random) for _ in range(40)]
    result = average_precision(pictures)
    assert result is not None
    ap50, ap50_95 = by_pycocotools(pictures)
    assert 0.1 < ap50_95 < 0.95
    assert result.ap50 == pytest.approx(ap50, abs=1e-6)
    assert result.ap50_95 == pytest.approx(ap50_95, abs=1e-6)


def boxes(*rows: tuple[float, float, float, float]) -> Floats:
    return np.array(rows, np.float64).reshape(-1, 4)


def test_a_perfect_finder_scores_one() -> None:
    box = boxes((0, 0, 10, 10))
    result = average_precision([ClassInPicture(box, box, np.array([0.3]))])
    assert result is not None
    assert (result.boxes, result.ap50, result.ap50_95) == (1, 1.0, 1.0)


def test_finding_nothing_scores_zero() -> None:
    result = average_precision([ClassInPicture(boxes((0, 0, 10, 10)), boxes(), np.array([]))])
    assert result is not None
    assert (result.ap50, result.ap50_95) == (0.0, 0.0)


def test_a_class_that_does_not_occur_has_no_figure() -> None:
    assert average_precision([ClassInPicture(boxes(), boxes((0, 0, 1, 1)), np.array([0.9]))]) is None


def test_the_best_threshold_parts_the_true_from_the_false() -> None:
    truth = boxes((0, 0, 10, 10), (20, 0, 30, 10), (40, 0, 50, 10))
    found = boxes((0, 0, 10, 10), (20, 0, 30, 10), (60, 0, 70, 10), (80, 0, 90, 10))
    result = average_precision([ClassInPicture(truth, found, np.array([0.9, 0.6, 0.5, 0.4]))])
    assert result is not None
    assert result.curve.precisions == pytest.approx([1, 1, 2 / 3, 1 / 2])
    assert result.curve.recalls == pytest.approx([1 / 3, 2 / 3, 2 / 3, 2 / 3])
    assert result.curve.best() == Operating(0.6, 1.0, 2 / 3)


def test_equal_scores_are_one_point_of_the_curve() -> None:
    truth = boxes((0, 0, 10, 10))
    found = boxes((20, 0, 30, 10), (0, 0, 10, 10))
    result = average_precision([ClassInPicture(truth, found, np.array([0.5, 0.5]))])
    assert result is not None
    assert result.curve.scores.tolist() == [0.5]
    assert result.curve.precisions.tolist() == [0.5]


def test_what_is_never_found_has_no_threshold() -> None:
    result = average_precision([ClassInPicture(boxes((0, 0, 10, 10)), boxes(), np.array([]))])
    assert result is not None
    assert result.curve.best() is None
    wrong = average_precision([ClassInPicture(boxes((0, 0, 10, 10)), boxes((20, 0, 30, 10)), np.array([0.9]))])
    assert wrong is not None
    assert wrong.curve.best() is None
