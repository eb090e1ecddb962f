from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from lookout_contract.events import Severity
from lookout_edge.config import CorridorEbikeRule
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Observation, Scene, Standing
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.domain.zone import WHOLE_FRAME, Zone
from lookout_edge.rules.base import RuleContext
from lookout_edge.rules.corridor_ebike import CorridorEbike, CorridorEbikeParams
from lookout_edge.testing import track

UTC = RuleContext(SiteCalendar(ZoneInfo("UTC")))
#: Two nets see its two-wheelers: their low scores mean much.
TWO_NETS = RuleContext(SiteCalendar(ZoneInfo("UTC")), tracked={"motorcycle": 0.25})
#: Frame time of a Thursday, 20:59:50 UTC.
EVENING = 21 * 3600.0 - 10


def rule(context: RuleContext = UTC, /, **params: object) -> CorridorEbike:
    settings = {"dwell_s": 4.0, "charging_dwell_s": 8.0, "charging_windows": ["daily 21:00-07:00"], **params}
    return CorridorEbike(CorridorEbikeParams.model_validate(settings), [WHOLE_FRAME], context)


def watch(watched: CorridorEbike, start: float, seconds: float, label: str = "motorcycle") -> list[Observation]:
    seen: list[Observation] = []
    for index in range(round(seconds / 0.5) + 1):
        at = start + index * 0.5
        seen += watched.observe(at, [track(1, at, label=label)], Scene("stairs"))
    return seen


def stages(seen: list[Observation]) -> list[tuple[str | None, Standing, Severity]]:
    """The different states in order of appearance."""
    states = [(o.attributes.stage, o.standing, o.severity) for o in seen]
    return [state for index, state in enumerate(states) if index == 0 or state != states[index - 1]]


def test_it_passes_parks_and_charges_at_night() -> None:
    seen = watch(rule(), EVENING, 20)
    assert stages(seen) == [
        ("passing", Standing.PENDING, Severity.BLUE),
        ("parked", Standing.ACTIVE, Severity.YELLOW),
        ("suspected_charging", Standing.ACTIVE, Severity.RED),
    ]
    # Its 8 s are over two seconds before the night window opens, at 21:00.
    first = next(o for o in seen if o.attributes.stage == "suspected_charging")
    dwell = next(c for c in first.conditions if c.name == "dwell")
    assert dwell.value == 10.0


def test_by_day_a_long_stay_is_only_parked() -> None:
    seen = watch(rule(), 12 * 3600.0, 60)
    assert stages(seen)[-1][0] == "parked"
    assert seen[-1].severity_reason == "ebike_parked", "why it is as grave as it is"


def test_it_stays_suspected_when_the_night_ends() -> None:
    seen = watch(rule(), 7 * 3600.0 - 15, 60)
    assert stages(seen)[-1][0] == "suspected_charging"
    assert seen[-1].conditions[-1].value is False


def test_in_a_lift_passing_is_enough_once_the_votes_agree() -> None:
    seen = watch(rule(alarm_from="passing", votes_needed=3, votes_of=5), 0.0, 2.0)
    assert [o.standing for o in seen[:3]] == [Standing.PENDING, Standing.PENDING, Standing.ACTIVE]
    assert seen[2].severity is Severity.BLUE


def test_the_alarm_may_begin_with_charging_only() -> None:
    seen = watch(rule(alarm_from="suspected_charging"), EVENING, 20)
    assert {o.standing for o in seen if o.attributes.stage == "parked"} == {Standing.PENDING}
    assert seen[-1].standing is Standing.ACTIVE


@pytest.mark.parametrize("label", ["bicycle", "ebike"])
def test_all_its_labels_count(label: str) -> None:
    assert stages(watch(rule(), 0.0, 6.0, label))[-1][1] is Standing.ACTIVE


def test_a_car_is_nothing() -> None:
    assert watch(rule(), 0.0, 6.0, "car") == []


def test_charging_must_take_longer_than_parking() -> None:
    assert CorridorEbikeParams(dwell_s=10, charging_dwell_s=10).dwell_s == 10
    with pytest.raises(ValidationError, match="must not be shorter"):
        CorridorEbikeParams(dwell_s=10, charging_dwell_s=5)


