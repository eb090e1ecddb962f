"""Of a camera's frames any half may be missing: a whole pipeline then alarms all the same, and hardly later or sooner.

Made-up things stand, arrive or go to and fro before a drawn wall, burn or fall; the detector finds what of them lies in
what it looks at. So the motion gate, the looks, the tracker and the rule are as in a gateway.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, inf
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookout_contract.events import EventData, Phase, Scenario
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Frame, Image
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.zone import Zone
from lookout_edge.events import Provenance
from lookout_edge.looking import EVERY_LOOK, LookSettings
from lookout_edge.pipeline import CameraPipeline, PipelineSettings
from lookout_edge.rules.base import RuleParams
from lookout_edge.rules.care import CareParams
from lookout_edge.rules.fire_smoke import FireSmokeParams
from lookout_edge.rules.registry import RULES
from lookout_edge.testing import FAKE_SHA256, box_at
from lookout_edge.tracking import TrackerSettings

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
FIRE = FireSmokeParams(confirm_s=4.0, steady_s=6.0)
CARE = CareParams(opted_in=True, lie_s=4.0)
#: Seconds → how many of its own widths a thing is then to the right of where it was at first.
Way = Callable[[float], float]


#: Seconds, and the box that it has at first → the one that it has then.
Shape = Callable[[float, Box], Box]


def stands(at: float) -> float:
    return 0.0


def keeps(at: float, box: Box) -> Box:
    return box


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


def grows(speed: float) -> Shape:
    """By so much of its first size a second, up to two and a half times; its base stands."""

    def shape(at: float, box: Box) -> Box:
        x, times = (box.x1 + box.x2) / 2, min(2.5, 1 + speed * at)
        wide, high = box.width * times, box.height * times
        return Box(x - wide / 2, box.y2 - high, x + wide / 2, box.y2)

    return shape


def tips(after: float, during: float) -> Shape:
    """Over to the right, after so many seconds and for so many; in the end it is as wide as it was high."""

    def shape(at: float, box: Box) -> Box:
        share = min(1.0, max(0.0, (at - after) / during))
        wide = box.width + share * (box.height * HEIGHT / WIDTH - box.width)
        high = box.height + share * (box.width * WIDTH / HEIGHT - box.height)
        return Box(box.x1, box.y2 - high, box.x1 + wide, box.y2)

    return shape


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that comes into being at ``since`` and goes its way."""

    label: str
    box: Box
    since: float
    way: Way = stands
    shape: Shape = keeps
    score: float = 0.8
    #: Whether it looks another way in each picture.
    flickers: bool = False

    def at(self, at: float) -> Box | None:
        if at < self.since:
            return None
        x1, y1, x2, y2 = self.shape(at - self.since, self.box)
        right = self.way(at - self.since) * self.box.width
        seen = Box(x1 + right, y1, x2 + right, y2).clipped()
        return seen if seen.area > 0.3 * self.box.area else None


class Beholder:
    """A detector that finds the thing as it is at ``now``: whole, or cut off by the edge of the region."""

    name, sha256, takes_regions = "beholder", FAKE_SHA256, True
    labels = ("car", "motorcycle", "person", "garbage", "fire", "smoke")

    def __init__(self, thing: Thing) -> None:
        self.thing, self.now = thing, 0.0

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        box = self.thing.at(self.now)
        if box is None:
            return ()
        if region is None or region.holds(box):
            return (Detection(self.thing.label, self.thing.score, box),)
        x1, y1, x2, y2 = region
        seen = Box(max(x1, box.x1), max(y1, box.y1), min(x2, box.x2), min(y2, box.y2))
        if seen.width <= 0 or seen.height <= 0 or seen.area < 0.3 * box.area:
            return ()
        return (Detection(self.thing.label, self.thing.score, seen, cut=True),)


def drawn(thing: Thing, at: float) -> Image:
    image, box = WALL.copy(), thing.at(at)
    if box is not None:
        place = image[round(box.y1 * HEIGHT) : round(box.y2 * HEIGHT), round(box.x1 * WIDTH) : round(box.x2 * WIDTH)]
        shades = np.random.default_rng(round(at * 1000)).integers(100, 256, (*place.shape[:2], 1), np.uint8)
        place[:] = shades if thing.flickers else 200
    return image


