"""An ONNX graph as a torch module: its weights are trained in place and put back, so the file keeps its own operations.

Nothing is traced or exported: what the gateway runs is the graph that came, with other numbers in it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from lookout_models.errors import ModelsError
from lookout_models.training.torched import from_array

Attributes = Mapping[str, Any]
Operation = Callable[[Sequence[Tensor], Attributes], Tensor]

#: Float constants with fewer numbers are settings of the graph (an epsilon, a scale), not weights.
_LEAST_WEIGHTS = 6
#: Positions of the running mean and variance among a batch normalisation's inputs: kept, never trained.
_STATISTICS = slice(3, 5)


@dataclass(frozen=True, slots=True)
class _Node:
    kind: str
    inputs: tuple[str, ...]
    output: str
    attributes: Attributes


class GraphNet(nn.Module):
    """Runs ``model`` (opset 11 to 17, the operations of a convolutional text reader) up to the values asked for.

    The weights are parameters. Batch normalisation keeps the statistics that it came with. Raises ModelsError for
    an operation that is not known here.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        super().__init__()
        self._input = model.graph.input[0].name
        self._plans: dict[tuple[tuple[str, ...], tuple[str, ...]], list[_Node]] = {}
        biases = {name for name, array in _constants(model) if array.ndim == 4 and array.shape[1] == array.size}
        self._nodes = _simplified([_node(n) for n in model.graph.node if n.op_type != "Constant"], biases)
        unknown = sorted({node.kind for node in self._nodes} - set(_OPERATIONS))
        if unknown:
            raise ModelsError(f"cannot train a graph with the operation {', '.join(unknown)}")
        kept = {name for n in self._nodes if n.kind == "BatchNormalization" for name in n.inputs[_STATISTICS]}
        self._constants: dict[str, Tensor] = {}
        self.weights = nn.ParameterDict()
        for name, array in _constants(model):
            if array.dtype == np.float32 and array.size >= _LEAST_WEIGHTS and name not in kept:
                self.weights[_key(name)] = nn.Parameter(from_array(array))
            else:
                self._constants[name] = from_array(array)

    def forward(self, given: Mapping[str, Tensor], wanted: tuple[str, ...]) -> list[Tensor]:
        """The values called ``wanted``, from values called as in ``given``: the graph's input or what comes later."""
        values = {**self._constants, **{_name(k): w for k, w in self.weights.items()}, **given}
        for node in self._needed(tuple(given), wanted):
            values[node.output] = _OPERATIONS[node.kind]([values[name] for name in node.inputs], node.attributes)
        return [values[name] for name in wanted]

    @property
    def input(self) -> str:
        """The name of the graph's input."""
        return self._input

    def _needed(self, given: tuple[str, ...], wanted: tuple[str, ...]) -> list[_Node]:
        """The nodes that ``wanted`` depends on where ``given`` is there already, in order."""
        if (given, wanted) not in self._plans:
            needed, plan = set(wanted), list[_Node]()
            for node in reversed(self._nodes):
                if node.output in needed and node.output not in given:
                    needed.update(node.inputs)
                    plan.append(node)
            self._plans[given, wanted] = plan[::-1]
        return self._plans[given, wanted]

    def freeze(self, until: str) -> None:
        """Leave every weight that the value ``until`` depends on as it is. ModelsError when there is no such value."""
        if until not in {node.output for node in self._nodes}:
            raise ModelsError(f"the graph has no value '{until}' to freeze up to; look at it with a viewer for ONNX")
        for node in self._needed((), (until,)):
            for name in node.inputs:
                if _key(name) in self.weights:
                    self.weights[_key(name)].requires_grad_(False)

    def write_back(self, model: onnx.ModelProto) -> None:
        """Put the weights as they are now into ``model``, which must be the one that this net was made of."""
        tensors = {tensor.name: tensor for tensor in _tensors(model)}
        for key, weight in self.weights.items():
            name = _name(key)
            tensors[name].CopyFrom(numpy_helper.from_array(weight.detach().numpy(), name))


def _node(node: onnx.NodeProto) -> _Node:
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    return _Node(node.op_type, tuple(node.input), node.output[0], attributes)


def _simplified(nodes: Sequence[_Node], biases: Collection[str]) -> list[_Node]:
    """The nodes with GELU written out as one node, and a convolution with the ``biases`` added to it as one."""
    by_output = {node.output: node for node in nodes}
    return [_gelu(node, by_output) or _biased(node, by_output, biases) or node for node in nodes]


def _biased(last: _Node, by_output: Mapping[str, _Node], biases: Collection[str]) -> _Node | None:
    conv = by_output.get(last.inputs[0])
    if last.kind != "Add" or conv is None or conv.kind != "Conv" or last.inputs[1] not in biases:
        return None
    return _Node("Conv", (*conv.inputs, last.inputs[1]), last.output, conv.attributes)


def _gelu(last: _Node, by_output: Mapping[str, _Node]) -> _Node | None:
    """``last`` as a Gelu node when it ends that chain."""
    chain = [last]
    for kind in ("Mul", "Add", "Erf", "Div"):
        before = [by_output[name] for name in chain[-1].inputs if name in by_output and by_output[name].kind == kind]
        if len(before) != 1:
            return None
        chain.append(before[0])
    return _Node("Gelu", chain[-1].inputs[:1], last.output, {}) if last.kind == "Mul" else None