def test_a_socket_is_in_a_zone_that_the_rule_watches() -> None:
    placed = {"scenario": "corridor_ebike", "zones": ["landing", "socket"], "socket_zones": ["socket"]}
    assert CorridorEbikeRule.model_validate(placed).socket_zones == ("socket",)
    for zones in ([], ["landing"]):
        with pytest.raises(ValidationError, match="socket_zones must be among the rule's zones"):
            CorridorEbikeRule.model_validate({**placed, "zones": zones})


def test_it_asks_for_a_look_when_the_dwell_is_over() -> None:
    assert watch(rule(), 0.0, 0.0)[0].look_by == 4.0


def test_what_the_detector_hardly_believes_waits_for_better_looks() -> None:
    watched = rule(min_score=0.4)
    doubtful = [
        watched.observe(i * 0.5, [track(1, i * 0.5, label="bicycle", score=0.25)], Scene("s")) for i in range(20)
    ]
    last = doubtful[-1][0]
    condition = next(c for c in last.conditions if c.name == "score")
    assert (condition.value, condition.limit, condition.met) == (0.25, 0.4, False)
    assert (last.standing, last.blocked_by) == (Standing.PENDING, "score")
    surer = [
        watched.observe(i * 0.5, [track(1, i * 0.5, label="bicycle", score=0.9)], Scene("s")) for i in range(20, 40)
    ]
    assert surer[0][0].standing is Standing.PENDING, "one good look does not outweigh twenty bad ones"
    assert surer[-1][0].standing is Standing.ACTIVE


@pytest.mark.parametrize(
    ("stood", "score", "params", "alarm"),
    [
        (False, 0.35, {}, True),
        (True, 0.35, {}, False),  # a chair in the light of a lamp
        (True, 0.45, {}, True),  # an e-bike in the light of a lamp
        (True, 0.35, {"min_score": 0.3}, True),  # somebody has said how sure it must be
    ],
)
def test_what_stood_there_unseen_must_be_clearly_an_ebike(
    stood: bool, score: float, params: dict[str, object], alarm: bool
) -> None:
    watched, scene = rule(**params), Scene("stairs", stood=lambda box, before: stood)
    seen = [watched.observe(i * 0.5, [track(1, i * 0.5, label="motorcycle", score=score)], scene) for i in range(40)]
    assert (seen[-1][0].standing is Standing.ACTIVE) == alarm
    assert alarm or seen[-1][0].blocked_by == "score"


@pytest.mark.parametrize(
    ("context", "came_at", "stood", "score", "alarm"),
    [
        (TWO_NETS, 10.0, False, 0.26, True),
        (TWO_NETS, 10.0, False, 0.24, False),
        (TWO_NETS, 0.0, False, 0.39, False),  # there when the camera began to look: a chair with somebody on it
        (TWO_NETS, 0.0, False, 0.41, True),
        (TWO_NETS, 10.0, True, 0.26, False),  # a chair in the light of a lamp
        (UTC, 10.0, False, 0.26, False),  # one net alone
    ],
)
def test_what_came_is_believed_with_the_score_that_two_nets_vouch_for(
    context: RuleContext, came_at: float, stood: bool, score: float, alarm: bool
) -> None:
    watched, scene = rule(context), Scene("stairs", stood=lambda box, before: stood)
    seen: list[Observation] = []
    for index in range(60):
        at = index * 0.5
        here = [track(1, at, label="motorcycle", score=score, first_at=came_at)] if at >= came_at else []
        seen += watched.observe(at, here, scene)
    assert (seen[-1].standing is Standing.ACTIVE) == alarm
    assert alarm or seen[-1].blocked_by == "score"


@pytest.mark.parametrize(("sure_from", "alarm"), [(15.0, True), (20.0, True), (25.0, False)])
def test_what_was_hardly_seen_until_a_lamp_was_lit_must_be_clearly_an_ebike(sure_from: float, alarm: bool) -> None:
    watched, seen, noon = rule(UTC), list[Observation](), 12 * 3600.0
    sure_from += noon
    for index in range(200):
        at = noon + index * 0.5
        thing = track(1, at, label="motorcycle", score=0.38 if at >= sure_from else 0.26, first_at=noon)
        seen += watched.observe(at, [thing], Scene("stairs"))
    assert (seen[-1].standing is Standing.ACTIVE) == alarm


