"""What the edges are learnt from: squares around objects and candidates, with what truly lies in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lookout_models.training.data.examples import Example
from lookout_models.training.data.geometry import Floats, Picture, pairwise_iou
from lookout_models.training.second_look.crops import Random, cut, in_pixels, square_around

#: Overlap from which on a candidate is of an object, so that its edges have somewhere to go.
LEAST_OVERLAP = 0.25
_LEAST_SIDE = 6
#: How far the square around an object strays, in its longer sides, and by how much its side varies (logarithm).
_STRAY, _VARIES = 0.15, (-0.15, 0.25)
#: Spread by which the edges of an object and of a candidate are moved, in shares of its size: least and greatest.
_OBJECT_SPREAD, _CANDIDATE_SPREAD = (0.05, 0.35), (0.02, 0.12)


@dataclass(frozen=True, slots=True, eq=False)
class Square:
    """A box of one label in a square cut-out, and the objects of that label; x1 y1 x2 y2 in shares of the square."""

    label: int
    box: Floats
    #: N × 4.
    truths: Floats
    #: Whether the detector found the box; else it is an object's own.
    found: bool
    #: The example's source.
    source: str

    def moved(self, random: Random) -> Floats:
        """The box with its edges moved, so that it fits as badly as candidates do."""
        size = np.tile(self.box[2:] - self.box[:2], 2)
        spread = random.uniform(*(_CANDIDATE_SPREAD if self.found else _OBJECT_SPREAD))
        moved = (self.box + random.normal(0, spread, 4) * size).astype(np.float32)
        return moved if (moved[2:] - moved[:2] > size[:2] / 4).all() else self.box

    @property
    def shows(self) -> bool:
        """Whether the box is of an object."""
        return self.target(self.box)[1] >= LEAST_OVERLAP

    def target(self, box: Floats) -> tuple[Floats, float]:
        """The object that ``box`` overlaps most, and by how much (IoU); itself and 0 where there is none."""
        if not len(self.truths):
            return box, 0.0
        shared = pairwise_iou(box[None], self.truths)[0]
        best = int(shared.argmax())
        return self.truths[best], float(shared[best])


@dataclass(frozen=True, slots=True)
class Cutting:
    """How squares are cut: pixels a side, their side in longer sides of the box, which candidates."""

    size: int
    side: float
    #: Whether candidates are wanted of a label where the picture has no object of it.
    background: bool = False


def squares_of(
    example: Example,
    picture: Picture,
    labels: Sequence[int],
    candidates: Sequence[tuple[int, Floats]],
    how: Cutting,
    random: Random,
) -> Iterator[tuple[Picture, Square]]:
    """Cut-outs around objects of ``labels`` and around candidates, save where nobody knows what is there.

    ``candidates`` are (place in ``labels``, x1 y1 x2 y2 in pixels).
    """
    boxes = in_pixels(example.boxes, picture)
    for number, label in enumerate(labels):
        objects = boxes.of(label)
        if not len(objects) and (not how.background or len(example.undecided.of(label))):
            continue
        of_label = [box for of, box in candidates if of == number]
        for box, found in [*((box, False) for box in objects), *((box, True) for box in of_label)]:
            if float((box[2:] - box[:2]).min()) >= _LEAST_SIDE:
                square = _square(box, found, how.side, random)
                mirrored = random.random() < 0.5
                inside = _shares(np.concatenate([box[None], objects]), square, mirrored)
                around = cut(picture, square, how.size)
                seen = np.ascontiguousarray(around[:, ::-1]) if mirrored else around
                yield seen, Square(number, inside[0], inside[1:], found, example.source)


def _square(box: Floats, found: bool, side: float, random: Random) -> Floats:
    """The usual square around a candidate, and a varied one around an object."""
    if found:
        return square_around(box, side)
    stray = random.uniform(-_STRAY, _STRAY, 2) * float((box[2:] - box[:2]).max())
    varied = side * float(np.exp(random.uniform(*_VARIES)))
    return square_around((box + np.tile(stray, 2)).astype(np.float32), varied)


def _shares(boxes: Floats, square: Floats, mirrored: bool) -> Floats:
    shares = (boxes - np.tile(square[:2], 2)) / (square[2] - square[0])
    if mirrored:
        shares = np.stack([1 - shares[:, 2], shares[:, 1], 1 - shares[:, 0], shares[:, 3]], axis=1)
    return shares.astype(np.float32)
