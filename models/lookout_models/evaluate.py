"""Measuring a model against a labelled data set."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lookout_edge.domain.detection import Detection
from lookout_edge.domain.geometry import Box
from lookout_edge.ports import Detector
from lookout_models.average_precision import ClassInPicture, ClassResult, Result, average_precision
from lookout_models.dataset import Dataset, LabelledPicture
from lookout_models.errors import UsageError
from lookout_models.infrared import by_infrared
from lookout_models.pictures import read_picture

Floats = NDArray[np.float64]
#: Overlap from which on two boxes are on one thing.
_SAME = 0.5


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one model on one data set."""

    result: Result
    pictures: int
    #: Classes of the data set that the model has no label for; they are not in the means.
    unknown_classes: tuple[str, ...]
    #: Classes of which there is no box; they are not in the means either.
    absent_classes: tuple[str, ...] = ()
    #: Where the first picture lies.
    folder: Path = Path()
    #: Label files of which there is no picture.
    without_picture: tuple[str, ...] = ()


def parse_renamed(options: Sequence[str]) -> dict[str, list[str]]:
    """``CLASS=LABEL`` options as class → labels. UsageError for one that is not of this form."""
    renamed: dict[str, list[str]] = {}
    for option in options:
        name, equals, label = option.partition("=")
        if not (name and equals and label):
            raise UsageError(f"--map {option}: write CLASS=LABEL, e.g. --map ebike=motorcycle")
        renamed.setdefault(name, []).append(label)
    return renamed


def match_labels(
    classes: Sequence[str], labels: Sequence[str], renamed: Mapping[str, Sequence[str]]
) -> dict[str, frozenset[str]]:
    """Class of the data set → labels of the model that count as it: those in ``renamed``, else the one of that name.

    Raises UsageError when ``renamed`` names what does not exist or nothing matches.
    """
    for name, targets in renamed.items():
        if name not in classes:
            raise UsageError(f"--map {name}=…: the data set has no class '{name}'; it has {', '.join(classes)}")
        for target in targets:
            if target not in labels:
                raise UsageError(
                    f"--map {name}={target}: the model has no label '{target}'; it has {', '.join(labels)}"
                )
    matched = {name: frozenset(renamed.get(name, (name,))) & frozenset(labels) for name in classes}
    matched = {name: targets for name, targets in matched.items() if targets}
    if not classes:
        raise UsageError("the data set has not a single box, so there is nothing to measure")
    if not matched:
        raise UsageError(
            f"the model has none of the data set's classes ({', '.join(classes)}); "
            "say what is what with --map CLASS=LABEL"
        )
    return matched


def evaluate(
    detector: Detector,
    dataset: Dataset,
    matched: Mapping[str, frozenset[str]],
    on_picture: Callable[[], None] = lambda: None,
    *,
    infrared: bool = False,
) -> Evaluation:
    """Run ``detector``, whose thresholds should be low, over all pictures; ``on_picture`` is called after each.

    With ``infrared`` it sees each as a camera shows it at night, the same way every time.

    Raises UsageError when there is not a single box to find.
    """
    there = {dataset.names[int(number)] for picture in dataset.pictures for number in picture.classes}
    if not there.intersection(matched):
        raise UsageError(f"the labels hold no box of {', '.join(matched)}, so there is nothing to measure")
    seen: dict[str, list[ClassInPicture]] = {name: [] for name in matched}
    for picture in dataset.pictures:
        image = read_picture(picture.path)
        if infrared:
            image = by_infrared(image, np.random.default_rng(zlib.crc32(picture.path.name.encode())))
        height, width = image.shape[:2]
        detections = detector.detect(image)
        for name, labels in matched.items():
            seen[name].append(
                _class_in_picture(picture, dataset.names.index(name), detections, labels, (width, height))
            )
        on_picture()
    results: dict[str, ClassResult] = {}
    for name, pictures in seen.items():
        result = average_precision(pictures)
        if result is not None:
            results[name] = result
    unknown = tuple(name for name in dataset.names if name not in matched)
    absent = tuple(name for name in matched if name not in results)
    folder = dataset.pictures[0].path.parent
    return Evaluation(Result(results), len(dataset.pictures), unknown, absent, folder, dataset.without_picture)


def _class_in_picture(
    picture: LabelledPicture,
    number: int,
    detections: Sequence[Detection],
    labels: frozenset[str],
    size: tuple[int, int],
) -> ClassInPicture:
    scale = np.array([*size, *size], np.float64)
    centred = picture.boxes[picture.classes == number]
    half = centred[:, 2:] / 2
    # Detections end where the picture does, so labels are made to.
    truth = np.clip(np.concatenate([centred[:, :2] - half, centred[:, :2] + half], axis=1), 0, 1)
    undecided = [box for each, box in picture.undecided if each == number]
    sure = [Box(*corners) for corners in truth]
    found = [d for d in detections if d.label in labels and not _nobody_knows(d.box, undecided, sure)]
    boxes = np.array([d.box.as_tuple() for d in found], np.float64).reshape(-1, 4)
    return ClassInPicture(truth * scale, boxes * scale, np.array([d.score for d in found], np.float64))


def _nobody_knows(box: Box, undecided: Sequence[Box], sure: Sequence[Box]) -> bool:
    """Whether a box lies where nobody could tell, and on nothing of which somebody could."""
    if any(box.iou(each) >= _SAME for each in sure):
        return False
    return any(box.iou(each) >= _SAME for each in undecided)