def test_what_was_told_is_doubted_no_more_after_a_restart() -> None:
    told = watch(rule(), 0.0, 10.0)[-1]._replace(key=-1)
    watched = rule()
    scene = Scene("stairs", stood=lambda box, before: True, going_on=lambda _: [told])
    seen = [
        watched.observe(60 + i * 0.5, [track(1, 60 + i * 0.5, label="motorcycle", score=0.35)], scene) for i in range(9)
    ]
    assert seen[-1][0].standing is Standing.ACTIVE


def test_a_lift_needs_three_of_five_looks_and_less_than_two_seconds() -> None:
    watched = rule(place="lift")
    seen = [watched.observe(i * 0.2, [track(1, i * 0.2, label="motorcycle")], Scene("lift"))[0] for i in range(10)]
    assert [o.standing for o in seen[:3]] == [Standing.PENDING, Standing.PENDING, Standing.ACTIVE]
    assert (seen[2].severity, seen[2].severity_reason) == (Severity.YELLOW, "ebike_in_lift")
    assert told(seen[2], "dwell") == (0.4, 0.0, True), "nobody waits for one that stays"


def test_one_that_is_left_in_a_lift_overnight_may_charge_there() -> None:
    seen = watch(rule(place="lift"), EVENING, 20)
    assert list(dict.fromkeys(o.severity_reason for o in seen)) == ["ebike_in_lift", "ebike_suspected_charging"]
    assert (seen[-2].severity, seen[-1].severity) == (Severity.RED, Severity.RED)


def test_by_a_socket_it_charges_by_day_too() -> None:
    socket = Zone("socket", WHOLE_FRAME.polygon)
    params = CorridorEbikeParams.model_validate({"dwell_s": 4.0, "socket_zones": ["socket"], "socket_dwell_s": 8.0})
    watched = CorridorEbike(params, [socket], UTC)
    seen = watch(watched, 12 * 3600.0, 20)
    assert stages(seen)[-1] == ("suspected_charging", Standing.ACTIVE, Severity.RED)
    assert next(o.since for o in seen) == 12 * 3600.0
    first = next(o for o in seen if o.attributes.stage == "suspected_charging")
    assert told(first, "dwell") == (8.0, 8.0, True)


def test_beside_the_socket_it_is_parked_by_day_however_long_it_stays() -> None:
    left, right = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)), ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))
    params = CorridorEbikeParams.model_validate({"dwell_s": 4.0, "socket_zones": ["socket"], "socket_dwell_s": 8.0})
    watched = CorridorEbike(params, [Zone("landing", left), Zone("socket", right)], UTC)
    beside, seen = Box(0.1, 0.4, 0.3, 0.6), list[Observation]()
    for index in range(60):
        at = 12 * 3600.0 + index * 0.5
        seen += watched.observe(at, [track(1, at, label="motorcycle", box=beside, first_at=12 * 3600.0)], Scene("s"))
    assert (seen[-1].zone, seen[-1].attributes.stage) == ("landing", "parked")
    assert told(seen[-1], "charging_window") == (False, None, True)
    waiting = CorridorEbikeParams.model_validate({**params.model_dump(), "alarm_from": "suspected_charging"})
    one = CorridorEbike(waiting, [Zone("landing", left), Zone("socket", right)], UTC)
    looks = [one.observe(at, [track(1, at, label="motorcycle", box=beside)], Scene("s"))[0] for at in (0.0, 0.5)]
    assert told(looks[-1], "dwell") == (0.5, 1800.0, False), "the socket's limit holds by the socket alone"


def told(seen: Observation, name: str) -> tuple[object, object, bool]:
    condition = next(c for c in seen.conditions if c.name == name)
    return condition.value, condition.limit, condition.met


