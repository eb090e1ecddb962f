import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lookout_edge.__main__ import app
from lookout_edge.adapters.video.drawn import FOOTAGE, decode_only, draw_clip
from lookout_edge.bench import Clip, Cost, Crowd, Report, TrackLog, Watch, measure, percentile
from lookout_edge.domain.geometry import Box
from lookout_edge.testing import box_at, track


def cpu_times(*times: float) -> Iterator[float]:
    return iter(times)


def watched(*, inference: float = 0.0) -> Watch:
    return Watch(video_s=20, cpu_s=8, looks=100, inference_cpu_s=inference, tracks=TrackLog())


def test_costs_are_cpu_seconds_per_second_of_video_and_the_least_of_the_runs_counts() -> None:
    clip = Clip(name="sub-busy", decode=lambda _: 20.0, watch=lambda: watched(inference=6.0))
    times = cpu_times(0.0, 0.9, 1.0, 1.1, 2.0, 2.5, 3.0, 3.2)
    cost, _ = measure(clip, times.__next__, repeats=2)
    assert (cost.floor, cost.floor_key, cost.watch) == pytest.approx((0.025, 0.005, 0.4))
    assert (cost.inference, cost.looks_per_s) == pytest.approx((0.3, 5.0))
    assert cost.over_floor == pytest.approx(16)
    assert cost.overhead_over_floor == pytest.approx(4)


def log_of(number: int, label: str, *boxes: Box) -> TrackLog:
    log = TrackLog()
    for look, box in enumerate(boxes):
        log.add(look * 0.2, [track(number, look * 0.2, label=label, box=box)])
    return log


def test_a_track_is_lost_when_nothing_of_its_kind_was_followed_in_its_place() -> None:
    walk = [box_at(0.1 + 0.01 * step, 0.5) for step in range(6)]
    reference = log_of(1, "person", *walk)
    assert log_of(7, "person", *walk[::2]).lost_from(reference) == []
    assert len(log_of(7, "car", *walk).lost_from(reference)) == 1
    assert len(log_of(7, "person", *[box_at(0.8, 0.1)] * 6).lost_from(reference)) == 1
    assert TrackLog().lost_from(log_of(1, "person", *walk[:3])) == [], "a flicker is no track"


def test_labels_of_a_group_are_one_kind() -> None:
    stay = [box_at(0.1, 0.5)] * 6
    assert log_of(2, "truck", *stay).lost_from(log_of(1, "car", *stay)) == []


def test_the_deadline_slips_with_the_slowest_looks_or_with_a_shed_one() -> None:
    quick = Crowd(cameras=2, latencies_s=(0.05,) * 100, shed=0, rss_bytes=1)
    assert quick.kept_deadline
    assert not Crowd(cameras=2, latencies_s=(0.05,) * 100, shed=1, rss_bytes=1).kept_deadline
    assert not Crowd(cameras=2, latencies_s=(0.05,) * 90 + (3.0,) * 10, shed=0, rss_bytes=1).kept_deadline
    assert not Crowd(cameras=2, latencies_s=(), shed=0, rss_bytes=1).kept_deadline


def test_percentiles_of_few_values() -> None:
    assert percentile([3.0], 99) == 3.0
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0


def test_the_report_says_per_camera_what_more_cameras_cost() -> None:
    cost = Cost(name="sub-busy", video_s=1, floor=0.01, floor_key=0.001, watch=0.05, inference=0.03, looks_per_s=5)
    crowds = (
        Crowd(cameras=1, latencies_s=(0.1, 0.2), shed=0, rss_bytes=100_000_000),
        Crowd(cameras=5, latencies_s=(0.1, 0.3), shed=2, rss_bytes=120_000_000),
    )
    report = Report(detector="nano", costs={cost.name: cost}, tracks_reference=3, tracks_lost=("a car",), crowds=crowds)
    found = json.loads(report.as_json())
    assert (found["rss_mb_per_camera"], found["cameras_at_deadline"], found["tracks_lost"]) == (5.0, 1, 1)
    assert (found["busy_over_floor"], found["overhead_over_floor"], found["idle_cpu"]) == (5.0, 2.0, None)
    assert "a car" in report.as_table()


@pytest.mark.parametrize("name", list(FOOTAGE))
def test_drawn_clips_are_as_long_as_asked_for(tmp_path: Path, name: str) -> None:
    shape = FOOTAGE[name]
    clip = draw_clip(tmp_path / f"{name}.mp4", shape, seconds=2)
    assert decode_only(clip) == pytest.approx(2 - 1 / shape.fps)
    assert decode_only(clip, keys_only=True) == 0.0


def test_the_busy_clip_is_looked_at_more_often_than_the_idle_one() -> None:
    options = ["--seconds", "4", "--cameras", "0", "--no-main", "--repeats", "1", "--json"]
    result = CliRunner().invoke(app, ["bench", *options])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    clips = found["clips"]
    assert clips["sub-busy"]["looks_per_s"] > clips["sub-idle"]["looks_per_s"] > 0
    assert found["busy_over_floor"] > found["idle_over_floor"] > 0
    assert found["tracks_reference"] > 0
