"""Configuration: defaults suffice, and a mistake names file, line, key and the fix."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lookout_server.__main__ import app
from lookout_server.bootstrap.broker import intake_filters
from lookout_server.config import EmbeddedBroker, ExternalBroker, load_server_config, load_site_file
from lookout_server.config.server import Secrets
from lookout_server.errors import ConfigError

REPOSITORY = Path(__file__).parents[3]
NONE = Secrets(database_url=None, mqtt_password=None)


def write(folder: Path, text: str, name: str = "server.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_server_config(write(folder, text), secrets=NONE)
    return str(caught.value).splitlines()


def test_no_file_at_all_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_server_config(None, secrets=NONE)
    assert config.data_dir == tmp_path / ".lookout"
    assert config.database_url() == f"sqlite:///{tmp_path}/.lookout/lookout.db"
    assert config.evidence_place() == tmp_path / ".lookout" / "evidence"
    assert isinstance(config.broker, EmbeddedBroker)


def test_an_empty_file_will_do(tmp_path: Path) -> None:
    assert load_server_config(write(tmp_path, "# nothing\n"), secrets=NONE).data_dir == tmp_path / ".lookout"


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    text = (
        "data_dir: data\nsite_file: site.yaml\nevidence: {dir: /srv/evidence}\nbroker: {host: b, password_file: pw}\n"
    )
    write(tmp_path, "secret\n", "pw")
    config = load_server_config(write(tmp_path, text), secrets=NONE)
    assert (config.data_dir, config.site_file) == (tmp_path / "data", tmp_path / "site.yaml")
    assert config.evidence.dir == Path("/srv/evidence")
    assert isinstance(config.broker, ExternalBroker)
    assert config.broker.secret() == "secret"


def test_the_environment_wins_and_secrets_are_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKOUT_DATABASE_URL", "postgresql://lookout:hidden@db/lookout")
    monkeypatch.setenv("LOOKOUT_MQTT_PASSWORD", "hidden")
    config = load_server_config(write(tmp_path, "broker: {mode: external, host: mq, password: shown}\n"))
    assert config.database_url() == "postgresql://lookout:hidden@db/lookout"
    assert isinstance(config.broker, ExternalBroker)
    assert config.broker.secret() == "hidden"
    assert "hidden" not in repr(config)


def test_all_mistakes_come_at_once_with_their_lines(tmp_path: Path) -> None:
    text = "site:\n  id: Home!\n  timezon: UTC\nlisten:\n  port: eighty\nbroker:\n  mode: embedded\n  prot: 1\nzzz: 1\n"
    found = mistakes(tmp_path, text)
    name = tmp_path / "server.yaml"
    assert [line.split(": ")[0] for line in found] == [f"{name}:{n}" for n in (2, 3, 5, 8, 9)]
    assert "site.timezon: unknown key; did you mean 'timezone'?" in found[1]
    assert "listen.port" in found[2]
    assert "not 'eighty'" in found[2]
    assert "broker.prot: unknown key; did you mean 'port'?" in found[3]
    assert "zzz: unknown key; remove it, or use one of accounts, broker, contacts, data_dir" in found[4]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("site:\n  timezone: Mars/Base\n", 2, "unknown time zone 'Mars/Base'"),
        ("listen:\n  port: 1\n  port: 2\n", 3, "given twice (first in line 2)"),
        ("broker:\n  mode: external\n", 1, "broker.host: is missing"),
        ("broker:\n  mode: inside\n", 1, "'embedded', 'external'"),
        ("listen:\n  port: 70000\n", 2, "65535"),
        ("evidence:\n  url: ftp://x\n", 2, "evidence.url"),
        ("listen: [1\n", 2, "not valid YAML"),
        ("- a\n", 1, "'key: value' lines, not a list"),
        ("listen: 80\n", 1, "listen"),
        ("broker: yes\n", 1, "broker"),
        ("site:\n", 1, "site: needs 'key: value' lines below it, not nothing"),
        ("database:\n  url: mysql://a:secret@b/c\n", 2, "database.url: write postgresql://user:password@host/name or"),
        ("database:\n  url: nonsense\n", 2, "database.url: write postgresql://"),
        ("evidence:\n  dir: a\n  url: s3://b\n", 1, "evidence: give dir or url, not both"),
        ("broker:\n  host: b\n  tls: {cert: a.pem}\n", 3, "cert and key go together"),
        ("broker:\n  host: b\n  engine: auto\n", 3, "broker.engine: unknown key; remove it, or use one of host, mode"),
    ],
)
def test_a_mistake_names_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    found = mistakes(tmp_path, text)
    assert found[0].startswith(f"{tmp_path / 'server.yaml'}:{line}: ")
    assert says in found[0]


def test_a_section_given_twice_is_one_mistake(tmp_path: Path) -> None:
    found = mistakes(tmp_path, "listen:\n  port: 1\nlisten:\n  port: 2\n")
    assert [line.split(": ", 1)[1] for line in found] == ["listen: given twice (first in line 1); keep one of them"]


def test_a_password_is_not_repeated_in_a_message(tmp_path: Path) -> None:
    assert "secret" not in "".join(mistakes(tmp_path, "database: {url: 'mysql://a:secret@b/c'}\n"))


def test_a_password_file_that_is_missing(tmp_path: Path) -> None:
    config = load_server_config(write(tmp_path, "broker: {host: b, password_file: nowhere}\n"), secrets=NONE)
    assert isinstance(config.broker, ExternalBroker)
    with pytest.raises(ConfigError, match="password_file cannot be read"):
        config.broker.secret()


def test_a_missing_file_and_a_binary_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_server_config(tmp_path / "nowhere.yaml", secrets=NONE)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_server_config(tmp_path / "binary.yaml", secrets=NONE)


SITE = """\
district: {id: d, name: 雁塔区}
street: {id: s, name: 长延堡街道}
community: {id: c, name: 康乐南路社区}
grids:
  - {id: grid-01, name: 第一网格}
