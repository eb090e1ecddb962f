"""Which family a detector is of, told from what it gave for one picture: files lie about shapes, or leave them open."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookout_models.errors import UsageError

Floats = NDArray[np.float32]
Head = dict[str, object]

#: Finished boxes and DETR's queries are a few hundred; a grid's locations are thousands.
_MOST_QUERIES = 1000
_BOX, _END_TO_END = 4, 6
_STRIDES = (8, 16, 32, 64)
#: Boxes that YOLOv5 and YOLOv7 have at a place.
_ANCHORS = 3
_TABLE, _FEATURE_MAPS = 3, 5


@dataclass(frozen=True, slots=True)
class Told:
    """A head, and how its family makes its pictures."""

    head: Head
    pixels: Mapping[str, object]

    @property
    def kind(self) -> str:
        """Kind of the head."""
        return str(self.head["kind"])


_RGB: Mapping[str, object] = {"colour": "rgb", "std": [255.0] * 3, "fit": "letterbox"}
_BGR: Mapping[str, object] = {"colour": "bgr", "fit": "letterbox"}
_STRETCHED: Mapping[str, object] = {**_RGB, "fit": "stretch"}


def tell_head(outputs: Mapping[str, Floats], classes: int, size: tuple[int, int], file: str) -> Told:
    """The head that gave ``outputs`` for a picture of ``size`` (width, height). UsageError when it is none we know."""
    first = next(iter(outputs.values()))
    others = list(outputs.values())[1:]
    # Early exports of YOLOv5 have the maps that the table was made of beside it.
    if first.ndim == _TABLE and len(first) == 1 and all(each.ndim == _FEATURE_MAPS for each in others):
        told = _of_table(first[0], classes, size, file)
        if told is not None:
            return told
    boxes = [name for name, value in outputs.items() if value.ndim == _TABLE and value.shape[2] == _BOX]
    scores = [name for name, value in outputs.items() if value.ndim == _TABLE and value.shape[2] == classes]
    if len(outputs) == 2 and len(boxes) == 1 and len(scores) == 1:
        logits = "logit" in scores[0].lower()
        return Told({"kind": "detr", "outputs": [boxes[0], scores[0]], "logits": logits}, _STRETCHED)
    shapes = ", ".join(f"{name} {list(value.shape)}" for name, value in outputs.items()) + _guess(first, classes, size)
    raise UsageError(
        f"cannot tell how {file} gives {classes} classes; its outputs are {shapes}. Check "
        "the labels, or write its model.yaml by hand: models/README.md names the heads"
    )


def _of_table(table: Floats, classes: int, size: tuple[int, int], file: str) -> Told | None:
    rows, columns = table.shape
    if columns == _BOX + 1 + classes and rows in _locations(size, _ANCHORS):
        return Told({"kind": "yolox", "decoded": True}, _RGB)
    if columns == _BOX + 1 + classes and rows in _locations(size):
        # Centres in pixels span the picture; offsets from a cell are a few at most.
        return Told({"kind": "yolox", "decoded": bool(table[:, 0].max() > size[0] / 2)}, _BGR)
    if columns == _END_TO_END and rows <= _MOST_QUERIES and _whole(table[:, _END_TO_END - 1]):
        if rows and (highest := int(table[:, _END_TO_END - 1].max())) >= classes:
            raise UsageError(
                f"{file} tells a class number {highest}, but there are {classes} labels; name all in order"
            )
        return Told({"kind": "end-to-end"}, _RGB)
    if rows == _BOX + classes:
        return Told({"kind": "yolo"}, _RGB)
    if columns == _BOX + classes and rows <= _MOST_QUERIES:
        return Told({"kind": "detr"}, _STRETCHED)
    return None


def _guess(first: Floats, classes: int, size: tuple[int, int]) -> str:
    """How many classes the shape speaks for, where that is another number."""
    if first.ndim != _TABLE:
        return ""
    _, rows, columns = first.shape
    if rows in {*_locations(size), *_locations(size, _ANCHORS)}:
        likely = columns - _BOX - 1
    else:
        likely = min(rows, columns) - _BOX
    return f", which looks like {likely} classes" if 0 < likely != classes else ""


def _locations(size: tuple[int, int], anchors: int = 1) -> set[int]:
    """Rows of a table with every place of three or four strides."""
    cells = [-(-size[0] // stride) * -(-size[1] // stride) for stride in _STRIDES]
    return {anchors * sum(cells[:-1]), anchors * sum(cells)}


def _whole(numbers: Floats) -> bool:
    return bool((numbers == np.round(numbers)).all())
