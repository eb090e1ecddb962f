"""Object detection with a model of the zoo."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from lookout_edge.adapters.onnx.cutting import cut
from lookout_edge.adapters.onnx.heads.nanodet import NanodetDecoder
from lookout_edge.adapters.onnx.letterbox import InputMaker
from lookout_edge.adapters.onnx.nms import non_maximum_suppression
from lookout_edge.adapters.onnx.session import DEFAULT_PROVIDERS, OnnxSession
from lookout_edge.adapters.zoo import NanodetHead, ZooEntry
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.errors import ModelError

_MOST_DETECTIONS = 300


class OnnxDetector:
    """A :class:`lookout_edge.ports.Detector`; one instance serves all cameras and threads.

    ``threshold`` replaces all the thresholds of ``model.yaml``, e.g. by something low for a precision-recall curve;
    ``of_label`` replaces those of some labels.
    """

    def __init__(
        self,
        entry: ZooEntry,
        providers: Sequence[str] = DEFAULT_PROVIDERS,
        threads: int = 1,
        threshold: float | None = None,
        of_label: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        spec = entry.spec
        if not isinstance(spec.head, NanodetHead) or spec.nms is None:
            raise ModelError(f"model '{entry.name}' does not detect objects; choose another one as detector")
        self._entry = entry
        self._iou = spec.nms.iou
        limits = [_limit(spec.thresholds.of(label), threshold, of_label.get(label)) for label in spec.labels]
        self._thresholds = np.array(limits, np.float32)
        self._maker = InputMaker(spec.input)
        self._decoder = NanodetDecoder(spec.head.strides, spec.head.bins)
        self._session = OnnxSession(entry.name, entry.weights(), providers, threads)
        self._canvas = (spec.input.width, spec.input.height)
        self._step = max(spec.head.strides) if self._session.takes_any_size else None

    @property
    def name(self) -> str:
        """Name of the zoo entry."""
        return self._entry.name

    @property
    def sha256(self) -> str:
        """Hash of the weights."""
        return self._entry.sha256

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names it can give."""
        return self._entry.spec.labels

    @property
    def takes_regions(self) -> bool:
        """See ``Detector``: models that take any size look at parts for less."""
        return self._step is not None

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """Objects in a BGR picture, best first, boxes as fractions of it. Raises ModelError when the runtime fails."""
        part = cut(image, region, self._canvas, self._step)
        batch, placement = self._maker.make(part.image, part.canvas)
        outputs = self._session.run(batch)
        canvas = batch.shape[3], batch.shape[2]
        found = self._decoder.decode(outputs["scores"][0], outputs["distances"][0], self._thresholds, canvas)
        kept = non_maximum_suppression(found.boxes, found.scores, found.classes, self._iou)[:_MOST_DETECTIONS]
        boxes = part.to_whole(np.clip(placement.to_fractions(found.boxes[kept]), 0.0, 1.0))
        return [
            Detection(self.labels[int(number)], float(score), Box(*(float(v) for v in box)))
            for box, score, number in zip(boxes, found.scores[kept], found.classes[kept], strict=True)
            if box[2] > box[0] and box[3] > box[1]
        ]


def _limit(described: float, threshold: float | None, of_label: float | None) -> float:
    if threshold is not None:
        return threshold if of_label is None else min(threshold, of_label)
    return described if of_label is None else of_label
