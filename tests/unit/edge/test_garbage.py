from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from lookout_contract.events import EndReason, EventData, Scenario, Severity
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Observation, Scene, Standing
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.domain.track import Track
from lookout_edge.domain.zone import Zone
from lookout_edge.events import EventBook, Provenance
from lookout_edge.rules.base import RuleContext
from lookout_edge.rules.garbage import Garbage, GarbageParams
from lookout_edge.testing import track

YARD = Zone("yard", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
BAG = Box(0.50, 0.70, 0.55, 0.80)
BIN = Box(0.45, 0.55, 0.60, 0.82)
See = Callable[[float], Sequence[Track]]


def rule(**params: object) -> Garbage:
    context = RuleContext(SiteCalendar(ZoneInfo("UTC")))
    return Garbage(GarbageParams.model_validate(params), [YARD], context)


def watch(watched: Garbage, see: See, seconds: float, start: float = 0.0) -> list[tuple[float, Observation]]:
    found: list[tuple[float, Observation]] = []
    for index in range(round(seconds / 0.5) + 1):
        at = start + index * 0.5
        found += [(at, o) for o in watched.observe(at, see(at), Scene("yard"))]
    return found


def bag(at: float, label: str = "garbage") -> Track:
    return track(1, at, label=label, box=BAG)


def person(at: float, x: float) -> Track:
    return track(2, at, label="person", box=Box(x, 0.3, x + 0.08, 0.8))


def active_at(seen: list[tuple[float, Observation]]) -> float | None:
    return next((at for at, o in seen if o.standing is Standing.ACTIVE), None)


def test_a_bag_is_an_alarm_once_its_owner_has_left() -> None:
    def see(at: float) -> Sequence[Track]:
        return bag(at), person(at, 0.47 if at < 10 else min(0.9, 0.47 + 0.05 * (at - 10)))

    seen = watch(rule(), see, 30)
    # Two widths of the bag are 0.10: the edges are that far apart from 14 s on, and stay so for three seconds.
    assert active_at(seen) == 17.0
    waiting = next(o for at, o in seen if at == 9.0)
    assert (waiting.standing, waiting.blocked_by) == (Standing.PENDING, "separation")
    assert seen[-1][1].severity_reason == "garbage_misplaced"


def test_a_bag_without_an_owner_alarms_at_its_dwell() -> None:
    assert active_at(watch(rule(), lambda at: (bag(at),), 20)) == 8.0


def test_what_is_carried_away_again_is_nothing() -> None:
    def see(at: float) -> Sequence[Track]:
        return (bag(at), person(at, 0.47)) if at < 20 else ()

    assert active_at(watch(rule(), see, 60)) is None


def test_in_the_bin_is_where_it_belongs_in_the_hours_for_it() -> None:
    def see(at: float) -> Sequence[Track]:
        return bag(at), track(3, at, label="garbage_bin", box=BIN)

    inside = watch(rule(drop_off_windows=["07:00-09:00"]), see, 30, start=8 * 3600.0)
    assert {(o.standing, o.blocked_by) for _, o in inside} == {(Standing.BLOCKED, "drop_off")}
    late = watch(rule(drop_off_windows=["07:00-09:00"]), see, 30, start=12 * 3600.0)
    assert active_at(late) == 12 * 3600.0 + 8
    assert late[-1][1].attributes.stage == "out_of_hours"
    assert active_at(watch(rule(), see, 30)) is None, "without hours the bin is always right"


def test_what_leans_on_a_bin_is_not_in_it() -> None:
    leaning = Box(BIN.x2 - 0.02, 0.70, BIN.x2 + 0.03, 0.80)

    def see(at: float) -> Sequence[Track]:
        return track(1, at, label="garbage", box=leaning), track(3, at, label="garbage_bin", box=BIN)

    assert active_at(watch(rule(), see, 20)) == 8.0


def test_what_was_told_is_not_doubted_more_after_a_restart() -> None:
    watched = doubted()
    (before,) = [o for at, o in watch(doubted(), lambda at: lying(at, 0.55, since=10.0), 30) if at == 30]
    assert before.standing is Standing.ACTIVE
    seen: list[tuple[float, Observation]] = []
    for index in range(40):
        at = 60 + index * 0.5
        scene = Scene("yard", going_on=lambda _: [before._replace(key=-1)])
        seen += [(at, o) for o in watched.observe(at, lying(at, 0.55, since=60.0), scene)]
    assert active_at(seen) == 61.0, "as soon as three looks have seen it"


def test_a_drop_off_point_takes_bags_beside_the_bin_in_its_hours() -> None:
    point = rule(drop_off_windows=["07:00-09:00"], drop_off_zones=["yard"])
    assert active_at(watch(point, lambda at: (bag(at),), 30, start=8 * 3600.0)) is None
    assert active_at(watch(point, lambda at: (bag(at),), 30, start=9 * 3600.0)) is not None


def test_an_overflowing_bin_is_an_alarm_whoever_stands_before_it() -> None:
    seen = watch(rule(), lambda at: (bag(at, "overflow"), person(at, 0.5)), 30)
    assert active_at(seen) == 8.0
    assert (seen[-1][1].attributes.stage, seen[-1][1].severity) == ("overflow", Severity.YELLOW)


def test_what_nobody_clears_is_graver() -> None:
    seen = watch(rule(clear_within_s=30), lambda at: (bag(at),), 40)
    stages = [(o.attributes.stage, o.severity) for _, o in seen if o.standing is Standing.ACTIVE]
    assert stages[0] == ("misplaced", Severity.BLUE)
    assert stages[-1] == ("uncleared", Severity.YELLOW)


def test_it_closes_itself_when_removed_and_a_person_before_it_hides_nothing() -> None:
    watched = rule()
    book = EventBook(Scenario.GARBAGE, Provenance(camera="yard", models={}), watched.occurrences)
    events: list[EventData] = []
    for index in range(200):
        at = index * 0.5
        hidden = 20 <= at < 35
        tracks = [person(at, 0.47)] if hidden else [bag(at)] if at < 60 else []
        events += book.update(at, watched.observe(at, tracks, Scene("yard")))
    assert [(e.phase.value, e.end_reason) for e in events if e.phase.value != "update"] == [
        ("start", None),
        ("end", EndReason.REMOVED),
    ]
    assert events[-1].dwell_s == pytest.approx(59.5, abs=0.6)


def test_what_nobody_clears_is_told_whoever_is_about() -> None:
    seen = watch(rule(clear_within_s=30), lambda at: (bag(at), person(at, 0.47)), 40)
    assert active_at(seen) == 30.0
    assert {o.attributes.stage for _, o in seen if o.standing is Standing.ACTIVE} == {"uncleared"}


def test_who_stands_before_a_bag_has_not_left_it_though_the_bag_is_hidden() -> None:
    def see(at: float) -> Sequence[Track]:
        return (person(at, 0.47),) if 2 <= at < 12 else (bag(at),)

    assert active_at(watch(rule(), see, 30)) == 15.0, "three seconds after whoever hid it has gone"

    def flickering(at: float) -> Sequence[Track]:
        return () if round(at / 0.5) % 3 == 1 else (bag(at),)

    assert active_at(watch(rule(), flickering, 30)) == 8.5, "not to see it for a moment says nothing of who is near"


def test_one_of_two_who_stays_at_the_bag_keeps_it() -> None:
    def see(at: float) -> Sequence[Track]:
        other = track(5, at, label="person", box=Box(0.58, 0.3, 0.66, 0.8))
        leaves = track(2, at, label="person", box=Box(0.9, 0.3, 0.98, 0.8) if at > 5 else Box(0.47, 0.3, 0.55, 0.8))
        return (bag(at), leaves, other) if at < 40 else (bag(at), leaves)

    assert active_at(watch(rule(), see, 60)) == 43.0


def test_what_was_put_into_the_bin_in_time_may_wait_there() -> None:
    def see(since: float) -> See:
        bin_ = Box(0.45, 0.55, 0.60, 0.82)
        return lambda at: (*([bag(at)] if at >= since else []), track(3, at, label="garbage_bin", box=bin_))

    def alarmed_at(since: float, **params: object) -> float | None:
        watched = rule(drop_off_windows=["07:00-09:00"], **params)
        return active_at(watch(watched, see(since), 120, start=nine - 60))

    nine = 9 * 3600.0
    assert alarmed_at(nine - 30) is None
    assert alarmed_at(nine - 30, clear_within_s=60.0) is None
    assert alarmed_at(nine) == nine + 8
    beside = rule(drop_off_windows=["07:00-09:00"], drop_off_zones=["yard"])
    assert active_at(watch(beside, lambda at: (bag(at),), 120, start=nine - 60)) == nine, "beside it, it may not"


def test_another_bag_in_its_place_does_not_borrow_the_hours_of_the_first() -> None:
    nine = 9 * 3600.0

    def see(at: float) -> Sequence[Track]:
        lies = at < nine - 60 or at >= nine + 60
        number = 1 if at < nine else 4
        things = [track(number, at, label="garbage", box=BAG, first_at=nine + 60)] if lies else []
        return (*things, track(3, at, label="garbage_bin", box=BIN))

    seen = watch(rule(drop_off_windows=["07:00-09:00"]), see, 300, start=nine - 120)
    assert active_at(seen) == nine + 68


def test_clearing_must_come_last() -> None:
    with pytest.raises(ValidationError, match="must not be shorter"):
        GarbageParams(dwell_s=10, clear_within_s=5)


def test_what_burns_is_the_fires_alarm_until_it_is_out() -> None:
    smoke = Detection("smoke", 0.9, Box(0.51, 0.60, 0.56, 0.78))
    elsewhere = Detection("smoke", 0.9, Box(0.10, 0.10, 0.20, 0.20))

    def first_alarm(flames: Callable[[float], Sequence[Detection]]) -> float | None:
        watched = rule()
        for at in range(120):
            scene = Scene("yard", detections=tuple(flames(at)))
            if any(o.standing is Standing.ACTIVE for o in watched.observe(at, (bag(at),), scene)):
                return at
        return None

    assert first_alarm(lambda at: (elsewhere,)) == 8
    # Seen to smoke now and then: that is one fire and no bag; half a minute after it is out, what is left is one.
    assert first_alarm(lambda at: (smoke,) if at % 5 == 0 and at <= 40 else ()) == 70
    assert first_alarm(lambda at: (smoke,) if at % 5 == 0 else ()) is None


def doubted(**params: object) -> Garbage:
    """A rule that knows its model's thresholds: 0.6 for garbage, 0.5 for bins that overflow."""
    context = RuleContext(SiteCalendar(ZoneInfo("UTC")), {"garbage": 0.6, "overflow": 0.5})
    return Garbage(GarbageParams.model_validate(params), [YARD], context)


def lying(at: float, score: float, since: float, label: str = "garbage") -> Sequence[Track]:
    return (track(1, at, label=label, box=BAG, score=score, first_at=since),) if at >= since else ()


def test_what_newly_lies_there_counts_in_the_end_though_every_look_doubts_it() -> None:
    seen = watch(doubted(), lambda at: lying(at, 0.55, since=10.0), 40)
    assert active_at(seen) == 22.0
    waiting = next(o for at, o in seen if at == 20.0)
    assert (waiting.standing, waiting.blocked_by) == (Standing.PENDING, "score")
    sure = watch(doubted(), lambda at: lying(at, 0.7, since=10.0), 40)
    assert active_at(sure) == 18.0


@pytest.mark.parametrize(
    ("score", "since", "params"),
    [
        (0.45, 10.0, {}),  # too doubtful
        (0.55, 0.0, {}),  # it lay there from the beginning: perhaps it always stands there
        (0.55, 10.0, {"min_score": 0.6}),  # somebody has said how sure it must be
        (0.55, 10.0, {"doubt": 0.0}),
    ],
)
def test_other_doubtful_things_never_count(score: float, since: float, params: dict[str, object]) -> None:
    assert active_at(watch(doubted(**params), lambda at: lying(at, score, since), 60)) is None


@pytest.mark.parametrize(
    ("stood", "label", "score", "at"),
    [
        (False, "garbage", 0.55, 22.0),
        (True, "garbage", 0.55, None),
        (False, "overflow", 0.57, 18.0),
        (True, "overflow", 0.57, None),  # the bin of always, by the camera's own lamp
        (True, "overflow", 0.65, 18.0),
    ],
)
def test_what_stood_there_unseen_until_a_lamp_was_lit_is_not_new(
    stood: bool, label: str, score: float, at: float | None
) -> None:
    scene = Scene("yard", stood=lambda box, before: stood)
    watched, seen = doubted(), list[tuple[float, Observation]]()
    for index in range(80):
        now = index * 0.5
        seen += [(now, o) for o in watched.observe(now, lying(now, score, since=10.0, label=label), scene)]
    assert active_at(seen) == at


def test_what_was_doubtfully_seen_there_before_is_not_new() -> None:
    def see(at: float) -> Sequence[Track]:
        """It seems to be there for a moment, then for long: what flickers at a threshold does so."""
        return lying(at, 0.55, since=50.0) or (lying(at, 0.55, since=10.0) if at < 14 else ())

    assert active_at(watch(doubted(), see, 120)) is None


def test_what_newly_came_stays_new_when_its_track_changes() -> None:
    def see(at: float) -> Sequence[Track]:
        """Another track takes over at 20 s, a little off: one box for what had two before."""
        if at < 20:
            return lying(at, 0.55, since=10.0)
        moved = Box(BAG.x1 + 0.025, BAG.y1, BAG.x2 + 0.03, BAG.y2)
        return (track(2, at, label="garbage", box=moved, score=0.55, first_at=20.0),)

    assert active_at(watch(doubted(), see, 40)) == 28.0, "the dwell starts anew, the doubt does not"
    always = watch(doubted(), lambda at: see(at) if at >= 20 else lying(at, 0.55, since=0.0), 60)
    assert active_at(always) is None


def test_a_bin_that_came_to_overflow_must_only_reach_the_models_threshold_in_the_end() -> None:
    def alarmed_at(score: float, since: float, **params: object) -> float | None:
        return active_at(watch(doubted(**params), lambda at: lying(at, score, since, "overflow"), 40))

    assert alarmed_at(0.6, since=10.0) == 18.0
    assert alarmed_at(0.52, since=10.0) == 22.0
    assert alarmed_at(0.48, since=10.0) is None, "bags may be below the threshold, bins not"
    assert alarmed_at(0.52, since=0.0) is None, "it looked so from the beginning"
    assert alarmed_at(0.52, since=10.0, min_score=0.55) is None


def test_a_bin_that_the_detector_is_surer_of_than_of_its_overflowing_does_not_overflow() -> None:
    def see(bin_score: float) -> See:
        return lambda at: (
            *lying(at, 0.6, since=0.0, label="overflow"),
            track(2, at, label="garbage_bin", box=BAG, score=bin_score),
        )

    shut = watch(doubted(), see(0.65), 20)
    assert {(o.standing, o.blocked_by) for _, o in shut} == {(Standing.BLOCKED, "shut_bin")}
    assert active_at(watch(doubted(), see(0.55), 20)) == 8.0
