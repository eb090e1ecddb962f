"""A second look as ONNX, written node by node: pixels in, label probabilities out; weights in half precision."""

from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from lookout_models.training.second_look.net import Block, Convolution, SecondLook

_OPSET = 18
_IR = 10


@dataclass
class _Graph:
    """Nodes and constants so far."""

    nodes: list[onnx.NodeProto] = field(default_factory=list[onnx.NodeProto])
    constants: list[TensorProto] = field(default_factory=list[TensorProto])

    def add(self, kind: str, *inputs: str, **attributes: object) -> str:
        """One more node; the name of its output."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))  # pyright: ignore[reportArgumentType]
        return name

    def weight(self, values: Tensor) -> str:
        """A constant kept in half precision; the name of its single-precision value."""
        name = f"weight_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values.detach().numpy().astype(np.float16), name))
        return self.add("Cast", name, to=TensorProto.FLOAT)

    def constant(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        """A constant as it is."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name


def export(net: SecondLook, size: int) -> onnx.ModelProto:
    """ONNX with input ``pixels`` N × 3 × ``size`` × ``size`` and output ``probabilities`` N × labels (sigmoid)."""
    graph = _Graph()
    zero, six = (graph.constant(np.array(v, np.float32)) for v in (0, 6))
    features = _convolution(graph, net.stem, "pixels", (zero, six))
    for block in net.blocks:
        features = _block(graph, block, features, (zero, six))
    features = _convolution(graph, net.top, features, (zero, six))
    pooled = graph.add("Flatten", graph.add("GlobalAveragePool", features), axis=1)
    classifier = net.classifier
    logits = graph.add("Gemm", pooled, graph.weight(classifier.weight), graph.weight(classifier.bias), transB=1)
    graph.nodes.append(helper.make_node("Sigmoid", [logits], ["probabilities"], "probabilities"))
    return _model(graph, size, classifier.out_features)


def _block(graph: _Graph, block: nn.Module, entry: str, limits: tuple[str, str]) -> str:
    features = entry
    assert isinstance(block, Block)
    for part in block.parts:
        assert isinstance(part, Convolution)
        features = _convolution(graph, part, features, limits)
    return graph.add("Add", entry, features) if block.joins else features


def _convolution(graph: _Graph, part: Convolution, entry: str, limits: tuple[str, str]) -> str:
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


def _model(graph: _Graph, size: int, labels: int) -> onnx.ModelProto:
    entry = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ("pictures", 3, size, size))
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ("pictures", labels))
    body = helper.make_graph(graph.nodes, "second-look", [entry], [output], graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
    onnx.checker.check_model(model, full_check=True)  # pyright: ignore[reportUnknownMemberType]
    return model
