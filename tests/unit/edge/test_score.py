import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lookout_contract.events import Attributes, EndReason, EventData, Phase, PlateStatus, Scenario, Severity
from lookout_edge.errors import ConfigError
from lookout_edge.score import Alarm, Clip, Cost, Known, Truth, alarms_of, as_table, onfire, read_labels, scoreboard

FIRE, WASTE = Scenario.FIRE_SMOKE, Scenario.GARBAGE
QUICK = Cost(frames_per_cpu_s=20.0, memory_gb=1.0)


def event(at: float, phase: Phase, *, name: str = "o", stage: str | None = None, resumed: bool = False) -> EventData:
    moment = datetime.fromtimestamp(at, UTC)
    return EventData(
        occurrence=name,
        scenario=FIRE,
        camera="clip",
        phase=phase,
        captured_at=moment,
        started_at=moment,
        end_reason=EndReason.CLEARED if phase is Phase.END else None,
        resumed=resumed,
        severity=Severity.RED,
        attributes=Attributes(stage=stage),
    )


def test_an_alarm_is_a_start_or_a_resumption_and_keeps_when_it_was_confirmed() -> None:
    events = [
        event(103.0, Phase.START, stage="pre_alarm"),
        event(107.5, Phase.UPDATE, stage="confirmed"),
        event(109.0, Phase.UPDATE, stage="confirmed"),
        event(120.0, Phase.END, stage="confirmed"),
        event(150.0, Phase.UPDATE, stage="confirmed", resumed=True),
    ]
    assert [(a.at_s, a.confirmed_s) for a in alarms_of(events, 100.0)] == [(3.0, 7.5), (50.0, 50.0)]


def clip(name: str, seconds: float, truths: list[tuple[Scenario, float, float]], alarms: list[Alarm]) -> Clip:
    told = tuple(Truth(scenario=scenario, start_s=start, end_s=end) for scenario, start, end in truths)
    return Clip(name=name, seconds=seconds, truths=told, alarms=tuple(alarms))


def alarm(at: float, scenario: Scenario = FIRE, confirmed: float | None = None) -> Alarm:
    return Alarm(scenario, at, f"o-{at}", "fire", confirmed)


@pytest.mark.parametrize(("at", "counts"), [(8.9, False), (9.0, True), (10.0, True), (25.0, True), (25.1, False)])
def test_an_alarm_counts_from_a_second_before_to_five_after(at: float, counts: bool) -> None:
    board = scoreboard([clip("a", 60, [(FIRE, 10, 20)], [alarm(at)])], [FIRE], QUICK)
    row = board["scenarios"]["fire_smoke"]
    assert (row["found"], row["false_alarms"]) == ((1, 0) if counts else (0, 1))


def test_the_figures_of_a_small_board() -> None:
    clips = [
        clip("a", 1800, [(FIRE, 10, 20), (WASTE, 100, 200)], [alarm(12, confirmed=17), alarm(15), alarm(400)]),
        clip("b", 900, [(FIRE, 10, 20)], [alarm(10.5, confirmed=16)]),
        clip("c", 900, [], [alarm(50, WASTE), alarm(60, Scenario.KEY_AREA)]),
    ]
    board = scoreboard(clips, [WASTE, FIRE], QUICK)
    assert list(board["scenarios"]) == ["fire_smoke", "garbage"]
    fire, waste = board["scenarios"]["fire_smoke"], board["scenarios"]["garbage"]
    assert (fire["events"], fire["found"], fire["recall"]) == (2, 2, 1.0)
    assert (fire["alarms"], fire["false_alarms"], fire["precision"]) == (4, 1, 0.75)
    assert fire["time_to_alarm_s"] == {"p50": 1.25, "max": 2}
    assert fire["time_to_confirmed_s"] == {"p50": 6.5, "max": 7}
    assert (waste["recall"], waste["precision"], waste["time_to_alarm_s"]["p50"]) == (0.0, 0.0, None)
    assert board["camera_hours"] == 1.0
    assert board["false_alarms_per_camera_hour"] == 2.0
    assert board["negative"] == {
        "clips": 1,
        "camera_hours": 0.25,
        "false_alarms": 1,
        "false_alarms_per_camera_hour": 4.0,
    }
    assert [line["verdict"] for line in board["details"]] == ["right", "right", "false", "missed", "right", "false"]
    assert json.loads(json.dumps(board)) == board
    assert "fire_smoke" in as_table(board)


def test_onfires_score_goes_by_clips_and_has_its_cost_terms() -> None:
    fire: list[tuple[Scenario, float, float]] = [(FIRE, 20, 30)]
    clips = [
        clip("late", 60, fire, [alarm(45), alarm(50)]),  # 25 s late, and no second one counts
        clip("early", 60, fire, [alarm(16), alarm(22)]),  # 4 s before the start: within the 5 s
        clip("too early", 60, fire, [alarm(14), alarm(22)]),  # a false one, and the fire is not told any more
        clip("missed", 60, fire, []),
        clip("calm", 60, [], [alarm(3, WASTE)]),
    ]
    quick = onfire(clips, QUICK)
    promptness = (60 - (25 + 4) / 2) / 60
    assert (quick["precision"], quick["recall"]) == (pytest.approx(2 / 3, abs=1e-4), pytest.approx(2 / 3, abs=1e-4))
    assert quick["score"] == pytest.approx(4 / 9 * promptness, abs=1e-3)
    slow = onfire(clips, Cost(frames_per_cpu_s=5.0, memory_gb=8.0))
    assert slow["score"] == pytest.approx(4 / 9 * promptness / (2 * 2), abs=1e-3)
    assert onfire(clips[3:4], QUICK)["score"] == 0.0
    assert onfire([], QUICK)["score"] is None


