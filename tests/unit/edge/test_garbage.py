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


def bag(at: float, label: str = "garbage", since: float = 0.0) -> Track:
    return track(1, at, label=label, box=BAG, first_at=since)


def told(seen: Observation, name: str) -> tuple[object, object, bool]:
    condition = next(c for c in seen.conditions if c.name == name)
    return condition.value, condition.limit, condition.met


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
    assert [told(o, "separation") for at, o in seen if at in {9.0, 12.0}] == [(0.0, 2.0, False), (0.4, 2.0, False)]
    assert told(seen[-1][1], "separation") == (7.0, 2.0, True)
    assert seen[-1][1].severity_reason == "garbage_misplaced"


@pytest.mark.parametrize(("heights", "left"), [(1.9, False), (2.1, True)])
def test_who_is_two_heights_of_the_bag_above_or_below_it_has_left(heights: float, left: bool) -> None:
    for feet in (BAG.y1 - heights * BAG.height, BAG.y2 + heights * BAG.height + 0.1):
        somebody = Box(BAG.x1, feet - 0.1, BAG.x2, feet)
        seen = watch(rule(), lambda at, box=somebody: (bag(at), track(2, at, label="person", box=box)), 20)
        assert (active_at(seen) is not None) == left


def test_who_is_not_seen_any_more_has_left() -> None:
    """The tracker tells of them for a while, where they were last."""

    def see(at: float) -> Sequence[Track]:
        return bag(at), person(min(at, 10.0), 0.47)

    assert active_at(watch(rule(), see, 30)) == 13.5


def test_it_asks_for_looks_when_time_alone_may_make_it_an_alarm() -> None:
    def wanted(at: float) -> list[float | None]:
        return [o.look_by for when, o in seen if when == at]

    noon = 12 * 3600.0
    seen = watch(rule(clear_within_s=60), lambda at: (bag(at, since=noon),), 30, start=noon)
    assert wanted(noon) == [noon + 3], "left for so long"
    assert wanted(noon + 3) == wanted(noon + 7.5) == [noon + 8], "lies there for so long"
    assert wanted(noon + 8) == [noon + 12], "may be doubted now"
    assert wanted(noon + 12) == [noon + 60], "not cleared"
    seen = watch(rule(dwell_s=20), lambda at: (bag(at, since=noon),), 30, start=noon)
    assert wanted(noon + 19) == [noon + 20]
    assert wanted(noon + 20) == [noon + 1800]


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
    late = watch(rule(drop_off_windows=["07:00-09:00"]), lambda at: (bag(at),), 30, start=9 * 3600.0)
    assert late[-1][1].severity_reason == "garbage_misplaced", "out of hours is what was put into a bin"


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
    told = [o for _, o in seen if o.standing is Standing.ACTIVE]
    assert {o.attributes.stage for o in told} == {"uncleared"}
    (separation,) = [c for c in told[-1].conditions if c.name == "separation"]
    assert (separation.met, separation.missed) == (True, "least"), "pages do not tick that nobody is near"


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


def test_what_was_put_into_the_bin_in_time_may_wait_there_though_its_track_is_lost() -> None:
    nine = 9 * 3600.0

    def see(at: float) -> Sequence[Track]:
        number, since = (1, nine - 60) if at < nine + 30 else (4, nine + 55)
        things = [] if nine + 30 <= at < nine + 55 else [track(number, at, label="garbage", box=BAG, first_at=since)]
        return (*things, track(3, at, label="garbage_bin", box=BIN))

    point = rule(drop_off_windows=["07:00-09:00"], miss_tolerance_s=20.0)
    assert active_at(watch(point, see, 130, start=nine - 60)) == nine + 63, "25 s is no short miss: it is another one"
    point = rule(drop_off_windows=["07:00-09:00"], miss_tolerance_s=25.0)
    assert active_at(watch(point, see, 130, start=nine - 60)) is None


def test_what_lies_in_the_bin_too_early_is_where_it_belongs_once_the_hours_have_come() -> None:
    seven = 7 * 3600.0
    point = rule(drop_off_windows=["07:00-09:00"])
    bin_ = track(3, 0.0, label="garbage_bin", box=BIN)
    seen = watch(point, lambda at: (bag(at, since=seven - 30), bin_._replace(last_at=at)), 60, start=seven - 30)
    assert active_at(seen) == seven - 22
    assert {(o.standing, o.blocked_by) for at, o in seen if at >= seven} == {(Standing.BLOCKED, "drop_off")}


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
        (0.55, 4.5, {}),  # or so soon after that nobody can tell
        (0.55, 10.0, {"min_score": 0.6}),  # somebody has said how sure it must be
        (0.55, 10.0, {"doubt": 0.0}),
    ],
)
def test_other_doubtful_things_never_count(score: float, since: float, params: dict[str, object]) -> None:
    assert active_at(watch(doubted(**params), lambda at: lying(at, score, since), 60)) is None
    noon = 12 * 3600.0
    assert active_at(watch(doubted(**params), lambda at: lying(at, score, noon + since), 60, start=noon)) is None


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


