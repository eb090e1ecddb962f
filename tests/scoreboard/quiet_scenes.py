"""What happens before cameras where nothing happens: people pass, lamps go on, exposure jumps, it rains, night falls.

Every scene is shown from a seed and is the same in every run. A camera before a still keeps its own time; recorded
footage is shown again and again, in other light each time. None of it is an event: whatever is said of it is false.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, exp, pi, sin
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from lookout_edge.domain.demand import EVERY_PICTURE, Demand
from lookout_edge.domain.frame import Frame, Image
from scoreboard.made_clips import DATA, SIZE

FPS = 5.0
#: Seconds from one thing that shakes the camera to the next.
_GUST_S = 60.0
#: Of a camera that turns: seconds to and fro, how much wider the picture is than what is shown.
_TURN_S, _WIDER = 40.0, 0.4
#: Pixels by which the picture of a fixed camera is larger than what is shown, so that it can be shaken.
_SPARE = 12
#: Seconds from one disturbance to the next, and the longest one.
_EVERY_S, _LONGEST_S = 60.0, 20.0
#: The real footage in which somebody comes, stands and goes, and when nobody is in it: seconds from its start.
_WALK, _WALKS_S, _NOBODY_S = "one-by-one-person-detection.mp4", ((122.4, 137.4), (91.0, 121.0), (6.0, 26.0)), 90.0


class Footage(Protocol):
    """Something that can be watched for some time."""

    #: What the scene is called in the report.
    name: str

    def ask(self, demand: Demand) -> None:
        """See ``FrameSource``."""
        ...

    def frames(self, seconds: float) -> Iterator[Frame]:
        """Its pictures from 0 to ``seconds`` of its time."""
        ...

    def going_on(self, at: float) -> str:
        """What was going on at ``at`` or just before; nothing most of the time."""
        ...


class Walk(NamedTuple):
    """Somebody cut out of real footage: pictures (BGR) and how much of each pixel is theirs (0..255)."""

    pictures: Sequence[Image]
    masks: Sequence[Image]


@cache
def walks() -> tuple[Walk, ...]:
    """People who come, stand and go; none where the footage is missing."""
    path = DATA / "video" / _WALK
    if not path.is_file():
        return ()
    nobody = _pictures(path, (_NOBODY_S, _NOBODY_S + 0.1))[0].astype(np.int16)
    found: list[Walk] = []
    for times in _WALKS_S:
        pictures = _pictures(path, times)
        found.append(Walk(pictures, [_cut_out(picture, nobody) for picture in pictures]))
    return tuple(found)


def _pictures(path: Path, times: tuple[float, float]) -> list[Image]:
    clip = cv2.VideoCapture(str(path))
    clip.set(cv2.CAP_PROP_POS_MSEC, 1000 * times[0])
    step = max(1, round(clip.get(cv2.CAP_PROP_FPS) / FPS))
    found: list[Image] = []
    while len(found) < FPS * (times[1] - times[0]) and clip.grab():
        found.append(np.asarray(cv2.resize(clip.retrieve()[1], SIZE), np.uint8))
        for _ in range(step - 1):
            clip.grab()
    clip.release()
    return found


def _cut_out(picture: Image, nobody: np.ndarray) -> Image:
    differs = (np.abs(picture.astype(np.int16) - nobody).max(2) > 40).astype(np.uint8) * 255
    grains, holes = np.ones((5, 5), np.uint8), np.ones((15, 15), np.uint8)
    whole = cv2.morphologyEx(cv2.morphologyEx(differs, cv2.MORPH_OPEN, grains), cv2.MORPH_CLOSE, holes)
    return np.asarray(cv2.GaussianBlur(cv2.erode(whole, np.ones((3, 3), np.uint8)), (5, 5), 0), np.uint8)


@dataclass(frozen=True)
class Disturbance:
    """Something harmless that happens for a while; ``show`` changes a picture, told how far it has come (0..1)."""

    name: str
    since: float
    lasts_s: float
    show: Callable[[Image, float], Image]


def _brightened(picture: Image, gain: float) -> Image:
    return np.asarray(cv2.convertScaleAbs(picture, alpha=gain), np.uint8)


def _passer(random: np.random.Generator) -> Callable[[Image, float], Image]:
    walk = walks()[int(random.integers(len(walks())))]
    size, mirrored = float(random.uniform(0.45, 1.0)), bool(random.random() < 0.5)
    width, height = round(SIZE[0] * size), round(SIZE[1] * size)
    left, top = int(random.integers(SIZE[0] - width + 1)), SIZE[1] - height

    def show(picture: Image, progress: float) -> Image:
        number = min(len(walk.pictures) - 1, int(progress * len(walk.pictures)))
        person, mask = walk.pictures[number], walk.masks[number]
        if mirrored:
            person, mask = np.asarray(person[:, ::-1]), np.asarray(mask[:, ::-1])
        person, mask = cv2.resize(person, (width, height)), cv2.resize(mask, (width, height))
        share = mask.astype(np.float32)[:, :, None] / 255
        shown = picture.copy()
        place = shown[top : top + height, left : left + width]
        place[:] = (place * (1 - share) + person * share).astype(np.uint8)
        return shown

    return show


def _lamp(random: np.random.Generator) -> Callable[[Image, float], Image]:
    """Somewhere a warm lamp is on and lights what is around it; it is dimmed a little now and then."""
    x, y = random.uniform(0.1, 0.9) * SIZE[0], random.uniform(0.1, 0.7) * SIZE[1]
    size, strength = random.uniform(0.03, 0.08) * SIZE[0], random.uniform(150, 250)
    across, down = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    distance = np.hypot(across - x, down - y) / size
    glow = (np.exp(-((distance / 0.7) ** 4)) + 0.35 / (1 + (distance / 2) ** 2)).astype(np.float32)
    warm = (strength * glow[:, :, None] * np.array([0.55, 0.8, 1.0], np.float32)).astype(np.float32)

    def show(picture: Image, progress: float) -> Image:
        dimmed = 1 + 0.05 * sin(40 * progress)
        return np.clip(picture + warm * dimmed, 0, 255).astype(np.uint8)

    return show


def _headlights(random: np.random.Generator) -> Callable[[Image, float], Image]:
    """Two bright spots with their glare go from one side to the other."""
    y, size, turned = random.uniform(0.4, 0.85) * SIZE[1], random.uniform(6, 16), bool(random.random() < 0.5)
    across, down = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))

    def show(picture: Image, progress: float) -> Image:
        x = (1.2 * (1 - progress if turned else progress) - 0.1) * SIZE[0]
        light = np.zeros(picture.shape[:2], np.float32)
        for spot in (x - 3 * size, x + 3 * size):
            distance = np.hypot(across - spot, down - y) / size
            light += (255 * np.exp(-(distance**2)) + 60 / (1 + distance**2)).astype(np.float32)
        return np.clip(picture + light[:, :, None], 0, 255).astype(np.uint8)

    return show


def _exposure(random: np.random.Generator) -> Callable[[Image, float], Image]:
    """The camera has exposed for something else and finds its way back."""
    wrong = float(random.choice([0.45, 0.6, 1.5, 1.9]))

    def show(picture: Image, progress: float) -> Image:
        return _brightened(picture, 1 + (wrong - 1) * exp(-4 * progress))

    return show


def _infrared(random: np.random.Generator) -> Callable[[Image, float], Image]:
    """Grey, lit from the camera, with the noise of a high gain."""
    across, down = np.meshgrid(np.linspace(-1, 1, SIZE[0]), np.linspace(-1, 1, SIZE[1]))
    lit = (1.25 - 0.55 * np.hypot(across, down)).astype(np.float32)
    noise = [random.normal(0, 4, (SIZE[1], SIZE[0])).astype(np.float32) for _ in range(4)]

    def show(picture: Image, progress: float) -> Image:
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
        seen = np.clip(grey * lit + noise[int(997 * progress) % 4], 0, 255).astype(np.uint8)
        return np.asarray(cv2.cvtColor(seen, cv2.COLOR_GRAY2BGR), np.uint8)

    return show


def _rain(random: np.random.Generator) -> Callable[[Image, float], Image]:
    """Streaks, and the haze behind them."""
    streaks: list[Image] = []
    for _ in range(5):
        layer = np.zeros((SIZE[1], SIZE[0]), np.uint8)
        for x, y in random.integers((-20, -20), SIZE, (140, 2)):
            cv2.line(layer, (int(x), int(y)), (int(x) + 2, int(y) + int(random.integers(8, 22))), 60, 1)
        streaks.append(np.asarray(cv2.cvtColor(cv2.GaussianBlur(layer, (3, 3), 0), cv2.COLOR_GRAY2BGR), np.uint8))

    def show(picture: Image, progress: float) -> Image:
        haze = np.asarray(cv2.convertScaleAbs(picture, alpha=0.8, beta=25), np.uint8)
        return np.asarray(cv2.add(haze, streaks[int(991 * progress) % 5]), np.uint8)

    return show


_KINDS: dict[str, tuple[float, Callable[[np.random.Generator], Callable[[Image, float], Image]]]] = {
    "somebody passes": (15.0, _passer),
    "a lamp is on": (20.0, _lamp),
    "headlights": (4.0, _headlights),
    "exposure": (5.0, _exposure),
    "infrared": (15.0, _infrared),
    "rain": (8.0, _rain),
}


def disturbances(seed: int, seconds: float) -> list[Disturbance]:
    """One a minute, in an order that depends on ``seed``; no kind comes again before all have come."""
    random = np.random.default_rng(seed)
    names = [name for name in _KINDS if name != "somebody passes" or walks()]
    planned: list[Disturbance] = []
    at, left = 20.0, list[str]()
    while at + _LONGEST_S <= seconds:
        left = left or [str(name) for name in random.permutation(names)]
        name = left.pop()
        lasts_s, make = _KINDS[name]
        planned.append(Disturbance(name, at, lasts_s, make(random)))
        at += _EVERY_S
    return planned


class Camera:
    """A camera before one still, fixed or turning: pictures at the times that are asked for.

    The sensor is noisy, the sun comes and goes, wind shakes the mast now and then, and once it is nudged. ``planned``
    happens beside that.
    """

    def __init__(
        self, image: Image, seed: int, *, turns: bool = False, name: str = "", planned: Sequence[Disturbance] = ()
    ) -> None:
        self.name = name
        self._spare = (round(_WIDER * SIZE[0]), round(_WIDER * SIZE[1])) if turns else (_SPARE, _SPARE)
        self._turns, self._planned = turns, tuple(planned)
        self._image = np.asarray(cv2.resize(image, (SIZE[0] + self._spare[0], SIZE[1] + self._spare[1])), np.uint8)
        random = np.random.default_rng(seed)
        self._noise = [random.normal(0, 4, (SIZE[1], SIZE[0], 1)).astype(np.int16) for _ in range(8)]
        self._demand = EVERY_PICTURE

    def ask(self, demand: Demand) -> None:
        """See ``FrameSource``."""
        self._demand = demand

    def frames(self, seconds: float) -> Iterator[Frame]:
        """See ``Footage``."""
        number, at = 0, 0.0
        while at < seconds:
            yield Frame("still", at, self._picture(at, number), 0.0)
            number += 1
            at = round(at + max(1.0 / FPS, self._demand.longest_gap_s), 6)

    def going_on(self, at: float) -> str:
        """See ``Footage``."""
        return next((d.name for d in self._planned if d.since <= at < d.since + d.lasts_s + 10.0), "")

    def _picture(self, at: float, number: int) -> Image:
        left, top = self._turned(at) if self._turns else self._shaken(at)
        view = self._image[top : top + SIZE[1], left : left + SIZE[0]]
        sun = 1 + 0.15 * sin(2 * pi * at / 240) + 0.04 * sin(2 * pi * at / 60)
        picture = _brightened(view, sun)
        for each in self._planned:
            if each.since <= at < each.since + each.lasts_s:
                picture = each.show(picture, (at - each.since) / each.lasts_s)
        noisy = picture.astype(np.int16) + self._noise[number % len(self._noise)]
        return np.clip(noisy, 0, 255).astype(np.uint8)

    def _turned(self, at: float) -> tuple[int, int]:
        """Upper left corner of what is shown by a camera that goes to and fro, slowing down at both ends."""
        return round(self._spare[0] * (0.5 - 0.5 * cos(2 * pi * at / _TURN_S))), self._spare[1] // 2

    @staticmethod
    def _shaken(at: float) -> tuple[int, int]:
        """Upper left corner of what is shown: gusts shake it for three seconds a minute, in the end it is nudged."""
        nudged = 4 if at < 120 else 7
        gust = at % _GUST_S
        if gust < 3.0:
            return nudged + round(2 * sin(9 * gust)), 6 + round(2 * sin(7 * gust))
        return nudged, 6


class Loop:
    """A recorded clip, shown again and again: in other light each time, and every other time mirrored."""

    def __init__(self, clip: Path, seed: int) -> None:
        self.name = clip.name
        self._clip = clip
        self._random = np.random.default_rng(seed)
        self._demand = EVERY_PICTURE

    def ask(self, demand: Demand) -> None:
        """See ``FrameSource``."""
        self._demand = demand

    def going_on(self, at: float) -> str:
        """See ``Footage``."""
        return ""

    def frames(self, seconds: float) -> Iterator[Frame]:
        """See ``Footage``."""
        begun, turn = 0.0, 0
        while begun < seconds:
            gain, last = float(self._random.uniform(0.6, 1.3)), begun
            for at, picture in self._once(begun):
                shown, last = np.asarray(picture[:, ::-1] if turn % 2 else picture), at
                yield Frame("loop", at, _brightened(shown, gain), 0.0)
            begun, turn = round(last + 1.0 / FPS, 6), turn + 1

    def _once(self, begun: float) -> Iterator[tuple[float, Image]]:
        clip = cv2.VideoCapture(str(self._clip))
        rate = clip.get(cv2.CAP_PROP_FPS) or 25.0
        number, due = 0, 0.0
        shape = clip.get(cv2.CAP_PROP_FRAME_WIDTH) / max(1.0, clip.get(cv2.CAP_PROP_FRAME_HEIGHT))
        size = round(SIZE[1] * shape), SIZE[1]
        while clip.grab():
            if number / rate >= due:
                yield round(begun + number / rate, 6), np.asarray(cv2.resize(clip.retrieve()[1], size), np.uint8)
                due = number / rate + max(1.0 / FPS, self._demand.longest_gap_s) - 1e-6
            number += 1
        clip.release()
