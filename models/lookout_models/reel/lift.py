"""The lift: its camera hangs in the far corner and looks at the door."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lookout_models.reel.acting import Act, Scene, walk
from lookout_models.reel.actors import STEEL, Person, ebike, pram, wheelchair
from lookout_models.reel.stage import Colour, Light, Look, Vector, box, drum, paint, tiles, tube

#: Width, depth and height of the cabin; the door is in the middle of y = 0 and half as wide.
_WIDE, _DEEP, _HIGH = 1.7, 2.8, 2.4
_DOOR = 1.1
#: Seconds at which the door begins to open, is open, begins to close, is closed.
_OPENS = (0.3, 1.8, 6.6, 8.2)


def cabin(*, walls: Colour = (0.74, 0.73, 0.70), metal: float = 0.3, floor: Colour = (0.62, 0.58, 0.52)) -> list[Any]:
    """Walls, floor, lamps and the hall outside; returns the two leaves of the door, which is shut."""
    steel = paint(walls, rough=0.45, metal=metal, stain=0.04, grain=2)
    box((_WIDE, _DEEP, 0.1), (0, _DEEP / 2, -0.05), tiles(floor, (0.3, 0.29, 0.28), 0.55))
    box((_WIDE, _DEEP, 0.1), (0, _DEEP / 2, _HIGH + 0.05), paint((0.75, 0.75, 0.74)))
    for side in (1, -1):
        box((0.05, _DEEP, _HIGH), (side * (_WIDE / 2 + 0.02), _DEEP / 2, _HIGH / 2), steel)
        tube(
            [(side * (_WIDE / 2 - 0.06), 0.25, 0.9), (side * (_WIDE / 2 - 0.06), _DEEP - 0.2, 0.9)],
            0.018,
            paint(STEEL, rough=0.2, metal=1.0),
            round_off=False,
        )
        rest = (_WIDE - _DOOR) / 2
        box((rest, 0.08, _HIGH), (side * (_DOOR + rest) / 2, 0.0, _HIGH / 2), steel)
        box((0.35, 0.9, 0.02), (side * 0.42, _DEEP / 2, _HIGH - 0.005), paint((0.95, 0.97, 1.0), glow=5.0))
    box((_WIDE, 0.05, _HIGH), (0, _DEEP + 0.02, _HIGH / 2), steel)
    box((_DOOR, 0.08, _HIGH - 2.1), (0, 0, 2.1 + (_HIGH - 2.1) / 2), steel)
    _panel()
    _hall()
    leaf = paint((0.70, 0.69, 0.66), rough=0.4, metal=0.4)
    return [box((_DOOR / 2, 0.03, 2.1), (side * _DOOR / 4, -0.06, 1.05), leaf) for side in (1, -1)]


def _panel() -> None:
    x = -(_WIDE / 2 - 0.015)
    box((0.02, 0.22, 0.9), (x, 0.45, 1.25), paint((0.20, 0.20, 0.21), rough=0.3, metal=0.7), bevel=0.005)
    for row in range(8):
        for column in (-0.045, 0.045):
            glow = 1.5 if (row, column) == (5, 0.045) else 0.15
            place = (x + 0.012, 0.45 + column, 0.95 + 0.07 * row)
            drum(0.018, 0.012, place, paint((0.9, 0.75, 0.4), glow=glow), axis=(1, 0, 0))
    box((0.01, 0.14, 0.09), (x + 0.012, 0.45, 1.60), paint((0.5, 0.03, 0.02), glow=0.8))
    box((0.01, 0.45, 0.60), (_WIDE / 2 - 0.02, 0.75, 1.45), paint((0.75, 0.72, 0.60), rough=0.5, stain=0.3, grain=5))


def _hall() -> None:
    box((5, 3.4, 0.1), (0, -1.8, -0.05), tiles((0.58, 0.55, 0.50), (0.35, 0.35, 0.34), 0.6))
    box((5, 0.1, 2.8), (0, -3.4, 1.4), paint((0.72, 0.70, 0.64), rough=0.9, stain=0.08, grain=1))
    box((5, 3.4, 0.1), (0, -1.8, 2.85), paint((0.75, 0.75, 0.74)))
    for side in (1, -1):
        box((0.1, 3.4, 2.8), (side * 2.5, -1.8, 1.4), paint((0.70, 0.68, 0.62), rough=0.9))
    box((1.0, 0.06, 2.05), (-1.2, -3.34, 1.02), paint((0.26, 0.12, 0.06), rough=0.4))
    box((1.2, 0.3, 0.04), (0, -1.8, 2.78), paint((0.95, 0.97, 1.0), glow=9.0))


def _open_share(at: float) -> float:
    opens, is_open, closes, closed = _OPENS
    share = min((at - opens) / (is_open - opens), (closed - at) / (closed - closes))
    return 0.5 - 0.5 * math.cos(math.pi * min(1.0, max(0.0, share)))


def _ride(
    thing: Any, person: Person, beside: Callable[[Vector, float], Vector], stays: Vector, *, turned: float = 90.0
) -> Act:
    """Somebody pushes ``thing`` in to ``stays``, walking at ``beside`` of its place and heading, and rides along.

    Once inside it is turned to the heading ``turned``, degrees.
    """
    leaves = cabin()
    way = [(1.6, (stays[0], -2.4, 0.0)), (5.6, stays)]

    def act(at: float) -> Sequence[Any]:
        for side, leaf in zip((1, -1), leaves, strict=True):
            leaf.location.x = side * (_DOOR / 4 + _DOOR / 2 * 0.98 * _open_share(at))
        place, heading, phase, stride = walk(way, at)
        heading += (turned - heading) * min(1.0, max(0.0, (at - 4.6) / 1.4))
        thing.location, thing.rotation_euler = place, (0, 0, math.radians(heading))
        person.pose(beside(place, heading), heading, phase, stride=stride, reach=0.9)
        return [*person.parts, *thing.children, *leaves]

    return act


def _left_of(place: Vector, heading: float) -> Vector:
    side = math.radians(heading + 90)
    return place[0] + 0.54 * math.cos(side), place[1] + 0.54 * math.sin(side) - 0.1, 0.0


def _behind(place: Vector, _: float) -> Vector:
    return place[0], place[1] - 0.80, 0.0


_BIKE: Colour = (0.03, 0.03, 0.03)


def ebike_in_the_lift(_: int, __: Path) -> Act:
    """An e-bike is pushed in, front first."""
    person = Person(shirt=(0.38, 0.36, 0.33), trousers=(0.05, 0.06, 0.10))
    return _ride(ebike(_BIKE, top_box=False, basket=False), person, _left_of, (0.05, 0.95, 0.0), turned=125.0)


def wheelchair_in_the_lift(_: int, __: Path) -> Act:
    """A wheelchair is pushed in."""
    person = Person(shirt=(0.50, 0.18, 0.22), trousers=(0.09, 0.10, 0.14), hair=(0.03, 0.018, 0.012))
    return _ride(wheelchair((0.05, 0.06, 0.10)), person, _behind, (0.05, 1.30, 0.0))


def pram_in_the_lift(_: int, __: Path) -> Act:
    """A pram is pushed in."""
    person = Person(shirt=(0.16, 0.26, 0.42), trousers=(0.10, 0.09, 0.08), hair=(0.03, 0.018, 0.012))
    return _ride(pram((0.30, 0.28, 0.26)), person, _behind, (0.05, 1.30, 0.0))


_LOOK = Look(eye=(0.75, 2.72, 2.05), aim=(-0.1, 0.7, 0.6), view=78)
_LIGHT = Light(sun_strength=0, sky=(0.9, 0.95, 1.0), sky_strength=0.2, exposure=0.8)
EBIKE = Scene(
    look=_LOOK,
    light=_LIGHT,
    scenario="corridor_ebike",
    camera="LIFT 2",
    build=ebike_in_the_lift,
    event=(2.6, 20.0),
    seconds=20.0,
    params={"place": "lift"},
)
WHEELCHAIR = Scene(
    look=_LOOK,
    light=_LIGHT,
    scenario="corridor_ebike",
    camera="LIFT 2",
    build=wheelchair_in_the_lift,
    twin_of="ebike-lift",
    seconds=20.0,
    params={"place": "lift"},
)
PRAM = Scene(
    look=_LOOK,
    light=_LIGHT,
    scenario="corridor_ebike",
    camera="LIFT 2",
    build=pram_in_the_lift,
    twin_of="ebike-lift",
    seconds=20.0,
    params={"place": "lift"},
)
