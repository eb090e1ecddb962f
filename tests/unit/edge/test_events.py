from dataclasses import replace

import pytest

from lookout_contract.events import (
    Attributes,
    EndReason,
    EventData,
    Phase,
    Plate,
    PlateStatus,
    Scenario,
    Severity,
    Votes,
)
from lookout_edge.domain.condition import Condition
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Observation, Standing
from lookout_edge.domain.occurrence import OccurrenceSettings
from lookout_edge.domain.presence import Thing
from lookout_edge.events import EventBook, Provenance

HERE = Box(0.4, 0.4, 0.6, 0.6)


def observation(
    key: int = 1,
    *,
    standing: Standing = Standing.ACTIVE,
    box: Box = HERE,
    zone: str = "lane",
    severity: Severity = Severity.BLUE,
    stage: str | None = None,
    plate: Plate | None = None,
    group: str = "vehicle",
) -> Observation:
    return Observation(
        key=key,
        zone=zone,
        group=group,
        box=box,
        standing=standing,
        since=100.0,
        severity=severity,
        severity_reason="test",
        conditions=(Condition(name="dwell", value=5.0, limit=2.0, met=standing is Standing.ACTIVE, unit="s"),),
        objects=(Thing("car", 0.81234, box, key),),
        votes=Votes(yes=3, of=5),
        attributes=Attributes(stage=stage, plate=plate),
        blocked_by=None if standing is Standing.ACTIVE else "dwell",
    )


def book(camera: str = "gate", **settings: float) -> EventBook:
    provenance = Provenance(camera=camera, models={"coco-nano": "0" * 64}, config_hash="1" * 64)
    return EventBook(Scenario.UNFAMILIAR_VEHICLE, provenance, replace(OccurrenceSettings(), **settings))


def run(
    opened: EventBook, looks: list[list[Observation]], *, start: float = 105.0, step: float = 0.5
) -> list[EventData]:
    events: list[EventData] = []
    for index, seen in enumerate(looks):
        events += opened.update(start + index * step, seen)
    return events


def phases(events: list[EventData]) -> list[str]:
    return [event.phase.value for event in events]


def test_one_thing_is_one_start_and_one_end() -> None:
    events = run(book(hold_s=2.0), [[observation()]] * 20 + [[]] * 10)
    assert phases(events) == ["start", "end"]
    assert {event.occurrence for event in events} == {events[0].occurrence}
    assert events[1].end_reason is EndReason.CLEARED
    assert events[0].captured_at.timestamp() == 105.0
    assert events[0].dwell_s == 5.0
    assert events[0].models == {"coco-nano": "0" * 64}
    assert events[0].config_hash == "1" * 64


def test_the_start_tells_where_the_zone_lies_and_nothing_later_does() -> None:
    corners = ((0.1, 0.1), (0.9, 0.1), (0.5, 0.9))
    provenance = Provenance(camera="gate", models={}, outlines={"lane": corners})
    opened = EventBook(Scenario.UNFAMILIAR_VEHICLE, provenance, replace(OccurrenceSettings(), hold_s=2.0))
    seen = [observation(), observation(2, zone="yard", box=Box(0.0, 0.0, 0.1, 0.1))]
    events = run(opened, [seen] * 20 + [[]] * 10)
    assert [(event.phase, event.zone, event.outline) for event in events] == [
        (Phase.START, "lane", corners),
        (Phase.START, "yard", None),
        (Phase.END, "lane", None),
        (Phase.END, "yard", None),
    ]


def test_the_dwell_at_the_end_leaves_out_the_time_it_was_gone() -> None:
    events = run(book(hold_s=2.0), [[observation()]] * 20 + [[]] * 10)
    assert events[1].dwell_s == 114.5 - 100.0


def test_a_short_miss_changes_nothing() -> None:
    looks = [[observation()]] * 5 + [[]] * 4 + [[observation()]] * 5
    assert phases(run(book(hold_s=2.0), looks)) == ["start"]


