"""Reading a configuration file: every fault at once, each with file, line, key and what to do."""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from chinese_calendar import constants
from pydantic import SecretStr, ValidationError

from lookout_edge.config.drawn import (
    Drawn,
    DrawnZones,
    digest_of,
    drawn_file,
    file_zones,
    lay_over,
    read_drawn,
    section_of,
)
from lookout_edge.config.explain import explain
from lookout_edge.config.http import LEAST_TOKEN
from lookout_edge.config.model import GatewayConfig, MqttConfig
from lookout_edge.config.nodes import Document, Fault, parse
from lookout_edge.config.section import BASE
from lookout_edge.config.sense import faults_of_sense
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.errors import ConfigError

#: Sections that do not change what is seen, and so stay out of the hash (they hold secrets and paths).
_NOT_HASHED = frozenset({"mqtt", "devices", "camera_events", "dispatcher", "data_dir", "http"})

#: So long before a year begins its official days should be known.
_AHEAD = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A configuration that has passed every check."""

    path: Path
    config: GatewayConfig
    #: SHA-256 of what decides the events; the same file gives the same hash on every box.
    hash: str
    #: What was drawn in the console, and the cameras of which it counts.
    drawn: Drawn = field(default_factory=dict[str, DrawnZones])
    counting: frozenset[str] = frozenset()
    #: Camera → digest of the zones that the file itself gives it.
    file_zones: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def timezone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.config.timezone)

    @property
    def calendar(self) -> SiteCalendar:
        """The site's week: its time zone, holidays and worked weekends."""
        given = self.config.calendar
        off, worked = frozenset(given.holidays), frozenset(given.workdays)
        if given.official == "CN":
            off, worked = off | frozenset(constants.holidays), worked | (frozenset(constants.workdays) - off)
        return SiteCalendar(self.timezone, holidays=off, workdays=worked)

    def year_unknown(self, today: date) -> int | None:
        """The year, of this one and of the one that soon begins, whose official days are wanted and not known."""
        given = self.config.calendar
        if given.official is None:
            return None
        known = {day.year for day in (*constants.holidays, *constants.workdays, *given.holidays, *given.workdays)}
        return next((year for year in (today.year, (today + _AHEAD).year) if year not in known), None)


def example_file() -> Path | None:
    """The example that shows every option, of the checkout or the installed one; None where there is none."""
    name = Path("configs", "gateway.example.yaml")
    places = (Path(__file__).parents[3] / name, Path(sys.prefix, "share", "lookout") / name)
    return next((place for place in places if place.is_file()), None)


