"""A backup of either database restored into either: everything is there again, and goes on."""

import asyncio
import gzip
import hashlib
import json
import shutil
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from alembic import command
from sqlalchemy import text
from typer.testing import CliRunner

from lookout_server.__main__ import app
from lookout_server.adapters.database import Database
from lookout_server.adapters.database.dump import dump
from lookout_server.adapters.database.migrate import alembic_config
from lookout_server.adapters.evidence import open_evidence
from lookout_server.adapters.feed import FeedHub
from lookout_server.domain.audit import Act, Entry
from lookout_server.services.accounts import Account, add_person
from lookout_server.services.auditing import verify
from lookout_server.services.estate import import_estate
from lookout_server.services.intake import Intake
from lookout_server.testing import (
    JPEG,
    NOON,
    PASSWORD,
    SITE,
    ManualClock,
    MemoryFiles,
    PlainHasher,
    SmallGateway,
    Station,
    picture,
    small_estate,
)

runner = CliRunner()


def _said(*words: str, code: int = 0) -> str:
    done = runner.invoke(app, words)
    assert done.exit_code == code, done.output + repr(done.exception)
    return done.stdout if code == 0 else done.stderr


def _config(folder: Path, url: str | None) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    values = {"data_dir": "data", "site": {"id": "kangle"}, **({"database": {"url": url}} if url else {})}
    (folder / "server.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    return str(folder / "server.yaml")


async def _body() -> AsyncIterator[bytes]:
    yield JPEG


async def _fill(url: str, evidence: Path) -> None:
    """An estate with an alarm that became a case, a picture, a message that was refused and an entry of the log."""
    database = Database(url)
    await import_estate(database, small_estate(), at=NOON)
    account = Account(username="li", name="李", roles=small_estate().people[0].roles, password=PASSWORD)
    await add_person(database, PlainHasher(), account)
    station = Station(database, FeedHub(database), Intake(database, site=SITE), MemoryFiles(), ManualClock())
    gateway = SmallGateway(evidence=(picture(),))
    await station.reported(gateway, "o-1")
    await station.intake.take([gateway.says(b"\x00\xff not JSON")])
    files = open_evidence(evidence)

    stored = await files.put(picture().sha256, "image/jpeg", _body(), max_bytes=1000)
    async with database.write() as uow:
        await uow.evidence.add(stored, uploader="gateway:gw-1", at=NOON)
        uow.audit.add(Entry(at=NOON, act=Act.EXPORTED, actor=None, details={"数": 1}))
        await uow.commit()
    await database.close()


def _rows(url: str, folder: Path) -> dict[str, list[object]]:
    """Table → its rows. PostgreSQL keeps the members of JSON in an order of its own: read, they are the same."""
    folder.mkdir()
    _, tables = asyncio.run(dump(url, folder))
    lines = {each.name: gzip.decompress(each.file.read_bytes()).decode().splitlines() for each in tables}
    return {name: [json.loads(line) for line in found] for name, found in lines.items()}


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_what_was_backed_up_is_restored(
    database_url: str, target: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    here = _config(tmp_path / "here", database_url)
    data = tmp_path / "here" / "data"
    asyncio.run(_fill(database_url, data / "evidence"))
    (data / "authority").mkdir(parents=True)
    (data / "authority" / "key.pem").write_text("a key", encoding="utf-8")
    file = tmp_path / "backup.tar"
    report = json.loads(_said("backup", str(file), "--json", "--config", here))
    assert (report["evidence"], report["missing"], report["files"]) == (1, 0, 1)
    assert file.stat().st_mode & 0o777 == 0o600

    other = None if target == "sqlite" else request.getfixturevalue("postgres_url")
    there = _config(tmp_path / "there", other)
    assert json.loads(_said("restore", str(file), "--json", "--config", there))["rows"] == report["rows"]
    url = other or f"sqlite:///{tmp_path / 'there' / 'data' / 'lookout.db'}"
    before, after = (_rows(each, tmp_path / name) for each, name in ((database_url, "a"), (url, "b")))
    assert before == after
    assert len(before["cases"]) == len(before["quarantine"]) == 1
    copied = tmp_path / "there" / "data" / "evidence" / "/".join(_parts(picture().sha256))
    assert copied.read_bytes() == JPEG
    assert (tmp_path / "there" / "data" / "authority" / "key.pem").read_text(encoding="utf-8") == "a key"
    asyncio.run(_goes_on(url))
    # Nothing is written over what is there.
    assert "already" in _said("restore", str(file), "--config", there, code=1)


def _parts(sha256: str) -> tuple[str, str, str]:
    return sha256[:2], sha256[2:4], sha256


async def _goes_on(url: str) -> None:
    """Numbers go on where they were: rows, feed, cases, log."""
    database = Database(url)
    assert (await verify(database)).broken is None
    station = Station(database, FeedHub(database), Intake(database, site=SITE), MemoryFiles(), ManualClock())
    gateway = SmallGateway(sequence=1)
    assert await station.reported(gateway, "o-2") == "c-20261122-0002"
    await station.intake.take([gateway.says(b"again not JSON")])
    async with database.read() as uow:
        assert len(await uow.quarantine.page(limit=5)) == 2
    await database.close()


def test_no_backup_replaces_a_file_and_none_is_restored_that_is_not_there(tmp_path: Path) -> None:
    here, file = _config(tmp_path / "here", None), tmp_path / "backup.tar"
    file.write_text("of yesterday")
    assert "--replace" in _said("backup", str(file), "--config", here, code=1)
    assert file.read_text() == "of yesterday"
    assert "in a folder that exists" in _said("backup", str(tmp_path / "no" / "backup.tar"), "--config", here, code=2)
    assert "in a folder that exists" in _said("backup", str(tmp_path), "--config", here, code=2)
    _said("backup", str(file), "--replace", "--config", here)
    assert tarfile.is_tarfile(file)
    there = _config(tmp_path / "there", None)
    assert "there is no file" in _said("restore", str(tmp_path / "nowhere"), "--config", there, code=2)
    assert not (tmp_path / "there" / "data").exists()


@pytest.fixture
def made(sqlite_template: Path, tmp_path: Path) -> tuple[str, Path]:
    """A backup of an SQLite database, and the configuration of an empty place."""
    here = _config(tmp_path / "here", None)
    (tmp_path / "here" / "data").mkdir()
    shutil.copy(sqlite_template, tmp_path / "here" / "data" / "lookout.db")
    asyncio.run(_fill(f"sqlite:///{tmp_path / 'here' / 'data' / 'lookout.db'}", tmp_path / "here/data/evidence"))
    _said("backup", str(tmp_path / "backup.tar"), "--config", here)
    return _config(tmp_path / "there", None), tmp_path / "backup.tar"


def test_a_damaged_backup_is_refused_and_nothing_is_written(made: tuple[str, Path], tmp_path: Path) -> None:
    there, file = made
    whole = file.read_bytes()
    place = whole.index(hashlib.sha256(JPEG).hexdigest().encode())
    start = whole.index(JPEG, place)
    (tmp_path / "changed.tar").write_bytes(whole[:start] + b"X" + whole[start + 1 :])
    (tmp_path / "cut.tar").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "none.tar").write_bytes(b"not a tar file")
    for name, what in (("changed", "is not what was backed up"), ("cut", "whole backup"), ("none", "no whole backup")):
        done = runner.invoke(app, ["restore", str(tmp_path / f"{name}.tar"), "--config", there])
        assert done.exit_code in {1, 2}
        assert what in done.stderr
    assert not (tmp_path / "there" / "data" / "lookout.db").exists()


def test_a_backup_of_an_older_schema_is_brought_up(made: tuple[str, Path], tmp_path: Path) -> None:
    there, _ = made
    url = f"sqlite:///{tmp_path / 'here' / 'data' / 'lookout.db'}"
    command.downgrade(alembic_config(url), "0008_proofs")
    (tmp_path / "old").mkdir()
    _, tables = asyncio.run(dump(url, tmp_path / "old"))
    manifest = {
        "format": 1,
        "revision": "0008_proofs",
        "tables": {table.name: table.rows for table in tables},
        "members": {f"tables/{t.file.name}": hashlib.sha256(t.file.read_bytes()).hexdigest() for t in tables},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with tarfile.open(tmp_path / "old.tar", "w") as tar:
        for table in tables:
            tar.add(table.file, f"tables/{table.file.name}")
        tar.add(tmp_path / "manifest.json", "manifest.json")
    _said("restore", str(tmp_path / "old.tar"), "--config", there)

    async def look() -> object:
        database = Database(f"sqlite:///{tmp_path / 'there' / 'data' / 'lookout.db'}")
        async with database.read() as uow:
            found = (await uow.session.execute(text("SELECT count(*) FROM saved_views"))).scalar()
            assert len(await uow.people.everyone()) == 8
        await database.close()
        return found

    assert asyncio.run(look()) == 0
