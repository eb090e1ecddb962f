"""What models say about one picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lookout_edge.domain.geometry import Box


@dataclass(frozen=True, slots=True)
class Detection:
    """One object found in one frame."""

    label: str
    #: 0..1, as the model gives it (per-class thresholds live in its model.yaml).
    score: float
    box: Box
    #: The edge of the region that was looked at goes through it: there is more of it than the box shows.
    cut: bool = False
    #: It was seen in a part of the picture that was looked at by itself, see ``close_up``.
    enlarged: bool = False


def parted(detections: Sequence[Detection], thresholds: Mapping[str, float]) -> tuple[list[Detection], list[Detection]]:
    """Those that reach the threshold of their label or whose label has none, and the doubtful others."""
    if not thresholds:
        return list(detections), []
    believed = [found for found in detections if found.score >= thresholds.get(found.label, 0.0)]
    return believed, [found for found in detections if found.score < thresholds.get(found.label, 0.0)]


def _by_score(found: Detection) -> float:
    return -found.score


def distinct(detections: Sequence[Detection], iou: float) -> list[Detection]:
    """Of detections of one label that overlap by more than ``iou`` the best one; best first."""
    kept: list[Detection] = []
    for found in sorted(detections, key=_by_score):
        for other in kept:
            if found.label == other.label and found.box.iou(other.box) > iou:
                break
        else:
            kept.append(found)
    return kept


@dataclass(frozen=True, slots=True)
class PlateReading:
    """One reading of a number plate in one frame, or None as text where a plate was found but not read."""

    text: str | None
    #: Mean character probability 0..1.
    confidence: float
    box: Box
    #: Ground of the plate (blue, yellow, green, white, black), "none" for what is no plate; None when nobody looked.
    colour: str | None = None
