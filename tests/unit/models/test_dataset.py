from pathlib import Path

import pytest

from lookout_edge.domain.geometry import Box
from lookout_models.dataset import read_dataset, read_judged
from lookout_models.errors import UsageError


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return folder


BESIDE = {
    "data.yaml": "names: [car, bus]",
    "images/a.jpg": "",
    "images/b.png": "",
    "labels/a.txt": "1 0.5 0.5 0.2 0.4\n0 0.1 0.1 0.1 0.1\n",
    "labels/b.txt": "",
}


def test_boxes_and_names_are_read(tmp_path: Path) -> None:
    dataset = read_dataset(write(tmp_path, BESIDE))
    assert dataset.names == ("car", "bus")
    first, second = dataset.pictures
    assert first.path.name == "a.jpg"
    assert first.classes.tolist() == [1, 0]
    assert first.boxes.tolist() == [[0.5, 0.5, 0.2, 0.4], [0.1, 0.1, 0.1, 0.1]]
    assert len(second.boxes) == 0


def test_the_validation_split_is_taken_when_the_description_names_splits(tmp_path: Path) -> None:
    files = {
        "data.yaml": "path: .\ntrain: train/images\nval: test/images\nnames: {0: car}",
        "train/images/a.jpg": "",
        "train/labels/a.txt": "",
        "test/images/b.jpg": "",
        "test/labels/b.txt": "0 0.5 0.5 1 1",
    }
    dataset = read_dataset(write(tmp_path, files))
    assert [picture.path.name for picture in dataset.pictures] == ["b.jpg"]
    assert dataset.names == ("car",)


def test_one_split_finds_the_description_above_it(tmp_path: Path) -> None:
    files = {"data.yaml": "names: [car]", "train/images/a.jpg": "", "train/labels/a.txt": ""}
    assert len(read_dataset(write(tmp_path, files) / "train").pictures) == 1


