"""Sets the stage: broker as shipped, database, dispatchers and gateways, each in a folder of its own."""

import asyncio
import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import httpx
import yaml

from lookout_lab.databases import PostgresReader, Reader, SqliteReader
from lookout_lab.errors import LabError
from lookout_lab.processes import Child, free_port, listens, until

SITE = "lab"
PASSWORD = "of-the-lab"
#: What the policy of the lab gives a fire's case that nobody touches: so many timers, so far apart.
RUNGS = 2
RUNG_S = 5
#: By then all have acted, also where the dispatcher was started again a moment ago: it lets phones speak first, for ten
#: seconds (`SETTLE_S` of its timers).
ACTED_S = 10 + RUNG_S * (RUNGS + 1)
START_S = 240.0

DatabaseKind = Literal["sqlite", "postgresql"]
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
_SHIPPED = Path(__file__).parents[2] / "docker" / "mosquitto"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How large the stage is."""

    folder: Path
    database: DatabaseKind
    gateways: int = 2
    #: Only PostgreSQL can have more than one.
    dispatchers: int = 1
    #: Events in the first gateway's spool before it connects.
    backlog: int = 0
    #: Settings of PostgreSQL beside the usual ones, as in ``shared_buffers=1GB``.
    settings: tuple[str, ...] = ()
    #: The folder may hold what an earlier run left, and is gone on with.
    keeps: bool = False
    #: Further keys of the gateways' ``gateway.json``.
    gateway: dict[str, Any] = field(default_factory=dict[str, Any])


class Stage:
    """All processes. Whoever connects to the broker goes to ``client_port``, which may be a proxy's."""

    def __init__(self, plan: Plan, on_line: Callable[[str, bytes], None]) -> None:
        self.plan = plan
        self.broker_port = free_port()
        self.client_port = self.broker_port
        self._on_line = on_line
        self._http_ports: dict[str, int] = {}
        self.children: dict[str, Child] = {}
        self._database_port = free_port()

    @property
    def reader(self) -> Reader:
        """The dispatcher's database."""
        if self.plan.database == "sqlite":
            return SqliteReader(self.sqlite_file)
        return PostgresReader(self.database_url)

    @property
    def sqlite_file(self) -> Path:
        """Where SQLite's file lies."""
        return self.plan.folder / "dispatcher-1" / "data" / "lookout.db"

    def http_port(self, dispatcher: str) -> int:
        """Where it serves its API."""
        return self._http_ports[dispatcher]

    def names(self, kind: str) -> list[str]:
        """``gateway`` → gateway-1, gateway-2 …"""
        return [name for name in self.children if name.split("-")[0] == kind]

    async def set_up(self) -> None:
        """Broker, database and dispatchers, ready; the gateways are started by ``start_gateways``."""
        self._make_broker()
        await self.start("broker")
        if self.plan.database == "postgresql":
            self._make_postgres()
            await self.start("database")
            self._create_database()
        for number in range(1, self.plan.dispatchers + 1):
            self._make_dispatcher(f"dispatcher-{number}")
            await self.start(f"dispatcher-{number}")

    async def start_gateways(self) -> None:
        """All of them."""
        for number in range(1, self.plan.gateways + 1):
            self._make_gateway(number)
            await self.start(f"gateway-{number}")

    async def start(self, name: str) -> float:
        """Start it and wait until it is ready; seconds that took (0 for a gateway: its spool is the first thing)."""
        child = self.children[name]
        await child.start()
        if name.startswith("gateway"):
            return 0.0
        probes = {"broker": lambda: listens(self.broker_port), "database": lambda: self._accepts_queries()}
        ready = probes.get(name) or (lambda: self._is_ready(name))
        try:
            return await until(f"{name} to be ready", ready, timeout_s=START_S, every_s=0.1)
        except LabError as error:
            raise LabError(f"{error}; the end of its log:\n{child.log_tail()}") from error

    async def tear_down(self) -> None:
        """Stop everything, last started first."""
        for child in reversed(self.children.values()):
            await child.stop()

    def quiet(self) -> None:
        """The gateways see nothing any more; what they have is still sent."""
        for name in self.names("gateway"):
            (self.plan.folder / name / "quiet").touch()

    def wrong_clock(self, name: str, seconds: float) -> None:
        """Set a gateway's clock wrong from now on; 0 sets it right."""
        (self.plan.folder / name / "clock").write_text(str(seconds))

    def file_size(self, name: str) -> int:
        """Of the journal that this process's database writes to now; what lies beyond it will be refused."""
        database = self.plan.folder / name / "spool.db" if name.startswith("gateway") else self.sqlite_file
        wal = database.with_name(f"{database.name}-wal")
        return max(wal.stat().st_size if wal.exists() else 0, 4096)

    # --- each kind ---

    def _make_broker(self) -> None:
        program = shutil.which("mosquitto", path=_PATH)
        passwords = shutil.which("mosquitto_passwd", path=_PATH)
        if program is None or passwords is None:
            raise LabError("the lab needs Mosquitto: install Debian's mosquitto")
        folder = self._folder("broker")
        accounts = folder / "passwords"
        accounts.touch(mode=0o600)
        for user in ("dispatcher", *(f"gateway-{n}" for n in range(1, self.plan.gateways + 1))):
            subprocess.run([passwords, "-b", str(accounts), user, PASSWORD], check=True, capture_output=True)
        shipped = (_SHIPPED / "mosquitto.conf").read_text(encoding="utf-8")
        places = {
            "listener 1883": f"listener {self.broker_port} 127.0.0.1\nuser {pwd.getpwuid(os.geteuid()).pw_name}",
            "/mosquitto/auth/passwords": str(accounts),
            "/mosquitto/config/acl": str(_SHIPPED / "acl"),
            "/mosquitto/data/": f"{folder}/",
            "log_dest stdout": "log_dest stderr",
        }
        for there, here in places.items():
            shipped = shipped.replace(there, here)
        (folder / "mosquitto.conf").write_text(shipped, encoding="utf-8")
        self._child("broker", [program, "-c", str(folder / "mosquitto.conf")])

    def _make_postgres(self) -> None:
        binaries = _postgres_binaries()
        kept = (self.plan.folder / "database" / "data").exists()
        folder = self._folder("database")
        user = _unprivileged()
        if user is not None:
            shutil.chown(folder, user)
            for parent in (self.plan.folder, *self.plan.folder.parents):
                if parent.stat().st_uid == os.geteuid() and parent.stat().st_mode & 0o055 != 0o055:
                    parent.chmod(parent.stat().st_mode | 0o055)
        init = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        if not kept:
            subprocess.run([*init, "--locale=C.UTF-8"], check=True, capture_output=True, user=user, cwd="/")
        # A killed process loses nothing that the kernel has taken: fsync is for power cuts, which are not tried here.
        options = ["-p", str(self._database_port), "-h", "127.0.0.1", "-k", "", "-c", "fsync=off"]
        options += [word for setting in self.plan.settings for word in ("-c", setting)]
        self._child("database", [str(binaries / "postgres"), "-D", str(folder / "data"), *options], user=user)

    def _create_database(self) -> None:
        there = "SELECT count(*) FROM pg_database WHERE datname = 'lookout'"
        if self._psql(there, "postgres") == "0":
            self._psql("CREATE DATABASE lookout", "postgres")

    async def sql(self, statement: str) -> str:
        """Have PostgreSQL do something beside the dispatcher's back; what it prints."""
        return await asyncio.to_thread(self._psql, statement)

    async def analyse(self) -> None:
        """Have PostgreSQL look at what its tables hold, as its autovacuum does in time."""
        await self.sql("VACUUM ANALYZE")

    def _psql(self, statement: str, database: str = "lookout") -> str:
        psql = [str(_postgres_binaries() / "psql"), "-h", "127.0.0.1", "-p", str(self._database_port), "-U", "postgres"]
        done = subprocess.run([*psql, "-qAtc", statement, database], capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"PostgreSQL refuses {statement[:100]!r}: {done.stderr[-300:]}")
        return done.stdout.strip()

    def _make_dispatcher(self, name: str) -> None:
        folder = self._folder(name)
        port = self._http_ports[name] = free_port()
        broker: dict[str, Any] = {
            "mode": "external",
            "host": "127.0.0.1",
            "port": self.client_port,
            "username": "dispatcher",
        }
        config: dict[str, Any] = {
            "site": {"id": SITE, "name": "实验室"},
            "listen": {"port": port},
            "data_dir": str(folder / "data"),
            "policy_file": str(folder / "policy.yaml"),
            "broker": broker,
            # The lab asks as much as it can.
            "limits": {"account": None, "address": None},
            "log": {"format": "json", "level": "warning"},
        }
        if self.plan.dispatchers > 1:
            broker["replica"] = name
        if self.plan.database == "postgresql":
            config["database"] = {"url": self.database_url}
        limit = f"{RUNG_S}s"
        policy = {"limits": {"confirmed": {"red": limit}}, "escalation": {"rungs": RUNGS}}
        (folder / "policy.yaml").write_text(yaml.safe_dump(policy))
        (folder / "server.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
        command = [sys.executable, "-m", "lookout_server", "run", "--config", str(folder / "server.yaml")]
        self._child(name, command, env={"LOOKOUT_MQTT_PASSWORD": PASSWORD})

    def _make_gateway(self, number: int) -> None:
        name = f"gateway-{number}"
        folder = self._folder(name)
        told: dict[str, Any] = {
            "site": SITE,
            "gateway": name,
            "port": self.client_port,
            "password": PASSWORD,
            "rate": 5.0,
            "cameras": 4,
            "fires_in_100": 5,
            "resend_after_s": 3.0,
            "seed": number,
            "backlog": self.plan.backlog if number == 1 else 0,
        }
        (folder / "gateway.json").write_text(json.dumps(told | self.plan.gateway))
        command = [sys.executable, "-m", "lookout_lab.gateway", str(folder)]
        self._child(name, command, on_line=partial(self._on_line, name))

    # --- small things ---

    def _child(self, name: str, command: list[str], **more: Any) -> None:
        self.children[name] = Child(name, command, self.plan.folder / f"{name}.log", **more)

    def _folder(self, name: str) -> Path:
        folder = self.plan.folder / name
        folder.mkdir(parents=True, exist_ok=self.plan.keeps)
        return folder

    @property
    def database_url(self) -> str:
        """PostgreSQL's."""
        return f"postgresql://postgres@127.0.0.1:{self._database_port}/lookout"

    async def _is_ready(self, name: str) -> bool:
        if not self.children[name].running:
            # It ends when its database is away at the start; a service manager starts it again, as compose.yaml says.
            await asyncio.sleep(1)
            await self.children[name].start()
        try:
            async with httpx.AsyncClient(timeout=2) as client:
                answer = await client.get(f"http://127.0.0.1:{self._http_ports[name]}/readyz")
        except httpx.TransportError:
            return False
        return answer.is_success

    async def _accepts_queries(self) -> bool:
        address = ["-h", "127.0.0.1", "-p", str(self._database_port), "-q"]
        asked = await asyncio.create_subprocess_exec(str(_postgres_binaries() / "pg_isready"), *address)
        return await asked.wait() == 0


def _postgres_binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    on_path = shutil.which("postgres", path=_PATH)
    if not found and on_path is None:
        raise LabError("DATABASE=postgresql needs PostgreSQL: install Debian's postgresql")
    return found[-1].parent if found else Path(on_path or "").parent


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root: then ``postgres`` runs it, else ``nobody``."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
