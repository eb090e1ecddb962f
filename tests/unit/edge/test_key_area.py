from collections.abc import Sequence

import pytest
from pydantic import ValidationError

from lookout_contract.events import EndReason, EventData, Phase, Scenario, Severity
from lookout_edge.domain.observation import Scene, Standing
from lookout_edge.domain.track import Track
from lookout_edge.domain.zone import WHOLE_FRAME
from lookout_edge.events import EventBook, Provenance
from lookout_edge.rules.key_area import KeyArea, KeyAreaParams
from lookout_edge.testing import track
from unit.edge.people_examples import CONTEXT, active, hour, somebody, watch


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


def test_hours_for_passing_alone_close_the_area_at_all_others() -> None:
    park = {"loiter_windows": ["06:00-22:00"], "loiter_s": 60.0}
    assert active(watch(area(**park), somebody, hour(12), 90))[0] == (hour(12) + 60, "loitering")
    assert active(watch(area(**park), somebody, hour(23), 10))[0] == (hour(23) + 2, "intrusion")
    both = {**park, "windows": ["12:00-13:00"]}
    assert active(watch(area(**both), somebody, hour(12), 10))[0] == (hour(12) + 2, "intrusion")
    assert active(watch(area(**both), somebody, hour(23), 90)) == []


def test_who_stays_into_the_night_becomes_an_intruder() -> None:
    park = area(windows=["22:00-06:00"], loiter_windows=["06:00-22:00"], loiter_s=3600.0)
    seen = active(watch(park, somebody, hour(22) - 20, 40))
    assert seen[0] == (hour(22), "intrusion")


PARK = {"windows": ["22:00-06:00"], "loiter_windows": ["06:00-22:00"], "loiter_s": 60.0}


def test_an_intruder_who_is_still_there_when_the_area_opens_is_one_until_they_leave() -> None:
    def see(at: float) -> Sequence[Track]:
        return somebody(at) if at < hour(6) + 90 or at >= hour(6) + 110 else ()

    seen = watch(area(**PARK), see, hour(6) - 30, 230)
    told = [each for each in seen if each[0] < hour(6) + 90]
    assert {stage for _, stage in active(told)} == {"intrusion"}
    assert {o.severity for _, o in told} == {Severity.RED}
    entering = [c.value for c in told[-1][1].conditions if c.name == "entering_allowed"]
    assert entering == [True], "what holds now is told"
    again = [each for each in active(seen) if each[0] >= hour(6) + 110]
    assert again[0] == (hour(6) + 170, "loitering"), "who comes back has merely come"


def test_an_alarm_about_somebody_who_is_there_yet_when_its_hours_end_does_not_say_that_they_have_gone() -> None:
    book = EventBook(Scenario.KEY_AREA, Provenance(camera="yard", models={}))
    night = area(windows=["22:00-06:00"])
    events: list[EventData] = []
    for step in range(120):
        at = hour(6) - 30 + step * 0.5
        events += book.update(at, night.observe(at, somebody(at), Scene("yard")))
    assert [(event.phase, event.end_reason) for event in events] == [
        (Phase.START, None),
        (Phase.END, EndReason.WINDOW_OVER),
    ]
    assert events[1].captured_at.timestamp() == hour(6)
    assert [c.name for c in events[1].explain if not c.met] == ["window"]


def test_who_comes_as_the_area_opens_is_no_intruder() -> None:
    assert active(watch(area(**PARK), somebody, hour(6) - 1.5, 50)) == []


def test_an_intruder_is_one_after_a_restart_in_open_hours() -> None:
    park = area(**PARK)
    (told,) = park.observe(hour(6) - 2, somebody(hour(6) - 2), Scene("yard"))
    told = told._replace(standing=Standing.ACTIVE, key=-1)
    scene = Scene("yard", going_on=lambda _: [told])
    after = area(**PARK).observe(hour(6) + 30, somebody(hour(6) + 30), scene)
    assert [(o.attributes.stage, o.severity) for o in after] == [("intrusion", Severity.RED)]


def test_who_was_seen_once_while_the_area_was_closed_is_no_intruder_when_it_has_opened() -> None:
    park = area(**PARK, dwell_s=0.0)
    assert active(watch(park, somebody, hour(6) - 0.5, 30)) == []
    again = area(**PARK, dwell_s=2.0)
    seen = watch(again, somebody, hour(6) - 2.5, 30)
    assert active(seen)[0] == (hour(6) - 0.5, "intrusion"), "two seconds, in three looks and more"
    assert active(seen)[-1][1] == "intrusion"
    just = area(**PARK, dwell_s=1.0)
    assert active(watch(just, somebody, hour(6) - 1.5, 30))[-1][1] == "intrusion", "three looks of five are enough"


def test_it_asks_for_a_look_when_somebody_has_been_there_for_long_enough() -> None:
    seen = watch(area(**PARK), lambda at: [track(1, at, label="person", first_at=hour(12))], hour(12), 3)
    assert [(at, o.look_by) for at, o in seen if at in {hour(12), hour(12) + 2}] == [
        (hour(12), hour(12) + 2),
        (hour(12) + 2, hour(12) + 60),
    ]


def test_loitering_takes_longer() -> None:
    assert KeyAreaParams(dwell_s=5, loiter_s=5).loiter_s == 5
    with pytest.raises(ValidationError, match="must not be shorter"):
        KeyAreaParams(dwell_s=10, loiter_s=5)
