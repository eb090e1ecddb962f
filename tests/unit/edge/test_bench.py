import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lookout_edge.__main__ import app
from lookout_edge.adapters.video.drawn import SUB_STREAM_FPS, decode_only, draw_clip
from lookout_edge.bench import Part, as_json, as_table, measure
from lookout_edge.errors import SourceError


def cpu_times(*times: float) -> Iterator[float]:
    return iter(times)


def test_costs_are_cpu_seconds_per_second_of_video() -> None:
    part = Part(name="busy", decode=lambda: 20.0, watch=lambda: 100)
    (cost,) = measure([part], cpu_times(1.0, 1.5, 11.5).__next__)
    assert (cost.decode_share, cost.watch_share, cost.looks) == (0.025, 0.5, 100)
    assert json.loads(as_json([cost])) == {
        "busy": {"video_s": 20.0, "decode_cpu_per_s": 0.025, "watch_cpu_per_s": 0.5, "ratio": 20.0, "looks": 100}
    }
    assert "busy" in as_table([cost])


def test_a_clip_of_one_picture_cannot_be_measured() -> None:
    part = Part(name="still", decode=lambda: 0.0, watch=lambda: 1)
    with pytest.raises(SourceError, match="still shows less than two pictures"):
        measure([part], cpu_times(0.0, 0.0, 0.0).__next__)


def test_drawn_clips_are_as_long_as_asked_for(tmp_path: Path) -> None:
    clip = draw_clip(tmp_path / "idle.mp4", seconds=2, busy=False)
    assert decode_only(clip) == pytest.approx(2 - 1 / SUB_STREAM_FPS)


def test_the_busy_clip_is_looked_at_more_often_than_the_idle_one() -> None:
    result = CliRunner().invoke(app, ["bench", "--seconds", "5", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["busy"]["looks"] > found["idle"]["looks"] > 0
    assert found["busy"]["watch_cpu_per_s"] > found["busy"]["decode_cpu_per_s"] > 0
