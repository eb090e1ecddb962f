"""What comes before cameras, over the samples of a detector."""

from collections.abc import Callable, Sequence

import numpy as np

from lookout_edge.adapters.onnx.detector import OnnxDetector
from lookout_edge.adapters.zoo import ZooEntry
from lookout_models.pictures import read_picture
from lookout_models.training.data.augment import Sample
from lookout_models.training.data.examples import Example
from lookout_models.training.data.geometry import Picture
from lookout_models.training.data.paste import CutOut
from lookout_models.training.hardener import Hardener
from lookout_models.training.recipe import Hardening
from lookout_models.training.second_look.hiding import Random
from lookout_models.training.second_look.people import SURELY, found_by, people_in

_NOWHERE = np.zeros(4, np.float32)


def people_of(examples: Sequence[Example], labels: Sequence[int], entry: ZooEntry) -> list[CutOut]:
    """People whom the detector ``entry`` finds in ``examples`` that show none of ``labels``. UsageError for nobody."""
    find = found_by(OnnxDetector(entry, threshold=SURELY))
    return people_in(examples, labels, lambda example: read_picture(example.path), find)


class Hardened:
    """A ``Change`` of samples. ``people`` may be empty where none shall pass."""

    def __init__(self, people: Sequence[CutOut]) -> None:
        self._harden = Hardener(people)

    def __call__(self, sample: Sample, settings: Hardening, other: Callable[[], Picture], random: Random) -> Picture:
        """The sample's picture after what was drawn for it; its boxes stay in sight for the most part."""
        return self._harden(sample.picture, _NOWHERE, sample.boxes.corners, settings, other, random)
