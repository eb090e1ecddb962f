"""What comes before cameras, over the samples of a detector: people, rain, other light, an infrared lamp."""

from collections.abc import Callable, Sequence

import numpy as np

from lookout_edge.adapters.onnx.detector import OnnxDetector
from lookout_edge.adapters.zoo import ZooEntry
from lookout_models.infrared import by_infrared
from lookout_models.pictures import read_picture
from lookout_models.training.data.augment import Sample
from lookout_models.training.data.examples import Example
from lookout_models.training.data.geometry import Floats, Picture
from lookout_models.training.data.paste import CutOut
from lookout_models.training.recipe import Hardening
from lookout_models.training.second_look.hiding import Random, hidden, person, shape
from lookout_models.training.second_look.people import people_in
from lookout_models.training.second_look.weather import lit, rained

#: Who may pass, and the least score to be cut out.
_PERSON, _SURELY = "person", 0.5
_NOWHERE = np.zeros(4, np.float32)


def people_of(examples: Sequence[Example], labels: Sequence[int], entry: ZooEntry) -> list[CutOut]:
    """People whom the detector ``entry`` finds in ``examples`` that show none of ``labels``. UsageError for nobody."""
    detector = OnnxDetector(entry, threshold=_SURELY)

    def find(picture: Picture) -> Floats:
        found = [d.box.as_tuple() for d in detector.detect(picture) if d.label == _PERSON]
        return np.array(found, np.float32).reshape(-1, 4)

    return people_in(examples, labels, lambda example: read_picture(example.path), find)


class Hardened:
    """A ``Change`` of samples. ``people`` may be empty where none shall pass."""

    def __init__(self, people: Sequence[CutOut]) -> None:
        self._people = people

    def __call__(self, sample: Sample, settings: Hardening, other: Callable[[], Picture], random: Random) -> Picture:
        """The sample's picture after what was drawn for it; its boxes stay in sight for the most part."""
        drawn, size = random.random(), len(sample.picture)

        def draw() -> CutOut:
            if random.random() < settings.people:
                return person(self._people, size, random)
            return shape(other(), size, random)

        for share, change in (
            (settings.hidden, lambda: hidden(sample.picture, _NOWHERE, sample.boxes.corners, draw, random)),
            (settings.rain, lambda: rained(sample.picture, random)),
            (settings.light, lambda: lit(sample.picture, random)),
            (settings.infrared, lambda: by_infrared(sample.picture, random)),
        ):
            if drawn < share:
                return change()
            drawn -= share
        return sample.picture
