"""Training examples: a picture's path, its boxes, and where the absence of a box means nothing."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookout_models.errors import UsageError
from lookout_models.labels import read_labels
from lookout_models.pictures import list_pictures
from lookout_models.training.data.geometry import Floats, pairwise_iou
from lookout_models.training.recipe import Source

Classes = NDArray[np.int64]
PseudoBox = tuple[str, float, float, float, float, float]

#: From here on a box of the old model counts as one; below it the place is left undecided.
_SURE = 0.35
_SAME_OBJECT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """N × 4 boxes x1 y1 x2 y2 with their class numbers, N."""

    corners: Floats
    classes: Classes

    def __len__(self) -> int:
        return len(self.classes)

    def of(self, number: int) -> Floats:
        """The corners of one class."""
        return self.corners[self.classes == number]


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A picture and what is known of it. Boxes are fractions of the picture."""

    path: Path
    source: str
    boxes: Boxes
    #: Places where a class may or may not be: no loss for it there.
    undecided: Boxes
    #: How much wider than stored it may be drawn, at least and at most.
    stretch: tuple[float, float] = (1, 1)


def collect(
    name: str, source: Source, data: Path, own: Path, labels: Sequence[str], pseudo: Mapping[str, Sequence[PseudoBox]]
) -> list[Example]:
    """All examples of a source. UsageError when a folder or label file is missing."""
    drawn = read_boxes(own / source.own_boxes, labels) if source.own_boxes else None
    faults = read_faults(own / source.faults, labels) if source.faults else {}
    folder = data / source.folder
    images = folder / "images" if (folder / "images").is_dir() else folder
    texts = own / source.own_labels if source.own_labels else folder / "labels"
    chosen = [p for p in list_pictures(images) if p.name.startswith(source.prefix) and p.name not in source.excluded]
    if not chosen:
        raise UsageError(f"sources.{name}: no picture of {images} begins with '{source.prefix}' and is not excluded")
    return [
        _example(
            name,
            source,
            path,
            texts / f"{path.stem}.txt",
            labels,
            pseudo.get(str(path)) if drawn is None else drawn.get(path.name),
            faults.get(path.name, Faults()),
        )
        for path in chosen
    ]


def read_boxes(path: Path, labels: Sequence[str]) -> dict[str, list[PseudoBox]]:
    """Name of the picture → boxes of our own, see ``Source.own_boxes``. UsageError for what is none of ``labels``."""
    try:
        records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return {str(record["image"]): [_own_box(box, labels) for box in record["boxes"]] for record in records}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UsageError(f"cannot read the boxes in {path}: {error}") from error


def _own_box(values: Sequence[Any], labels: Sequence[str]) -> PseudoBox:
    label, score, x1, y1, x2, y2 = values
    if label not in labels:
        raise ValueError(f"'{label}' is no label of the recipe")
    return str(label), float(score), float(x1), float(y1), float(x2), float(y2)


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a picture's labels."""

    #: Boxes that they leave out.
    boxes: Sequence[PseudoBox] = ()
    #: Labels of which no box is right.
    wrong: Sequence[str] = ()


def read_faults(path: Path, labels: Sequence[str]) -> dict[str, Faults]:
    """Name of the picture → faults of its labels, see ``Source.faults``. UsageError for what is none of ``labels``."""
    boxes = read_boxes(path, labels)
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    wrong: dict[str, Sequence[str]] = {record["image"]: record.get("wrong", ()) for record in records}
    for image, names in wrong.items():
        if unknown := sorted(set(names) - set(labels)):
            raise UsageError(f"{path}: {image}: '{unknown[0]}' is no label of the recipe")
    return {image: Faults(found, wrong[image]) for image, found in boxes.items()}


def make_boxes(items: Iterable[tuple[int, float, float, float, float]]) -> Boxes:
    """Boxes of (class, x1, y1, x2, y2) rows."""
    rows = np.array(list(items), np.float32).reshape(-1, 5)
    return Boxes(np.ascontiguousarray(rows[:, 1:]), rows[:, 0].astype(np.int64))


def _example(
    name: str,
    source: Source,
    path: Path,
    text: Path,
    labels: Sequence[str],
    pseudo: Sequence[PseudoBox] | None,
    faults: Faults,
) -> Example:
    truth = _read_labels(text, source, labels) if source.classes else make_boxes([])
    truth = _without(truth, [labels.index(label) for label in faults.wrong])
    filled = [label for label in source.pseudo if pseudo is not None]
    everywhere = [label for label in (*source.unknown, *source.pseudo) if label not in filled]
    sure: list[tuple[int, float, float, float, float]] = []
    unsure = [(labels.index(label), 0.0, 0.0, 1.0, 1.0) for label in everywhere]
    for label, score, x1, y1, x2, y2 in [*(box for box in pseudo or () if box[0] in filled), *faults.boxes]:
        corners = (x1, y1, x2, y2)
        number = labels.index(label)
        # A box of the same class that is labelled already says the same thing better.
        if not _overlaps(corners, truth.of(number)):
            (sure if score >= _SURE else unsure).append((number, x1, y1, x2, y2))
    return Example(path, name, _joined(truth, make_boxes(sure)), make_boxes(unsure), source.stretch)


def _overlaps(corners: Sequence[float], others: Floats) -> bool:
    box = np.array([corners], np.float32)
    return len(others) > 0 and bool((pairwise_iou(box, others) > _SAME_OBJECT).any())


def _without(boxes: Boxes, classes: Sequence[int]) -> Boxes:
    kept = ~np.isin(boxes.classes, classes)
    return Boxes(boxes.corners[kept], boxes.classes[kept])


def _joined(first: Boxes, second: Boxes) -> Boxes:
    return Boxes(np.concatenate([first.corners, second.corners]), np.concatenate([first.classes, second.classes]))


def _read_labels(path: Path, source: Source, labels: Sequence[str]) -> Boxes:
    if not path.is_file():
        raise UsageError(f"the labels are missing: {path}; add an empty file where there is nothing to find")
    rows = read_labels(path, len(source.classes), "the recipe's 'classes'")
    named = [(source.classes[number], *box) for number, *box in rows]
    return make_boxes(_corners(labels.index(label), box) for label, *box in named if label)


def _corners(number: int, box: Sequence[float]) -> tuple[int, float, float, float, float]:
    """Inside the picture."""
    x, y, width, height = box
    left, top = max(0.0, x - width / 2), max(0.0, y - height / 2)
    return number, left, top, min(1.0, x + width / 2), min(1.0, y + height / 2)
