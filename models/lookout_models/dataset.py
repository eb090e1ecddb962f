"""Labelled pictures in the YOLO layout.

``images/`` and ``labels/`` side by side, one text file a picture with a line ``class cx cy w h`` a box in fractions of
the picture; class names in ``data.yaml`` in the same folder or above it. An empty label file: nothing is there.
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
from lookout_models.pictures import list_pictures

_SPLITS = ("val", "test", "train")
_DESCRIPTION = "data.yaml"
_LEVELS_ABOVE = 2


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
    labels = _label_paths(pictures, _beside(images))
    return Dataset(names, tuple(_labelled(p, t, len(names)) for p, t in zip(pictures, labels, strict=True)))


def read_judged(judged: Path, folder: Path) -> Dataset:
    """What a file of judged boxes says of the pictures in ``folder`` that it names, whatever is labelled there.

    A line a picture, ``{"image": NAME, "boxes": [[CLASS, 1, x1, y1, x2, y2], …]}`` in fractions of the picture; 0
    instead of 1 where nobody could tell. Raises UsageError when the file cannot be read or names none of the pictures.
    """
    try:
        records = [json.loads(line) for line in judged.read_text("utf-8").splitlines()]
        boxes = {str(each["image"]): [_judged_box(box) for box in each["boxes"]] for each in records}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UsageError(f"cannot read the boxes in {judged}: {error}") from error
    names = tuple(sorted({name for found in boxes.values() for name, _, _ in found}))
    paths = [path for path in list_pictures(folder / "images") if path.name in boxes]
    if not paths:
        raise UsageError(f"{judged} names none of the pictures in {folder / 'images'}")
    return Dataset(names, tuple(_judged_picture(path, boxes[path.name], names) for path in paths))


def _judged_box(values: Sequence[Any]) -> tuple[str, bool, Box]:
    name, there, x1, y1, x2, y2 = values
    return str(name), bool(there), Box(float(x1), float(y1), float(x2), float(y2))


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
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path} must be a mapping with 'names'")
    return cast(Mapping[str, Any], document)


def _names(document: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    names = document.get("names")
    if isinstance(names, dict):
        numbered = cast(Mapping[int, str], names)
        names = [numbered[key] for key in sorted(numbered)]
    if not isinstance(names, list) or not names:
        raise UsageError(f"{path} has no class names; add e.g. 'names: [car, bus]'")
    return tuple(str(name) for name in cast(list[object], names))


def _images(folder: Path, description: Path, document: Mapping[str, Any]) -> Path:
    own = folder / "images"
    if own.is_dir() and any(path.is_file() for path in own.iterdir()):
        return own
    if description.parent == folder.resolve():
        root = description.parent / str(document.get("path") or ".")
        named = [root / str(document[split]) for split in _SPLITS if document.get(split)]
        for images in named:
            if images.is_dir():
                return images
    raise UsageError(f"{folder} has no folder 'images' with pictures; a YOLO data set has images/ and labels/")


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
    rows: list[tuple[float, ...]] = []
    for number, line in enumerate(labels.read_text("utf-8").splitlines(), start=1):
        if line.strip():
            rows.append(_row(line, classes, f"{labels}, line {number}"))
    table = np.array(rows, np.float64).reshape(-1, 5)
    return LabelledPicture(picture, table[:, 0].astype(np.int64), table[:, 1:])


def _row(line: str, classes: int, where: str) -> tuple[float, ...]:
    try:
        row = tuple(float(value) for value in line.split())
    except ValueError:
        row = ()
    if len(row) != 5:
        raise UsageError(f"{where}: '{line.strip()}' is not 'class cx cy w h'")
    if row[0] not in range(classes):
        raise UsageError(f"{where}: class {line.split()[0]} has no name in {_DESCRIPTION}, which names {classes}")
    return row
