import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_models.dataset import Dataset, LabelledPicture
from lookout_models.errors import UsageError
from lookout_models.evaluate import Evaluation, evaluate, match_labels
from lookout_models.plot import plot_curves
from lookout_models.report import as_json, as_table


class OneBoxDetector:
    """Finds a motorcycle in the left half of every picture."""

    name = "one-box"
    sha256 = "0" * 64
    labels = ("motorcycle", "bicycle")
    takes_regions = False

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        return [Detection("motorcycle", 0.9, Box(0, 0, 0.5, 1))]


def dataset_of(folder: Path, *boxes: tuple[float, float, float, float]) -> Dataset:
    """A picture a box (cx, cy, w, h), all of class 0; class 1 is in none."""
    pictures: list[LabelledPicture] = []
    for number, box in enumerate(boxes):
        path = folder / f"{number}.png"
        cv2.imwrite(str(path), np.zeros((20, 40, 3), np.uint8))
        pictures.append(LabelledPicture(path, np.array([0]), np.array([box], np.float64)))
    return Dataset(("ebike", "person"), tuple(pictures))


def evaluation_of(folder: Path) -> Evaluation:
    dataset = dataset_of(folder, (0.25, 0.5, 0.5, 1), (0.75, 0.5, 0.5, 1))
    matched = match_labels(dataset.names, OneBoxDetector.labels, {"ebike": ["motorcycle", "bicycle"]})
    return evaluate(OneBoxDetector(), dataset, matched)


def test_one_of_two_found_with_one_wrong(tmp_path: Path) -> None:
    evaluation = evaluation_of(tmp_path)
    # Precision is 1/2 at best up to recall 1/2 (both score the same, the true one comes first: 1), and 0 beyond.
    assert evaluation.result.classes["ebike"].ap50 == pytest.approx(51 / 101)
    assert evaluation.result.map50 == evaluation.result.map50_95 == pytest.approx(51 / 101)
    assert evaluation.unknown_classes == ("person",)


def test_what_nobody_could_tell_is_neither_right_nor_wrong(tmp_path: Path) -> None:
    left, right = Box(0, 0, 0.45, 1), Box(0.5, 0, 1, 1)
    dataset = dataset_of(tmp_path, (0.25, 0.5, 0.5, 1), (0.75, 0.5, 0.5, 1))

    def figures(*undecided: tuple[int, Box]) -> tuple[float, float]:
        judged = tuple(replace(picture, undecided=undecided) for picture in dataset.pictures)
        found = evaluate(OneBoxDetector(), replace(dataset, pictures=judged), {"ebike": frozenset({"motorcycle"})})
        best = found.result.classes["ebike"].curve.best()
        assert best is not None
        return best.precision, best.recall

    # The box in the second picture, where it is not, is wrong unless its place is undecided for this very class; that
    # in the first, where it is, stays right.
    assert figures() == figures((1, left)) == figures((0, right)) == (0.5, 0.5)
    assert figures((0, left)) == figures((0, left), (0, right)) == (1.0, 0.5)


def test_by_night_a_detector_sees_grey_pictures_and_the_same_every_time(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, (0.25, 0.5, 0.5, 1), (0.75, 0.5, 0.5, 1))
    seen: list[Image] = []

    class Watching(OneBoxDetector):
        def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
            seen.append(image)
            return super().detect(image, region)

    for _ in range(2):
        evaluate(Watching(), dataset, {"ebike": frozenset({"motorcycle"})}, infrared=True)
    first, second, *again = seen
    assert (first == first[..., :1]).all()
    assert (first != second).any()
    assert [(one == other).all() for one, other in zip((first, second), again, strict=True)] == [True, True]


def test_reports_carry_the_same_figures(tmp_path: Path) -> None:
    evaluation = evaluation_of(tmp_path)
    document = json.loads(as_json("one-box", evaluation))
    assert document["classes"]["ebike"]["boxes"] == 2
    assert document["map50"] == pytest.approx(51 / 101)
    assert document["classes"]["ebike"]["best"] == {"threshold": 0.9, "precision": 0.5, "recall": 0.5}
    table = as_table("one-box", evaluation)
    assert "0.505" in table
    assert "no such label: person" in table


def test_a_net_that_finds_nothing_has_no_best_threshold(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, (0.75, 0.5, 0.5, 1))
    evaluation = evaluate(OneBoxDetector(), dataset, {"ebike": frozenset({"motorcycle"})})
    (line,) = (line for line in as_table("one-box", evaluation).splitlines() if line.startswith("ebike"))
    assert "none  (not one of them was found" in line
    assert json.loads(as_json("one-box", evaluation))["classes"]["ebike"]["best"] is None
    plot_curves("one-box", evaluation.result, tmp_path / "curves.png")


def test_what_does_not_count_is_told(tmp_path: Path) -> None:
    dataset = replace(dataset_of(tmp_path, (0.25, 0.5, 0.5, 1)), without_picture=("stray.txt",))
    matched = {"ebike": frozenset({"motorcycle"}), "person": frozenset({"bicycle"})}
    evaluation = evaluate(OneBoxDetector(), dataset, matched)
    assert evaluation.absent_classes == ("person",)
    table = as_table("one-box", evaluation)
    assert f"1 pictures of {tmp_path}" in table
    assert "no box of it: person" in table
    assert "label files without a picture, left out: 1 (first: stray.txt)" in table
    document = json.loads(as_json("one-box", evaluation))
    assert (document["absent_classes"], document["without_picture"]) == (["person"], ["stray.txt"])


def test_labels_without_a_box_of_what_the_model_tells_are_an_error(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, (0.25, 0.5, 0.5, 1))
    with pytest.raises(UsageError, match="no box of person, so there is nothing to measure"):
        evaluate(OneBoxDetector(), dataset, {"person": frozenset({"motorcycle"})})


def test_what_of_a_label_lies_beyond_the_picture_is_cut_off(tmp_path: Path) -> None:
    evaluation = evaluate(
        OneBoxDetector(), dataset_of(tmp_path, (0.0, 0.5, 1.0, 1.0)), {"ebike": frozenset({"motorcycle"})}
    )
    assert evaluation.result.map50_95 == pytest.approx(1)


def test_classes_meet_labels_by_name() -> None:
    assert match_labels(["car", "van"], ["bus", "car"], {}) == {"car": frozenset({"car"})}


def test_a_class_may_be_several_labels() -> None:
    matched = match_labels(["ebike"], ["bicycle", "motorcycle"], {"ebike": ["bicycle", "motorcycle"]})
    assert matched == {"ebike": frozenset({"bicycle", "motorcycle"})}


@pytest.mark.parametrize(
    ("renamed", "message"),
    [
        ({}, "none of the data set's classes"),
        ({"bike": ["motorcycle"]}, "no class 'bike'"),
        ({"ebike": ["moped"]}, "no label 'moped'"),
    ],
)
def test_classes_that_meet_nothing_are_an_error(renamed: dict[str, list[str]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        match_labels(["ebike"], ["motorcycle"], renamed)


def test_curves_are_drawn(tmp_path: Path) -> None:
    plot_curves("one-box", evaluation_of(tmp_path).result, tmp_path / "curves.png")
    drawn = cv2.imread(str(tmp_path / "curves.png"))
    assert drawn is not None
    assert drawn.shape[0] > 400
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 10
    with pytest.raises(UsageError, match=r"cannot write .*none"):
        plot_curves("one-box", evaluation_of(tmp_path).result, tmp_path / "none" / "curves.png")
