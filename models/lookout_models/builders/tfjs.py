"""TensorFlow.js graph models (``model.json`` + one ``.bin``) to ONNX, without TensorFlow.

Only what an inference graph of plain convolutions needs. The graphs this is for came from ONNX in the first place:
every operation with a channels-last layout sits between two transposes. Transposes are therefore not emitted but
carried along as a pending permutation of each value and cancel out, which leaves the channels-first graph one had.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lookout_models.builders.onnx_files import check_model
from lookout_models.errors import ModelsError

Array = NDArray[Any]

IR_VERSION = 8
OPSET = 18
TO_CHANNELS_FIRST = (0, 3, 1, 2)
TO_CHANNELS_LAST = (0, 2, 3, 1)


@dataclass(frozen=True, slots=True)
class Node:
    """One operation of the TensorFlow graph."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def attribute(self, name: str, kind: str) -> Any:
        """The value of an attribute whose protobuf field is ``kind`` (``i``, ``f``, ``b``, ``s`` or ``list``)."""
        value = self.attributes[name][kind]
        if kind == "s":
            return base64.b64decode(value).decode()
        return [int(v) for v in value["i"]] if kind == "list" else value


def fused_into(node: Node) -> tuple[bytes, ...]:
    """What is fused into an operation, in order (``BiasAdd``, ``Relu6``); nothing for one that is alone."""
    fused = node.attributes.get("fused_ops", {}).get("list", {}).get("s", ())
    return tuple(base64.b64decode(name) for name in fused)


