"""Our tracker beside the ByteTrack of the `trackers` package, on made scenes: the same assignments."""

import math
from collections.abc import Callable, Sequence
from typing import Protocol, cast

import numpy as np
import pytest
import supervision as sv
from trackers import ByteTrackTracker

from lookout_edge.domain.detection import Detection
from lookout_edge.domain.geometry import Box
from lookout_edge.tracking import Tracker, TrackerSettings

FRAMES, FPS = 60, 30.0
SURE, FAINT = 0.9, 0.3

Thing = tuple[float, float, float, float, float]
"""x, y, width, height in pixels of a 1000 x 1000 picture, and score."""


def crossing(i: int) -> list[Thing]:
    """Six things cross and overtake; one is hidden for three frames."""
    return [
        (50 + 150 * k + (5 if k % 2 else -3) * i, 100 + 120 * k + (4 - k) * i, 80, 100, SURE)
        for k in range(6)
        if not (k == 2 and 30 <= i < 33)
    ]


def lanes(i: int) -> list[Thing]:
    """Twelve lanes of traffic in both directions."""
    return [
        (20 + (0 if k % 2 else 700) + (3 + k % 4) * i * (1 if k % 2 else -1), 30 + 75 * k, 90, 60, SURE)
        for k in range(12)
    ]


def faint(i: int) -> list[Thing]:
    """One of five is hardly recognised for a while: the second association keeps its number."""
    return [
        (50 + 180 * k + 2 * i, 200 + 3 * i * (k % 2), 80, 100, FAINT if k == 3 and 20 <= i < 32 else SURE)
        for k in range(5)
    ]


def come_and_go(i: int) -> list[Thing]:
    """Six things appear one after the other and leave."""
    return [
        (60 + 140 * k + 3 * (i - 5 * k), 100 + 50 * k + 2 * i, 80, 100, SURE)
        for k in range(6)
        if 5 * k <= i < 35 + 4 * k
    ]


def hidden(i: int) -> list[Thing]:
    """Two of five are hidden for seven and ten frames and come back under their numbers."""
    away = {1: range(20, 30), 3: range(25, 32)}
    return [(50 + 170 * k + 1.5 * i, 300 + 40 * (k % 3), 90, 110, SURE) for k in range(5) if i not in away.get(k, ())]


def shaky(i: int) -> list[Thing]:
    """The camera's mast sways in the wind."""
    dx, dy = 6 * math.sin(i / 3), 4 * math.cos(i / 4)
    return [(40 + 130 * k + dx, 150 + 70 * k + 2 * i * (k % 2) + dy, 90, 80, SURE) for k in range(7)]


class OtherTracker(Protocol):
    """The part of the `trackers` package's ByteTrack that is used here."""

    def update(self, detections: sv.Detections) -> sv.Detections: ...


def _frames(scene: Callable[[int], list[Thing]], seed: int) -> list[list[Detection]]:
    """The scene with a pixel of noise."""
    rng = np.random.default_rng(seed)
    frames: list[list[Detection]] = []
    for i in range(FRAMES):
        frame: list[Detection] = []
        for x, y, width, height, score in scene(i):
            dx, dy = (float(value) for value in rng.normal(0, 1, 2))
            corners = (x + dx, y + dy, x + dx + width, y + dy + height)
            frame.append(Detection("car", score, Box(*(value / 1000 for value in corners))))
        frames.append(frame)
    return frames


def _key(box: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(value) for value in box)


def _theirs(frames: Sequence[Sequence[Detection]]) -> list[list[int]]:
    """Number of each detection, -1 where it has none."""
    tracker = cast(OtherTracker, ByteTrackTracker(lost_track_buffer=30, frame_rate=FPS, minimum_consecutive_frames=1))
    numbers: list[list[int]] = []
    for frame in frames:
        boxes = [[value * 1000 for value in found.box.as_tuple()] for found in frame]
        tracked = tracker.update(
            sv.Detections(
                xyxy=np.array(boxes, np.float32).reshape(-1, 4),
                confidence=np.array([found.score for found in frame], np.float32),
            )
        )
        assert tracked.tracker_id is not None
        places = cast(list[list[float]], tracked.xyxy.tolist())
        by_box = {_key(box): int(number) for box, number in zip(places, tracked.tracker_id, strict=True)}
        numbers.append([by_box.get(_key(box), -1) for box in boxes])
    return numbers


def _ours(frames: Sequence[Sequence[Detection]]) -> list[list[int]]:
    """Number of each detection, -1 where it has none."""
    tracker = Tracker(TrackerSettings(tentative_s=0.0))
    numbers: list[list[int]] = []
    for index, frame in enumerate(frames):
        at = index / FPS
        by_box = {track.box: track.id for track in tracker.update(at, frame) if track.last_at == at}
        numbers.append([by_box.get(found.box, -1) for found in frame])
    return numbers


def _partition(numbers: Sequence[Sequence[int]]) -> list[list[int]]:
    """Numbers renamed in order of appearance, so that two trackers can be compared."""
    names: dict[int, int] = {}
    return [[names.setdefault(number, len(names)) for number in frame] for frame in numbers]


@pytest.mark.parametrize("seed", [1, 2, 7])
@pytest.mark.parametrize("scene", [crossing, lanes, faint, come_and_go, hidden, shaky])
def test_it_agrees_with_another_bytetrack(scene: Callable[[int], list[Thing]], seed: int) -> None:
    """Both show what came late from its second look on; theirs numbers nothing in the first two frames of all."""
    frames = _frames(scene, seed)
    theirs, ours = _theirs(frames)[2:], _ours(frames)[2:]
    both = [
        [(a, b) for a, b in zip(their, our, strict=True) if a != -1 and b != -1]
        for their, our in zip(theirs, ours, strict=True)
    ]
    things = len({a for frame in both for a, _ in frame})
    assert things == max(len(scene(i)) for i in range(FRAMES)) or scene is come_and_go
    for numbers in (theirs, ours):
        # A thing that comes late, or comes back, is shown from its second look on.
        assert sum(frame.count(-1) for frame in numbers) <= (things if scene is come_and_go else 1)
    assert _partition([[a for a, _ in frame] for frame in both]) == _partition(
        [[b for _, b in frame] for frame in both]
    )
