from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from lookout_contract.events import EventData, Phase, Scenario, Severity
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Observation, Scene, Standing
from lookout_edge.domain.pose import JOINTS, Joint, Pose, torso_tilt
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.domain.track import Track
from lookout_edge.domain.zone import WHOLE_FRAME
from lookout_edge.events import EventBook, Provenance
from lookout_edge.rules.base import RuleContext
from lookout_edge.rules.care import Care, CareParams
from lookout_edge.testing import pose_of, track
from unit.edge.people_examples import CONTEXT, UPRIGHT, See, active, hour, somebody, watch

LYING = Box(0.30, 0.70, 0.60, 0.80)


def care(**params: object) -> Care:
    return Care(CareParams.model_validate({"opted_in": True, **params}), [WHOLE_FRAME], CONTEXT)


def posture(*changes: tuple[float, Box]) -> See:
    def see(at: float) -> Sequence[Track]:
        box = next(box for until, box in changes if at < until)
        return (track(1, at, label="person", box=box),)

    return see


def test_care_runs_for_nobody_who_has_not_agreed() -> None:
    for given in ({}, {"opted_in": False}):
        with pytest.raises(ValidationError):
            CareParams.model_validate(given)


def test_a_fall_is_an_alarm_for_those_who_look_after_the_person_only() -> None:
    start = hour(9)
    seen = watch(care(), posture((start + 20, UPRIGHT), (start + 99, LYING)), start, 60)
    assert active(seen)[0] == (start + 30, "fall")
    last = seen[-1][1]
    assert (last.severity, last.attributes.restricted) == (Severity.RED, True)
    wanted = {at: o.look_by for at, o in seen if at in {start + 19, start + 20, start + 29.5, start + 30}}
    assert list(wanted.values()) == [None, start + 30, start + 30, None], "a look is wanted when it is long enough"


def changing(*people: tuple[int, float, float, Box]) -> See:
    """Tracks, each with its number, since when and until when it is seen, and its box."""
    return lambda at: [track(n, at, label="person", box=box) for n, since, until, box in people if since <= at < until]


def test_a_fall_is_one_though_the_tracker_takes_who_lies_there_for_somebody_else() -> None:
    start = hour(9)
    falls = changing((1, start, start + 20, UPRIGHT), (2, start + 21, start + 99, LYING))
    assert active(watch(care(), falls, start, 60))[0] == (start + 31, "fall")


@pytest.mark.parametrize(
    ("tipping", "lies_at"), [(Box(0.38, 0.55, 0.53, 0.85), 22), (Box(0.36, 0.6, 0.6, 0.8), 20)], ids=["tilts", "lies"]
)
def test_a_fall_is_one_though_the_tracker_loses_who_tips_over_on_the_way(tipping: Box, lies_at: int) -> None:
    start = hour(9)
    falls = changing(
        (1, start, start + 20, UPRIGHT), (1, start + 20, start + 20.5, tipping), (2, start + 22, start + 99, LYING)
    )
    assert active(watch(care(), falls, start, 60))[0] == (start + lies_at + 10, "fall")


@pytest.mark.parametrize(("unchanged_s", "told"), [(7.8, ["fall"]), (4.0, []), (None, [])])
def test_who_kept_still_was_upright_until_a_picture_showed_a_change(unchanged_s: float | None, told: list[str]) -> None:
    """Nothing moves, so there is no look for eight seconds: then somebody lies there."""
    start, watched = hour(9), care()
    assert active(watch(watched, somebody, start, 4)) == []
    unchanged_at = None if unchanged_s is None else start + 4 + unchanged_s
    lies = (track(1, start + 12, label="person", box=LYING),)
    watched.observe(start + 12, lies, Scene("yard", unchanged_at=unchanged_at))
    later = watch(watched, posture((start + 99, LYING)), start + 12.5, 20)
    assert sorted({stage or "" for _, stage in active(later)}) == told


def test_who_slumped_long_before_a_still_stretch_was_not_upright_in_it() -> None:
    start, watched = hour(9), care()
    between = Box(0.38, 0.55, 0.53, 0.85)
    watch(watched, posture((start + 4, UPRIGHT), (start + 99, between)), start, 6)
    lies = (track(1, start + 14, label="person", box=LYING),)
    watched.observe(start + 14, lies, Scene("yard", unchanged_at=start + 13.8))
    assert active(watch(watched, posture((start + 99, LYING)), start + 14.5, 20)) == []


