"""Two runs' weights become their mean, and only two runs of one net do."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from lookout_models.errors import UsageError
from lookout_models.mixing import mixed


def net(path: Path, weights: list[float], operation: str = "Add") -> Path:
    values = helper.make_tensor_value_info("values", TensorProto.FLOAT16, [len(weights)])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT16, [len(weights)])
    named = [
        numpy_helper.from_array(np.array(weights, np.float16), "weights"),
        numpy_helper.from_array(np.array([7]), "shape"),
    ]
    graph = helper.make_graph(
        [helper.make_node(operation, ["values", "weights"], ["out"])], "net", [values], [out], named
    )
    path.write_bytes(helper.make_model(graph).SerializeToString())
    return path


def test_every_weight_goes_its_share_of_the_way(tmp_path: Path) -> None:
    first, second = net(tmp_path / "a.onnx", [0.0, 1.0, -2.0]), net(tmp_path / "b.onnx", [4.0, 1.0, 2.0])
    model = onnx.load_from_string(mixed(first, second, 0.25))
    values = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    assert values["weights"].tolist() == [1.0, 1.0, -1.0]
    assert values["weights"].dtype == np.float16
    assert values["shape"].tolist() == [7]


def test_nothing_of_the_other_leaves_the_first_as_it_is(tmp_path: Path) -> None:
    first, second = net(tmp_path / "a.onnx", [0.5, 0.25]), net(tmp_path / "b.onnx", [4.0, 1.0])
    assert mixed(first, second, 0.0) == first.read_bytes()


@pytest.mark.parametrize(("weights", "operation"), [([1.0, 2.0, 3.0], "Add"), ([1.0, 2.0], "Mul")])
def test_another_net_is_refused(tmp_path: Path, weights: list[float], operation: str) -> None:
    other = net(tmp_path / "b.onnx", weights, operation)
    with pytest.raises(UsageError, match="not the same net"):
        mixed(net(tmp_path / "a.onnx", [1.0, 2.0]), other, 0.5)


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "b.onnx").write_text("nothing")
    first = net(tmp_path / "a.onnx", [1.0])
    with pytest.raises(UsageError, match=r"b\.onnx is no ONNX file"):
        mixed(first, tmp_path / "b.onnx", 0.5)
    (tmp_path / "d.onnx").write_bytes(b"")
    with pytest.raises(UsageError, match=r"d\.onnx is no ONNX file: it holds no net"):
        mixed(tmp_path / "d.onnx", tmp_path / "d.onnx", 0.5)
    with pytest.raises(UsageError, match=r"cannot read .*c\.onnx"):
        mixed(first, tmp_path / "c.onnx", 0.5)
