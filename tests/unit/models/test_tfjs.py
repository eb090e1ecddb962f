"""A small channels-last graph, as TensorFlow.js stores it, gives the same numbers as numpy."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_models.builders.tfjs import OnnxEmitter, read_tfjs
from lookout_models.errors import ModelsError

VALID = {"s": base64.b64encode(b"VALID").decode()}
CHANNELS_LAST = {"s": base64.b64encode(b"NHWC").decode()}
CONVOLUTION = {
    "padding": VALID,
    "data_format": CHANNELS_LAST,
    "strides": {"list": {"i": ["1", "1", "1", "1"]}},
    "dilations": {"list": {"i": ["1", "1", "1", "1"]}},
}
SHAPE = {"shape": {"shape": {"dim": [{"size": "1"}, {"size": "2"}, {"size": "4"}, {"size": "4"}]}}}

WEIGHTS: dict[str, NDArray[Any]] = {
    "kernel": np.arange(1 * 1 * 2 * 3, dtype=np.float16).reshape(1, 1, 2, 3),
    "bias": np.array([0.5, -1, 2], np.float16),
    "pads": np.array([[0, 0], [0, 0], [1, 1], [1, 1]], np.int32),
    "to_last": np.array([0, 2, 3, 1], np.int32),
    "to_first": np.array([0, 3, 1, 2], np.int32),
    "parts": np.array([1, 2], np.int32),
    "axis": np.array(1, np.int32),
}

NODES: list[dict[str, Any]] = [
    {"name": "x", "op": "Placeholder", "attr": SHAPE},
    {"name": "padded", "op": "Pad", "input": ["x", "pads"]},
    {"name": "last", "op": "Transpose", "input": ["padded", "to_last"]},
    {"name": "conv", "op": "Conv2D", "input": ["last", "kernel"], "attr": CONVOLUTION},
    {"name": "biased", "op": "Add", "input": ["conv", "bias"]},
    {"name": "first", "op": "Transpose", "input": ["biased", "to_first"]},
    {"name": "leaky", "op": "LeakyRelu", "input": ["first"], "attr": {"alpha": {"f": 0.1}}},
    {"name": "split", "op": "SplitV", "input": ["leaky", "parts", "axis"]},
    {"name": "sum", "op": "AddV2", "input": ["split:1", "split:1"]},
]


def store(folder: Path, nodes: list[dict[str, Any]]) -> Path:
    """Write the graph with its constants, the consumers before the producers."""
    constants = [{"name": name, "op": "Const"} for name in WEIGHTS]
    manifest: list[dict[str, Any]] = []
    for name, array in WEIGHTS.items():
        halved = array.dtype == np.float16
        entry: dict[str, Any] = {
            "name": name,
            "shape": list(array.shape),
            "dtype": "float32" if halved else str(array.dtype),
        }
        manifest.append({**entry, "quantization": {"dtype": "float16"}} if halved else entry)
    (folder / "m.bin").write_bytes(b"".join(array.tobytes() for array in WEIGHTS.values()))
    document = {
        "modelTopology": {"node": [*constants, *nodes[::-1]]},
        "weightsManifest": [{"paths": ["m.bin"], "weights": manifest}],
    }
    path = folder / "m.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


def by_numpy(x: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
    kernel = WEIGHTS["kernel"][0, 0].astype(np.float32)
    mixed = np.einsum("nchw,cd->ndhw", padded, kernel) + WEIGHTS["bias"].astype(np.float32)[None, :, None, None]
    leaky: NDArray[np.float32] = np.maximum(mixed, 0.1 * mixed).astype(np.float32)
    return 2 * leaky[:, 1:]


def test_the_onnx_model_computes_the_same(tmp_path: Path) -> None:
    emitter = OnnxEmitter(read_tfjs(store(tmp_path, NODES)))
    emitter.emit()
    emitter.concatenate_outputs("y", ["sum"], axis=0)
    model = emitter.model("small", {"y": (1, 2, 6, 6)})
    operations = [node.op_type for node in model.graph.node]
    assert "Transpose" not in operations, "layouts cancel out"
    assert "Pad" not in operations, "the convolution pads by itself"
    x = np.random.default_rng(1).normal(size=(1, 2, 4, 4)).astype(np.float32)
    result = OnnxSession("small", model.SerializeToString()).run(x)["y"]
    assert result == pytest.approx(by_numpy(x), abs=1e-4)


def test_an_unknown_operation_is_named(tmp_path: Path) -> None:
    nodes = [*NODES[:1], {"name": "odd", "op": "Erfinv", "input": ["x"]}]
    with pytest.raises(ModelsError, match=r"Erfinv \(odd\) has no translation"):
        OnnxEmitter(read_tfjs(store(tmp_path, nodes))).emit()


def test_a_constant_added_to_anything_but_a_convolution_is_refused(tmp_path: Path) -> None:
    nodes = [*NODES[:2], {"name": "odd", "op": "Add", "input": ["padded", "bias"]}]
    with pytest.raises(ModelsError, match="other than a convolution"):
        OnnxEmitter(read_tfjs(store(tmp_path, nodes))).emit()
