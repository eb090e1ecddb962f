"""Where a second look is trained to look: objects, the detector's candidates, and warm places without either."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lookout_models.training.data.examples import Example
from lookout_models.training.data.geometry import Floats, Picture
from lookout_models.training.second_look.crops import Crop, Random, cut, in_pixels, square_around, truth_of, warm_places

#: The side that the gateway cuts with, and the least and the greatest that are trained.
USUAL_SIDE = 1.5
_SIDES = (1.2, 1.9)
#: How far the square's centre strays, as a share of the box's longer side.
_STRAY = 0.12
_LEAST_BOX = 12

Read = Callable[[Example], Picture]
Candidates = Callable[[Picture], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A box x1 y1 x2 y2 in pixels of an example's picture, and what the usual square around it holds (1, 0, −1)."""

    example: Example
    box: Floats
    truth: tuple[int, ...]


def places_of(
    example: Example, picture: Picture, labels: Sequence[int], candidates: Floats, warm: Floats
) -> Iterator[Place]:
    """Objects of ``labels``, then candidates and warm boxes (N × 4 pixels each)."""
    boxes, undecided = in_pixels(example.boxes, picture), in_pixels(example.undecided, picture)
    objects = boxes.corners[np.isin(boxes.classes, labels)]
    for box in np.concatenate([objects, candidates, warm]).astype(np.float32):
        if float((box[2:] - box[:2]).max()) >= _LEAST_BOX:
            yield Place(example, box, truth_of(square_around(box, USUAL_SIDE), boxes, undecided, labels))


def collect_places(
    examples: Sequence[Example], read: Read, labels: Sequence[int], candidates: Candidates, others: int
) -> list[Place]:
    """All places of ``examples``; the warm ones are the same every time."""
    found: list[Place] = []
    for number, example in enumerate(examples):
        picture = read(example)
        warm = warm_places(picture, others, np.random.default_rng(number))
        found.extend(places_of(example, picture, labels, candidates(picture), warm))
    return found


def usual_crop(place: Place, picture: Picture, size: int) -> Crop:
    """What the gateway would see of it."""
    return Crop(cut(picture, square_around(place.box, USUAL_SIDE), size), place.truth)


def varied_crop(place: Place, picture: Picture, labels: Sequence[int], size: int, random: Random) -> Crop:
    """A square of another side and centre, perhaps mirrored; what it holds is told anew."""
    boxes, undecided = in_pixels(place.example.boxes, picture), in_pixels(place.example.undecided, picture)
    shift = random.uniform(-_STRAY, _STRAY, 2) * float((place.box[2:] - place.box[:2]).max())
    square = square_around((place.box + np.tile(shift, 2)).astype(np.float32), random.uniform(*_SIDES))
    seen = cut(picture, square, size)
    mirrored = np.ascontiguousarray(seen[:, ::-1]) if random.random() < 0.5 else seen
    return Crop(mirrored, truth_of(square, boxes, undecided, labels))
