from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from lookout_contract.events import EventData, Phase, Scenario, Severity
from lookout_edge.domain.appearance import Appearance, appearance_of, flicker_between
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Observation, Scene, Standing
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.domain.suppression import Suppression
from lookout_edge.domain.zone import WHOLE_FRAME, Zone
from lookout_edge.events import EventBook, Provenance
from lookout_edge.rules.base import RuleContext
from lookout_edge.rules.fire_smoke import FireSmoke, FireSmokeParams
from lookout_edge.testing import box_at

CONTEXT = RuleContext(SiteCalendar(ZoneInfo("UTC")), {"fire": 0.3, "smoke": 0.3})
STOVE = Box(0.4, 0.5, 0.5, 0.6)
#: Score of what flickers in these tests.
FLICKERS = 0.34
See = Callable[[float], Sequence[Detection]]


def rule(**params: object) -> FireSmoke:
    return FireSmoke(FireSmokeParams.model_validate(params), [WHOLE_FRAME], CONTEXT)


def watch(
    watched: FireSmoke,
    see: See,
    seconds: float,
    *,
    start: float = 0.0,
    step: float = 0.2,
    scene: Scene | None = None,
) -> list[tuple[float, Observation]]:
    found: list[tuple[float, Observation]] = []
    for index in range(round(seconds / step) + 1):
        at = start + index * step
        burning = tuple(see(at))
        now = replace(scene or Scene("yard"), detections=burning, appearance=shown(at, burning))
        found += [(round(at, 3), o) for o in watched.observe(at, (), now)]
    return found


def flame(box: Box = STOVE, score: float = 0.35, label: str = "fire") -> See:
    return lambda at: (Detection(label, score, box),)


def flickering(at: float) -> Sequence[Detection]:
    return (Detection("fire", FLICKERS, STOVE),)


def shown(at: float, found: Sequence[Detection]) -> Callable[[Box], Appearance]:
    """How places look: where something flickers another pattern in each picture, else always the same."""
    calm, other = (
        Appearance(np.random.default_rng(seed).uniform(100, 255, (8, 8)).astype(np.float32))
        for seed in (0, round(at * 1000))
    )
    flickers = [each.box for each in found if each.score == FLICKERS]
    return lambda box: other if any(place.iou(box) > 0.5 for place in flickers) else calm


def growing(at: float) -> Sequence[Detection]:
    size = 0.05 + 0.01 * at
    return (Detection("fire", 0.35, Box(0.5 - size, 0.8 - size, 0.5 + size, 0.8)),)


def first(seen: list[tuple[float, Observation]], stage: str) -> float | None:
    active = (at for at, o in seen if o.standing is Standing.ACTIVE and o.attributes.stage == stage)
    return next(active, None)


def test_what_does_not_behave_like_fire_must_be_seen_in_nearly_every_look() -> None:
    lamp = flame(score=0.32)
    doubtful = watch(rule(), lambda at: lamp(at) if round(at / 0.2) % 5 in {0, 1, 3} else (), 60.0)
    assert first(doubtful, "pre_alarm") is None
    assert {c.name: c.limit for c in doubtful[-1][1].conditions}["seen_lately"] == 0.8
    steady = watch(rule(), lambda at: lamp(at) if round(at / 0.2) % 5 != 4 else (), 60.0)
    assert first(steady, "pre_alarm") == 4.0
    convincing = flame(score=0.7)
    sure = watch(rule(), lambda at: convincing(at) if round(at / 0.2) % 5 in {0, 1, 3} else (), 60.0)
    assert first(sure, "pre_alarm") is None
    seldom_missed = watch(rule(), lambda at: convincing(at) if round(at / 0.2) % 5 != 4 else (), 60.0)
    assert first(seldom_missed, "pre_alarm") == 2.0
    moving = watch(rule(), lambda at: flickering(at) if round(at / 0.2) % 5 in {0, 1, 3} else (), 60.0)
    assert first(moving, "pre_alarm") is not None


