"""People cut out of the training pictures: some of them will pass before a lamp or a fire."""

from collections.abc import Callable, Sequence

import numpy as np

from lookout_edge.adapters.onnx.detector import OnnxDetector
from lookout_models.errors import UsageError
from lookout_models.training.data.examples import Example
from lookout_models.training.data.geometry import Floats, Picture
from lookout_models.training.data.paste import CutOut, cut_out
from lookout_models.training.second_look.places import Read, shows_none

#: The label of who may pass, and the least score to be cut out.
PERSON, SURELY = "person", 0.5
#: Whoever is narrower or lower than this, in pixels, is blurred when drawn larger.
_LEAST = (34, 100)
#: So many are enough; one of some forty pictures has somebody, and the detector looks at each.
_ENOUGH = 80

FindPeople = Callable[[Picture], Floats]
"""People in a picture, N × 4 fractions of it."""


def found_by(detector: OnnxDetector) -> FindPeople:
    """Finds whom ``detector`` is sure of."""

    def find(picture: Picture) -> Floats:
        found = [d for d in detector.detect(picture) if d.label == PERSON and d.score >= SURELY]
        return np.array([d.box.as_tuple() for d in found], np.float32).reshape(-1, 4)

    return find


def people_in(
    examples: Sequence[Example], labels: Sequence[int], read: Read, find: FindPeople, amount: int = _ENOUGH
) -> list[CutOut]:
    """At most ``amount`` people out of ``examples`` that show none of ``labels``, the same every time.

    UsageError when there is nobody: every lamp and fire would be hidden by shapes alone.
    """
    harmless = list({example.path: example for example in examples if shows_none(example, labels)}.values())
    found: list[CutOut] = []
    for number in np.random.default_rng(0).permutation(len(harmless)):
        picture = read(harmless[int(number)])
        cuts = (cut_out(picture, box, _LEAST) for box in find(picture))
        found.extend(cut for cut in cuts if cut is not None)
        if len(found) >= amount:
            return found[:amount]
    if not found:
        raise UsageError(
            f"hardened: no training picture without the labels shows somebody of at least {_LEAST[0]} × {_LEAST[1]} "
            "pixels; add a source with people, or let shapes alone stand before things with 'people: 0'"
        )
    return found
