"""Parts of the picture that are looked at by themselves, enlarged: for what is small or far.

A detector sees the whole picture at a few hundred pixels, whatever the camera gives: a flame that is a hundredth of
the picture wide is four pixels to it. Cut out and looked at as a picture of its own, a third of the picture is three
times as large. (Akyon et al., "Slicing aided hyper inference and fine-tuning for small object detection", ICIP 2022.)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import exp, inf

from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import WHOLE, Box
from lookout_edge.domain.looks import INSTANT_S

#: Room around a zone, as a share of its size, and the least width and height: a detector needs what surrounds a thing.
_ROOM = 0.1
_LEAST = (0.14, 0.24)
#: By how much the parts of a grid overlap on each side, as a share of their size: what one cuts is whole in the next.
_OVERLAP = 0.1
#: Nearer to the edge of a part than this share of its size, a thing ends there because the part does.
_EDGE = 0.01
#: From this overlap on a box is of the same thing as another.
_SAME_IOU = 0.45
#: A box of which so much lies in another's is a part of that thing.
_PART = 0.7
#: Enlarged less than so, a part shows nothing more than the whole picture.
LEAST_TIMES = 1.25
#: A part in which something moves is looked at closely so often, seconds.
_MOVING_S = 1.0
#: After so many turns without anything that only a close-up shows, a part is like any other.
_SHOWS_TURNS = 2.5
#: Log odds that an enlarged part takes from a score: it shows less of what surrounds a thing, and a lamp or a part of a
#: cloud fills more of it. On 587 validation pictures in four parts false alarms of fire and smoke are then as many as
#: without close-ups (4 of 377, 14 instead of 12 of 366); undiscounted they are 7 and 22.
_DISCOUNT = 0.5
#: What is larger than this share of the part needs no enlarging, and a detector knows it better in its surroundings.
_LARGEST = 0.5


@dataclass(frozen=True, slots=True)
class CloseUp:
    """A part of the picture, and how often it is looked at by itself at least, in seconds of frame time."""

    box: Box
    every_s: float

    @property
    def times(self) -> float:
        """How much larger things are seen."""
        return 1.0 / max(self.box.width, self.box.height)


@dataclass(slots=True)
class _Turn:
    """When a part has its close-ups."""

    part: CloseUp
    #: Frame time of the next one, whatever happens.
    due_at: float
    looked_at: float = -inf
    #: Until when it goes along with each look that touches it, for it shows what nothing else does.
    shows_until: float = -inf

    def joins(self, at: float, regions: tuple[Box, ...] | None, moving: Sequence[Box]) -> bool:
        """Whether it goes along with a look at ``regions``, while something moves in ``moving``."""
        if self.due_at <= at + INSTANT_S or self._is_touched(moving, at, self.looked_at + _MOVING_S):
            return True
        return at <= self.shows_until and (regions is None or self._is_touched(regions, at))

    def _is_touched(self, boxes: Sequence[Box], at: float, since: float = -inf) -> bool:
        return at >= since and any(self.part.box.intersection(box) > 0 for box in boxes)


class CloseUpTurns:
    """The close-ups of a camera, one after the other, and those that something asks for."""

    def __init__(self, parts: Sequence[CloseUp]) -> None:
        self._parts = tuple(parts)
        self._turns: list[_Turn] = []

    def reset(self) -> None:
        """Time has jumped."""
        self._turns = []

    @property
    def next_at(self) -> float:
        """Frame time of the next turn."""
        return min((turn.due_at for turn in self._turns), default=inf)

    def of_look(self, at: float, regions: tuple[Box, ...] | None, moving: Sequence[Box]) -> tuple[Box, ...]:
        """The parts that go along with a look at ``regions``, while something moves in ``moving``."""
        if not self._turns:
            shares = enumerate(self._parts)
            self._turns = [_Turn(part, at + part.every_s * n / len(self._parts)) for n, part in shares]
        return tuple(turn.part.box for turn in self._turns if turn.joins(at, regions, moving))

    def looked(self, at: float, parts: Sequence[Box], found: Sequence[Detection]) -> None:
        """Take in that ``parts`` were looked at closely, and all that the look found."""
        for turn in self._turns:
            if turn.part.box in parts:
                turn.looked_at, turn.due_at = at, at + turn.part.every_s
                if any(each.enlarged and each.box.intersection(turn.part.box) > 0 for each in found):
                    turn.shows_until = at + _SHOWS_TURNS * turn.part.every_s


def close_ups_of(
    corners: Sequence[tuple[float, float]] | None, grid: tuple[int, int] | None, every_s: float
) -> tuple[CloseUp, ...]:
    """Of a zone with some room around it, or of the whole picture: in one piece, or in ``grid`` columns and rows of
    parts of one size that overlap a little, row by row."""
    whole = WHOLE if corners is None else _around(corners)
    if grid is None:
        return (CloseUp(whole, every_s),)
    columns, rows = grid
    width, height = whole.width / columns, whole.height / rows
    boxes = (
        Box(whole.x1 + x * width, whole.y1 + y * height, whole.x1 + (x + 1) * width, whole.y1 + (y + 1) * height)
        for y in range(rows)
        for x in range(columns)
    )
    return tuple(CloseUp(box.grown(_OVERLAP, _LEAST).clipped(), every_s) for box in boxes)


def _around(corners: Sequence[tuple[float, float]]) -> Box:
    across, down = zip(*corners, strict=True)
    return Box(min(across), min(down), max(across), max(down)).grown(_ROOM, _LEAST).clipped()


def cut_out(image: Image, box: Box) -> Image:
    """The part of a picture, at least a pixel; a view, not a copy."""
    height, width = image.shape[:2]
    left, top = min(width - 1, round(box.x1 * width)), min(height - 1, round(box.y1 * height))
    return image[top : max(top + 1, round(box.y2 * height)), left : max(left + 1, round(box.x2 * width))]


def placed(found: Iterable[Detection], part: Box) -> list[Detection]:
    """What was found in ``part``, boxes as fractions of it, as fractions of the picture: small and whole things, a
    little less sure."""
    kept: list[Detection] = []
    for each in found:
        x1, y1, x2, y2 = each.box
        ends = (x1 < _EDGE and part.x1 > 0) or (y1 < _EDGE and part.y1 > 0)
        ends = ends or (x2 > 1 - _EDGE and part.x2 < 1) or (y2 > 1 - _EDGE and part.y2 < 1)
        if each.cut or ends or each.box.area > _LARGEST:
            continue
        box = Box(
            part.x1 + x1 * part.width,
            part.y1 + y1 * part.height,
            part.x1 + x2 * part.width,
            part.y1 + y2 * part.height,
        )
        kept.append(replace(each, box=box, score=_discounted(each.score), enlarged=True))
    return kept


def _discounted(score: float) -> float:
    odds = score * exp(-_DISCOUNT)
    return odds / (1 - score + odds)


def joined(found: Sequence[Detection], enlarged: Sequence[Detection]) -> list[Detection]:
    """What a look found, and what was found ``enlarged`` in it: each thing once, as it was seen more surely.

    Parts of what the look itself knows are not things of their own.
    """
    kept = list(found)
    for fresh in sorted(enlarged, key=lambda each: -each.score):
        rivals = [n for n, each in enumerate(kept) if each.label == fresh.label and not each.cut]
        same = [n for n in rivals if kept[n].box.iou(fresh.box) > _SAME_IOU]
        if same:
            if all(kept[n].score < fresh.score for n in same):
                kept = [each for n, each in enumerate(kept) if n not in same] + [fresh]
        elif not any(_is_part(fresh.box, kept[n].box) for n in rivals):
            kept.append(fresh)
    return kept


def _is_part(box: Box, other: Box) -> bool:
    return max(box.share_inside(other), other.share_inside(box)) > _PART
