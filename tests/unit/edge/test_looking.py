from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_contract.events import Attributes, Severity, Votes
from lookout_edge.domain.detection import Detection, distinct
from lookout_edge.domain.frame import Luma
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Observation, Standing
from lookout_edge.domain.zone import Zone
from lookout_edge.looking import (
    EVERY_LOOK,
    Attention,
    Look,
    LookedScene,
    LookSettings,
    RegionSettings,
    regions_of,
)
from lookout_edge.motion import MotionGate
from lookout_edge.testing import box_at
from lookout_edge.tracking import Tracker

STREET = np.random.default_rng(5).integers(60, 180, (90, 160), dtype=np.uint8)


def street(*things: Box, level: int = 250) -> Luma:
    luma = STREET.copy()
    for box in things:
        luma[round(box.y1 * 90) : round(box.y2 * 90), round(box.x1 * 160) : round(box.x2 * 160)] = level
    return luma


class Camera:
    """Attention with a perfect detector: it finds whatever lies wholly in what it looks at."""

    def __init__(self, settings: LookSettings | None = None, masks: Sequence[Zone] = (), regions: bool = True) -> None:
        self.gate, self.tracker = MotionGate(masks=masks), Tracker()
        self.attention = Attention(
            settings or LookSettings(), self.gate, self.tracker, takes_regions=regions, masks=masks
        )
        self.looks: list[tuple[float, Look]] = []
        #: What a rule says after each look.
        self.judged: Sequence[Observation] = ()
        self.at = 0.0

    def show(
        self,
        *things: Box,
        seconds: float = 0.2,
        blind: bool = False,
        unknown: Sequence[Box] = (),
        level: int = 250,
    ) -> None:
        """The things for some seconds at 5 pictures a second; ``blind``: the detector misses all, else ``unknown``."""
        for _ in range(round(seconds * 5)):
            shown = street(*things, *unknown, level=level)
            look = self.attention.choose(self.at, shown) if self.attention.is_due(self.at) else None
            if look is not None:
                self.looks.append((self.at, look))
                seen = LookedScene(self.gate, look.regions)
                found = [Detection("person", 0.8, box) for box in things if seen.saw(box) and not blind]
                kept = self.attention.looked(self.at, look, found)
                self.tracker.update(self.at, kept, seen)
                self.attention.heed(self.at, self.judged, [], waiting=False)
            self.at = round(self.at + 0.2, 3)

    def since(self, at: float) -> list[Look]:
        return [look for when, look in self.looks if when >= at]


def gaps(camera: Camera, *, since: float, until: float = float("inf")) -> set[float]:
    """Seconds from one look to the next."""
    times = [at for at, _ in camera.looks if since <= at < until]
    return {round(later - sooner, 3) for sooner, later in pairwise(times)}


def an_observation(box: Box, **changes: Any) -> Observation:
    observation = Observation(
        key=1,
        zone="yard",
        group="person",
        box=box,
        standing=Standing.PENDING,
        since=0.0,
        severity=Severity.BLUE,
        severity_reason="test",
        conditions=(),
        objects=(),
        votes=Votes(yes=1, of=5),
        attributes=Attributes(),
    )
    return observation._replace(**changes)


def test_a_still_scene_is_looked_at_as_a_whole_once_a_heartbeat() -> None:
    camera = Camera()
    camera.show(seconds=60)
    assert [look.regions for look in camera.since(0)] == [None] * 6


def test_every_look_looks_at_everything() -> None:
    camera = Camera(EVERY_LOOK)
    camera.show(seconds=4)
    assert [look.regions for look in camera.since(0)] == [None] * 20


def test_it_knows_until_when_nothing_had_changed_since_the_last_look() -> None:
    camera, thing = Camera(), box_at(0.5, 0.5, 0.1, 0.1)
    camera.show(seconds=2)
    assert camera.attention.unchanged_at == pytest.approx(camera.at, abs=0.41)
    quiet_until = camera.at
    camera.show(thing)
    assert camera.attention.unchanged_at is None or camera.attention.unchanged_at < quiet_until
    camera.show(thing, seconds=0.6)
    assert camera.looks[-1][0] >= quiet_until
    assert camera.attention.unchanged_at is None
    walked = Camera()
    for number in range(30):
        walked.show(box_at(0.1 + 0.02 * number, 0.5, 0.1, 0.2))
    assert walked.attention.unchanged_at is None, "what is known to move is a change, too"