@pytest.mark.parametrize(
    ("see", "pre_alarm_s", "confirmed_s"),
    [
        (flickering, 2.0, 6.0),
        (growing, 2.0, 6.0),
        (flame(score=0.7), 2.0, 12.0),
        (flame(score=0.32), 4.0, 12.0),
        (flame(score=0.7, label="smoke"), 2.0, 12.0),
    ],
    ids=["flickers", "grows", "sure", "doubtful", "smoke"],
)
def test_the_more_it_behaves_like_fire_the_sooner_it_is_confirmed(
    see: See, pre_alarm_s: float, confirmed_s: float
) -> None:
    seen = watch(rule(), see, 20)
    warned, confirmed = first(seen, "pre_alarm"), first(seen, "confirmed")
    assert warned is not None
    assert confirmed is not None
    assert warned == pytest.approx(pre_alarm_s, abs=0.41)
    assert confirmed == pytest.approx(confirmed_s, abs=0.41)
    assert warned <= 5
    assert confirmed <= 15


def test_what_grows_as_it_passes_is_not_confirmed_by_that() -> None:
    """Headlamps come nearer: their base wanders. Only what is there for as long as anything is confirmed."""

    def passing(at: float) -> Sequence[Detection]:
        size, shift = 0.05 + 0.01 * at, 0.09 * (1 if round(at / 0.2) % 2 else -1)
        return (Detection("fire", 0.35, Box(0.5 + shift - size, 0.8 - size, 0.5 + shift + size, 0.8)),)

    confirmed = first(watch(rule(), passing, 20), "confirmed")
    assert confirmed is not None
    assert confirmed >= 11.0
    assert first(watch(rule(), growing, 20), "confirmed") == pytest.approx(6.0, abs=0.41)


def test_a_pre_alarm_is_yellow_and_a_confirmed_fire_red_with_its_reasons() -> None:
    seen = watch(rule(), flickering, 10)
    pairs = {(o.attributes.stage, o.severity, o.severity_reason) for _, o in seen}
    assert pairs == {
        ("pre_alarm", Severity.YELLOW, "fire_suspected"),
        ("confirmed", Severity.RED, "fire_confirmed"),
    }
    bounds = {c.name: c.bound for c in seen[-1][1].conditions}
    assert {"votes", "dwell", "learned_place"} <= bounds.keys()
    informing = {"flicker": "least", "growth": "least", "drift": "most", "seen_share": "least"}
    assert {name: bound for name, bound in bounds.items() if bound} == informing, "pages give these no tick"


def test_what_is_confirmed_is_looked_at_once_a_second_and_what_is_missed_at_once() -> None:
    """Until then it is judged by how it behaves from picture to picture."""

    def dying(at: float) -> Sequence[Detection]:
        return flickering(at) if at <= 10 else ()

    seen = watch(rule(), dying, 11)
    assert {o.pace_s for _, o in seen if o.attributes.stage == "pre_alarm"} == {0.0}
    assert {o.pace_s for at, o in seen if o.attributes.stage == "confirmed" and at <= 10} == {1.0}
    assert {o.pace_s for at, o in seen if at > 10} == {0.0}


def test_it_asks_for_a_look_when_time_alone_decides() -> None:
    *_, (_, observation) = watch(rule(), flame(), 0.4)
    assert observation.look_by == 4.0


def test_what_only_shines_is_told_in_time_though_nothing_moves_and_only_the_rule_asks_for_looks() -> None:
    watched, at = rule(), 0.0
    (seen,) = watched.observe(at, (), Scene("yard", detections=flame(score=0.32)(at)))
    for _ in range(10):
        if seen.standing is Standing.ACTIVE:
            break
        assert seen.look_by is not None
        at = seen.look_by
        (seen,) = watched.observe(at, (), Scene("yard", detections=flame(score=0.32)(at)))
    assert (at, seen.attributes.stage) == (4.0, "pre_alarm")


def test_one_lucky_look_is_nothing() -> None:
    assert first(watch(rule(), lambda at: flame()(at) if at < 0.3 else (), 30), "pre_alarm") is None