@pytest.mark.parametrize("stood", [False, True], ids=["doubtful", "stood-there"])
def test_a_jump_of_time_forgets_what_was_seen_where(stood: bool) -> None:
    watched, seen = doubted(), list[tuple[float, Observation]]()
    before = Scene("yard", stood=lambda box, when: stood)
    for index in range(30):
        watched.observe(index * 0.5, lying(index * 0.5, 0.55, since=0.0), before)
    watched.reset()
    for index in range(80):
        at = 40 + index * 0.5
        seen += [(at, o) for o in watched.observe(at, lying(at, 0.55, since=50.0), Scene("yard"))]
    assert active_at(seen) == 62.0
    again = doubted()
    watch(again, lambda at: (), 15)
    again.reset()
    assert active_at(watch(again, lambda at: lying(at, 0.55, since=40.0), 60, start=40.0)) is None, "it begins to look"


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
    assert told(shut[-1][1], "shut_bin") == (1.08, 1.0, False)
    assert active_at(watch(doubted(), see(0.55), 20)) == 8.0


def test_a_surer_bin_elsewhere_and_a_bag_before_a_bin_shut_none() -> None:
    def see(label: str, place: Box) -> See:
        return lambda at: (
            *lying(at, 0.7, since=0.0, label=label),
            track(2, at, label="garbage_bin", box=place, score=0.9),
        )

    elsewhere = Box(0.10, 0.70, 0.15, 0.80)
    assert active_at(watch(doubted(), see("overflow", elsewhere), 20)) == 8.0
    late = watch(doubted(drop_off_windows=["07:00-09:00"]), see("garbage", BAG), 20)
    assert (active_at(late), late[-1][1].attributes.stage) == (8.0, "out_of_hours")


@pytest.mark.parametrize(("min_score", "alarm"), [(None, True), (0.55, True), (0.6, False)])
def test_an_overflow_that_was_told_is_not_doubted_more_after_a_restart(min_score: float | None, alarm: bool) -> None:
    watched = doubted(min_score=min_score)
    (before,) = [o for at, o in watch(doubted(), lambda at: lying(at, 0.7, 10.0, "overflow"), 30) if at == 30]
    seen: list[tuple[float, Observation]] = []
    for index in range(40):
        at = 60 + index * 0.5
        scene = Scene("yard", stood=lambda box, when: True, going_on=lambda _: [before._replace(key=-1)])
        seen += [(at, o) for o in watched.observe(at, lying(at, 0.57, 60.0, "overflow"), scene)]
    assert (active_at(seen) is not None) == alarm


def test_of_a_bin_that_overflows_the_upper_half_is_compared() -> None:
    asked: set[Box] = set()

    def stood(box: Box, before: float) -> bool:
        asked.add(box)
        return False

    doubted().observe(10.0, lying(10.0, 0.7, 10.0, "overflow"), Scene("yard", stood=stood))
    assert asked == {Box(BAG.x1, BAG.y1, BAG.x2, 0.75)}


def test_who_says_how_sure_a_bin_must_be_is_taken_at_their_word_though_nothing_has_come_on_it() -> None:
    scene, watched = Scene("yard", stood=lambda box, before: True), doubted(min_score=0.52)
    seen = [
        (at / 2, o) for at in range(60) for o in watched.observe(at / 2, lying(at / 2, 0.55, 10, "overflow"), scene)
    ]
    assert active_at(seen) == 18.0


def test_what_was_seen_there_an_hour_ago_or_lies_elsewhere_makes_nothing_old() -> None:
    other = Box(0.10, 0.70, 0.15, 0.80)

    def see(at: float, gone_for: float) -> Sequence[Track]:
        """Something stands elsewhere from the first; here, too, for a moment; a bag comes, and its number changes."""
        always = track(9, at, label="garbage", box=other, score=0.55)
        came = 14 + gone_for
        if at < came:
            return (always, *(lying(at, 0.55, since=0.0) if at < 14 else ()))
        number, since = (4, came) if at < came + 6 else (5, came + 6)
        moved = BAG if at < came + 6 else Box(BAG.x1 + 0.025, BAG.y1, BAG.x2 + 0.03, BAG.y2)
        return (always, track(number, at, label="garbage", box=moved, score=0.55, first_at=since))

    def alarmed_at(gone_for: float) -> float | None:
        watched, seen = doubted(), list[tuple[float, Observation]]()
        for at in [*(i / 2 for i in range(80)), *(14 + gone_for + i / 2 for i in range(-20, 60))]:
            seen += [(at, o) for o in watched.observe(at, see(at, gone_for), Scene("yard")) if o.box != other]
        return active_at(seen)

    assert alarmed_at(3590.0) is None
    assert alarmed_at(3610.0) == 3610.0 + 14 + 14, "twelve seconds in all, and the dwell of its new number"