@dataclass(frozen=True, slots=True)
class TfjsGraph:
    """A graph in execution order with its constants (float16 where the weights were stored so)."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, Array]


def read_tfjs(topology: Path) -> TfjsGraph:
    """Read ``topology`` (the ``.json``) and the weight files it names beside it."""
    document = json.loads(topology.read_text("utf-8"))
    constants: dict[str, Array] = {}
    for group in document["weightsManifest"]:
        data = b"".join((topology.parent / name).read_bytes() for name in group["paths"])
        constants.update(_read_weights(group["weights"], data))
    nodes = [
        Node(n["name"], n["op"], tuple(n.get("input", ())), n.get("attr", {}))
        for n in document["modelTopology"]["node"]
        if n["op"] != "Const"
    ]
    return TfjsGraph(tuple(_in_execution_order(nodes)), constants)


def _read_weights(weights: Sequence[Mapping[str, Any]], data: bytes) -> dict[str, Array]:
    read: dict[str, Array] = {}
    offset = 0
    for weight in weights:
        stored = weight.get("quantization", {}).get("dtype", weight["dtype"])
        if stored not in ("float16", "float32", "int32"):
            raise ModelsError(f"weights stored as {stored} are not supported; use a float16 or float32 graph model")
        kind = np.dtype(stored).newbyteorder("<")
        count = int(np.prod(weight["shape"], dtype=np.int64))
        read[weight["name"]] = np.frombuffer(data, kind, count, offset).reshape(weight["shape"])
        offset += count * kind.itemsize
    return read


def _in_execution_order(nodes: Sequence[Node]) -> list[Node]:
    by_name = {node.name: node for node in nodes}
    ordered: dict[str, Node] = {}

    def visit(node: Node) -> None:
        if node.name in ordered:
            return
        for name in node.inputs:
            producer = by_name.get(name.split(":")[0])
            if producer is not None:
                visit(producer)
        ordered[node.name] = node

    for node in nodes:
        visit(node)
    return list(ordered.values())


@dataclass(frozen=True, slots=True)
class Value:
    """An ONNX value and the permutation that turns it into what TensorFlow sees."""

    name: str
    permutation: tuple[int, ...] = ()

    def permuted(self, permutation: Sequence[int]) -> "Value":
        """The same data, transposed once more."""
        if not self.permutation:
            return Value(self.name, _unless_identity(permutation))
        return Value(self.name, _unless_identity([self.permutation[axis] for axis in permutation]))


def _unless_identity(permutation: Sequence[int]) -> tuple[int, ...]:
    return () if list(permutation) == sorted(permutation) else tuple(permutation)


def _with_users(nodes: Sequence[onnx.NodeProto], wanted: set[str]) -> list[onnx.NodeProto]:
    """The nodes that the wanted values depend on, in the order given."""
    needed = set(wanted)
    kept: list[onnx.NodeProto] = []
    for node in reversed(nodes):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    return kept[::-1]


class OnnxEmitter:
    """Builds the ONNX graph of a :class:`TfjsGraph`; one method an operation, found by its name."""

    def __init__(self, graph: TfjsGraph) -> None:
        self._graph = graph
        self._constants = dict(graph.constants)
        self._values: dict[str, Value] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._producers: dict[str, onnx.NodeProto] = {}
        self._paddings: dict[str, Array] = {}
        self._widenings: list[onnx.NodeProto] = []
        self._weights: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._operations: dict[str, Callable[[Node], None]] = {
            "Placeholder": self._placeholder,
            "Identity": self._identity,
            "Transpose": self._transpose,
            "SparseToDense": self._sparse_to_dense,
            "Add": self._add,
            "AddV2": self._add,
            "Conv2D": self._convolution,
            "MaxPool": self._max_pool,
            "Pad": self._pad,
            "PadV2": self._pad,
            "LeakyRelu": self._leaky_relu,
            "Sigmoid": lambda node: self._pointwise("Sigmoid", node),
            "ConcatV2": self._concatenate,
            "SplitV": self._split,
            "ResizeBilinear": self._resize,
            "Reshape": self._reshape,
        }

    def emit(self) -> None:
        """Translate every operation, in order."""
        for node in self._graph.nodes:
            operation = self._operations.get(node.op)
            if operation is None:
                raise ModelsError(f"TensorFlow operation {node.op} ({node.name}) has no translation to ONNX here")
            operation(node)

    def stand_for(self, name: str, value: str, permutation: Sequence[int] = ()) -> None:
        """Let the ONNX value ``value``, transposed by ``permutation``, be what TensorFlow calls ``name``."""
        self._values[name] = Value(value, tuple(permutation))

    def permutation(self, name: str) -> tuple[int, ...]:
        """The pending permutation of a value; none of a constant."""
        return self._values[name].permutation if name in self._values else ()

    def concatenate_outputs(self, name: str, sources: Sequence[str], axis: int) -> None:
        """Join values of the TensorFlow graph into one output of the model."""
        self._nodes.append(helper.make_node("Concat", [self._plain(s) for s in sources], [name], name=name, axis=axis))

    def model(self, name: str, outputs: Mapping[str, Sequence[int]]) -> onnx.ModelProto:
        """The finished, checked model; ``outputs`` gives names and shapes."""
        infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, list(shape)) for n, shape in outputs.items()]
        nodes = _with_users([*self._widenings, *self._nodes], set(outputs))
        used = {source for node in nodes for source in node.input}
        weights = [tensor for key, tensor in self._weights.items() if key in used]
        graph = helper.make_graph(nodes, name, self._inputs, infos, weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="lookout-models")
        model.ir_version = IR_VERSION
        check_model(model)
        return model

    def _emit(self, op: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        node = helper.make_node(op, list(inputs), [output], name=output, **attributes)
        self._nodes.append(node)
        self._producers[output] = node
        return output

    def _value(self, name: str) -> Value:
        return self._values[name]

    def _plain(self, name: str, view: Sequence[int] = ()) -> str:
        """Name of the ONNX value that holds ``name`` (transposed by ``view``), with a Transpose where one is left."""
        value = self._value(name).permuted(view) if view else self._value(name)
        if not value.permutation:
            return value.name
        output = f"{value.name}/" + "".join(map(str, value.permutation))
        if output in self._producers:
            return output
        return self._emit("Transpose", [value.name], output, perm=value.permutation)

    def _weight(self, name: str, array: Array) -> str:
        """Store an initializer. float16 stays so on disk and is widened once, when the session loads."""
        if name in self._weights:
            return name if array.dtype != np.float16 else f"{name}/float32"
        native = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("=")))
        self._weights[name] = numpy_helper.from_array(native, name)
        if array.dtype != np.float16:
            return name
        wide = f"{name}/float32"
        self._widenings.append(helper.make_node("Cast", [name], [wide], name=wide, to=TensorProto.FLOAT))
        return wide

    def _integers(self, name: str) -> list[int]:
        return [int(v) for v in np.atleast_1d(self._constants[name])]

    def _placeholder(self, node: Node) -> None:
        shape = [int(d["size"]) for d in node.attributes["shape"]["shape"]["dim"]]
        self._inputs.append(helper.make_tensor_value_info(node.name, TensorProto.FLOAT, shape))
        self._values[node.name] = Value(node.name)

    def _identity(self, node: Node) -> None:
        self._values[node.name] = self._value(node.inputs[0])

    def _transpose(self, node: Node) -> None:
        self._values[node.name] = self._value(node.inputs[0]).permuted(self._integers(node.inputs[1]))

    def _sparse_to_dense(self, node: Node) -> None:
        indices, shape, values, default = (self._constants[name] for name in node.inputs)
        dense = np.full(tuple(int(s) for s in shape), default)
        for index, value in zip(indices, np.atleast_1d(values), strict=False):
            dense[tuple(index)] = value
        self._constants[node.name] = dense

    def _add(self, node: Node) -> None:
        left, right = node.inputs
        if left in self._constants and right in self._constants:
            self._constants[node.name] = self._constants[left] + self._constants[right]
        elif right in self._constants:
            self._add_bias(node, self._value(left), right)
        else:
            view = self._value(left).permutation
            inverse = [int(i) for i in np.argsort(view)] if view else []
            name = self._emit("Add", [self._value(left).name, self._plain(right, inverse)], node.name)
            self._values[node.name] = Value(name, view)

    def _add_bias(self, node: Node, value: Value, bias: str) -> None:
        """A bias a channel belongs into the convolution before it."""
        convolution = self._producers[value.name]
        if convolution.op_type != "Conv" or value.permutation != TO_CHANNELS_LAST or len(convolution.input) != 2:
            raise ModelsError(f"{node.name} adds a constant to something other than a convolution")
        convolution.input.append(self._weight(bias, self._constants[bias]))
        self._values[node.name] = value

    def _convolution(self, node: Node) -> None:
        self._require_valid_channels_last(node)
        kernel = self._constants[node.inputs[1]].transpose(3, 2, 0, 1)
        strides = cast(list[int], node.attribute("strides", "list"))[1:3]
        dilations = cast(list[int], node.attribute("dilations", "list"))[1:3]
        source, pads = self._without_padding(self._plain(node.inputs[0], TO_CHANNELS_FIRST))
        inputs = [source, self._weight(node.inputs[1], kernel)]
        shape = {"kernel_shape": kernel.shape[2:], "strides": strides, "dilations": dilations, "pads": pads}
        name = self._emit("Conv", inputs, node.name, **shape)
        self._values[node.name] = Value(name, TO_CHANNELS_LAST)

    def _without_padding(self, name: str) -> tuple[str, list[int]]:
        """A zero padding of height and width becomes the convolution's own; the Pad itself is left without users."""
        padding = self._producers.get(name)
        if padding is None or padding.op_type != "Pad" or len(padding.input) != 2:
            return name, [0, 0, 0, 0]
        before_after = self._paddings[name]
        return padding.input[0], [int(v) for v in before_after[2:].T.reshape(-1)]

    def _max_pool(self, node: Node) -> None:
        self._require_valid_channels_last(node)
        size = cast(list[int], node.attribute("ksize", "list"))[1:3]
        strides = cast(list[int], node.attribute("strides", "list"))[1:3]
        source = self._plain(node.inputs[0], TO_CHANNELS_FIRST)
        name = self._emit("MaxPool", [source], node.name, kernel_shape=size, strides=strides)
        self._values[node.name] = Value(name, TO_CHANNELS_LAST)

    def _require_valid_channels_last(self, node: Node) -> None:
        if node.attribute("padding", "s") != "VALID" or node.attribute("data_format", "s") != "NHWC":
            raise ModelsError(f"{node.name} is not a channels-last operation without padding")

    def _pad(self, node: Node) -> None:
        before_after = self._constants[node.inputs[1]].astype(np.int64)
        if not before_after.any():
            self._values[node.name] = self._value(node.inputs[0])
            return
        self._paddings[node.name] = before_after
        pads = self._weight(f"{node.name}/pads", before_after.T.reshape(-1))
        inputs = [self._plain(node.inputs[0]), pads]
        if len(node.inputs) == 3:
            inputs.append(self._weight(node.inputs[2], self._constants[node.inputs[2]]))
        self._values[node.name] = Value(self._emit("Pad", inputs, node.name, mode="constant"))

    def _leaky_relu(self, node: Node) -> None:
        self._pointwise("LeakyRelu", node, alpha=float(node.attribute("alpha", "f")))

    def _pointwise(self, op: str, node: Node, **attributes: Any) -> None:
        value = self._value(node.inputs[0])
        self._values[node.name] = Value(self._emit(op, [value.name], node.name, **attributes), value.permutation)

    def _concatenate(self, node: Node) -> None:
        axis = self._integers(node.inputs[-1])[0]
        sources = [self._plain(name) for name in node.inputs[:-1]]
        self._values[node.name] = Value(self._emit("Concat", sources, node.name, axis=axis))

    def _split(self, node: Node) -> None:
        sizes = np.asarray(self._integers(node.inputs[1]), np.int64)
        inputs = [self._plain(node.inputs[0]), self._weight(f"{node.name}/sizes", sizes)]
        outputs = [node.name] + [f"{node.name}:{i}" for i in range(1, len(sizes))]
        axis = self._integers(node.inputs[2])[0]
        self._nodes.append(helper.make_node("Split", inputs, outputs, name=node.name, axis=axis))
        self._values.update({name: Value(name) for name in outputs})

    def _resize(self, node: Node) -> None:
        if not node.attribute("half_pixel_centers", "b"):
            raise ModelsError(f"{node.name} resizes without half-pixel centres")
        size = np.asarray(self._integers(node.inputs[1]), np.int64)
        inputs = [self._plain(node.inputs[0], TO_CHANNELS_FIRST), "", "", self._weight(f"{node.name}/size", size)]
        name = self._emit(
            "Resize", inputs, node.name, mode="linear", coordinate_transformation_mode="half_pixel", axes=[2, 3]
        )
        self._values[node.name] = Value(name, TO_CHANNELS_LAST)

    def _reshape(self, node: Node) -> None:
        shape = self._weight(f"{node.name}/shape", self._constants[node.inputs[1]].astype(np.int64))
        self._values[node.name] = Value(self._emit("Reshape", [self._plain(node.inputs[0]), shape], node.name))
