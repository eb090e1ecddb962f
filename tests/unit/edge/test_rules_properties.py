"""What holds for every rule, whatever it looks for."""

import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lookout_contract.events import Scenario
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Observation, Scene, Standing
from lookout_edge.domain.track import Track
from lookout_edge.domain.zone import Zone
from lookout_edge.rules.base import Rule
from lookout_edge.rules.registry import RULES
from lookout_edge.testing import box_at

LANE = Zone("lane", ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)))
LABEL = {
    Scenario.UNFAMILIAR_VEHICLE: "car",
    Scenario.CORRIDOR_EBIKE: "motorcycle",
    Scenario.GARBAGE: "garbage",
    Scenario.FIRE_SMOKE: "fire",
    Scenario.KEY_AREA: "person",
}
PARAMS: dict[Scenario, dict[str, object]] = {Scenario.FIRE_SMOKE: {}, Scenario.CARE: {"opted_in": True}}
LABELS = ["car", "truck", "motorcycle", "bicycle", "person", "fire", "smoke", "garbage", "overflow", "garbage_bin"]
STANDING = ["car", "motorcycle", "person", "fire", "garbage", "overflow"]
every_rule = pytest.mark.parametrize("scenario", list(RULES), ids=lambda scenario: scenario.value)


def fresh(scenario: Scenario) -> Rule:
    kind = RULES[scenario]
    return kind.build(kind.params.model_validate(PARAMS.get(scenario, {"dwell_s": 2.0})), [LANE], ZoneInfo("UTC"))


def look(at: float, tracks: Sequence[Track], camera: str = "gate") -> Scene:
    """What a detector that found just these things would have said."""
    seen = tuple(Detection(track.label, track.score, track.box) for track in tracks if track.last_at >= at)
    return Scene(camera, detections=seen)


boxes = st.builds(
    box_at,
    st.floats(-0.2, 1),
    st.floats(-0.2, 1),
    st.floats(0, 0.8),
    st.floats(0, 0.8),
)
#: (track number, label, box, seen in this look)
Thing = tuple[int, str, Box, bool]
History = Sequence[tuple[int, Sequence[Thing]]]
things = st.tuples(st.integers(1, 4), st.sampled_from(LABELS), boxes, st.booleans())
histories = st.lists(
    st.tuples(st.integers(1, 40), st.lists(things, max_size=4, unique_by=lambda thing: thing[0])), max_size=15
)


#: Something of each kind stands in the lane for six seconds.
STORY: History = [
    (8, [(n, label, box_at(0.22 + 0.08 * n, 0.4, 0.06, 0.1), True) for n, label in enumerate(STANDING, 1)])
] * 6


#: Each of them loses its number to another one of its kind, which comes elsewhere while it is found under a new one.
SWAPPED: History = [
    (4, [(n, label, box_at(0.25, 0.25 + 0.08 * n, 0.1, 0.05), True) for n, label in enumerate(STANDING, 1)]),
    (4, [(n + 10, label, box_at(0.25, 0.25 + 0.08 * n, 0.1, 0.05), True) for n, label in enumerate(STANDING, 1)]),
    (
        4,
        [(n + 10, label, box_at(0.25, 0.25 + 0.08 * n, 0.1, 0.05), True) for n, label in enumerate(STANDING, 1)]
        + [(n, label, box_at(0.55, 0.25 + 0.08 * n, 0.1, 0.05), True) for n, label in enumerate(STANDING, 1)],
    ),
]


def always_stood(place: Box, before: float) -> bool:
    return True


def looks(rule: Rule, history: History, start: float, *, stood: bool = False) -> Iterator[Sequence[Observation]]:
    """Times are multiples of 1/8 s, so that shifting them by whole seconds is exact. Whether what is seen ``stood``
    there unseen before, by the pictures."""
    at = start
    for eighths, shown in history:
        at += eighths / 8
        tracks = [Track(n, label, 0.5, box, start, at if now else at - 0.125, 3) for n, label, box, now in shown]
        scene = look(at, tracks)
        yield rule.observe(at, tracks, replace(scene, stood=always_stood) if stood else scene)


def play(rule: Rule, history: History, start: float, *, stood: bool = False) -> list[Observation]:
    """What ``looks`` gives, one after the other."""
    return [observation for seen in looks(rule, history, start, stood=stood) for observation in seen]