def test_splits_inside_images_find_their_labels(tmp_path: Path) -> None:
    files = {"data.yaml": "val: images/val\nnames: [car]", "images/val/a.jpg": "", "labels/val/a.txt": "0 .5 .5 1 1"}
    assert read_dataset(write(tmp_path, files)).pictures[0].classes.tolist() == [0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data.yaml": "names: []"}, "no class names"),
        ({"data.yaml": "names: [car"}, "not valid YAML"),
        ({"data.yaml": "- car"}, "must be a mapping"),
        ({"labels/a.txt": "0 0.5 0.5"}, "a.txt, line 1: '0 0.5 0.5' is not"),
        ({"labels/a.txt": "\n7 0.5 0.5 1 1"}, "a.txt, line 2: class 7 has no name"),
        ({"labels/a.txt": "car 0.5 0.5 1 1"}, "is not 'class cx cy w h'"),
        ({"labels/a.txt": "0 0.5 0.5 1 1 0.9"}, "is not 'class cx cy w h'"),
        ({"labels/a.txt": "-1 0.5 0.5 1 1"}, "class -1 has no name"),
        ({"labels/a.txt": "0.5 0.5 0.5 1 1"}, "class 0.5 has no name"),
        ({"labels/a.txt": "nan 0.5 0.5 1 1"}, "class nan has no name"),
        ({"labels/a.txt": "0 nan 0.5 1 1"}, "is no box in fractions of the picture"),
        ({"labels/a.txt": "0 0.5 inf 1 1"}, "is no box in fractions of the picture"),
        ({"labels/a.txt": "0 320 240 64 48"}, "is no box in fractions of the picture"),
        ({"labels/a.txt": "0 0.5 0.5 -0.1 1"}, "is no box in fractions of the picture"),
        ({"labels/a.txt": "0 0.5 0.5 0 1"}, "without width or height"),
        ({"data.yaml": "names: [car, car]"}, "names two classes 'car'"),
        ({"data.yaml": "names: {0: car, 2: bus}"}, "must be 0, 1, 2 … without a gap"),
        ({"data.yaml": "names: {0: car, bus: 1}"}, "must be 0, 1, 2 … without a gap"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    folder = write(tmp_path, {**BESIDE, **changes})
    with pytest.raises(UsageError) as caught:
        read_dataset(folder)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("file", ["data.yaml", "labels/a.txt"])
def test_a_file_that_is_no_text_is_named(tmp_path: Path, file: str) -> None:
    (write(tmp_path, BESIDE) / file).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=file):
        read_dataset(tmp_path)


def test_the_mark_that_windows_editors_write_first_is_no_class(tmp_path: Path) -> None:
    dataset = read_dataset(write(tmp_path, {**BESIDE, "labels/a.txt": "\ufeff1 0.5 0.5 0.2 0.4\n"}))
    assert dataset.pictures[0].classes.tolist() == [1]


def test_classes_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    names = ", ".join(f'"{number}": c{number}' for number in reversed(range(12)))
    dataset = read_dataset(write(tmp_path, {**BESIDE, "data.yaml": f"names: {{{names}}}"}))
    assert dataset.names == tuple(f"c{number}" for number in range(12))


def test_labels_without_a_picture_are_told(tmp_path: Path) -> None:
    files = {**BESIDE, "labels/c.txt": "0 0.5 0.5 1 1", "labels/classes.txt": "car\nbus"}
    assert read_dataset(write(tmp_path, files)).without_picture == ("c.txt",)


def test_a_split_that_is_not_there_is_not_replaced_by_another(tmp_path: Path) -> None:
    files = {
        "data.yaml": "train: train/images\nval: valid/images\nnames: [car]",
        "train/images/a.jpg": "",
        "train/labels/a.txt": "",
    }
    with pytest.raises(UsageError, match=r"names val: valid/images, which is no folder"):
        read_dataset(write(tmp_path, files))


def test_roboflows_splits_are_found(tmp_path: Path) -> None:
    files = {
        "set/data.yaml": "train: ../train/images\nval: ../valid/images\nnames: [car]",
        "set/valid/images/b.jpg": "",
        "set/valid/labels/b.txt": "",
    }
    assert read_dataset(write(tmp_path, files) / "set").pictures[0].path.name == "b.jpg"


@pytest.mark.parametrize(
    ("absent", "message"),
    [
        ("labels", "labels are missing"),
        ("labels/a.txt", "1 of 2 pictures have no labels"),
        ("images", "no folder 'images'"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, absent: str, message: str) -> None:
    files = {name: content for name, content in BESIDE.items() if not name.startswith(absent)}
    with pytest.raises(UsageError, match=message):
        read_dataset(write(tmp_path, files))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a folder"):
        read_dataset(tmp_path / "nowhere")


def test_judged_boxes_are_read_for_the_pictures_that_the_file_names(tmp_path: Path) -> None:
    judged = tmp_path / "judged.jsonl"
    there, unsure = '["car", 1, 0.2, 0.4, 0.6, 0.8]', '["bus", 0, 0, 0, 0.5, 1]'
    elsewhere = '{"image": "z.jpg", "boxes": []}'
    judged.write_text(f'{{"image": "b.png", "boxes": [{there}, {unsure}]}}\n{elsewhere}\n', "utf-8")
    dataset = read_judged(judged, write(tmp_path, BESIDE))
    assert dataset.names == ("bus", "car")
    (picture,) = dataset.pictures
    assert picture.path.name == "b.png"
    assert picture.classes.tolist() == [1]
    assert picture.boxes.ravel().tolist() == pytest.approx([0.4, 0.6, 0.4, 0.4])
    assert picture.undecided == ((0, Box(0, 0, 0.5, 1)),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"image": "b.png", "boxes": [["car", 1, 0.2]]}', "cannot read the boxes"),
        ("{", "cannot read the boxes"),
        ('{"image": "b.png", "boxes": []}\n{"image": "b.png"}', "judged.jsonl, line 2; write"),
        ('{"image": "b.png", "boxes": [["car", 1, 0.2, 0.1, NaN, 1]]}', "in fractions of the picture"),
        ('{"image": "b.png", "boxes": [["car", 1, 20, 10, 60, 80]]}', "in fractions of the picture"),
        ('{"image": "z.jpg", "boxes": []}', "names none of the pictures"),
    ],
)
def test_judged_boxes_that_are_none_are_named(tmp_path: Path, text: str, message: str) -> None:
    judged = tmp_path / "judged.jsonl"
    judged.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=message):
        read_judged(judged, write(tmp_path, BESIDE))
    with pytest.raises(UsageError, match="cannot read the boxes"):
        read_judged(tmp_path / "missing.jsonl", tmp_path)
