"""SQLite's log is emptied beside the commits: they do not wait for it, and it does not grow."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from lookout_server.adapters.database.checkpoints import (
    FILE_BYTES,
    LOG_BYTES,
    LogUse,
    empty_log,
    keep_log_short,
    log_use,
)
from lookout_server.adapters.database.engine import complete_url, open_engine

_ROW = 64 * 1024
_PATIENCE_S = 30


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "lookout.db"


@pytest.fixture
def url(database: Path) -> URL:
    return complete_url(f"sqlite:///{database}")


def _sizes(database: Path) -> tuple[int, int]:
    """Of the file and of its log, bytes."""
    return database.stat().st_size, log_use(database.with_name(f"{database.name}-wal")).bytes


async def _fill(url: URL, database: Path) -> tuple[int, int]:
    """Commit more than the log shall hold, in many transactions; the sizes then."""
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE IF NOT EXISTS filler (number INTEGER PRIMARY KEY, bytes BLOB)"))
    for _ in range(LOG_BYTES // _ROW + 20):
        async with engine.begin() as connection:
            await connection.execute(text("INSERT INTO filler (bytes) VALUES (zeroblob(:size))"), {"size": _ROW})
    sizes = _sizes(database)
    await engine.dispose()
    return sizes


@contextlib.contextmanager
def _reader(database: Path) -> Generator[sqlite3.Connection]:
    """Whose being there keeps the log when others leave."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL").fetchone()
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield connection


def _rows(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM filler").fetchone()[0])


@pytest.mark.anyio
async def test_no_commit_empties_the_log_and_who_looks_after_it_does(url: URL, database: Path) -> None:
    with _reader(database) as reader:
        file, log = await _fill(url, database)
        assert log > LOG_BYTES > file
        keeping = asyncio.create_task(keep_log_short(url, asyncio.Lock(), every_s=0.01))
        engine, more = open_engine(url), 0
        async with asyncio.timeout(_PATIENCE_S):
            while _sizes(database)[1] > LOG_BYTES:
                async with engine.begin() as connection:
                    await connection.execute(text("INSERT INTO filler (bytes) VALUES (x'00')"))
                more += 1
                await asyncio.sleep(0.01)
        keeping.cancel()
        await asyncio.wait([keeping])
        assert _sizes(database)[0] > LOG_BYTES
        await engine.dispose()
        assert _rows(reader) == LOG_BYTES // _ROW + 20 + more


@pytest.mark.anyio
async def test_the_log_begins_anew_though_commits_never_cease(url: URL, database: Path) -> None:
    log = database.with_name(f"{database.name}-wal")
    turn, engine, held, most = asyncio.Lock(), open_engine(url), LogUse(), 0
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE filler (number INTEGER PRIMARY KEY, bytes BLOB)"))
    keeping = asyncio.create_task(keep_log_short(url, turn, every_s=0.01))
    seen: set[bytes] = set()
    async with asyncio.timeout(_PATIENCE_S):
        while len(seen) < 4:
            async with turn, engine.begin() as connection:
                await connection.execute(text("INSERT INTO filler (bytes) VALUES (zeroblob(:size))"), {"size": _ROW})
            held = log_use(log)
            seen.add(held.salts)
            most = max(most, held.bytes)
    keeping.cancel()
    await asyncio.wait([keeping])
    assert LOG_BYTES < most < FILE_BYTES
    # The room of the longest of them is kept, and what lies behind the newest is not counted to it.
    assert log.stat().st_size == most > held.bytes
    await engine.dispose()


def test_a_log_that_is_not_there_or_cut_short_holds_nothing(tmp_path: Path) -> None:
    assert log_use(tmp_path / "none-wal") == LogUse()
    (tmp_path / "short-wal").write_bytes(b"7\x7f\x06\x83")
    assert log_use(tmp_path / "short-wal") == LogUse()


@pytest.mark.anyio
async def test_neither_a_reader_nor_a_writer_is_waited_for(url: URL, database: Path) -> None:
    with _reader(database) as reader, _reader(database) as writer:
        await _fill(url, database)
        reader.execute("BEGIN")
        seen = _rows(reader)
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO filler (bytes) VALUES (x'00')")
        empty_log(database)
        writer.execute("COMMIT")
        assert _rows(reader) == seen
        reader.execute("COMMIT")
        assert _rows(reader) == seen + 1


def test_a_file_that_is_no_database_is_no_reason_to_stop(database: Path) -> None:
    kept = b"no database" * 1000
    database.write_bytes(kept)
    empty_log(database)
    assert database.read_bytes() == kept


@pytest.mark.anyio
async def test_a_server_and_a_database_in_memory_look_after_themselves() -> None:
    for each in ("postgresql://nobody@localhost/nothing", "sqlite://"):
        keeping = asyncio.create_task(keep_log_short(complete_url(each), asyncio.Lock(), every_s=3600))
        await asyncio.wait([keeping], timeout=10)
        assert keeping.done(), f"it keeps a log of {each}"
        assert keeping.exception() is None