def test_its_dwell_is_told_with_the_limit_that_holds_by_a_socket() -> None:
    socket = Zone("socket", WHOLE_FRAME.polygon)
    given = {"dwell_s": 4.0, "socket_zones": ["socket"], "socket_dwell_s": 8.0, "alarm_from": "suspected_charging"}
    seen = watch(CorridorEbike(CorridorEbikeParams.model_validate(given), [socket], UTC), 12 * 3600.0, 20)
    assert told(seen[10], "dwell") == (5.0, 8.0, False)
    assert told(seen[-1], "dwell") == (20.0, 8.0, True)
    assert told(seen[-1], "charging_window") == (False, None, True)
    assert seen[-1].standing is Standing.ACTIVE


def test_by_day_it_is_the_night_that_is_lacking_and_no_time() -> None:
    seen = watch(rule(alarm_from="suspected_charging"), 12 * 3600.0, 60)
    assert (seen[-1].standing, seen[-1].blocked_by) == (Standing.PENDING, "charging_window")
    assert told(seen[-1], "dwell") == (60.0, 8.0, True)
    assert seen[4].blocked_by == "dwell"


def test_one_bicycle_found_twice_is_one_thing() -> None:
    watched = rule()
    seen = [
        watched.observe(
            at, [track(1, at, label="bicycle"), track(2, at, label="motorcycle", first_at=at)], Scene("stairs")
        )
        for at in (0.0, 0.5, 1.0)
    ]
    assert [len(look) for look in seen] == [1, 1, 1]


_WHOLE, _FRONT = Box(0.30, 0.30, 0.60, 0.90), Box(0.42, 0.34, 0.58, 0.80)


def _keys(watched: CorridorEbike, looks: list[dict[int, Box]]) -> list[set[int]]:
    """The things of each look, half a second apart; a look is track number → box."""
    seen: list[set[int]] = []
    for index, boxes in enumerate(looks):
        at = index * 0.5
        tracks = [track(number, at, label="motorcycle", box=box) for number, box in boxes.items()]
        seen.append({o.key for o in watched.observe(at, tracks, Scene("lift"))})
    return seen


@pytest.mark.parametrize(
    "looks",
    [
        pytest.param([{1: _WHOLE}, {1: _WHOLE, 2: _FRONT}, {2: _FRONT}, {1: _WHOLE, 2: _FRONT}], id="whole-first"),
        pytest.param([{1: _FRONT}, {1: _FRONT, 2: _WHOLE}, {2: _WHOLE}, {2: _WHOLE}], id="part-first"),
        pytest.param([{1: _WHOLE}, {2: _FRONT}, {3: _WHOLE}], id="number-lost"),
    ],
)
def test_an_ebike_and_its_front_are_one_thing(looks: list[dict[int, Box]]) -> None:
    assert _keys(rule(), looks) == [{1}] * len(looks)


def test_a_jump_of_time_forgets_how_things_came() -> None:
    """What stands there when time goes on was there already, and is believed no less than at the start."""
    watched, stood = rule(TWO_NETS), Scene("stairs", stood=lambda box, before: True)
    for index in range(60):
        watched.observe(100 + index * 0.5, [], Scene("stairs"))
    watched.observe(130.0, [track(1, 130.0, label="motorcycle", score=0.9, first_at=130.0)], Scene("stairs"))
    watched.reset()
    seen: list[Observation] = []
    for index in range(20):
        at = 140 + index * 0.5
        seen += watched.observe(at, [track(1, at, label="motorcycle", score=0.35, first_at=140.0)], stood)
    assert seen[-1].blocked_by == "score", "one that stood there unseen"


def test_two_ebikes_side_by_side_are_two() -> None:
    beside = Box(0.48, 0.30, 0.78, 0.90)
    assert _keys(rule(), [{1: _WHOLE}, {1: _WHOLE, 2: beside}, {1: _WHOLE, 2: beside}])[1:] == [{1, 2}] * 2


def test_while_one_that_stood_behind_another_is_still_there_the_alarm_goes_on() -> None:
    looks = [{1: _WHOLE, 2: _FRONT}] * 2 + [{2: _FRONT}] * 12
    assert _keys(rule(), looks) == [{1}] * len(looks)
