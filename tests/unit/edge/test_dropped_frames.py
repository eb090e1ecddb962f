"""Of a camera's frames any half may be missing: a whole pipeline then alarms all the same, and hardly later or sooner.

Made-up things stand, arrive or go to and fro before a drawn wall; the detector finds what of them lies in what it looks
at. So the motion gate, the looks, the tracker and the rule are as in a gateway.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookout_contract.events import Phase, Scenario
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Frame, Image
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.zone import Zone
from lookout_edge.events import Provenance
from lookout_edge.looking import EVERY_LOOK, LookSettings
from lookout_edge.pipeline import CameraPipeline, PipelineSettings
from lookout_edge.rules.registry import RULES
from lookout_edge.testing import FAKE_SHA256, box_at

YARD = Zone("yard", ((0.2, 0.1), (0.9, 0.1), (0.9, 0.9), (0.2, 0.9)))
#: Scenario → what it waits for, and how wide and high that is.
WANTED: dict[Scenario, tuple[str, float, float]] = {
    Scenario.UNFAMILIAR_VEHICLE: ("car", 0.12, 0.15),
    Scenario.CORRIDOR_EBIKE: ("motorcycle", 0.12, 0.2),
    Scenario.GARBAGE: ("garbage", 0.07, 0.1),
    Scenario.KEY_AREA: ("person", 0.08, 0.3),
}
WIDTH, HEIGHT = 160, 90
WALL: Image = np.random.default_rng(1).integers(60, 90, (HEIGHT, WIDTH, 3), np.uint8)
STAY_S, LAST_S = 2.0, 14.0
#: Seconds → how many of its own widths a thing is then to the right of where it was at first.
Way = Callable[[float], float]


def stands(at: float) -> float:
    return 0.0


def arrives(speed: float) -> Way:
    """From three widths to the left, at so many widths a second; it brakes by one more a second and stays."""
    braking_from = 3 / speed - speed / 2

    def way(at: float) -> float:
        braked_s = min(max(0.0, at - braking_from), speed)
        return speed * min(at, braking_from) + speed * braked_s - braked_s**2 / 2 - 3

    return way


def paces(speed: float) -> Way:
    """To and fro, at most so fast, and at the turns by half a width a second faster or slower each second."""
    return lambda at: 2 * speed**2 * (1 - cos(at / speed / 2))


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that comes into being at ``since`` and goes its way."""

    label: str
    box: Box
    since: float
    way: Way

    def at(self, at: float) -> Box | None:
        if at < self.since:
            return None
        x1, y1, x2, y2 = self.box
        right = self.way(at - self.since) * (x2 - x1)
        seen = Box(x1 + right, y1, x2 + right, y2).clipped()
        return seen if seen.area > 0.3 * self.box.area else None


class Beholder:
    """A detector that finds the thing as it is at ``now``: whole, or cut off by the edge of the region."""

    name, sha256, labels, takes_regions = "beholder", FAKE_SHA256, ("car", "motorcycle", "person", "garbage"), True

    def __init__(self, thing: Thing) -> None:
        self.thing, self.now = thing, 0.0

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        box = self.thing.at(self.now)
        if box is None:
            return ()
        if region is None or region.holds(box):
            return (Detection(self.thing.label, 0.8, box),)
        x1, y1, x2, y2 = region
        seen = Box(max(x1, box.x1), max(y1, box.y1), min(x2, box.x2), min(y2, box.y2))
        if seen.width <= 0 or seen.height <= 0 or seen.area < 0.3 * box.area:
            return ()
        return (Detection(self.thing.label, 0.8, seen, cut=True),)


def drawn(box: Box | None) -> Image:
    image = WALL.copy()
    if box is not None:
        image[round(box.y1 * HEIGHT) : round(box.y2 * HEIGHT), round(box.x1 * WIDTH) : round(box.x2 * WIDTH)] = 200
    return image


def alarms(scenario: Scenario, thing: Thing, fps: float, looks: LookSettings, dropped: Sequence[bool]) -> list[float]:
    """When alarms begin, of a stream without the frames that are ``dropped``."""
    kind = RULES[scenario]
    rule = kind.build(kind.params.model_validate({"dwell_s": STAY_S}), [YARD], ZoneInfo("UTC"))
    beholder = Beholder(thing)
    pipeline = CameraPipeline(
        Provenance(camera="gate", models={}), [rule], beholder, settings=PipelineSettings(looks=looks)
    )
    begun: list[float] = []
    for number in range(round(LAST_S * fps)):
        if number < len(dropped) and dropped[number]:
            continue
        beholder.now = number / fps
        events = pipeline.step(Frame("gate", 1e6 + beholder.now, drawn(thing.at(beholder.now)), None))
        begun += [round(beholder.now, 3) for event in events if event.phase is Phase.START]
    return begun


