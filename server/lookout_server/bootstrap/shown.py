"""What the command line shows: a new gateway's credentials, and what a configuration would run."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import yaml

from lookout_server.adapters.broker.engines import choose_engine
from lookout_server.adapters.database.engine import complete_url
from lookout_server.bootstrap.access import GatewayAccess
from lookout_server.bootstrap.ledger import GatewayLedger
from lookout_server.config import EmbeddedBroker, ServerConfig, load_site_file
from lookout_server.ports import Quarantined


def as_values(access: GatewayAccess) -> dict[str, Any]:
    """For programs. ``vars`` would do, were the secrets not kept out of ``repr``."""
    return {
        "gateway": access.gateway,
        "mqtt_host": access.mqtt_host,
        "mqtt_port": access.mqtt_port,
        "mqtt_username": access.mqtt_username,
        "mqtt_password": access.mqtt_password,
        "dispatcher_url": access.dispatcher_url,
        "upload_token": access.upload_token,
    }


def as_yaml(access: GatewayAccess, site: str) -> str:
    """The part of the gateway's configuration that lets it in."""
    mqtt: dict[str, Any] = {"host": access.mqtt_host, "username": access.mqtt_username}
    if access.mqtt_port is not None:
        mqtt["port"] = access.mqtt_port
    if access.mqtt_password is not None:
        mqtt["password"] = access.mqtt_password
    values = {
        "site": site,
        "gateway": access.gateway,
        "mqtt": mqtt,
        "dispatcher": {"url": access.dispatcher_url, "token": access.upload_token},
    }
    text = "# Shown once. From another machine, put this machine's address in place of 127.0.0.1.\n"
    if access.mqtt_port is None:
        text += "# mqtt.port: the broker takes a free one at its first start; see runtime.json in data_dir.\n"
    if access.mqtt_password is None:
        text += f"# mqtt.password: the one of account {access.gateway!r}, which you make at your own broker.\n"
    return text + yaml.safe_dump(values, allow_unicode=True, sort_keys=False).rstrip()


def describe(config: ServerConfig) -> Iterator[str]:
    """What would run, a line each. ConfigError when the site file is wrong."""
    yield f"site      {config.site.id} ({config.site.name}, {config.site.timezone})"
    yield f"listen    {config.listen.host}:{config.listen.port or 'any free port'}"
    yield f"database  {complete_url(config.database_url()).render_as_string(hide_password=True)}"
    yield f"evidence  {config.evidence_place()}"
    broker = config.broker
    if isinstance(broker, EmbeddedBroker):
        where = f"{broker.bind}:{broker.port or 'any free port'}"
        yield f"broker    embedded {choose_engine(broker.engine).name} on {where}"
    else:
        yield f"broker    external at {broker.host}:{broker.port}{' with TLS' if broker.tls else ''}"
    if config.site_file is not None:
        site = load_site_file(config.site_file)
        yield f"territory {len(site.grids)} grids, {len(site.cameras)} cameras, {len(site.people)} people"


def ledger_lines(ledger: GatewayLedger) -> Iterator[str]:
    """A gateway's ledger for people."""
    account = ledger.account
    late = f"{account.late} late" + (f" (max {account.max_late_s:.0f} s)" if account.late else "")
    yield (
        f"{ledger.gateway}: {account.missing + account.lost} gaps in 24 h ({account.missing} waited for, "
        f"{account.lost} lost), {late}, {account.refused} refused"
    )
    for each in ledger.streams:
        numbers, chain = each.state.numbers, each.state.chain
        yield (
            f"  {each.stream.epoch}  settled up to {numbers.upto}, missing {numbers.missing}, "
            f"lost {numbers.lost_count}, {chain.links} entries, head {chain.head}"
        )


def quarantined_values(held: Quarantined) -> dict[str, Any]:
    """A message of the quarantine for programs."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in vars(held).items()
        if name != "preview"
    }


def ledger_values(ledger: GatewayLedger) -> dict[str, Any]:
    """The same for programs."""
    return {
        "gateway": ledger.gateway,
        **vars(ledger.account),
        "streams": [
            {
                "source": each.stream.source,
                "epoch": each.stream.epoch,
                "upto": each.state.numbers.upto,
                "missing": each.state.numbers.missing,
                "lost": each.state.numbers.lost_count,
                "links": each.state.chain.links,
                "head": each.state.chain.head,
            }
            for each in ledger.streams
        ],
    }