@every_rule
@settings(max_examples=30, deadline=None)
@given(history=histories)
@example(history=STORY)
@example(history=SWAPPED)
def test_random_tracks_never_raise_and_only_one_observation_a_thing(scenario: Scenario, history: History) -> None:
    for seen in looks(fresh(scenario), history, 0.0):
        names = [(observation.zone, observation.key) for observation in seen]
        assert len(names) == len(set(names)), "two things of one name would be one alarm"
        now = [observation for observation in seen if observation.seen_at == max(each.seen_at for each in seen)]
        tracks = [(o.zone, thing.track) for o in now for thing in o.objects if thing.track is not None]
        assert len(tracks) == len(set(tracks)), "one thing would be two alarms"
        for observation in seen:
            assert (observation.standing is Standing.ACTIVE) == all(c.met for c in observation.conditions)
            assert (observation.blocked_by is None) == (observation.standing is Standing.ACTIVE)


@every_rule
@settings(max_examples=30, deadline=None)
@given(history=histories, days=st.integers(1, 4000))
def test_a_shift_by_days_changes_nothing_but_time(scenario: Scenario, history: History, days: int) -> None:
    shift = days * 86_400.0
    here = play(fresh(scenario), history, 0.0)
    there = play(fresh(scenario), history, shift)
    assert [(o.key, o.since + shift, o.standing, o.severity, o.conditions, o.votes) for o in here] == [
        (o.key, o.since, o.standing, o.severity, o.conditions, o.votes) for o in there
    ]


@every_rule
def test_a_look_that_was_judged_is_let_go_with_its_picture(scenario: Scenario) -> None:
    def is_as_before(place: Box, before: float, just: bool) -> bool:
        return True

    rule, picture = fresh(scenario), weakref.ref(is_as_before)
    tracks = [Track(1, LABEL.get(scenario, "person"), 0.5, box_at(0.4, 0.4, 0.1, 0.1), 0.0, 0.0, 3)]
    rule.observe(0.0, tracks, Scene("gate", is_as_before=is_as_before))
    del is_as_before
    assert picture() is None


@every_rule
@settings(max_examples=20, deadline=None)
@given(history=histories, other=histories)
def test_two_cameras_never_influence_each_other(scenario: Scenario, history: History, other: History) -> None:
    alone = play(fresh(scenario), history, 0.0)
    here, there = fresh(scenario), fresh(scenario)
    play(there, other, 0.0)
    beside: list[Observation] = []
    at = 0.0
    for number, (eighths, shown) in enumerate(history):
        at += eighths / 8
        tracks = [Track(n, label, 0.5, box, 0.0, at if now else at - 0.125, 3) for n, label, box, now in shown]
        beside += here.observe(at, tracks, look(at, tracks))
        there.observe(1000.0 + number, tracks, look(1000.0 + number, tracks, "yard"))
    assert beside == alone


@every_rule
@settings(max_examples=40, deadline=None)
@given(history=histories, later=histories)
@example(history=STORY, later=STORY)
def test_when_time_has_jumped_a_rule_is_as_good_as_new(scenario: Scenario, history: History, later: History) -> None:
    """But for what fire has learned of places, which a day of nothing does away with."""
    used, start = fresh(scenario), 86_400.0 if scenario is Scenario.FIRE_SMOKE else 128.0
    play(used, history, 0.0)
    used.reset()
    seen, anew = (play(each, later, start, stood=True) for each in (used, fresh(scenario)))
    if scenario is Scenario.FIRE_SMOKE:  # numbers go on rising
        seen, anew = ([each._replace(key=0) for each in found] for found in (seen, anew))
    assert seen == anew


@every_rule
@settings(max_examples=20, deadline=None)
@given(history=histories, jump=st.sampled_from([-86_400.0, -30.0, -0.5, 0.0, 59.0, 86_400.0]))
def test_a_jump_of_the_clock_never_raises(scenario: Scenario, history: History, jump: float) -> None:
    rule = fresh(scenario)
    play(rule, history, 1e6)
    if jump < 0:
        play(rule, history, 1e6 + jump)
        rule.reset()  # as the pipeline does
    for observation in play(rule, history, 1e6 + jump):
        assert 1e6 + jump <= observation.since <= 1e6 + jump + 100 or jump >= 0


#: Somebody who stands in the lane, and lies there from so many seconds on.
_STANDS, _LIES, _FALLS_AT = Box(0.45, 0.3, 0.55, 0.75), Box(0.35, 0.65, 0.7, 0.75), 5.0

