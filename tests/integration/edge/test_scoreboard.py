"""The scoreboard on clips that are made when the tests run: the rules with the truth as detector, then the command."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from lookout_contract.events import Scenario
from lookout_edge.__main__ import app
from lookout_edge.domain.demand import Demand
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Frame, Image
from lookout_edge.domain.geometry import Box
from lookout_edge.events import Provenance
from lookout_edge.pipeline import CameraPipeline
from lookout_edge.replay import events_of
from lookout_edge.rules.registry import RULES
from lookout_edge.score import Clip, Cost, alarms_of, read_labels, scoreboard
from lookout_edge.testing import FAKE_SHA256, picture
from scoreboard.made_clips import DATA, SHARP, SIZE, Shot, Still, frames, from_afar, scripts, truths
from scoreboard.quiet_hours import Scenes, Tally, as_json, at_most, chosen, judging, sum_at_most, totals
from scoreboard.quiet_scenes import Camera, disturbances

JUDGED = (Scenario.FIRE_SMOKE, Scenario.GARBAGE, Scenario.CORRIDOR_EBIKE)


class TruthDetector:
    """Finds what the labels say of the picture that is shown just now."""

    name = "truth"
    sha256 = FAKE_SHA256
    labels = ("fire", "smoke", "garbage", "garbage_bin", "overflow", "motorcycle", "person")
    takes_regions = False

    def __init__(self) -> None:
        self.now: Sequence[Detection] = ()

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """See ``Detector``."""
        return self.now


def play(name: str, shots: Sequence[Shot]) -> Clip:
    detector = TruthDetector()
    rules = [RULES[scenario].build(RULES[scenario].params(), (), ZoneInfo("UTC")) for scenario in JUDGED]
    pipeline = CameraPipeline(Provenance(camera=name, models={}), rules, detector)

    def playing() -> Iterator[Frame]:
        for at, image, things in frames(shots):
            detector.now = things
            yield Frame(name, at, image)

    alarms = tuple(alarms_of(events_of(playing(), pipeline, start_at=0.0), 0.0))
    truth = read_labels(json.dumps(truths(shots)).encode(), name).events
    return Clip(name=name, seconds=sum(shot.seconds for shot in shots), truths=truth, alarms=alarms)


def test_with_the_truth_as_detector_the_rules_find_every_event_in_time_and_nothing_else() -> None:
    if not (DATA / "fire" / "test" / "images").is_dir():
        pytest.skip("../shared/data/fire/test is missing")
    longer = {"lift": 30.0}
    clips = [
        play(
            name,
            [
                Shot(s.still, longer.get(name[:4], s.seconds) if s.scenario else s.seconds, s.scenario, s.pan, s.zoom)
                for s in shots
            ],
        )
        for name, shots in scripts(DATA, 1).items()
        if not name.startswith("calm")
    ]
    board = scoreboard(clips, JUDGED, Cost(frames_per_cpu_s=10.0, memory_gb=1.0))
    rows = board["scenarios"]
    assert {name: (row["found"], row["events"]) for name, row in rows.items()} == dict.fromkeys(rows, (1, 1))
    assert board["false_alarms"] == 0
    fire = rows["fire_smoke"]
    assert fire["time_to_alarm_s"]["max"] <= 5
    assert (fire["confirmed"], fire["time_to_confirmed_s"]["max"] <= 15) == (1, True)


def write_grey(path: Path, seconds: float) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 5, (64, 48))
    for _ in range(round(seconds * 5)):
        writer.write(picture(90, width=64, height=48))
    writer.release()


def score(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["score", *arguments])
    return result.exit_code, result.stdout + result.stderr


def test_the_command_prints_the_board_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write_grey(tmp_path / "deep" / "calm.mp4", 4)
    write_grey(tmp_path / "parked.mp4", 4)
    (tmp_path / "parked.mp4").rename(tmp_path / "parked.MP4")
    (tmp_path / "deep" / "calm.truth.json").write_text("[]", encoding="utf-8")
    (tmp_path / "gone.truth.json").write_text("[]", encoding="utf-8")
    truth = [{"scenario": "corridor_ebike", "start_s": 20, "end_s": 30}]
    (tmp_path / "parked.truth.json").write_text(json.dumps(truth), encoding="utf-8")
    result = CliRunner().invoke(app, ["score", str(tmp_path), "--json", "--detector", "coco-nano"])
    assert result.exit_code == 0, result.output
    board = json.loads(result.stdout)
    row = board["scenarios"]["corridor_ebike"]
    assert (board["clips"], row["events"], row["found"], board["false_alarms"]) == (2, 1, 0, 0)
    assert board["detector"].startswith("coco-nano")
    assert "has no rule for fire_smoke" in result.stderr
    assert "gone.truth.json is left out, for there is no gone.mp4 beside it" in result.stderr
    assert "parked.MP4 ends after some 4 s, and corridor_ebike at 20 s is missed" in result.stderr
    code, table = score(str(tmp_path), "--detector", "coco-nano", "--scenario", "corridor_ebike")
    assert (code, "0/1" in table) == (0, True)


def test_what_is_missing_is_said_in_a_sentence(tmp_path: Path) -> None:
    assert score(str(tmp_path / "none"))[0] == 2
    code, said = score(str(tmp_path))
    assert (code, "put clips there" in said) == (2, True)
    write_grey(tmp_path / "calm.mp4", 1)
    code, said = score(str(tmp_path))
    assert (code, "calm.truth.json: is missing; write [] into it" in said) == (2, True)
    (tmp_path / "calm.truth.json").write_text('[{"scenario": "fire", "start_s": 1, "end_s": 2}]', encoding="utf-8")
    code, said = score(str(tmp_path))
    assert (code, "calm.truth.json: 0.scenario: Input should be" in said) == (2, True)


def test_clips_are_scored_at_the_time_that_is_given(tmp_path: Path) -> None:
    config = tmp_path / "g.yaml"
    rule = "{scenario: corridor_ebike, windows: ['22:00-06:00']}"
    source = "{url: 'rtsp://192.0.2.1/x'}"
    config.write_text(f"site: a\ngateway: b\ncameras: {{c: {{source: {source}, rules: [{rule}]}}}}\n", encoding="utf-8")
    write_grey(tmp_path / "calm.mp4", 4)
    truth = [{"scenario": "corridor_ebike", "start_s": 20, "end_s": 30}]
    (tmp_path / "calm.truth.json").write_text(json.dumps(truth), encoding="utf-8")
    arguments = str(tmp_path), "--config", str(config), "--scenario", "corridor_ebike"
    code, said = score(*arguments)
    assert (code, "corridor_ebike is not armed when the clip begins (Thu 1970-01-01 08:00" in said) == (0, True)
    code, said = score(*arguments, "--start", "2026-05-04T23:00:00+08:00")
    assert (code, "is not armed" in said, "calm.mp4 ends after some 4 s" in said) == (0, False, True)


def test_a_clip_that_cannot_be_decoded_is_told_before_those_before_it_are_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_grey(tmp_path / "calm.mp4", 1)
    (tmp_path / "rubbish.mp4").write_bytes(b"not a video" * 100)
    for name in ("calm", "rubbish"):
        (tmp_path / f"{name}.truth.json").write_text("[]", encoding="utf-8")

    def watch(*_arguments: object, **_more: object) -> None:
        raise AssertionError("calm.mp4 was watched in vain")

    monkeypatch.setattr("lookout_edge.rule_commands.events_of", watch)
    code, said = score(str(tmp_path), "--detector", "coco-nano")
    assert (code, "rubbish.mp4 cannot be decoded" in said) == (1, True)


def test_the_camera_of_the_quiet_hours_gives_pictures_as_they_are_asked_for() -> None:
    camera = Camera(picture(120, width=96, height=72), seed=1)
    times: list[float] = []
    shown: list[Image] = []
    for frame in camera.frames(30.0):
        camera.ask(Demand(1.0) if frame.at >= 10 else Demand(0.0))
        times.append(frame.at)
        shown.append(frame.image)
    gaps = [round(later - earlier, 6) for earlier, later in pairwise(times)]
    assert gaps == [0.2] * 50 + [1.0] * 19
    assert shown[0].shape == (SIZE[1], SIZE[0], 3)
    assert all((one != other).any() for one, other in pairwise(shown)), "the sensor is noisy"


def test_a_turning_camera_shows_another_part_of_the_picture_and_comes_back() -> None:
    shades = np.tile(np.linspace(0, 200, 96, dtype=np.uint8)[None, :, None], (72, 1, 3))
    shown = [frame.image for frame in Camera(shades, seed=1, turns=True).frames(40.0)]
    start, far, back = (float(shown[index].mean()) for index in (0, 100, 199))
    assert far > start + 30
    assert abs(back - start) < 10


def test_quiet_scenes_are_told_with_their_hours_and_alarms() -> None:
    tally = Tally(scenes=3, hours=0.5, alarms=Counter({Scenario.GARBAGE: 2}), alarmed=["bin.jpg garbage"])
    scenes = Scenes("clean bins", (), (Scenario.FIRE_SMOKE, Scenario.GARBAGE))
    told = as_json(scenes.name, tally, scenes.judged)
    rubbish = {"scenes": 3, "camera_hours": 0.5, "false_alarms": 2, "per_camera_hour": 4.0, "at_most_95": 12.592}
    assert told["false_alarms"] == {"fire_smoke": 0, "garbage": 2}
    assert (told["all"], told["alarmed"]) == (rubbish, ["bin.jpg garbage"])
    quiet = Tally(scenes=2, hours=1.5), Scenes("weather", (), (Scenario.FIRE_SMOKE,))
    both = totals([(scenes, tally), (quiet[1], quiet[0])])["total"]
    assert isinstance(both, dict)
    assert both["garbage"] == rubbish
    assert (both["fire_smoke"]["camera_hours"], both["all"]["camera_hours"]) == (2.0, 2.0)
    assert both["corridor_ebike"]["per_camera_hour"] is None, "nobody judged it"
    # Rubbish could be told wrongly in half an hour of the two, so the other hours do not thin it out.
    assert (both["all"]["false_alarms"], both["all"]["per_camera_hour"]) == (2, 4.0)
    assert both["all"]["at_most_95"] == rubbish["at_most_95"]


def test_one_scenario_alone_is_judged_where_it_is_ruled_out() -> None:
    weather = Scenes("weather", (), (Scenario.FIRE_SMOKE, Scenario.GARBAGE, Scenario.CORRIDOR_EBIKE))
    lifts = Scenes("lifts", (), (Scenario.FIRE_SMOKE, Scenario.GARBAGE))
    alone = list(judging([weather, lifts], (Scenario.CORRIDOR_EBIKE,)))
    assert [(scenes.name, scenes.judged) for scenes in alone] == [("weather", (Scenario.CORRIDOR_EBIKE,))]
    assert list(judging([weather, lifts], weather.judged)) == [weather, lifts]


def test_what_is_far_is_a_small_part_of_a_sharp_picture() -> None:
    white = np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)
    shown = iter([(at / 5, white, list[Detection]()) for at in range(3)])
    seen = list(from_afar(shown, np.full((90, 120, 3), 40, np.uint8), 6, seed=2))
    assert [at for at, _ in seen] == [0.0, 0.2, 0.4]
    for _, sharp in seen:
        assert sharp.shape == (SHARP[1], SHARP[0], 3)
        rows, columns = np.nonzero(sharp[:, :, 1] > 200)
        assert columns.max() - columns.min() == pytest.approx(SHARP[0] / 6, rel=0.25)
        assert rows.max() - rows.min() == pytest.approx(SHARP[1] / 6, rel=0.25)


def test_every_scene_is_in_one_slice_and_each_slice_has_some_of_every_kind() -> None:
    camera = Still(Path("bin.jpg"), ())
    scenes = Scenes("clean bins", [camera] * 25, (Scenario.GARBAGE,))
    slices = [chosen(scenes, 1.0)[number::10] for number in range(10)]
    assert sorted(scene for one in slices for scene in one) == list(range(25))
    assert {len(one) for one in slices} == {2, 3}
    assert list(chosen(scenes, 0.2)) == [0, 5, 10, 15, 20]


def test_the_rate_that_is_excluded_is_three_for_no_alarm_in_an_hour() -> None:
    assert at_most(0, 1.0) == pytest.approx(2.996, abs=1e-3)
    assert at_most(0, 60.0) == pytest.approx(0.05, abs=1e-3)


def test_of_one_rate_the_excluded_sum_is_the_excluded_rate_and_it_is_on_the_safe_side() -> None:
    for alarms, hours in ((0, 2.0), (3, 0.5)):
        assert sum_at_most([(alarms, hours)]) == pytest.approx(at_most(alarms, hours))
    # Scenarios that were judged in the same hours are one count.
    assert sum_at_most([(1, 2.0), (2, 2.0)]) == pytest.approx(at_most(3, 2.0))
    random = np.random.default_rng(1)
    rates, hours = (0.5, 2.0), (8.0, 1.0)
    counts = random.poisson([rate * each for rate, each in zip(rates, hours, strict=True)], (500, 2))
    bounds = [sum_at_most(list(zip(row.tolist(), hours, strict=True))) for row in counts]
    assert np.mean([bound >= sum(rates) for bound in bounds]) >= 0.95


def test_what_happens_before_a_quiet_camera_changes_the_picture_and_leaves_it_as_it_was() -> None:
    planned = disturbances(3, 300.0)
    assert len({each.name for each in planned}) == len(planned) == 5
    plain, random = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8), np.random.default_rng(1)
    for each in planned:
        shown = each.show(plain, 0.3)
        assert (shown.shape, shown.dtype) == (plain.shape, plain.dtype)
        assert np.abs(shown.astype(int) - plain).max() > 5, each.name
    assert (plain == 90).all()
    camera = Camera(random.integers(0, 255, plain.shape, np.uint8), seed=1, planned=planned)
    assert camera.going_on(planned[0].since + 1) == planned[0].name
    assert camera.going_on(planned[0].since - 1) == ""
    same = Camera(random.integers(0, 255, plain.shape, np.uint8), seed=1, planned=disturbances(3, 300.0))
    assert [d.name for d in disturbances(3, 300.0)] == [d.name for d in planned]
    assert next(iter(same.frames(1.0))).image.shape == plain.shape
