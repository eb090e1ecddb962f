"""NanoDet's head: class scores a location, and for every side a distribution over its distance."""

from collections.abc import Mapping

import numpy as np

from lookout_edge.adapters.onnx.heads.candidates import Candidates, Floats, Grids, above, named
from lookout_edge.adapters.onnx.letterbox import Canvas


class NanodetDecoder:
    """Decodes one picture for any input size."""

    def __init__(self, strides: tuple[int, ...], bins: int) -> None:
        self._bins = np.arange(bins, dtype=np.float32)
        self._grids = Grids(strides)

    @property
    def step(self) -> int:
        """See ``Decoder``."""
        return self._grids.step

    def decode(self, outputs: Mapping[str, Floats], thresholds: Floats, canvas: Canvas) -> Candidates:
        """``scores`` is (locations, classes), ``distances`` (locations, 4 × bins) as left, top, right, bottom."""
        scores, distances = named(outputs, ("scores", "distances"))
        locations, classes = above(scores, thresholds)
        cells, strides = self._grids.of(canvas)
        steps = strides[locations, None]
        sides = self._expected(distances[locations]) * steps
        centres = (cells[locations] + 0.5) * steps
        boxes = np.concatenate([centres - sides[:, :2], centres + sides[:, 2:]], axis=1).astype(np.float32)
        return Candidates(boxes, scores[locations, classes], classes)

    def _expected(self, distances: Floats) -> Floats:
        """(n, 4): the mean of each side's distribution, in bins."""
        logits = distances.reshape(-1, 4, len(self._bins))
        weights = np.exp(logits - logits.max(axis=2, keepdims=True))
        return (weights @ self._bins) / weights.sum(axis=2)
