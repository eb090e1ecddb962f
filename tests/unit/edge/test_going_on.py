"""What goes on over a hole in the pictures or a restart of the gateway is not told as something less grave."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest

from lookout_contract.events import EndReason, EventData, Phase, Scenario, Severity
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Scene
from lookout_edge.domain.track import Track
from lookout_edge.domain.zone import WHOLE_FRAME, Zone
from lookout_edge.events import EventBook, Provenance
from lookout_edge.rules.base import Rule, zones_of
from lookout_edge.rules.registry import RULES
from lookout_edge.testing import track

#: 2026-05-04 00:00 UTC.
MIDNIGHT = 1_777_852_800.0
HERE = Box(0.40, 0.40, 0.60, 0.60)
UPRIGHT, LYING = Box(0.40, 0.30, 0.48, 0.80), Box(0.30, 0.70, 0.60, 0.80)
See = Callable[[float], Sequence[Track]]


@dataclass
class Watch:
    """One rule and its occurrences, as a camera's pipeline keeps them."""

    scenario: Scenario
    params: dict[str, object] = field(default_factory=dict[str, object])
    events: list[EventData] = field(default_factory=list[EventData])
    number: int = 0
    zones: Sequence[Zone] = (WHOLE_FRAME,)

    def __post_init__(self) -> None:
        self.rule, self.book = self._fresh()

    def _fresh(self) -> tuple[Rule, EventBook]:
        kind = RULES[self.scenario]
        rule = kind.build(kind.params.model_validate(self.params), self.zones, ZoneInfo("UTC"))
        provenance, watched = Provenance(camera="yard", models={}), zones_of([rule], self.scenario)
        return rule, EventBook(self.scenario, provenance, rule.occurrences, watched)

    def show(
        self, label: str | None, start: float, seconds: float, box: Box = HERE, step: float = 0.5, walk: float = 0.0
    ) -> None:
        """A thing stands there, or goes to and fro; a new track's number from each call on."""
        self.number += 1
        for index in range(round(seconds / step)):
            at = start + index * step
            x = walk * (index % 8)
            place = box._replace(x1=box.x1 + x, x2=box.x2 + x)
            tracks = [] if label is None else [track(self.number, at, label=label, box=place, first_at=start)]
            found = tuple(Detection(each.label, 0.9, each.box) for each in tracks)
            scene = Scene("yard", detections=found, going_on=lambda _, at=at: self.book.going_on(at))
            self.events += self.book.update(at, self.rule.observe(at, tracks, scene))

    def gap(self, at: float) -> None:
        """Nothing came for some seconds."""
        self.rule.reset()

    def restart(self, at: float) -> None:
        """The gateway was stopped, and another one starts."""
        last = {event.occurrence: event for event in (*self.events, *self.book.close(at, EndReason.SHUTDOWN))}
        self.rule, self.book = self._fresh()
        self.book.resume(last.values())

    @property
    def told(self) -> list[tuple[str | None, Severity]]:
        """The different things that were told, in order."""
        pairs = [(event.attributes.stage, event.severity) for event in self.events]
        return [pair for index, pair in enumerate(pairs) if index == 0 or pair != pairs[index - 1]]


broken = pytest.mark.parametrize("broken", [Watch.gap, Watch.restart], ids=["gap", "restart"])


@broken
@pytest.mark.parametrize(
    ("scenario", "label", "params", "stage"),
    [
        (Scenario.CORRIDOR_EBIKE, "motorcycle", {"charging_dwell_s": 60.0}, "suspected_charging"),
        (Scenario.GARBAGE, "garbage", {"clear_within_s": 60.0}, "uncleared"),
        (Scenario.UNFAMILIAR_VEHICLE, "car", {"long_stay_s": 60.0}, None),
        (Scenario.FIRE_SMOKE, "fire", {}, "confirmed"),
    ],
    ids=lambda value: value.value if isinstance(value, Scenario) else None,
)
def test_what_was_told_is_not_told_as_less_grave(
    broken: Callable[[Watch, float], None], scenario: Scenario, label: str, params: dict[str, object], stage: str | None
) -> None:
    watched = Watch(scenario, params)
    watched.show(label, MIDNIGHT, 90)
    gravest = watched.told[-1]
    assert gravest[0] == stage
    broken(watched, MIDNIGHT + 90)
    watched.show(label, MIDNIGHT + 120, 90)
    assert watched.told[-1] == gravest
    assert len(watched.told) == 2, "first and graver, and nothing after that"
    assert [event.phase for event in watched.events].count(Phase.START) == 1
    assert watched.events[-1].dwell_s > 120


