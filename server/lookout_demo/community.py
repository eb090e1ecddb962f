"""The demo's community: its configuration files, made once and kept."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lookout_demo.footage import REST_S, Feed
from lookout_demo.processes import call, program

SITE = "kangle-south"
GATEWAY = "gw-demo"
GRID = "grid-07"


@dataclass(frozen=True, kw_only=True)
class Login:
    """An account of the demo."""

    username: str
    name: str
    role: str
    password: str


@dataclass(frozen=True, kw_only=True)
class Community:
    """Where the demo's files lie and who can log in."""

    folder: Path
    logins: tuple[Login, ...]

    @property
    def server_config(self) -> Path:
        return self.folder / "server.yaml"

    @property
    def gateway_config(self) -> Path:
        return self.folder / "gateway.yaml"

    @property
    def runtime_file(self) -> Path:
        """Written by the dispatcher: the ports it chose."""
        return self.folder / "server" / "runtime.json"

    def log(self, name: str) -> Path:
        """A child's log file."""
        return self.folder / "logs" / f"{name}.log"

    def login(self, role: str) -> Login:
        """The first account of a role."""
        return next(login for login in self.logins if login.role == role)


_PEOPLE = (("operator", "李娟", "operator"), ("wangfang", "王芳", "worker"), ("zhangqiang", "张强", "worker"))


def _logins(folder: Path) -> tuple[tuple[Login, ...], bool]:
    """The accounts, and whether they are new. The file is the user's own and readable by nobody else."""
    kept = folder / "logins.json"
    if kept.exists():
        return tuple(Login(**entry) for entry in json.loads(kept.read_text())), False
    made = tuple(
        Login(username=username, name=name, role=role, password=secrets.token_urlsafe(9))
        for username, name, role in _PEOPLE
    )
    kept.touch(mode=0o600)
    kept.write_text(json.dumps([vars(login) for login in made], ensure_ascii=False, indent=2))
    return made, True


def _site(feeds: Sequence[Feed]) -> dict[str, Any]:
    return {
        "district": {"id": "demo-district", "name": "示范区"},
        "street": {"id": "kangle", "name": "康乐街道"},
        "community": {"id": SITE, "name": "康乐南路社区"},
        "grids": [{"id": GRID, "name": "第7网格"}],
        "cameras": [{"id": feed.id, "name": feed.name, "grid": GRID, "gateway": GATEWAY} for feed in feeds],
        "people": [
            {"username": username, "name": name, "roles": [role], "grids": [GRID] if role == "worker" else []}
            for username, name, role in _PEOPLE
        ],
    }


def _server(folder: Path, port: int) -> dict[str, Any]:
    return {
        "site": {"id": SITE, "name": "康乐南路社区", "timezone": "Asia/Shanghai"},
        "listen": {"host": "127.0.0.1", "port": port},
        "data_dir": str(folder / "server"),
        "site_file": str(folder / "site.yaml"),
        "broker": {"mode": "embedded", "port": 0},
    }


#: Dwell times that show something soon; a real gate waits minutes.
_RULES: dict[str, dict[str, Any]] = {
    "unfamiliar_vehicle": {"scenario": "unfamiliar_vehicle", "dwell_s": 3.0},
    "corridor_ebike": {"scenario": "corridor_ebike", "dwell_s": 5.0},
    "fire_smoke": {"scenario": "fire_smoke"},
    "garbage": {"scenario": "garbage"},
}
_ZONE = "kerb"


def _camera(feed: Feed) -> dict[str, Any]:
    source: dict[str, Any] = {"url": feed.url, "loop": feed.loop, "start_s": feed.start_s, "end_s": feed.end_s}
    if feed.rest_from_s is not None:
        source |= {"rest_from_s": feed.rest_from_s, "rest_s": REST_S}
    zones = {_ZONE: {"polygon": [list(corner) for corner in feed.zone]}} if feed.zone else {}
    return {
        "name": feed.name,
        "source": {key: value for key, value in source.items() if value is not None},
        "zones": zones,
        "rules": [{**_RULES[scenario], **feed.params, "zones": list(zones)} for scenario in feed.scenarios],
    }


def detector_for(feeds: Sequence[Feed]) -> str:
    """The zoo entry that knows what these cameras look for: fire and rubbish are known to our own only."""
    scenarios = {scenario for feed in feeds for scenario in feed.scenarios}
    return "community-nano" if scenarios & {"fire_smoke", "garbage"} else "coco-nano"


def gateway_config(
    folder: Path,
    feeds: Sequence[Feed],
    *,
    mqtt: dict[str, Any],
    dispatcher: dict[str, Any],
    precision: str = "auto",
) -> dict[str, Any]:
    """The gateway's configuration for these cameras, with the detector in that ``precision`` (``auto``, ``full``)."""
    cameras = {feed.id: _camera(feed) for feed in feeds}
    return {
        "site": SITE,
        "gateway": GATEWAY,
        "timezone": "Asia/Shanghai",
        "data_dir": str(folder / "gateway"),
        "mqtt": mqtt,
        "dispatcher": dispatcher,
        "models": {"detector": detector_for(feeds), "precision": precision},
        "cameras": cameras,
    }


def write_yaml(path: Path, value: dict[str, Any]) -> None:
    """Write a configuration file that only its owner can read, since it may hold a password."""
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False))


def settle(gateway: Path, feeds: Sequence[Feed]) -> None:
    """The vehicles of those who live there, as the gateway keeps the dispatcher's list."""
    gateway.mkdir(parents=True, exist_ok=True)
    known = [{"plate": plate} for feed in feeds for plate in feed.residents]
    (gateway / "residents.json").write_text(json.dumps(known, ensure_ascii=False), "utf-8")


def prepare(folder: Path, feeds: Sequence[Feed], *, port: int) -> Community:
    """Make or renew the demo's files. Accounts and data of an earlier run are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    logins, new = _logins(folder)
    community = Community(folder=folder, logins=logins)
    write_yaml(folder / "site.yaml", _site(feeds))
    write_yaml(community.server_config, _server(folder, port))
    server, config = program("lookout-server"), str(community.server_config)
    call([server, "site", "import", str(folder / "site.yaml"), "--config", config])
    if new:
        for login in logins:
            command = [server, "user", "add", login.username, "--role", login.role, "--name", login.name]
            call([*command, "--password-stdin", "--config", config], stdin=login.password + "\n")
        # Later the list is the user's own: they may have registered other vehicles in the console.
        settle(folder / "gateway", feeds)
        plates = [plate for feed in feeds for plate in feed.residents]
        if plates:
            table = folder / "residents.csv"
            table.write_text("\n".join(["plate", *plates, ""]), "utf-8")
            call([server, "vehicles", "send", str(table), "--config", config])
    return community
