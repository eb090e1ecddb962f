"""MoveNet (single person) from Google's TensorFlow.js graph model: seventeen joints in COCO's order.

The graph is channels last: convolutions run channels first between pending transposes, and what follows them, the
choice of the person in the middle and of each joint's place, is done as it is written. The graph's own scaling of the
pixels is left to ``model.yaml``: the model begins with the picture as its network wants it.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lookout_models.builders.tfjs import (
    TO_CHANNELS_FIRST,
    TO_CHANNELS_LAST,
    Node,
    OnnxEmitter,
    TfjsGraph,
    fused_into,
    read_tfjs,
)

_INPUT, _SIDE, _JOINTS = "StatefulPartitionedCall/sub_1", 192, 17
#: What TensorFlow fuses into a convolution after its bias, and what ONNX calls it.
_FUSED = {b"Relu": "Relu", b"Relu6": "Clip"}


def build_movenet(topology: Path) -> onnx.ModelProto:
    """The model of ``movenet-lightning.json``: ``image`` (1, 3, 192, 192), RGB from -1 to 1, to ``joints``
    (1, 1, 17, 3): y and x as fractions of the picture, and score 0..1."""
    emitter = PoseEmitter(behind(read_tfjs(topology), _INPUT))
    emitter.begin(_INPUT, "image", (1, 3, _SIDE, _SIDE))
    emitter.emit()
    emitter.concatenate_outputs("joints", ["Identity"], axis=0)
    return emitter.model("movenet-lightning", {"joints": (1, 1, _JOINTS, 3)})


def behind(graph: TfjsGraph, start: str) -> TfjsGraph:
    """The part of the graph that needs nothing before the value ``start``."""
    before: set[str] = set()
    by_name = {node.name: node for node in graph.nodes}
    waiting = [start]
    while waiting:
        node = by_name.get(waiting.pop())
        if node is not None and node.name not in before:
            before.add(node.name)
            waiting += node.inputs
    return replace(graph, nodes=tuple(node for node in graph.nodes if node.name not in before))


class PoseEmitter(OnnxEmitter):
    """Knows the operations of MoveNet as well."""

    def __init__(self, graph: TfjsGraph) -> None:
        super().__init__(graph)
        # Indices are 64 bits wide in ONNX.
        wide = {name: array.astype(np.int64) for name, array in self._constants.items() if array.dtype.kind == "i"}
        self._constants.update(wide)
        self._operations |= {
            "_FusedConv2D": self._fused_convolution,
            "FusedDepthwiseConv2dNative": self._fused_convolution,
            "DepthwiseConv2dNative": self._fused_convolution,
            "AddV2": lambda node: self._add(node) if self._are_pictures(node) else self._binary("Add", node),
            "Mul": lambda node: self._binary("Mul", node),
            "Sub": lambda node: self._binary("Sub", node),
            "RealDiv": lambda node: self._binary("Div", node),
            "FloorDiv": lambda node: self._binary("Div", node),
            "SquaredDifference": self._squared_difference,
            "Sqrt": lambda node: self._pointwise("Sqrt", node),
            "Cast": lambda node: self._keep(node, "Cast", [self._operand(node.inputs[0])], to=TensorProto.FLOAT),
            "ArgMax": self._arg_max,
            "GatherNd": lambda node: self._keep(node, "GatherND", [self._operand(name) for name in node.inputs]),
            "ConcatV2": self._join,
            "Pack": self._pack,
            "Unpack": self._unpack,
            "ExpandDims": self._expand,
        }

    def begin(self, name: str, image: str, shape: Sequence[int]) -> None:
        """Let the input ``image``, channels first, stand for the value ``name``."""
        self._inputs.append(helper.make_tensor_value_info(image, TensorProto.FLOAT, list(shape)))
        self.stand_for(name, image, TO_CHANNELS_LAST)

    def _are_pictures(self, node: Node) -> bool:
        """Whether both sides are layers of the network, which keep their pending transposes."""
        sides = [self.permutation(name) for name in node.inputs]
        return all(side == TO_CHANNELS_LAST for side in sides)

    def _operand(self, name: str) -> str:
        """The ONNX value of a constant or of another node's result, in TensorFlow's own layout."""
        return self._weight(name, self._constants[name]) if name in self._constants else self._plain(name)

    def _keep(self, node: Node, op: str, inputs: Sequence[str], **attributes: Any) -> None:
        self.stand_for(node.name, self._emit(op, inputs, node.name, **attributes))

    def _binary(self, op: str, node: Node) -> None:
        self._keep(node, op, [self._operand(name) for name in node.inputs])

    def _squared_difference(self, node: Node) -> None:
        apart = self._emit("Sub", [self._operand(name) for name in node.inputs], f"{node.name}/apart")
        self._keep(node, "Mul", [apart, apart])

    def _fused_convolution(self, node: Node) -> None:
        """A convolution, perhaps one a channel, with its bias and what bounds it."""
        kernel = self._constants[node.inputs[1]]
        groups = 1 if node.op == "_FusedConv2D" else kernel.shape[2]
        kernel = kernel.transpose(3, 2, 0, 1) if groups == 1 else kernel.transpose(2, 3, 0, 1)
        inputs = [self._plain(node.inputs[0], TO_CHANNELS_FIRST), self._weight(node.inputs[1], kernel)]
        fused = fused_into(node)
        if b"BiasAdd" in fused:
            inputs.append(self._weight(node.inputs[2], self._constants[node.inputs[2]]))
        bound = next((op for name, op in _FUSED.items() if name in fused), None)
        result = self._emit(
            "Conv",
            inputs,
            node.name if bound is None else f"{node.name}/linear",
            auto_pad="SAME_UPPER" if node.attribute("padding", "s") == "SAME" else "VALID",
            group=groups,
            kernel_shape=kernel.shape[2:],
            strides=node.attribute("strides", "list")[1:3],
        )
        if bound == "Clip":
            limits = [self._scalar(f"bound/{end:g}", np.float32(end)) for end in (0.0, 6.0)]
            result = self._emit("Clip", [result, *limits], node.name)
        elif bound is not None:
            result = self._emit(bound, [result], node.name)
        self.stand_for(node.name, result, TO_CHANNELS_LAST)

    def _arg_max(self, node: Node) -> None:
        axis = self._integers(node.inputs[1])[0]
        self._keep(node, "ArgMax", [self._operand(node.inputs[0])], axis=axis, keepdims=0)

    def _join(self, node: Node) -> None:
        axis = self._integers(node.inputs[-1])[0]
        sources = [self._operand(name) for name in node.inputs[:-1]]
        self._keep(node, "Concat", sources, axis=axis)

    def _pack(self, node: Node) -> None:
        axis = int(node.attribute("axis", "i"))
        parts = [
            self._emit("Unsqueeze", [self._operand(name), self._axes(axis)], f"{node.name}/{number}")
            for number, name in enumerate(node.inputs)
        ]
        self._keep(node, "Concat", parts, axis=axis)

    def _unpack(self, node: Node) -> None:
        axis, source = int(node.attribute("axis", "i")), self._operand(node.inputs[0])
        for number in range(int(node.attribute("num", "i"))):
            name = f"{node.name}:{number}" if number else node.name
            index = self._scalar(f"at/{number}", np.int64(number))
            self.stand_for(name, self._emit("Gather", [source, index], name, axis=axis))

    def _expand(self, node: Node) -> None:
        axis = self._integers(node.inputs[1])[0]
        self._keep(node, "Unsqueeze", [self._operand(node.inputs[0]), self._axes(axis)])

    def _scalar(self, name: str, value: np.generic) -> str:
        self._weights[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def _axes(self, axis: int) -> str:
        axes: NDArray[np.int64] = np.array([axis], np.int64)
        return self._weight(f"axis/{axis}", axes)