@pytest.mark.parametrize(
    ("who", "until"),
    [(UPRIGHT, 99.0), (Box(0.02, 0.30, 0.10, 0.80), 20.0), (UPRIGHT, 15.0), (Box(0.38, 0.55, 0.53, 0.85), 20.0)],
    ids=["stands there still", "was elsewhere", "left long before", "did not stand"],
)
def test_somebody_else_who_stood_there_is_no_fall_of_who_lies_there(who: Box, until: float) -> None:
    start = hour(9)
    seen = watch(care(), changing((1, start, start + until, who), (2, start + 20, start + 99, LYING)), start, 60)
    assert active(seen) == []


def test_who_lies_there_under_another_number_has_lain_there_since_they_fell() -> None:
    start, rolled = hour(9), Box(0.45, 0.70, 0.75, 0.80)
    falls = changing(
        (1, start, start + 20, UPRIGHT), (1, start + 20, start + 22, LYING), (2, start + 22, start + 99, rolled)
    )
    assert active(watch(care(), falls, start, 60))[0] == (start + 30, "fall")


def test_who_lies_down_slowly_or_always_lay_there_has_not_fallen() -> None:
    start = hour(9)
    between = Box(0.38, 0.55, 0.53, 0.85)
    slowly = posture((start + 10, UPRIGHT), (start + 20, between), (start + 999, LYING))
    assert active(watch(care(), slowly, start, 60)) == []
    assert active(watch(care(), posture((start + 999, LYING)), start, 60)) == []


def test_who_gets_up_again_is_fine() -> None:
    start = hour(9)
    seen = watch(care(), posture((start + 5, UPRIGHT), (start + 10, LYING), (start + 99, UPRIGHT)), start, 60)
    assert active(seen) == []


def nobody(at: float) -> Sequence[Track]:
    return ()


def walking(at: float) -> Sequence[Track]:
    """To and fro through the room, a tenth of its width in five seconds."""
    x = abs(at % 20 - 10) * 0.02
    return (track(1, at, label="person", box=Box(UPRIGHT.x1 + x, UPRIGHT.y1, UPRIGHT.x2 + x, UPRIGHT.y2)),)


def trembling(box: Box) -> See:
    """A box that is never found twice in quite the same place."""
    return lambda at: (track(1, at, label="person", box=box._replace(x1=box.x1 + 0.004 * (at % 2))),)


def test_no_sign_of_life_by_the_hour_is_an_alarm_that_a_sight_ends() -> None:
    watched = care(alive_by="09:30")
    quiet = watch(watched, nobody, hour(4.9), 5 * 3600, step=10.0)
    assert active(quiet)[0] == (hour(9.5), "no_sign_of_life")
    assert quiet[-1][1].objects == ()
    assert quiet[-1][1].attributes.restricted
    seen = active(watch(watched, walking, hour(10), 4))
    assert seen == [(hour(10) + index / 2, "no_sign_of_life") for index in range(3)], "until three looks agree"
    assert active(watch(watched, nobody, hour(10.1), 600, step=10.0)) == []


def test_a_sign_of_life_in_the_morning_is_enough_and_one_at_night_is_not() -> None:
    watched = care(alive_by="09:30")
    watch(watched, walking, hour(4.0), 10)
    assert active(watch(watched, nobody, hour(4.1), 6 * 3600, step=10.0))[0][0] == hour(9.5)
    again = care(alive_by="09:30")
    watch(again, nobody, hour(5), 3600, step=10.0)
    watch(again, walking, hour(6.01), 10)
    assert active(watch(again, nobody, hour(6.1), 4 * 3600, step=10.0)) == []


def test_who_was_seen_while_the_clock_was_ahead_has_been_seen() -> None:
    """At 11 by a clock that was two hours ahead: what is still to come by the right one was no silence up to it."""
    watched = care(alive_by="09:30")
    watch(watched, nobody, hour(5), 6 * 3600 - 60, step=10.0)
    watch(watched, walking, hour(11), 60)
    watched.reset()
    assert active(watch(watched, nobody, hour(9), 3600, step=10.0)) == []


@pytest.mark.parametrize(("score", "seconds"), [(0.25, 600), (0.9, 0.5)], ids=["doubtful", "two-looks"])
def test_what_is_hardly_taken_for_somebody_is_no_sign_of_life(score: float, seconds: float) -> None:
    watched = care(alive_by="09:30")
    watch(watched, nobody, hour(4.9), 3600, step=10.0)
    seen = watch(watched, lambda at: [track(1, at, label="person", box=UPRIGHT, score=score)], hour(6), seconds)
    assert {each.standing for _, each in seen} == {Standing.PENDING}
    assert active(watch(watched, nobody, hour(6.2), 5 * 3600, step=10.0))[0] == (hour(9.5), "no_sign_of_life")
    watch(watched, lambda at: [track(2, at, label="person", box=UPRIGHT, score=score)], hour(11.3), seconds)
    assert active(watch(watched, nobody, hour(11.5), 60, step=10.0)), "nor does it end what was told"


