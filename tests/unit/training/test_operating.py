"""Thresholds and false alarms."""

import numpy as np
import pytest

from lookout_models.average_precision import ClassInPicture
from lookout_models.training.detector.operating import choose, curve, false_alarms_per_1000

THERE = np.array([[0.0, 0, 10, 10]])
NOWHERE = np.zeros((0, 4))
ELSEWHERE = np.array([[50.0, 50, 60, 60]])


def picture(truth: np.ndarray, found: np.ndarray, *scores: float) -> ClassInPicture:
    return ClassInPicture(truth, found, np.array(scores))


def test_the_lowest_threshold_that_is_precise_enough() -> None:
    pictures = [picture(THERE, THERE, 0.4 + 0.05 * n) for n in range(8)] + [picture(NOWHERE, ELSEWHERE, 0.3)] * 8
    point = choose(curve(pictures), 0.95)
    assert point.threshold == pytest.approx(0.31)
    assert (point.precision, point.recall) == (1, 1)


def test_one_object_is_found_once() -> None:
    twice = picture(THERE, np.concatenate([THERE, THERE]), 0.5, 0.9)
    points = curve([twice])
    assert points.scores.tolist() == [0.9, 0.5]
    assert points.hits.tolist() == [True, False]


def test_out_of_reach_precision_settles_for_the_best_weighing() -> None:
    mixed = [picture(THERE, THERE, 0.5), picture(NOWHERE, ELSEWHERE, 0.5)] * 5
    point = choose(curve(mixed), 0.9)
    assert (point.precision, point.recall) == (0.5, 1)


def test_false_alarms_count_pictures() -> None:
    assert false_alarms_per_1000(np.array([0.1, 0.6, 0.7, 0.2]), 0.5) == 500
    assert false_alarms_per_1000(np.zeros(0), 0.5) == 0
