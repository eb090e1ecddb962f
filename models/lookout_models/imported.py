"""A user's own detector, in ONNX, as an entry of the zoo: what its file says about itself becomes its description."""

import ast
import hashlib
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import onnx
from google.protobuf.message import DecodeError

from lookout_edge.adapters.onnx.detector import OnnxDetector
from lookout_edge.adapters.onnx.plates import PlateTextReader
from lookout_edge.adapters.onnx.second_look import OnnxClassifier
from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_edge.adapters.zoo import Zoo, ZooEntry
from lookout_edge.adapters.zoo_heads import ClassifierHead, CtcHead
from lookout_edge.errors import ModelError
from lookout_models.accounts import Account, account_in
from lookout_models.accounts import card as trained_card
from lookout_models.builders.onnx_files import load_model, load_whole_model
from lookout_models.entries import AGPL, NOT_STATED, check_name, write_entry
from lookout_models.errors import UsageError, no_detector
from lookout_models.told_heads import Told, tell_head

Shape = tuple[int, ...]

_THRESHOLD, _IOU = 0.25, 0.6
_NOTES = {
    AGPL: """AGPL-3.0 asks those who let others use a modified program over a network to give them its source. The
makers of the training code count weights made with it as part of it, and sell other licences. Ask a lawyer, not this
card.""",
    NOT_STATED: """The file states no licence: find out from who trained it before others use it. Ultralytics
gives YOLOv5 and what came after under AGPL-3.0 and counts weights trained with it as part of it; YOLOv7's code is under
GPL-3.0.""",
}
#: Outputs of what a detector's recipe trains.
_OURS = {"scores", "distances"}
#: One number for a dimension that the file leaves open.
_ANY = 0


@dataclass(frozen=True, slots=True)
class OwnModel:
    """What a user says about a model; what is None is asked of its file."""

    path: Path
    name: str
    labels: tuple[str, ...] | None = None
    licence: str | None = None
    size: int | None = None
    #: The file that the one in ``path`` was exported from; None where that is the user's own.
    exported_from: Path | None = None

    @property
    def file(self) -> Path:
        """What the user gave."""
        return self.exported_from or self.path


def import_onnx(zoo: Zoo, own: OwnModel, *, replace: bool = False) -> ZooEntry:
    """Make the entry after the model ran once. UsageError when the file does not tell what it is or does not run."""
    check_name(zoo, own.name, replace=replace)
    model, content = _read(own.path)
    account = account_in(model, own.path.name)
    if account is None:
        described = _described(model, content, own)
        card = _card(described)
    else:
        described = _as_trained(account, own)
        card = trained_card(own.name, str(described["licence"]), account)
    with tempfile.TemporaryDirectory(prefix="lookout-import-") as folder:
        tried = write_entry(Zoo(Path(folder)), described, content, card)
        try:
            _run(tried)
        except ModelError as error:
            raise UsageError(f"{own.path.name} does not run as {tried.spec.head.kind}: {error}") from error
        except (LookupError, ValueError) as error:
            kind = tried.spec.head.kind
            raise UsageError(f"{own.path.name} does not run as {kind}: its outputs are not those of one") from error
    return write_entry(zoo, described, content, card, replace=replace)


def _run(entry: ZooEntry) -> None:
    """Let the model look at a grey picture once, as the gateway would."""
    grey = np.full((64, 96, 3), 127, np.uint8)
    match entry.spec.head:
        case ClassifierHead():
            OnnxClassifier(entry).judge([grey], np.full((1, 2), 0.5, np.float32))
        case CtcHead():
            PlateTextReader(entry).read(grey)
        case _:
            OnnxDetector(entry).detect(grey)


def _as_trained(account: Account, own: OwnModel) -> dict[str, object]:
    """The description that the model's own training wrote."""
    if own.labels or own.size:
        raise UsageError(f"{own.path.name} says itself what it finds and at which size; leave out --label and --size")
    told = account.model_dump(mode="json", exclude={"figures"}, exclude_defaults=True)
    return {"name": own.name, "licence": own.licence or NOT_STATED, **told}


def _read(path: Path) -> tuple[onnx.ModelProto, bytes]:
    """The model and its file, with the weights inside that lay beside it."""
    try:
        model = load_model(path)
        if all(tensor.data_location != onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer):
            content = path.read_bytes()
        else:
            model = load_whole_model(path)
            content = model.SerializeToString()
    except onnx.checker.ValidationError as error:
        raise UsageError(f"{path} keeps its weights in another file, which is not beside it; copy both") from error
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}; give a .pt or .onnx file") from error
    except DecodeError as error:
        raise UsageError(f"{path} is no ONNX file; give a .pt or .onnx file") from error
    if not model.graph.node:
        raise UsageError(f"{path} is no ONNX file; give a .pt or .onnx file")
    return model, content


