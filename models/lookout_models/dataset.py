"""Labelled pictures in the YOLO layout.

``images/`` and ``labels/`` side by side, one text file a picture with a line ``class cx cy w h`` a box in fractions of
the picture; class names in ``data.yaml`` in the same folder or above it. An empty label file: nothing is there. What
of a box lies beyond the picture is cut off.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import yaml
from numpy.typing import NDArray

from lookout_edge.domain.geometry import Box
from lookout_models.errors import UsageError
from lookout_models.labels import read_labels
from lookout_models.pictures import list_pictures

_SPLITS = ("val", "test", "train")
_DESCRIPTION = "data.yaml"
_LEVELS_ABOVE = 2
#: Labelling programs leave the class names in such a file beside the labels.
_NO_LABELS = "classes.txt"
_JUDGED_FORM = 'write {"image": NAME, "boxes": [[CLASS, 1, x1, y1, x2, y2]]} a line, in fractions of the picture'


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPicture:
    """A picture and what is in it."""

    path: Path
    #: Class numbers, (n,).
    classes: NDArray[np.int64]
    #: cx, cy, w, h as fractions of the picture, (n, 4).
    boxes: NDArray[np.float64]
    #: Places of which nobody could tell, as (class number, box): what is found there is neither right nor wrong.
    undecided: tuple[tuple[int, Box], ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled pictures and the names of their classes."""

    names: tuple[str, ...]
    pictures: tuple[LabelledPicture, ...]
    #: Label files of which there is no picture, by name.
    without_picture: tuple[str, ...] = ()