def told(
    scenario: Scenario,
    thing: Thing,
    fps: float,
    looks: LookSettings,
    dropped: Sequence[bool],
    params: RuleParams | None = None,
    last_s: float = LAST_S,
) -> list[tuple[float, EventData]]:
    """What is told, and when, of a stream without the frames that are ``dropped``."""
    kind = RULES[scenario]
    rule = kind.build(params or kind.params.model_validate({"dwell_s": STAY_S}), [YARD], ZoneInfo("UTC"))
    beholder = Beholder(thing)
    # Where somebody is cared for, what lies still is followed as in a gateway.
    tracker = TrackerSettings(ghost_s=inf) if scenario is Scenario.CARE else TrackerSettings()
    settings = PipelineSettings(looks=looks, tracker=tracker)
    pipeline = CameraPipeline(Provenance(camera="gate", models={}), [rule], beholder, settings=settings)
    events: list[tuple[float, EventData]] = []
    for number in range(round(last_s * fps)):
        if number < len(dropped) and dropped[number]:
            continue
        at = beholder.now = number / fps
        events += [(at, event) for event in pipeline.step(Frame("gate", 1e6 + at, drawn(thing, at), None))]
    return events


def begun(events: Sequence[tuple[float, EventData]]) -> list[float]:
    """When alarms begin."""
    return [at for at, event in events if event.phase is Phase.START]


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
class Shown:
    """Where something is since when, and how that is shown."""

    place: tuple[float, float]
    since: float
    fps: float
    dropped: Sequence[bool]

    @property
    def gap_s(self) -> float:
        """Longest time from one frame that is left to the next. A stay begins that much late at most, and ends so."""
        return (2 if self.dropped in (EVERY_FIRST, EVERY_SECOND) else 3) / self.fps


@dataclass(frozen=True, slots=True)
class Story(Shown):
    """Something that goes its way, or stands."""

    way: Way

    def alarms(self, scenario: Scenario, looks: LookSettings) -> tuple[float, float]:
        """When the one alarm begins with all frames, and without those that are dropped."""
        label, width, height = WANTED[scenario]
        thing = Thing(label, box_at(*self.place, width, height), self.since, self.way)
        (with_all,) = begun(told(scenario, thing, self.fps, looks, ()))
        (with_half,) = begun(told(scenario, thing, self.fps, looks, self.dropped))
        return with_all, with_half


@dataclass(frozen=True, slots=True)
class Burning:
    """How something burns, and the seconds from its first sight to what the rule makes of that."""

    score: float
    pre_alarm_s: float
    confirmed_s: float


#: Doubtful is what scores below a fifth of the way from 0.2, where no model says its own threshold, to certainty.
BURNING = {
    "shines": Burning(0.3, FIRE.doubtful_s, FIRE.steady_s),
    "is sure": Burning(0.8, FIRE.pre_alarm_s, FIRE.steady_s),
    "flickers": Burning(0.3, FIRE.pre_alarm_s, FIRE.confirm_s),
    "grows": Burning(0.3, FIRE.pre_alarm_s, FIRE.confirm_s),
}


@dataclass(frozen=True, slots=True)
class Fire(Shown):
    """Flames or smoke, which grow so fast if they do."""

    label: str
    speed: float

    def told(self, how: str, looks: LookSettings) -> tuple[tuple[float, float], tuple[float, float]]:
        """How long after it is there the pre-alarm comes and that it is confirmed, less what the rule waits for; each
        with all frames, and without those that are dropped."""
        burning, shape = BURNING[how], grows(self.speed) if how == "grows" else keeps
        box = box_at(*self.place, 0.07, 0.12)
        thing = Thing(self.label, box, self.since, stands, shape, burning.score, flickers=how == "flickers")
        last_s = self.since + burning.confirmed_s + 2.5
        late: list[tuple[float, float]] = []
        for dropped in ((), self.dropped):
            events = told(Scenario.FIRE_SMOKE, thing, self.fps, looks, dropped, FIRE, last_s)
            (warned,) = begun(events)
            confirmed = next(at for at, event in events if event.attributes.stage == "confirmed")
            late.append((warned - self.since - burning.pre_alarm_s, confirmed - self.since - burning.confirmed_s))
        with_all, with_half = late
        return (with_all[0], with_half[0]), (with_all[1], with_half[1])


@dataclass(frozen=True, slots=True)
class Fall(Shown):
    """Somebody who walks or stands, falls after so many seconds, for so many, and lies there."""

    way: Way
    after: float
    during: float

    @property
    def lies_at(self) -> float:
        """From when on the box is as low as of who lies."""
        wide, high, ratio = WIDTH * 0.07, HEIGHT * 0.35, CARE.lying_ratio
        return self.since + self.after + self.during * (high - ratio * wide) / (high - wide) / (1 + ratio)

    def told(self, looks: LookSettings) -> tuple[float, float]:
        """How long after they lie there the alarm comes, less ``lie_s``; with all frames, and without the dropped."""
        shape, box = tips(self.after, self.during), box_at(*self.place, 0.07, 0.35)
        thing = Thing("person", box, self.since, lambda at: self.way(min(at, self.after)), shape)
        last_s = self.lies_at + CARE.lie_s + 4
        (with_all,) = begun(told(Scenario.CARE, thing, self.fps, looks, (), CARE, last_s))
        (with_half,) = begun(told(Scenario.CARE, thing, self.fps, looks, self.dropped, CARE, last_s))
        return with_all - self.lies_at - CARE.lie_s, with_half - self.lies_at - CARE.lie_s


