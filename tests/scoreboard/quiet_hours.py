"""False alarms per camera-hour on hours of footage in which nothing happens, scenario by scenario.

    python -m scoreboard.quiet_hours --minutes 3 [--share 1.0]     (from tests/; pictures are in ../shared/data)

A camera looks at one still for ``--minutes`` of its own time: the sensor is noisy, the sun comes and goes, wind shakes
the mast now and then, and once it is nudged. Pictures come as the pipeline asks for them, so an hour costs about a
minute of CPU. A still that looks like something is one false alarm, however long it is watched: hours of few scenes
would flatter, so the scenes are printed too. Cameras that go to and fro see every picture anew, which costs most: they
are few, and watched for a third of the time.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import cos, pi, sin
from pathlib import Path

import cv2
import numpy as np

from lookout_contract.events import Scenario
from lookout_edge.config import ModelsConfig
from lookout_edge.domain.demand import EVERY_PICTURE, Demand
from lookout_edge.domain.frame import Frame, Image
from lookout_edge.errors import EdgeError
from lookout_edge.recordings import Studio, studio_of
from lookout_edge.replay import events_of
from lookout_edge.score import alarms_of
from scoreboard.made_clips import DATA, FIRE, GARBAGE, SIZE, Still, stills

FIRE_SMOKE, RUBBISH, EBIKE = Scenario.FIRE_SMOKE, Scenario.GARBAGE, Scenario.CORRIDOR_EBIKE
#: Seconds from one thing that shakes or nudges the camera to the next.
_GUST_S, _FPS = 60.0, 5.0
#: Of a camera that turns: seconds to and fro, how much wider the picture is than what is shown, scenes of each kind.
_TURN_S, _WIDER, _TURNING = 40.0, 0.4, 6


@dataclass(frozen=True)
class Scenes:
    """Stills of one kind, and the scenarios that their labels rule out."""

    name: str
    stills: Sequence[Still]
    judged: tuple[Scenario, ...]
    #: Whether the camera goes to and fro over the picture.
    turns: bool = False


@dataclass
class Tally:
    """What came of the scenes of one kind."""

    scenes: int = 0
    hours: float = 0.0
    alarms: Counter[Scenario] = field(default_factory=Counter[Scenario])
    alarmed: list[str] = field(default_factory=list[str])


def kinds(data: Path) -> list[Scenes]:
    """The scenes of the data folder; those of ``test`` were never trained on."""
    bins = [s for s in stills(data / "garbage" / "test", GARBAGE, wanted=("garbage_bin",)) if _is_clean(s)]
    every = (FIRE_SMOKE, RUBBISH, EBIKE)
    weather = stills(data / "fire" / "test", FIRE, prefix="neg_")
    mixed = [*weather[:: max(1, len(weather) // _TURNING)], *bins[:: max(1, len(bins) // _TURNING)]]
    return [
        Scenes("weather", weather, every),
        Scenes("clean bins", bins, (FIRE_SMOKE, RUBBISH)),
        Scenes("lamps, seen in training", stills(data / "fire" / "train", FIRE, prefix="cair_"), (FIRE_SMOKE, RUBBISH)),
        Scenes("weather and clean bins, turning camera", mixed, (FIRE_SMOKE, RUBBISH), turns=True),
    ]


def _is_clean(still: Still) -> bool:
    return not any(label in {"garbage", "overflow"} for label, _ in still.things)


class Camera:
    """A camera before one still, fixed or turning: pictures at the times that are asked for."""

    def __init__(self, image: Image, seed: int, *, turns: bool = False) -> None:
        #: Pixels by which the picture is larger than what is shown, so that the camera can be moved.
        self._spare = (round(_WIDER * SIZE[0]), round(_WIDER * SIZE[1])) if turns else (12, 12)
        self._turns = turns
        self._image = np.asarray(cv2.resize(image, (SIZE[0] + self._spare[0], SIZE[1] + self._spare[1])), np.uint8)
        self._random = np.random.default_rng(seed)
        self._noise = [self._random.normal(0, 4, (SIZE[1], SIZE[0])).astype(np.float32) for _ in range(8)]
        self._demand = EVERY_PICTURE

    def ask(self, demand: Demand) -> None:
        """See ``FrameSource``."""
        self._demand = demand

    def frames(self, seconds: float) -> Iterator[Frame]:
        """Its pictures from 0 to ``seconds`` of its time."""
        number, at = 0, 0.0
        while at < seconds:
            yield Frame("still", at, self._picture(at, number), 0.0)
            number += 1
            at = round(at + max(1.0 / _FPS, self._demand.longest_gap_s), 6)

    def _picture(self, at: float, number: int) -> Image:
        left, top = self._turned(at) if self._turns else self._shaken(at)
        view = self._image[top : top + SIZE[1], left : left + SIZE[0]].astype(np.float32)
        sun = 1 + 0.15 * sin(2 * pi * at / 240) + 0.04 * sin(2 * pi * at / 60)
        return np.clip(view * sun + self._noise[number % len(self._noise)][:, :, None], 0, 255).astype(np.uint8)

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


def watch(studio: Studio, scenes: Scenes, minutes: float, share: float) -> Tally:
    """Watch every scene of a kind, or an even ``share`` of them."""
    tally = Tally()
    step = max(1, round(1 / share))
    for number, still in enumerate(scenes.stills[::step]):
        camera = Camera(still.image, number, turns=scenes.turns)
        frames = camera.frames(60 * minutes)
        events = events_of(frames, studio.pipeline(set(scenes.judged)), start_at=0.0, ask=camera.ask)
        alarms = alarms_of(events, 0.0)
        tally.scenes += 1
        tally.hours += minutes / 60
        tally.alarms.update(alarm.scenario for alarm in alarms)
        tally.alarmed += [f"{still.path.name} {a.scenario} {a.label} at {a.at_s:g} s" for a in alarms]
    return tally


def as_json(scenes: Scenes, tally: Tally) -> dict[str, object]:
    """One kind's figures."""
    per_hour = {s.value: round(tally.alarms[s] / max(1e-9, tally.hours), 3) for s in scenes.judged}
    return {
        "kind": scenes.name,
        "scenes": tally.scenes,
        "camera_hours": round(tally.hours, 3),
        "false_alarms": {s.value: tally.alarms[s] for s in scenes.judged},
        "false_alarms_per_camera_hour": per_hour,
        "alarmed": tally.alarmed,
    }


def main() -> None:
    """Print one line of JSON a kind of scene."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--share", type=float, default=1.0)
    given = parser.parse_args()
    if not (DATA / "fire" / "test").is_dir():
        raise EdgeError(f"{DATA}: there are no pictures; put them there as its README says.")
    studio = studio_of(None, None, ModelsConfig(detector="community-nano", plates=False))
    for scenes in kinds(DATA):
        minutes = given.minutes / 3 if scenes.turns else given.minutes
        line = json.dumps(as_json(scenes, watch(studio, scenes, minutes, given.share)), ensure_ascii=False)
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
