"""The yard's clips: ``fire-yard`` smoulders and then burns, ``lamp-yard`` has a flashing beacon and steam instead."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lookout_models.reel.camera_look import CameraLook, Picture, write_clip
from lookout_models.reel.flames import STEPS_A_SECOND, Gas, Reals, Source, lay_over, to_linear, to_picture

#: Width and height of the clips, pixels.
SIZE = (640, 360)
FPS = 8
SECONDS = 22
#: Upper left of the gas and its size, pixels; the places where it burns and steams, cells.
_AT, _HEIGHT, _WIDTH = (180, 0), 300, 330
_FIRE, _DRAIN = (147.0, 198.0), (247.0, 246.0)
_BEGINS = datetime(2026, 5, 20, 18, 42, 10)
#: How much smoke or heat a cell must hold, and how many cells, before somebody would see it.
_SEEN, _SEEN_CELLS = 0.25, 60


@dataclass(frozen=True, kw_only=True)
class Story:
    """What a clip shows: ``sources`` by second, the second plate that lights up, and how bright it is by second."""

    sources: Callable[[float], list[Source]]
    lit_by: str
    light: Callable[[float, Gas], float]
    smoke_colour: tuple[float, float, float]
    burns: bool


def _ramp(at: float, first: float, last: float) -> float:
    return min(1.0, max(0.0, (at - first) / (last - first)))


def _fire(at: float) -> list[Source]:
    smoulder, blaze = _ramp(at, 2, 4), _ramp(at, 4, 11)
    return [
        Source(
            at=_FIRE,
            spread=(8 + 23 * max(0.45 * smoulder, blaze), 6 + 4 * blaze),
            heat=13 * blaze**0.6,
            smoke=9.0 * smoulder + 1.0 * blaze,
            lift=2.0 * smoulder * (1 - blaze),
        )
    ]


def _steam(at: float) -> list[Source]:
    """Puffs out of a drain, each gone within a second or two."""
    puff = max(0.0, math.sin(at * 1.3)) * _ramp(at, 4, 6)
    return [Source(at=_DRAIN, spread=(10, 3), smoke=1.0 * puff, lift=0.5 * puff)]


def _flash(at: float, gas: Gas) -> float:
    """Off, on at 3 s, turning once in 1.1 s."""
    return 0.0 if at < 3 else max(0.0, math.cos(2 * math.pi * at / 1.1)) ** 3


FIRE_YARD = Story(
    sources=_fire,
    lit_by="fire",
    light=lambda _, gas: min(1.0, float(gas.heat.sum()) / 1500),
    smoke_colour=(0.20, 0.195, 0.19),
    burns=True,
)
LAMP_YARD = Story(sources=_steam, lit_by="beacon", light=_flash, smoke_colour=(0.42, 0.41, 0.40), burns=False)
STORIES = {"fire-yard": FIRE_YARD, "lamp-yard": LAMP_YARD}


@dataclass(frozen=True, slots=True)
class Shot:
    """One clean picture, and the box of fire and smoke in it as fractions, None where nobody would see any."""

    picture: Picture
    box: tuple[float, float, float, float] | None


def play(story: Story, plates: Path, *, seed: int) -> Iterator[Shot]:
    """The clip's pictures; ``plates`` is the folder of ``render_yard``'s."""
    day, lit = (to_linear(_plate(plates / name)) for name in ("yard.png", f"yard-{story.lit_by}.png"))
    gas, chance = Gas(_HEIGHT, _WIDTH, seed=seed, wind=14), np.random.default_rng(seed)
    for number in range(FPS * SECONDS):
        at = number / FPS
        for _ in range(STEPS_A_SECOND // FPS):
            gas.step(story.sources(at))
        bright = story.light(at, gas) * (1 + 0.08 * float(chance.standard_normal()))
        light = lay_over((day + (lit - day) * bright).astype(np.float32), gas, _AT, albedo=story.smoke_colour)
        yield Shot(to_picture(light), _box(gas, day) if story.burns else None)


def _plate(path: Path) -> Picture:
    found = cv2.imread(str(path))
    if found is None:
        raise FileNotFoundError(f"{path} is not there: `make reel` renders it first.")
    return found.astype(np.uint8)


def _box(gas: Gas, day: Reals) -> tuple[float, float, float, float] | None:
    seen: NDArray[np.bool_] = (gas.smoke > _SEEN) | (gas.heat > _SEEN)
    if int(seen.sum()) < _SEEN_CELLS:
        return None
    rows, columns = np.nonzero(seen)
    height, width = day.shape[:2]
    left, top = _AT
    return (
        float(columns.min() + left) / width,
        float(rows.min() + top) / height,
        float(columns.max() + 1 + left) / width,
        float(rows.max() + 1 + top) / height,
    )


def film(name: str, plates: Path, out: Path, *, seed: int) -> list[tuple[float, float, float, float] | None]:
    """Write ``NAME.mp4`` into ``out``; returns the box of each frame."""
    look = CameraLook(name="CAM 07", begins=_BEGINS, fps=FPS, seed=seed)
    boxes: list[tuple[float, float, float, float] | None] = []

    def pictures() -> Iterator[Picture]:
        for number, shot in enumerate(play(STORIES[name], plates, seed=seed)):
            boxes.append(shot.box)
            yield look.taken(number, shot.picture)

    write_clip(out / f"{name}.mp4", pictures(), SIZE, fps=FPS)
    return boxes