def test_another_number_in_the_same_place_is_the_same_occurrence() -> None:
    looks = [[observation(1)]] * 5 + [[]] * 2 + [[observation(9, box=Box(0.42, 0.42, 0.62, 0.6))]] * 5
    assert phases(run(book(), looks)) == ["start"]


def test_its_dwell_counts_from_the_first_of_its_numbers() -> None:
    looks = [[observation(1)]] * 5 + [[observation(9)._replace(since=107.0)]] * 5 + [[]] * 10
    assert run(book(hold_s=2.0), looks)[-1].dwell_s == 109.5 - 100.0


def test_another_place_zone_or_kind_is_another_one() -> None:
    far = observation(9, box=Box(0.0, 0.0, 0.1, 0.1))
    assert phases(run(book(), [[observation(1)], [far]])) == ["start", "start"]
    assert phases(run(book(), [[observation(1)], [observation(9, zone="yard")]])) == ["start", "start"]
    assert phases(run(book(), [[observation(1)], [observation(9, group="person")]])) == ["start", "start"]


def test_two_things_in_the_same_look_have_different_names() -> None:
    events = run(book(), [[observation(1), observation(2, box=Box(0, 0, 0.1, 0.1))]])
    assert len({event.occurrence for event in events}) == 2


def test_names_are_the_same_in_every_replay_and_differ_between_cameras() -> None:
    first, again, other = (run(book(camera), [[observation()]])[0] for camera in ("gate", "gate", "yard"))
    assert first.model_dump_json() == again.model_dump_json()
    assert first.occurrence != other.occurrence


def test_updates_come_at_once_when_something_changes_and_seldom_otherwise() -> None:
    same = [[observation()]] * 100
    assert phases(run(book(update_interval_s=30.0), same)) == ["start", "update"]
    plate = Plate(text="皖A12345", confidence=0.9, status=PlateStatus.UNKNOWN)
    looks = [
        [observation()],
        [observation(severity=Severity.YELLOW)],
        [observation(severity=Severity.YELLOW)],
        [observation(severity=Severity.YELLOW, stage="parked")],
        [observation(severity=Severity.YELLOW, stage="parked", plate=plate)],
    ]
    assert phases(run(book(), looks)) == ["start", "update", "update", "update"]


def test_an_unreadable_plate_is_no_news() -> None:
    plate = Plate(confidence=0.2, status=PlateStatus.UNREADABLE)
    assert phases(run(book(), [[observation()], [observation(plate=plate)]])) == ["start"]


def test_pending_starts_nothing_but_keeps_what_is_open() -> None:
    pending = observation(standing=Standing.PENDING)
    assert run(book(), [[pending]] * 50) == []
    again = pending._replace(key=7)
    looks = [[observation()], *[[again]] * 50]
    assert phases(run(book(hold_s=1.0, update_interval_s=1.0), looks)) == ["start"], "nor is it told meanwhile"


def test_what_is_open_or_may_go_on_is_known_as_such_and_what_ended_is_not() -> None:
    opened, waits = book(), observation(standing=Standing.PENDING)
    assert not opened.is_about(waits)
    run(opened, [[observation()], [observation(key=2, standing=Standing.PENDING)]])
    assert opened.is_about(observation(key=2, standing=Standing.PENDING)), "the same under another number"
    assert not opened.is_about(observation(key=3, standing=Standing.PENDING))
    opened.close(107.0, EndReason.BLIND)
    run(opened, [[waits]], start=110.0)
    assert opened.is_about(waits)
    run(opened, [[observation()], *[[]] * 20], start=111.0, step=1.0)
    assert not opened.is_about(waits)


def test_blocked_ends_it_and_says_by_what() -> None:
    blocked = observation(standing=Standing.BLOCKED)
    events = run(book(), [[observation()], [blocked], [blocked]])
    assert phases(events) == ["start", "end"]
    assert events[1].explain[0].met is False


def test_time_nobody_looked_does_not_clear_anything() -> None:
    opened = book(hold_s=5.0)
    assert phases(opened.update(100.0, [observation()])) == ["start"]
    assert opened.update(3700.0, []) == []
    assert opened.open_count == 1


