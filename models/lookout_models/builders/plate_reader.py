"""plate-reader: PP-OCRv6 small recognition with its CTC head cut down to what stands on a number plate."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from lookout_edge.adapters.onnx.plate_text import ALPHABET
from lookout_models.builders.onnx_files import check_model, load_model
from lookout_models.errors import ModelsError

_HEAD = ("linear_8.w_0", "linear_8.b_0")


def build_plate_reader(source: Path) -> onnx.ModelProto:
    """The model in ``source`` with classes for the blank and ``ALPHABET`` only."""
    model = load_model(source)
    columns = _columns(model)
    heads = [tensor for tensor in model.graph.initializer if tensor.name in _HEAD]
    if len(heads) != len(_HEAD):
        raise ModelsError(f"{source.name} has no head called {_HEAD[0]}; use the PP-OCRv6 model named in model.yaml")
    for tensor in heads:
        array: NDArray[Any] = numpy_helper.to_array(tensor)
        tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array[..., columns]), tensor.name))
    model.graph.output[0].type.tensor_type.shape.dim[2].dim_value = len(columns)
    # Shapes inferred for the uncut head, and 18,709 characters of which it no longer reads most.
    del model.graph.value_info[:]
    del model.metadata_props[:]
    check_model(model)
    return model


def _columns(model: onnx.ModelProto) -> list[int]:
    properties = {p.key: p.value for p in model.metadata_props}
    characters = properties.get("character", "").split("\n")
    # Column 0 is the CTC blank, so a character's column is its line number counted from 1.
    position = {character: column for column, character in enumerate(characters, start=1)}
    missing = [c for c in ALPHABET if c not in position]
    if missing:
        raise ModelsError(
            f"the source model cannot read {''.join(missing)}; use the PP-OCRv6 model named in model.yaml"
        )
    return [0, *(position[c] for c in ALPHABET)]
