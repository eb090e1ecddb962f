"""YOLO's heads: Ultralytics' export (anchor-free, sigmoid inside) and YOLOX's (Ge et al. 2021)."""

from collections.abc import Mapping

import numpy as np

from lookout_edge.adapters.onnx.heads.candidates import Candidates, Floats, Grids, above, corners
from lookout_edge.adapters.onnx.letterbox import Canvas

#: Coarsest stride of these families: exports of free size take multiples of it.
COARSEST = 32


class YoloDecoder:
    """YOLOv8, YOLO11 and YOLO12 as Ultralytics exports them; see ``zoo_heads.YoloHead``."""

    step = COARSEST

    def decode(self, outputs: Mapping[str, Floats], thresholds: Floats, canvas: Canvas) -> Candidates:
        """The one output is (4 + classes, locations)."""
        table = _only(outputs)
        scores = table[4:].T
        locations, classes = above(scores, thresholds)
        return Candidates(corners(table[:4, locations].T), scores[locations, classes], classes)


class YoloxDecoder:
    """YOLOX; see ``zoo_heads.YoloxHead``."""

    def __init__(self, strides: tuple[int, ...], *, decoded: bool) -> None:
        self._grids = Grids(strides)
        self._decoded = decoded

    @property
    def step(self) -> int:
        """See ``Decoder``."""
        return self._grids.step

    def decode(self, outputs: Mapping[str, Floats], thresholds: Floats, canvas: Canvas) -> Candidates:
        """The one output is (locations, 5 + classes)."""
        table = _only(outputs)
        scores = (table[:, 4:5] * table[:, 5:]).astype(np.float32)
        locations, classes = above(scores, thresholds)
        boxes = table[locations, :4]
        if not self._decoded:
            cells, strides = self._grids.of(canvas)
            steps = strides[locations, None]
            boxes = np.concatenate([(boxes[:, :2] + cells[locations]) * steps, np.exp(boxes[:, 2:]) * steps], 1)
        return Candidates(corners(boxes), scores[locations, classes], classes)


def _only(outputs: Mapping[str, Floats]) -> Floats:
    return next(iter(outputs.values()))
