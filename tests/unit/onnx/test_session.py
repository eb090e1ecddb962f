from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from onnx import TensorProto, helper

from lookout_edge.adapters.onnx.session import OnnxSession, available_providers, check_started, choose_providers
from lookout_edge.errors import ModelError


def doubling() -> bytes:
    """A model that adds its input to itself."""
    shape = [1, 3]
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "x"], ["y"])],
        "doubling",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 8
    return model.SerializeToString()


def test_outputs_come_by_name() -> None:
    session = OnnxSession("doubling", doubling())
    assert session.providers == ("CPUExecutionProvider",)
    assert session.run(np.array([[1, 2, 3]], np.float32))["y"].tolist() == [[2, 4, 6]]


def test_threads_share_a_session() -> None:
    session = OnnxSession("doubling", doubling())

    def double(number: int) -> float:
        return float(session.run(np.full((1, 3), number, np.float32))["y"][0, 0])

    with ThreadPoolExecutor(4) as pool:
        outputs = list(pool.map(double, range(64)))
    assert outputs == [2 * i for i in range(64)]


def test_what_is_no_model_is_refused_in_a_sentence() -> None:
    with pytest.raises(ModelError, match="cannot load model broken"):
        OnnxSession("broken", b"nothing like a model")


def test_a_wrong_input_is_refused_in_a_sentence() -> None:
    with pytest.raises(ModelError, match=r"model doubling failed on an input of \(2, 2\)"):
        OnnxSession("doubling", doubling()).run(np.zeros((2, 2), np.float32))


def test_providers_go_by_short_or_full_name() -> None:
    assert choose_providers(["cpu"]) == choose_providers(["CPUExecutionProvider"]) == ("CPUExecutionProvider",)


def test_a_provider_that_did_not_start_is_not_replaced_in_silence() -> None:
    check_started("net", ["CUDAExecutionProvider"], ["CUDAExecutionProvider", "CPUExecutionProvider"])
    with pytest.raises(ModelError, match=r"net was to run on CUDA.*did not start.*only CPUExecutionProvider is left"):
        check_started("net", ["CUDAExecutionProvider"], ["CPUExecutionProvider"])


def test_a_provider_that_is_not_there_lists_those_that_are() -> None:
    with pytest.raises(ModelError) as caught:
        choose_providers(["cpu", "openvino"])
    assert "install onnxruntime-openvino" in str(caught.value)
    assert all(name in str(caught.value) for name in available_providers())
