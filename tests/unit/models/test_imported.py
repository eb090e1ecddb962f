"""A user's own detectors become entries that run: what the file says about itself is taken, what it lacks is asked."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from lookout_edge.adapters.onnx.detector import OnnxDetector
from lookout_edge.adapters.zoo import Imported, Zoo
from lookout_edge.adapters.zoo_heads import YoloxHead
from lookout_models.errors import UsageError
from lookout_models.imported import OwnModel, import_onnx
from lookout_models.zoo_commands import import_model

ULTRALYTICS = {
    "author": "Ultralytics",
    "version": "8.3.0",
    "license": "AGPL-3.0 License (https://ultralytics.com/license)",
    "task": "detect",
    "names": "{0: 'e-bike', 1: 'cat'}",
    "imgsz": "[64, 96]",
    "description": "Ultralytics YOLO11n model trained on own.yaml",
}


def network(
    shapes: Mapping[str, Sequence[int]],
    metadata: Mapping[str, str],
    kind: int = TensorProto.FLOAT,
    takes: Sequence[int | str] = (1, 3, 64, 96),
    first: Sequence[float] = (),
) -> bytes:
    """A network that always gives zeros of these shapes, for pictures of 96 × 64; ``first`` begins every output."""
    nodes: list[onnx.NodeProto] = []
    for name, shape in shapes.items():
        given = np.zeros(shape, np.float32)
        given.flat[: len(first)] = first
        nodes.append(helper.make_node("Constant", [], [name], value=numpy_helper.from_array(given, name)))
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("images", kind, list(takes))],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["any"] * len(shape))
            for name, shape in shapes.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="pytorch")
    model.ir_version = 8
    helper.set_model_props(model, dict(metadata))
    return model.SerializeToString()


def file(folder: Path, content: bytes, name: str = "best.onnx") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_an_ultralytics_export_tells_everything_itself(zoo: Zoo, tmp_path: Path) -> None:
    path = file(tmp_path, network({"output0": (1, 6, 126)}, ULTRALYTICS))
    import_model(path, name="my-yolo")
    entry = zoo.entry("my-yolo")
    spec = entry.spec
    assert (spec.head.kind, spec.labels, spec.licence) == ("yolo", ("e-bike", "cat"), "AGPL-3.0")
    assert (spec.input.width, spec.input.height, spec.input.colour, spec.input.std[0]) == (96, 64, "rgb", 255)
    assert isinstance(spec.source, Imported)
    assert spec.source.made_by == "Ultralytics 8.3.0"
    card = (entry.folder / "CARD.md").read_text("utf-8")
    assert entry.sha256 in card
    assert "AGPL-3.0 asks" in card
    assert OnnxDetector(entry).detect(np.zeros((50, 80, 3), np.uint8)) == []


@pytest.mark.parametrize(
    ("shapes", "kind"),
    [
        ({"output0": (1, 6, 8400)}, "yolo"),
        ({"output0": (1, 300, 6)}, "end-to-end"),
        ({"output": (1, 126, 7)}, "yolox"),
        ({"output0": (1, 200, 6)}, "end-to-end"),
        ({"output0": (1, 0, 6)}, "end-to-end"),
        ({"output0": (1, 3 * 126, 7)}, "yolox"),
        ({"output": (1, 3 * 126, 7), "370": (1, 3, 8, 12, 7), "372": (1, 3, 4, 6, 7)}, "yolox"),
        ({"logits": (1, 300, 2), "pred_boxes": (1, 300, 4)}, "detr"),
    ],
)
def test_the_head_is_told_from_the_outputs(
    zoo: Zoo, tmp_path: Path, shapes: Mapping[str, Sequence[int]], kind: str
) -> None:
    path = file(tmp_path, network(shapes, {}))
    entry = import_onnx(zoo, OwnModel(path, "own", labels=("car", "bus"), licence="MIT"))
    assert (entry.spec.head.kind, entry.spec.licence) == (kind, "MIT")


def test_rt_detr_of_three_classes_is_stretched(zoo: Zoo, tmp_path: Path) -> None:
    path = file(tmp_path, network({"output0": (1, 300, 7)}, {"names": "['a', 'b', 'c']"}))
    spec = import_onnx(zoo, OwnModel(path, "own")).spec
    assert (spec.head.kind, spec.input.fit, spec.licence) == ("detr", "stretch", "not stated")


def test_rt_detr_of_two_classes_is_no_list_of_finished_boxes(zoo: Zoo, tmp_path: Path) -> None:
    scores = (0.5, 0.5, 0.1, 0.1, 0.3, 0.6)
    content = network({"output0": (1, 300, 6)}, {"names": "['a', 'b']"}, first=scores)
    assert import_onnx(zoo, OwnModel(file(tmp_path, content), "own")).spec.head.kind == "detr"


def test_yolov5s_boxes_are_in_pixels_and_its_pictures_are_rgb(zoo: Zoo, tmp_path: Path) -> None:
    found = (48, 32, 20, 16, 0.9, 0.9)
    content = network({"output0": (1, 3 * 126, 7)}, {"names": "{0: 'a', 1: 'b'}", "stride": "32"}, first=found)
    entry = import_onnx(zoo, OwnModel(file(tmp_path, content), "own"))
    assert (entry.spec.input.colour, entry.spec.input.std[0], entry.spec.licence) == ("rgb", 255, "not stated")
    assert "YOLOv5" in (entry.folder / "CARD.md").read_text("utf-8")
    (seen,) = OnnxDetector(entry).detect(np.zeros((64, 96, 3), np.uint8))
    assert seen.box.as_tuple() == pytest.approx((38 / 96, 24 / 64, 58 / 96, 40 / 64))


@pytest.mark.parametrize(("centre", "decoded"), [(0.7, False), (92.0, True)])
def test_yolox_tells_by_its_boxes_whether_they_are_in_pixels(
    zoo: Zoo, tmp_path: Path, centre: float, decoded: bool
) -> None:
    content = network({"output": (1, 126, 7)}, {}, first=(centre,))
    spec = import_onnx(zoo, OwnModel(file(tmp_path, content), "own", labels=("car", "bus"))).spec
    assert isinstance(spec.head, YoloxHead)
    assert (spec.head.decoded, spec.input.colour) == (decoded, "bgr")


def test_weights_in_a_file_beside_come_along(zoo: Zoo, tmp_path: Path) -> None:
    rows = numpy_helper.from_array(np.zeros((1, 6, 126), np.float32), "rows")
    graph = helper.make_graph(
        [helper.make_node("Identity", ["rows"], ["output0"])],
        "made",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 96])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 6, 126])],
        [rows],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    helper.set_model_props(model, ULTRALYTICS)
    path = tmp_path / "best.onnx"
    onnx.save_model(model, path, save_as_external_data=True, location="best.data", size_threshold=0)  # pyright: ignore[reportUnknownMemberType]
    entry = import_onnx(zoo, OwnModel(path, "own"))
    (tmp_path / "best.data").unlink()
    assert OnnxDetector(entry).detect(np.zeros((50, 80, 3), np.uint8)) == []
    with pytest.raises(UsageError, match="keeps its weights in another file, which is not beside it"):
        import_onnx(zoo, OwnModel(path, "again"))


@pytest.mark.parametrize(
    ("imgsz", "size", "expected"), [("[64, 96]", None, (96, 64)), ("64", None, (64, 64)), ("[64, 96]", 128, (128, 128))]
)
def test_a_free_size_is_what_the_file_or_the_user_says(
    zoo: Zoo, tmp_path: Path, imgsz: str, size: int | None, expected: tuple[int, int]
) -> None:
    content = network({"output0": (1, 6, 126)}, {**ULTRALYTICS, "imgsz": imgsz}, takes=("batch", 3, "height", "width"))
    taken = import_onnx(zoo, OwnModel(file(tmp_path, content), "own", size=size)).spec.input
    assert (taken.width, taken.height) == expected


@pytest.mark.parametrize(
    ("content", "labels", "said"),
    [
        (b"nothing like a model", None, r"is no ONNX file"),
        (network({"output0": (1, 6, 126)}, {}), None, r"name them with --label"),
        (
            network({"output0": (1, 6, 126)}, {**ULTRALYTICS, "task": "pose"}),
            None,
            r"for the task 'pose'; only detectors .* e\.g\. yolo11n\.pt; poses are estimated by the zoo's movenet",
        ),
        (
            network({"output0": (1, 9, 126)}, {}),
            ("car",),
            r"cannot tell how .* its outputs are output0 \[1, 9, 126\], which looks like 5 classes",
        ),
        (network({"output0": (1, 8400, 6)}, ULTRALYTICS), None, "cannot tell how"),
        (network({"output0": (1, 300, 6)}, ULTRALYTICS, first=(0, 0, 9, 9, 0.9, 7)), None, "tells a class number 7"),
        (network({"output0": (1, 6, 126)}, {**ULTRALYTICS, "names": "{0: 'a', 'x': 'b'}"}), None, "numbers its"),
        (network({"output0": (1, 6, 126)}, {**ULTRALYTICS, "names": "{0: 'a', 2: 'b'}"}), None, "classes 0, 2; name"),
        (network({"output0": (1, 6, 126)}, {}), ("car", "car"), "give each a name of its own"),
        (network({"output0": (1, 6, 126)}, {}), ("car", ""), "give each a name of its own"),
        (
            network({"output0": (1, 6, 9)}, {**ULTRALYTICS, "imgsz": "['a', 'b']"}, takes=(1, 3, "h", "w")),
            None,
            "takes pictures of any size; say which with --size",
        ),
        (network({"output0": (4, 6, 126)}, ULTRALYTICS, takes=(4, 3, 64, 96)), None, "takes 4 pictures at once"),
        (b"", None, r"is no ONNX file"),
        (network({"output0": (1, 5, 9)}, {}, TensorProto.FLOAT16), ("car",), r"without half precision"),
    ],
)
def test_what_is_missing_is_asked_for(
    zoo: Zoo, tmp_path: Path, content: bytes, labels: tuple[str, ...] | None, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        import_onnx(zoo, OwnModel(file(tmp_path, content), "own", labels))
    assert zoo.names() == ()


def test_an_entry_is_not_replaced_unasked(zoo: Zoo, tmp_path: Path) -> None:
    path = file(tmp_path, network({"output0": (1, 6, 126)}, ULTRALYTICS))
    import_model(path)
    with pytest.raises(UsageError, match=r"has 'best' already"):
        import_model(path)
    import_model(path, replace=True)
    assert zoo.names() == ("best",)
