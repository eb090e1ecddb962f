"""Int8 twins: convolutions only, about the same numbers, and a zoo entry that runs."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from onnx import load_model_from_string, numpy_helper, parser

from lookout_edge.adapters.onnx.letterbox import InputMaker
from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_edge.adapters.zoo import Quantised, Zoo
from lookout_edge.domain.frame import Image
from lookout_models.errors import ModelsError, UsageError
from lookout_models.quantise import quantised
from lookout_models.zoo_commands import quantise_model

#: Weights stored as float16 and a Resize told by sizes, as the zoo's detectors have them.
NETWORK = """<ir_version: 8, opset_import: ["": 18]>
made (float[1,3,64,64] image) => (float[1,64,7] rows) {
    w1 = Cast <to = 1> (half1)
    c1 = Conv <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> (image, w1)
    r1 = Relu (c1)
    c2 = Conv <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> (r1, w2)
    r2 = Relu (c2)
    small = Resize <axes = [2, 3], mode = "linear"> (r2, , , sizes)
    c3 = Conv <kernel_shape = [1, 1]> (small, w3)
    flat = Reshape (c3, shape)
    turned = Transpose <perm = [0, 2, 1]> (flat)
    rows = Sigmoid (turned)
}"""


def network() -> bytes:
    model = parser.parse_model(NETWORK)
    random = np.random.default_rng(1)
    values: dict[str, NDArray[np.float16 | np.float32 | np.int64]] = {
        "half1": random.normal(0, 0.3, (8, 3, 3, 3)).astype(np.float16),
        "w2": random.normal(0, 0.2, (16, 8, 3, 3)).astype(np.float32),
        "w3": random.normal(0, 0.3, (7, 16, 1, 1)).astype(np.float32),
        "sizes": np.array([8, 8], np.int64),
        "shape": np.array([1, 7, -1], np.int64),
    }
    model.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in values.items())
    return model.SerializeToString()


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Zoo:
    weights = network()
    folder = tmp_path / "zoo" / "made"
    folder.mkdir(parents=True)
    (folder / "made.onnx").write_bytes(weights)
    description = {
        "name": "made",
        "description": "random weights",
        "licence": "Apache-2.0",
        "source": {"recipe": "made.yaml", "data": ["none"]},
        "weights": {"file": "made.onnx", "sha256": hashlib.sha256(weights).hexdigest()},
        "input": {"width": 64, "height": 64, "std": [255.0, 255.0, 255.0]},
        "head": {"kind": "detr"},
        "labels": ["car", "bus", "cat"],
        "thresholds": {"default": 0.3},
    }
    (folder / "model.yaml").write_text(yaml.safe_dump(description), "utf-8")
    monkeypatch.setenv("LOOKOUT_ZOO", str(folder.parent))
    return Zoo(folder.parent)


@pytest.fixture
def pictures() -> list[Image]:
    random = np.random.default_rng(2)
    return [random.integers(0, 256, (40, 64, 3), np.uint8) for _ in range(8)]


def test_convolutions_but_the_first_count_in_bytes_and_give_about_the_same(zoo: Zoo, pictures: list[Image]) -> None:
    entry = zoo.entry("made")
    twin = quantised(entry, pictures, leave_first=0.34)

    graph = load_model_from_string(twin).graph
    scaled = {node.output[0] for node in graph.node if node.op_type == "DequantizeLinear"}
    by_kind = [[n for n in graph.node if n.op_type == kind] for kind in ("Conv", "Sigmoid", "Resize")]
    assert [node.input[1] in scaled for node in by_kind[0]] == [False, True, True]
    assert not any(node.input[0] in scaled for node in by_kind[1])
    batch, _ = InputMaker(entry.spec.input).make(pictures[0])
    first, second = (OnnxSession("made", weights).run(batch)["rows"] for weights in (entry.weights(), twin))
    assert np.abs(first - second).max() < 0.05
    assert np.abs(first - second).max() > 0


def test_a_graph_without_convolutions_is_refused(zoo: Zoo, pictures: list[Image]) -> None:
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["": 18]> a (float[1,3,64,64] image) => (float[1,3,64,64] y) {y = Relu (image)}'
    )
    weights = model.SerializeToString()
    path = zoo.folder / "made" / "model.yaml"
    (zoo.folder / "made" / "made.onnx").write_bytes(weights)
    text = path.read_text("utf-8")
    path.write_text(text.replace(zoo.entry("made").sha256, hashlib.sha256(weights).hexdigest()), "utf-8")
    with pytest.raises(ModelsError, match="'made' has no convolution to quantise"):
        quantised(zoo.entry("made"), pictures)


def test_the_command_makes_an_entry_with_its_figures(
    zoo: Zoo, pictures: list[Image], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = tmp_path / "set"
    for part in ("images", "labels"):
        (dataset / part).mkdir(parents=True)
    (dataset / "data.yaml").write_text("names: [car, bus]", "utf-8")
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(dataset / "images" / f"{number}.png"), picture)
        (dataset / "labels" / f"{number}.txt").write_text("0 0.5 0.5 0.5 0.5", "utf-8")
    quantise_model("made", dataset / "images", datasets=[dataset], amount=8)
    entry = zoo.entry("made-int8")
    assert isinstance(entry.spec.source, Quantised)
    assert entry.spec.source.sha256 == zoo.entry("made").sha256
    assert entry.spec.labels == ("car", "bus", "cat")
    card = (entry.folder / "CARD.md").read_text("utf-8")
    assert entry.sha256 in card
    assert "| set mAP50 |" in card
    assert "lookout-models quantise made PICTURES --name made-int8 --pictures 8 --leave 0.1" in card
    assert "| CPU of a picture | 1 |" in capsys.readouterr().out
    with pytest.raises(UsageError, match=r"has 'made-int8' already.*--replace"):
        quantise_model("made", dataset / "images", amount=8)


def test_what_cannot_be_quantised_is_said_before_anything_is_made(zoo: Zoo, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.zeros((40, 64, 3), np.uint8))
    with pytest.raises(UsageError, match="'made' cannot be its own twin"):
        quantise_model("made", folder, name="made", replace=True)
    with pytest.raises(UsageError, match="nowhere is not a folder"):
        quantise_model("made", folder, datasets=[tmp_path / "nowhere"])
    with pytest.raises(UsageError, match="'Int 8' is no name of an entry"):
        quantise_model("made", folder, name="Int 8")
    assert zoo.names() == ("made",)
    quantise_model("made", folder)
    with pytest.raises(UsageError, match="'made-int8' is int8 already; quantise 'made'"):
        quantise_model("made-int8", folder)


def test_a_model_that_takes_more_than_a_picture_is_refused(pictures: list[Image]) -> None:
    with pytest.raises(UsageError, match="'fire-second-look' takes more than a picture"):
        quantised(Zoo.find().entry("fire-second-look"), pictures)


def test_an_older_version_of_onnx_is_brought_up(pictures: list[Image]) -> None:
    entry = Zoo.find().entry("plate-detector")
    assert load_model_from_string(entry.weights()).opset_import[0].version < 13
    twin = quantised(entry, pictures)
    batch, _ = InputMaker(entry.spec.input).make(pictures[0])
    first, second = (OnnxSession("made", weights).run(batch)["conf"] for weights in (entry.weights(), twin))
    assert np.abs(first - second).max() < 0.1
