"""Boxes within boxes: half an e-bike is no second e-bike, though it overlaps the whole one by too little for NMS.

So what is common counts as a share of the smaller box (intersection over minimum): a part has a small IoU with the
whole and lies in it nevertheless. And what is clearly something else is nothing of the kind: a truck is no motorcycle.
"""

from collections.abc import Sequence

from lookout_edge.adapters.onnx.first_look import AfterFirstLook
from lookout_edge.adapters.zoo import Nested
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.ports import Detector


class NestedDetector(AfterFirstLook):
    """A :class:`lookout_edge.ports.Detector` that leaves out what lies in a better box, or clearly is another thing."""

    def __init__(self, first: Detector, settings: Nested) -> None:
        super().__init__(first)
        self._settings = settings

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """Objects in a BGR picture, best first."""
        return unnested(self._first.detect(image, region), self._settings)


def unnested(detections: Sequence[Detection], settings: Nested) -> list[Detection]:
    """Without those of the labels in ``settings`` that another label outdoes, or that lie in a better one of them which
    is kept; best first.
    """
    kept: list[Detection] = []
    for found in sorted(detections, key=lambda d: -d.score):
        if found.label not in settings.labels or not (
            any(_outdoes(other, found, settings) for other in detections)
            or any(other.label in settings.labels and _common(found.box, other.box) > settings.share for other in kept)
        ):
            kept.append(found)
    return kept


def _outdoes(other: Detection, found: Detection, settings: Nested) -> bool:
    times = settings.outdone.get(other.label)
    return times is not None and other.score >= times * found.score and other.box.iou(found.box) > settings.share


def _common(box: Box, other: Box) -> float:
    """What both have in common as a share of the smaller one, 0..1."""
    return max(box.share_inside(other), other.share_inside(box))
