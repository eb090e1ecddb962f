"""The reel's index says what is wrong with it."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from lookout_contract.events import Scenario
from lookout_edge.adapters.reel import Reel
from lookout_edge.errors import ConfigError

GOOD = """
fire-yard: {scenario: fire_smoke, event: [5, 20], zones: [[[0, 0], [1, 0], [1, 1]]]}
lamp-yard: {scenario: fire_smoke, twin_of: fire-yard}
"""


def reel(folder: Path, index: str, *clips: str) -> Reel:
    (folder / "reel.yaml").write_text(index, "utf-8")
    for name in clips:
        (folder / f"{name}.mp4").write_bytes(b"")
    return Reel(folder)


def test_clips_are_found_by_what_they_show(tmp_path: Path) -> None:
    found = reel(tmp_path, GOOD, "fire-yard", "lamp-yard")
    assert found.showing([Scenario.GARBAGE, Scenario.FIRE_SMOKE]) == {Scenario.FIRE_SMOKE: "fire-yard"}
    assert found.clips["fire-yard"].event == (5.0, 20.0)
    assert Reel.find({"LOOKOUT_REEL": str(tmp_path)}) is not None


def test_the_shipped_clips_are_told_as_their_scenes_tell_them() -> None:
    shipped = Reel.find({})
    assert shipped is not None
    for name, clip in shipped.clips.items():
        found: Any = json.loads((shipped.folder / f"{name}.truth.json").read_text("utf-8"))
        truth = cast(dict[str, Any], found) if isinstance(found, dict) else {"events": found, "residents": ()}
        told = [(clip.scenario.value, *clip.event)] if clip.event else []
        assert [(event["scenario"], event["start_s"], event["end_s"]) for event in truth["events"]] == told, name
        assert clip.residents == tuple(truth["residents"]), name


@pytest.mark.parametrize(
    ("index", "complaint"),
    [
        (GOOD, "names fire-yard, lamp-yard, of which there is no .mp4"),
        ("a: {scenario: flood, event: [1, 2]}", "a.scenario: Input should be"),
        ("a: {scenario: garbage}", "give 'event', or 'twin_of'"),
        ("a: {scenario: garbage, event: [3, 2]}", "ascending"),
        ("a: {scenario: garbage, event: [1, 2], zone: []}", "a.zone: Extra inputs"),
        (": [", "cannot be read"),
    ],
)
def test_a_wrong_index_is_one_sentence(tmp_path: Path, index: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        reel(tmp_path, index)
