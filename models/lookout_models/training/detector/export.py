"""A trained net as ONNX: coco-nano's own graph with other weights, classes and input size.

So it runs wherever coco-nano runs, costs the same, and keeps its weights in half precision as coco-nano does.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lookout_models.training.detector.net import BINS, SIDES, STRIDES, NanoDet, source_number, source_order

_COCO_CLASSES = 80
_TEMPLATE_SIZE = 416

Array = NDArray[np.floating[Any]] | NDArray[np.int64]


def export(net: NanoDet, template: Path, size: int) -> onnx.ModelProto:
    """ONNX with ``scores`` 1 × L × C (0..1) and ``distances`` 1 × L × 44 for a 1 × 3 × ``size`` × ``size`` input."""
    model = onnx.load_from_string(template.read_bytes())
    classes = net.class_count
    replaced: dict[str, Array] = {**_weights(net, model.graph), **_sizes(model.graph, size, classes)}
    for index, old in enumerate(model.graph.initializer):
        if old.name in replaced:
            model.graph.initializer[index].CopyFrom(numpy_helper.from_array(replaced[old.name], old.name))
    _declare(model.graph, size, classes)
    model.graph.name = "community-nano"
    del model.graph.value_info[:]
    onnx.checker.check_model(model, full_check=True)  # pyright: ignore[reportUnknownMemberType]
    return model


def _weights(net: NanoDet, graph: onnx.GraphProto) -> dict[str, Array]:
    """Initialiser name → new weight or bias, in the precision in which the template stores it."""
    stored = {i.name: i.data_type for i in graph.initializer}
    behind = {n.output[0]: n.input[0] for n in graph.node if n.op_type == "Cast"}
    nodes = sorted((n for n in graph.node if n.op_type == "Conv"), key=lambda n: source_number(n.output[0]))
    values: dict[str, Array] = {}
    for node, (weight, bias) in zip(nodes, source_order(net), strict=True):
        for name, value in zip(node.input[1:], (weight, bias), strict=True):
            source = behind.get(name, name)
            values[source] = value.astype(np.float16 if stored[source] == TensorProto.FLOAT16 else np.float32)
    return values


def _sizes(graph: onnx.GraphProto, size: int, classes: int) -> dict[str, Array]:
    """Constants of the graph that name the number of classes or a map's side."""
    sides = {_TEMPLATE_SIZE // stride: size // stride for stride in STRIDES}
    constants: Mapping[str, NDArray[np.int64]] = {
        i.name: numpy_helper.to_array(i) for i in graph.initializer if i.data_type == TensorProto.INT64
    }
    changed: dict[str, Array] = {}
    for node in graph.node:
        if node.op_type == "Resize":
            changed[node.input[3]] = np.array([sides[int(v)] for v in constants[node.input[3]]], np.int64)
        elif node.op_type in ("Split", "Reshape"):
            old = constants[node.input[1]]
            changed[node.input[1]] = np.where(old == _COCO_CLASSES, classes, old).astype(np.int64)
    return changed


def _declare(graph: onnx.GraphProto, size: int, classes: int) -> None:
    locations = sum((size // stride) ** 2 for stride in STRIDES)
    shapes = {"scores": (1, locations, classes), "distances": (1, locations, SIDES * BINS)}
    entry = helper.make_tensor_value_info(graph.input[0].name, TensorProto.FLOAT, (1, 3, size, size))
    graph.input[0].CopyFrom(entry)
    for output in graph.output:
        output.CopyFrom(helper.make_tensor_value_info(output.name, TensorProto.FLOAT, shapes[output.name]))