def test_close_ends_all_with_its_reason() -> None:
    opened = book()
    run(opened, [[observation(1), observation(2, box=Box(0, 0, 0.1, 0.1))]])
    ends = opened.close(120.0, EndReason.SHUTDOWN)
    assert [(event.phase, event.end_reason) for event in ends] == [(Phase.END, EndReason.SHUTDOWN)] * 2
    assert opened.open_count == 0
    assert opened.close(121.0, EndReason.SHUTDOWN) == []


def test_a_restart_goes_on_under_the_old_name() -> None:
    before = book()
    start, *_ = run(before, [[observation()]] * 20)
    (end,) = before.close(115.0, EndReason.SHUTDOWN)
    after = book()
    after.resume([EventData.model_validate_json(end.model_dump_json())])
    again = observation(77)._replace(since=300.0)
    events = run(after, [[], [again._replace(standing=Standing.PENDING)], [again], [again]], start=300.0)
    assert phases(events) == ["update"]
    assert (events[0].occurrence, events[0].resumed, events[0].started_at) == (start.occurrence, True, start.started_at)
    assert events[0].dwell_s == 301.0 - 100.0, "it has stood there since before the restart"
    assert events[0].objects[0].track == 77
    assert after.open_count == 1


def test_what_has_gone_during_a_restart_ends_as_cleared_once_somebody_looked_for_long_enough() -> None:
    before = book()
    start, *_ = run(before, [[observation()]] * 20)
    (end,) = before.close(115.0, EndReason.SHUTDOWN)
    after = book(hold_s=2.0)
    after.resume([end])
    events = run(after, [[]] * 3, start=300.0)
    assert events == []
    assert after.is_waiting
    events = run(after, [[]] * 10, start=302.0)
    assert [(e.occurrence, e.phase, e.end_reason) for e in events] == [(start.occurrence, Phase.END, EndReason.CLEARED)]
    assert (events[0].dwell_s, events[0].votes) == (15.0, start.votes)
    assert not after.is_waiting


def test_a_power_cut_leaves_an_update_and_too_long_after_it_the_end_is_told() -> None:
    before = book()
    (start,) = run(before, [[observation()]])
    soon, late = book(), book(resume_s=60.0)
    soon.resume([start])
    assert phases(run(soon, [[observation(5)]], start=200.0)) == ["update"]
    late.resume([start])
    events = run(late, [[observation(5)]], start=200.0)
    assert [(e.phase, e.end_reason) for e in events] == [(Phase.END, EndReason.BLIND), (Phase.START, None)]
    assert events[0].captured_at == start.captured_at


def test_what_was_seen_to_be_clean_does_not_go_on() -> None:
    cleared = run(book(), [[observation()], *[[]] * 10])[-1]
    after = book()
    after.resume([cleared])
    assert phases(run(after, [[observation()]], start=200.0)) == ["start"]


def test_another_thing_after_a_restart_is_another_occurrence() -> None:
    (start,) = run(book(), [[observation()]])
    after = book()
    after.resume([start])
    events = run(after, [[observation(box=Box(0, 0, 0.1, 0.1))]] * 10, start=200.0)
    assert phases(events) == ["start", "end"]
    assert events[1].occurrence == start.occurrence


def test_a_shutdown_before_the_first_look_tells_the_end_of_what_a_power_cut_left() -> None:
    (start,) = run(book(), [[observation()]])
    after = book()
    after.resume([start])
    (end,) = after.close(200.0, EndReason.SHUTDOWN)
    assert (end.occurrence, end.end_reason) == (start.occurrence, EndReason.SHUTDOWN)
    assert after.close(201.0, EndReason.SHUTDOWN) == []


def test_what_flaps_is_one_occurrence_where_the_rule_says_so() -> None:
    flapping = [[observation(1)], *[[]] * 8, [observation(2)], *[[]] * 8, [observation(3)]]
    assert phases(run(book(), flapping)) == ["start", "end", "start", "end", "start"]
    events = run(book(reopen_s=60.0), flapping)
    assert phases(events) == ["start", "end", "update", "end", "update"]
    assert {event.occurrence for event in events} == {events[0].occurrence}
    assert [event.resumed for event in events] == [False, False, True, False, True]


