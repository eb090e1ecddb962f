"""What the heads of detectors have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lookout_edge.adapters.onnx.letterbox import Canvas
from lookout_edge.errors import ModelError

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes (n, 4) x1, y1, x2, y2 in input pixels, with scores and class numbers (n,)."""

    boxes: Floats
    scores: Floats
    classes: Indices


class Decoder(Protocol):
    """Reads the outputs of one kind of head."""

    @property
    def step(self) -> int | None:
        """What the sides of an input must be multiples of; None when only the size of ``model.yaml`` can be decoded."""
        ...

    def decode(self, outputs: Mapping[str, Floats], thresholds: Floats, canvas: Canvas) -> Candidates:
        """Every box whose score reaches the threshold of its class.

        ``outputs`` are those of one picture by name, without the batch's axis; ``thresholds`` has one value a class;
        ``canvas`` is the input's width and height.
        """
        ...


def named(outputs: Mapping[str, Floats], names: Sequence[str]) -> list[Floats]:
    """The outputs called ``names``; ModelError when one is not there."""
    missing = [name for name in names if name not in outputs]
    if missing:
        raise ModelError(f"the model has no output '{missing[0]}'; it has {', '.join(outputs)}: correct model.yaml")
    return [outputs[name] for name in names]


def above(scores: Floats, thresholds: Floats) -> tuple[Indices, Indices]:
    """Rows and class numbers of what reaches its threshold in (boxes, classes). ModelError when labels are missing."""
    if scores.shape[1] != len(thresholds):
        raise ModelError(
            f"the model gives {scores.shape[1]} classes a box but model.yaml has {len(thresholds)} labels; correct them"
        )
    least = thresholds.min()
    if scores.flags.c_contiguous:
        # Comparing all with one number is four times as fast as finding the best of each row.
        rows, classes = np.divmod(np.flatnonzero(scores.ravel() >= least), len(thresholds))
    else:  # a class's boxes lie side by side: now the best of each row is the fast way
        hopeful = np.flatnonzero(scores.max(axis=1) >= least)
        rows, classes = np.nonzero(scores[hopeful] >= least)
        rows = hopeful[rows]
    kept = scores[rows, classes] >= thresholds[classes]
    return rows[kept], classes[kept]


def corners(centred: Floats) -> Floats:
    """(n, 4) centre x, centre y, width, height as x1, y1, x2, y2."""
    half = centred[:, 2:] / 2
    return np.concatenate([centred[:, :2] - half, centred[:, :2] + half], axis=1).astype(np.float32)


class Grids:
    """Where the locations of a head lie for every input size; remembers them."""

    def __init__(self, strides: tuple[int, ...]) -> None:
        self._steps = strides
        self._known: dict[Canvas, tuple[Floats, Floats]] = {}

    @property
    def step(self) -> int:
        """The coarsest stride."""
        return max(self._steps)

    def of(self, canvas: Canvas) -> tuple[Floats, Floats]:
        """Upper left corners (n, 2) of the cells in strides, and the stride of each (n,): by stride, row, column."""
        found = self._known.get(canvas)
        if found is None:
            found = self._known[canvas] = _grid(canvas, self._steps)
        return found


def _grid(canvas: Canvas, strides: tuple[int, ...]) -> tuple[Floats, Floats]:
    cells: list[Floats] = []
    steps: list[Floats] = []
    for stride in strides:
        columns, rows = -(-canvas[0] // stride), -(-canvas[1] // stride)
        y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
        cells.append(np.stack([x, y], axis=-1).reshape(-1, 2))
        steps.append(np.full(rows * columns, stride, np.float32))
    return np.concatenate(cells), np.concatenate(steps)


def sigmoid(logits: Floats) -> Floats:
    """1 / (1 + e^−x) without overflow."""
    return (0.5 * (1 + np.tanh(0.5 * logits))).astype(np.float32)
