"""The yard of the fire clips: a house wall, cardboard, pallets; by day and at dusk, lit by each lamp and by the sun."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from lookout_models.reel import stage
from lookout_models.reel.backdrops import as_it_is, render_backdrops

#: Where it burns, steams and shines, metres.
FIRE, DRAIN, BEACON = (0.7, 3.75, 0.3), (2.0, 2.2, 0.02), (-1.0, 3.9, 1.05)
_SEED = 9
_LOOK = stage.Look(eye=(-1.6, -3.6, 3.9), aim=(0.5, 3.6, 0.9), view=72)
_DAY = stage.Light(sun=(40, 150), sun_strength=2.4, sky_strength=0.7)
_DUSK = stage.Light(sun_strength=0.0, sky=(0.55, 0.52, 0.62), sky_strength=0.45)
_WINDOWS = range(-3, 4)


def render_yard(folder: Path) -> None:
    """``yard.png`` and, with a lamp, ``yard-fire.png`` and ``yard-beacon.png``; ``yard-dusk.png`` and, in the last sun,
    ``yard-sunset.png``."""
    by_day = {"yard": as_it_is, "yard-fire": _by_fire, "yard-beacon": _by_the_beacon}
    render_backdrops(folder, lambda: _build(_DAY), _LOOK, by_day, seed=_SEED)
    at_dusk = {"yard-dusk": as_it_is, "yard-sunset": _by_the_last_sun}
    render_backdrops(folder, lambda: _build(_DUSK), _LOOK, at_dusk, seed=_SEED)


def _by_fire() -> Sequence[Any]:
    x, y, z = FIRE
    return [stage.lamp((x, y - 0.35, z + 0.6), 170.0, colour=(1.0, 0.42, 0.12), size=0.3)]


def _by_the_beacon() -> Sequence[Any]:
    x, y, z = BEACON
    return [stage.lamp((x, y - 0.35, z), 60.0, colour=(1.0, 0.45, 0.04), size=0.3)]


def _by_the_last_sun() -> Sequence[Any]:
    """Low and orange from behind the camera; two of the windows throw it back."""
    glow = stage.paint((1.0, 0.36, 0.05), glow=0.9)
    panes = [stage.box((1.26, 0.02, 1.26), (_window(number), 4.88, 3.0), glow) for number in (-1, 0)]
    return [stage.sun((9, 24), 3.2, colour=(1.0, 0.32, 0.08)), *panes]


def _window(number: int) -> float:
    return number * 3.1 + 1.2


def _build(light: stage.Light) -> None:
    chance = Random(_SEED)
    stage.shine(light)
    stage.box((40, 40, 0.2), (0, 0, -0.1), stage.tiles((0.26, 0.25, 0.24), (0.13, 0.13, 0.13), 0.6))
    stage.box((30, 0.4, 9), (0, 5.2, 4.5), stage.paint((0.50, 0.44, 0.36), rough=0.95, stain=0.15, grain=0.8))
    stage.box((30, 0.44, 0.9), (0, 5.19, 0.45), stage.paint((0.27, 0.24, 0.22), rough=0.9, stain=0.2, grain=2))
    frame, pane = stage.paint((0.7, 0.7, 0.7)), stage.paint((0.03, 0.04, 0.05), rough=0.1)
    for number in _WINDOWS:
        stage.box((1.5, 0.1, 1.5), (_window(number), 4.98, 3.0), frame)
        stage.box((1.3, 0.12, 1.3), (_window(number), 4.96, 3.0), pane)
    _shutter()
    stage.tube([(3.9, 4.9, 0), (3.9, 4.9, 8)], 0.06, stage.paint((0.6, 0.6, 0.6), rough=0.5))
    stage.box((0.7, 0.35, 0.55), (-1.2, 4.85, 1.95), stage.paint((0.75, 0.75, 0.72), rough=0.6), bevel=0.02)
    _pallets(chance)
    _boxes(chance)
    x, y, z = BEACON
    stage.tube([(x, y, 0), (x, y, z - 0.12)], 0.025, stage.paint((0.05, 0.05, 0.05)))
    stage.drum(0.10, 0.20, (x, y, z), stage.paint((0.7, 0.25, 0.02), rough=0.2), top=0.08)
    x, y, z = DRAIN
    stage.box((0.7, 0.45, 0.02), (x, y, z), stage.paint((0.04, 0.04, 0.045), rough=0.6, metal=0.6))


def _shutter() -> None:
    steel = stage.paint((0.48, 0.49, 0.48), rough=0.5, metal=0.2)
    for number in range(18):
        stage.box((2.6, 0.06, 0.125), (-4.3, 4.96, 0.08 + 0.13 * number), steel, bevel=0.02)


def _pallets(chance: Random) -> None:
    wood = stage.paint((0.36, 0.25, 0.15), rough=0.9, stain=0.3, grain=5)
    for layer in range(4):
        for board in range(5):
            place = (2.6, 3.5 + 0.26 * board, 0.13 + layer * 0.15)
            stage.box((1.2, 0.10, 0.022), place, wood, turn=chance.uniform(-2, 2))
        for across in (-0.5, 0, 0.5):
            stage.box((0.09, 1.1, 0.10), (2.6 + across, 4.0, 0.06 + layer * 0.15), wood)


def _boxes(chance: Random) -> None:
    card = [
        stage.paint((0.45, 0.32, 0.19), rough=0.95, stain=0.1, grain=3),
        stage.paint((0.38, 0.27, 0.16), rough=0.95),
        stage.paint((0.52, 0.41, 0.28), rough=0.95),
    ]
    for number, (x, y, z, width, depth, height) in enumerate(_CARTONS):
        turn = chance.uniform(-15, 15)
        stage.box((width, depth, height), (x, y, z + height / 2), card[number % 3], turn=turn, bevel=0.006)
    stage.box((0.9, 0.02, 0.7), (-0.35, 4.4, 0.36), card[2], turn=20)


#: Centre x, y, underside, then width, depth and height of each carton, metres.
_CARTONS = (
    (0.2, 4.2, 0.0, 0.55, 0.5, 0.5),
    (0.8, 4.25, 0.0, 0.6, 0.55, 0.6),
    (0.45, 3.75, 0.0, 0.5, 0.4, 0.35),
    (1.15, 3.8, 0.0, 0.5, 0.45, 0.42),
    (0.55, 4.25, 0.58, 0.5, 0.4, 0.45),
    (1.3, 4.35, 0.0, 0.4, 0.4, 0.5),
)
