"""Starts the dispatcher (with its broker) and the gateway, and says when they can be used."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from lookout_demo.client import Client
from lookout_demo.community import GATEWAY, Community, gateway_config, write_yaml
from lookout_demo.footage import Feed
from lookout_demo.processes import Child, Children, call, program

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Running:
    """A dispatcher and a gateway at work."""

    community: Community
    url: str
    dispatcher: Child
    gateway: Child


def _runtime(community: Community, dispatcher: Child) -> dict[str, Any] | None:
    """The ports of this very dispatcher; a file left by an earlier one does not count."""
    try:
        found = cast(dict[str, Any], json.loads(community.runtime_file.read_text()))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return found if found.get("pid") == dispatcher.pid else None


def _gateway_access(community: Community) -> dict[str, str]:
    """The gateway's password and upload token: made once, then kept with the demo's files."""
    kept = community.folder / "gateway-access.json"
    if not kept.exists():
        server, config = program("lookout-server"), str(community.server_config)
        made = call([server, "gateway", "add", GATEWAY, "--json", "--config", config])
        kept.touch(mode=0o600)
        kept.write_text(made)
    return cast(dict[str, str], json.loads(kept.read_text()))


def start(
    children: Children, community: Community, feeds: Sequence[Feed], say: Say, *, precision: str = "auto"
) -> Running:
    """Start both programs and wait until the dispatcher is ready and the gateway has reported for duty."""
    say("Starting the dispatcher and its broker …")
    access = _gateway_access(community)
    dispatcher = children.start(
        "dispatcher",
        [program("lookout-server"), "run", "--config", str(community.server_config)],
        community.log("dispatcher"),
    )
    runtime = children.wait_for("the dispatcher's ports", lambda: _runtime(community, dispatcher), timeout_s=60)
    url = f"http://127.0.0.1:{runtime['http_port']}"
    with Client(url) as client:
        children.wait_for("the dispatcher to be ready", lambda: client.is_up() or None, timeout_s=60)
    say(f"Starting the gateway with {len(feeds)} camera(s) …")
    mqtt = {
        "host": "127.0.0.1",
        "port": runtime["mqtt_port"],
        "username": access["mqtt_username"],
        "password": access["mqtt_password"],
    }
    dispatch = {"url": url, "token": access["upload_token"]}
    config = gateway_config(community.folder, feeds, mqtt=mqtt, dispatcher=dispatch, precision=precision)
    write_yaml(community.gateway_config, config)
    gateway = children.start(
        "gateway",
        [program("lookout-edge"), "run", "--config", str(community.gateway_config)],
        community.log("gateway"),
    )
    return Running(community=community, url=url, dispatcher=dispatcher, gateway=gateway)
