"""The one place that meets Ultralytics, which is AGPL-3.0, optional and never installed by this project."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

from lookout_models.errors import ModelsError, UsageError

#: Our runtime's decoders know this and what came before.
_OPSET = 17


class Trainer(Protocol):
    """What a finished training leaves."""

    @property
    def best(self) -> Path:
        """The weights that did best on the validation pictures."""
        ...


class Yolo(Protocol):
    """What is used of ``ultralytics.YOLO``, which carries no types."""

    @property
    def trainer(self) -> Trainer:
        """There after ``train``."""
        ...

    def train(self, *, data: str, epochs: int, imgsz: int, project: str, name: str, exist_ok: bool) -> object:
        """Train on a YOLO ``data.yaml``."""
        ...

    def export(self, *, format: str, imgsz: int, opset: int, simplify: bool) -> str:
        """Write the model in another format; the file's path."""
        ...


Opener = Callable[[str], Yolo]


def open_yolo(weights: str) -> Yolo:
    """The model in a ``.pt`` file. UsageError when Ultralytics is not installed."""
    if find_spec("ultralytics") is None:
        raise UsageError(
            f"{weights} needs Ultralytics, which is AGPL-3.0 and not installed: pip install 'lookout[ultralytics]', "
            "or export the weights to ONNX elsewhere and import that"
        )
    return cast(Opener, import_module("ultralytics").YOLO)(weights)


def exported(weights: Path, size: int, opener: Opener = open_yolo) -> Path:
    """The ONNX file of ``weights`` (.pt), for square pictures of ``size`` pixels a side, without NMS inside."""
    if not weights.is_file():
        raise UsageError(f"there are no weights at {weights}; give a .pt or .onnx file")
    written = opener(str(weights)).export(format="onnx", imgsz=size, opset=_OPSET, simplify=False)
    path = Path(written)
    if not path.is_file():
        raise ModelsError(f"Ultralytics says that it wrote {path}, but there is no such file; look at its messages")
    return path


def trained(start: str, data: Path, work: Path, *, epochs: int, size: int, opener: Opener = open_yolo) -> Path:
    """Train from the weights ``start`` on ``data`` (a YOLO ``data.yaml``); the best weights, a .pt file in ``work``."""
    model = opener(start)
    model.train(
        data=str(data.resolve()),
        epochs=epochs,
        imgsz=size,
        project=str(work.resolve()),
        name="run",
        exist_ok=True,
    )
    return Path(model.trainer.best)