def test_smoke_over_flames_is_one_hazard_and_a_fire_elsewhere_another() -> None:
    def see(at: float) -> Sequence[Detection]:
        smoke = Detection("smoke", 0.6, Box(0.35, 0.2, 0.55, 0.52))
        return (*flame()(at), smoke, Detection("fire", 0.9, Box(0.8, 0.8, 0.9, 0.9)))

    seen = watch(rule(), see, 5)
    assert {o.key for _, o in seen} == {1, 2}
    both = next(o for _, o in seen if o.key == 1)
    assert {thing.label for thing in both.objects} == {"fire", "smoke"}
    assert both.box == Box(0.35, 0.2, 0.55, 0.6)
    assert both.severity_reason == "fire_suspected"


def test_flames_that_jump_about_stay_one_hazard() -> None:
    def see(at: float) -> Sequence[Detection]:
        shift = 0.03 * (round(at / 0.2) % 3)
        return (Detection("fire", 0.6, Box(0.4 + shift, 0.5 - shift, 0.5 + shift, 0.6)),)

    assert {o.key for _, o in watch(rule(), see, 10)} == {1}


def brake(start: float, box: Box = STOVE) -> See:
    return lambda at: flame(box)(at) if start <= at < start + 1.5 else ()


def learned(times: int = 4) -> FireSmoke:
    """A rule that has seen brake lights at one place, two minutes apart."""
    watched = rule()
    for number in range(times):
        watch(watched, brake(number * 120.0), 10, start=number * 120.0)
    return watched


def test_where_something_often_came_to_nothing_what_is_merely_there_is_told_later_and_never_kept_quiet() -> None:
    seen = watch(learned(), flame(), 70, start=1000.0)
    assert first(seen, "pre_alarm") == 1060.0
    assert first(seen, "confirmed") is None
    blocked = [o for at, o in seen if 1005 < at < 1059]
    assert {(o.standing, o.blocked_by) for o in blocked} == {(Standing.PENDING, "learned_place")}
    assert {o.look_by for o in blocked if o.seen_at >= 1013} == {1060.0}
    now_and_then = watch(learned(), lambda at: flame()(at) if at % 10 < 7 else (), 300, start=1000.0)
    assert first(now_and_then, "pre_alarm") is None


def test_a_flame_that_stays_does_not_teach_its_place_to_doubt_it_for_another_day() -> None:
    watched, day = learned(), 86_400.0
    for start in (1000.0, 1200.0, 1400.0):
        watch(watched, lambda at, start=start: flame()(at) if at < start + 20 else (), 30, start=start)
    assert first(watch(watched, flame(), 10, start=day + 900.0), "pre_alarm") == day + 904.0


def grown_since(at: float) -> Sequence[Detection]:
    return growing(at - 1000.0)


@pytest.mark.parametrize(
    "see",
    [
        flickering,
        grown_since,
        flame(Box(0.3, 0.3, 0.6, 0.7)),
        flame(Box(0.1, 0.1, 0.2, 0.2)),
        flame(score=0.9),
    ],
    ids=["flickers", "grows", "larger", "elsewhere", "sure"],
)
def test_a_learned_place_never_hides_a_fire(see: See) -> None:
    seen = watch(learned(), see, 30, start=1000.0)
    warned = first(seen, "pre_alarm")
    assert warned is not None
    assert warned - 1000.0 <= 12.2


def test_what_was_learned_of_steam_hides_no_flames() -> None:
    watched = rule()
    for number in range(4):
        start = number * 120.0
        watch(watched, lambda at, start=start: flame(label="smoke")(at) if at < start + 1.5 else (), 10, start=start)
    assert first(watch(watched, flame(label="smoke"), 10, start=1000.0), "pre_alarm") is None
    watched.reset()
    assert first(watch(watched, flame(), 10, start=2000.0), "pre_alarm") == 2004.0


