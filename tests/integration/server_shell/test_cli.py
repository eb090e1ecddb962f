"""The command line's verbs, without a running dispatcher."""

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from lookout_server.__main__ import app
from lookout_server.adapters.database import Database
from lookout_server.domain.ledger import Chain, Ending, digest_of
from lookout_server.domain.ledger_file import begin_line, end_line, entry_line
from lookout_server.domain.refusal import why
from lookout_server.services.intake import Intake
from lookout_server.testing import NOON, SITE, SmallGateway

runner = CliRunner()
REPOSITORY = Path(__file__).parents[3]

SITE_FILE = """\
district: {id: d, name: 雁塔区}
street: {id: s, name: 长延堡街道}
community: {id: c, name: 康乐南路社区}
grids: [{id: grid-01, name: 第一网格}]
cameras: [{id: gate, name: 东门, grid: grid-01, gateway: gw-a}]
people: [{username: wang, name: 王芳, roles: [worker], grids: [grid-01]}]
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "site.yaml").write_text(SITE_FILE, encoding="utf-8")
    file = tmp_path / "server.yaml"
    file.write_text("data_dir: data\nbroker: {port: 0}\nsite_file: site.yaml\n", encoding="utf-8")
    return str(file)


def said(*words: str, stdin: str = "", code: int = 0) -> str:
    done = runner.invoke(app, words, input=stdin)
    assert done.exit_code == code, done.output + repr(done.exception)
    return done.stdout if code == 0 else done.stderr


def test_check_says_what_would_run(config: str) -> None:
    text = said("check", "--config", config)
    assert "1 grids, 1 cameras, 1 people" in text
    assert "lookout.db" in text


def test_a_bad_configuration_ends_with_2_and_all_mistakes(tmp_path: Path) -> None:
    file = tmp_path / "server.yaml"
    file.write_text("listen: {prt: 1}\nbroker: {mode: embedded, port: x}\n", encoding="utf-8")
    text = said("check", "--config", str(file), code=2)
    assert f"{file}:1: listen.prt: unknown key; did you mean 'port'?" in text
    assert f"{file}:2: broker.port:" in text
    assert said("run", "--config", str(file), code=2) == text


def test_what_the_system_refuses_ends_with_1_and_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "File exists" in said("schema", "--out", str(tmp_path / "file"), code=1)


def test_a_broker_password_that_cannot_be_read_ends_with_2(tmp_path: Path) -> None:
    file = tmp_path / "server.yaml"
    file.write_text("listen: {port: 0}\nbroker: {host: 127.0.0.1, password_file: nowhere}\n", encoding="utf-8")
    assert "broker.password_file cannot be read" in said("run", "--config", str(file), code=2)


def test_a_bad_site_file_ends_with_2(config: str, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE_FILE.replace("grid: grid-01", "grid: grid-09"), encoding="utf-8")
    assert "site.yaml:5: cameras[0].grid: no grid 'grid-09'" in said("check", "--config", config, code=2)
    assert "no grid 'grid-09'" in said("site", "import", str(tmp_path / "site.yaml"), "--config", config, code=2)


def test_the_site_file_is_imported_once_and_then_only_what_changed(config: str, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    dry = said("site", "import", str(site), "--dry-run", "--config", config)
    assert "would be created: camera" in dry
    first = said("site", "import", str(site), "--config", config)
    assert dry.replace("would be ", "") == first
    assert said("site", "import", str(site), "--config", config) == "nothing to change\n"
    site.write_text(SITE_FILE.replace("东门", "东大门"), encoding="utf-8")
    changed = said("site", "import", str(site), "--config", config)
    assert changed.splitlines() == [line for line in changed.splitlines() if line.startswith("updated: camera")]


def test_an_account_gets_a_password_and_keeps_what_the_site_file_said(config: str, tmp_path: Path) -> None:
    said("site", "import", str(tmp_path / "site.yaml"), "--config", config)
    made = json.loads(said("user", "add", "wang", "--json", "--config", config))
    assert made["password"]
    kept = {"username": "wang", "name": "王芳", "roles": ["worker"], "grids": ["grid-01"]}
    assert made == kept | {"password": made["password"]}
    again = json.loads(said("user", "add", "wang", "--password-stdin", "--json", "--config", config, stdin="abc-123\n"))
    assert again == kept | {"password": None}
    new = said("user", "add", "li", "--role", "operator", "--role", "admin", "--name", "李", "--config", config)
    assert new.startswith("li (李): admin, operator\npassword: ")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("user", "add", "Li Ming"), "user name 'Li Ming' will not do"),
        (("user", "add", "li", "--grid", "grid-09"), "there is no grid grid-09"),
        (("user", "add", "li", "--password-stdin"), "standard input held no password"),
        (("gateway", "add", "GW A"), "lower-case letters"),
        (("site", "import", "nowhere.yaml"), "no such file"),
    ],
)
def test_bad_usage_ends_with_2_and_one_sentence(config: str, words: tuple[str, ...], says: str) -> None:
    text = said(*words, "--config", config, code=2)
    assert says in text
    assert len(text.strip().splitlines()) == 1


def test_shutting_out_whoever_is_no_gateway_says_so(config: str) -> None:
    said("gateway", "add", "gw-a", "-c", config)
    assert "none was shut out; there are: gw-a" in said("gateway", "revoke", "gw-b", "-c", config, code=1)
    assert "gw-a is shut out" in said("gateway", "revoke", "gw-a", "-c", config)


def test_a_newer_database_and_a_data_dir_that_cannot_be_made_say_what_to_do(config: str, tmp_path: Path) -> None:
    said("gateway", "list", "-c", config)
    with closing(sqlite3.connect(tmp_path / "data" / "lookout.db")) as database:
        database.execute("update alembic_version set version_num = '9999_later'")
        database.commit()
    text = said("gateway", "list", "-c", config, code=1)
    assert "written by a newer version" in text
    assert "install that one again" in text
    (tmp_path / "file").write_text("", encoding="utf-8")
    Path(config).write_text("data_dir: file/data\n", encoding="utf-8")
    text = said("gateway", "list", "-c", config, code=2)
    assert f"data_dir {tmp_path / 'file' / 'data'} cannot be made" in text


def test_gateways_are_listed_with_their_state_version_and_last_word(config: str, tmp_path: Path) -> None:
    assert "gateway enrol" in said("gateway", "list", "-c", config)
    for name in ("gw-b", "gw-a", "gw-c"):
        said("gateway", "add", name, "-c", config)
    said("gateway", "revoke", "gw-c", "-c", config)

    async def heard() -> None:
        database = Database(f"sqlite:///{tmp_path / 'data' / 'lookout.db'}")
        async with database.write() as uow:
            known = (await uow.gateways.get(["gw-a"]))["gw-a"]
            at = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
            await uow.gateways.save([replace(known, online=True, version="1.2.3", last_seen_at=at, spool_events=7)])
            await uow.commit()
        await database.close()

    asyncio.run(heard())
    assert said("gateway", "list", "-c", config).splitlines() == [
        "gw-a  online  1.2.3  seen 2026-11-28 09:30:00Z  7 events wait on its disk",
        "gw-b  never-seen  -  never seen",
        "gw-c  no-credentials  -  never seen",
    ]
    first, second, _ = json.loads(said("gateway", "list", "--json", "-c", config))
    assert (first["state"], first["last_seen_at"], first["version"]) == ("online", "2026-11-28T09:30:00Z", "1.2.3")
    assert (second["state"], second["last_seen_at"]) == ("never-seen", None)


def test_a_gateway_gets_its_credentials_once(config: str) -> None:
    access = json.loads(said("gateway", "add", "gw-a", "--json", "--config", config))
    assert access["mqtt_port"] is None
    assert all(access[key] for key in ("mqtt_host", "mqtt_username", "mqtt_password", "dispatcher_url", "upload_token"))
    assert "--rotate" in said("gateway", "add", "gw-a", "--config", config, code=1)
    text = said("gateway", "add", "gw-a", "--rotate", "--config", config)
    shown = yaml.safe_load(text)
    assert shown["gateway"] == "gw-a"
    assert shown["mqtt"]["password"] != access["mqtt_password"]
    assert "runtime.json" in text


def test_with_an_external_broker_the_account_is_made_there(tmp_path: Path) -> None:
    file = tmp_path / "server.yaml"
    file.write_text("data_dir: data\nbroker: {host: mq.example, port: 8883}\n", encoding="utf-8")
    text = said("gateway", "add", "gw-a", "--config", str(file))
    assert "make at your own broker" in text
    assert yaml.safe_load(text)["mqtt"] == {"host": "mq.example", "username": "gw-a", "port": 8883}


def test_migrate_twice(config: str) -> None:
    assert said("migrate", "--config", config) == said("migrate", "--config", config)


def test_the_exported_documents_are_fresh_and_reproducible(tmp_path: Path) -> None:
    said("schema", "--out", str(tmp_path))
    first = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    said("schema", "--out", str(tmp_path))
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == first
    assert set(first) == {"server-config.schema.json", "site.schema.json", "policy.schema.json", "openapi.json"}
    for name, content in first.items():
        committed = REPOSITORY / "configs" / "schemas" / name
        assert committed.read_bytes() == content, f"{name} is stale: run lookout-server schema --out configs/schemas"


def test_stale_documents_are_noticed(tmp_path: Path) -> None:
    said("schema", "--out", str(tmp_path))
    said("schema", "--out", str(tmp_path), "--check")
    (tmp_path / "site.schema.json").write_text("{}")
    assert "site.schema.json" in said("schema", "--out", str(tmp_path), "--check", code=1)


def test_version() -> None:
    assert said("version").strip()


async def _take_some(url: str) -> None:
    database, gateway = Database(url), SmallGateway(gateway="gw-a")
    first, _, third = (gateway.sends(f"o-{n}") for n in range(3))
    await Intake(database, site=SITE).take([first, third])
    await database.close()


def test_a_ledger_is_shown_exported_and_verified_from_the_file_alone(config: str, tmp_path: Path) -> None:
    assert "no events yet" in said("ledger", "show", "--config", config)
    asyncio.run(_take_some(f"sqlite:///{tmp_path / 'data' / 'lookout.db'}"))
    assert "gw-a: 1 gaps in 24 h (1 waited for, 0 lost), 0 late" in said("ledger", "show", "--config", config)
    (shown,) = json.loads(said("ledger", "show", "gw-a", "--json", "--config", config))
    head = shown["streams"][0]["head"]
    file = tmp_path / "gw-a.jsonl"
    assert "2 entries" in said("ledger", "export", "gw-a", "--out", str(file), "--config", config)
    assert "holds; 2 stored, 0 refused, 0 lost, 1 missing" in said("ledger", "verify", str(file), "--head", head)
    assert "not the ledger" in said("ledger", "verify", str(file), "--head", "0" * 64, code=2)
    whole = file.read_text(encoding="utf-8")
    for before, after in (("yellow", "blue"), ('"at":"2026', '"at":"2025')):
        file.write_text(whole.replace(before, after, 1), encoding="utf-8")
        assert "line 2: entry 1 (number 1) does not follow" in said("ledger", "verify", str(file), code=2)
    assert "no events of a gateway 'gw-z'" in said("ledger", "show", "gw-z", "--config", config, code=1)


def test_verifying_tells_of_times_that_an_earlier_version_did_not_cover(tmp_path: Path) -> None:
    chain = Chain.begin("/site/s/gateway/g", "e1")
    first = chain.add(Ending.LOST, (1, 1), digest_of("gone"), None)
    second = chain.after(first).add(Ending.LOST, (2, 2), digest_of("gone"), NOON)
    lines = [begin_line("/site/s/gateway/g", "e1", NOON), *(entry_line(link, NOON, "gone") for link in (first, second))]
    file = tmp_path / "g.jsonl"
    file.write_text("\n".join([*lines, end_line(chain.after(second))]), encoding="utf-8")
    assert "entries 1 to 1 are of an earlier version: their times are not" in said("ledger", "verify", str(file))


def test_places_get_codes_to_print(config: str, tmp_path: Path) -> None:
    assert "no places yet" in said("places", "list", "--config", config)
    assert "there is no grid nowhere" in said("places", "add", "nowhere", "3号楼", "--config", config, code=2)
    said("site", "import", str(tmp_path / "site.yaml"), "--config", config)
    added = said("places", "add", "grid-01", "3号楼北侧", "4号楼", "--config", config)
    assert said("places", "add", "grid-01", "4号楼", "--config", config) in added
    code = added.split()[0]
    sheet = tmp_path / "sheet.html"
    assert "listen.url" in said("places", "qr", "-o", str(sheet), "--config", config, code=2)
    url = ["--url", "https://lookout.example/"]
    assert "2 codes" in said("places", "qr", "-o", str(sheet), *url, "--config", config)
    assert f"https://lookout.example/r/{code}" in sheet.read_text(encoding="utf-8")
    said("places", "retire", code, "--config", config)
    assert "(retired)" in said("places", "list", "--config", config)
    said("places", "qr", "-o", str(tmp_path / "codes"), *url, "--grid", "grid-01", "--config", config)
    assert [file.suffix for file in (tmp_path / "codes").iterdir()] == [".svg"]
    assert len(json.loads(said("places", "list", "--json", "--config", config))) == 2


def test_the_quarantine_is_read_and_decided_from_the_command_line(config: str) -> None:
    assert "nothing waits" in said("quarantine", "list", "--config", config)
    asyncio.run(_refuse(config))
    rubbish, event = json.loads(said("quarantine", "list", "--json", "--config", config))
    assert "it stumbled" in said("quarantine", "list", "--config", config)
    assert json.loads(said("quarantine", "show", str(event["id"]), "--config", config))["sequence"] == 1
    assert "1 of 2 wait on" in said("quarantine", "replay", "--all", "--config", config, code=1)
    assert f"{event['id']}: taken, alarm a-" in said("quarantine", "replay", str(event["id"]), "--config", config)
    said("quarantine", "replay", "--config", config, code=2)
    number = str(rubbish["id"])
    said("quarantine", "discard", number, "--reason", " ", "--config", config, code=2)
    assert "discarded" in said("quarantine", "discard", number, "--reason", "a test bench", "--config", config)
    kept = json.loads(said("quarantine", "list", "--all", "--json", "--config", config))
    assert [(held["state"], held["note"]) for held in kept] == [("discarded", "a test bench"), ("taken", None)]
    assert "2 entries hold" in said("audit", "verify", "--config", config)


async def _refuse(config: str) -> None:
    """Without the intake, whose words would go where the verb before had its own."""
    gateway = SmallGateway(gateway="gw-a", site="home")
    database = Database(f"sqlite:///{Path(config).parent}/data/lookout.db")
    async with database.write() as uow:
        for message, code, text in (
            (gateway.sends("o-1"), "stumbled", "it stumbled"),
            (gateway.says(b"rubbish"), "no_json", "it is no JSON"),
        ):
            await uow.quarantine.add(message, why(code, text), gateway="gw-a", key=None)
        await uow.commit()
    await database.close()


def test_the_list_of_vehicles_is_replaced_shown_and_written_out(config: str, tmp_path: Path) -> None:
    table, out = tmp_path / "list.csv", tmp_path / "out.csv"
    assert "no vehicle is registered" in said("vehicles", "list", "--config", config)
    table.write_text("plate,valid_until,note\n皖A·12345,,3号楼502\n皖B77777,2026-12-31,\n", encoding="utf-8")
    text = said("vehicles", "send", str(table), "--config", config)
    assert "2 vehicles: 2 new, 0 changed, 0 removed" in text
    assert "those that are away when they are back" in text
    assert "2 vehicles: 0 new, 0 changed, 0 removed" in said("vehicles", "send", str(table), "--config", config)
    listed = sorted(said("vehicles", "list", "--config", config).splitlines())
    assert listed == ["皖A12345  3号楼502", "皖B77777  until 2026-12-31"]
    found = json.loads(said("vehicles", "list", "--json", "--config", config))
    assert {(each["plate"], each["registered_by"], each["note"]) for each in found} == {
        ("皖A12345", None, "3号楼502"),
        ("皖B77777", None, ""),
    }
    assert "2 vehicles are in" in said("vehicles", "export", str(out), "--config", config)
    assert "皖A12345,,,,,3号楼502" in out.read_text(encoding="utf-8-sig")
    table.write_text("plate\n皖A12345\n皖\n", encoding="utf-8")
    assert "line 3, plate" in said("vehicles", "send", str(table), "--config", config, code=2)
    assert "no gateway goes by gw-9" in said(
        "vehicles", "send", str(out), "--gateway", "gw-9", "--config", config, code=1
    )
    assert len(json.loads(said("vehicles", "list", "--json", "--config", config))) == 2
