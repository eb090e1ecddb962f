"""Object detection with a model of the zoo."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from lookout_edge.adapters.onnx.cutting import cut
from lookout_edge.adapters.onnx.decoders import open_decoder
from lookout_edge.adapters.onnx.heads.candidates import Candidates, Indices
from lookout_edge.adapters.onnx.letterbox import InputMaker
from lookout_edge.adapters.onnx.nms import non_maximum_suppression
from lookout_edge.adapters.onnx.session import DEFAULT_PROVIDERS, OnnxSession
from lookout_edge.adapters.zoo import ZooEntry
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box

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
        self._decoder = open_decoder(spec)
        self._entry = entry
        self._iou = spec.nms.iou if spec.nms else None
        limits = [_limit(spec.thresholds.of(label), threshold, of_label.get(label)) for label in spec.labels]
        self._thresholds = np.array(limits, np.float32)
        self._maker = InputMaker(spec.input)
        self._session = OnnxSession(entry.name, entry.weights(), providers, threads)
        self._canvas = (spec.input.width, spec.input.height)
        self._step = self._decoder.step if self._session.takes_any_size else None

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
        outputs = {name: value[0] for name, value in self._session.run(batch).items()}
        found = self._decoder.decode(outputs, self._thresholds, part.canvas)
        kept = self._kept(found)[:_MOST_DETECTIONS]
        inside = np.clip(placement.to_fractions(found.boxes[kept]), 0.0, 1.0)
        boxes, cut_off = part.to_whole(inside), part.cuts(inside)
        return [
            Detection(self.labels[int(number)], float(score), Box(*(float(v) for v in box)), cut=bool(ends))
            for box, score, number, ends in zip(boxes, found.scores[kept], found.classes[kept], cut_off, strict=True)
            if box[2] > box[0] and box[3] > box[1]
        ]

    def _kept(self, found: Candidates) -> Indices:
        """Indices of the boxes to report, best first."""
        if self._iou is None:
            return np.argsort(-found.scores, kind="stable")
        return non_maximum_suppression(found.boxes, found.scores, found.classes, self._iou)


def _limit(described: float, threshold: float | None, of_label: float | None) -> float:
    if threshold is not None:
        return threshold if of_label is None else min(threshold, of_label)
    return described if of_label is None else of_label
