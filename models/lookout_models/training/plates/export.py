"""From a trained net to the zoo's ONNX file: the base's own graph with the new weights and a second output."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lookout_models.builders.onnx_files import check_model
from lookout_models.training.plates.kinds import COLOURS
from lookout_models.training.plates.net import EARLY, LATE, LOGITS, PlateNet

#: Outputs of the exported model: N × steps × classes and N × colours, each summing to 1 along the last axis.
TEXT, COLOUR = "text", "colour"
#: Tensors with fewer numbers stay float32: they would save nothing.
_LEAST_HALVED = 512


def export(net: PlateNet, base: onnx.ModelProto, temperature: float = 1.0) -> onnx.ModelProto:
    """``base`` with the weights of ``net``, which was made of it. Logits of the text are divided by ``temperature``.

    Weights are stored as float16 and cast on loading.
    """
    model = onnx.ModelProto()
    model.CopyFrom(base)
    net.graph.write_back(model)
    graph = model.graph
    last = graph.node[-1]
    if last.op_type != "Softmax" or last.input[0] != LOGITS:
        raise ValueError(f"the base's last node is no softmax of {LOGITS}")
    graph.node.remove(last)
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.array(1 / temperature, np.float32), "text.sharpness"),
            numpy_helper.from_array(_array(net.colour.weight).T.copy(), "colour.weight"),
            numpy_helper.from_array(_array(net.colour.bias), "colour.bias"),
        ]
    )
    graph.node.extend(
        [
            helper.make_node("Mul", [LOGITS, "text.sharpness"], ["text.logits"]),
            helper.make_node("Softmax", ["text.logits"], [TEXT], axis=2),
            helper.make_node("ReduceMean", [EARLY], ["colour.early"], axes=[2, 3], keepdims=0),
            helper.make_node("ReduceMean", [LATE], ["colour.late"], axes=[2, 3], keepdims=0),
            helper.make_node("Concat", ["colour.early", "colour.late"], ["colour.features"], axis=1),
            helper.make_node("Gemm", ["colour.features", "colour.weight", "colour.bias"], ["colour.logits"]),
            helper.make_node("Softmax", ["colour.logits"], [COLOUR], axis=1),
        ]
    )
    classes = graph.output[0].type.tensor_type.shape.dim[2].dim_value
    del graph.output[:], graph.value_info[:]
    graph.output.extend(
        [
            helper.make_tensor_value_info(TEXT, TensorProto.FLOAT, ["batch", "steps", classes]),
            helper.make_tensor_value_info(COLOUR, TensorProto.FLOAT, ["batch", len(COLOURS)]),
        ]
    )
    _halve(graph)
    check_model(model)
    return model


def _array(weight: Any) -> NDArray[np.float32]:
    return weight.detach().numpy().astype(np.float32)


def _halve(graph: onnx.GraphProto) -> None:
    """Large float32 weights as float16, each with a cast in front, which ONNX Runtime folds away when it loads."""
    casts: list[onnx.NodeProto] = []
    for tensor in graph.initializer:
        array: NDArray[Any] = numpy_helper.to_array(tensor)
        if array.dtype == np.float32 and array.size >= _LEAST_HALVED:
            name, stored = tensor.name, f"{tensor.name}.half"
            tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float16), stored))
            casts.append(helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT))
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])