@pytest.mark.parametrize("seen", [trembling(LYING), trembling(UPRIGHT)], ids=["lying", "portrait"])
def test_who_never_moves_shows_no_sign_of_life(seen: See) -> None:
    watched = care(alive_by="09:30")
    quiet = watch(watched, seen, hour(4.9), 5 * 3600, step=5.0)
    assert next(told for told in active(quiet) if told[1] == "no_sign_of_life")[0] == hour(9.5)
    assert active(watch(watched, seen, hour(10), 60))[-1][1] == "no_sign_of_life", "nor does it end what was told"
    assert active(watch(watched, walking, hour(10.1), 60))[-1][0] < hour(10.1) + 6, "one motion does"


def test_who_moved_in_the_evening_and_has_lain_still_since_shows_no_sign_of_life() -> None:
    watched = care(alive_by="09:30")
    slumped = Box(0.38, 0.55, 0.53, 0.85)  # no fall: neither upright nor lying
    assert active(watch(watched, walking, hour(4), 60)) == []
    quiet = watch(watched, trembling(slumped), hour(4) + 61, 6 * 3600, step=10.0)
    assert active(quiet)[0] == (pytest.approx(hour(9.5), abs=10), "no_sign_of_life")
    after = watch(watched, walking, hour(10.1), 60)
    assert active(after)[-1][0] < hour(10.1) + 6
    assert after[-1][1].attributes.stage == "fall", "of nobody's silence any more"


@pytest.mark.parametrize(("before_s", "told"), [(50, []), (70, ["no_sign_of_life"])])
def test_who_has_moved_is_alive_for_a_minute(before_s: float, told: list[str]) -> None:
    """Whoever moved last so many seconds before the day's first moment that counts, and lies still since."""
    watched, last = care(alive_by="09:30"), hour(5) - before_s

    def see(at: float) -> Sequence[Track]:
        return (walking(min(at, last))[0]._replace(last_at=at),)

    watch(watched, see, last - 60, 60 + before_s + 60)
    seen = watch(watched, see, hour(5) + 60.5, 5 * 3600, step=10.0)
    assert list(dict.fromkeys(stage for _, stage in active(seen))) == told


def test_that_nobody_has_moved_has_a_name_that_no_person_there_has() -> None:
    """Of one name with who lies there it would end as soon as that person is judged."""
    seen = watch(care(alive_by="09:30"), trembling(LYING), hour(4.9), 5 * 3600, step=10.0)
    told = {at for at, _ in active(seen)}
    assert told
    for moment in told:
        names = [(o.zone, o.key) for at, o in seen if at == moment]
        assert len(names) == len(set(names)) == 2


@pytest.mark.parametrize("down", [((20, UPRIGHT), (25, LYING)), ((20, LYING),)], ids=["shortly", "always-lay"])
def test_who_was_not_told_to_be_down_is_not_told_to_be_up_again(down: Sequence[tuple[float, Box]]) -> None:
    start = hour(9)
    changes = [(start + until, box) for until, box in (*down, (99, UPRIGHT))]
    seen = watch(care(), posture(*changes), start, 60)
    assert active(seen) == []
    assert not any(condition.name == "still_down" for _, o in seen for condition in o.conditions)


def test_whoever_is_seen_ends_the_silence_whatever_their_number() -> None:
    """Somebody whose track was lost is found under its number again while another goes on under it: they are -1."""
    watched, book = care(alive_by="09:30"), EventBook(Scenario.CARE, Provenance(camera="home", models={}))
    told: list[EventData] = []
    for index in range(1800):
        at = hour(4.9) + index * 10
        told += book.update(at, watched.observe(at, (), Scene("home")))
    assert [each.phase for each in told][:1] == [Phase.START]
    beside = Box(0.70, 0.30, 0.78, 0.80)
    for index in range(60):
        at = hour(10) + index * 0.5
        (walker,) = walking(at)
        here = walker.box
        people = {1: here} if index < 4 else {5: here} if index < 8 else {5: here, 1: beside}
        tracks = [track(number, at, label="person", box=box) for number, box in people.items()]
        told += book.update(at, watched.observe(at, tracks, Scene("home")))
    assert told[-1].phase is Phase.END


def test_silence_means_nothing_when_nobody_watched() -> None:
    watched = care(alive_by="09:30")
    watch(watched, nobody, hour(5), 600, step=10.0)
    seen = watch(watched, nobody, hour(9.4), 1200, step=10.0)
    assert {(o.standing, o.blocked_by) for _, o in seen} == {(Standing.BLOCKED, "watched_share")}


