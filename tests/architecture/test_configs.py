"""Every example runs: each file under configs/ and docker/ is loaded by the program it is meant for."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from architecture.repository import ROOT
from lookout_edge.adapters.zoo import Zoo
from lookout_edge.config import KeyAreaRule
from lookout_edge.config.load import LoadedConfig, load_config
from lookout_edge.domain.schedule import make_schedule
from lookout_server.config.policy import load_policy
from lookout_server.config.server import Secrets, load_server_config
from lookout_server.config.site import load_site_file

CONFIGS = ROOT / "configs"
EXAMPLES = sorted(CONFIGS.glob("*.yaml"))
SCHEMA_LINE = re.compile(r"# yaml-language-server: \$schema=(schemas/([a-z-]+)\.schema\.json)")


def load_gateway(path: Path) -> LoadedConfig:
    secrets = {"LOOKOUT_MQTT_PASSWORD": "secret", "LOOKOUT_DISPATCHER_TOKEN": "secret"}
    return load_config(path, models=Zoo.find().seen_labels(), environ=secrets)


def load_server(path: Path) -> object:
    return load_server_config(path, secrets=Secrets())


LOADERS: dict[str, Callable[[Path], object]] = {
    "gateway-config": load_gateway,
    "server-config": load_server,
    "site": load_site_file,
    "policy": lambda path: load_policy(path, "Asia/Shanghai"),
}


def schema_of(path: Path) -> tuple[Path, str]:
    """The schema that the file's first line names, and its short name."""
    match = SCHEMA_LINE.match(path.read_text(encoding="utf-8"))
    assert match, f"{path.name}: the first line must name its schema for editors"
    return CONFIGS / match[1], match[2]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_loads(path: Path) -> None:
    LOADERS[schema_of(path)[1]](path)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_fits_the_schema_that_editors_use(path: Path) -> None:
    schema = json.loads(schema_of(path)[0].read_text(encoding="utf-8"))
    example = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors(example)] == []


def test_the_dispatchers_example_has_every_key() -> None:
    schema = json.loads((CONFIGS / "schemas" / "server-config.schema.json").read_text(encoding="utf-8"))
    sections = [schema, *(each for each in schema["$defs"].values() if "properties" in each)]
    example = (CONFIGS / "server.example.yaml").read_text(encoding="utf-8")
    keys = {key for section in sections for key in section["properties"]}
    # A password in the file is possible and not what anybody should copy.
    assert sorted(key for key in keys - {"password"} if not re.search(rf"\b{key}:", example)) == []


@pytest.mark.parametrize("path", [path for path in EXAMPLES if path.name.startswith("gateway.")], ids=lambda p: p.name)
def test_a_key_area_with_hours_for_passing_is_watched_at_all_others(path: Path) -> None:
    """The nights of workdays and rest days from midnight to midnight leave the small hours of Mondays out."""
    loaded = load_gateway(path)
    rules = [
        rule for camera in loaded.config.cameras.values() for rule in camera.rules if isinstance(rule, KeyAreaRule)
    ]
    for rule in (rule for rule in rules if rule.loiter_windows):
        watched = [make_schedule(windows, loaded.calendar) for windows in (rule.windows, rule.loiter_windows)]
        begun = datetime(2026, 1, 1, tzinfo=loaded.timezone).timestamp()
        hours = (begun + 3600.0 * hour for hour in range(366 * 24))
        assert [at for at in hours if not any(each.contains(at) for each in watched)] == []


def test_the_compose_files_load() -> None:
    load_gateway(ROOT / "docker" / "gateway.yaml")
    load_server(ROOT / "docker" / "server.yaml")


def test_every_file_is_in_the_readme() -> None:
    page = (CONFIGS / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES if f"({path.name})" not in page] == []


def test_every_schema_is_json_with_a_dialect_or_a_version() -> None:
    for path in (CONFIGS / "schemas").rglob("*.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        assert {"$schema", "asyncapi", "openapi"} & document.keys(), path
