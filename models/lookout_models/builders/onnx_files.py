"""Reading and checking ONNX models; the one place that meets the library's untyped paths."""

from pathlib import Path

import onnx


def load_model(path: Path) -> onnx.ModelProto:
    """The model in ``path``."""
    return onnx.load_model_from_string(path.read_bytes())


def load_whole_model(path: Path) -> onnx.ModelProto:
    """The model in ``path`` with the weights that it may keep in files beside it."""
    model = onnx.load_model(path, load_external_data=False)  # pyright: ignore[reportUnknownMemberType]
    onnx.load_external_data_for_model(model, str(path.parent))
    return model


def check_model(model: onnx.ModelProto) -> None:
    """Raise onnx's ValidationError unless the graph is well formed."""
    onnx.checker.check_model(model)  # pyright: ignore[reportUnknownMemberType]
