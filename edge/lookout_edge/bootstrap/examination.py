"""Everything that a box needs, looked at in turn: ``lookout-edge doctor``."""

import time
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import numpy as np

from lookout_contract.topics import GatewayTopics
from lookout_edge.adapters.checkup import (
    check_broker,
    check_certificates,
    check_clock,
    check_disk,
    check_dispatcher,
    check_stream,
)
from lookout_edge.bootstrap.devices import broker_options
from lookout_edge.bootstrap.models import load_models
from lookout_edge.bootstrap.streams import source_options
from lookout_edge.bootstrap.watching import looks_of
from lookout_edge.config import CameraConfig, GatewayConfig, LoadedConfig, ModelsConfig
from lookout_edge.domain.finding import Finding, Grade
from lookout_edge.errors import ConfigError, ModelError

#: Looks over which the time of one is taken, after the first.
_LOOKS = 5
#: A close-up of fewer pixels across shows hardly more than the whole picture does.
_PART_PIXELS = 320


def examine(path: Path, loaded: LoadedConfig | ConfigError) -> Iterator[Finding]:
    """Findings as they are made; with a configuration that cannot be read there is but one."""
    if isinstance(loaded, ConfigError):
        # What is wrong with a file that is none says itself what to do.
        yield Finding(Grade.FAIL, "config", str(loaded), "correct these lines" if path.is_file() else "")
        return
    config = loaded.config
    count = len(config.cameras)
    text = f"{path}: {count} camera{'' if count == 1 else 's'} at gateway {config.gateway}"
    yield Finding(Grade.OK, "config", text)
    yield from check_calendar(loaded, datetime.now(loaded.timezone).date())
    yield _models(config.models)
    yield check_disk(config.data_dir, (config.spool.max_mb + config.evidence.quota_mb) * 1_000_000)
    topics = GatewayTopics(site=config.site, gateway=config.gateway)
    filters = (topics.commands, topics.receipt, topics.refusal)
    yield check_broker(broker_options(config), name=f"doctor-{config.site}-{config.gateway}", filters=filters)
    tls = config.mqtt.tls
    yield from check_certificates([file for file in (tls.ca, tls.cert) if file] if tls else [])
    told = _dispatcher(config)
    yield from told
    if not any(finding.subject == "clock" for finding in told):
        yield check_clock()
    for name, camera in config.cameras.items():
        yield from _camera(name, camera)


def check_calendar(loaded: LoadedConfig, today: date) -> Iterator[Finding]:
    """Whether the official days that the site asks for are known; nothing where it asks for none."""
    if loaded.config.calendar.official is None:
        return
    year = loaded.year_unknown(today)
    if year is None:
        yield Finding(Grade.OK, "calendar", "holidays and worked weekends (调休) are known")
        return
    text = f"no holiday and no worked weekend (调休) of {year} is known: windows take all its days for ordinary ones"
    advice = "pip install --upgrade chinesecalendar, or write them under calendar.holidays and calendar.workdays"
    yield Finding(Grade.WARN, "calendar", text, advice)


def _models(config: ModelsConfig) -> Finding:
    try:
        models = load_models(config)
        picture = np.zeros((360, 640, 3), np.uint8)
        models.detector.detect(picture)
        begun = time.monotonic()
        for _ in range(_LOOKS):
            models.detector.detect(picture)
        took_ms = (time.monotonic() - begun) / _LOOKS * 1000
    except ModelError as error:
        return Finding(Grade.FAIL, "models", str(error), "install the models again, or choose others under `models`")
    names = ", ".join(f"{name} {sha256[:12]}" for name, sha256 in models.hashes().items())
    return Finding(Grade.OK, "models", f"{names}; a look takes {took_ms:.0f} ms on {'/'.join(config.providers)}")


def _dispatcher(config: GatewayConfig) -> list[Finding]:
    if config.dispatcher is None:
        text = "none is configured: events are sent without pictures and clips"
        return [Finding(Grade.WARN, "dispatcher", text, "set dispatcher.url")]
    found = check_dispatcher(config.dispatcher.url)
    if config.dispatcher.token is None:
        found.append(
            Finding(
                Grade.FAIL, "dispatcher", "there is no upload token", "set dispatcher.token_file, or enrol this box"
            )
        )
    return found


def _camera(name: str, camera: CameraConfig) -> Iterator[Finding]:
    main, sub = source_options(camera)
    longest_gap_s = min(rule.longest_gap_s for rule in camera.rules)
    looked_at = sub or main
    times = max((part.times for part in looks_of(camera).close_ups), default=0.0)
    least_width = min(camera.max_size, round(times * _PART_PIXELS))
    yield check_stream(f"camera {name}", looked_at, longest_gap_s=longest_gap_s, least_width=least_width)
    if sub is not None:
        yield check_stream(f"camera {name} (main)", main, longest_gap_s=float("inf"))
