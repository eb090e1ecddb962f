"""What the place of a hazard showed before, by itself: from when to when it is asked, of what, and what follows."""

from collections import deque
from collections.abc import Callable

import pytest

from lookout_edge.domain.detection import Detection
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.hazard import Hazard
from lookout_edge.domain.observation import Scene
from lookout_edge.rules.hazard_past import HazardPast, Waits, is_smoke_alone, kind_of
from lookout_edge.rules.origins import UNSEEN_S

LYING, RISING, SQUARE = Box(0.2, 0.4, 0.6, 0.6), Box(0.2, 0.2, 0.4, 0.6), Box(0.2, 0.2, 0.4, 0.4)
SECOND = Box(0.6, 0.4, 0.7, 0.5)
WAITS = Waits(scenery_s=40.0, left_out_s=600.0, steady_share=0.8)
SINCE = 1000.0
#: How places look: (box, before, just) or (box, before) → whether as then.
AsBefore = Callable[[Box, float, bool], bool]
Stood = Callable[[Box, float], bool]


def hazard(label: str = "smoke", box: Box = LYING, *more: Detection, number: int = 1, seen_at: float = SINCE) -> Hazard:
    parts = (Detection(label, 0.8, box), *more)
    return Hazard(number, SINCE, deque(maxlen=5), parts, box, seen_at)


def past(waits: Waits = WAITS, *, clearly: bool = False) -> HazardPast:
    return HazardPast(waits, lambda _: clearly)


def scene(as_before: AsBefore | None = None, stood: Stood | None = None) -> Scene:
    return Scene("yard", is_as_before=as_before, stood=stood)


def since(*places: tuple[float, bool]) -> AsBefore:
    """A place that looks as it did at these times exactly, (just) or not."""
    return lambda _, before, just: (before, just) in places


def looks(same: bool) -> AsBefore:
    return lambda _box, _before, _just: same


def stands(same: bool) -> Stood:
    return lambda _box, _before: same


HALF_A_MINUTE, A_MOMENT = SINCE - 30.0, SINCE - 8.0


@pytest.mark.parametrize(
    ("box", "place", "grows", "clearly", "wait_s"),
    [
        (LYING, (HALF_A_MINUTE, True), False, False, 600.0),
        (LYING, (HALF_A_MINUTE, True), True, True, 600.0),
        (RISING, (HALF_A_MINUTE, True), False, False, 600.0),
        (LYING, (A_MOMENT, True), False, False, 40.0),
        (RISING, (A_MOMENT, True), False, False, 40.0),
        (LYING, (A_MOMENT, True), True, False, 0.0),
        (LYING, (A_MOMENT, True), False, True, 0.0),
        (LYING, (A_MOMENT, False), False, False, 0.0),
        (LYING, (HALF_A_MINUTE, False), False, False, 40.0),
        (LYING, (HALF_A_MINUTE, False), True, False, 0.0),
        (RISING, (HALF_A_MINUTE, False), False, False, 0.0),
        (SQUARE, (HALF_A_MINUTE, False), False, False, 0.0),
    ],
)
def test_smoke_waits_by_what_its_place_showed_half_a_minute_or_a_moment_before(
    box: Box, place: tuple[float, bool], grows: bool, clearly: bool, wait_s: float
) -> None:
    assert past(clearly=clearly).as_before_s(hazard(box=box), grows, scene(since(place))) == wait_s


def test_smoke_waits_only_where_all_of_its_places_look_as_before() -> None:
    two = hazard("smoke", LYING, Detection("smoke", 0.7, SECOND))
    for box, wait_s in ((LYING, 0.0), (SECOND, 0.0), (None, 600.0)):

        def as_before(place: Box, before: float, just: bool, box: Box | None = box) -> bool:
            return box is None or place == box

        assert past().as_before_s(two, False, scene(as_before)) == wait_s


def test_without_pixels_or_where_the_past_is_left_alone_nothing_waits() -> None:
    assert past().as_before_s(hazard(), False, scene()) == 0.0
    assert past().as_before_s(hazard("fire"), False, scene()) == 0.0
    alone = past(WAITS._replace(scenery_s=0.0))
    assert alone.as_before_s(hazard(), False, scene(looks(True), stands(True))) == 0.0
    assert alone.as_before_s(hazard("fire"), False, scene(looks(True), stands(True))) == 0.0
    for at in range(0, 60, 2):
        alone.suspect(float(at), [LYING])
    assert alone.known_share(60.0, hazard()) == 0.0


@pytest.mark.parametrize(
    ("grows", "clearly", "wait_s"), [(False, False, 600.0), (True, False, 0.0), (False, True, 0.0)]
)
def test_flames_wait_where_the_same_thing_stood_unless_they_grow_or_are_clear(
    grows: bool, clearly: bool, wait_s: float
) -> None:
    asked: list[float] = []

    def stood(_: Box, before: float) -> bool:
        asked.append(before)
        return True

    given = scene(looks(False), stood)
    assert past(clearly=clearly).as_before_s(hazard("fire"), grows, given) == wait_s
    assert set(asked) <= {SINCE - UNSEEN_S}
    assert past(clearly=clearly).as_before_s(hazard("fire"), grows, scene(looks(True))) == 0.0