def test_a_day_that_nobody_watched_hides_nothing_of_the_next() -> None:
    watched = care(alive_by="09:30")
    assert active(watch(watched, nobody, hour(9), 12 * 3600, step=10.0)) == []
    assert active(watch(watched, nobody, hour(24), 10 * 3600, step=10.0))[0][0] == hour(33.5)


def test_what_was_watched_yesterday_says_nothing_of_today() -> None:
    watched = care(alive_by="09:30")
    watch(watched, nobody, hour(5), 3600, step=10.0)
    watch(watched, walking, hour(6), 60)
    watch(watched, nobody, hour(6.1), 4 * 3600, step=10.0)
    assert active(watch(watched, nobody, hour(24 + 9.4), 1800, step=10.0)) == []


def test_every_day_begins_anew() -> None:
    watched = care(alive_by="09:30")
    watch(watched, walking, hour(8), 10)
    assert active(watch(watched, nobody, hour(28.9), 5 * 3600, step=10.0))[0][0] == hour(33.5)


def test_the_hour_is_the_sites_on_days_on_which_its_clock_is_set() -> None:
    """Berlin, 2026-03-29: 03:00 comes an hour after 01:59, and 01:00 to 09:30 are seven and a half hours."""
    berlin = ZoneInfo("Europe/Berlin")
    given = CareParams.model_validate({"opted_in": True, "alive_from": "01:00", "alive_by": "09:30"})
    watched = Care(given, [WHOLE_FRAME], RuleContext(SiteCalendar(berlin)))
    midnight = datetime(2026, 3, 29, tzinfo=berlin).timestamp()
    quiet = watch(watched, nobody, midnight, 9 * 3600, step=10.0)
    at, observation = next((at, o) for at, o in quiet if o.standing is Standing.ACTIVE)
    assert datetime.fromtimestamp(at, berlin).strftime("%H:%M") == "09:30"
    assert next(c.value for c in observation.conditions if c.name == "watched_share") == 1.0


def test_silence_counts_up_to_the_hour_and_pauses_only_in_part() -> None:
    """A look every three minutes watches a sixth of the time; what is seen after the hour does not count for it."""
    seldom = watch(care(alive_by="09:30"), nobody, hour(4.9), 6 * 3600, step=180.0)
    shares = {c.value for _, o in seldom for c in o.conditions if c.name == "watched_share"}
    (share,) = shares
    assert share == pytest.approx(1 / 6, abs=0.01)
    late = care(alive_by="09:30")
    assert active(watch(late, nobody, hour(9), 10 * 3600, step=10.0)) == []


def test_midnight_is_no_sign_of_life() -> None:
    watched = care(alive_by="09:30")
    seen = active(watch(watched, nobody, hour(4.9), 30 * 3600, step=10.0))
    assert (seen[0][0], seen[-1][0]) == (hour(9.5), hour(34.9))
    assert len(seen) == round((hour(34.9) - hour(9.5)) / 10) + 1, "it goes on without a break into the next day"
    watch(watched, walking, hour(35), 4)
    assert active(watch(watched, nobody, hour(35.1), 600, step=10.0)) == []


def test_hours_and_ratios_must_make_sense() -> None:
    with pytest.raises(ValidationError, match="must be later"):
        care(alive_from="10:00", alive_by="09:00")
    with pytest.raises(ValidationError, match="must be later"):
        care(alive_from="09:00", alive_by="09:00")
    for name in ("alive_from", "alive_by"):
        with pytest.raises(ValidationError, match="no time of day"):
            care(**{name: "nine"})
    with pytest.raises(ValidationError, match="lying_tilt must be larger"):
        care(lying_tilt=35.0)
    with pytest.raises(ValidationError, match="smaller than upright"):
        care(lying_ratio=2.0)


STANDS = pose_of((0.44, 0.4), (0.44, 0.6))
LIES = pose_of((0.35, 0.76), (0.5, 0.76))
#: Somebody who sits on a sofa with stretched legs, or is bent over: the box is as wide as of who lies.
SITS = pose_of((0.44, 0.5), (0.44, 0.7))
#: Seen from their feet: the box is as high as of who stands.
TOWARDS = Box(0.40, 0.40, 0.47, 0.80)