def test_hours_in_which_nothing_could_be_wrong_do_not_thin_out_false_alarms() -> None:
    calm = clip("calm", 3600, [], [alarm(30)])
    other = Clip(name="bins", seconds=32_400, truths=(), alarms=(alarm(40),), judged=frozenset({WASTE}))
    board = scoreboard([calm, other], [FIRE], QUICK)
    assert (board["clips"], board["camera_hours"], board["false_alarms_per_camera_hour"]) == (2, 1.0, 1.0)
    assert board["negative"] == {
        "clips": 1,
        "camera_hours": 1.0,
        "false_alarms": 1,
        "false_alarms_per_camera_hour": 1.0,
    }
    assert scoreboard([other], [FIRE], QUICK)["negative"]["false_alarms_per_camera_hour"] is None


def test_the_rate_over_all_scenarios_is_the_sum_of_theirs_each_over_its_own_hours() -> None:
    both = clip("both", 3600, [], [alarm(30), alarm(40, WASTE)])
    only_fire = Clip(name="fire", seconds=10_800, truths=(), alarms=(alarm(50),), judged=frozenset({FIRE}))
    board = scoreboard([both, only_fire], [FIRE, WASTE], QUICK)
    rows = board["scenarios"]
    hours = {name: (row["camera_hours"], row["false_alarms_per_camera_hour"]) for name, row in rows.items()}
    assert hours == {"fire_smoke": (4.0, 0.5), "garbage": (1.0, 1.0)}
    for told in (board, board["negative"]):
        assert (told["camera_hours"], told["false_alarms"], told["false_alarms_per_camera_hour"]) == (4.0, 3, 1.5)
    assert "labels would name it" in board["definitions"]["false_alarms_per_camera_hour"]
    assert "with all these rules: 1.50 (1.50 without events)" in as_table(board)
    unlabelled = scoreboard([only_fire], [FIRE, WASTE], QUICK)
    assert unlabelled["false_alarms_per_camera_hour"] == pytest.approx(1 / 3, abs=1e-4), "of garbage nothing is known"


def test_what_the_labels_would_not_name_is_neither_right_nor_false() -> None:
    labels = read_labels(b'{"events": [{"scenario": "garbage", "start_s": 1, "end_s": 9}], "judged": ["garbage"]}', "a")
    told = Clip(name="a", seconds=3600, truths=labels.events, alarms=(alarm(2, WASTE), alarm(30)), judged=labels.judged)
    board = scoreboard([told], [FIRE, WASTE], QUICK)
    assert (board["false_alarms"], board["scenarios"]["garbage"]["found"]) == (0, 1)
    assert board["scenarios"]["fire_smoke"]["false_alarms_per_camera_hour"] is None
    with pytest.raises(ConfigError, match="events name fire_smoke, which judged does not"):
        read_labels(b'{"events": [{"scenario": "fire_smoke", "start_s": 1, "end_s": 9}], "judged": ["garbage"]}', "a")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b'[{"scenario": "fire", "start_s": 1, "end_s": 2}]', "0.scenario"),
        (b'[{"scenario": "fire_smoke", "start_s": 3, "end_s": 2}]', "must be larger than start_s"),
        (b"{", "Invalid JSON"),
        (b'[{"scenario": "fire_smoke", "start_s": 1}]', "0.end_s"),
        (b'{"residents": ["A12345", " "]}', "residents.1: .*' ' is no plate"),
    ],
)
def test_a_bad_truth_says_how_to_write_it(text: bytes, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        read_labels(text, "a.truth.json")
    assert "write it like" in str(caught.value)


def test_residents_are_written_as_on_their_plates_and_a_byte_order_mark_is_fine() -> None:
    text = '{"residents": ["皖A·16H08", "沪a d12345"]}'
    assert read_labels(text.encode("utf-8-sig"), "a").residents == ("皖A16H08", "沪AD12345")
    assert read_labels("[]".encode("utf-8-sig"), "a").events == ()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[{"scenario": "fire_smoke", "start_s": 1, "end_s": 2}]', {FIRE}),
        ('{"judged": ["garbage"]}', {WASTE}),
        ('{"residents": ["皖A16H08"]}', {Scenario.UNFAMILIAR_VEHICLE}),
        ("[]", set[Scenario]()),
    ],
)
def test_a_truth_names_what_happens_and_what_it_says_does_not(text: str, named: set[Scenario]) -> None:
    assert read_labels(text.encode(), "a").named == named


def test_strangers_who_are_let_in_are_told_apart_from_residents_who_are_not() -> None:
    vehicle = Scenario.UNFAMILIAR_VEHICLE
    unknown = replace(alarm(40, vehicle), plate=PlateStatus.UNKNOWN)
    unread = replace(alarm(80, vehicle), plate=PlateStatus.UNREADABLE)
    board = scoreboard(
        [
            replace(clip("a", 60, [(vehicle, 5, 20)], []), known=(Known(12.0, 1),)),
            clip("b", 60, [(vehicle, 5, 20)], []),
            clip("c", 90, [], [unknown, unread]),
        ],
        [vehicle],
        QUICK,
    )
    row = board["scenarios"]["unfamiliar_vehicle"]
    assert (row["false_known"], row["false_unknown"], row["false_unreadable"]) == (1, 1, 1)
    missed = [line for line in board["details"] if line["verdict"] == "missed"]
    assert [line.get("let_in") for line in missed] == [[{"at_s": 12.0, "misread": 1}], None]
    assert "strangers let in as residents 1, residents taken for strangers 1" in as_table(board)
