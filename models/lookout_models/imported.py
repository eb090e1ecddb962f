"""A user's own detector, in ONNX, as an entry of the zoo: what its file says about itself becomes its description."""

import ast
import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import onnx
from google.protobuf.message import DecodeError

from lookout_edge.adapters.onnx.detector import OnnxDetector
from lookout_edge.adapters.zoo import Zoo, ZooEntry
from lookout_edge.errors import ModelError
from lookout_models.entries import write_entry
from lookout_models.errors import UsageError

Shape = tuple[int, ...]
Head = dict[str, object]

#: Finished boxes and DETR's queries are a few hundred; a grid's locations are thousands.
_MOST_QUERIES = 1000
_BOX, _END_TO_END = 4, 6
_THRESHOLD, _IOU = 0.25, 0.6
_AGPL = "AGPL-3.0"
_NOT_STATED = "not stated"
_NOTES = {
    _AGPL: """AGPL-3.0 asks those who let others use a modified program over a network to give them its source. The
makers of the training code count weights made with it as part of it, and sell other licences. Ask a lawyer, not this
card.""",
    _NOT_STATED: "The file states no licence: find out from who trained it before others use it.",
}
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


def import_onnx(zoo: Zoo, own: OwnModel, *, replace: bool = False) -> ZooEntry:
    """Make the entry after the model ran once. UsageError when the file does not tell what it is or does not run."""
    content = _read(own.path)
    model = onnx.load_model_from_string(content)
    described = _described(model, own, hashlib.sha256(content).hexdigest())
    card = _card(described)
    with tempfile.TemporaryDirectory(prefix="lookout-import-") as folder:
        tried = write_entry(Zoo(Path(folder)), described, content, card)
        try:
            OnnxDetector(tried).detect(np.full((64, 96, 3), 127, np.uint8))
        except ModelError as error:
            raise UsageError(f"{own.path.name} does not run as {_kind(described)}: {error}") from error
    return write_entry(zoo, described, content, card, replace=replace)


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        onnx.load_model_from_string(content)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}; give a .pt or .onnx file") from error
    except DecodeError as error:
        raise UsageError(f"{path} is no ONNX file; give a .pt or .onnx file") from error
    return content


def _described(model: onnx.ModelProto, own: OwnModel, digest: str) -> dict[str, object]:
    metadata = {p.key: p.value for p in model.metadata_props}
    if metadata.get("task", "detect") != "detect":
        raise UsageError(f"{own.path.name} is for the task '{metadata['task']}'; only detectors can be imported")
    labels = own.labels or _names(metadata)
    if not labels:
        raise UsageError(f"{own.path.name} does not say what its classes are called; name them with --label, in order")
    shapes = {output.name: _shape(output) for output in model.graph.output}
    head = _head(shapes, len(labels), own.path.name)
    width, height = _size(model, metadata, own)
    described: dict[str, object] = {
        "name": own.name,
        "description": metadata.get("description") or f"imported from {own.path.name}",
        "licence": own.licence or _licence(metadata),
        "source": {
            "imported": own.path.name,
            "sha256": digest,
            "made_by": _maker(metadata, model),
        },
        "input": {"width": width, "height": height, **_pixels(head)},
        "head": head,
        "labels": list(labels),
        "thresholds": {"default": _THRESHOLD},
    }
    if head["kind"] in ("yolo", "yolox"):
        described["nms"] = {"iou": _IOU}
    return described


