"""The old model's own labels: what coco-nano sees on the training pictures keeps its classes alive in the new one."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import torch

from lookout_models.pictures import read_picture
from lookout_models.training.data.examples import PseudoBox
from lookout_models.training.data.geometry import PADDING, Picture
from lookout_models.training.detector.decode import Found, boxes_of, make_grid, suppressed
from lookout_models.training.detector.net import COCO_ROWS, NanoDet
from lookout_models.training.detector.pixels import to_tensor

#: Below this a box of the teacher says nothing.
LEAST_SCORE = 0.1
_MULTIPLE = 32


def label_pictures(teacher: NanoDet, pictures: Iterable[Path], size: int, out: Path) -> None:
    """Append a line a picture to ``out``: path and boxes ``[label, score, x1, y1, x2, y2]`` in fractions.

    Pictures that ``out`` already holds are skipped, so an interrupted run goes on where it stopped.
    """
    done = read_pseudo_labels(out).keys()
    if out.exists():
        # A killed run may leave half a line, which the next one would be appended to.
        _write_whole_lines(out)
    with out.open("a", encoding="utf-8") as file:
        for path in pictures:
            if str(path) not in done:
                boxes = _label(teacher, read_picture(path), size)
                file.write(json.dumps({"path": str(path), "boxes": boxes}) + "\n")
                file.flush()


def read_pseudo_labels(path: Path) -> dict[str, list[PseudoBox]]:
    """Path of the picture → boxes as `label_pictures` wrote them."""
    lines = _whole_lines(path.read_bytes()).splitlines() if path.exists() else []
    records = [cast(dict[str, Any], json.loads(line)) for line in lines]
    return {str(record["path"]): [_pseudo_box(box) for box in record["boxes"]] for record in records}


def _whole_lines(content: bytes) -> bytes:
    return content[: content.rfind(b"\n") + 1]


def _write_whole_lines(path: Path) -> None:
    content = path.read_bytes()
    whole = _whole_lines(content)
    if len(whole) < len(content):
        path.write_bytes(whole)


def _pseudo_box(values: Sequence[Any]) -> PseudoBox:
    label, score, x1, y1, x2, y2 = values
    return str(label), float(score), float(x1), float(y1), float(x2), float(y2)


def _label(teacher: NanoDet, picture: Picture, size: int) -> list[list[str | float]]:
    height, width = picture.shape[:2]
    canvas, scale = _fitted(picture, size)
    with torch.inference_mode():
        logits, distances = teacher(to_tensor([canvas]))
        grid = make_grid(*canvas.shape[:2])
        rows = list(COCO_ROWS.values())
        scores = logits[0].sigmoid()[:, rows].numpy()
        found = suppressed(scores, boxes_of(distances, grid)[0].numpy(), LEAST_SCORE)
    return _as_fractions(found, scale, width, height)


def _fitted(picture: Picture, size: int) -> tuple[Picture, float]:
    """Scaled to ``size``, with bars only up to the next multiple of the coarsest stride: cheaper than a square."""
    height, width = picture.shape[:2]
    scale = size / max(height, width)
    inner = (round(width * scale), round(height * scale))
    padded = [-(-side // _MULTIPLE) * _MULTIPLE for side in inner]
    canvas = np.full((padded[1], padded[0], 3), PADDING, np.uint8)
    canvas[: inner[1], : inner[0]] = cv2.resize(picture, inner)
    return canvas, scale


def _as_fractions(found: Found, scale: float, width: int, height: int) -> list[list[str | float]]:
    labels = list(COCO_ROWS)
    extent = np.array([width, height, width, height], np.float32)
    boxes = np.clip(found.boxes / scale / extent, 0, 1)
    return [
        [labels[number], round(float(score), 4), *(round(float(v), 5) for v in box)]
        for box, score, number in zip(boxes, found.scores, found.classes, strict=True)
    ]
