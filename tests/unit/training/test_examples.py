"""From label files and the base model's answers to examples."""

from pathlib import Path

import numpy as np
import pytest

from lookout_models.errors import UsageError
from lookout_models.training.data.examples import collect
from lookout_models.training.recipe import Source
from lookout_models.training.testing import make_pictures

LABELS = ("person", "fire", "smoke")
SOURCE = Source(folder="made", classes=("fire", "smoke"), pseudo=("person",))


def first(tmp_path: Path) -> str:
    make_pictures(tmp_path / "made", 1)
    return str(tmp_path / "made" / "images" / "made_000.png")


def test_labels_are_boxes_in_fractions_under_the_models_numbers(tmp_path: Path) -> None:
    path = first(tmp_path)
    (tmp_path / "made" / "labels" / "made_000.txt").write_text("1 0.5 0.5 0.2 0.4\n")
    example = collect("made", SOURCE, tmp_path, tmp_path, LABELS, {path: []})[0]
    assert example.boxes.classes.tolist() == [2]
    assert example.boxes.corners[0] == pytest.approx([0.4, 0.3, 0.6, 0.7])
    assert len(example.undecided) == 0


def test_what_the_base_model_was_not_asked_is_undecided_everywhere(tmp_path: Path) -> None:
    first(tmp_path)
    example = collect("made", SOURCE, tmp_path, tmp_path, LABELS, {})[0]
    assert example.undecided.classes.tolist() == [0]
    assert example.undecided.corners[0].tolist() == [0, 0, 1, 1]


def test_sure_answers_of_the_base_model_count_and_doubtful_ones_are_undecided(tmp_path: Path) -> None:
    path = first(tmp_path)
    sure, doubtful = ("person", 0.7, 0.0, 0.0, 0.2, 0.2), ("person", 0.2, 0.5, 0.5, 0.6, 0.9)
    answers = [sure, doubtful, ("dog", 0.9, 0.0, 0.0, 1.0, 1.0)]
    example = collect("made", SOURCE, tmp_path, tmp_path, LABELS, {path: answers})[0]
    assert example.boxes.of(0) == pytest.approx(np.array([[0, 0, 0.2, 0.2]]))
    assert example.undecided.of(0) == pytest.approx(np.array([[0.5, 0.5, 0.6, 0.9]]))


def test_a_labelled_object_is_not_doubled_by_the_base_model(tmp_path: Path) -> None:
    path = first(tmp_path)
    (tmp_path / "made" / "labels" / "made_000.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    source = Source(folder="made", classes=("fire",), pseudo=("fire",))
    answers = [("fire", 0.9, 0.41, 0.4, 0.6, 0.61)]
    example = collect("made", source, tmp_path, tmp_path, LABELS, {path: answers})[0]
    assert len(example.boxes) == 1


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    first(tmp_path)
    (tmp_path / "made" / "labels" / "made_000.txt").write_text("0 0.5 0.5 0.2 0.2\n7 0.5 0.5 0.2 0.2\n")
    with pytest.raises(UsageError, match=r"made_000\.txt, line 2"):
        collect("made", SOURCE, tmp_path, tmp_path, LABELS, {})


@pytest.mark.parametrize(
    "line", ["-1 0.5 0.5 0.2 0.2", "0.7 0.5 0.5 0.2 0.2", "0 nan 0.5 0.2 0.2", "0 0.5 0.5 0 0.2", "0 50 50 20 20"]
)
def test_a_line_that_is_no_box_of_a_class_is_not_learnt_from(tmp_path: Path, line: str) -> None:
    first(tmp_path)
    (tmp_path / "made" / "labels" / "made_000.txt").write_text(line)
    with pytest.raises(UsageError, match=r"made_000\.txt, line 1"):
        collect("made", SOURCE, tmp_path, tmp_path, LABELS, {})


def test_a_box_ends_where_the_picture_does(tmp_path: Path) -> None:
    first(tmp_path)
    (tmp_path / "made" / "labels" / "made_000.txt").write_text("0 0.9 0.5 0.4 0.2\n")
    example = collect("made", SOURCE, tmp_path, tmp_path, LABELS, {})[0]
    assert example.boxes.corners[0] == pytest.approx([0.7, 0.4, 1.0, 0.6])


def test_a_source_without_a_picture_is_named(tmp_path: Path) -> None:
    first(tmp_path)
    with pytest.raises(UsageError, match=r"sources\.made: no picture .* begins with 'web_'"):
        collect("made", SOURCE.model_copy(update={"prefix": "web_"}), tmp_path, tmp_path, LABELS, {})


def test_boxes_of_our_own_stand_beside_the_sources(tmp_path: Path) -> None:
    first(tmp_path)
    (tmp_path / "made" / "labels" / "made_000.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    (tmp_path / "own.jsonl").write_text(
        '{"image": "made_000.png", "boxes": [["person", 1, 0.0, 0.0, 0.2, 0.2], ["person", 0.2, 0.5, 0.5, 1.0, 1.0]]}\n'
    )
    source = SOURCE.model_copy(update={"own_boxes": "own.jsonl"})
    example = collect("made", source, tmp_path, tmp_path, LABELS, {})[0]
    assert sorted(example.boxes.classes.tolist()) == [0, 1]
    assert example.undecided.of(0) == pytest.approx(np.array([[0.5, 0.5, 1.0, 1.0]]))


def test_a_picture_that_nobody_judged_is_undecided_everywhere(tmp_path: Path) -> None:
    first(tmp_path)
    (tmp_path / "own.jsonl").write_text("")
    source = SOURCE.model_copy(update={"own_boxes": "own.jsonl"})
    example = collect("made", source, tmp_path, tmp_path, LABELS, {})[0]
    assert example.undecided.of(0) == pytest.approx(np.array([[0, 0, 1, 1]]))


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]\n",
        '{"image": "made_000.png", "boxes": [["persn", 1, 0, 0, 1, 1]]}\n',
        '{"image": "made_000.png", "boxes": [["person", 1, 0, 0]]}\n',
    ],
)
def test_boxes_of_our_own_that_are_none_are_named(tmp_path: Path, text: str) -> None:
    first(tmp_path)
    (tmp_path / "own.jsonl").write_text(text)
    source = SOURCE.model_copy(update={"own_boxes": "own.jsonl"})
    with pytest.raises(UsageError, match=r"own\.jsonl"):
        collect("made", source, tmp_path, tmp_path, LABELS, {})


