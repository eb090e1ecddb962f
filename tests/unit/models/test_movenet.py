"""What MoveNet's graph needs beside plain convolutions gives the same numbers as numpy."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_models.builders.movenet import PoseEmitter, behind
from lookout_models.builders.tfjs import read_tfjs

Array = NDArray[Any]
SIDE = 6


def fused(*names: str, stride: int = 1, padding: str = "SAME") -> dict[str, Any]:
    """The attributes of a convolution with what is fused into it."""
    return {
        "padding": {"s": base64.b64encode(padding.encode()).decode()},
        "strides": {"list": {"i": ["1", str(stride), str(stride), "1"]}},
        "fused_ops": {"list": {"s": [base64.b64encode(name.encode()).decode() for name in names]}},
    }


RANDOM = np.random.default_rng(3)
WEIGHTS: dict[str, Array] = {
    "kernel": RANDOM.normal(size=(3, 3, 2, 4)).astype(np.float32),
    "bias": RANDOM.normal(size=4).astype(np.float32),
    "each": RANDOM.normal(size=(3, 3, 4, 1)).astype(np.float32),
    "point": RANDOM.normal(size=(1, 1, 4, 3)).astype(np.float32),
    "near": RANDOM.uniform(0.5, 1, size=(3, 3, 1)).astype(np.float32),
    "flat": np.array([1, 9, 3], np.int32),
    "one": np.array(1, np.int32),
    "last": np.array(-1, np.int32),
    "row": np.array(3, np.int32),
    "nine": np.array([1, 3], np.int32),
    "half": np.array(0.5, np.float32),
}
#: The best place of each of three maps, weighed by ``near``: row, column + 1/2, squared distance, its root.
NODES: list[dict[str, Any]] = [
    {"name": "pixels", "op": "Placeholder", "attr": {}},
    {"name": "x", "op": "Mul", "input": ["pixels", "half"]},
    {
        "name": "conv",
        "op": "_FusedConv2D",
        "input": ["x", "kernel", "bias"],
        "attr": fused("BiasAdd", "Relu6", stride=2),
    },
    {"name": "deep", "op": "FusedDepthwiseConv2dNative", "input": ["conv", "each", "bias"], "attr": fused("BiasAdd")},
    {"name": "sum", "op": "AddV2", "input": ["conv", "deep"]},
    {"name": "maps", "op": "_FusedConv2D", "input": ["sum", "point"], "attr": fused("Relu", padding="VALID")},
    {"name": "weighed", "op": "Mul", "input": ["maps", "near"]},
    {"name": "places", "op": "Reshape", "input": ["weighed", "flat"]},
    {"name": "best", "op": "ArgMax", "input": ["places", "one"]},
    {"name": "down", "op": "FloorDiv", "input": ["best", "row"]},
    {"name": "whole", "op": "Mul", "input": ["down", "row"]},
    {"name": "along", "op": "Sub", "input": ["best", "whole"]},
    {"name": "y", "op": "Cast", "input": ["down"]},
    {"name": "x0", "op": "Cast", "input": ["along"]},
    {"name": "x1", "op": "AddV2", "input": ["x0", "half"]},
    {"name": "apart", "op": "SquaredDifference", "input": ["y", "x1"]},
    {"name": "root", "op": "Sqrt", "input": ["apart"]},
    {"name": "pairs", "op": "Pack", "input": ["y", "x1"], "attr": {"axis": {"i": "2"}}},
    {"name": "only", "op": "Unpack", "input": ["pairs"], "attr": {"axis": {"i": "0"}, "num": {"i": "1"}}},
    {"name": "again", "op": "ExpandDims", "input": ["only", "row0"]},
    {"name": "far", "op": "ExpandDims", "input": ["root", "last"]},
    {"name": "told", "op": "ConcatV2", "input": ["again", "far", "last"]},
]
WEIGHTS["row0"] = np.array(0, np.int32)


def store(folder: Path, weights: Mapping[str, Array]) -> Path:
    """The graph as TensorFlow.js keeps it."""
    manifest = [{"name": name, "shape": list(a.shape), "dtype": str(a.dtype)} for name, a in weights.items()]
    (folder / "m.bin").write_bytes(b"".join(array.tobytes() for array in weights.values()))
    nodes = [*({"name": name, "op": "Const"} for name in weights), *NODES]
    topology = {"modelTopology": {"node": nodes}, "weightsManifest": [{"paths": ["m.bin"], "weights": manifest}]}
    (folder / "m.json").write_text(json.dumps(topology), "utf-8")
    return folder / "m.json"


def convolved(x: Array, kernel: Array, stride: int, *, each: bool = False) -> Array:
    """TensorFlow's padding SAME: what is odd goes below and to the right."""
    side, size = x.shape[1], kernel.shape[0]
    out = -(-side // stride)
    total = max(0, (out - 1) * stride + size - side)
    before = total // 2
    padded = np.pad(x, [(0, 0), (before, total - before), (before, total - before), (0, 0)])
    rule = "nhwc,hwc->nc" if each else "nhwc,hwcd->nd"
    cells = [
        [
            np.einsum(rule, padded[:, r : r + size, c : c + size], kernel[..., 0] if each else kernel)
            for c in range(0, out * stride, stride)
        ]
        for r in range(0, out * stride, stride)
    ]
    return np.array(cells).transpose(2, 0, 1, 3)


def by_numpy(x: Array) -> Array:
    conv = np.clip(convolved(x, WEIGHTS["kernel"], 2) + WEIGHTS["bias"], 0, 6)
    deep = convolved(conv, WEIGHTS["each"], 1, each=True) + WEIGHTS["bias"]
    maps = np.maximum(0, (conv + deep) @ WEIGHTS["point"][0, 0])
    best = (maps * WEIGHTS["near"]).reshape(9, 3).argmax(axis=0)
    y, x1 = best // 3, best % 3 + 0.5
    return np.stack([y, x1, np.abs(y - x1)], axis=1)[None]


@pytest.mark.parametrize("seed", range(4))
def test_the_operations_compute_the_same(tmp_path: Path, seed: int) -> None:
    emitter = PoseEmitter(behind(read_tfjs(store(tmp_path, WEIGHTS)), "x"))
    emitter.begin("x", "image", (1, 2, SIDE, SIDE))
    emitter.emit()
    emitter.concatenate_outputs("joints", ["told"], axis=0)
    session = OnnxSession("small", emitter.model("small", {"joints": (1, 3, 3)}).SerializeToString())
    x = np.random.default_rng(seed).normal(size=(1, SIDE, SIDE, 2)).astype(np.float32)
    result = session.run(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))["joints"]
    assert result == pytest.approx(by_numpy(x), abs=1e-4)
