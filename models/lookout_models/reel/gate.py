"""The gate: a car comes in from the street, under the barrier, and parks before the camera."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lookout_models.reel import RESIDENT as RESIDENT_PLATE
from lookout_models.reel.acting import Act, Scene
from lookout_models.reel.car import Car, plate_material
from lookout_models.reel.car_shapes import OFF_ROADER, SALOON
from lookout_models.reel.stage import Colour, Light, Look, ball, box, drum, group, paint, tiles

#: Seconds at which the barrier begins to open, is open, begins to close, is closed.
_BARRIER = (0.4, 1.8, 6.2, 7.6)
#: The way in: second, x, y and heading in degrees.
_WAY = (
    (0.0, 18.5, 0.4, 180.0),
    (1.8, 13.0, 0.4, 180.0),
    (4.6, 6.6, 0.4, 181.0),
    (6.2, 3.9, 0.7, 192.0),
    (7.4, 2.4, 1.0, 203.0),
    (8.2, 2.1, 1.1, 204.0),
)


def _street() -> None:
    box((60, 60, 0.2), (10, 0, -0.1), paint((0.20, 0.20, 0.205), rough=0.95, stain=0.2, grain=1.2))
    for side in (1, -1):
        box((40, 3.0, 0.2), (8, side * 4.9, 0.02), tiles((0.45, 0.42, 0.38), (0.3, 0.3, 0.3), 0.4))
        box((40, 0.14, 0.24), (8, side * 3.38, 0.02), paint((0.55, 0.55, 0.53), rough=0.9, stain=0.1))
        box((0.8, 0.8, 3.4), (8.2, side * 3.9, 1.7), tiles((0.50, 0.29, 0.21), (0.5, 0.48, 0.45), 0.24, upright=True))
        box((1.0, 1.0, 0.2), (8.2, side * 3.9, 3.45), paint((0.6, 0.58, 0.55)))
        box((0.3, 9.0, 2.0), (8.2, side * 8.8, 1.0), paint((0.62, 0.58, 0.50), rough=0.95, stain=0.15, grain=1))
    for number in range(5):
        box((0.12, 1.2, 0.012), (4.6, -2.4 + 1.2 * number, 0.006), paint((0.7, 0.7, 0.68), stain=0.2, grain=6))
    for y, height, colour in ((-15, 11, (0.55, 0.49, 0.40)), (0, 8, (0.48, 0.44, 0.42)), (14, 13, (0.58, 0.53, 0.46))):
        _house(y, height, colour)
    for number, (x, y) in enumerate(((11.5, 6.4), (12.5, -6.6), (4.0, 6.3), (3.0, -6.5), (16.0, 8.5), (17.0, -9.0))):
        _tree(x, y, number)


def _house(y: float, height: float, colour: Colour) -> None:
    box((6, 13.0, height), (29, y, height / 2), paint(colour, rough=0.95, stain=0.08, grain=0.5))
    pane = paint((0.03, 0.04, 0.05), rough=0.1)
    for floor in range(int(height // 3)):
        for number in range(4):
            box((0.1, 1.7, 1.4), (25.97, y + (number - 1.5) * 3.0, 1.8 + 3.0 * floor), pane)


def _tree(x: float, y: float, seed: int) -> None:
    drum(0.13, 2.4, (x, y, 1.2), paint((0.10, 0.07, 0.045), rough=0.95, stain=0.2))
    leaves = paint((0.045, 0.11, 0.03), rough=0.9, stain=0.45, grain=9)
    for number in range(3):
        turn = 2.1 * number + seed
        place = (x + 0.6 * math.cos(turn), y + 0.6 * math.sin(turn), 2.9 + 0.45 * number)
        ball(1.05, place, leaves, lumps=0.7, seed=seed * 3 + number)


def _barrier() -> Any:
    """The box on the kerb and its arm; returns the arm, which turns about x."""
    orange, white, red = paint((0.75, 0.27, 0.03), rough=0.4), paint((0.85, 0.85, 0.83)), paint((0.6, 0.03, 0.03))
    box((0.4, 0.4, 1.1), (6.6, -2.95, 0.55), orange, bevel=0.03)
    box((1.5, 1.4, 2.4), (7.0, -5.0, 1.2), paint((0.7, 0.72, 0.72), rough=0.5), bevel=0.03)
    box((1.2, 1.42, 0.9), (7.0, -5.0, 1.7), paint((0.02, 0.03, 0.035), rough=0.08))
    arm = group("barrier")
    arm.location = (6.35, -2.95, 1.0)
    for number in range(10):
        box((0.05, 0.55, 0.10), (0, 0.25 + 0.55 * number, 0), red if number % 2 else white, parent=arm)
    return arm


def _raised(at: float) -> float:
    """How far the barrier is open, 0..1."""
    opens, is_open, closes, closed = _BARRIER
    share = min((at - opens) / (is_open - opens), (closed - at) / (closed - closes))
    return 0.5 - 0.5 * math.cos(math.pi * min(1.0, max(0.0, share)))


def _driven(at: float) -> tuple[float, float, float]:
    """x, y and heading on the way, with speed that changes smoothly (a cubic through the points)."""
    last = len(_WAY) - 1
    number = next((n for n in range(last) if at < _WAY[n + 1][0]), last - 1)
    (begin, *start), (end, *goal) = _WAY[number], _WAY[number + 1]
    span = end - begin
    t = min(1.0, max(0.0, (at - begin) / span))

    def slope(point: int, axis: int) -> float:
        if point == last:
            return 0.0
        low, high = max(0, point - 1), min(last, point + 1)
        return (_WAY[high][axis] - _WAY[low][axis]) / (_WAY[high][0] - _WAY[low][0])

    found = [
        (2 * t**3 - 3 * t**2 + 1) * start[axis]
        + (t**3 - 2 * t**2 + t) * span * slope(number, axis + 1)
        + (3 * t**2 - 2 * t**3) * goal[axis]
        + (t**3 - t**2) * span * slope(number + 1, axis + 1)
        for axis in range(3)
    ]
    return found[0], found[1], found[2]


def _arrival(made: Car) -> Act:
    _street()
    arm = _barrier()

    def act(at: float) -> Sequence[Any]:
        x, y, heading = _driven(at)
        made.stand((x, y, 0.0), heading, rolled=_WAY[0][1] - x)
        arm.rotation_euler = (math.radians(84) * _raised(at), 0, 0)
        return [*made.parts, *arm.children]

    return act


def stranger_at_the_gate(_: int, props: Path) -> Act:
    """A saloon that nobody knows."""
    return _arrival(Car(SALOON, (0.035, 0.05, 0.10), plate_material(str(props / "plate-stranger.png"))))


def resident_at_the_gate(_: int, props: Path) -> Act:
    """An off-roader of somebody who lives here."""
    plate = plate_material(str(props / "plate-resident.png"))
    return _arrival(Car(OFF_ROADER, (0.72, 0.72, 0.73), plate))


#: As low and as near as a gate's camera hangs: a parked car's plate is 60 pixels wide. At 44 its province was a guess.
_LOOK = Look(eye=(-5.0, -1.2, 1.9), aim=(1.9, 0.6, 0.8), view=50)
_DAY = Light(sun=(40, -62), sky=(0.42, 0.58, 0.9), horizon=(0.85, 0.88, 0.92), sky_strength=0.7)
#: Where the parked car stands, as fractions of the picture; while it drives its plate is smaller and blurred.
_BAY = ((0.2, 0.8), (0.85, 0.8), (0.85, 1.0), (0.2, 1.0))
STRANGER = Scene(
    look=_LOOK,
    light=_DAY,
    scenario="unfamiliar_vehicle",
    camera="CAM 01",
    build=stranger_at_the_gate,
    event=(7.4, 24.0),
    seconds=24.0,
    zones=(_BAY,),
)
RESIDENT = Scene(
    look=_LOOK,
    light=_DAY,
    scenario="unfamiliar_vehicle",
    camera="CAM 01",
    build=resident_at_the_gate,
    twin_of="stranger-gate",
    residents=(RESIDENT_PLATE,),
    seconds=24.0,
    zones=(_BAY,),
)