def watch_pose(boxes: Callable[[float], Box], poses: Callable[[float], Pose | None]) -> list[tuple[float, Observation]]:
    """Care with a pose model: asked for a pose, it hears of it in the next look."""
    watched, given, found = care(), dict[int, Pose | None](), list[tuple[float, Observation]]()
    for index in range(120):
        at = hour(9) + 0.5 * index
        people = [track(1, at, label="person", box=boxes(0.5 * index))]
        seen = watched.observe(at, people, Scene("room", poses=given, estimates_poses=True))
        given = {o.pose_of: poses(0.5 * index) for o in seen if o.pose_of is not None}
        found += [(0.5 * index, o) for o in seen]
    return found


def test_with_a_pose_a_fall_is_seen_that_the_box_hides() -> None:
    seen = watch_pose(lambda at: UPRIGHT if at < 20 else TOWARDS, lambda at: STANDS if at < 20 else LIES)
    assert active(seen)[0][1] == "fall"
    assert 30 <= active(seen)[0][0] <= 31.5
    tilt = next(c for c in seen[-1][1].conditions if c.name == "torso_tilt")
    assert (tilt.value, tilt.met) == (90, True)


def test_with_a_pose_who_sits_down_with_stretched_legs_has_not_fallen() -> None:
    def boxes(at: float) -> Box:
        return UPRIGHT if at < 20 else LYING

    assert active(watch_pose(boxes, lambda at: STANDS if at < 20 else SITS)) == []
    assert active(watch_pose(boxes, lambda at: None)) != [], "without joints the box decides"


@pytest.mark.parametrize(("known_for_s", "fell"), [(1.0, False), (2.5, True)])
def test_a_pose_is_believed_for_a_second_and_a_half(known_for_s: float, fell: bool) -> None:
    """Of who sits there the last pose was told just before the box became that of who lies; none is told after it."""
    start, watched = hour(9), care(lie_s=0.0)
    tilts: list[object] = []
    for index in range(20):
        at = start + 0.25 * index
        box = UPRIGHT if at < start + 2.0 else LYING
        poses: dict[int, Pose | None] = {1: STANDS} if at <= start + 2.0 else {}
        people = [track(1, at, label="person", box=box)]
        (seen,) = watched.observe(at, people, Scene("room", poses=poses, estimates_poses=True))
        tilts += [c.value for c in seen.conditions if c.name == "torso_tilt" and at == start + 2.0 + known_for_s]
        if at == start + 2.0 + known_for_s:
            assert (seen.standing is Standing.ACTIVE) is fell
    assert tilts == [None if fell else 0]


def test_of_somebody_who_is_not_seen_no_pose_is_asked_for() -> None:
    watched, scene = care(), Scene("room", estimates_poses=True)
    asked = [o.pose_of for o in watched.observe(hour(9), somebody(hour(9)), scene)]
    asked += [o.pose_of for o in watched.observe(hour(9) + 1, (), scene)]
    assert asked == [1, None]


def test_a_pose_is_asked_for_at_most_twice_a_second() -> None:
    watched, scene = care(), Scene("room", estimates_poses=True)
    asked: list[int | None] = []
    for index in range(100):
        at = hour(9) + 0.125 * index
        asked += [o.pose_of for o in watched.observe(at, somebody(at), scene)]
    assert (asked.count(1), asked.count(None)) == (25, 75)


def test_without_a_pose_model_nobody_asks_and_nothing_is_told_of_it() -> None:
    seen = watch(care(), posture((hour(9) + 99, LYING)), hour(9), 5)
    assert {o.pose_of for _, o in seen} == {None}
    assert "torso_tilt" not in {c.name for _, o in seen for c in o.conditions}


@pytest.mark.parametrize(
    ("pose", "tilt"),
    [
        (pose_of((0.5, 0.3), (0.5, 0.6)), 0.0),
        (pose_of((0.3, 0.5), (0.6, 0.5)), 90.0),
        (pose_of((0.5, 0.6), (0.5, 0.3)), 180.0),
        # 0.1 of a picture twice as wide as high is as long as 0.2 of its height.
        (pose_of((0.4, 0.4), (0.5, 0.6)), 45.0),
        (pose_of((0.5, 0.3), (0.5, 0.6), score=0.2), None),
        (pose_of((0.5, 0.5), (0.5, 0.5)), None),
    ],
)
def test_the_tilt_is_measured_in_pixels(pose: Pose, tilt: float | None) -> None:
    assert torso_tilt(pose, 2.0) == (tilt if tilt is None else pytest.approx(tilt))


def test_a_torso_that_points_at_the_camera_says_nothing() -> None:
    pose = list(pose_of((0.4, 0.5), (0.5, 0.55)))
    pose[JOINTS.index("right_shoulder")] = Joint(0.6, 0.5, 0.9)
    assert torso_tilt(tuple(pose), 1.0) is None
