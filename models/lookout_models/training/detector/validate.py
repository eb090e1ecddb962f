"""How good a net is on the validation part: average precision a label, and false alarms where nothing is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lookout_models.average_precision import ClassInPicture, average_precision
from lookout_models.training.data.augment import Sample, plain
from lookout_models.training.data.examples import Example
from lookout_models.training.data.geometry import Floats, areas
from lookout_models.training.detector.decode import Found, boxes_of, make_grid, suppressed
from lookout_models.training.detector.net import NanoDet
from lookout_models.training.detector.operating import OperatingPoint, choose, curve, false_alarms_per_1000
from lookout_models.training.detector.pixels import to_tensor

_LEAST_SCORE = 0.02
_BATCH = 8
_WHOLE = (0, 0, 1, 1)


@dataclass(frozen=True, slots=True)
class Figures:
    """How well one label is found on the validation part, and where to set its threshold."""

    ap50: float
    point: OperatingPoint
    #: Of 1,000 pictures without it, how many show it at the threshold.
    false_alarms: float


def predict(net: NanoDet, samples: Sequence[Sample]) -> list[Found]:
    """What the net sees on samples of one size."""
    with torch.inference_mode():
        logits, distances = net(to_tensor([sample.picture for sample in samples]))
        grid = make_grid(*samples[0].picture.shape[:2])
        scores, boxes = logits.sigmoid().numpy(), boxes_of(distances, grid).numpy()
    return [suppressed(s, b, _LEAST_SCORE) for s, b in zip(scores, boxes, strict=True)]


def validate(
    net: NanoDet, examples: Sequence[Example], labels: Sequence[str], size: int, precision: float = 0.9
) -> dict[str, Figures]:
    """Measure ``net`` on ``examples``, letterboxed to ``size``; labels that occur nowhere are left out.

    Pictures on which nothing is known of a label do not count for it, nor do detections in undecided places. Thresholds
    are chosen for ``precision``.
    """
    seen: dict[str, list[ClassInPicture]] = {label: [] for label in labels}
    for start in range(0, len(examples), _BATCH):
        part = examples[start : start + _BATCH]
        samples = [plain(example, size) for example in part]
        for example, sample, found in zip(part, samples, predict(net, samples), strict=True):
            for number, label in enumerate(labels):
                if not (example.undecided.of(number) == _WHOLE).all(1).any():
                    seen[label].append(_one_class(sample, found, number))
    figures = {label: _figures(pictures, precision) for label, pictures in seen.items()}
    return {label: f for label, f in figures.items() if f is not None}


def _figures(pictures: Sequence[ClassInPicture], precision: float) -> Figures | None:
    result = average_precision(pictures)
    if result is None:
        return None
    point = choose(curve(pictures), precision)
    empty = [p.scores.max(initial=0.0) for p in pictures if not len(p.truth)]
    return Figures(result.ap50, point, false_alarms_per_1000(np.array(empty), point.threshold))


def _one_class(sample: Sample, found: Found, number: int) -> ClassInPicture:
    mine = (found.classes == number) & ~_undecided(found.boxes, sample.undecided.of(number))
    return ClassInPicture(
        sample.boxes.of(number).astype(np.float64),
        found.boxes[mine].astype(np.float64),
        found.scores[mine].astype(np.float64),
    )


def _undecided(boxes: Floats, places: Floats) -> NDArray[np.bool_]:
    """Which of N boxes lie for the most part in one of the places."""
    corner = np.maximum(boxes[:, None, :2], places[None, :, :2])
    far = np.minimum(boxes[:, None, 2:], places[None, :, 2:])
    common = np.clip(far - corner, 0, None).prod(-1)
    return (common > 0.5 * areas(boxes)[:, None]).any(1)
