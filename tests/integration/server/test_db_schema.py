"""The schema: the same on SQLite and PostgreSQL, made by migrations alone."""

import asyncio
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError

from lookout_server.adapters.database import Database, migrate
from lookout_server.adapters.database.engine import complete_url, open_engine
from lookout_server.adapters.database.failures import translated
from lookout_server.adapters.database.migrate import alembic_config
from lookout_server.adapters.database.tables import Base
from lookout_server.domain.ledger import Chain, Ending, digest_of
from lookout_server.domain.territory import Camera, CameraKey
from lookout_server.domain.vehicles import Vehicle
from lookout_server.errors import ConfigError, StoreError, StoreRefusedError


def _tables(url: str) -> set[str]:
    def names(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names())

    async def look() -> set[str]:
        engine = open_engine(complete_url(url))
        async with engine.connect() as connection:
            found = await connection.run_sync(names)
        await engine.dispose()
        return found

    return asyncio.run(look())


def _differences(url: str) -> list[object]:
    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))

    async def look() -> list[object]:
        engine = open_engine(complete_url(url))
        async with engine.connect() as connection:
            found = await connection.run_sync(compare)
        await engine.dispose()
        return found

    return asyncio.run(look())


def _run(url: str, *statements: str) -> list[tuple[object, ...]]:
    async def run() -> list[tuple[object, ...]]:
        engine = open_engine(complete_url(url))
        async with engine.begin() as connection:
            for statement in statements[:-1]:
                await connection.execute(text(statement))
            found = [tuple(row) for row in await connection.execute(text(statements[-1]))]
        await engine.dispose()
        return found

    return asyncio.run(run())


def test_events_from_before_the_ledger_get_their_place_in_the_chain(empty_database_url: str) -> None:
    migrate(empty_database_url, "0001")
    source, at = "/site/s/gateway/g", "'2026-05-04 06:00:00'"
    columns = "(source, epoch, sequence, occurrence, captured_at, received_at, payload)"
    _run(
        empty_database_url,
        f"INSERT INTO streams (source, epoch, upto, also) VALUES ('{source}', 'e1', 2, '[]')",
        f"INSERT INTO events {columns} VALUES ('{source}', 'e1', 2, 'o', {at}, {at}, 'two')",
        f"INSERT INTO events {columns} VALUES ('{source}', 'e1', 1, 'o', {at}, {at}, 'one')",
        "SELECT 1",
    )
    migrate(empty_database_url)
    chain = Chain.begin(source, "e1")
    for number, payload in ((1, "one"), (2, "two")):
        link = chain.add(Ending.STORED, (number, number), digest_of(payload), None)
        chain = chain.after(link)
        found = _run(empty_database_url, f"SELECT link, chain, late_s FROM events WHERE sequence = {number}")
        assert found == [(number, link.chain, 0.0)]
    assert _run(empty_database_url, "SELECT top, links, head FROM streams") == [(0, 2, chain.head)]


def test_an_estate_with_people_is_brought_to_the_newest_version(empty_database_url: str) -> None:
    migrate(empty_database_url, "0018_lists")
    _run(
        empty_database_url,
        "INSERT INTO territories (id, name, level) VALUES ('grid-07', '第七网格', 'grid')",
        "INSERT INTO people (id, username, name, roles, language) VALUES ('u-w', 'w', '王芳', '[]', 'zh-CN')",
        "INSERT INTO person_grids (person_id, grid_id) VALUES ('u-w', 'grid-07')",
        "SELECT 1",
    )
    migrate(empty_database_url)
    assert _run(empty_database_url, "SELECT id, grid_id FROM people JOIN person_grids ON person_id = id") == [
        ("u-w", "grid-07")
    ]