def read_text(path: Path) -> str:
    """The file's text; ConfigError when there is none or it is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        example = example_file()
        copy = f" (an example is {example})" if example is not None else ""
        raise ConfigError(
            f"{path.absolute()}: there is no such file; give the configuration with --config FILE{copy}, "
            "or have one written by lookout-edge enrol."
        ) from error
    except IsADirectoryError as error:
        raise ConfigError(f"{path}: is a folder; give a configuration file in it with --config FILE.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: is no UTF-8 text ({error.reason} at byte {error.start}); save it as such."
        ) from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); check its rights.") from error


def load_config(
    path: Path, *, models: Mapping[str, Sequence[str]], environ: Mapping[str, str], drawn: Drawn | None = None
) -> LoadedConfig:
    """Read and check ``path``, with the zones that were drawn in the console, or with ``drawn`` in their place.

    ``models`` are the zoo's entries with the labels that each detects; ``environ`` may hold LOOKOUT_MQTT_PASSWORD,
    LOOKOUT_DISPATCHER_TOKEN and LOOKOUT_HTTP_TOKEN, which win over the file. ConfigError carries one line per fault.
    """
    document = parse(read_text(path))
    base = path.absolute().parent
    kept = read_drawn(drawn_file(document, base)) if drawn is None else drawn
    unreadable = [kept] if isinstance(kept, Fault) else []
    over: Drawn = {} if isinstance(kept, Fault) else kept
    own = {camera: digest_of(file_zones(document, camera)) for camera in _cameras(document)}
    counting = lay_over(document, over)
    config, faults = _validated(document, base)
    faults += unreadable
    faults += document.faults + faults_of_sense(document, base, models)
    if config is None or faults:
        raise ConfigError("\n".join(_written(path, fault) for fault in sorted(set(faults))))
    secret = _with_secrets(path, config, environ)
    return LoadedConfig(path, secret, _hash(document.data), drawn=over, counting=counting, file_zones=own)


def _cameras(document: Document) -> Sequence[str]:
    cameras = section_of(section_of(document.data).get("cameras"))
    return list(cameras)


def _validated(document: Document, base: Path) -> tuple[GatewayConfig | None, list[Fault]]:
    data: object = document.data
    if not isinstance(data, dict):
        if document.faults:
            return None, []
        return None, [Fault(1, "", "is empty or no mapping: start with 'site:', 'gateway:' and 'cameras:'")]
    try:
        return GatewayConfig.model_validate(cast(object, data), context={BASE: base}), []
    except ValidationError as error:
        return None, explain(error, document)


def _written(path: Path, fault: Fault) -> str:
    where = f"{path}:{fault.line}: "
    return where + (f"{fault.key}: {fault.message}" if fault.key else f"the file {fault.message}")


def _with_secrets(path: Path, config: GatewayConfig, environ: Mapping[str, str]) -> GatewayConfig:
    mqtt, dispatcher = config.mqtt, config.dispatcher
    password = environ.get("LOOKOUT_MQTT_PASSWORD") or _first_line(path, "mqtt.password_file", mqtt.password_file)
    if password:
        mqtt = mqtt.model_copy(update={"password": SecretStr(password)})
    devices = _with_password(path, "devices", config.devices)
    camera_events = _with_password(path, "camera_events", config.camera_events)
    if dispatcher is not None:
        file = _first_line(path, "dispatcher.token_file", dispatcher.token_file)
        token = environ.get("LOOKOUT_DISPATCHER_TOKEN") or file
        if token:
            if not (token.isascii() and token.isprintable()):
                raise ConfigError(f"{path}: dispatcher.token_file: the token has characters that no token has.")
            dispatcher = dispatcher.model_copy(update={"token": SecretStr(token)})
    http = config.http
    if token := environ.get("LOOKOUT_HTTP_TOKEN") or _first_line(path, "http.token_file", http.token_file):
        if len(token) < LEAST_TOKEN:
            raise ConfigError(f"{path}: http.token_file: the token is shorter than {LEAST_TOKEN} characters.")
        http = http.model_copy(update={"token": SecretStr(token)})
    return config.model_copy(
        update={
            "mqtt": mqtt,
            "devices": devices,
            "camera_events": camera_events,
            "dispatcher": dispatcher,
            "http": http,
        }
    )


def _with_password(path: Path, key: str, broker: MqttConfig | None) -> MqttConfig | None:
    if broker is None or (word := _first_line(path, f"{key}.password_file", broker.password_file)) is None:
        return broker
    return broker.model_copy(update={"password": SecretStr(word)})


def _first_line(path: Path, key: str, file: Path | None) -> str | None:
    if file is None:
        return None
    lines = read_text_of(path, key, file).splitlines()
    if not lines or not lines[0].strip():
        raise ConfigError(f"{path}: {key}: {file} is empty; its first line must be the secret.")
    return lines[0].strip()


def read_text_of(path: Path, key: str, file: Path) -> str:
    """The text of a file that the configuration names; ConfigError says which key named it."""
    try:
        # Some editors put a mark in front, which no secret begins with.
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {key}: {file} cannot be read; create it or correct the path.") from error


def _hash(data: object) -> str:
    sections = cast(dict[str, object], data) if isinstance(data, dict) else {}
    kept = {key: value for key, value in sections.items() if key not in _NOT_HASHED}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()
