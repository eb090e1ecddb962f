"""How good a net is on the validation part: average precision a label, and false alarms where nothing is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lookout_models.average_precision import ClassInPicture, average_precision
from lookout_models.training.data.augment import Sample, plain
from lookout_models.training.data.examples import Example
from lookout_models.training.detector.decode import Found, boxes_of, make_grid, suppressed
from lookout_models.training.detector.net import NanoDet
from lookout_models.training.detector.pixels import to_tensor

_LEAST_SCORE = 0.02


@dataclass(frozen=True, slots=True)
class Validated:
    """AP50 a label, where it occurs and was decided."""

    ap50: Mapping[str, float]
    #: Highest score of each label on every picture, pictures × labels; and whether the picture holds it.
    highest: NDArray[np.float32]
    holds: NDArray[np.bool_]


def predict(net: NanoDet, samples: Sequence[Sample]) -> list[Found]:
    """What the net sees on samples of one size."""
    with torch.inference_mode():
        logits, distances = net(to_tensor([sample.picture for sample in samples]))
        grid = make_grid(*samples[0].picture.shape[:2])
        scores, boxes = logits.sigmoid().numpy(), boxes_of(distances, grid).numpy()
    return [suppressed(s, b, _LEAST_SCORE) for s, b in zip(scores, boxes, strict=True)]


def validate(net: NanoDet, examples: Sequence[Example], labels: Sequence[str], size: int, batch: int = 8) -> Validated:
    """Measure ``net`` on ``examples``, letterboxed to ``size``.

    Pictures where a label is undecided do not count for it.
    """
    seen: list[list[ClassInPicture]] = [[] for _ in labels]
    highest = np.zeros((len(examples), len(labels)), np.float32)
    holds = np.zeros((len(examples), len(labels)), bool)
    for start in range(0, len(examples), batch):
        samples = [plain(example, size) for example in examples[start : start + batch]]
        for row, (sample, found) in enumerate(zip(samples, predict(net, samples), strict=True), start=start):
            np.maximum.at(highest[row], found.classes, found.scores)
            holds[row, sample.boxes.classes] = True
            for number, pictures in enumerate(seen):
                if not len(sample.undecided.of(number)):
                    pictures.append(_one_class(sample, found, number))
    results = {label: average_precision(pictures) for label, pictures in zip(labels, seen, strict=True)}
    return Validated({label: r.ap50 for label, r in results.items() if r is not None}, highest, holds)


def _one_class(sample: Sample, found: Found, number: int) -> ClassInPicture:
    mine = found.classes == number
    return ClassInPicture(
        sample.boxes.of(number).astype(np.float64),
        found.boxes[mine].astype(np.float64),
        found.scores[mine].astype(np.float64),
    )