def test_an_alarm_that_was_told_is_not_taken_back_for_what_was_learned_of_its_place() -> None:
    def see(at: float) -> Sequence[Detection]:
        return flickering(at) if at < 1002.4 else flame(score=0.31)(at)

    seen = [o for _, o in watch(learned(), see, 60, start=1000.0)]
    first_active = next(index for index, o in enumerate(seen) if o.standing is Standing.ACTIVE)
    assert {o.standing for o in seen[first_active:]} == {Standing.ACTIVE}
    assert "confirmed" not in {o.attributes.stage for o in seen}


@pytest.mark.parametrize(
    ("zone", "box", "stage"),
    [
        (WHOLE_FRAME.id, STOVE, "confirmed"),
        (WHOLE_FRAME.id, Box(0.1, 0.1, 0.2, 0.2), "pre_alarm"),
        ("yard", STOVE, "pre_alarm"),
    ],
    ids=["here", "elsewhere", "another-zone"],
)
def test_after_a_restart_a_flame_is_as_grave_as_what_was_told_of_its_place_alone(
    zone: str, box: Box, stage: str
) -> None:
    told = watch(rule(), flame(), 20)[-1][1]
    assert told.attributes.stage == "confirmed"
    goes_on = Scene("yard", going_on=lambda scenario: [told._replace(zone=zone, box=box, key=-1)])
    seen = watch(rule(), flame(), 5, start=100.0, scene=goes_on)
    assert {o.attributes.stage for _, o in seen} == {stage}


def test_two_rules_about_fire_at_one_camera_hide_nothing_from_each_other() -> None:
    zones = [Zone(name, ((x, 0.0), (x + 0.5, 0.0), (x + 0.5, 1.0), (x, 1.0))) for name, x in (("a", 0.0), ("b", 0.5))]
    rules = [FireSmoke(FireSmokeParams(), [zone], CONTEXT) for zone in (*zones, WHOLE_FRAME)]
    book = EventBook(Scenario.FIRE_SMOKE, Provenance(camera="yard", models={}), rules[0].occurrences)
    events: list[EventData] = []
    for index in range(100):
        at = index * 0.2
        found = (*flame(Box(0.1, 0.5, 0.2, 0.6), 0.9)(at), *flame(Box(0.8, 0.5, 0.9, 0.6), 0.9)(at))
        scene = Scene("yard", detections=found)
        events += book.update(at, [o for each in rules for o in each.observe(at, (), scene)])
    assert [e.zone for e in events if e.phase is Phase.START] == ["a", "b"]


def test_what_was_learned_expires_and_outlives_a_gap() -> None:
    watched = learned()
    watched.reset()
    assert first(watch(watched, flame(), 10, start=1000.0), "pre_alarm") is None
    watched.reset()
    assert first(watch(watched, flame(), 10, start=1000.0 + 2 * 86_400), "pre_alarm") is not None


def test_a_burning_place_is_never_learned() -> None:
    watched = rule()
    for number in range(5):
        start = number * 300.0
        watch(watched, lambda at, start=start: flickering(at) if at < start + 20 else (), 40, start=start)
    assert first(watch(watched, flame(score=0.32), 10, start=3000.0), "pre_alarm") is not None


LEFT_OUT = Scene(
    "yard",
    suppressions=(
        Suppression(
            id="p1", camera="yard", scenario=Scenario.FIRE_SMOKE, box=STOVE, group="hazard", since=0.0, until=1e6
        ),
    ),
)


def test_an_operators_suppression_slows_the_doubtful_and_hides_nothing_that_flickers() -> None:
    doubtful = watch(rule(), flame(), 70, scene=LEFT_OUT)
    assert first(doubtful, "pre_alarm") == 60.0, "a weak steady flame is told later, and never kept quiet"
    assert {o.blocked_by for at, o in doubtful if at < 60} == {"votes", "dwell", "learned_place"}
    assert first(watch(rule(), lambda at: flame()(at) if at % 10 < 7 else (), 100, scene=LEFT_OUT), "pre_alarm") is None
    assert first(watch(rule(), flame(score=0.9), 20, scene=LEFT_OUT), "pre_alarm") == 12.0
    assert first(watch(rule(), flickering, 10, scene=LEFT_OUT), "confirmed") is not None


