"""The corridor: an e-bike is pushed in and left at the wall, by day and by night, or a pram passes."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lookout_models.reel.acting import AWAY, Act, Scene, walk
from lookout_models.reel.actors import Person, ebike, pram
from lookout_models.reel.stage import Colour, Light, Look, ball, box, group, lamp, paint, tiles, tube

#: Second at which an e-bike that charges is plugged in.
_PLUGGED_IN = 7.5


def corridor(
    *,
    lit: bool = True,
    floor: Colour = (0.60, 0.58, 0.53),
    skirting: Colour = (0.30, 0.46, 0.36),
    walls: Colour = (0.82, 0.81, 0.77),
    half: float = 1.25,
) -> None:
    """A corridor along x, from behind the camera to 9.5 m, ``half`` wide to both sides."""
    box((14, 2 * half + 0.1, 0.1), (4, 0, -0.05), tiles(floor, (0.35, 0.35, 0.35), 0.6))
    for side in (1, -1):
        box((14, 0.1, 1.1), (4, side * half, 0.55), paint(skirting, rough=0.6))
        box((14, 0.1, 1.95), (4, side * half, 2.07), paint(walls, rough=0.9, stain=0.06, grain=1))
    box((14, 2 * half + 0.1, 0.1), (4, 0, 3.05), paint((0.85, 0.85, 0.83)))
    box((0.1, 2 * half + 0.1, 3), (9.5, 0, 1.5), paint((0.75, 0.75, 0.71)))
    for x in (1.6, 5.0, 8.0):
        box((0.95, 0.06, 2.05), (x, half - 0.06, 1.02), paint((0.28, 0.13, 0.07), rough=0.4))
        box((1.1, 0.04, 2.15), (x, half - 0.04, 1.05), paint((0.5, 0.5, 0.48)))
    for x in (0.2, 2.6, 5.0, 7.4):
        box((1.2, 0.14, 0.05), (x, 0, 2.98), paint((0.95, 0.97, 1.0), glow=16 if lit else 0.0))


def ebike_in_the_corridor(_: int, __: Path) -> Act:
    """Somebody pushes an e-bike in, leaves it at the wall and goes."""
    corridor()
    return _left_at_the_wall((0.50, 0.03, 0.03))


def ebike_by_night(_: int, __: Path) -> Act:
    """The same with the lamps off, by the camera's own; it is left there to charge."""
    corridor(lit=False)
    x, y, z = _LOOK.eye
    lamp((x - 0.05, y, z + 0.06), 160.0, colour=(1, 1, 1), size=0.04)
    return _left_at_the_wall((0.03, 0.03, 0.03), lead=_lead())


def _lead() -> Any:
    """A charger on the floor with its lead, from a socket in the wall to an e-bike that stands before it."""
    black, lit = paint((0.015, 0.015, 0.015), rough=0.5), paint((0.1, 0.9, 0.2), glow=2.0)
    whole = group("lead")
    box((0.10, 0.03, 0.10), (3.55, -1.185, 0.62), paint((0.9, 0.9, 0.88), rough=0.4), bevel=0.01)
    box((0.05, 0.05, 0.05), (3.55, -1.16, 0.62), black, bevel=0.01, parent=whole)
    box((0.19, 0.10, 0.07), (3.40, -0.80, 0.04), black, bevel=0.015, parent=whole)
    ball(0.012, (3.40, -0.80, 0.08), lit, parent=whole)
    tube(
        [(3.55, -1.15, 0.62), (3.58, -1.08, 0.25), (3.55, -0.95, 0.02), (3.47, -0.80, 0.04)], 0.007, black, parent=whole
    )
    tube(
        [(3.32, -0.80, 0.04), (3.10, -0.68, 0.02), (2.85, -0.66, 0.20), (2.72, -0.62, 0.52)], 0.007, black, parent=whole
    )
    return whole


def _left_at_the_wall(colour: Colour, lead: Any = None) -> Act:
    """Somebody pushes an e-bike in, leaves it at the wall, on its ``lead`` where there is one, and goes."""
    bike = ebike(colour)
    person = Person(shirt=(0.45, 0.40, 0.30), trousers=(0.05, 0.06, 0.10))
    way = [(0.0, (8.6, 0.0, 0)), (6.5, (2.55, -0.55, 0))]
    leave = [(6.5, (2.3, 0.12, 0)), (8.0, (2.3, 0.12, 0)), (14.0, (9.3, 0.45, 0))]

    def act(at: float) -> Sequence[Any]:
        place, heading, phase, stride = walk(way, min(at, 6.49))
        bike.location = place if at < 6.5 else (2.55, -0.55, 0)
        bike.rotation_euler = (0, 0, math.radians(heading if at < 6.5 else 187))
        if at < 6.5:
            side = math.radians(heading - 90)
            stand = (place[0] + 0.15 - 0.55 * math.cos(side), place[1] - 0.55 * math.sin(side), 0.0)
            person.pose(stand, heading, phase, stride=stride, reach=0.9)
        else:
            place, heading, phase, stride = walk(leave, at)
            stoops = lead is not None and abs(at - _PLUGGED_IN) < 0.6
            person.pose(place, -40 if stoops else heading, phase, stride=stride, bend=0.8 if stoops else 0.0)
        if lead is None:
            return [*person.parts, *bike.children]
        lead.location = (0, 0, 0) if at >= _PLUGGED_IN else AWAY
        return [*person.parts, *bike.children, *lead.children]

    return act


def pram_in_the_corridor(_: int, __: Path) -> Act:
    """Somebody pushes a pram through."""
    corridor()
    cart = pram((0.10, 0.14, 0.32))
    person = Person(shirt=(0.55, 0.20, 0.30), trousers=(0.08, 0.09, 0.14), hair=(0.03, 0.018, 0.012))
    way = [(0.0, (8.9, 0.1, 0)), (9.5, (-2.0, 0.0, 0))]

    def act(at: float) -> Sequence[Any]:
        place, heading, phase, stride = walk(way, at)
        cart.location, cart.rotation_euler = place, (0, 0, math.radians(heading))
        person.pose((place[0] + 0.95, place[1], 0), heading, phase, stride=stride, reach=0.95)
        return [*person.parts, *cart.children]

    return act


_LOOK = Look(eye=(-0.3, 0.95, 2.5), aim=(2.9, -0.55, 0.45), view=84)
_DAY = Light(sun_strength=0, sky=(0.9, 0.95, 1.0), sky_strength=0.35, exposure=0.55)
_NIGHT = Light(sun_strength=0, sky=(0.9, 0.95, 1.0), sky_strength=0.01, exposure=0.2)
EBIKE = Scene(
    look=_LOOK,
    light=_DAY,
    scenario="corridor_ebike",
    camera="CAM 11",
    build=ebike_in_the_corridor,
    event=(2.0, 20.0),
    seconds=20.0,
)
EBIKE_BY_NIGHT = Scene(
    look=_LOOK,
    light=_NIGHT,
    scenario="corridor_ebike",
    camera="CAM 11",
    build=ebike_by_night,
    event=(2.0, 20.0),
    seconds=20.0,
    infrared=True,
)
PRAM = Scene(
    look=_LOOK,
    light=_DAY,
    scenario="corridor_ebike",
    camera="CAM 11",
    build=pram_in_the_corridor,
    twin_of="ebike-corridor",
    seconds=20.0,
)
