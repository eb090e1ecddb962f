"""The store room of the fire clips: settee, basket of waste paper, cartons, table with a kettle, standard lamp."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from lookout_models.reel import stage
from lookout_models.reel.backdrops import as_it_is, render_backdrops

#: Where it burns, steams and shines, metres.
FIRE, SPOUT, LAMP = (-0.15, 1.75, 0.36), (1.62, 0.95, 1.02), (2.15, 2.0, 1.55)
_SEED = 11
_LOOK = stage.Look(eye=(-2.0, -2.1, 2.5), aim=(0.55, 1.7, 0.85), view=74)
_LIGHT = stage.Light(sun_strength=0.0, sky=(0.9, 0.95, 1.0), sky_strength=0.3, exposure=0.3)


def render_room(folder: Path) -> None:
    """``room.png`` by its tubes, and ``room-fire.png`` and ``room-lamp.png`` with those lights on top."""
    lit = {"room": as_it_is, "room-fire": _by_fire, "room-lamp": _by_the_lamp}
    render_backdrops(folder, _build, _LOOK, lit, seed=_SEED)


def _by_fire() -> Sequence[Any]:
    x, y, z = FIRE
    return [stage.lamp((x, y - 0.3, z + 0.35), 70.0, colour=(1.0, 0.42, 0.12), size=0.25)]


def _by_the_lamp() -> Sequence[Any]:
    x, y, z = LAMP
    shade = stage.drum(0.2, 0.3, (x, y, z), stage.paint((0.95, 0.85, 0.70), glow=0.45), top=0.13)
    return [stage.lamp((x, y - 0.3, z - 0.1), 22.0, colour=(1.0, 0.84, 0.64), size=0.2), shade]


def _build() -> None:
    stage.shine(_LIGHT)
    floor = stage.tiles((0.42, 0.36, 0.30), (0.22, 0.2, 0.19), 0.6)
    wall = stage.paint((0.72, 0.70, 0.63), rough=0.95, stain=0.08, grain=0.9)
    stage.box((7, 7, 0.1), (0, 0, -0.05), floor)
    stage.box((7, 0.1, 2.8), (0, 2.6, 1.4), wall)
    stage.box((0.1, 7, 2.8), (2.9, 0, 1.4), wall)
    stage.box((7, 0.04, 0.1), (0, 2.54, 0.05), stage.paint((0.3, 0.22, 0.16)))
    for x in (-1.2, 1.2):
        stage.box((1.2, 0.14, 0.05), (x, -1.2, 2.75), stage.paint((0.95, 0.97, 1.0), glow=10.0))
    _settee()
    _basket()
    _table()
    _lamp_stand()
    _shelf(Random(_SEED))


def _settee() -> None:
    cloth = stage.paint((0.16, 0.19, 0.26), rough=0.95, stain=0.15, grain=8)
    stage.box((1.5, 0.75, 0.24), (0.95, 2.05, 0.30), cloth, bevel=0.05)
    stage.box((1.5, 0.2, 0.55), (0.95, 2.42, 0.62), cloth, bevel=0.06)
    for side in (-1, 1):
        stage.box((0.2, 0.8, 0.5), (0.95 + side * 0.8, 2.05, 0.35), cloth, bevel=0.06)
        stage.box((0.66, 0.6, 0.12), (0.95 + side * 0.36, 2.0, 0.47), cloth, bevel=0.05)


def _basket() -> None:
    x, y, z = FIRE
    stage.drum(0.14, z, (x, y, z / 2), stage.paint((0.10, 0.16, 0.12), rough=0.6), top=0.19)
    paper = stage.paint((0.8, 0.79, 0.75), rough=0.9)
    for number, (across, along) in enumerate(((-0.07, 0.02), (0.06, -0.05), (0.02, 0.08), (-0.02, -0.08))):
        stage.ball(0.085, (x + across, y + along, z), paper, lumps=0.06, seed=number)


def _table() -> None:
    wood, steel = stage.paint((0.33, 0.20, 0.11), rough=0.5), stage.paint((0.6, 0.6, 0.62), rough=0.25, metal=0.9)
    stage.box((1.0, 0.6, 0.04), (1.85, 0.95, 0.72), wood, bevel=0.01)
    for x in (1.4, 2.3):
        for y in (0.7, 1.2):
            stage.box((0.05, 0.05, 0.7), (x, y, 0.35), wood)
    stage.drum(0.13, 0.03, (1.8, 0.95, 0.755), stage.paint((0.5, 0.04, 0.02), glow=0.6))
    stage.drum(0.13, 0.2, (1.8, 0.95, 0.87), steel, top=0.09, bevel=0.01)
    stage.tube([(1.72, 0.95, 0.88), (1.66, 0.95, 0.96), (1.62, 0.95, 1.0)], 0.018, steel, round_off=False)
    stage.tube([(1.74, 0.95, 0.97), (1.8, 0.95, 1.09), (1.86, 0.95, 0.97)], 0.012, stage.paint((0.03, 0.03, 0.03)))
    stage.drum(0.04, 0.1, (2.1, 0.85, 0.79), stage.paint((0.75, 0.74, 0.7)), top=0.045)


def _lamp_stand() -> None:
    x, y, z = LAMP
    stage.drum(0.15, 0.03, (x, y, 0.015), stage.paint((0.08, 0.08, 0.08)))
    stage.tube([(x, y, 0), (x, y, z)], 0.014, stage.paint((0.2, 0.19, 0.17), metal=0.6), round_off=False)
    stage.drum(0.19, 0.29, (x, y, z), stage.paint((0.75, 0.68, 0.55), rough=0.9), top=0.12)


def _shelf(chance: Random) -> None:
    steel = stage.paint((0.45, 0.46, 0.47), rough=0.5, metal=0.4)
    card = [stage.paint(colour, rough=0.95) for colour in ((0.45, 0.32, 0.19), (0.52, 0.41, 0.28), (0.36, 0.26, 0.16))]
    for level in (0.1, 0.75, 1.4):
        stage.box((1.3, 0.45, 0.03), (-1.3, 2.32, level), steel)
        for number in range(3):
            width, height = chance.uniform(0.26, 0.38), chance.uniform(0.2, 0.42)
            place = (-1.72 + 0.42 * number, 2.3, level + 0.015 + height / 2)
            stage.box((width, 0.34, height), place, card[number], turn=chance.uniform(-8, 8), bevel=0.005)
    for x in (-1.94, -0.66):
        stage.box((0.04, 0.45, 1.8), (x, 2.32, 0.9), steel)
