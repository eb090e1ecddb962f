"""The place for rubbish: somebody empties a sack beside the bins, or puts a bag into one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lookout_models.reel.acting import AWAY, Act, Scene, walk
from lookout_models.reel.actors import Person, bag, bin_with_wheels, right_hand, rubbish
from lookout_models.reel.stage import Light, Look, Vector, box, mathutils, paint, tiles


def _carry(thing: Any, body: Person, at: Vector, heading: float, hand: Vector, drop: float) -> None:
    """Hang ``thing`` on a hand that is ``hand`` in the person's own frame."""
    turned = mathutils.Matrix.Rotation(math.radians(heading), 3, "Z") @ mathutils.Vector(hand)
    thing.location = (at[0] + turned.x, at[1] + turned.y, max(at[2], at[2] + turned.z - drop))


def _bins(seed: int, positions: Sequence[float]) -> None:
    colours = [(0.02, 0.16, 0.05), (0.03, 0.08, 0.30), (0.35, 0.03, 0.03), (0.10, 0.10, 0.11)]
    for number, x in enumerate(positions):
        bin_with_wheels(colours[number % 4], (x, 4.9, 0.08), turn=-90 + 3 * ((seed + number) % 3 - 1))


def _pavement() -> None:
    box((40, 40, 0.2), (0, 0, -0.1), paint((0.22, 0.22, 0.22), rough=0.95, stain=0.18, grain=1.5))
    box((40, 3.0, 0.24), (0, 4.6, -0.04), tiles((0.42, 0.38, 0.34), (0.25, 0.25, 0.25), 0.5))
    box((30, 0.4, 8), (0, 6.3, 4), tiles((0.50, 0.34, 0.26), (0.45, 0.43, 0.40), 0.28, upright=True))
    box((0.12, 0.12, 3.2), (-3.2, 5.9, 1.6), paint((0.35, 0.36, 0.37), rough=0.4))


@dataclass(frozen=True)
class _Dumped:
    """What is put down beside the bins: a sack, what was in it, and a smaller bag."""

    sack: Any
    heap: Any
    second: Any

    @property
    def parts(self) -> Sequence[Any]:
        return [self.sack, *self.sack.children, *self.heap.children, *self.second.children]

    def lie(self) -> None:
        self.sack.location, self.second.location = (2.45, 4.25, 0.08), (1.8, 4.2, 0.08)
        self.heap.location = (2.2, 3.95, 0.08)

    def be_gone(self) -> None:
        self.sack.location = self.second.location = self.heap.location = AWAY


def bag_beside_the_bin(seed: int, _: Path) -> Act:
    """Somebody comes with a sack, empties it beside the bins and leaves."""
    return _brings(seed)[0]


def _brings(seed: int) -> tuple[Act, _Dumped]:
    _pavement()
    _bins(seed, (-1.6, -0.75, 0.1, 0.95))
    person = Person(shirt=(0.30, 0.28, 0.25), trousers=(0.03, 0.04, 0.09))
    dumped = _Dumped(
        bag((0.02, 0.02, 0.022), 3, size=0.34),
        rubbish(seed, pieces=120, spread=0.85),
        bag((0.6, 0.6, 0.62), 8, size=0.26),
    )
    spot = (2.25, 3.2, 0.08)
    path = [(0.0, (-5.0, 3.35, 0.08)), (5.6, spot), (7.4, spot), (12.5, (8.6, 2.9, 0.0))]

    def act(at: float) -> Sequence[Any]:
        place, heading, phase, stride = walk(path, at)
        busy = 5.6 <= at < 7.4
        bend = 0.9 * math.sin(math.pi * (at - 5.6) / 1.8) if busy else 0.0
        heading = 75.0 if busy else heading
        reach = 0.5 if busy else 0.0
        person.pose(place, heading, phase, stride=stride, bend=bend, reach=reach)
        if at >= 6.4:
            dumped.lie()
        else:
            dumped.be_gone()
            _carry(dumped.sack, person, place, heading, right_hand(phase, stride, bend, reach), 0.52)
        return [*person.parts, *dumped.parts]

    return act, dumped


#: When the cleaner comes, bends down, has everything in the sack, and has stood up, seconds.
_COMES, _BENDS, _HAS_IT, _STANDS = 24.5, 28.6, 30.0, 31.4


def bag_taken_away(seed: int, _: Path) -> Act:
    """The same sack; then a cleaner comes, puts everything into a sack of her own and carries it away."""
    brings, dumped = _brings(seed)
    cleaner = Person(shirt=(0.62, 0.16, 0.03), trousers=(0.05, 0.06, 0.12))
    full = bag((0.03, 0.05, 0.12), 5, size=0.36)
    spot, outside = (2.35, 3.2, 0.08), (8.6, 2.9, 0.0)
    path = [(_COMES, outside), (_BENDS, spot), (_STANDS, spot), (_STANDS + 5.0, outside)]

    def act(at: float) -> Sequence[Any]:
        there = brings(at)
        place, heading, phase, stride = walk(path, at)
        busy = _BENDS <= at < _STANDS
        bend = 0.9 * math.sin(math.pi * (at - _BENDS) / (_STANDS - _BENDS)) if busy else 0.0
        heading = 75.0 if busy else heading
        reach = 0.5 if busy else 0.0
        cleaner.pose(place, heading, phase, stride=stride, bend=bend, reach=reach)
        full.location = AWAY
        if at >= _HAS_IT:
            dumped.be_gone()
            _carry(full, cleaner, place, heading, right_hand(phase, stride, bend, reach), 0.55)
        return [*there, *cleaner.parts, full, *full.children]

    return act


def bag_into_the_bin(seed: int, _: Path) -> Act:
    """Somebody comes with a small bag, puts it into a bin and leaves."""
    _pavement()
    _bins(seed, (-1.6, -0.75, 0.1, 0.95))
    person = Person(shirt=(0.42, 0.10, 0.14), trousers=(0.10, 0.12, 0.20))
    small = bag((0.02, 0.02, 0.022), 3, size=0.15)
    spot = (0.1, 4.15, 0.08)
    path = [(0.0, (-5.0, 3.5, 0.08)), (4.6, spot), (7.0, spot), (12.5, (7.0, 3.0, 0.08))]

    def act(at: float) -> Sequence[Any]:
        place, heading, phase, stride = walk(path, at)
        busy = 4.6 <= at < 7.0
        reach = 1.9 * math.sin(math.pi * (at - 4.6) / 2.4) if busy else 0.0
        heading = 88.0 if busy else heading
        person.pose(place, heading, phase, stride=stride, reach=reach)
        if at < 5.9:
            _carry(small, person, place, heading, right_hand(phase, stride, 0.0, reach), 0.24)
        else:
            small.location = AWAY
        return [*person.parts, *small.children]

    return act


_LOOK = Look(eye=(2.2, -0.5, 3.0), aim=(1.1, 4.3, 0.5), view=66)
_DAY = Light(sun=(42, 28))
BESIDE = Scene(
    look=_LOOK,
    light=_DAY,
    scenario="garbage",
    camera="CAM 03",
    build=bag_beside_the_bin,
    event=(6.4, 28.0),
    seconds=28.0,
)
TAKEN = Scene(
    look=_LOOK,
    light=_DAY,
    scenario="garbage",
    camera="CAM 03",
    build=bag_taken_away,
    event=(6.4, _HAS_IT),
    seconds=38.0,
)
INTO = Scene(
    look=_LOOK,
    light=_DAY,
    scenario="garbage",
    camera="CAM 03",
    build=bag_into_the_bin,
    twin_of="bag-beside-bin",
    seconds=20.0,
)