def test_a_file_may_be_two_things_to_a_case_and_what_was_kept_stays(empty_database_url: str) -> None:
    migrate(empty_database_url, "0029_reasons")
    at, later, name = "'2026-05-04 06:00:00'", "'2026-05-04 07:00:00'", "a" * 64
    case = (
        "INSERT INTO cases (id, number, title, severity, state, version, entries, opened_at, updated_at, reworks)"
        f" VALUES ('c-1', '20260504-001', 'x', 'red', 'verifying', 1, 1, {at}, {at}, 0)"
    )
    columns = "case_id, sha256, kind, mime, bytes, at, stage"
    file = f"INSERT INTO case_evidence ({columns}) VALUES ('c-1', '{name}'"
    photo = f"{file}, 'photo', 'image/jpeg', 7, {at}, 'after')"
    _run(empty_database_url, case, photo, "SELECT 1")
    migrate(empty_database_url)
    everything = f"SELECT {columns} FROM case_evidence ORDER BY kind"
    (kept,) = _run(empty_database_url, everything.replace(" at,", ""))
    assert kept == ("c-1", name, "photo", "image/jpeg", 7, "after")
    again = f"{file}, 'recheck', 'image/jpeg', 7, {later}, 'after')"
    kinds = "SELECT kind FROM case_evidence ORDER BY kind"
    assert _run(empty_database_url, again, kinds) == [("photo",), ("recheck",)]
    command.downgrade(alembic_config(empty_database_url), "0029_reasons")
    assert _run(empty_database_url, kinds) == [("photo",)]


def test_titles_of_what_people_told_are_taken_apart(empty_database_url: str) -> None:
    migrate(empty_database_url, "0029_reasons")
    titles = {
        "resident": "垃圾乱堆乱放 · 3号楼 · 北侧",
        "hotline": "12345 · 通道被占、消防通道堵塞 · 第七网格",
        "button": "一键报警：火情 · 东门",
        "camera": "其他 · 东门",
        "patrol": "谁写的都行",
    }
    columns = "id, number, title, source, severity, state, version, entries, opened_at, updated_at, reworks"
    at = "'2026-05-04 06:00:00'"
    rows = [
        f"('c-{source}', '{source}', '{title}', '{source}', 'blue', 'new', 1, 1, {at}, {at}, 0)"
        for source, title in titles.items()
    ]
    _run(empty_database_url, f"INSERT INTO cases ({columns}) VALUES {', '.join(rows)}", "SELECT 1")
    migrate(empty_database_url)
    found = _run(empty_database_url, "SELECT source, title, topic, scene FROM cases ORDER BY source")
    assert {source: title for source, title, *_ in found} == titles
    assert [row[2:] for row in found] == [
        ("danger.fire", "东门"),
        (None, None),
        ("report.blocked", "第七网格"),
        (None, None),
        ("report.garbage", "3号楼 · 北侧"),
    ]


def test_the_lists_that_gateways_were_sent_are_taken_over(empty_database_url: str) -> None:
    migrate(empty_database_url, "0032_room")
    columns = "id, gateway, name, issued_at, request"
    resident = '{"plate": "皖A12345"}'
    guest = '{"plate": "皖B77777", "valid_until": "2026-05-04T16:00:00.000Z", "uses": 2}'
    lists = {
        "old": ("gw-1", 6, '{"residents": [{"plate": "沪C99999"}]}'),
        "new-1": ("gw-1", 7, f'{{"residents": [{resident}, {guest}]}}'),
        "new-2": ("gw-2", 7, f'{{"residents": [{resident}]}}'),
        "odd": ("gw-3", 7, "not what it should be"),
    }
    rows = [
        f"('{name}', '{gateway}', 'residents', '2026-05-04 0{hour}:00:00', '{request}')"
        for name, (gateway, hour, request) in lists.items()
    ]
    insert = f"INSERT INTO commands ({columns}) VALUES {', '.join(rows)}"
    # A colon would be a parameter.
    _run(empty_database_url, insert.replace(":", r"\:"), "SELECT 1")
    migrate(empty_database_url)
    found = _run(empty_database_url, "SELECT plate, uses, note, registered_by FROM vehicles ORDER BY plate")
    assert found == [("皖A12345", None, "", None), ("皖B77777", 2, "", None)]
    assert _run(empty_database_url, "SELECT gateway, version, command FROM vehicle_list_handed") == [
        ("gw-1", 0, "new-1")
    ]
    assert _run(empty_database_url, "SELECT count(*) FROM vehicle_list") == [(0,)]

    async def read() -> list[Vehicle]:
        database = Database(empty_database_url)
        async with database.read() as uow:
            vehicles = list(await uow.vehicles.everything())
        await database.close()
        return vehicles

    by_plate = {vehicle.listed.plate: vehicle.listed for vehicle in asyncio.run(read())}
    assert by_plate["皖B77777"].valid_until == datetime(2026, 5, 4, 16, tzinfo=UTC)
    sizes = _run(empty_database_url, "SELECT plate, size FROM vehicles")
    assert {(plate, listed.size) for plate, listed in by_plate.items()} == set(sizes)