def _tensors(model: onnx.ModelProto) -> Iterable[onnx.TensorProto]:
    yield from model.graph.initializer
    for node in model.graph.node:
        if node.op_type == "Constant":
            node.attribute[0].t.name = node.output[0]
            yield node.attribute[0].t


def _constants(model: onnx.ModelProto) -> Iterable[tuple[str, NDArray[Any]]]:
    for tensor in _tensors(model):
        array: NDArray[Any] = numpy_helper.to_array(tensor)
        yield tensor.name, array.copy()


def _key(name: str) -> str:
    # A parameter's name may hold no dots, an ONNX tensor's does.
    return name.replace(".", "/")


def _name(key: str) -> str:
    return key.replace("/", ".")


def _padded(x: Tensor, attributes: Attributes, fill: float = 0.0) -> Tensor:
    """``x`` with the borders that the convolution or pool asks for; its strides must be 1 where it asks for SAME."""
    if attributes.get("auto_pad", b"NOTSET") == b"SAME_UPPER":
        extra = [size - 1 for size in attributes["kernel_shape"]]
        before, after = [e // 2 for e in extra], [e - e // 2 for e in extra]
    else:
        pads = list(attributes.get("pads", (0, 0, 0, 0)))
        before, after = pads[:2], pads[2:]
    if not any([*before, *after]):
        return x
    return functional.pad(x, (before[1], after[1], before[0], after[0]), value=fill)


def _conv(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    bias = inputs[2].flatten() if len(inputs) > 2 else None
    x = inputs[0]
    same = attributes.get("auto_pad", b"NOTSET") == b"SAME_UPPER"
    pads = list(attributes.get("pads", (0, 0, 0, 0)))
    symmetric = not same and pads[:2] == pads[2:]
    return functional.conv2d(
        x if symmetric else _padded(x, attributes),
        inputs[1],
        bias,
        stride=tuple(attributes.get("strides", (1, 1))),
        padding=tuple(pads[:2]) if symmetric else 0,
        groups=attributes.get("group", 1),
    )


def _max_pool(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    x = _padded(inputs[0], attributes, float("-inf"))
    return functional.max_pool2d(x, attributes["kernel_shape"], attributes["strides"])


def _average_pool(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    return functional.avg_pool2d(inputs[0], attributes["kernel_shape"], attributes["strides"])


def _batch_norm(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    x, scale, offset, mean, variance = inputs
    return functional.batch_norm(x, mean, variance, scale, offset, eps=attributes["epsilon"])


def _mean(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    return inputs[0].mean(tuple(attributes["axes"]), keepdim=bool(attributes.get("keepdims", 1)))


def _reshape(inputs: Sequence[Tensor], _attributes: Attributes) -> Tensor:
    x, shape = inputs
    # ONNX: 0 keeps the size that was there.
    return x.reshape([x.shape[i] if size == 0 else size for i, size in enumerate(_whole(shape))])


def _whole(numbers: Tensor) -> list[int]:
    return [int(number) for number in numbers]


def _slice(inputs: Sequence[Tensor], _attributes: Attributes) -> Tensor:
    x, starts, ends, axes, *_ = inputs
    for start, end, axis in zip(_whole(starts), _whole(ends), _whole(axes), strict=True):
        index = [slice(None)] * x.ndim
        index[axis] = slice(start, end)
        x = x[tuple(index)]
    return x


def _squeeze(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    return inputs[0].squeeze(tuple(attributes["axes"]))


def _unsqueeze(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    x = inputs[0]
    for axis in sorted(attributes["axes"]):
        x = x.unsqueeze(axis)
    return x


def _hard_sigmoid(inputs: Sequence[Tensor], attributes: Attributes) -> Tensor:
    return (inputs[0] * attributes.get("alpha", 0.2) + attributes.get("beta", 0.5)).clamp(0, 1)


_OPERATIONS: Mapping[str, Operation] = {
    "Add": lambda i, _: i[0] + i[1],
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Concat": lambda i, a: torch.cat(list(i), a["axis"]),
    "Conv": _conv,
    "Div": lambda i, _: i[0] / i[1],
    "Erf": lambda i, _: torch.erf(i[0]),
    "Gelu": lambda i, _: functional.gelu(i[0]),
    "HardSigmoid": _hard_sigmoid,
    "Identity": lambda i, _: i[0],
    "MatMul": lambda i, _: i[0] @ i[1],
    "MaxPool": _max_pool,
    "Mul": lambda i, _: i[0] * i[1],
    "Pow": lambda i, _: i[0] ** i[1],
    "ReduceMean": _mean,
    "Relu": lambda i, _: torch.relu(i[0]),
    "Reshape": _reshape,
    "Shape": lambda i, _: torch.tensor(i[0].shape),
    "Sigmoid": lambda i, _: torch.sigmoid(i[0]),
    "Slice": _slice,
    "Softmax": lambda i, a: torch.softmax(i[0], a.get("axis", -1)),
    "Sqrt": lambda i, _: torch.sqrt(i[0]),
    "Squeeze": _squeeze,
    "Sub": lambda i, _: i[0] - i[1],
    "Transpose": lambda i, a: i[0].permute(a["perm"]),
    "Unsqueeze": _unsqueeze,
}
