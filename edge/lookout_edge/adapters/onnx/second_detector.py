"""A second detector, of another kind: where the first sees certain labels, both have to agree on them.

Nets of different make err differently, so that what both see is there, and lies where both say. It is asked only about
pictures that show something: one without costs what it did. What only the first sees is not there.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from lookout_edge.adapters.onnx.first_look import AfterFirstLook
from lookout_edge.adapters.onnx.mirrored_look import clustered
from lookout_edge.adapters.zoo import SecondDetector
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.errors import ModelError
from lookout_edge.ports import Detector

#: From this score on the second detector's boxes count.
LEAST = 0.02
#: What a detector that does not see a thing is taken to say of it.
_UNSEEN = 0.01
_SUREST = 1 - 1e-5


class Again(Protocol):
    """Another look at what was found in a picture."""

    def again(self, image: Image, found: Sequence[Detection]) -> Sequence[Detection]:
        """What it makes of ``found`` in a BGR picture."""
        ...


class PairedDetector(AfterFirstLook):
    """A :class:`lookout_edge.ports.Detector` that asks ``second`` where ``first`` saw something worth it.

    ``looks`` are taken at what both see, and no others: the second detector costs less than they do, and what it does
    not see at all they rarely believe. ``thresholds`` hold for what both say, for the labels that ``settings.first``
    names.
    """

    def __init__(
        self,
        first: Detector,
        second: Detector,
        settings: SecondDetector,
        thresholds: Mapping[str, float],
        looks: Sequence[Again] = (),
    ) -> None:
        super().__init__(first)
        unknown = sorted(set(settings.first) - set(second.labels))
        if unknown:
            raise ModelError(f"'second_detector' names {', '.join(unknown)}, which '{second.name}' never sees")
        self._second, self._settings, self._thresholds, self._looks = second, settings, thresholds, tuple(looks)

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """Objects in a BGR picture, best first; of the named labels, boxes and scores are those of both."""
        found = self._first.detect(image, region)
        least = self._settings.first
        others = [d for d in found if d.label not in least]
        named = [d for d in found if d.label in least]
        if not any(d.score >= least[d.label] for d in named):
            return others
        # It has learnt whole pictures, and sees one at the same price as a part.
        seen = [d for d in self._second.detect(image) if d.label in least and (region is None or _in(d.box, region))]
        witnessed: Sequence[Detection] = [d for d in named if self._is_witnessed(d, seen)]
        for look in self._looks:
            witnessed = look.again(image, witnessed)
        together = paired(witnessed, seen, self._settings.iou)
        told = [d for d in together if d.score >= self._thresholds[d.label]]
        return sorted([*others, *told], key=lambda d: -d.score)

    def _is_witnessed(self, detection: Detection, seen: Sequence[Detection]) -> bool:
        return any(
            each.label == detection.label
            and each.score >= self._settings.witness
            and each.box.intersection(detection.box) > 0
            for each in seen
        )


def paired(first: Sequence[Detection], second: Sequence[Detection], iou: float) -> list[Detection]:
    """What two detectors say together: boxes fused as two looks' are, and the mean of both's evidence (log odds)."""
    mine, theirs = set(first), set(second)
    made: list[Detection] = []
    for cluster in clustered([*first, *second], iou):
        scores = [max((d.score for d in cluster.members if d in each), default=_UNSEEN) for each in (mine, theirs)]
        together = 1 / (1 + math.exp(-sum(_evidence(score) for score in scores) / 2))
        cut = any(d.cut for d in cluster.members)
        made.append(replace(cluster.members[0], score=together, box=cluster.box, cut=cut))
    return made


def _evidence(score: float) -> float:
    sure = min(max(score, _UNSEEN), _SUREST)
    return math.log(sure / (1 - sure))


def _in(box: Box, region: Box) -> bool:
    """Whether the middle of ``box`` lies in ``region``."""
    x, y = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
    return region.x1 <= x <= region.x2 and region.y1 <= y <= region.y2