def test_up_down_and_up_again(empty_database_url: str) -> None:
    migrate(empty_database_url)
    made = _tables(empty_database_url)
    assert set(Base.metadata.tables) < made

    command.downgrade(alembic_config(empty_database_url), "base")
    assert _tables(empty_database_url) == {"alembic_version"}

    migrate(empty_database_url)
    assert _tables(empty_database_url) == made


def test_migrations_make_what_the_tables_say(database_url: str) -> None:
    assert _differences(database_url) == []


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    migrate(database_url)
    assert _differences(database_url) == []


def test_a_database_of_a_newer_version_is_refused(empty_database_url: str) -> None:
    migrate(empty_database_url)

    async def pretend() -> None:
        database = Database(empty_database_url)
        async with database.write() as uow:
            await uow.session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
            await uow.commit()
        await database.close()

    asyncio.run(pretend())
    with pytest.raises(StoreError, match="newer version"):
        migrate(empty_database_url)


@pytest.mark.anyio
async def test_times_come_back_aware_and_in_utc(database_url: str) -> None:
    beijing = datetime(2026, 11, 22, 12, 0, 0, 123456, timezone(timedelta(hours=8)))
    key = CameraKey(gateway="gw-1", id="gate")
    database = Database(database_url)
    async with database.write() as uow:
        await uow.territory.save_cameras([Camera(key=key, name="东门", since=beijing)])
        await uow.commit()
    async with database.read() as uow:
        found = (await uow.territory.cameras())[key]
    await database.close()
    assert found.since == beijing
    assert found.since is not None
    assert found.since.tzinfo is UTC


@pytest.mark.anyio
async def test_foreign_keys_hold(database_url: str) -> None:
    database = Database(database_url)
    key = CameraKey(gateway="gw-1", id="gate")

    async def place_it_nowhere() -> None:
        async with database.write() as uow:
            await uow.territory.save_cameras([Camera(key=key, name="东门", grid="nowhere")])
            await uow.commit()

    with pytest.raises(StoreRefusedError):
        await place_it_nowhere()
    async with database.read() as uow:
        assert await uow.territory.cameras() == {}
    await database.close()


@pytest.mark.anyio
async def test_many_rows_are_kept_as_one_is(database_url: str) -> None:
    """PostgreSQL gets them as arrays: what is null, long or twice must come to the same."""
    database = Database(database_url)
    now = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
    gate, lift, hall = (Camera(key=CameraKey(gateway="gw-1", id=name), name=name) for name in ("gate", "lift", "hall"))
    seen = replace(gate, name="东门", since=now)
    async with database.write() as uow:
        await uow.territory.save_cameras([gate, lift, seen])
        await uow.commit()
    async with database.write() as uow:
        await uow.territory.save_cameras([hall, replace(lift, name="电梯")])
        await uow.commit()
    async with database.read() as uow:
        found = await uow.territory.cameras()
    assert found == {gate.key: seen, lift.key: replace(lift, name="电梯"), hall.key: hall}
    await database.close()


@pytest.mark.anyio
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_postgresql_cuts_nothing_that_is_too_long(database_url: str) -> None:
    database = Database(database_url)
    good = Camera(key=CameraKey(gateway="gw-1", id="gate"), name="东门")

    async def too_long() -> None:
        async with database.write() as uow:
            await uow.territory.save_cameras([good, Camera(key=CameraKey(gateway="gw-1", id="x" * 65), name="?")])
            await uow.commit()

    with pytest.raises(StoreRefusedError):
        await too_long()
    async with database.read() as uow:
        assert await uow.territory.cameras() == {}
    await database.close()


