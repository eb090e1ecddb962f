from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from lookout_contract.events import Severity
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Observation, Scene, Standing
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.domain.track import Track
from lookout_edge.domain.zone import WHOLE_FRAME
from lookout_edge.rules.base import Rule, RuleContext
from lookout_edge.rules.care import Care, CareParams
from lookout_edge.rules.key_area import KeyArea, KeyAreaParams
from lookout_edge.testing import track

CONTEXT = RuleContext(SiteCalendar(ZoneInfo("Asia/Shanghai")))
#: 2026-05-04 00:00 in Shanghai.
MIDNIGHT = 1777824000.0
UPRIGHT = Box(0.40, 0.30, 0.48, 0.80)
LYING = Box(0.30, 0.70, 0.60, 0.80)
See = Callable[[float], Sequence[Track]]


def hour(clock: float) -> float:
    return MIDNIGHT + clock * 3600


def watch(watched: Rule, see: See, start: float, seconds: float, step: float = 0.5) -> list[tuple[float, Observation]]:
    found: list[tuple[float, Observation]] = []
    for index in range(round(seconds / step) + 1):
        at = start + index * step
        found += [(at, o) for o in watched.observe(at, see(at), Scene("yard"))]
    return found


def active(seen: list[tuple[float, Observation]]) -> list[tuple[float, str | None]]:
    return [(at, o.attributes.stage) for at, o in seen if o.standing is Standing.ACTIVE]


def somebody(at: float) -> Sequence[Track]:
    return (track(1, at, label="person", box=UPRIGHT),)


def area(**params: object) -> KeyArea:
    return KeyArea(KeyAreaParams.model_validate(params), [WHOLE_FRAME], CONTEXT)


def test_somebody_in_a_closed_area_is_an_intrusion() -> None:
    seen = watch(area(), somebody, hour(12), 10)
    assert active(seen)[0] == (hour(12) + 2, "intrusion")
    assert seen[-1][1].severity is Severity.RED


def test_by_schedule_intrusion_at_night_and_loitering_by_day() -> None:
    park = {"windows": ["22:00-06:00"], "loiter_windows": ["06:00-22:00"], "loiter_s": 60.0}
    assert active(watch(area(**park), somebody, hour(23), 10))[0][1] == "intrusion"
    by_day = watch(area(**park), somebody, hour(12), 90)
    assert active(by_day)[0] == (hour(12) + 60, "loitering")
    assert by_day[-1][1].severity is Severity.YELLOW
    only_nights = watch(area(windows=["22:00-06:00"]), somebody, hour(12), 90)
    assert {o.blocked_by for _, o in only_nights} == {"window"}


def test_who_stays_into_the_night_becomes_an_intruder() -> None:
    park = area(windows=["22:00-06:00"], loiter_windows=["06:00-22:00"], loiter_s=3600.0)
    seen = active(watch(park, somebody, hour(22) - 20, 40))
    assert seen[0] == (hour(22), "intrusion")


def test_loitering_takes_longer() -> None:
    with pytest.raises(ValidationError, match="must not be shorter"):
        KeyAreaParams(dwell_s=10, loiter_s=5)


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


def test_no_sign_of_life_by_the_hour_is_an_alarm_that_a_sight_ends() -> None:
    watched = care(alive_by="09:30")
    quiet = watch(watched, nobody, hour(4.9), 5 * 3600, step=10.0)
    assert active(quiet)[0] == (hour(9.5), "no_sign_of_life")
    assert quiet[-1][1].objects == ()
    assert quiet[-1][1].attributes.restricted
    assert {stage for _, stage in active(watch(watched, somebody, hour(10), 2))} <= {"fall"}
    assert active(watch(watched, nobody, hour(10.1), 600, step=10.0)) == []


def test_a_sign_of_life_in_the_morning_is_enough_and_one_at_night_is_not() -> None:
    watched = care(alive_by="09:30")
    watch(watched, somebody, hour(4.0), 10)
    assert active(watch(watched, nobody, hour(4.1), 6 * 3600, step=10.0))[0][0] == hour(9.5)
    again = care(alive_by="09:30")
    watch(again, nobody, hour(5), 3600, step=10.0)
    watch(again, somebody, hour(6.01), 10)
    assert active(watch(again, nobody, hour(6.1), 4 * 3600, step=10.0)) == []


def test_silence_means_nothing_when_nobody_watched() -> None:
    watched = care(alive_by="09:30")
    watch(watched, nobody, hour(5), 600, step=10.0)
    seen = watch(watched, nobody, hour(9.4), 1200, step=10.0)
    assert {(o.standing, o.blocked_by) for _, o in seen} == {(Standing.BLOCKED, "coverage")}


def test_every_day_begins_anew() -> None:
    watched = care(alive_by="09:30")
    watch(watched, somebody, hour(8), 10)
    assert active(watch(watched, nobody, hour(28.9), 5 * 3600, step=10.0))[0][0] == hour(33.5)


def test_hours_and_ratios_must_make_sense() -> None:
    with pytest.raises(ValidationError, match="must be later"):
        care(alive_from="10:00", alive_by="09:00")
    with pytest.raises(ValidationError, match="no time of day"):
        care(alive_by="nine")
    with pytest.raises(ValidationError, match="smaller than upright"):
        care(lying_ratio=2.0)