cameras:
  - {id: gate, name: 东门, grid: grid-01, gateway: gw-01}
people:
  - {username: wang, name: 王芳, roles: [worker], grids: [grid-01]}
"""


def test_a_site_file(tmp_path: Path) -> None:
    site = load_site_file(write(tmp_path, SITE, "site.yaml"))
    assert site.cameras[0].grid == "grid-01"
    assert site.people[0].roles == ("worker",)


def test_a_site_file_names_unknown_grids_and_repetitions(tmp_path: Path) -> None:
    text = SITE.replace("grid: grid-01,", "grid: grid-02,").replace("grids: [grid-01]}", "grids: [grid-03]}")
    text += "  - {username: wang, name: 又一个, roles: [operator]}\n  - {username: li, name: 李, roles: [boss]}\n"
    with pytest.raises(ConfigError) as caught:
        load_site_file(write(tmp_path, text.replace("boss", "admin"), "site.yaml"))
    found = str(caught.value).splitlines()
    assert "site.yaml:7: cameras[0].grid: no grid 'grid-02' in this file; known are grid-01" in found[0]
    assert "site.yaml:9: people[0].grids: no grid 'grid-03'" in found[1]
    assert "site.yaml:10: people[1]: 'wang' is listed twice" in found[2]
    with pytest.raises(ConfigError, match=r"people\[2\].roles\[0\]: input should be 'operator'"):
        load_site_file(write(tmp_path, text, "site.yaml"))


def test_the_example_configuration_loads_and_names_the_example_site() -> None:
    configs = REPOSITORY / "configs"
    assert load_server_config(configs / "server.example.yaml", secrets=NONE).site_file == configs / "site.example.yaml"


def test_the_example_site_loads() -> None:
    assert load_site_file(REPOSITORY / "configs" / "site.example.yaml").people


def test_replicas_share_the_work_and_need_one_postgresql(tmp_path: Path) -> None:
    broker = "broker: {host: mq, replica: one}\n"
    said = mistakes(tmp_path, broker)
    assert any("set database.url" in line for line in said)
    text = f"site: {{id: kangle}}\ndatabase: {{url: 'postgresql://u@db/lookout'}}\n{broker}"
    replica = load_server_config(write(tmp_path, text), secrets=NONE)
    alone = load_server_config(write(tmp_path, "broker: {host: mq}\n"), secrets=NONE)
    shared = [each for each in intake_filters(replica) if each.startswith("$share/lookout-kangle/lookout/v1/")]
    parts = [each.split("/")[-3:] for each in shared]
    assert parts == [["event", "+", "+"], ["test", "+", "+"], ["+", "response", "+"]]
    assert not any(each.startswith("$share") for each in intake_filters(alone))


def test_without_config_the_folders_server_yaml_counts_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["check"]).output.startswith("site      home (")
    (tmp_path / "server.yaml").write_text("site: {id: riverside}\n", encoding="utf-8")
    assert CliRunner().invoke(app, ["check"]).output.startswith("site      riverside (")
    assert CliRunner().invoke(app, ["policy", "show", "--config", "nowhere.yaml"]).exit_code == 2
