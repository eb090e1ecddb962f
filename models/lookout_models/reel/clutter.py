"""What else stands in corridors and lifts and is no e-bike: bicycles, carts, cases, chairs.

Each is built around the origin, heading along +x.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from lookout_models.reel.actors import RUBBER, STEEL, pram, wheelchair
from lookout_models.reel.stage import Colour, ball, box, drum, group, paint, ring, tube

_CARTON: Colour = (0.42, 0.28, 0.15)


def bicycle(colour: Colour, *, basket: bool = True) -> Any:
    """A pedal bicycle 1.75 m long on its stand."""
    whole = group("bicycle")
    lacquer, dark = paint(colour, rough=0.3), paint(RUBBER, rough=0.6)
    metal = paint(STEEL, rough=0.3, metal=0.9)
    rear, front, crank, seat, head = (-0.52, 0.33), (0.55, 0.33), (-0.06, 0.30), (-0.20, 0.80), (0.37, 0.82)
    for x, z in (rear, front):
        ring(0.31, 0.02, (x, 0, z), dark, parent=whole)
        ring(0.285, 0.008, (x, 0, z), metal, parent=whole)
        drum(0.03, 0.08, (x, 0, z), metal, axis=(0, 1, 0), parent=whole)
        for turn in range(6):
            spoke = [(x, 0.0, z), (x + 0.29 * _COSINES[turn], 0.0, z + 0.29 * _SINES[turn])]
            tube(spoke, 0.003, metal, parent=whole, round_off=False)
    for one, other in ((crank, seat), (crank, head), (seat, head), (rear, crank), (rear, seat), (front, head)):
        tube([(one[0], 0, one[1]), (other[0], 0, other[1])], 0.017, lacquer, parent=whole, round_off=False)
    tube([(0.37, 0, 0.82), (0.34, 0, 1.0)], 0.014, metal, parent=whole, round_off=False)
    tube([(0.22, 0.28, 1.02), (0.35, 0.12, 1.0), (0.35, -0.12, 1.0), (0.22, -0.28, 1.02)], 0.012, metal, parent=whole)
    ball(0.11, (-0.22, 0, 0.88), dark, squash=(1.25, 0.75, 0.35), parent=whole)
    drum(0.09, 0.015, (crank[0], 0.03, crank[1]), metal, axis=(0, 1, 0), parent=whole)
    if basket:
        box((0.24, 0.32, 0.22), (0.60, 0, 0.88), paint((0.2, 0.2, 0.21), rough=0.5, metal=0.5), parent=whole)
    return whole


def cart(colour: Colour, random: Random) -> Any:
    """A hand cart with cartons, its handle at -x."""
    whole, metal, dark = group("cart"), paint(STEEL, rough=0.3, metal=0.9), paint(RUBBER, rough=0.6)
    length = random.uniform(0.6, 0.95)
    box((length, 0.5, 0.04), (0, 0, 0.17), paint(colour, rough=0.5), bevel=0.01, parent=whole)
    for x in (-0.4 * length, 0.4 * length):
        for y in (-0.2, 0.2):
            drum(0.06, 0.04, (x, y, 0.07), dark, axis=(0, 1, 0), parent=whole)
    handle = [(-length / 2, y, z) for y, z in ((0.22, 0.18), (0.22, 0.92), (-0.22, 0.92), (-0.22, 0.18))]
    tube(handle, 0.016, metal, parent=whole, round_off=False)
    high = 0.19
    for _ in range(random.randrange(0, 4)):
        size = (random.uniform(0.3, 0.9) * length, random.uniform(0.25, 0.48), random.uniform(0.15, 0.35))
        shade = random.uniform(0.6, 1.3)
        skin = paint((_CARTON[0] * shade, _CARTON[1] * shade, _CARTON[2] * shade), rough=0.9)
        box(size, (0, 0, high + size[2] / 2), skin, turn=random.uniform(-12, 12), parent=whole)
        high += size[2]
    return whole


def case(colour: Colour, random: Random) -> Any:
    """A suitcase with its handle pulled out."""
    whole, metal, dark = group("case"), paint(STEEL, rough=0.3, metal=0.9), paint(RUBBER, rough=0.6)
    width, height = random.uniform(0.36, 0.5), random.uniform(0.5, 0.75)
    box((0.27, width, height), (0, 0, 0.06 + height / 2), paint(colour, rough=0.3), bevel=0.04, parent=whole)
    for x in (-0.1, 0.1):
        for y in (-0.4 * width, 0.4 * width):
            ball(0.03, (x, y, 0.03), dark, parent=whole)
    top = 0.06 + height
    grip = [(-0.1, y, z) for y, z in ((0.1, top), (0.1, top + 0.4), (-0.1, top + 0.4), (-0.1, top))]
    tube(grip, 0.01, metal, parent=whole, round_off=False)
    return whole


def chair(colour: Colour, random: Random) -> Any:
    """A chair, some with arms."""
    whole, cloth = group("chair"), paint(colour, rough=0.8)
    leg = paint((0.12, 0.08, 0.05) if random.random() < 0.5 else STEEL, rough=0.4)
    high = random.uniform(0.42, 0.48)
    box((0.44, 0.44, 0.06), (0, 0, high), cloth, bevel=0.02, parent=whole)
    box((0.05, 0.44, 0.42), (-0.2, 0, high + 0.27), cloth, bevel=0.02, parent=whole)
    arms = random.random() < 0.5
    for y in (-0.19, 0.19):
        for x in (-0.19, 0.19):
            tube([(x, y, 0.0), (x, y, high)], 0.018, leg, parent=whole, round_off=False)
        if arms:
            tube([(-0.2, y, high + 0.22), (0.18, y, high + 0.22), (0.19, y, high)], 0.016, leg, parent=whole)
    return whole


def shopping_cart(colour: Colour) -> Any:
    """A wire shopping trolley, its bar at -x."""
    whole, metal, dark = group("shopping cart"), paint(STEEL, rough=0.3, metal=0.9), paint(RUBBER, rough=0.6)
    for z, half_long, half_wide in ((0.42, 0.30, 0.18), (0.66, 0.36, 0.22), (0.92, 0.42, 0.26)):
        corners = [(x * half_long, y * half_wide, z) for x, y in ((1, 1), (1, -1), (-1, -1), (-1, 1), (1, 1))]
        tube(corners, 0.008, metal, parent=whole, round_off=False)
    for number in range(-3, 4):
        for side in (-1, 1):
            x = number / 3
            tube([(x * 0.30, side * 0.18, 0.42), (x * 0.42, side * 0.26, 0.92)], 0.005, metal, parent=whole)
    for x in (-0.3, 0.3):
        for y in (-0.2, 0.2):
            drum(0.055, 0.03, (x, y, 0.06), dark, axis=(0, 1, 0), parent=whole)
            tube([(x, y, 0.1), (x, 0.9 * y, 0.42)], 0.012, metal, parent=whole, round_off=False)
    tube([(-0.48, 0.26, 0.98), (-0.48, -0.26, 0.98)], 0.018, paint(colour, rough=0.5), parent=whole)
    return whole


def harmless(random: Random, cloth: Callable[[], Colour], count: int) -> Sequence[Any]:
    """``count`` different things, none of which may be told of: a pram, a wheelchair, others; of their own sizes."""
    makers: list[Callable[[], Any]] = [
        lambda: cart(cloth(), random),
        lambda: case(cloth(), random),
        lambda: chair(cloth(), random),
        lambda: shopping_cart(cloth()),
    ]
    chosen = [lambda: pram(cloth()), lambda: wheelchair(cloth()), *random.sample(makers, max(0, count - 2))]
    made = [build() for build in chosen[:count]]
    for thing in made:
        thing.scale = tuple(random.uniform(0.88, 1.14) for _ in range(3))
    return made


_COSINES = (1.0, 0.5, -0.5, -1.0, -0.5, 0.5)
_SINES = (0.0, 0.866, 0.866, 0.0, -0.866, -0.866)
