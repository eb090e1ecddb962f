"""The yard's clips: ``fire-yard`` smoulders and then burns; ``lamp-yard`` has a flashing beacon and steam instead, and
in ``sunset-yard`` the low sun comes out behind leaves and glows in the windows."""

import math
from datetime import datetime

import cv2
import numpy as np

from lookout_models.reel.flames import Gas, Reals, Source
from lookout_models.reel.story import SIZE, Place, Story, ramp

_DAY = Place(
    picture="yard",
    camera="CAM 07",
    begins=datetime(2026, 5, 20, 18, 42, 10),
    at=(180, 0),
    height=300,
    width=330,
    wind=14,
)
_DUSK = Place(
    picture="yard-dusk", camera="CAM 07", begins=datetime(2026, 5, 20, 19, 21, 40), at=(0, 0), height=8, width=8
)
#: Where it burns and steams, cells.
_FIRE, _DRAIN = (147.0, 198.0), (247.0, 246.0)


def _fire(at: float) -> list[Source]:
    smoulder, blaze = ramp(at, 2, 4), ramp(at, 4, 11)
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
    puff = max(0.0, math.sin(at * 1.3)) * ramp(at, 4, 6)
    return [Source(at=_DRAIN, spread=(10, 3), smoke=1.0 * puff, lift=0.5 * puff)]


def _flash(at: float, gas: Gas) -> float:
    """Off, on at 3 s, turning once in 1.1 s."""
    return 0.0 if at < 3 else max(0.0, math.cos(2 * math.pi * at / 1.1)) ** 3


def _sunset(at: float, gas: Gas) -> float:
    """Behind a cloud at first and for a while in the middle."""
    return ramp(at, 2, 5) * (1 - 0.75 * ramp(at, 11, 13) * (1 - ramp(at, 15, 17)))


def leaves(at: float) -> Reals:
    """The shade of twigs that the wind moves: soft blots that wander and swing."""
    width, height = SIZE
    shade = np.zeros((height, width), np.float32)
    for seed, (cell, share) in enumerate(((46, 0.6), (22, 0.4))):
        across, down = width // cell + 4, height // cell + 4
        blots = np.random.default_rng(seed).random((down, across), np.float32)
        large = cv2.resize(blots, (across * cell, down * cell), interpolation=cv2.INTER_CUBIC)
        x = cell * (1.5 + 0.35 * math.sin(2 * math.pi * at / (2.3 + seed)) + 0.2 * math.sin(2 * math.pi * at / 0.9))
        y = cell * (1.5 + 0.2 * math.sin(2 * math.pi * at / (1.7 + seed)))
        moved = np.array([[1, 0, -x], [0, 1, -y]], np.float32)
        shade += share * cv2.warpAffine(large, moved, SIZE, flags=cv2.INTER_LINEAR)
    return np.clip((shade - 0.36) / 0.2, 0.08, 1.0).astype(np.float32)[..., None]


FIRE_YARD = Story(
    place=_DAY,
    sources=_fire,
    lit="yard-fire",
    light=lambda _, gas: min(1.0, float(gas.heat.sum()) / 1500),
    flicker=0.08,
    smoke_colour=(0.20, 0.195, 0.19),
    burns=True,
)
LAMP_YARD = Story(place=_DAY, sources=_steam, lit="yard-beacon", light=_flash, flicker=0.08)
SUNSET_YARD = Story(place=_DUSK, lit="yard-sunset", light=_sunset, dapples=leaves)