@broken
def test_a_gap_confirms_no_fire(broken: Callable[[Watch, float], None]) -> None:
    watched = Watch(Scenario.FIRE_SMOKE)
    watched.show("fire", MIDNIGHT, 8)
    assert watched.told == [("pre_alarm", Severity.YELLOW)]
    broken(watched, MIDNIGHT + 8)
    watched.show("fire", MIDNIGHT + 30, 20)
    confirmed = next(e for e in watched.events if e.attributes.stage == "confirmed")
    assert confirmed.captured_at.timestamp() == MIDNIGHT + 42, "twelve seconds, from when it is seen again"
    assert [event.phase for event in watched.events].count(Phase.START) == 1


@broken
def test_an_ebike_that_charges_does_so_when_the_night_is_over_and_the_pictures_broke_off(
    broken: Callable[[Watch, float], None],
) -> None:
    watched = Watch(Scenario.CORRIDOR_EBIKE, {"charging_dwell_s": 60.0})
    morning = MIDNIGHT + 7 * 3600
    watched.show("motorcycle", morning - 90, 90)
    broken(watched, morning)
    watched.show("motorcycle", morning + 30, 90)
    assert watched.told[-1] == ("suspected_charging", Severity.RED)


@broken
def test_the_time_that_an_open_alarm_lasts_goes_on(broken: Callable[[Watch, float], None]) -> None:
    watched = Watch(Scenario.CORRIDOR_EBIKE, {"charging_dwell_s": 300.0})
    watched.show("motorcycle", MIDNIGHT, 150)
    broken(watched, MIDNIGHT + 150)
    watched.show("motorcycle", MIDNIGHT + 180, 200)
    charging = next(e for e in watched.events if e.attributes.stage == "suspected_charging")
    assert MIDNIGHT + 300 <= charging.captured_at.timestamp() <= MIDNIGHT + 300.5


@broken
def test_what_was_no_alarm_begins_anew(broken: Callable[[Watch, float], None]) -> None:
    watched = Watch(Scenario.CORRIDOR_EBIKE)
    watched.show("motorcycle", MIDNIGHT, 15)
    broken(watched, MIDNIGHT + 15)
    watched.show("motorcycle", MIDNIGHT + 30, 60)
    assert watched.events[0].captured_at.timestamp() == MIDNIGHT + 50, "its 20 s, from when it is seen again"


@broken
def test_another_thing_elsewhere_takes_over_nothing(broken: Callable[[Watch, float], None]) -> None:
    watched = Watch(Scenario.CORRIDOR_EBIKE)
    watched.show("motorcycle", MIDNIGHT, 60)
    broken(watched, MIDNIGHT + 60)
    watched.show("motorcycle", MIDNIGHT + 75, 60, box=Box(0.0, 0.0, 0.2, 0.2))
    second = [event for event in watched.events if event.phase is Phase.START][1]
    assert (second.captured_at.timestamp(), second.dwell_s) == (MIDNIGHT + 95, 20.0)


NEAR = Zone("near", ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)))
FAR = Zone("far", ((0.0, 0.0), (0.2, 0.0), (0.2, 0.2), (0.0, 0.2)))


@pytest.mark.parametrize(("before", "after"), [(WHOLE_FRAME, NEAR), (NEAR, WHOLE_FRAME)], ids=["drawn", "taken-out"])
def test_an_alarm_goes_on_when_zones_are_drawn_where_there_were_none_or_taken_out(before: Zone, after: Zone) -> None:
    watched = Watch(Scenario.CORRIDOR_EBIKE, zones=[before])
    watched.show("motorcycle", MIDNIGHT, 60)
    watched.zones = [after]
    watched.restart(MIDNIGHT + 60)
    watched.show("motorcycle", MIDNIGHT + 75, 60)
    assert [event.phase for event in watched.events].count(Phase.START) == 1
    assert Phase.END not in [event.phase for event in watched.events]
    assert (watched.events[-1].phase, watched.events[-1].zone) == (Phase.UPDATE, after.id)


def test_of_a_zone_that_no_rule_watches_any_more_nobody_says_that_it_was_seen_to_be_clean() -> None:
    watched = Watch(Scenario.CORRIDOR_EBIKE, zones=[NEAR, FAR])
    watched.show("motorcycle", MIDNIGHT, 60)
    watched.zones = [FAR]
    watched.restart(MIDNIGHT + 60)
    watched.show("motorcycle", MIDNIGHT + 75, 60)
    assert [event.end_reason for event in watched.events if event.phase is Phase.END] == []


def test_what_comes_beside_a_thing_that_is_there_does_not_take_its_past() -> None:
    rule = RULES[Scenario.CORRIDOR_EBIKE].build(RULES[Scenario.CORRIDOR_EBIKE].params(), [], ZoneInfo("UTC"))
    book = EventBook(Scenario.CORRIDOR_EBIKE, Provenance(camera="yard", models={}), rule.occurrences)
    beside = Box(0.48, 0.40, 0.68, 0.60)
    assert beside.iou(HERE) > rule.occurrences.same_place_iou
    starts: list[float] = []
    for index in range(120):
        at = index * 0.5
        tracks = [track(1, at, label="motorcycle", box=HERE, first_at=0.0)]
        tracks += [track(2, at, label="motorcycle", box=beside, first_at=30.0)] if at >= 30 else []
        scene = Scene("yard", going_on=lambda _, at=at: book.going_on(at))
        events = book.update(at, rule.observe(at, tracks, scene))
        starts += [event.captured_at.timestamp() for event in events if event.phase is Phase.START]
    assert starts == [20.0, 50.0]


