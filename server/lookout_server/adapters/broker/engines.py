"""The two brokers the dispatcher can run: Mosquitto when it is installed, else amqtt in a Python child process."""

import getpass
import json
import os
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from lookout_server.adapters.broker.access import acl_file
from lookout_server.adapters.broker.accounts import PASSWORD_FILE, read_accounts
from lookout_server.adapters.files import write_private
from lookout_server.errors import BrokerError

#: A receipt settles delivery, so what the broker holds only has to bridge a restart of the dispatcher.
MAX_QUEUED = 100_000
#: Bounds what the dispatcher has taken and not yet acknowledged, and so one commit.
MAX_INFLIGHT = 500
#: Room for events that are too large: the intake must see them to refuse them, else the gateway repeats them for ever.
MAX_MESSAGE_BYTES = 1_048_576


@dataclass(frozen=True, kw_only=True)
class TlsDoor:
    """A second listener: TLS, and only for clients whose certificate ``ca`` signed and ``revocations`` does not name.

    The certificate's common name is the user name.
    """

    bind: str
    port: int
    ca: Path
    certificate: Path
    key: Path
    revocations: Path


@dataclass(frozen=True, kw_only=True)
class BrokerPlace:
    """Where the broker listens and keeps its files."""

    site: str
    bind: str
    port: int
    folder: Path
    tls: TlsDoor | None = None


class BrokerEngine(Protocol):
    """One kind of broker: how to set it up and start it."""

    @property
    def name(self) -> str:
        """``mosquitto`` or ``amqtt``."""
        ...

    @property
    def reload_signal(self) -> signal.Signals | None:
        """What makes it read its accounts again; None when it notices by itself."""
        ...

    def prepare(self, place: BrokerPlace) -> list[str]:
        """Write its configuration into the folder and return the command that runs it in the foreground."""
        ...

    def refresh(self, place: BrokerPlace) -> None:
        """The accounts have changed: bring what depends on them up to date, before it is told to read again."""
        ...


class MosquittoEngine:
    """Eclipse Mosquitto 2 with our queue limits; its defaults lose acknowledged messages when it is killed."""

    name = "mosquitto"
    reload_signal = signal.SIGHUP if sys.platform != "win32" else None

    def __init__(self, executable: Path) -> None:
        self._executable = executable

    def prepare(self, place: BrokerPlace) -> list[str]:
        """See ``BrokerEngine``."""
        place.folder.mkdir(parents=True, exist_ok=True)
        self.refresh(place)
        config = place.folder / "mosquitto.conf"
        write_private(config, mosquitto_config(place, user=getpass.getuser()))
        return [str(self._executable), "-c", str(config)]

    def refresh(self, place: BrokerPlace) -> None:
        """See ``BrokerEngine``."""
        accounts = read_accounts(place.folder / PASSWORD_FILE)
        write_private(place.folder / "access", acl_file(place.site, accounts))


def mosquitto_config(place: BrokerPlace, *, user: str) -> str:
    """The text of ``mosquitto.conf``. ``user`` keeps it from giving up the rights to its own folder under root."""
    lines = {
        "user": user,
        "listener": f"{place.port} {place.bind}",
        "allow_anonymous": "false",
        "password_file": str(place.folder / PASSWORD_FILE),
        "acl_file": str(place.folder / "access"),
        "persistence": "true",
        "persistence_location": f"{place.folder}{os.sep}",
        "persistence_file": "mosquitto.db",
        # Every second, not at every change: that writes the whole file again each time (2,000 events took 35 s, not 7).
        "autosave_on_changes": "false",
        "autosave_interval": "1",
        # Small messages leave at once: Nagle's algorithm keeps each until the one before it is confirmed.
        "set_tcp_nodelay": "true",
        "max_queued_messages": str(MAX_QUEUED),
        "max_inflight_messages": str(MAX_INFLIGHT),
        "max_packet_size": str(MAX_MESSAGE_BYTES),
        # Nobody can take over another account's session by using its client id.
        "use_username_as_clientid": "true",
        "log_dest": "stderr",
        "log_type": "error\nlog_type warning\nlog_type notice",
    }
    text = "# Written by the dispatcher at every start; changes here are overwritten.\n"
    text += "".join(f"{key} {value}\n" for key, value in lines.items())
    return text if place.tls is None else text + _tls_listener(place.tls)


def _tls_listener(door: TlsDoor) -> str:
    lines = {
        "listener": f"{door.port} {door.bind}",
        "cafile": str(door.ca),
        "certfile": str(door.certificate),
        "keyfile": str(door.key),
        "crlfile": str(door.revocations),
        "tls_version": "tlsv1.2",
        "require_certificate": "true",
        "use_identity_as_username": "true",
    }
    return "\n" + "".join(f"{key} {value}\n" for key, value in lines.items())


class AmqttEngine:
    """The pure Python broker, in a process of its own so that a burst cannot hold up the dispatcher."""

    name = "amqtt"
    reload_signal = None

    def refresh(self, place: BrokerPlace) -> None:
        """See ``BrokerEngine``; its rules need no list."""

    def prepare(self, place: BrokerPlace) -> list[str]:
        """See ``BrokerEngine``."""
        if place.tls is not None:
            raise BrokerError(
                "broker.gateway_tls needs Mosquitto, which is not installed or not chosen: install it (Debian: apt "
                "install mosquitto) and leave broker.engine at 'auto', or take broker.gateway_tls out"
            )
        place.folder.mkdir(parents=True, exist_ok=True)
        config = place.folder / "amqtt.json"
        values = {"site": place.site, "bind": place.bind, "port": place.port, "folder": str(place.folder)}
        write_private(config, json.dumps(values, indent=2) + "\n")
        return [sys.executable, "-m", "lookout_server.adapters.broker.amqtt_process", str(config)]


def find_mosquitto() -> Path | None:
    """Mosquitto's executable, looked for on PATH and where Debian puts daemons."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which("mosquitto", path=path)
    return Path(found) if found else None


def choose_engine(wanted: Literal["auto", "mosquitto", "amqtt"]) -> BrokerEngine:
    """The broker to run; BrokerError when Mosquitto is demanded and not installed."""
    executable = None if wanted == "amqtt" else find_mosquitto()
    if executable is not None:
        return MosquittoEngine(executable)
    if wanted == "mosquitto":
        raise BrokerError(
            "broker.engine is 'mosquitto' but it is not installed; install it (Debian: apt install mosquitto) "
            "or set broker.engine to 'auto'"
        )
    return AmqttEngine()