def one_of_each_two(firsts: Sequence[bool]) -> Sequence[bool]:
    return [each for first in firsts for each in (first, not first)]


#: Which frames are dropped: always the first of two, always the second, or either by chance.
EVERY_FIRST, EVERY_SECOND = one_of_each_two([True] * 200), one_of_each_two([False] * 200)
by_chance = st.lists(st.booleans(), min_size=200, max_size=200).map(one_of_each_two)
halves = st.one_of(st.sampled_from([EVERY_FIRST, EVERY_SECOND]), by_chance)
rates = st.sampled_from([5.0, 8.0, 10.0, 12.5, 15.0, 25.0])
places = st.tuples(st.floats(0.25, 0.4), st.floats(0.2, 0.4))
#: At most one of its own widths a second, and what turns four fifths.
moving: st.SearchStrategy[Way] = st.one_of(st.floats(0.5, 1.0).map(arrives), st.floats(0.3, 0.8).map(paces))
standing: st.SearchStrategy[Way] = st.just(stands)
every_rule = pytest.mark.parametrize("scenario", list(WANTED), ids=lambda scenario: scenario.value)


@dataclass(frozen=True, slots=True)
class Story:
    """What is shown."""

    way: Way
    place: tuple[float, float]
    since: float
    fps: float
    dropped: Sequence[bool]

    @property
    def gap_s(self) -> float:
        """Longest time from one frame that is left to the next. A stay begins that much late at most, and ends so."""
        return (2 if self.dropped in (EVERY_FIRST, EVERY_SECOND) else 3) / self.fps

    def alarms(self, scenario: Scenario, looks: LookSettings) -> tuple[float, float]:
        """When the one alarm begins with all frames, and without those that are dropped."""
        label, width, height = WANTED[scenario]
        thing = Thing(label, box_at(*self.place, width, height), self.since, self.way)
        (with_all,) = alarms(scenario, thing, self.fps, looks, ())
        (with_half,) = alarms(scenario, thing, self.fps, looks, self.dropped)
        return with_all, with_half


def stories(way: st.SearchStrategy[Way]) -> st.SearchStrategy[Story]:
    return st.builds(Story, way, places, st.floats(0.5, 2.5), rates, halves)


@every_rule
@settings(max_examples=10, deadline=None)
@given(story=stories(st.one_of(standing, moving)))
def test_where_every_look_is_taken_half_of_the_frames_moves_an_alarm_by_one_look_and_gaps(
    scenario: Scenario, story: Story
) -> None:
    with_all, with_half = story.alarms(scenario, EVERY_LOOK)
    assert abs(with_half - with_all) <= 0.2 + 2 * story.gap_s + 1e-6


@every_rule
@settings(max_examples=10, deadline=None)
@given(story=stories(standing))
def test_with_half_of_the_frames_what_stands_alarms_one_look_later_or_sooner_at_most(
    scenario: Scenario, story: Story
) -> None:
    """While nothing moves there is a look each 0.4 s: so late it is seen at most, and its time is found to be up."""
    with_all, with_half = story.alarms(scenario, LookSettings())
    assert abs(with_half - with_all) <= 0.4 + 2 * story.gap_s + 1e-6
    for late_s in (with_all - story.since - STAY_S, with_half - story.since - STAY_S):
        assert -1e-6 <= late_s <= 0.4 + 0.4 + 2 * story.gap_s + 1e-6


@every_rule
@settings(max_examples=10, deadline=None)
@given(story=stories(moving))
def test_with_half_of_the_frames_what_moves_alarms_two_looks_later_or_sooner_at_most(
    scenario: Scenario, story: Story
) -> None:
    """It comes into the zone between two looks, 0.6 s apart, and its time is up between two, 0.4 s late at most."""
    with_all, with_half = story.alarms(scenario, LookSettings())
    assert abs(with_half - with_all) <= 0.6 + 0.4 + 2 * story.gap_s + 1e-6