def _head(shapes: Mapping[str, Shape], classes: int, file: str) -> Head:
    """The head whose outputs have these shapes, batch first."""
    one = next(iter(shapes.values())) if len(shapes) == 1 else ()
    match one:
        case (_, _, last) if last == _END_TO_END and 0 < one[1] <= _MOST_QUERIES:
            return {"kind": "end-to-end"}
        case (_, rows, _) if rows == _BOX + classes:
            return {"kind": "yolo"}
        case (_, _, last) if last == _BOX + classes:
            return {"kind": "detr"}
        case (_, _, last) if last == _BOX + 1 + classes:
            return {"kind": "yolox"}
        case _:
            pass
    boxes = [name for name, shape in shapes.items() if len(shape) == 3 and shape[2] == _BOX]
    scores = [name for name, shape in shapes.items() if len(shape) == 3 and shape[2] == classes]
    if len(shapes) == 2 and len(boxes) == 1 and len(scores) == 1:
        return {"kind": "detr", "outputs": [boxes[0], scores[0]], "logits": "logit" in scores[0].lower()}
    told = ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items())
    raise UsageError(
        f"cannot tell how {file} gives {classes} classes; its outputs are {told}. Check the labels, "
        "or write its model.yaml by hand: models/README.md names the heads"
    )


def _pixels(head: Head) -> dict[str, object]:
    """How these families' pictures are made."""
    if head["kind"] == "yolox":
        return {"colour": "bgr", "fit": "letterbox"}
    return {"colour": "rgb", "std": [255.0] * 3, "fit": "stretch" if head["kind"] == "detr" else "letterbox"}


def _size(model: onnx.ModelProto, metadata: Mapping[str, str], own: OwnModel) -> tuple[int, int]:
    first = model.graph.input[0]
    if first.type.tensor_type.elem_type != onnx.TensorProto.FLOAT:
        raise UsageError(f"{own.path.name} does not take float32 pictures; export it without half precision")
    shape = _shape(first)
    if len(shape) != 4 or shape[1] not in (3, _ANY):
        raise UsageError(f"{own.path.name} takes {list(shape)}, not batch × 3 × height × width")
    height, width = shape[2:]
    if _ANY not in (height, width):
        if own.size not in (None, width):
            raise UsageError(f"{own.path.name} takes {width} × {height} pixels only; leave --size out")
        return width, height
    told = _literal(metadata.get("imgsz", ""))
    if own.size is None and isinstance(told, list) and len(cast(list[object], told)) == 2:
        sides = cast(list[int], told)
        return int(sides[1]), int(sides[0])
    if own.size is None:
        raise UsageError(f"{own.path.name} takes pictures of any size; say which with --size, e.g. --size 640")
    return own.size, own.size


def _shape(value: onnx.ValueInfoProto) -> Shape:
    return tuple(d.dim_value if d.HasField("dim_value") else _ANY for d in value.type.tensor_type.shape.dim)


def _names(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Class names as Ultralytics writes them: ``{0: 'person', 1: 'car'}`` or a list."""
    told = _literal(metadata.get("names", ""))
    if isinstance(told, dict):
        numbered = cast(dict[int, object], told)
        return tuple(str(numbered[number]) for number in sorted(numbered))
    return tuple(str(name) for name in cast(Sequence[object], told)) if isinstance(told, list | tuple) else ()


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


def _licence(metadata: Mapping[str, str]) -> str:
    told = metadata.get("license", "")
    return _AGPL if _AGPL in told or metadata.get("author") == "Ultralytics" else told or _NOT_STATED


def _maker(metadata: Mapping[str, str], model: onnx.ModelProto) -> str:
    told = " ".join(filter(None, (metadata.get("author"), metadata.get("version"))))
    return told or " ".join(filter(None, (model.producer_name, model.producer_version))) or "unknown"


def _kind(described: Mapping[str, object]) -> str:
    return str(cast(Mapping[str, object], described["head"])["kind"])


def _card(described: Mapping[str, object]) -> str:
    source = cast(Mapping[str, str], described["source"])
    licence = str(described["licence"])
    return (
        f"# {described['name']}\n\n{described['description']}.\n\n"
        "Imported, not trained here, and not measured: write below what you saw with\n"
        f"`lookout-models evaluate --model {described['name']} DATASET`.\n\n"
        f"| | |\n|---|---|\n| File | `{source['imported']}` |\n| Made by | {source['made_by']} |\n"
        f"| Licence | {licence} |\n| SHA-256 | `{{sha256}}` |\n| Head | {_kind(described)} |\n\n"
        f"{_NOTES.get(licence, '')}\n"
    )
