"""NanoDet's head: class scores a location, and for every side a distribution over its distance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes before suppression: (n, 4) x1, y1, x2, y2 in input pixels, with scores and class numbers (n,)."""

    boxes: Floats
    scores: Floats
    classes: NDArray[np.intp]


class NanodetDecoder:
    """Decodes one picture for any input size; remembers where the locations of each size lie."""

    def __init__(self, strides: tuple[int, ...], bins: int) -> None:
        self._steps = strides
        self._bins = np.arange(bins, dtype=np.float32)
        self._grids: dict[tuple[int, int], tuple[Floats, Floats]] = {}

    def decode(self, scores: Floats, distances: Floats, thresholds: Floats, canvas: tuple[int, int]) -> Candidates:
        """Every (location, class) whose score reaches the class's threshold.

        ``scores`` is (locations, classes), ``distances`` (locations, 4 × bins) as left, top, right, bottom; ``canvas``
        is the input's width and height.
        """
        hopeful = np.flatnonzero(scores.max(axis=1) >= thresholds.min())
        rows, classes = np.nonzero(scores[hopeful] >= thresholds)
        locations = hopeful[rows]
        boxes = self._boxes(distances[locations], locations, canvas)
        return Candidates(boxes, scores[locations, classes], classes)

    def _boxes(self, distances: Floats, locations: NDArray[np.intp], canvas: tuple[int, int]) -> Floats:
        grid = self._grids.get(canvas)
        if grid is None:
            grid = self._grids[canvas] = _locations(*canvas, self._steps)
        logits = distances.reshape(-1, 4, len(self._bins))
        weights = np.exp(logits - logits.max(axis=2, keepdims=True))
        expected = (weights @ self._bins) / weights.sum(axis=2)
        sides = expected * grid[1][locations, None]
        centres = grid[0][locations]
        return np.concatenate([centres - sides[:, :2], centres + sides[:, 2:]], axis=1).astype(np.float32)


def _locations(width: int, height: int, strides: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Centres (n, 2) in input pixels and strides (n,), rows of cells from the top left, finest stride first."""
    centres: list[Floats] = []
    steps: list[Floats] = []
    for stride in strides:
        columns, rows = -(-width // stride), -(-height // stride)
        y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
        cells = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) * stride
        centres.append(cells.astype(np.float32))
        steps.append(np.full(len(cells), stride, np.float32))
    return np.concatenate(centres), np.concatenate(steps)