#: Care is left out: what it waits for is a fall, not that somebody is there.
every_dwelling_rule = pytest.mark.parametrize("scenario", list(LABEL), ids=lambda scenario: scenario.value)


def first_active(scenario: Scenario, step: float, dropped: Sequence[bool] = ()) -> float:
    """When it alarms, if it is shown every ``step`` seconds a look, without those that are ``dropped``."""
    rule, at = fresh(scenario), 0.0
    for number in range(200):
        if number < len(dropped) and dropped[number]:
            at += step
            continue
        tracks = [Track(1, LABEL[scenario], 0.5, Box(0.4, 0.4, 0.6, 0.6), 0.0, at, 3)]
        if any(o.standing is Standing.ACTIVE for o in rule.observe(at, tracks, look(at, tracks))):
            return at
        at += step
    raise AssertionError("it never became active")


@every_dwelling_rule
@given(step=st.floats(0.02, 0.6))
@settings(max_examples=20, deadline=None)
def test_dropping_half_of_the_frames_shifts_by_one_interval_at_most(scenario: Scenario, step: float) -> None:
    difference = first_active(scenario, 2 * step) - first_active(scenario, step)
    assert abs(difference) <= 2 * step + 1e-6


@every_dwelling_rule
@given(step=st.floats(0.02, 0.5), firsts=st.lists(st.booleans(), min_size=100, max_size=100))
@settings(max_examples=20, deadline=None)
def test_whichever_half_is_dropped_shifts_by_one_interval_at_most(
    scenario: Scenario, step: float, firsts: list[bool]
) -> None:
    """Of each two frames one, by chance: looks are then up to three frames apart, two intervals of what is left."""
    dropped = [each for first in firsts for each in (first, not first)]
    difference = first_active(scenario, step, dropped) - first_active(scenario, step)
    assert -1e-6 <= difference <= 3 * step + 1e-6


def first_told_of_a_fall(step: float, dropped: Sequence[bool] = ()) -> float:
    """When care tells of somebody who falls at 5 s and lies there, looked at as in ``first_active``."""
    rule = fresh(Scenario.CARE)
    for number in range(2000):
        at = number * step
        if number < len(dropped) and dropped[number]:
            continue
        tracks = [Track(1, "person", 0.5, _STANDS if at < _FALLS_AT else _LIES, 0.0, at, 3)]
        if any(o.standing is Standing.ACTIVE for o in rule.observe(at, tracks, look(at, tracks))):
            return at
    raise AssertionError("nobody was told of the fall")


@given(step=st.floats(0.02, 0.6))
@settings(max_examples=30, deadline=None)
def test_with_half_of_the_frames_a_fall_is_told_of_one_interval_later_at_most(step: float) -> None:
    difference = first_told_of_a_fall(2 * step) - first_told_of_a_fall(step)
    assert abs(difference) <= 2 * step + 1e-6


@given(step=st.floats(0.02, 0.5), firsts=st.lists(st.booleans(), min_size=600, max_size=600))
@settings(max_examples=30, deadline=None)
def test_whichever_half_is_dropped_a_fall_is_told_of(step: float, firsts: list[bool]) -> None:
    """It counts from the first look at which somebody lies, so both ends are looks, each two frames late at most."""
    dropped = [each for first in firsts for each in (first, not first)]
    difference = first_told_of_a_fall(step, dropped) - first_told_of_a_fall(step)
    assert -1e-6 <= difference <= 4 * step + 1e-6


@every_dwelling_rule
@given(shift=st.integers(-2, 2))
@settings(max_examples=5, deadline=None)
def test_at_the_edge_of_a_window_at_midnight_it_arms_with_the_first_look_inside(scenario: Scenario, shift: int) -> None:
    kind = RULES[scenario]
    given = {**PARAMS.get(scenario, {"dwell_s": 2.0}), "windows": ["00:00-01:00"]}
    rule = kind.build(kind.params.model_validate(given), [LANE], ZoneInfo("UTC"))
    midnight = (20_000 + shift) * 86_400.0
    states: dict[float, Standing] = {}
    for index in range(160):
        at = midnight - 10 + index / 4
        tracks = [Track(1, LABEL[scenario], 0.5, Box(0.4, 0.4, 0.6, 0.6), midnight - 10, at, 3)]
        states[at] = rule.observe(at, tracks, look(at, tracks))[0].standing
    assert {states[at] for at in states if at < midnight} == {Standing.BLOCKED}
    assert states[midnight] is Standing.ACTIVE