shown = {"place": places, "since": st.floats(0.5, 2.5), "fps": rates, "dropped": halves}
fires = st.builds(Fire, **shown, label=st.sampled_from(FIRE.labels), speed=st.floats(0.5, 0.8))
falls = st.builds(
    Fall,
    **shown,
    way=st.one_of(standing, st.floats(0.3, 0.8).map(paces)),
    after=st.floats(1.5, 9.0),
    during=st.floats(0.2, 1.2),
)
every_fire = pytest.mark.parametrize("how", list(BURNING))


def stories(way: st.SearchStrategy[Way]) -> st.SearchStrategy[Story]:
    return st.builds(Story, **shown, way=way)


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


@every_fire
@settings(max_examples=10, deadline=None)
@given(fire=fires)
def test_where_every_look_is_taken_half_of_the_frames_moves_what_burns_by_one_look_and_gaps(
    how: str, fire: Fire
) -> None:
    for with_all, with_half in fire.told(how, EVERY_LOOK):
        assert abs(with_half - with_all) <= 0.2 + 2 * fire.gap_s + 1e-6


@every_fire
@settings(max_examples=10, deadline=None)
@given(fire=fires)
def test_with_half_of_the_frames_what_burns_is_told_one_look_later_or_sooner_at_most(how: str, fire: Fire) -> None:
    """What the rule waits for is counted from the first sight, and before that there is a look each 0.4 s. Then each
    picture counts, 0.2 s apart: votes, flicker and growth have their three, four and five sights before the shortest
    wait is over, 2 s, and what is seen in nearly every look was seen in all."""
    for with_all, with_half in fire.told(how, LookSettings()):
        assert abs(with_half - with_all) <= 0.4 + 2 * fire.gap_s + 1e-6
        for late_s in (with_all, with_half):
            assert -1e-6 <= late_s <= 0.4 + 0.2 + 2 * fire.gap_s + 1e-6


@settings(max_examples=20, deadline=None)
@given(fall=falls)
def test_where_every_look_is_taken_half_of_the_frames_moves_a_fall_by_two_looks_and_gaps(fall: Fall) -> None:
    """A number that is new is shown from its second sight on: two looks until it is known that somebody lies."""
    with_all, with_half = fall.told(EVERY_LOOK)
    assert abs(with_half - with_all) <= 0.2 + 0.2 + 2 * fall.gap_s + 1e-6
    for late_s in (with_all, with_half):
        assert -1e-6 <= late_s <= 0.2 + 0.2 + 0.2 + 2 * fall.gap_s + 1e-6


@settings(max_examples=40, deadline=None)
@given(fall=falls)
def test_with_half_of_the_frames_a_fall_is_told_and_at_most_four_looks_later(fall: Fall) -> None:
    """Whoever falls has another shape in each look, and those are 0.4 s apart at most. One may cut them off, the next
    one find them under a new number, which is shown 0.2 s later; and the time is up between two. All of that and the
    fall itself take less than ``fall_within_s``, wherever the pictures lie, so that none is taken for a rest."""
    with_all, with_half = fall.told(LookSettings())
    for late_s in (with_all, with_half):
        assert -1e-6 <= late_s <= 0.4 + 0.4 + 0.2 + 0.4 + 2 * fall.gap_s + 1e-6


@pytest.mark.parametrize("key_frames_s", [1.0, 4.0])
@pytest.mark.parametrize("tenths", [0, 1, 5, 9])
def test_in_a_lift_an_ebike_is_told_within_two_seconds_though_only_key_frames_were_decoded(
    key_frames_s: float, tenths: int
) -> None:
    kind, since, fps = RULES[Scenario.CORRIDOR_EBIKE], 20 + tenths / 10, 25
    rule = kind.build(kind.params.model_validate({"place": "lift"}), [], ZoneInfo("UTC"))
    thing = Thing("motorcycle", box_at(0.4, 0.3, 0.3, 0.5), since, score=0.4)
    beholder, told_at, decoded = Beholder(thing), list[float](), 0
    pipeline = CameraPipeline(Provenance(camera="lift", models={}), [rule], beholder)
    for number in range(23 * fps):
        at, demand = number / fps, pipeline.demand
        is_key = number % round(key_frames_s * fps) == 0
        if (is_key or demand.longest_gap_s < key_frames_s) and demand.wants(1e6 + at):
            beholder.now, decoded = at, decoded + (at < since)
            events = pipeline.step(Frame("lift", 1e6 + at, drawn(thing, at), None))
            told_at += [at for event in events if event.phase is Phase.START]
    assert told_at
    assert told_at[0] <= since + 2.0
    assert key_frames_s > 1 or decoded < 20 + 4 * fps, "a lift in which nothing happens is hardly decoded"