def test_flames_that_stood_in_most_looks_go_on_standing_and_each_is_counted_by_itself() -> None:
    memory, lamp, other = past(), hazard("fire"), hazard("fire", number=2)

    def look(burning: Hazard, stood: bool) -> float:
        return memory.as_before_s(burning, False, scene(None, stands(stood)))

    assert [look(lamp, True) for _ in range(3)] == [600.0] * 3
    # Somebody passes: two looks that show something else.
    assert [look(lamp, False) for _ in range(3)] == [600.0, 600.0, 0.0]
    assert look(other, False) == 0.0
    assert [look(lamp, True) for _ in range(2)] == [600.0, 600.0]
    memory.keep({2: None})
    assert look(lamp, False) == 0.0, "forgotten with the hazard"
    assert look(other, True) == 0.0, "kept: one look for it and one against it"
    assert look(other, True) == 600.0


def test_what_was_suspected_long_before_is_known_of_smoke_that_lies_alone() -> None:
    memory = past()
    for at in range(0, 60, 4):
        memory.suspect(float(at), [LYING])
    assert memory.known_share(60.0, hazard()) == 1.0
    assert memory.known_share(60.0, hazard(box=RISING)) == 0.0
    assert memory.known_share(60.0, hazard(box=SQUARE)) == 0.0
    assert memory.known_share(60.0, hazard("fire")) == 0.0
    assert memory.known_share(60.0, hazard("smoke", LYING, Detection("fire", 0.8, SECOND))) == 0.0


def watched(label: str, seconds: float, missed: int, *, step: float = 1.0) -> Hazard:
    """One that has lasted so long, of whose looks so many did not see it."""
    found = hazard(label, seen_at=SINCE + seconds)
    count = round(seconds / step) + 1
    for index in range(count):
        found.watch(SINCE + index * step, index >= missed)
    return found


@pytest.mark.parametrize(
    ("label", "seconds", "missed", "lasts"),
    [
        ("smoke", 40.0, 0, True),
        ("smoke", 39.0, 0, False),
        ("smoke", 40.0, 2, True),
        ("smoke", 40.0, 3, False),
        ("fire", 40.0, 8, True),
        ("fire", 40.0, 9, False),
        ("smoke", 60.0, 20, True),
        ("smoke", 60.0, 24, False),
    ],
)
def test_what_lasts_was_seen_in_nearly_all_looks_of_the_wait_and_flames_in_fewer(
    label: str, seconds: float, missed: int, lasts: bool
) -> None:
    assert past().lasts(watched(label, seconds, missed), 40.0) is lasts


def test_nineteen_of_twenty_looks_are_enough() -> None:
    assert past().lasts(watched("smoke", 40.0, 2, step=2.0), 38.0)
    assert not past().lasts(watched("smoke", 40.0, 3, step=2.0), 38.0)


def test_flames_wait_only_where_all_of_them_stood() -> None:
    two = hazard("fire", LYING, Detection("fire", 0.7, SECOND))
    for box in (LYING, SECOND):

        def stood(place: Box, before: float, box: Box = box) -> bool:
            return place == box

        assert past().as_before_s(two, False, scene(None, stood)) == 0.0


def test_what_lasts_and_moves_drifts_and_a_picture_of_it_does_not() -> None:
    moves, still = scene(looks(False), stands(False)), scene(looks(True), stands(False))
    same, unseen = scene(looks(False), stands(True)), scene()
    smoke = watched("smoke", 50.0, 0)
    assert past().drifts(smoke, moves)
    assert past().drifts(smoke, unseen)
    assert not past().drifts(smoke, still)
    assert not past().drifts(smoke, same)
    assert not past().drifts(watched("smoke", 39.0, 0), moves)
    memory = past()
    assert not memory.drifts(smoke, still)
    assert memory.drifts(smoke, moves), "one look for it and one against it"
    assert [memory.drifts(smoke, given) for given in (still, still, moves, moves)] == [False, False, False, True]


def test_whether_it_drifts_is_asked_of_a_while_before_its_newest_look_and_of_just_so() -> None:
    smoke, asked = watched("smoke", 50.0, 0), set[tuple[float, bool | None]]()

    def as_before(_: Box, before: float, just: bool) -> bool:
        asked.add((before, just))
        return False

    def stood(_: Box, before: float) -> bool:
        asked.add((before, None))
        return False

    past().drifts(smoke, scene(as_before, stood))
    before = smoke.seen_at - UNSEEN_S
    assert asked == {(before, True), (before, None)}


def test_where_a_flame_is_seen_in_smoke_it_is_fire() -> None:
    mixed = hazard("smoke", LYING, Detection("fire", 0.8, SECOND))
    assert (kind_of(mixed), is_smoke_alone(mixed)) == ("fire", False)
    assert (kind_of(hazard()), is_smoke_alone(hazard())) == ("smoke", True)
    assert (kind_of(hazard("fire")), is_smoke_alone(hazard("fire"))) == ("fire", False)