def test_a_flapping_thing_does_not_hide_another_one() -> None:
    other = observation(8, box=Box(0.0, 0.0, 0.2, 0.2))
    events = run(book(reopen_s=600.0), [[observation(1)], *[[]] * 8, [other]])
    assert phases(events) == ["start", "end", "start"]


def test_a_thing_that_goes_over_into_another_zone_or_stands_in_two_is_one() -> None:
    assert phases(run(book(), [[observation(1)], [observation(1, zone="yard")]])) == ["start", "update"]
    both = [observation(1), observation(1, zone="yard")]
    assert phases(run(book(), [both] * 5)) == ["start"]


def test_a_thing_that_has_changed_its_number_and_goes_over_into_another_zone_is_one() -> None:
    """In its first zone it has the number under which it came there, in the next one that of its track by then."""
    here = observation(1)._replace(objects=(Thing("car", 0.8, HERE, 7),))
    there = observation(7, zone="yard")
    assert phases(run(book(), [[here], [here, there], [there], [there]])) == ["start", "update"]
    pending = observation(1, standing=Standing.PENDING)._replace(objects=here.objects)
    assert phases(run(book(), [[observation(1)], [pending], [there], [there]])) == ["start", "update"]
    other = observation(8, zone="yard")
    assert phases(run(book(), [[here], [here, other], [here, other]])) == ["start", "start"]


def test_a_number_of_an_earlier_run_is_no_number_of_this_one() -> None:
    (start,) = run(book(), [[observation(7)]])
    after = book()
    after.resume([start])
    elsewhere = observation(7, zone="yard", box=Box(0.0, 0.0, 0.1, 0.1))
    assert phases(run(after, [[elsewhere]], start=110.0)) == ["start"]


@pytest.mark.parametrize("behind_s", [5.0, 1800.0])
def test_what_a_power_cut_left_goes_on_on_a_box_whose_clock_comes_up_behind(behind_s: float) -> None:
    """Boxes without a battery begin at the time that was written down last, up to an hour ago."""
    (start,) = run(book(), [[observation()]])
    after = book()
    after.resume([start])
    (event,) = run(after, [[observation()]], start=105.0 - behind_s)
    assert (event.phase, event.resumed, event.occurrence) == (Phase.UPDATE, True, start.occurrence)


def redrawn(zone: str = "yard") -> EventBook:
    """After a reload with which there is no lane any more."""
    provenance = Provenance(camera="gate", models={})
    return EventBook(Scenario.GARBAGE, provenance, OccurrenceSettings(), frozenset({zone}))


def test_what_lies_in_a_zone_that_was_drawn_anew_under_another_name_goes_on() -> None:
    before = book()
    run(before, [[observation()]])
    after = redrawn()
    after.resume(before.close(106.0, EndReason.SHUTDOWN))
    events = run(after, [[observation(4, zone="yard")]] * 20, start=110.0)
    assert [(event.phase, event.resumed, event.zone) for event in events] == [(Phase.UPDATE, True, "yard")]


@pytest.mark.parametrize(("is_told", "ends"), [(True, []), (False, [EndReason.SHUTDOWN])], ids=["reload", "power-cut"])
def test_of_a_zone_that_is_gone_nobody_says_that_it_was_seen_to_be_clean(is_told: bool, ends: list[EndReason]) -> None:
    before = book()
    (start,) = run(before, [[observation()]])
    after = redrawn()
    after.resume(before.close(106.0, EndReason.SHUTDOWN) if is_told else [start])
    assert [event.end_reason for event in run(after, [[]] * 20, start=110.0)] == ends
    assert run(after, [[]] * 20, start=130.0) == []