def test_an_operators_word_keeps_its_promise_where_the_place_was_learned_and_teaches_nothing() -> None:
    assert first(watch(learned(), flame(), 70, start=1000.0, scene=LEFT_OUT), "pre_alarm") == 1060.0
    watched = rule()
    for start in (0.0, 120.0, 240.0, 360.0):
        # Long enough to be confirmed, were it not for the operator's word.
        watch(watched, lambda at, start=start: flame()(at) if at < start + 20 else (), 40, start=start, scene=LEFT_OUT)
    assert first(watch(watched, flame(), 10, start=1000.0), "pre_alarm") == 1004.0


def test_a_fire_that_dies_down_and_flares_up_is_one_occurrence_and_another_is_another() -> None:
    watched = rule()
    book = EventBook(Scenario.FIRE_SMOKE, Provenance(camera="yard", models={}), watched.occurrences)
    events: list[EventData] = []

    def see(at: float) -> Sequence[Detection]:
        here = flickering(at) if at < 10 or 40 <= at < 60 else ()
        there = flame(Box(0.8, 0.8, 0.9, 0.9), 0.9)(at) if 25 <= at < 35 else ()
        return (*here, *there)

    for index in range(350):
        at = index * 0.2
        events += book.update(at, watched.observe(at, (), Scene("yard", detections=tuple(see(at)))))
    assert len({event.occurrence for event in events}) == 2
    assert [event.phase.value for event in events].count("start") == 2
    assert any(event.resumed for event in events)


def test_a_fire_in_one_zone_hides_none_in_another() -> None:
    left = Zone("left", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
    right = Zone("right", ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)))
    watched = FireSmoke(FireSmokeParams(), [left, right], CONTEXT)
    book = EventBook(Scenario.FIRE_SMOKE, Provenance(camera="yard", models={}), watched.occurrences)
    events: list[EventData] = []
    for index in range(250):
        at = index * 0.2
        there = flame(Box(0.8, 0.5, 0.9, 0.6), 0.9)(at) if at >= 10 else ()
        here = flame(Box(0.1, 0.5, 0.2, 0.6), 0.9)(at) if at < 30 else ()
        events += book.update(at, watched.observe(at, (), Scene("yard", detections=(*here, *there))))
    starts = [(e.captured_at.timestamp(), e.zone) for e in events if e.phase is Phase.START]
    assert starts == [(2.0, "left"), (12.0, "right")]
    assert {e.zone for e in events if e.phase is Phase.END} == {"left"}


def test_a_fire_in_zones_that_overlap_is_one_and_what_burns_outside_them_none() -> None:
    whole = Zone("whole", ((0.0, 0.0), (0.7, 0.0), (0.7, 1.0), (0.0, 1.0)))
    bins = Zone("bins", ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)))
    watched = FireSmoke(FireSmokeParams(), [whole, bins], CONTEXT)
    outside = flame(Box(0.8, 0.5, 0.9, 0.6), 0.9)
    seen = watch(watched, lambda at: (*flame(score=0.9)(at), *outside(at)), 10)
    assert {(o.key, o.zone) for _, o in seen} == {(1, "whole")}


def test_no_label_no_fire() -> None:
    assert watch(rule(labels=["smoke"]), flame(), 20) == []


def test_times_must_rise() -> None:
    with pytest.raises(ValidationError, match="must rise"):
        FireSmokeParams(pre_alarm_s=4, doubtful_s=3)
    with pytest.raises(ValidationError, match="doubt makes nothing faster"):
        FireSmokeParams(left_out_s=10)


def test_an_exposure_change_does_not_flicker_and_a_flame_does() -> None:
    noise = np.random.default_rng(1)
    picture = noise.integers(0, 200, (90, 160, 3)).astype(np.uint8)
    box = Box(0.2, 0.2, 0.6, 0.7)
    before, brighter = appearance_of(picture, box), appearance_of((picture + 40).astype(np.uint8), box)
    other = appearance_of(noise.integers(0, 200, (90, 160, 3)).astype(np.uint8), box)
    assert flicker_between(before, brighter) < 0.01
    assert flicker_between(before, other) > 0.5