def _described(model: onnx.ModelProto, content: bytes, own: OwnModel) -> dict[str, object]:
    metadata = {p.key: p.value for p in model.metadata_props}
    if metadata.get("task", "detect") != "detect":
        raise no_detector(own.path.name, metadata["task"])
    if {output.name for output in model.graph.output} == _OURS:
        raise UsageError(
            f"{own.path.name} comes from a recipe, but does not say what it is, as trainings did not once; the same "
            "'lookout-models train' command writes it anew from its --work folder"
        )
    labels = _labels(own, metadata)
    width, height = _size(model, metadata, own)
    told = _tell(content, len(labels), (width, height), own)
    described: dict[str, object] = {
        "name": own.name,
        "description": _description(metadata) or f"imported from {own.file.name}",
        "licence": own.licence or _licence(metadata),
        "source": {
            "imported": own.file.name,
            "sha256": hashlib.sha256(own.file.read_bytes()).hexdigest(),
            "made_by": _maker(metadata, model),
        },
        "input": {"width": width, "height": height, **told.pixels},
        "head": told.head,
        "labels": list(labels),
        "thresholds": {"default": _THRESHOLD},
    }
    if told.kind in ("yolo", "yolox"):
        described["nms"] = {"iou": _IOU}
    return described


def _tell(content: bytes, classes: int, size: tuple[int, int], own: OwnModel) -> Told:
    """The head, from what the model gives for a picture of noise."""
    picture = np.random.default_rng(0).random((1, 3, size[1], size[0]), np.float32)
    try:
        outputs = OnnxSession(own.path.name, content).run(picture)
    except ModelError as error:
        raise UsageError(f"{own.path.name} does not run: {error}") from error
    return tell_head(outputs, classes, size, own.path.name)


def _labels(own: OwnModel, metadata: Mapping[str, str]) -> tuple[str, ...]:
    """What the user or the file calls the classes. UsageError unless each has a name of its own."""
    labels = own.labels or _names(metadata, own.path.name)
    if not labels:
        raise UsageError(f"{own.path.name} does not say what its classes are called; name them with --label, in order")
    if not all(labels) or len(set(labels)) < len(labels):
        raise UsageError(
            f"{own.path.name}: its classes are called {', '.join(labels)}; give each a name of its own with --label"
        )
    return labels


def _size(model: onnx.ModelProto, metadata: Mapping[str, str], own: OwnModel) -> tuple[int, int]:
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if len(inputs) != 1:
        named = ", ".join(value.name for value in inputs) or "nothing"
        raise UsageError(f"{own.path.name} takes {named}; only a model that takes a picture alone can be imported")
    if inputs[0].type.tensor_type.elem_type != onnx.TensorProto.FLOAT:
        raise UsageError(f"{own.path.name} does not take float32 pictures; export it without half precision")
    shape = _shape(inputs[0])
    if len(shape) != 4 or shape[1] not in (3, _ANY):
        raise UsageError(f"{own.path.name} takes {list(shape)}, not batch × 3 × height × width")
    if shape[0] not in (1, _ANY):
        raise UsageError(f"{own.path.name} takes {shape[0]} pictures at once; export it for one, with batch 1")
    height, width = shape[2:]
    if _ANY not in (height, width):
        if own.size not in (None, width):
            raise UsageError(f"{own.path.name} takes {width} × {height} pixels only; leave --size out")
        return width, height
    if own.size is not None:
        return own.size, own.size
    told = _literal(metadata.get("imgsz", ""))
    match [told, told] if isinstance(told, int) else told:
        case [int(high), int(wide)]:
            return wide, high
        case _:
            raise UsageError(f"{own.path.name} takes pictures of any size; say which with --size, e.g. --size 640")


def _shape(value: onnx.ValueInfoProto) -> Shape:
    return tuple(d.dim_value if d.HasField("dim_value") else _ANY for d in value.type.tensor_type.shape.dim)


def _names(metadata: Mapping[str, str], file: str) -> tuple[str, ...]:
    """Class names as Ultralytics writes them: ``{0: 'person', 1: 'car'}`` or a list."""
    told = _literal(metadata.get("names", ""))
    if isinstance(told, dict):
        numbered = cast(dict[object, object], told)
        if set(numbered) != set(range(len(numbered))):
            raise UsageError(f"{file} numbers its classes {', '.join(map(str, numbered))}; name them all with --label")
        return tuple(str(numbered[number]) for number in range(len(numbered)))
    return tuple(str(name) for name in cast(Sequence[object], told)) if isinstance(told, list | tuple) else ()


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


def _licence(metadata: Mapping[str, str]) -> str:
    told = metadata.get("license", "")
    return AGPL if AGPL in told or metadata.get("author") == "Ultralytics" else told or NOT_STATED


def _description(metadata: Mapping[str, str]) -> str:
    """As the file tells it, but without the folders of the machine that it was trained on."""
    return re.sub(r"(?<!\S)\S*[/\\]", "", metadata.get("description", ""))


def _maker(metadata: Mapping[str, str], model: onnx.ModelProto) -> str:
    told = " ".join(filter(None, (metadata.get("author"), metadata.get("version"))))
    return told or " ".join(filter(None, (model.producer_name, model.producer_version))) or "unknown"


def _card(described: Mapping[str, object]) -> str:
    source = cast(Mapping[str, str], described["source"])
    head = cast(Mapping[str, str], described["head"])
    licence = str(described["licence"])
    return (
        f"# {described['name']}\n\n{described['description']}.\n\n"
        "Imported, not trained here, and not measured: write below what you saw with\n"
        f"`lookout-models evaluate --model {described['name']} DATASET`.\n\n"
        f"| | |\n|---|---|\n| File | `{source['imported']}` |\n| Made by | {source['made_by']} |\n"
        f"| Licence | {licence} |\n| SHA-256 | `{{sha256}}` |\n| Head | {head['kind']} |\n\n"
        f"{_NOTES.get(licence, '')}\n"
    )