@broken
def test_who_fell_and_still_lies_there_is_told_on(broken: Callable[[Watch, float], None]) -> None:
    watched = Watch(Scenario.CARE, {"opted_in": True})
    watched.show("person", MIDNIGHT, 20, box=UPRIGHT)
    watched.number -= 1
    watched.show("person", MIDNIGHT + 20, 30, box=LYING)
    assert watched.told == [("fall", Severity.RED)]
    broken(watched, MIDNIGHT + 50)
    watched.show("person", MIDNIGHT + 70, 60, box=LYING)
    assert watched.events[-1].end_reason is None
    assert watched.events[-1].captured_at.timestamp() > MIDNIGHT + 79
    broken(watched, MIDNIGHT + 130)
    watched.show("person", MIDNIGHT + 150, 60, box=UPRIGHT)
    assert watched.events[-1].end_reason is EndReason.CLEARED


@broken
def test_who_got_up_after_a_fall_that_was_told_and_lies_down_slowly_has_not_fallen_again(
    broken: Callable[[Watch, float], None],
) -> None:
    watched = Watch(Scenario.CARE, {"opted_in": True})
    watched.show("person", MIDNIGHT, 20, box=UPRIGHT)
    watched.number -= 1
    watched.show("person", MIDNIGHT + 20, 30, box=LYING)
    broken(watched, MIDNIGHT + 50)
    watched.show("person", MIDNIGHT + 70, 20, box=LYING)
    watched.number -= 1
    watched.show("person", MIDNIGHT + 90, 120, box=UPRIGHT)
    told = len(watched.events)
    assert watched.events[-1].end_reason is EndReason.CLEARED
    watched.number -= 1
    watched.show("person", MIDNIGHT + 210, 10, box=Box(0.38, 0.55, 0.53, 0.85))
    watched.number -= 1
    watched.show("person", MIDNIGHT + 220, 60, box=LYING)
    assert len(watched.events) == told


def test_who_gets_up_in_sight_ends_the_alarm_and_the_next_fall_is_another_one() -> None:
    watched = Watch(Scenario.CARE, {"opted_in": True})
    for since, seconds, box in ((0, 20, UPRIGHT), (20, 30, LYING), (50, 150, UPRIGHT), (200, 30, LYING)):
        watched.number = 0  # one track all along
        watched.show("person", MIDNIGHT + since, seconds, box=box)
    told = [(event.phase, event.captured_at.timestamp() - MIDNIGHT) for event in watched.events]
    assert told == [(Phase.START, 30.0), (Phase.END, 60.0), (Phase.START, 210.0)]


def test_who_sits_up_for_a_moment_and_lies_down_again_is_still_down() -> None:
    watched = Watch(Scenario.CARE, {"opted_in": True})
    for since, seconds, box in ((0, 20, UPRIGHT), (20, 20, LYING), (40, 5, UPRIGHT), (45, 30, LYING)):
        watched.number = 0
        watched.show("person", MIDNIGHT + since, seconds, box=box)
    assert {event.phase for event in watched.events} <= {Phase.START, Phase.UPDATE}


@broken
def test_a_silence_that_was_told_goes_on_until_somebody_moves(broken: Callable[[Watch, float], None]) -> None:
    watched = Watch(Scenario.CARE, {"opted_in": True, "alive_by": "09:30"})
    watched.show(None, MIDNIGHT + 4.9 * 3600, 5 * 3600, step=10.0)
    assert watched.told == [("no_sign_of_life", Severity.RED)]
    ten = MIDNIGHT + 10 * 3600
    broken(watched, ten - 360)
    watched.show(None, ten, 900, step=10.0)
    assert watched.events[-1].end_reason is None
    watched.show("person", ten + 900, 60, box=UPRIGHT, walk=0.02)
    assert watched.events[-1].end_reason is EndReason.CLEARED
    count = len(watched.events)
    watched.show(None, ten + 960, 600, step=10.0)
    assert len(watched.events) == count


def test_what_was_told_too_long_ago_is_not_gone_on_with() -> None:
    watched = Watch(Scenario.CORRIDOR_EBIKE)
    watched.show("motorcycle", MIDNIGHT, 60)
    watched.restart(MIDNIGHT + 60)
    late = MIDNIGHT + 60 + watched.rule.occurrences.resume_s + 1
    watched.show("motorcycle", late, 60)
    starts = [event.captured_at.timestamp() for event in watched.events if event.phase is Phase.START]
    assert starts == [MIDNIGHT + 20, late + 20]