def test_who_walks_through_is_looked_at_in_regions_that_hold_him() -> None:
    camera = Camera()
    camera.show(seconds=2)
    for step in range(40):
        camera.show(box_at(0.1 + 0.015 * step, 0.5, 0.06, 0.2))
    walking = [look for look in camera.since(2) if look.regions is not None]
    assert len(walking) >= 12
    assert all(sum(region.area for region in look.regions or ()) < 0.45 for look in walking)
    (track,) = camera.tracker.update(camera.at, [], LookedScene(camera.gate, ()))
    assert track.hits >= 12


def test_a_steady_walker_is_looked_at_a_third_as_often_as_a_new_one() -> None:
    camera = Camera()
    camera.show(seconds=2)
    for step in range(60):
        camera.show(box_at(0.05 + 0.012 * step, 0.5, 0.06, 0.2))
    assert gaps(camera, since=2.0, until=2.5) == {0.2}
    assert gaps(camera, since=6.0) == {0.6}


def test_one_thing_that_is_less_foreseeable_is_enough_for_more_looks() -> None:
    """A walker alone may wait for 0.6 s; beside him somebody hurries: he would be two of his widths further by then."""
    camera = Camera()
    camera.show(seconds=2)
    for step in range(24):
        walker, hurrying = box_at(0.05 + 0.012 * step, 0.2, 0.06, 0.2), box_at(0.05 + 0.038 * step, 0.7, 0.06, 0.2)
        camera.show(walker, hurrying)
    assert gaps(camera, since=4.0) == {0.4}


def test_movement_that_nothing_explains_is_watched_more_closely_and_a_walkers_own_is_not() -> None:
    camera = Camera()
    camera.show(seconds=2)
    for step in range(60):
        unseen = [] if step < 30 else [box_at(0.6 + 0.07 * (step % 5), 0.1, 0.03, 0.06)]
        camera.show(box_at(0.05 + 0.012 * step, 0.5, 0.06, 0.2), unknown=unseen)
    assert gaps(camera, since=5.0, until=8.0) == {0.6}
    assert gaps(camera, since=9.0) == {0.4}


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        ({"blocked_by": "dwell", "look_by": 1000.0}, {0.6}),
        ({"blocked_by": "votes", "look_by": 1000.0, "awaits_looks": True}, {0.4}),
        ({"blocked_by": "votes", "look_by": 1000.0, "awaits_looks": True, "seen_at": 1.0}, {0.6}),
        ({"blocked_by": "dwell", "look_by": 6.9}, {0.6, 0.4}),
    ],
)
def test_a_rule_that_waits_for_looks_or_for_a_time_gets_them(observed: dict[str, Any], expected: set[float]) -> None:
    camera = Camera()
    camera.show(seconds=2)
    walkers = [box_at(0.05 + 0.012 * step, 0.5, 0.06, 0.2) for step in range(60)]
    for walker in walkers[:20]:
        camera.show(walker)
    camera.judged = [an_observation(walkers[20], **observed)]
    for walker in walkers[20:]:
        camera.show(walker)
    assert gaps(camera, since=6.4) == expected
    by = observed["look_by"]
    assert by > 100 or any(by <= at < by + 0.4 for at, _ in camera.looks)


def test_who_runs_is_looked_at_as_often_as_can_be() -> None:
    """So fast that it leaves its own place from one look to the next: each picture counts."""
    camera = Camera()
    camera.show(seconds=2)
    for step in range(15):
        camera.show(box_at(0.02 + 0.062 * step, 0.5, 0.06, 0.2))
    assert len(camera.since(2.0)) >= 14


def test_who_comes_in_is_looked_at_three_times_in_a_row() -> None:
    camera = Camera()
    camera.show(seconds=2)
    for step in range(6):
        camera.show(box_at(0.05 + 0.012 * step, 0.5, 0.06, 0.2))
    first, second, third, fourth = [at for at, _ in camera.looks if at >= 2.0][:4]
    assert first <= 2.2
    assert [round(second - first, 3), round(third - second, 3)] == [0.2, 0.2]
    assert fourth - third > 0.3


@pytest.mark.parametrize(("paces", "looks"), [((0.0,), 18), ((1.0,), 4), ((1.0, 0.0), 18)])
def test_what_no_track_stands_for_sets_the_pace(paces: Sequence[float], looks: int) -> None:
    """Of several the most hurried one."""
    camera = Camera()
    camera.show(seconds=2)
    for step in range(20):
        camera.attention.heed(camera.at, (), [burning(pace_s) for pace_s in paces], waiting=False)
        camera.show(FLAMES, level=200 + 50 * (step % 2))
    assert looks <= len(camera.since(2)) <= looks + 2


FLAMES = box_at(0.5, 0.5, 0.2, 0.2)