def test_a_class_without_a_label_is_left_out(tmp_path: Path) -> None:
    first(tmp_path)
    (tmp_path / "made" / "labels" / "made_000.txt").write_text("0 0.5 0.5 0.2 0.2\n1 0.5 0.5 0.4 0.4\n")
    source = SOURCE.model_copy(update={"classes": ("", "smoke"), "pseudo": ()})
    example = collect("made", source, tmp_path, tmp_path, LABELS, {})[0]
    assert example.boxes.classes.tolist() == [2]


def test_what_the_labels_leave_out_stands_beside_them(tmp_path: Path) -> None:
    first(tmp_path)
    (tmp_path / "made" / "labels" / "made_000.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    (tmp_path / "judged.jsonl").write_text(
        '{"image": "made_000.png", "boxes": [["fire", 0.2, 0, 0, 0.3, 0.3], ["smoke", 1, 0.6, 0.6, 0.9, 0.9],'
        ' ["fire", 0.2, 0.4, 0.4, 0.6, 0.61]]}\n'
    )
    source = SOURCE.model_copy(update={"faults": "judged.jsonl", "pseudo": ()})
    example = collect("made", source, tmp_path, tmp_path, LABELS, {})[0]
    assert sorted(example.boxes.classes.tolist()) == [1, 2]
    # The third box is a labelled one.
    assert example.undecided.of(1) == pytest.approx(np.array([[0, 0, 0.3, 0.3]]))


def test_what_nobody_judged_is_as_labelled(tmp_path: Path) -> None:
    path = first(tmp_path)
    (tmp_path / "judged.jsonl").write_text("")
    source = SOURCE.model_copy(update={"faults": "judged.jsonl"})
    plain = collect("made", SOURCE, tmp_path, tmp_path, LABELS, {path: [("person", 0.7, 0.0, 0.0, 0.2, 0.2)]})[0]
    judged = collect("made", source, tmp_path, tmp_path, LABELS, {path: [("person", 0.7, 0.0, 0.0, 0.2, 0.2)]})[0]
    assert judged.boxes.corners.tolist() == plain.boxes.corners.tolist()
    assert judged.undecided.corners.tolist() == plain.undecided.corners.tolist()


def test_boxes_that_are_wrong_are_none(tmp_path: Path) -> None:
    first(tmp_path)
    (tmp_path / "made" / "labels" / "made_000.txt").write_text("0 0.5 0.5 0.2 0.2\n1 0.5 0.5 0.4 0.4\n")
    (tmp_path / "judged.jsonl").write_text('{"image": "made_000.png", "boxes": [], "wrong": ["fire"]}\n')
    source = SOURCE.model_copy(update={"faults": "judged.jsonl", "pseudo": ()})
    example = collect("made", source, tmp_path, tmp_path, LABELS, {})[0]
    assert example.boxes.classes.tolist() == [2]
    assert len(example.undecided) == 0


def test_a_fault_of_an_unknown_label_is_named(tmp_path: Path) -> None:
    first(tmp_path)
    (tmp_path / "judged.jsonl").write_text('{"image": "made_000.png", "boxes": [], "wrong": ["fir"]}\n')
    source = SOURCE.model_copy(update={"faults": "judged.jsonl"})
    with pytest.raises(UsageError, match=r"judged\.jsonl: made_000\.png: 'fir'"):
        collect("made", source, tmp_path, tmp_path, LABELS, {})