def read_dataset(folder: Path) -> Dataset:
    """Read the ``images/`` of ``folder``, else the first of val, test and train that its ``data.yaml`` names.

    Raises UsageError when pictures, labels or class names are missing or wrong.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; give a data set in YOLO layout")
    description = _find_description(folder)
    document = _read_description(description)
    names = _names(document, description)
    images = _images(folder, description, document)
    pictures = list_pictures(images)
    beside = _beside(images)
    labels = _label_paths(pictures, beside)
    known = {path.name for path in labels} | {_NO_LABELS}
    strays = tuple(sorted(path.name for path in beside.glob("*.txt") if path.name not in known))
    read = tuple(_labelled(p, t, len(names)) for p, t in zip(pictures, labels, strict=True))
    return Dataset(names, read, strays)


def read_names(description: Path) -> tuple[str, ...]:
    """The class names in a ``data.yaml``. UsageError when it is none."""
    if not description.is_file():
        raise UsageError(f"there is no file {description}; give a YOLO data.yaml, which names the pictures and classes")
    return _names(_read_description(description), description)


def read_judged(judged: Path, folder: Path) -> Dataset:
    """What a file of judged boxes says of the pictures in ``folder`` that it names, whatever is labelled there.

    A line a picture, ``{"image": NAME, "boxes": [[CLASS, 1, x1, y1, x2, y2], …]}`` in fractions of the picture; 0
    instead of 1 where nobody could tell. Raises UsageError when the file cannot be read or names none of the pictures.
    """
    boxes = _read_judged(judged)
    names = tuple(sorted({name for found in boxes.values() for name, _, _ in found}))
    paths = [path for path in list_pictures(folder / "images") if path.name in boxes]
    if not paths:
        raise UsageError(f"{judged} names none of the pictures in {folder / 'images'}")
    return Dataset(names, tuple(_judged_picture(path, boxes[path.name], names) for path in paths))


def _read_judged(path: Path) -> dict[str, list[tuple[str, bool, Box]]]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"cannot read the boxes in {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read the boxes in {path}: it is no text; {_JUDGED_FORM}") from error
    boxes: dict[str, list[tuple[str, bool, Box]]] = {}
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            boxes[str(record["image"])] = [_judged_box(box) for box in record["boxes"]]
        except (ValueError, LookupError, TypeError) as error:
            raise UsageError(f"cannot read the boxes in {path}, line {number}; {_JUDGED_FORM}") from error
    return boxes


def _judged_box(values: Sequence[Any]) -> tuple[str, bool, Box]:
    name, there, x1, y1, x2, y2 = values
    left, top, right, bottom = (float(value) for value in (x1, y1, x2, y2))
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ValueError("no box in fractions of the picture")
    return str(name), bool(there), Box(left, top, right, bottom)


def _judged_picture(path: Path, boxes: Sequence[tuple[str, bool, Box]], names: Sequence[str]) -> LabelledPicture:
    there = [(names.index(name), box) for name, sure, box in boxes if sure]
    centred = [((b.x1 + b.x2) / 2, (b.y1 + b.y2) / 2, b.x2 - b.x1, b.y2 - b.y1) for _, b in there]
    return LabelledPicture(
        path,
        np.array([number for number, _ in there], np.int64),
        np.array(centred, np.float64).reshape(-1, 4),
        tuple((names.index(name), box) for name, sure, box in boxes if not sure),
    )


def _find_description(folder: Path) -> Path:
    resolved = folder.resolve()
    for place in (resolved, *resolved.parents[:_LEVELS_ABOVE]):
        if (place / _DESCRIPTION).is_file():
            return place / _DESCRIPTION
    raise UsageError(f"{folder} has no {_DESCRIPTION}; add one with the class names, e.g. 'names: [car, bus]'")


def _read_description(path: Path) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path} must be a mapping with 'names'")
    return cast(Mapping[str, Any], document)


def _names(document: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    told = document.get("names")
    if isinstance(told, dict):
        told = _by_number(cast(Mapping[object, object], told), path)
    if not isinstance(told, list) or not told:
        raise UsageError(f"{path} has no class names; add e.g. 'names: [car, bus]'")
    names = tuple(str(name) for name in cast(list[object], told))
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"{path} names two classes '{twice[0]}'; give each a name of its own")
    return names


def _by_number(names: Mapping[object, object], path: Path) -> list[object]:
    """The names in order. UsageError unless they are numbered 0, 1, 2 …, as the label files count."""
    numbered = {str(key): name for key, name in names.items()}
    keys = [str(number) for number in range(len(names))]
    if set(numbered) != set(keys):
        raise UsageError(f"{path} numbers its classes {', '.join(numbered)}; they must be 0, 1, 2 … without a gap")
    return [numbered[key] for key in keys]


def _images(folder: Path, description: Path, document: Mapping[str, Any]) -> Path:
    own = folder / "images"
    if own.is_dir() and any(path.is_file() for path in own.iterdir()):
        return own
    named = [split for split in _SPLITS if document.get(split)]
    if description.parent == folder.resolve() and named:
        return _split(description, document, named[0])
    raise UsageError(f"{folder} has no folder 'images' with pictures; a YOLO data set has images/ and labels/")


def _split(description: Path, document: Mapping[str, Any], split: str) -> Path:
    """The folder of pictures that the description names. UsageError when it is not there: another would mislead."""
    told = str(document[split])
    # Roboflow counts from a folder beside its data.yaml; Ultralytics' `path` may count from a folder of its own.
    for root in (description.parent / str(document.get("path") or "."), description.parent):
        for place in (root / told, root / told.removeprefix("../")):
            if place.is_dir():
                return place
    raise UsageError(
        f"{description} names {split}: {told}, which is no folder of pictures; correct it, or give the folder of one "
        "split, which has images/ and labels/"
    )


def _beside(images: Path) -> Path:
    """The labels of ``…/images/…`` lie in ``…/labels/…``."""
    parts = list(images.parts)
    if "images" not in parts:
        return images.parent / "labels"
    last = len(parts) - 1 - parts[::-1].index("images")
    parts[last] = "labels"
    return Path(*parts)


def _label_paths(pictures: Sequence[Path], labels: Path) -> list[Path]:
    if not labels.is_dir():
        raise UsageError(f"the labels are missing: {labels} is not a folder")
    paths = [labels / f"{picture.stem}.txt" for picture in pictures]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise UsageError(
            f"{len(missing)} of {len(pictures)} pictures have no labels (first: {missing[0]}); "
            "add an empty file where there is nothing to find"
        )
    return paths


def _labelled(picture: Path, labels: Path, classes: int) -> LabelledPicture:
    table = np.array(read_labels(labels, classes, _DESCRIPTION), np.float64).reshape(-1, 5)
    return LabelledPicture(picture, table[:, 0].astype(np.int64), table[:, 1:])
