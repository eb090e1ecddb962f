"""A plate reader is trained, stopped, resumed, refined and exported, in small: the base is a made-up graph."""

import importlib.util
import json
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper, parser

from lookout_edge.adapters.onnx.heads.ctc import GrammarDecoder
from lookout_edge.adapters.onnx.plate_text import ALPHABET, LOOKALIKES, PATTERNS
from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_edge.adapters.zoo import Source, Zoo
from lookout_edge.adapters.zoo_heads import CtcHead
from lookout_models.errors import ModelsError, UsageError
from lookout_models.imported import OwnModel, import_onnx
from lookout_models.training.plates.fonts import FontBook
from lookout_models.training.plates.recipe import PlateRecipe, Refine, Stage
from lookout_models.training.plates.samples import HEIGHT, WIDTH, Sample, as_input

if importlib.util.find_spec("torch") is None:
    pytest.skip("torch is not installed; pip install 'lookout[train]'", allow_module_level=True)
try:
    FontBook.installed()
except UsageError as error:
    pytest.skip(str(error), allow_module_level=True)

import torch

from lookout_models.training.plates import run as whole
from lookout_models.training.plates.calibrate import temperature, threshold
from lookout_models.training.plates.export import COLOUR, TEXT, export
from lookout_models.training.plates.graph import GraphNet
from lookout_models.training.plates.measuring import Outcome
from lookout_models.training.plates.net import LATE, PlateNet
from lookout_models.training.plates.refine import look, refined
from lookout_models.training.plates.train import PlateTraining
from lookout_models.training.torched import from_array

CLASSES = len(ALPHABET) + 1
#: The values that a reader's net needs, by the names that PP-OCRv6's graph gives them; GELU is written out as there.
BASE = """<ir_version: 8, opset_import: ["": 11]>
made (float[n,3,48,160] x) => (float[n,20,classes] probabilities) {
    c1 = Conv <kernel_shape = [3, 3], strides = [4, 4], pads = [1, 1, 1, 1]> (x, stem)
    a1 = Add (c1, bias)
    "p2o.pd_op.relu.4.0" = Relu (a1)
    c2 = Conv <kernel_shape = [2, 2], auto_pad = "SAME_UPPER"> ("p2o.pd_op.relu.4.0", mix)
    g1 = Div (c2, root)
    g2 = Erf (g1)
    g3 = Add (g2, one)
    g4 = Mul (c2, g3)
    g5 = Mul (g4, half)
    "p2o.pd_op.pool2d.1.0" = AveragePool <kernel_shape = [12, 2], strides = [12, 2]> (g5)
    n1 = BatchNormalization <epsilon = 0.00001> ("p2o.pd_op.pool2d.1.0", scale, offset, mean, variance)
    s1 = Squeeze <axes = [2]> (n1)
    t1 = Transpose <perm = [0, 2, 1]> (s1)
    m1 = MatMul (t1, head)
    "p2o.pd_op.add.79.0" = Add (m1, head_bias)
    probabilities = Softmax <axis = 2> ("p2o.pd_op.add.79.0")
}"""


@pytest.fixture(scope="module")
def base() -> onnx.ModelProto:
    text = BASE
    for dotted in ("relu.4.0", "pool2d.1.0", "add.79.0"):
        text = text.replace(f'"p2o.pd_op.{dotted}"', dotted.replace(".", "_"))
    model = parser.parse_model(text)
    for node in model.graph.node:
        for names in (node.input, node.output):
            for dotted in ("relu.4.0", "pool2d.1.0", "add.79.0"):
                names[:] = [f"p2o.pd_op.{dotted}" if n == dotted.replace(".", "_") else n for n in names]
    random = np.random.default_rng(0)

    def some(*shape: int) -> NDArray[np.float32]:
        return random.normal(0, 0.2, shape).astype(np.float32)

    values = {
        "stem": some(24, 3, 3, 3),
        "bias": some(1, 24, 1, 1),
        "mix": some(32, 24, 2, 2),
        "root": np.array(np.sqrt(2), np.float32),
        "one": np.array(1, np.float32),
        "half": np.array(0.5, np.float32),
        "scale": np.ones(32, np.float32),
        "offset": some(32),
        "mean": some(32),
        "variance": np.abs(some(32)) + 0.5,
        "head": some(32, CLASSES),
        "head_bias": some(CLASSES),
    }
    model.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in values.items())
    return model


def recipe(samples: int) -> PlateRecipe:
    stage = Stage(samples=samples, rate=3e-3, rate_end=3e-3, severity=0.2)
    package = Source(
        registry="pypi", package="none", version="1", sha256="0" * 64, members=("none.onnx",), upstream="nobody"
    )
    return PlateRecipe(
        kind="plates",
        name="small",
        base=package,
        batch=16,
        stages=[stage],
        validate_every=320,
        validation=40,
        crops="crops",
        refine=Refine(variations=1, drawn=20, passes=2, batch=16),
    )


