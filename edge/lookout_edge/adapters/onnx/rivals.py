"""Labels that exclude each other: of what lies in one place, a detector that is sure of one label doubts the others.

A detector scores each label for itself, so an overflowing bin is a heap of rubbish and an ordinary bin to it as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lookout_edge.adapters.onnx.first_look import AfterFirstLook
from lookout_edge.adapters.zoo import Rivals
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.ports import Detector


class RivalDetector(AfterFirstLook):
    """A :class:`lookout_edge.ports.Detector` that lowers scores where another label has a better claim to the place.

    ``thresholds`` hold for the scores that result.
    """

    def __init__(self, first: Detector, settings: Rivals, thresholds: Mapping[str, float]) -> None:
        super().__init__(first)
        self._settings, self._thresholds = settings, thresholds

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """Objects in a BGR picture, best first."""
        weighed = contested(self._first.detect(image, region), self._settings)
        told = [d for d in weighed if d.score >= self._thresholds.get(d.label, 0.0)]
        return sorted(told, key=lambda d: -d.score)


def contested(detections: Sequence[Detection], settings: Rivals) -> list[Detection]:
    """Each score × (1 − its rival's score) ^ weight, over the best rival of each label in its place; all at once."""
    return [
        replace(d, score=d.score * _share_left(d, detections, settings)) if d.label in settings.weights else d
        for d in detections
    ]


def _share_left(detection: Detection, detections: Sequence[Detection], settings: Rivals) -> float:
    share = 1.0
    for rival, weight in settings.weights[detection.label].items():
        claims = [
            d.score
            for d in detections
            if d.label == rival and d.score >= settings.least and d.box.iou(detection.box) > settings.iou
        ]
        share *= (1 - max(claims, default=0.0)) ** weight
    return share