def test_a_camera_that_shakes_makes_nothing_flicker() -> None:
    noise = np.random.default_rng(1).uniform(0, 255, (9, 12)).astype(np.float32)
    scene = cv2.resize(noise, (480, 360), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)
    picture = np.repeat(scene[:, :, None], 3, axis=2)
    box = Box(0.2, 0.2, 0.6, 0.7)
    shaken = np.roll(picture, (2, -3), axis=(0, 1))
    other = np.ascontiguousarray(picture[::-1])
    before, after = appearance_of(picture, box), appearance_of(shaken, box)
    assert float(np.abs(after.pattern - before.pattern).mean()) > 0.1 * float(before.pattern.std())
    assert flicker_between(before, after) < 0.05
    assert flicker_between(before, appearance_of(other, box)) > 0.3


@pytest.mark.parametrize(("alone", "flickers"), [(True, True), (False, False)])
def test_what_flickers_does_so_alone(alone: bool, flickers: bool) -> None:
    watched, seen = rule(), list[Observation]()
    calm = Appearance(np.random.default_rng(0).uniform(100, 255, (8, 8)).astype(np.float32))
    for number in range(50):
        at = number * 0.2
        change = Appearance(np.random.default_rng(number).uniform(100, 255, (8, 8)).astype(np.float32))

        def look(box: Box, change: Appearance = change) -> Appearance:
            return change if box == STOVE or not alone else calm

        told = Scene("yard", detections=flame()(at), appearance=look)
        seen += watched.observe(at, (), told)
    value = {c.name: c.value for c in seen[-1].conditions}["flicker"]
    assert isinstance(value, float)
    assert (value > 0.12) is flickers


def test_a_box_that_jumps_about_over_what_stays_as_it_is_does_not_flicker() -> None:
    still = np.random.default_rng(1).integers(0, 255, (90, 160, 3)).astype(np.uint8)
    watched, seen = rule(), list[Observation]()
    for number in range(50):
        box = box_at(0.4 + 0.02 * (number % 3), 0.5, 0.1, 0.1)
        found = (Detection("fire", 0.35, box),)
        scene = Scene("yard", detections=found, appearance=lambda place: appearance_of(still, place))
        seen += watched.observe(number * 0.2, (), scene)
    assert {c.value for o in seen for c in o.conditions if c.name == "flicker"} == {0.0}
    assert {o.attributes.stage for o in seen} == {"pre_alarm"}


def test_appearance_of_boxes_at_the_border_and_of_none_at_all() -> None:
    picture = np.zeros((9, 16, 3), np.uint8)
    for box in (Box(-1, -1, 2, 2), Box(0.5, 0.5, 0.5, 0.5), Box(0.99, 0.99, 1, 1), Box(2, 2, 3, 3)):
        assert appearance_of(picture, box).pattern.shape == (8, 8)


def test_stages_never_fall_back() -> None:
    def see(at: float) -> Sequence[Detection]:
        return flickering(at) if at < 8 else flame(score=0.31)(at)

    stages = [o.attributes.stage for _, o in watch(rule(), see, 30)]
    assert all((a, b) != ("confirmed", "pre_alarm") for a, b in pairwise(stages))


def test_a_look_elsewhere_is_no_miss() -> None:
    watched = rule()
    watch(watched, flickering, 3)
    elsewhere = Scene("yard", regions=(Box(0.0, 0.0, 0.2, 0.2),))
    seen = watch(watched, lambda at: (), 60, start=3.2, scene=elsewhere)
    assert {o.standing for _, o in seen} == {Standing.ACTIVE}
    here = Scene("yard", regions=(Box(0.3, 0.3, 0.7, 0.7),))
    assert watch(watched, lambda at: (), 10, start=64.0, scene=here)[-1][0] < 70.0
