"""The command as a person meets it."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from lookout_edge.adapters.zoo import Zoo
from lookout_models.__main__ import main
from lookout_models.build import RECIPES
from lookout_models.errors import UsageError


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command with these arguments, in this process."""

    def command(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["lookout-models", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return command


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A grey picture and one that is none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    cv2.imwrite(str(folder / "b.png"), np.full((48, 64, 3), 127, np.uint8))
    (folder / "a.jpg").write_bytes(b"not a picture")
    (folder / "readme.txt").write_text("ignored")
    return folder


def test_list_shows_every_entry(run: Run) -> None:
    listed = run("list", "--json")
    assert listed.returncode == 0
    names = {json.loads(line)["name"] for line in listed.stdout.splitlines()}
    assert {"coco-nano", "plate-detector", "plate-reader"} <= names


def test_an_unreadable_picture_is_reported_and_the_run_goes_on(run: Run, pictures: Path, tmp_path: Path) -> None:
    done = run("predict", "--model", "coco-nano", pictures, "--out", tmp_path / "p.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text("utf-8").splitlines()]
    assert done.returncode == 1
    assert "1 of 2 pictures could not be read" in done.stderr
    assert [line["image"] for line in lines] == ["a.jpg", "b.png"]
    assert "replace or remove it" in lines[0]["error"]
    assert isinstance(lines[1]["detections"], list)


def test_a_picture_without_a_plate_has_a_line_too(run: Run, pictures: Path, tmp_path: Path) -> None:
    (pictures / "a.jpg").unlink()
    done = run("plates", pictures, "--out", tmp_path / "p.jsonl")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "p.jsonl").read_text("utf-8")) == {"image": "b.png", "plate": None, "score": 0.0}


def test_wrong_usage_is_one_sentence_and_exit_code_2(run: Run, pictures: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    out = tmp_path / "p.jsonl"
    wrong: dict[str, list[str | Path]] = {
        "no model 'nope'": ["predict", "--model", "nope", pictures, "--out", out],
        "holds no pictures": ["predict", "--model", "coco-nano", empty, "--out", out],
        "does not detect objects": ["predict", "--model", "plate-reader", pictures, "--out", out],
        "has no data.yaml": ["evaluate", "--model", "coco-nano", pictures],
        "name a file in a folder that exists": [
            "evaluate",
            "--model",
            "coco-nano",
            pictures,
            "--plot",
            empty / "a" / "b",
        ],
        "is not a file": ["build", "coco-nano", "--source", tmp_path / "none.tgz"],
    }
    for sentence, arguments in wrong.items():
        done = run(*arguments)
        assert done.returncode == 2, sentence
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_one_picture_will_do_and_a_video_is_sent_elsewhere(run: Run, pictures: Path, tmp_path: Path) -> None:
    done = run("predict", "--model", "coco-nano", pictures / "b.png", "--out", "-")
    assert (done.returncode, json.loads(done.stdout)["image"]) == (0, "b.png")
    video = tmp_path / "clip.mp4"
    video.write_bytes(b"a video")
    done = run("predict", "--model", "coco-nano", video, "--out", "-")
    assert (done.returncode, "'lookout-edge replay'" in done.stderr) == (2, True)


def test_a_folder_of_folders_says_which_may_hold_pictures(run: Run, pictures: Path) -> None:
    done = run("predict", "--model", "coco-nano", pictures.parent, "--out", "-")
    assert done.returncode == 2
    assert f"give one of its folders, e.g. {pictures}" in done.stderr


def test_costs_are_beside_coco_nano_unless_said_otherwise(run: Run) -> None:
    costs = json.loads(run("bench", "--json", "--rounds", "1").stdout)
    assert next(iter(costs)) == "coco-nano"
    assert {"community-nano", "community-nano-int8"} <= set(costs)
    assert costs["coco-nano"]["relative"] == 1


def test_mixtures_are_written_where_there_is_a_folder(run: Run, tmp_path: Path) -> None:
    entry = Zoo.find().entry("plate-detector")
    weights = entry.folder / entry.spec.weights.file
    done = run("mix", weights, weights, "--out", tmp_path / "none" / "m.onnx")
    assert (done.returncode, "choose another --out" in done.stderr) == (2, True)


def test_build_wants_one_name_or_all(run: Run, tmp_path: Path) -> None:
    for arguments in ((), ("coco-nano", "--all"), ("--all", "--out", tmp_path / "x.onnx")):
        done = run("build", *arguments)
        assert (done.returncode, "--all" in done.stderr) == (2, True)


def test_weights_that_only_torch_reads_say_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [
        name for name in sys.modules if name.startswith(("lookout_models.training", "lookout_models.builders"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UsageError, match=r"need PyTorch to be read: pip install 'lookout\[train\]'"):
        RECIPES["two-wheeler-second-look"](tmp_path / "weights.pth")
