"""What comes before cameras, drawn for a picture as a recipe says: people and shapes, rain, light, an infrared lamp."""

from collections.abc import Callable, Sequence

from lookout_models.infrared import by_infrared
from lookout_models.training.data.geometry import Floats, Picture
from lookout_models.training.data.paste import CutOut
from lookout_models.training.recipe import Hardening
from lookout_models.training.second_look.hiding import Random, hidden, person, shape
from lookout_models.training.second_look.weather import lit, rained


class Hardener:
    """Does at most one of these things to a picture. ``people`` may be empty where none shall pass."""

    def __init__(self, people: Sequence[CutOut]) -> None:
        self._people = people

    def __call__(
        self,
        picture: Picture,
        box: Floats,
        objects: Floats,
        settings: Hardening,
        other: Callable[[], Picture],
        random: Random,
    ) -> Picture:
        """The square ``picture`` after what was drawn for it, or itself.

        What stands before it leaves most of ``box`` (4) and of each of ``objects`` (N × 4, all pixels) in sight.
        ``other`` lends a picture as a texture.
        """
        drawn = random.random()

        def draw() -> CutOut:
            if random.random() < settings.people:
                return person(self._people, len(picture), random)
            return shape(other(), len(picture), random)

        for share, change in (
            (settings.hidden, lambda: hidden(picture, box, objects, draw, random)),
            (settings.rain, lambda: rained(picture, random)),
            (settings.light, lambda: lit(picture, random)),
            (settings.infrared, lambda: by_infrared(picture, random)),
        ):
            if drawn < share:
                return change()
            drawn -= share
        return picture