def test_what_is_seen_in_every_look_is_not_waited_for_and_what_was_missed_is() -> None:
    opened = book(hold_s=5.0)
    assert not opened.is_waiting
    run(opened, [[observation()]] * 3)
    assert not opened.is_waiting
    run(opened, [[]], start=106.5)
    assert opened.is_waiting, "half a second is enough"
    run(opened, [[observation()]], start=107.0)
    assert not opened.is_waiting
    opened.close(108.0, EndReason.BLIND)
    assert not opened.is_waiting, "nobody has looked for it yet"
    run(opened, [[], []], start=200.0)
    assert opened.is_waiting
    run(opened, [[observation(standing=Standing.PENDING)]], start=201.0)
    assert not opened.is_waiting


def test_what_was_seen_to_go_is_neither_waited_for_nor_gone_on_with() -> None:
    opened = book(hold_s=1.0, reopen_s=60.0)
    events = run(opened, [[observation()], *[[]] * 8])
    assert phases(events) == ["start", "end"]
    assert not opened.is_waiting
    assert opened.going_on(110.0) == []
    assert not opened.is_about(observation(standing=Standing.PENDING))


def test_what_blindness_ended_is_gone_on_with_for_as_long_as_it_may_go_on() -> None:
    opened = book(resume_s=60.0)
    run(opened, [[observation()]])
    assert [each.key for each in opened.going_on(105.0)] == [1]
    opened.close(106.0, EndReason.BLIND)
    assert [each.key for each in opened.going_on(106.0)] == [1]
    assert [each.key for each in opened.going_on(166.0)] == [1]
    assert opened.going_on(166.5) == []
    assert [each.key for each in opened.going_on(46.0)] == [1], "a clock that was set back"
    assert opened.going_on(45.5) == []


NEXT_TO_IT = Box(0.45, 0.4, 0.65, 0.6)


def test_of_two_things_that_stand_close_together_the_one_that_leaves_has_left() -> None:
    both = [observation(1), observation(2, box=NEXT_TO_IT)]
    events = run(book(hold_s=2.0), [both, both, *[[observation(1)]] * 10])
    assert phases(events) == ["start", "start", "end"]
    assert events[2].objects[0].track == 2


def test_of_two_things_that_stood_close_together_one_sight_after_a_restart_is_one_of_them() -> None:
    before = book()
    told = run(before, [[observation(1), observation(2, box=NEXT_TO_IT)]])
    after = book(hold_s=2.0)
    after.resume(told)
    events = run(after, [[observation(7)]] * 10, start=200.0)
    assert [(e.phase, e.occurrence) for e in events] == [
        (Phase.UPDATE, told[0].occurrence),
        (Phase.END, told[1].occurrence),
    ]


def test_under_new_numbers_each_is_what_stands_nearest_to_where_it_was() -> None:
    opened = book(update_interval_s=0.5)
    run(opened, [[observation(1)]])
    off = Box(0.45, 0.4, 0.65, 0.6)
    (event,) = run(opened, [[observation(8, box=off), observation(9)]], start=106.0)[:1]
    assert (event.phase, event.objects[0].track) == (Phase.UPDATE, 9)


def test_what_moves_while_it_is_pending_is_found_where_it_moved_to() -> None:
    """A step at a time and under another number each time: the last place has nothing in common with the first."""
    opened = book(hold_s=1.0)
    steps = [Box(0.4 + 0.05 * i, 0.4, 0.6 + 0.05 * i, 0.6) for i in range(7)]
    moved = [[observation(10 + i, box=box, standing=Standing.PENDING)] for i, box in enumerate(steps)]
    events = run(opened, [[observation()], *moved, [observation(30, box=steps[-1])]])
    assert phases(events) == ["start"]
    opened.close(110.0, EndReason.BLIND)
    back = [[observation(40 + i, box=box, standing=Standing.PENDING)] for i, box in enumerate(reversed(steps))]
    events = run(opened, [*back, [observation(60)]], start=120.0)
    assert [(event.phase, event.resumed) for event in events] == [(Phase.UPDATE, True)]


