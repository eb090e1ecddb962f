"""The one place that meets Ultralytics, which is AGPL-3.0, optional and never installed by this project."""

import json
import pickle
import re
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

import yaml

from lookout_models.errors import ModelsError, UsageError, no_detector

#: Our runtime's decoders know this and what came before.
_OPSET = 17
_DETECTS = "detect"
#: How the folder is called that weights are copied to for an export.
COPIES = "lookout-export-"
#: What a training was asked for, and the weights it left once it has ended; beside Ultralytics' own folder ``run``.
_ASKED, _RUN = "asked.json", "run"
#: What Ultralytics raises where weights, data or the net's description are not what it wants.
_COMPLAINTS = (
    AssertionError,
    EOFError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
)


#: Of its messages: colours, pictures, and the folder that weights are copied to for an export.
_NOISE = re.compile(rf"\x1b\[\d+m|[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]|\S*/{COPIES}\w*/")


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

    @property
    def task(self) -> str:
        """What the net is for: ``detect``, ``segment``, ``pose`` …"""
        ...

    def train(
        self, *, data: str, epochs: int, imgsz: int, project: str, name: str, exist_ok: bool, resume: bool
    ) -> object:
        """Train on a YOLO ``data.yaml``; with ``resume`` from the epoch on that the weights were saved in."""
        ...

    def export(self, *, format: str, opset: int, simplify: bool, imgsz: int = 0) -> str:
        """Write the model in another format, for the size that it was trained at unless told; the file's path."""
        ...


Opener = Callable[[str], Yolo]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a training is asked for."""

    start: str
    data: str
    epochs: int
    size: int


def open_yolo(weights: str) -> Yolo:
    """The model in a ``.pt`` file. UsageError when Ultralytics is not installed."""
    if find_spec("ultralytics") is None:
        raise UsageError(
            f"{weights} needs Ultralytics, which is AGPL-3.0 and not installed: pip install 'lookout[ultralytics]', "
            "or export the weights to ONNX elsewhere and import that"
        )
    return cast(Opener, import_module("ultralytics").YOLO)(weights)


def exported(weights: Path, folder: Path, size: int | None = None, opener: Opener = open_yolo) -> Path:
    """An ONNX file in ``folder`` of ``weights`` (.pt), for square pictures and without NMS inside.

    It is for the pictures' side that the weights were trained at unless ``size`` is given. What lies beside the weights
    stays as it is, though Ultralytics writes there: they are copied.
    """
    if not weights.is_file():
        raise UsageError(f"there are no weights at {weights}; give a .pt or .onnx file")
    copied = folder / weights.name
    if copied.resolve() != weights.resolve():
        shutil.copyfile(weights, copied)
    model = _opened(str(copied), opener)
    sides = {} if size is None else {"imgsz": size}
    with _told(f"export {weights.name}", ModelsError):
        path = Path(model.export(format="onnx", opset=_OPSET, simplify=False, **sides))
    if not path.is_file():
        raise ModelsError(f"Ultralytics says that it wrote {path}, but there is no such file; look at its messages")
    return path


def trained(asked: Asked, work: Path, opener: Opener = open_yolo) -> Path:
    """Train as ``asked``; the best weights, a .pt file in ``work``.

    A training that was stopped goes on from its last epoch, and one that has ended is not repeated. UsageError when
    ``work`` holds another one.
    """
    record = work / _ASKED
    last = work / _RUN / "weights" / "last.pt"
    begun = _begun(record) if last.is_file() else None
    if begun and begun.asked != asked:
        was = begun.asked
        raise UsageError(
            f"{work} holds a training of {was.data} from {was.start}, {was.epochs} epochs at {was.size}; choose "
            "another --work, or remove that folder"
        )
    if begun and begun.best:
        return work / begun.best
    resume = begun is not None
    model = _opened(str(last) if resume else asked.start, opener)
    _keep(record, Begun(asked))
    with _told(f"train on {asked.data}", ModelsError):
        model.train(
            data=str(_placed(Path(asked.data), work)),
            epochs=asked.epochs,
            imgsz=asked.size,
            project=str(work.resolve()),
            name=_RUN,
            exist_ok=True,
            resume=resume,
        )
    best = Path(model.trainer.best)
    _keep(record, Begun(asked, str(best.relative_to(work.resolve()))))
    return best


def _placed(data: Path, work: Path) -> Path:
    """``data``, or a copy of it in ``work`` where its ``path`` counts from its own folder.

    Ultralytics looks for such a folder in the working directory and below a folder of its own settings.
    """
    document = yaml.safe_load(data.read_text("utf-8"))
    told = str(document.get("path") or "")
    root = (data.parent / told).resolve()
    if not told or Path(told).is_absolute() or not root.is_dir():
        return data
    copied = work / data.name
    copied.write_text(yaml.safe_dump({**document, "path": str(root)}, allow_unicode=True), "utf-8")
    return copied


@dataclass(frozen=True, slots=True)
class Begun:
    """What a work folder holds: what was asked for, and where below it the best weights are once they are."""

    asked: Asked
    best: str = ""


def _begun(record: Path) -> Begun | None:
    """What the work folder holds; None when it does not say."""
    if not record.is_file():
        return None
    try:
        told = json.loads(record.read_text("utf-8"))
        return Begun(Asked(**told["asked"]), told["best"])
    except (ValueError, LookupError, TypeError) as error:
        raise UsageError(f"{record} is damaged; choose another --work, or remove that folder") from error


def _keep(record: Path, begun: Begun) -> None:
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(asdict(begun), indent=1), "utf-8")


def _opened(weights: str, opener: Opener) -> Yolo:
    """The detector in ``weights``. UsageError when there is none."""
    with _told(f"open {Path(weights).name}", UsageError):
        model = opener(weights)
        task = model.task
    if task != _DETECTS:
        raise no_detector(Path(weights).name, task)
    return model


@contextmanager
def _told(what: str, kind: type[ModelsError]) -> Generator[None]:
    """What Ultralytics complains of, in one line."""
    try:
        yield
    except ModelsError:
        raise
    except _COMPLAINTS as error:
        said = " ".join(_NOISE.sub("", str(error)).split())
        raise kind(f"Ultralytics could not {what}: {said or type(error).__name__}") from error
