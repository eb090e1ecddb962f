"""A drawn street that detectors believe in: people who walk, cars that pass or stand, before a wall with windows.

Made on the spot for measuring, so that the same clip exists wherever the gateway is installed. Things are 8 to 22 % of
the picture's height, as they are before a community's camera. Sensor noise is part of it: without it H.264 and the
motion gate would have an easier life than in the field.
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from lookout_edge.domain.frame import Image

Colour = tuple[int, int, int]
Sprite = NDArray[np.uint8]
"""H × W × 4, BGR and opacity."""

_NOISE_LEVELS = 1.5
_NOISE_FIELDS = 7
_WALK_PHASES = 12
_HORIZON = 0.38
_SKIN, _BLACK, _GREY = (130, 160, 205, 255), (28, 28, 30, 255), (150, 150, 150, 255)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody or something in the street. Lengths are fractions of the picture, times seconds of the clip."""

    kind: str
    colour: Colour
    height: float
    #: Where its feet or wheels are, from the top.
    ground: float
    #: Left to right in picture widths a second; negative the other way; 0 stands.
    speed: float = 0.0
    #: Where a standing one is, and when a moving one enters.
    x: float = 0.5
    enters_s: float = 0.0
    #: A moving one comes again after so long.
    every_s: float = 20.0

    def place(self, at_s: float) -> float | None:
        """Its centre across the picture at ``at_s``; None while it is out of sight."""
        if self.speed == 0:
            return self.x
        walked = ((at_s - self.enters_s) % self.every_s) * abs(self.speed) - 0.15
        if at_s < self.enters_s or walked > 1.15:
            return None
        return walked if self.speed > 0 else 1.0 - walked


#: Parked cars, which stand there in idle footage too.
PARKED = (
    Actor(kind="car", colour=(60, 60, 62), height=0.12, ground=0.60, x=0.22),
    Actor(kind="car", colour=(170, 175, 178), height=0.11, ground=0.585, x=0.62),
)
#: What makes the street busy: somebody is always on the way.
PASSING = (
    Actor(kind="person", colour=(60, 70, 165), height=0.20, ground=0.93, speed=0.085, every_s=17.0),
    Actor(kind="person", colour=(140, 90, 40), height=0.16, ground=0.74, speed=-0.07, enters_s=3.0, every_s=19.0),
    Actor(kind="person", colour=(70, 130, 60), height=0.13, ground=0.66, speed=0.06, enters_s=9.0, every_s=23.0),
    Actor(kind="car", colour=(45, 40, 170), height=0.17, ground=0.84, speed=0.22, enters_s=5.0, every_s=13.0),
    Actor(kind="car", colour=(150, 70, 40), height=0.14, ground=0.78, speed=-0.26, enters_s=11.0, every_s=16.0),
)


@dataclass(slots=True)
class Street:
    """The scene at one picture size. ``frame`` draws any instant of it."""

    width: int
    height: int
    busy: bool
    _ground: Image = field(init=False)
    _noise: list[NDArray[np.int16]] = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(7)
        self._ground = _scenery(self.width, self.height, rng)
        shape = (self.height, self.width, 1)
        self._noise = [np.rint(rng.normal(0, _NOISE_LEVELS, shape)).astype(np.int16) for _ in range(_NOISE_FIELDS)]

    def frame(self, at_s: float) -> Image:
        """The picture at ``at_s`` seconds of the clip."""
        image = self._ground.copy()
        actors = (*PARKED, *PASSING) if self.busy else PARKED
        for actor in sorted(actors, key=lambda one: one.ground):
            x = actor.place(at_s)
            if x is not None:
                self._paste(image, actor, x, at_s)
        noise = self._noise[round(at_s * 1000) % _NOISE_FIELDS]
        return np.clip(image + noise, 0, 255).astype(np.uint8)

    def _paste(self, image: Image, actor: Actor, x: float, at_s: float) -> None:
        phase = int(at_s * 1.8 * _WALK_PHASES) % _WALK_PHASES if actor.kind == "person" else 0
        sprite = _sprite(actor.kind, actor.colour, round(actor.height * self.height), phase)
        if actor.speed < 0:
            sprite = sprite[:, ::-1]
        height, width = sprite.shape[:2]
        left, top = round(x * self.width - width / 2), round(actor.ground * self.height) - height
        cut_left, cut_right = max(0, -left), max(0, left + width - self.width)
        if cut_left + cut_right >= width:
            return
        seen = sprite[:, cut_left : width - cut_right]
        target = image[top : top + height, left + cut_left : left + width - cut_right]
        opacity = seen[..., 3:].astype(np.float32) / 255
        target[:] = (target * (1 - opacity) + seen[..., :3] * opacity).astype(np.uint8)


@lru_cache(maxsize=256)
def _sprite(kind: str, colour: Colour, height: int, phase: int) -> Sprite:
    drawn = _person(colour, 2 * math.pi * phase / _WALK_PHASES) if kind == "person" else _car(colour)
    drawn = cv2.GaussianBlur(drawn, (3, 3), 0)
    width = max(1, round(drawn.shape[1] * height / drawn.shape[0]))
    return cast(Sprite, cv2.resize(drawn, (width, height), interpolation=cv2.INTER_AREA))


