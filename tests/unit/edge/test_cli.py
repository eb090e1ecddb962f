import signal
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lookout_edge.__main__ import app
from lookout_edge.config import LoadedConfig
from lookout_edge.errors import ConfigError

CONFIG = """\
site: riverside
gateway: gw-1
cameras:
  gate:
    source: {url: "rtsp://admin:secret@192.0.2.1/stream"}
    rules: [{scenario: corridor_ebike}]
  yard:
    source: {url: "rtsp://192.0.2.2/stream"}
    rules: [{scenario: unfamiliar_vehicle}]
"""


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "g.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return str(path)


def test_check_says_what_would_run_and_hides_passwords(config: str) -> None:
    code, output = run("check", "--config", config)
    assert code == 0
    assert "camera gate rtsp://***@192.0.2.1/stream: corridor_ebike in the whole picture" in output
    assert "model coco-nano" in output
    assert "secret" not in output


def unknown_2098(loaded: LoadedConfig, today: date) -> int:
    return 2098


def test_check_says_of_which_year_the_holidays_are_not_known(config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(config).write_text(CONFIG + "calendar: {official: CN}\n", encoding="utf-8")
    monkeypatch.setattr(LoadedConfig, "year_unknown", unknown_2098)
    code, output = run("check", "--config", config)
    assert code == 0
    assert "of 2098 is known: windows take all its days for ordinary ones; pip install --upgrade" in output


def test_check_knows_that_what_should_compute_is_not_there(config: str) -> None:
    Path(config).write_text(CONFIG + "models: {providers: [abacus, cpu]}\n", encoding="utf-8")
    code, output = run("check", "--config", config)
    assert code == 1
    assert "no execution provider 'abacus'; choose among" in output
    assert "CPUExecutionProvider" in output


def test_a_bad_configuration_exits_with_2_and_names_the_line(config: str) -> None:
    Path(config).write_text(CONFIG.replace("corridor_ebike", "corridor_bike"), encoding="utf-8")
    code, output = run("check", "--config", config)
    assert code == 2
    assert f"{config}:6: cameras.gate.rules[0].scenario: there is no scenario 'corridor_bike'" in output
    assert run("run", "--config", config)[0] == 2


def test_a_missing_configuration_or_clip_exits_with_2(tmp_path: Path) -> None:
    code, output = run("check", "--config", str(tmp_path / "none.yaml"))
    assert (code, "no such file" in output) == (2, True)
    code, output = run("replay", str(tmp_path / "none.mp4"), "--out", "-")
    assert (code, "there is no such clip" in output) == (2, True)


def test_without_config_the_folders_gateway_yaml_counts_or_it_is_said_where_it_was_sought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for verb in (["check"], ["run"], ["why", "--camera", "gate", "--at", "09:00"]):
        code, output = run(*verb)
        assert (code, f"{tmp_path / 'gateway.yaml'}: there is no such file" in output) == (2, True), output
    assert "correct these lines" not in run("doctor")[1]
    (tmp_path / "gateway.yaml").write_text("site: 1 2", encoding="utf-8")
    assert "correct these lines" in run("doctor")[1]
    (tmp_path / "gateway.yaml").write_text(CONFIG, encoding="utf-8")
    code, output = run("check")
    assert (code, output.startswith("gateway.yaml: gateway gw-1 of site riverside")) == (0, True)


def test_a_clip_that_cannot_be_decoded_exits_with_1_and_one_sentence(tmp_path: Path) -> None:
    clip = tmp_path / "rubbish.mp4"
    clip.write_bytes(b"not a video" * 100)
    code, output = run("replay", str(clip), "--out", str(tmp_path / "out.jsonl"))
    assert code == 1
    assert len(output.strip().splitlines()) == 1
    assert "rubbish.mp4" in output


def test_replay_needs_to_know_which_camera(config: str, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.touch()
    code, output = run("replay", str(clip), "--config", config, "--out", "-")
    assert (code, "choose with --camera one of: gate, yard" in output) == (2, True)
    code, output = run("replay", str(clip), "--config", config, "--camera", "gat", "--out", "-")
    assert (code, "no camera 'gat'" in output) == (2, True)


@pytest.mark.parametrize(
    ("start", "says"),
    [
        ("yesterday", "is no time"),
        ("2026-05-04T21:00:00", "has no time zone"),
        ("2026-05-04", "add one, e.g. 2026-05-04T00:00:00+08:00"),
        ("0001-01-01T00:00:00+08:00", "is out of reach"),
    ],
)
def test_a_bad_start_exits_with_2(start: str, says: str, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.touch()
    code, output = run("replay", str(clip), "--out", "-", "--start", start)
    assert (code, says in output) == (2, True)


def test_a_replay_refuses_to_write_over_its_clip_and_a_name_that_no_camera_may_have(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"a recording")
    code, output = run("replay", str(clip), "--out", str(clip))
    assert (code, "is the clip itself" in output, clip.read_bytes()) == (2, True, b"a recording")
    code, output = run("replay", str(clip), "--out", "-", "--camera", "Tor 1")
    assert (code, "--camera 'Tor 1' must be lower-case letters" in output) == (2, True)


@pytest.mark.parametrize(
    ("start", "unarmed"),
    [
        ("1970-01-01T00:00:00Z", ["corridor_ebike", "key_area"]),
        ("2026-05-04T23:00:00+08:00", ["key_area"]),
        ("2026-05-04T12:00:00+08:00", ["corridor_ebike"]),
    ],
)
def test_a_replay_outside_the_hours_of_a_rule_says_so(
    start: str, unarmed: list[str], config: str, tmp_path: Path
) -> None:
    """It begins at eight in the morning unless told otherwise: a night's rule has nothing to say of it."""
    rules = (
        "{scenario: corridor_ebike, windows: ['22:00-06:00']}, {scenario: unfamiliar_vehicle}, "
        "{scenario: key_area, windows: ['00:00-06:00'], loiter_windows: ['12:00-13:00']}"
    )
    Path(config).write_text(CONFIG.replace("{scenario: corridor_ebike}", rules), encoding="utf-8")
    clip = tmp_path / "clip.mp4"
    clip.touch()
    _, output = run("replay", str(clip), "--config", config, "--camera", "gate", "--out", "-", "--start", start)
    said = [line.split()[1] for line in output.splitlines() if "is not armed when the clip begins" in line]
    assert said == unarmed


def test_usage_errors_exit_with_2() -> None:
    assert run("run")[0] == 2
    assert run("replay")[0] == 2
    assert run("nonsense")[0] == 2


def test_version_is_printed() -> None:
    code, output = run("version")
    assert code == 0
    assert output.strip().count(".") == 2


def test_a_clip_that_cannot_be_decoded_leaves_no_file_that_reads_like_nothing_happened(tmp_path: Path) -> None:
    clip, out = tmp_path / "rubbish.mp4", tmp_path / "out.jsonl"
    clip.write_bytes(b"not a video" * 100)
    assert run("replay", str(clip), "--out", str(out))[0] == 1
    assert not out.exists()


def test_an_empty_folder_of_pictures_is_called_empty(tmp_path: Path) -> None:
    code, output = run("replay", str(tmp_path), "--out", "-")
    assert (code, "holds no pictures" in output) == (2, True)


def test_a_folder_given_as_configuration_is_called_a_folder(tmp_path: Path) -> None:
    code, output = run("check", "--config", str(tmp_path))
    assert (code, "is a folder" in output) == (2, True)


def test_schema_check_finds_stale_and_missing_files_and_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "schemas"
    code, output = run("schema", "--out", str(out), "--check")
    assert (code, "asyncapi.json" in output, out.exists()) == (1, True, False)
    assert run("schema", "--out", str(out))[0] == 0
    assert run("schema", "--out", str(out), "--check") == (0, "")
    (out / "asyncapi.json").write_text("{}", encoding="utf-8")
    code, output = run("schema", "--out", str(out), "--check")
    assert (code, "asyncapi.json" in output, "gateway-config" in output) == (1, True, False)


def test_bench_says_when_there_is_nothing_to_measure(tmp_path: Path) -> None:
    code, output = run("bench", "--clip", str(tmp_path / "none.mp4"))
    assert (code, "there is no such clip" in output) == (2, True)
    clip = tmp_path / "rubbish.mp4"
    clip.write_bytes(b"not a video" * 100)
    code, output = run("bench", "--clip", str(clip))
    assert (code, "cannot be decoded" in output) == (1, True)


def test_being_told_to_stop_while_it_loads_does_not_kill_it(config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(path: Path) -> None:
        signal.raise_signal(signal.SIGTERM)
        raise ConfigError(f"{path} was read to its end")

    monkeypatch.setattr("lookout_edge.bootstrap.load", load)
    code, output = run("run", "--config", config)
    assert (code, "was read to its end" in output) == (2, True)
