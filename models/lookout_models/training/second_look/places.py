"""Where a second look is trained to look: objects, the detector's candidates, warm places without either, lamps."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np

from lookout_models.training.data.examples import Example
from lookout_models.training.data.geometry import Floats, Picture
from lookout_models.training.second_look.crops import Crop, Random, cut, in_pixels, square_around, truth_of, warm_places
from lookout_models.training.second_look.lamps import with_lamp

#: The side that the gateway cuts with.
USUAL_SIDE = 1.5
#: How far the square's centre strays, as a share of the box's longer side.
_STRAY = 0.12
_LEAST_BOX = 12
#: The least and the greatest side of a painted lamp, as a share of the picture's longer side.
_LAMPS = (0.03, 0.3)
_TRIES = 4

Read = Callable[[Example], Picture]
Candidates = Callable[[Picture], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A box x1 y1 x2 y2 in pixels of an example's picture, and what the usual square around it holds (1, 0, −1)."""

    example: Example
    box: Floats
    truth: tuple[int, ...]
    #: Whether a lamp is painted into the box.
    lamp: bool = False


@dataclass(frozen=True, slots=True)
class Variation:
    """How squares differ from the usual one."""

    #: The share of the squares around objects into which a lamp is painted.
    lamps: float = 0.0
    #: The least and the greatest side, in longer sides of the place's box.
    sides: tuple[float, float] = (1.2, 2.2)


@dataclass(frozen=True, slots=True, eq=False)
class VariedCrop(Crop):
    """A crop, and the square of the place's picture that it shows: x1 y1 x2 y2 in pixels, perhaps mirrored."""

    square: Floats
    mirrored: bool

    def inside(self, boxes: Floats) -> Floats:
        """N × 4 boxes in pixels of the place's picture as pixels of the crop; they may reach over its border."""
        size = len(self.picture)
        scaled = (boxes - np.tile(self.square[:2], 2)) * (size / (self.square[2] - self.square[0]))
        turned = np.stack([size - scaled[:, 2], scaled[:, 1], size - scaled[:, 0], scaled[:, 3]], 1)
        return (turned if self.mirrored else scaled).astype(np.float32)


def places_of(
    example: Example, picture: Picture, labels: Sequence[int], candidates: Floats, warm: Floats
) -> Iterator[Place]:
    """Objects of ``labels``, then candidates and warm boxes (N × 4 pixels each)."""
    boxes, undecided = in_pixels(example.boxes, picture), in_pixels(example.undecided, picture)
    objects = boxes.corners[np.isin(boxes.classes, labels)]
    for box in np.concatenate([objects, candidates, warm]).astype(np.float32):
        if float((box[2:] - box[:2]).max()) >= _LEAST_BOX:
            yield Place(example, box, truth_of(square_around(box, USUAL_SIDE), boxes, undecided, labels))


@dataclass(frozen=True, slots=True)
class Extra:
    """Places that no detector chose."""

    #: Warm ones a picture.
    warm: int
    #: The share of pictures without any of the labels into which a lamp is painted, and of the crops of objects.
    lamps: float = 0.0


def collect_places(
    examples: Sequence[Example], read: Read, labels: Sequence[int], candidates: Candidates, extra: Extra
) -> list[Place]:
    """All places of ``examples``; the warm ones and the lamps are the same every time."""
    found: list[Place] = []
    for number, example in enumerate(examples):
        picture = read(example)
        random = np.random.default_rng(number)
        warm = warm_places(picture, extra.warm, random)
        found.extend(places_of(example, picture, labels, candidates(picture), warm))
        if random.random() < extra.lamps and shows_none(example, labels):
            found.append(Place(example, _lamp_box(picture, random), (0,) * len(labels), lamp=True))
    return found


def usual_crop(place: Place, picture: Picture, size: int) -> Crop:
    """What the gateway would see of it."""
    if place.lamp:
        picture = with_lamp(picture, place.box, np.random.default_rng(round(float(place.box.sum()))))
    return Crop(cut(picture, square_around(place.box, USUAL_SIDE), size), place.truth)


def varied_crop(
    place: Place, picture: Picture, labels: Sequence[int], size: int, random: Random, how: Variation = Variation()
) -> VariedCrop:
    """A square of another side and centre, perhaps mirrored; what it holds is told anew.

    A lamp that is painted beside objects says nothing about a fire.
    """
    boxes, undecided = in_pixels(place.example.boxes, picture), in_pixels(place.example.undecided, picture)
    shift = random.uniform(-_STRAY, _STRAY, 2) * float((place.box[2:] - place.box[:2]).max())
    square = square_around((place.box + np.tile(shift, 2)).astype(np.float32), random.uniform(*how.sides))
    if place.lamp:
        picture = with_lamp(picture, place.box, random)
    elif 1 in place.truth and random.random() < how.lamps:
        picture = _with_lamp_beside(picture, square, boxes.corners[np.isin(boxes.classes, labels)], random)
    seen = cut(picture, square, size)
    mirrored = random.random() < 0.5
    shown = np.ascontiguousarray(seen[:, ::-1]) if mirrored else seen
    return VariedCrop(shown, truth_of(square, boxes, undecided, labels), square, mirrored)


def shows_none(example: Example, labels: Sequence[int]) -> bool:
    """Whether it is known to show none of ``labels``."""
    return not np.isin(np.concatenate([example.boxes.classes, example.undecided.classes]), labels).any()


def _lamp_box(picture: Picture, random: Random) -> Floats:
    height, width = picture.shape[:2]
    least, most = (log(share) for share in _LAMPS)
    side = max(_LEAST_BOX, exp(random.uniform(least, most)) * max(height, width))
    x, y = random.uniform(side / 2, max(side, width) - side / 2), random.uniform(side / 2, max(side, height) - side / 2)
    return np.array([x - side / 2, y - side / 2, x + side / 2, y + side / 2], np.float32)


def _with_lamp_beside(picture: Picture, square: Floats, objects: Floats, random: Random) -> Picture:
    """With a lamp somewhere in ``square`` where it hides no object; as it is when no such place was found."""
    whole = float(square[2] - square[0])
    for _ in range(_TRIES):
        side = random.uniform(0.1, 0.35) * whole
        corner = square[:2] + random.uniform(0, whole - side, 2)
        box = np.concatenate([corner, corner + side]).astype(np.float32)
        if not ((box[:2] < objects[:, 2:]) & (box[2:] > objects[:, :2])).all(-1).any():
            return with_lamp(picture, box, random)
    return picture