def _scenery(width: int, height: int, rng: np.random.Generator) -> Image:
    horizon = round(height * _HORIZON)
    ground = np.empty((height, width, 3), np.float32)
    ground[:horizon], ground[horizon:] = (150, 150, 140), (105, 105, 108)
    fine = cv2.GaussianBlur(rng.normal(0, 30, (height, width)).astype(np.float32), (0, 0), 1.2 * width / 640)
    ground += fine[..., None]
    line = max(1, width // 320)
    for column in range(9):
        for row in range(2):
            corner = round(width * (0.03 + 0.11 * column)), round(height * (0.04 + 0.16 * row))
            other = corner[0] + round(width * 0.06), corner[1] + round(height * 0.1)
            cv2.rectangle(ground, corner, other, (95, 85, 75), -1)
            cv2.rectangle(ground, corner, other, (170, 170, 165), line)
    cv2.rectangle(ground, (0, horizon), (width, horizon + round(height * 0.05)), (125, 128, 130), -1)
    cv2.line(ground, (0, round(height * 0.7)), (width, round(height * 0.7)), (195, 195, 195), line)
    return np.clip(ground, 0, 255).astype(np.uint8)


def _opaque(colour: Colour, factor: float = 1.0) -> tuple[int, int, int, int]:
    blue, green, red = (min(255, round(part * factor)) for part in colour)
    return blue, green, red, 255


def _person(coat: Colour, phase: float) -> Sprite:
    """200 × 400, walking to the right."""
    image = np.zeros((400, 200, 4), np.uint8)
    swing = math.sin(phase)
    _leg(image, -0.45 * swing, _opaque((50, 35, 28)))
    _arm(image, 0.5 * swing, _opaque(coat, 0.7))
    _leg(image, 0.45 * swing, _opaque((70, 50, 40)))
    cv2.ellipse(image, (100, 150), (42, 78), 0, 0, 360, _opaque(coat), -1, cv2.LINE_AA)
    cv2.ellipse(image, (100, 100), (44, 28), 0, 0, 360, _opaque(coat), -1, cv2.LINE_AA)
    cv2.ellipse(image, (88, 150), (22, 70), 0, 0, 360, _opaque(coat, 1.2), -1, cv2.LINE_AA)
    _arm(image, -0.5 * swing, _opaque(coat, 0.75))
    cv2.line(image, (100, 60), (100, 85), _SKIN, 24, cv2.LINE_AA)
    cv2.ellipse(image, (103, 40), (26, 33), 0, 0, 360, _SKIN, -1, cv2.LINE_AA)
    cv2.ellipse(image, (97, 30), (28, 27), 0, 150, 380, _BLACK, -1, cv2.LINE_AA)
    return image


def _leg(image: Sprite, angle: float, colour: tuple[int, int, int, int]) -> None:
    knee = round(100 + 85 * math.sin(angle)), round(215 + 80 * math.cos(angle))
    shin = angle - 0.15 - 0.2 * abs(angle)
    foot = round(knee[0] + 90 * math.sin(shin)), round(knee[1] + 88 * math.cos(shin))
    cv2.line(image, (100, 215), knee, colour, 36, cv2.LINE_AA)
    cv2.line(image, knee, foot, colour, 27, cv2.LINE_AA)
    cv2.ellipse(image, (foot[0] + 9, foot[1] + 6), (22, 10), 0, 0, 360, _BLACK, -1, cv2.LINE_AA)


def _arm(image: Sprite, angle: float, colour: tuple[int, int, int, int]) -> None:
    elbow = round(100 + 60 * math.sin(angle)), round(105 + 62 * math.cos(angle))
    wrist = round(elbow[0] + 50 * math.sin(angle + 0.4)), round(elbow[1] + 50 * math.cos(angle + 0.4))
    cv2.line(image, (100, 100), elbow, colour, 25, cv2.LINE_AA)
    cv2.line(image, elbow, wrist, colour, 20, cv2.LINE_AA)
    cv2.circle(image, wrist, 12, _SKIN, -1, cv2.LINE_AA)


def _car(paint: Colour) -> Sprite:
    """600 × 240, facing right."""
    image = np.zeros((240, 600, 4), np.uint8)
    outline = [[20, 150], [35, 120], [130, 108], [205, 45], [390, 40], [480, 105], [560, 118], [582, 150]]
    _fill(image, [*outline, [580, 190], [20, 190]], _opaque(paint))
    _fill(image, [[20, 165], [582, 165], [580, 192], [20, 192]], _opaque(paint, 0.6))
    _fill(image, [[40, 120], [130, 108], [470, 108], [560, 120], [560, 130], [40, 130]], _opaque(paint, 1.35))
    for window in ([[150, 105], [212, 55], [290, 52], [290, 105]], [[302, 105], [302, 52], [382, 50], [440, 105]]):
        _fill(image, window, (70, 60, 50, 255))
        shine = (window[1][0] + 10, window[1][1] + 8), (window[0][0] + 30, window[0][1] - 8)
        cv2.line(image, *shine, (150, 140, 130, 255), 6, cv2.LINE_AA)
    cv2.line(image, (296, 110), (300, 180), _opaque(paint, 0.6), 3, cv2.LINE_AA)
    for x in (125, 465):
        cv2.circle(image, (x, 188), 46, _BLACK, -1, cv2.LINE_AA)
        cv2.circle(image, (x, 188), 28, _GREY, -1, cv2.LINE_AA)
        cv2.circle(image, (x, 188), 10, (60, 60, 60, 255), -1, cv2.LINE_AA)
    cv2.ellipse(image, (566, 135), (14, 9), 0, 0, 360, (210, 235, 245, 255), -1, cv2.LINE_AA)
    cv2.circle(image, (30, 138), 10, (30, 30, 190, 255), -1, cv2.LINE_AA)
    return image


def _fill(image: Sprite, corners: list[list[int]], colour: tuple[int, int, int, int]) -> None:
    cv2.fillPoly(image, [np.array(corners, np.int32)], colour, cv2.LINE_AA)