@pytest.mark.anyio
async def test_leaving_without_commit_undoes_everything(database_url: str) -> None:
    database = Database(database_url)
    async with database.write() as uow:
        await uow.territory.save_cameras([Camera(key=CameraKey(gateway="gw-1", id="gate"), name="东门")])
    async with database.read() as uow:
        assert await uow.territory.cameras() == {}
    await database.close()


@pytest.mark.anyio
async def test_counters_are_gapless_among_concurrent_writers(database_url: str) -> None:
    database = Database(database_url)

    async def take(give_up: bool) -> int | None:
        async with database.write() as uow:
            number = await uow.cases.next_number("20261122")
            if give_up:
                return None
            await uow.commit()
        return number

    numbers = await asyncio.gather(*(take(give_up=n % 3 == 0) for n in range(30)))
    await database.close()
    assert sorted(n for n in numbers if n is not None) == list(range(1, 21))


@pytest.mark.anyio
async def test_sqlite_is_durable_and_lets_readers_read(sqlite_template: Path) -> None:
    database = Database(f"sqlite:///{sqlite_template}")
    async with database.read() as uow:
        modes = [
            (await uow.session.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    await database.close()
    assert modes == ["wal", 2, 1]


@pytest.mark.anyio
async def test_a_damaged_sqlite_file_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "lookout.db"
    file.write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreError, match=r"damaged.*put a backup in its place"):
        await asyncio.to_thread(migrate, f"sqlite+aiosqlite:///{file}")


@pytest.mark.anyio
async def test_a_database_that_is_not_there_says_what_to_do() -> None:
    database = Database("postgresql://nobody:secret@127.0.0.1:1/none")
    with pytest.raises(StoreError, match="check that it runs") as caught:
        await database.ping()
    assert "secret" not in str(caught.value)
    await database.close()


@pytest.mark.parametrize("url", ["mysql://host/name", "not a url"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="sqlite"):
        Database(url)


def test_a_database_that_takes_nothing_is_not_ready(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PostgreSQL standby; a SQLite file on a disk that became read-only."""

    async def ask() -> None:
        database = Database(database_url)
        try:
            await database.ping()
            if database_url.startswith("sqlite"):

                def nothing_is_allowed(_path: str, _mode: int) -> bool:
                    return False

                monkeypatch.setattr("os.access", nothing_is_allowed)
            else:
                await _set_read_only(database_url, "on")
                await database.close()
            with pytest.raises(StoreError, match=r"cannot be written|is read-only"):
                await database.ping()
        finally:
            if not database_url.startswith("sqlite"):
                await _set_read_only(database_url, "off")
            await database.close()

    asyncio.run(ask())


async def _set_read_only(url: str, value: str) -> None:
    """For connections that are made from now on."""
    engine = open_engine(complete_url(url))
    name = complete_url(url).database
    async with engine.connect() as connection:
        await connection.execute(text("SET default_transaction_read_only = off"))
        await connection.commit()
        await connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {value}'))
        await connection.commit()
    await engine.dispose()


@pytest.mark.parametrize(
    ("says", "advice"),
    [
        ("database or disk is full", "make room"),
        ("attempt to write a readonly database", "rights"),
        ("cannot execute INSERT in a read-only transaction", "standby"),
        ("database is locked", "safe to try again"),
    ],
)
def test_what_waiting_does_not_mend_says_what_does(says: str, advice: str) -> None:
    error = translated(OperationalError("INSERT", None, sqlite3.OperationalError(says)))
    assert isinstance(error, StoreError)
    assert says in str(error)
    assert advice in str(error)


@pytest.mark.anyio
async def test_locks_of_a_dispatcher_whose_network_is_gone_do_not_keep_the_others_for_hours(database_url: str) -> None:
    database = Database(database_url)
    if not database.is_far:
        await database.close()
        pytest.skip("a file has one dispatcher")
    async with database.write() as uow:
        told = [
            await uow.session.scalar(text(f"SHOW {name}"))
            for name in ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")
        ]
    await database.close()
    assert told == ["10", "5", "4", "30000"]
