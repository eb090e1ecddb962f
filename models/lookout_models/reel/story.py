"""Clips of a camera before which little moves but gas and light: two pictures of the place, rendered once, of which the
second is lit by the fire, a lamp or the setting sun, and flames, smoke or steam simulated over them."""

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
#: How much smoke or heat a cell must hold, and how many cells, before somebody would see it.
_SEEN, _SEEN_CELLS = 0.25, 60


@dataclass(frozen=True, kw_only=True)
class Place:
    """What the camera sees, and the part of it that gas may fill: upper left, height and width, pixels."""

    #: The picture without the second light, without ``.png``.
    picture: str
    camera: str
    begins: datetime
    at: tuple[int, int]
    height: int
    width: int
    #: Draught across the picture, pixels a second.
    wind: float = 0.0


def still(_: float) -> list[Source]:
    """Nothing burns or steams."""
    return []


def even(_: float) -> Reals | float:
    """The light falls on everything."""
    return 1.0


@dataclass(frozen=True, kw_only=True)
class Story:
    """What a clip shows: ``sources`` by second, the picture with the second light, and how bright that is by second."""

    place: Place
    lit: str
    light: Callable[[float, Gas], float]
    sources: Callable[[float], list[Source]] = still
    #: How unsteady that brightness is: the standard deviation of its share from picture to picture.
    flicker: float = 0.0
    #: Which share of the second light arrives where, by second; H × W × 1.
    dapples: Callable[[float], Reals | float] = even
    smoke_colour: tuple[float, float, float] = (0.42, 0.41, 0.40)
    burns: bool = False


def ramp(at: float, first: float, last: float) -> float:
    """0 until ``first``, 1 from ``last``, even in between."""
    return min(1.0, max(0.0, (at - first) / (last - first)))


@dataclass(frozen=True, slots=True)
class Shot:
    """One clean picture, and the box of fire and smoke in it as fractions, None where nobody would see any."""

    picture: Picture
    box: tuple[float, float, float, float] | None


def play(story: Story, plates: Path, *, seed: int) -> Iterator[Shot]:
    """The clip's pictures; ``plates`` is the folder of what was rendered."""
    place = story.place
    dark, lit = (to_linear(_plate(plates / f"{name}.png")) for name in (place.picture, story.lit))
    gas, chance = Gas(place.height, place.width, seed=seed, wind=place.wind), np.random.default_rng(seed)
    for number in range(FPS * SECONDS):
        at = number / FPS
        for _ in range(STEPS_A_SECOND // FPS):
            gas.step(story.sources(at))
        flicker = 1 + story.flicker * float(chance.standard_normal())
        bright = story.light(at, gas) * flicker * story.dapples(at)
        light = lay_over((dark + (lit - dark) * bright).astype(np.float32), gas, place.at, albedo=story.smoke_colour)
        yield Shot(to_picture(light), _box(gas, dark, place) if story.burns else None)


def _plate(path: Path) -> Picture:
    found = cv2.imread(str(path))
    if found is None:
        raise FileNotFoundError(f"{path} is not there: `make reel` renders it first.")
    return found.astype(np.uint8)


def _box(gas: Gas, dark: Reals, place: Place) -> tuple[float, float, float, float] | None:
    seen: NDArray[np.bool_] = (gas.smoke > _SEEN) | (gas.heat > _SEEN)
    if int(seen.sum()) < _SEEN_CELLS:
        return None
    rows, columns = np.nonzero(seen)
    height, width = dark.shape[:2]
    left, top = place.at
    return (
        float(columns.min() + left) / width,
        float(rows.min() + top) / height,
        float(columns.max() + 1 + left) / width,
        float(rows.max() + 1 + top) / height,
    )


def film(
    name: str, story: Story, plates: Path, out: Path, *, seed: int
) -> list[tuple[float, float, float, float] | None]:
    """Write ``NAME.mp4`` into ``out``; returns the box of each frame."""
    look = CameraLook(name=story.place.camera, begins=story.place.begins, fps=FPS, seed=seed)
    boxes: list[tuple[float, float, float, float] | None] = []

    def pictures() -> Iterator[Picture]:
        for number, shot in enumerate(play(story, plates, seed=seed)):
            boxes.append(shot.box)
            yield look.taken(number, shot.picture)

    write_clip(out / f"{name}.mp4", pictures(), SIZE, fps=FPS)
    return boxes
