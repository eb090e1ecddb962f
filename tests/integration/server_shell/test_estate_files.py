"""The estate out to files and in again, with a dry run that says what would change."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lookout_server.__main__ import app

runner = CliRunner()

TERRITORIES = "id,name,level,parent\ngrid-07,第七网格,grid,kangle\nkangle,康乐南路社区,community,\n"
CAMERAS = "gateway,id,name,grid\ngw-1,gate,东门,grid-07\ngw-1,spare,,\n"
PEOPLE = (
    "username,name,roles,grids,skills,willing,language\nwang,王芳,worker;household_head,grid-07,fire;lift,true,zh-CN\n"
)
SHIFTS = "id,person,kind,starts_at,ends_at,note\ns-1,wang,duty,2026-11-22T00:00:00Z,2026-11-22T08:00:00Z,\n"


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "server.yaml").write_text("data_dir: data\n", encoding="utf-8")
    return str(tmp_path / "server.yaml")


def _said(*words: str, code: int = 0) -> str:
    done = runner.invoke(app, words)
    assert done.exit_code == code, done.output + repr(done.exception)
    return done.stdout if code == 0 else done.stderr


def _folder(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "in"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        # As Excel saves it.
        (folder / f"{name}.csv").write_text("\ufeff" + text.replace("\n", "\r\n"), encoding="utf-8", newline="")
    return folder


def test_what_goes_in_comes_out_and_goes_in_again(config: str, tmp_path: Path) -> None:
    cameras = CAMERAS.replace("spare,,", "spare,备用,")
    folder = _folder(tmp_path, territories=TERRITORIES, cameras=cameras, people=PEOPLE, shifts=SHIFTS)
    dry = _said("estate", "import", str(folder), "--dry-run", "--config", config)
    assert dry.count("would be created") == 6
    assert _said("estate", "import", str(folder), "--config", config) == dry.replace("would be ", "")
    assert _said("estate", "import", str(folder), "--config", config) == "nothing to change\n"
    for place in (tmp_path / "out", tmp_path / "out.json"):
        written = _said("estate", "export", str(place), "--config", config).split()
        assert len(written) == (1 if place.suffix else 4)
        assert _said("estate", "import", str(place), "--config", config) == "nothing to change\n"
    people = (tmp_path / "out" / "people.csv").read_bytes()
    assert people.startswith(b"\xef\xbb\xbfusername,")
    assert "wang,王芳,household_head;worker,grid-07,fire;lift,true,zh-CN" in people.decode()
    held = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert held["shifts"][0]["starts_at"] == "2026-11-22T00:00:00Z"
    assert held["cameras"][1] == {
        "gateway": "gw-1",
        "id": "spare",
        "name": "备用",
        "grid": None,
        "building": None,
        "lat": None,
        "lon": None,
    }


def test_a_dry_run_says_what_differs_and_changes_nothing(config: str, tmp_path: Path) -> None:
    folder = _folder(tmp_path, territories=TERRITORIES, people=PEOPLE)
    _said("estate", "import", str(folder), "--config", config)
    other = PEOPLE.replace("王芳", "王方").replace("worker;household_head", "worker").replace("true", "false")
    folder = _folder(tmp_path, people=other)
    for _ in range(2):
        text = _said("estate", "import", str(folder), "--dry-run", "--config", config)
        assert text == (
            "would be updated: person wang "
            "(name: 王芳 → 王方; roles: household_head,worker → worker; willing: True → False)\n"
        )
    changes = json.loads(_said("estate", "import", str(folder), "--json", "--config", config))
    assert [(change["kind"], change["id"], change["change"]) for change in changes] == [("person", "wang", "updated")]


def test_every_mistake_is_named_and_nothing_comes_in(config: str, tmp_path: Path) -> None:
    people = PEOPLE + "Li,李,operator,,,true,zh-CN\nsun,孙,cook,,,true,zh-CN\nzhou,周,worker,,,true,zh-CN,more\n"
    folder = _folder(tmp_path, territories=TERRITORIES, cameras=CAMERAS, people=people)
    text = _said("estate", "import", str(folder), "--config", config, code=2)
    assert "cameras.csv:3: name:" in text
    assert "people.csv:3: username:" in text
    assert "people.csv:4: roles.0:" in text
    assert "people.csv:5: beyond the last column:" in text
    good = _folder(tmp_path, territories=TERRITORIES, cameras="gateway,id,name\n", people=PEOPLE)
    late = SHIFTS.replace("T08", "T00")
    for shifts, wrong in ((SHIFTS.replace("wang", "nobody"), "nobody"), (late, "ends after it starts")):
        (good / "shifts.csv").write_text(shifts, encoding="utf-8")
        assert wrong in _said("estate", "import", str(good), "--config", config, code=2)
    (good / "shifts.csv").unlink()
    # Nothing of what was refused has come in.
    assert _said("estate", "import", str(good), "--dry-run", "--config", config).count("would be created") == 3


def test_what_is_no_such_file_is_said_so(config: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "list.json").write_text("[]", encoding="utf-8")
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    (tmp_path / "other.json").write_text('{"grids": []}', encoding="utf-8")
    for name in ("empty", "list.json", "bad.json", "other.json", "missing.json"):
        _said("estate", "import", str(tmp_path / name), "--config", config, code=2)
