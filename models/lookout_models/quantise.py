"""Int8 twins of models: convolutions count in bytes, everything else stays as it was.

Only Conv nodes are quantised: the heads' last steps (softmax over distances, sigmoid) lose their meaning in 256 levels.
Ranges come from pictures like those that the model will see.
"""

import logging
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

from lookout_edge.adapters.onnx.letterbox import InputMaker
from lookout_edge.adapters.zoo import Quantised, ZooEntry
from lookout_edge.adapters.zoo_heads import ClassifierHead
from lookout_edge.domain.frame import Image
from lookout_models.builders.onnx_files import check_model, load_model
from lookout_models.errors import ModelsError, UsageError

#: Share of the convolutions, from the picture on, that stay float32: they see the raw picture and cost little.
LEAVE_FIRST = 0.1
_OPSET = 13
#: Inputs of a Resize that is told sizes, and dimensions of a batch of pictures.
_WITH_SIZES, _DIMENSIONS = 4, 4


def quantised(entry: ZooEntry, pictures: Sequence[Image], leave_first: float = LEAVE_FIRST) -> bytes:
    """The weights of ``entry`` with int8 convolutions, calibrated on BGR ``pictures`` of any size.

    Raises ModelsError when the graph has no convolution, and UsageError when it is int8 already or takes more than a
    picture.
    """
    if isinstance(entry.spec.source, Quantised):
        raise UsageError(f"'{entry.name}' is int8 already; quantise '{entry.spec.source.quantised}'")
    if isinstance(entry.spec.head, ClassifierHead) and entry.spec.head.redraws:
        raise UsageError(f"'{entry.name}' takes more than a picture, so that it cannot be quantised; leave it as it is")
    model = with_scaled_resizes(with_plain_weights(with_scales_a_channel(onnx.load_model_from_string(entry.weights()))))
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    if not convolutions:
        raise ModelsError(f"'{entry.name}' has no convolution to quantise")
    for number, node in enumerate(convolutions):
        node.name = node.name or f"conv.{number}"
    left = [node.name for node in convolutions[: round(len(convolutions) * leave_first)]]
    made = _quantise(model, _Calibration(entry, pictures, model.graph.input[0].name), left)
    if entry.spec.head.kind == "nanodet":
        made = with_free_size(made)
    check_model(made)
    return made.SerializeToString(deterministic=True)


def with_scales_a_channel(model: onnx.ModelProto) -> onnx.ModelProto:
    """``model`` in a version of ONNX whose int8 weights may have a scale a channel."""
    if all(each.version >= _OPSET for each in model.opset_import if not each.domain):
        return model
    # onnx's converter carries no types.
    converter = cast(Any, import_module("onnx.version_converter"))
    try:
        return cast(onnx.ModelProto, converter.convert_version(model, _OPSET))
    except RuntimeError as error:
        raise ModelsError(f"the graph cannot be converted to ONNX opset {_OPSET}; export it again with that") from error


def with_plain_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """``model`` with weights that are stored as float16 and cast written out as float32, in place."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    stored |= {n.output[0]: n.attribute[0].t for n in model.graph.node if n.op_type == "Constant"}
    halves = {name for name, tensor in stored.items() if tensor.data_type == TensorProto.FLOAT16}
    casts = [n for n in model.graph.node if n.op_type == "Cast" and n.input[0] in halves]
    for cast_ in casts:
        array: NDArray[Any] = numpy_helper.to_array(stored[cast_.input[0]])
        model.graph.initializer.append(numpy_helper.from_array(array.astype(np.float32), cast_.output[0]))
        model.graph.node.remove(cast_)
    return _without_unused(model)


def with_scaled_resizes(model: onnx.ModelProto) -> onnx.ModelProto:
    """``model`` with each Resize to a fixed size told by its scale instead, in place, where the input's size is known.

    onnxruntime 1.31 loses a Resize's ``sizes`` when it moves an int8 value's conversion past it.
    """
    known = {
        value.name: [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
        for value in onnx.shape_inference.infer_shapes(model).graph.value_info
    }
    constants: dict[str, NDArray[Any]] = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    for node in [n for n in model.graph.node if n.op_type == "Resize" and len(n.input) == _WITH_SIZES]:
        before, sizes = known.get(node.input[0], []), constants.get(node.input[3])
        if sizes is None or len(before) != _DIMENSIONS or 0 in before[2:]:
            continue
        scales = np.array([1, 1, sizes[-2] / before[2], sizes[-1] / before[3]], np.float32)
        name = f"{node.output[0]}.scales"
        model.graph.initializer.append(numpy_helper.from_array(scales, name))
        node.input[2:] = [name]
        for attribute in [a for a in node.attribute if a.name == "axes"]:
            node.attribute.remove(attribute)
    return _without_unused(model)


def with_free_size(model: onnx.ModelProto) -> onnx.ModelProto:
    """``model`` for pictures of any size, in place, where nothing in it depends on the size: convolutions all the way.

    The gateway then looks at parts of a picture for less. Its Resizes must be told scales, see ``with_scaled_resizes``.
    """
    if any(node.op_type == "Resize" and len(node.input) == _WITH_SIZES for node in model.graph.node):
        return model
    for dimension, name in zip(model.graph.input[0].type.tensor_type.shape.dim[2:], ("height", "width"), strict=True):
        dimension.dim_param = name
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = "locations"
    del model.graph.value_info[:]
    return model


def _without_unused(model: onnx.ModelProto) -> onnx.ModelProto:
    used = {name for node in model.graph.node for name in node.input} | {out.name for out in model.graph.output}
    for tensor in [t for t in model.graph.initializer if t.name not in used]:
        model.graph.initializer.remove(tensor)
    return model


class _Calibration:
    """Feeds the pictures one by one, as onnxruntime's CalibrationDataReader does."""

    def __init__(self, entry: ZooEntry, pictures: Sequence[Image], name: str) -> None:
        self._maker, self._name = InputMaker(entry.spec.input), name
        self._left: Iterator[Image] = iter(pictures)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next picture as the network's input; None when there is no more."""
        picture = next(self._left, None)
        return None if picture is None else {self._name: self._maker.make(picture)[0]}


@contextmanager
def _quiet() -> Generator[None]:
    """The tools advise preparing graphs, which was done above, on the root logger."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def _quantise(model: onnx.ModelProto, reader: _Calibration, left: Sequence[str]) -> onnx.ModelProto:
    # onnxruntime's tools carry no types.
    tools = cast(Any, import_module("onnxruntime.quantization"))
    with TemporaryDirectory(prefix="lookout-quantise-") as folder, _quiet():
        path = Path(folder) / "int8.onnx"
        tools.quantize_static(
            model,
            path,
            reader,
            quant_format=tools.QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=list(left),
            per_channel=True,
            activation_type=tools.QuantType.QUInt8,
            weight_type=tools.QuantType.QInt8,
            calibrate_method=tools.CalibrationMethod.MinMax,
        )
        return load_model(path)