def rows(work: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (work / "small" / "log.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "crops"
    folder.mkdir(parents=True)
    _, packed = cv2.imencode(".jpg", np.full((24, 94, 3), 90, np.uint8))
    for number in range(10):
        packed.tofile(folder / f"皖A{number:05d}.jpg")
    return tmp_path / "data"


def pictures(count: int) -> NDArray[np.float32]:
    random = np.random.default_rng(1)
    return as_input([random.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8) for _ in range(count)])


def test_the_graph_gives_what_the_runtime_gives(base: onnx.ModelProto) -> None:
    given = pictures(3)
    expected = OnnxSession("base", base.SerializeToString()).run(given)["probabilities"]
    (found,) = GraphNet(base)({"x": from_array(given)}, ("probabilities",))
    assert np.abs(found.detach().numpy() - expected).max() < 1e-5


def test_what_is_frozen_stays_and_the_rest_learns(base: onnx.ModelProto) -> None:
    net = PlateNet(base)
    net.graph.freeze(LATE)
    text, colour = net(from_array(pictures(2)))
    (text.sum() + colour.sum()).backward()
    learns = {name.split(".")[-1] for name, weight in net.named_parameters() if weight.grad is not None}
    assert learns == {"scale", "offset", "head", "head_bias", "weight", "bias"}
    assert net.graph.weights["stem"].grad is None
    with pytest.raises(ModelsError, match="no value 'nonsense' to freeze up to"):
        net.graph.freeze("nonsense")


def test_an_unknown_operation_is_named() -> None:
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["": 11]> a (float[1,4] x) => (float[1,4] y) {y = Tanh (x)}'
    )
    with pytest.raises(ModelsError, match="the operation Tanh"):
        GraphNet(model)


def test_a_run_learns_and_goes_on_where_it_was_stopped(base: onnx.ModelProto, data: Path, tmp_path: Path) -> None:
    PlateTraining(recipe(640), base, data, tmp_path).run()
    first = rows(tmp_path)
    assert [row["seen"] for row in first] == [320, 640, 640]
    assert first[1]["loss"] < first[0]["loss"] / 1.2

    PlateTraining(recipe(960), base, data, tmp_path).run()
    assert [row["seen"] for row in rows(tmp_path)[3:]] == [960, 960]


def test_the_export_reads_as_the_net_does(base: onnx.ModelProto) -> None:
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]
    net = PlateNet(base)
    with torch.no_grad():
        for weight in net.parameters():
            weight += 0.01 * torch.randn_like(weight)
    session = OnnxSession("small", export(net, base, temperature=1.5).SerializeToString())
    images = pictures(2)

    outputs = session.run(images)

    text, colour = net(from_array(images))
    # Weights are stored in half precision.
    assert np.allclose(outputs[TEXT], torch.softmax(text / 1.5, 2).detach().numpy(), atol=2e-3)
    assert np.allclose(outputs[COLOUR], torch.softmax(colour, 1).detach().numpy(), atol=2e-3)
    assert GrammarDecoder(ALPHABET, PATTERNS, LOOKALIKES).decode(outputs[TEXT][0]) is not None


def test_refining_leaves_the_convolutions_and_a_fold_out(base: onnx.ModelProto, data: Path, tmp_path: Path) -> None:
    training = PlateTraining(recipe(16), base, data, tmp_path)
    settings = Refine(variations=2, drawn=8, passes=2, batch=8, rate=1e-2)
    seen = look(training.average, training.sources, training.crops, settings, number=1, bfloat16=False)
    assert len(seen) == 8 + 2 * 10
    assert {row.fold for row in seen} <= {-1, 0, 1, 2, 3, 4}
    net = refined(training.average, seen, settings, without=None, number=1, bfloat16=False)
    assert torch.equal(net.graph.weights["stem"], training.average.graph.weights["stem"])
    assert not torch.equal(net.graph.weights["head"], training.average.graph.weights["head"])
    fold = max(row.fold for row in seen)
    other = refined(training.average, seen, settings, without=fold, number=1, bfloat16=False)
    same = [row for row in seen if row.fold != fold]
    again = refined(training.average, same, settings, without=None, number=1, bfloat16=False)
    assert torch.equal(other.graph.weights["head"], again.graph.weights["head"])


def test_one_command_trains_refines_and_exports(
    base: onnx.ModelProto, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(_source: Source) -> onnx.ModelProto:
        return base

    monkeypatch.setattr(whole, "load_base", made)
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe(16).model_dump_json(), "utf-8")
    result = whole.run(path, data, tmp_path)
    assert result.crops == 10
    assert 0 <= result.cross_validated <= 10
    entry = import_onnx(Zoo(tmp_path / "zoo"), OwnModel(tmp_path / "small" / "small.onnx", "own"))
    assert isinstance(entry.spec.head, CtcHead)
    assert entry.spec.head.alphabet == ALPHABET
    assert entry.spec.thresholds.default == result.threshold
    assert f"| colours | {result.colours:.4f} |" in (entry.folder / "CARD.md").read_text("utf-8")
    assert json.loads((tmp_path / "small" / "result.json").read_text("utf-8"))["crops"] == 10


def test_a_net_that_is_sure_and_wrong_is_told_to_be_less_sure(base: onnx.ModelProto) -> None:
    net = PlateNet(base)
    with torch.no_grad():
        net.graph.weights["head"].zero_()
        net.graph.weights["head_bias"].zero_()
        net.graph.weights["head_bias"][1] = 10
    plate = Sample(np.full((HEIGHT, WIDTH, 3), 9, np.uint8), "皖A12345", 0)
    assert temperature(net, [plate]) > 2


def test_the_threshold_keeps_as_much_as_the_errors_allow() -> None:
    sure, wrong, unsure = (Outcome("A", "A", 0.9, ""), Outcome("A", "B", 0.8, ""), Outcome("A", "A", 0.7, ""))
    assert threshold([sure, wrong, unsure], wrong=0.1) == 0.9
    assert threshold([sure, wrong, unsure], wrong=0.4) == 0.7
    assert threshold([wrong], wrong=0.4) == 1.0
