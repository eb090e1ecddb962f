"""What a scene is, and how those in it get about."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from lookout_models.reel.stage import Light, Look, Vector

#: Puts everybody where they are at a second, and returns what moves.
Act = Callable[[float], Sequence[Any]]
#: Metres a double step.
_STEP = 1.35
#: Out of sight.
AWAY: Vector = (0, 0, -50)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A clip before it is filmed. ``event`` is when it can be seen, seconds; None in a harmless twin."""

    look: Look
    light: Light
    scenario: str
    #: What the camera writes into its picture.
    camera: str
    #: Builds it by a seed; pictures that it shows, such as number plates, lie in the folder.
    build: Callable[[int, Path], Act]
    seconds: float = 18.0
    event: tuple[float, float] | None = None
    twin_of: str | None = None
    #: The camera has switched to its own infrared lamp: grey, noisy, dark towards the corners.
    infrared: bool = False
    #: Plates of those who live there.
    residents: Sequence[str] = ()
    zones: Sequence[Sequence[tuple[float, float]]] = ()
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])


def walk(path: Sequence[tuple[float, Vector]], at: float) -> tuple[Vector, float, float, float]:
    """Where somebody is on a ``path`` of (second, place): place, heading in degrees, phase of the gait, stride."""
    done = 0.0
    for (begin, start), (end, goal) in pairwise(path):
        length = math.dist(start, goal)
        if at < end:
            share = max(0.0, (at - begin) / (end - begin))
            place = tuple(a + share * (b - a) for a, b in zip(start, goal, strict=True))
            heading = math.degrees(math.atan2(goal[1] - start[1], goal[0] - start[0]))
            moving = length > 0.05 and at >= begin
            return (place[0], place[1], place[2]), heading, (done + share * length) / _STEP, 1.0 if moving else 0.0
        done += length
    (_, before), (_, last) = path[-2:]
    return last, math.degrees(math.atan2(last[1] - before[1], last[0] - before[0])), done / _STEP, 0.0
