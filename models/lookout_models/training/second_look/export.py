"""A second look as ONNX, written node by node: pixels in, label probabilities out; weights in half precision."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from lookout_models.training.second_look.edges import REACH, EdgeHead
from lookout_models.training.second_look.net import Block, Convolution, SecondLook

#: How the names of the trained constants begin.
WEIGHT = "weight_"
_OPSET = 18
_IR = 10


@dataclass
class Graph:
    """An ONNX graph that is being written: nodes and constants so far."""

    nodes: list[onnx.NodeProto] = field(default_factory=list[onnx.NodeProto])
    constants: list[TensorProto] = field(default_factory=list[TensorProto])

    def add(self, kind: str, *inputs: str, **attributes: object) -> str:
        """One more node; the name of its output."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))  # pyright: ignore[reportArgumentType]
        return name

    def weight(self, values: Tensor) -> str:
        """A constant kept in half precision; the name of its single-precision value."""
        name = f"{WEIGHT}{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values.detach().numpy().astype(np.float16), name))
        return self.add("Cast", name, to=TensorProto.FLOAT)

    def constant(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        """A constant as it is."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name


def export(net: SecondLook, size: int, edges: EdgeHead | None = None, *, judges: bool = True) -> onnx.ModelProto:
    """ONNX with input ``pixels`` N × 3 × ``size`` × ``size`` and output ``probabilities`` N × labels (sigmoid).

    With ``edges`` also with input ``extents`` N × 2, width and height of the box in the middle of the square as shares
    of its side, and outputs ``edges`` N × labels × 4 and ``fits`` N × labels (sigmoid), see ``EdgeHead``. One that does
    not judge has those alone, and no classifier.
    """
    graph = Graph()
    middle, last = trunk(graph, net)
    if edges is not None:
        _edges(graph, edges, (middle, last))
    if judges:
        logits = classified(graph, net, last)
        graph.nodes.append(helper.make_node("Sigmoid", [logits], ["probabilities"], "probabilities"))
    return _model(graph, size, net.classifier.out_features if judges else None, edges.labels if edges else None)


def trunk(graph: Graph, net: SecondLook) -> tuple[str, str]:
    """The stem and the blocks of ``net`` on the input ``pixels``; the names of its middle and last maps."""
    limits = _limits(graph)
    features = convolution(graph, net.stem, "pixels", limits)
    middle = features
    for number, part in enumerate(net.blocks, 1):
        features = block(graph, part, features, limits)
        middle = features if number == net.size.middle else middle
    return middle, features


def classified(graph: Graph, net: SecondLook, last: str) -> str:
    """What follows the ``last`` maps of ``net``; the name of its logits, N × classes."""
    features = convolution(graph, net.top, last, _limits(graph))
    pooled = graph.add("Flatten", graph.add("GlobalAveragePool", features), axis=1)
    return _linear(graph, net.classifier, pooled)


def _limits(graph: Graph) -> tuple[str, str]:
    """The constants between which ReLU6 keeps values."""
    zero, six = (graph.constant(np.array(v, np.float32)) for v in (0, 6))
    return zero, six


def _edges(graph: Graph, head: EdgeHead, maps: tuple[str, str]) -> None:
    extents = graph.add("Unsqueeze", "extents", graph.constant(np.array([1, 2], np.int64)))
    reach = graph.constant(np.array(REACH, np.float32))
    base = graph.constant(head.base.numpy().astype(np.float32))
    grid = graph.add("Mul", base, graph.add("Mul", extents, reach))
    sampled = [
        graph.add("GridSample", plain(graph, narrow, features), grid, mode="bilinear", padding_mode="border")
        for narrow, features in zip(head.narrow, maps, strict=True)
    ]
    seen = graph.add("Relu", graph.add("Concat", *sampled, axis=1))
    for part in (head.inner, head.outer):
        seen = graph.add("Relu", plain(graph, part, seen))
    seen = graph.add("Concat", graph.add("Flatten", seen, axis=1), "extents", axis=1)
    hidden = graph.add("Relu", _linear(graph, head.hidden, seen))
    shape = graph.constant(np.array([-1, head.labels, 5], np.int64))
    said = graph.add("Reshape", _linear(graph, head.last, hidden), shape)
    four, five = (graph.constant(np.array([n], np.int64)) for n in (4, 5))
    start, last = (graph.constant(np.array([n], np.int64)) for n in (0, 2))
    graph.nodes.append(helper.make_node("Slice", [said, start, four, last], ["edges"], "edges"))
    fit = graph.add("Reshape", graph.add("Slice", said, four, five, last), graph.constant(np.array([-1, head.labels])))
    graph.nodes.append(helper.make_node("Sigmoid", [fit], ["fits"], "fits"))


def _linear(graph: Graph, part: nn.Linear, entry: str) -> str:
    return graph.add("Gemm", entry, graph.weight(part.weight), graph.weight(part.bias), transB=1)


def plain(graph: Graph, part: nn.Module, entry: str) -> str:
    """A convolution of stride 1 that keeps the maps' size, on ``entry``; the name of its output."""
    assert isinstance(part, nn.Conv2d)
    assert part.bias is not None
    kernel = list(part.kernel_size)
    pads = [side // 2 for side in kernel] * 2
    return graph.add("Conv", entry, graph.weight(part.weight), graph.weight(part.bias), kernel_shape=kernel, pads=pads)


def block(graph: Graph, module: nn.Module, entry: str, limits: tuple[str, str]) -> str:
    """A ``Block`` on ``entry``; ``limits`` are the constants 0 and 6."""
    features = entry
    assert isinstance(module, Block)
    for part in module.parts:
        assert isinstance(part, Convolution)
        features = convolution(graph, part, features, limits)
    return graph.add("Add", entry, features) if module.joins else features


def convolution(graph: Graph, part: Convolution, entry: str, limits: tuple[str, str]) -> str:
    """A ``Convolution`` on ``entry``; ``limits`` are the constants 0 and 6."""
    conv = part.conv
    left, right, top, bottom = part.padding
    assert conv.bias is not None
    output = graph.add(
        "Conv",
        entry,
        graph.weight(conv.weight),
        graph.weight(conv.bias),
        kernel_shape=list(conv.kernel_size),
        strides=list(conv.stride),
        pads=[top, left, bottom, right],
        group=conv.groups,
    )
    return graph.add("Clip", output, *limits) if part.active else output


def _model(graph: Graph, size: int, judged: int | None, redrawn: int | None) -> onnx.ModelProto:
    def values(name: str, *shape: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ("pictures", *shape))

    entries = [values("pixels", 3, size, size)]
    outputs = [values("probabilities", judged)] if judged is not None else []
    if redrawn is not None:
        entries.append(values("extents", 2))
        outputs += [values("edges", redrawn, 4), values("fits", redrawn)]
    return finished(graph, "second-look", entries, outputs)


def finished(
    graph: Graph, name: str, entries: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto]
) -> onnx.ModelProto:
    """The model of ``graph``, checked."""
    body = helper.make_graph(graph.nodes, name, entries, outputs, graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
    onnx.checker.check_model(model, full_check=True)  # pyright: ignore[reportUnknownMemberType]
    return model