def test_what_was_carried_away_during_a_restart_ends_as_that_and_what_is_allowed_now_as_cleared() -> None:
    (start,) = run(book(), [[observation()]])
    settings = OccurrenceSettings(hold_s=2.0, gone_as=EndReason.REMOVED)
    allowed = observation(standing=Standing.BLOCKED)
    later = allowed._replace(blocked_by="window")
    blocked = (allowed, EndReason.CLEARED), (later, EndReason.WINDOW_OVER)
    for seen, looks, reason in (([], 10, EndReason.REMOVED), *(([o], 1, reason) for o, reason in blocked)):
        after = EventBook(Scenario.GARBAGE, Provenance(camera="gate", models={}), settings)
        after.resume([start])
        assert [event.end_reason for event in run(after, [seen] * looks, start=200.0)] == [reason]


def test_what_waits_after_a_restart_is_gone_only_after_looks_without_it_one_after_another() -> None:
    (start,) = run(book(), [[observation()]])
    after = book(hold_s=2.0)
    after.resume([start])
    waits = [observation(standing=Standing.PENDING)]
    looks = [[], [], [], waits, [], [], [], waits, [], [], []]
    assert run(after, looks, start=200.0) == []
    assert phases(run(after, [[observation()]], start=206.0)) == ["update"]


def test_a_thing_that_flaps_too_late_is_another_occurrence_also_where_blindness_may_last_longer() -> None:
    opened = book(hold_s=1.0, reopen_s=60.0, resume_s=3600.0)
    events = run(opened, [[observation()], *[[]] * 8])
    events += run(opened, [[observation()]], start=200.0)
    assert phases(events) == ["start", "end", "start"]
    assert events[0].occurrence != events[2].occurrence


def test_after_a_short_blindness_the_time_it_was_missed_before_does_not_count() -> None:
    opened = book(hold_s=2.0)
    run(opened, [[observation()], *[[]] * 4])
    opened.close(107.5, EndReason.BLIND)
    assert run(opened, [[]] * 4, start=110.0) == []
    assert phases(run(opened, [[observation()]], start=112.0)) == ["update"]


def test_two_that_come_in_one_look_in_one_zone_have_names_of_their_own_in_every_look() -> None:
    opened = book()
    first = run(opened, [[observation(1), observation(2, box=Box(0, 0, 0.1, 0.1))]])
    second = run(
        opened, [[observation(3, box=Box(0.8, 0.8, 0.9, 0.9)), observation(4, box=Box(0, 0.8, 0.1, 0.9))]], start=106.0
    )
    assert len({event.occurrence for event in (*first, *second)}) == 4


def test_a_thing_that_goes_over_into_a_zone_where_it_is_allowed_is_not_cleared_before_it_was_missed() -> None:
    allowed = observation(1, zone="yard", standing=Standing.BLOCKED)
    events = run(book(hold_s=2.0), [[observation(1)], *[[allowed]] * 3, [observation(1)]])
    assert phases(events) == ["start"]


def test_flames_that_spread_are_one_occurrence_by_the_number_of_their_rule() -> None:
    flames = observation(3)._replace(objects=(Thing("fire", 0.8, HERE, None),))
    spread = flames._replace(box=Box(0.0, 0.0, 1.0, 1.0))
    assert spread.box.iou(flames.box) < OccurrenceSettings().same_place_iou
    assert phases(run(book(hold_s=1.0), [[flames], *[[spread]] * 10])) == ["start"]
    elsewhere = flames._replace(key=4, box=Box(0.0, 0.0, 0.1, 0.1))
    assert phases(run(book(hold_s=1.0), [[flames], *[[flames, elsewhere]] * 10])) == ["start", "start"]


def test_what_stands_in_two_zones_is_told_by_the_one_in_which_it_came() -> None:
    lane, yard = observation(1), observation(1, zone="yard")
    events = run(book(), [[lane, yard], [yard, lane], [lane, yard]])
    assert [(event.phase, event.zone) for event in events] == [(Phase.START, "lane")]


def test_what_goes_on_after_a_power_cut_is_not_told_to_have_ended_when_the_time_for_that_is_over() -> None:
    (start,) = run(book(), [[observation()]])
    after = book(resume_s=60.0, update_interval_s=1000.0)
    after.resume([start])
    assert phases(run(after, [[observation()]] * 200, start=110.0)) == ["update"]
