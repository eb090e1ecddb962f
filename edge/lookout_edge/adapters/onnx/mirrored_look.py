"""A mirrored look: the same detector sees the picture a second time, left for right, and the boxes of both are one.

A net's errors differ between the two, so that their mean is nearer to the truth (test-time augmentation). It is asked
only where the first look saw something of certain labels: a picture without them costs what it did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lookout_edge.adapters.onnx.first_look import AfterFirstLook
from lookout_edge.adapters.zoo import MirroredLook
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.errors import ModelError
from lookout_edge.ports import Detector

_LOOKS = 2


class MirroredDetector(AfterFirstLook):
    """A :class:`lookout_edge.ports.Detector` that asks ``first`` again about the mirrored picture.

    ``thresholds`` hold for the mean score of both looks, for the labels that ``settings.first`` names.
    """

    def __init__(self, first: Detector, settings: MirroredLook, thresholds: Mapping[str, float]) -> None:
        super().__init__(first)
        unknown = sorted({*settings.first, *settings.asks} - set(first.labels))
        if unknown:
            raise ModelError(f"'mirrored_look' names {', '.join(unknown)}, which '{first.name}' never sees")
        self._settings, self._thresholds = settings, thresholds

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """Objects in a BGR picture, best first; boxes and scores of the named labels are the means of both looks."""
        found = self._first.detect(image, region)
        if any(d.label in self._settings.asks and d.score >= self._settings.first[d.label] for d in found):
            mirror = np.ascontiguousarray(image[:, ::-1])
            seen = self._first.detect(mirror, region and _mirrored(region))
            again = [replace(d, box=_mirrored(d.box)) for d in seen if d.label in self._settings.first]
            named = [d for d in found if d.label in self._settings.first]
            others = [d for d in found if d.label not in self._settings.first]
            found = [*others, *fused([*named, *again], self._settings.iou)]
        told = [d for d in found if d.score >= self._thresholds.get(d.label, 0.0)]
        return sorted(told, key=lambda d: -d.score)


@dataclass(slots=True)
class Cluster:
    """Boxes of one thing, best first, and their mean weighted by score."""

    members: list[Detection] = field(default_factory=list[Detection])
    box: Box = field(default_factory=lambda: Box(0.0, 0.0, 0.0, 0.0))

    def add(self, detection: Detection) -> None:
        """Take in one more box, whose score is no better than the others'."""
        self.members.append(detection)
        weight = sum(d.score for d in self.members)
        corners = zip(*(d.box for d in self.members), strict=True)
        scores = [d.score for d in self.members]
        self.box = Box(*(sum(s * c for s, c in zip(scores, corner, strict=True)) / weight for corner in corners))

    @property
    def detection(self) -> Detection:
        """The mean of both looks; a look that did not see it counts as 0."""
        best = self.members[:_LOOKS]
        return replace(best[0], box=self.box, score=sum(d.score for d in best) / _LOOKS)


def fused(detections: Sequence[Detection], iou: float) -> list[Detection]:
    """Weighted boxes fusion of two looks (Solovyev, Wang and Gabruseva, Image and Vision Computing 107, 2021)."""
    return [cluster.detection for cluster in clustered(detections, iou)]


def clustered(detections: Sequence[Detection], iou: float) -> list[Cluster]:
    """Boxes of one label that overlap the running mean by more than ``iou`` are one thing."""
    clusters: list[Cluster] = []
    for detection in sorted(detections, key=lambda d: -d.score):
        same = [c for c in clusters if c.members[0].label == detection.label and c.box.iou(detection.box) > iou]
        if same:
            max(same, key=lambda c: c.box.iou(detection.box)).add(detection)
        else:
            clusters.append(Cluster())
            clusters[-1].add(detection)
    return clusters


def _mirrored(box: Box) -> Box:
    return Box(1 - box.x2, box.y1, 1 - box.x1, box.y2)
