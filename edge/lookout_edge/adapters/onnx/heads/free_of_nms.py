"""Heads whose boxes need no suppression: end-to-end YOLO (Wang et al. 2024) and RT-DETR (Zhao et al. 2024)."""

from collections.abc import Mapping

import numpy as np

from lookout_edge.adapters.onnx.heads.candidates import Candidates, Floats, above, corners, named, sigmoid
from lookout_edge.adapters.onnx.heads.yolo import COARSEST
from lookout_edge.adapters.onnx.letterbox import Canvas
from lookout_edge.adapters.zoo_heads import DetrHead, EndToEndHead

_BOX = 4
_YXYX = [1, 0, 3, 2]


class EndToEndDecoder:
    """Finished boxes; see ``zoo_heads.EndToEndHead``."""

    step = COARSEST

    def __init__(self, head: EndToEndHead) -> None:
        self._head = head

    def decode(self, outputs: Mapping[str, Floats], thresholds: Floats, canvas: Canvas) -> Candidates:
        """One output (n, 6), or three of them: (n, 4), (n,) and (n,). Unknown class numbers are left out."""
        if self._head.outputs is None:
            table = next(iter(outputs.values()))
            boxes, scores, numbers = table[:, :_BOX], table[:, _BOX], table[:, _BOX + 1]
        else:
            boxes, scores, numbers = named(outputs, self._head.outputs)
        classes = numbers.astype(np.intp) - self._head.first_class
        known = np.nonzero((classes >= 0) & (classes < len(thresholds)))[0]
        kept = known[scores[known] >= thresholds[classes[known]]]
        ordered = boxes[kept][:, _YXYX] if self._head.order == "yxyx" else boxes[kept]
        scale = _size(canvas) if self._head.unit == "fractions" else np.float32(1)
        return Candidates((ordered * scale).astype(np.float32), scores[kept].astype(np.float32), classes[kept])


class DetrDecoder:
    """Queries with a score for each class; see ``zoo_heads.DetrHead``."""

    step = COARSEST

    def __init__(self, head: DetrHead) -> None:
        self._head = head

    def decode(self, outputs: Mapping[str, Floats], thresholds: Floats, canvas: Canvas) -> Candidates:
        """One output (queries, 4 + classes), or two of them: (queries, 4) and (queries, classes)."""
        if self._head.outputs is None:
            table = next(iter(outputs.values()))
            boxes, scores = table[:, :_BOX], table[:, _BOX:]
        else:
            boxes, scores = named(outputs, self._head.outputs)
        if self._head.logits:
            scores = sigmoid(scores)
        queries, classes = above(scores, thresholds)
        return Candidates(corners(boxes[queries] * _size(canvas)), scores[queries, classes], classes)


def _size(canvas: Canvas) -> Floats:
    return np.array([*canvas, *canvas], np.float32)