def burning(pace_s: float) -> Observation:
    return Observation(
        key=1,
        zone="zone",
        group="hazard",
        box=FLAMES,
        standing=Standing.ACTIVE,
        since=0.0,
        seen_at=2.0,
        severity=Severity.RED,
        severity_reason="fire_confirmed",
        conditions=(),
        objects=(),
        votes=Votes(yes=3, of=3),
        attributes=Attributes(),
        pace_s=pace_s,
    )


def test_a_detector_of_one_size_is_asked_for_the_whole_and_as_seldom() -> None:
    camera = Camera(regions=False)
    camera.show(seconds=2)
    for step in range(40):
        camera.show(box_at(0.1 + 0.012 * step, 0.5, 0.06, 0.2))
    assert {look.regions for look in camera.since(0)} == {None}
    assert len(camera.since(0)) < 35


def test_a_parked_thing_is_looked_at_ever_more_seldom() -> None:
    camera = Camera(LookSettings(heartbeat_s=1000.0))
    parked = box_at(0.4, 0.5, 0.1, 0.2)
    camera.show(parked, seconds=60)
    assert len(camera.since(0)) <= 14
    assert len(camera.since(30)) <= 4


def test_what_leaves_is_looked_at_when_it_goes_and_is_gone_soon() -> None:
    camera = Camera()
    parked = box_at(0.4, 0.5, 0.1, 0.2)
    camera.show(parked, seconds=31)
    camera.show(seconds=4)
    assert camera.since(31.0)[0].regions is not None
    assert camera.tracker.places() == []


def test_a_parked_thing_that_the_detector_overlooks_is_held_while_its_place_looks_the_same() -> None:
    camera = Camera()
    parked = box_at(0.4, 0.5, 0.1, 0.2)
    camera.show(parked, seconds=30)
    camera.show(parked, seconds=6, blind=True)
    assert len(camera.tracker.places()) == 1
    camera.show(seconds=5)
    assert camera.tracker.places() == []


def test_movement_that_shows_nothing_is_looked_at_again() -> None:
    camera = Camera()
    camera.show(seconds=2)
    arrived = box_at(0.4, 0.5, 0.1, 0.2)
    camera.show(arrived, blind=True)
    camera.show(arrived, seconds=1.0)
    assert len(camera.tracker.places()) == 1


def test_what_lies_in_a_mask_does_not_count() -> None:
    road = Zone("road", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
    camera = Camera(masks=(road,))
    camera.show(box_at(0.2, 0.5, 0.1, 0.2), seconds=2)
    assert camera.tracker.places() == []
    camera.show(box_at(0.2, 0.5, 0.1, 0.2), box_at(0.7, 0.5, 0.1, 0.2), seconds=2)
    assert len(camera.tracker.places()) == 1


def test_what_a_regions_edge_cuts_is_looked_at_in_a_larger_one() -> None:
    camera = Camera()
    camera.show(seconds=0.2)
    cut = Detection("car", 0.8, box_at(0.5, 0.5, 0.2, 0.2), cut=True)
    chosen = camera.attention.choose(0.2, street(box_at(0.5, 0.5)))
    assert chosen is not None
    look = Look((box_at(0.4, 0.4, 0.3, 0.3),), chosen.motion)
    assert camera.attention.looked(0.2, look, [cut]) == ()
    again = camera.attention.choose(0.4, street(box_at(0.5, 0.5)))
    assert again is not None
    assert again.regions is None or any(region.holds(cut.box) for region in again.regions)


def test_overlapping_regions_find_a_thing_once() -> None:
    better, worse = Detection("car", 0.8, box_at(0.5, 0.5)), Detection("car", 0.6, box_at(0.505, 0.5))
    other = Detection("person", 0.6, box_at(0.5, 0.5))
    assert distinct([worse, better, other], 0.6) == [better, other]


boxes = st.builds(box_at, st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.01, 0.2), st.floats(0.01, 0.2))


@given(st.lists(boxes, max_size=5), st.lists(boxes, max_size=5), st.lists(boxes, max_size=5))
def test_regions_hold_all_that_moves_and_all_that_is_wanted(
    moving: list[Box], wanted: list[Box], places: list[Box]
) -> None:
    regions = regions_of(moving, wanted, places, RegionSettings(most_cost=100.0))
    assert regions is not None
    for box in (*moving, *wanted):
        inside = box.clipped()
        assert any(
            region.x1 <= inside.x1 + 1e-9
            and region.y1 <= inside.y1 + 1e-9
            and region.x2 >= inside.x2 - 1e-9
            and region.y2 >= inside.y2 - 1e-9
            for region in regions
        )
