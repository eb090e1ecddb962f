"""The mean of two runs' weights: a model soup (Wortsman et al., "Model soups", ICML 2022)."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import numpy_helper

from lookout_models.accounts import not_measured
from lookout_models.errors import UsageError


def mixed(first: Path, second: Path, share: float) -> bytes:
    """The ONNX file ``first`` with every weight moved by ``share`` of the way to that of ``second``.

    Both must come from one recipe: the same graph, names and shapes. Raises UsageError where they do not.
    """
    model, other = _read(first), _read(second)
    aims = {each.name: numpy_helper.to_array(each) for each in other.graph.initializer}
    shapes = {each.name: tuple(each.dims) for each in model.graph.initializer}
    if shapes != {name: aim.shape for name, aim in aims.items()} or _steps(model) != _steps(other):
        raise UsageError(f"{first} and {second} are not the same net: only runs of one recipe can be mixed")
    for each in model.graph.initializer:
        value: NDArray[Any] = numpy_helper.to_array(each)
        if np.issubdtype(value.dtype, np.floating):
            mean = (1 - share) * value.astype(np.float64) + share * aims[each.name].astype(np.float64)
            each.CopyFrom(numpy_helper.from_array(mean.astype(value.dtype), each.name))
    not_measured(model, first.name)
    return model.SerializeToString()


def _read(path: Path) -> onnx.ModelProto:
    try:
        model = onnx.load_from_string(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except DecodeError as error:
        raise UsageError(f"{path} is no ONNX file: {error}") from error
    if not model.graph.node:
        raise UsageError(f"{path} is no ONNX file: it holds no net")
    return model


def _steps(model: onnx.ModelProto) -> list[tuple[str, tuple[str, ...]]]:
    return [(node.op_type, tuple(node.input)) for node in model.graph.node]
