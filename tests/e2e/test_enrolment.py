"""A box from its one-time code to its first stored event, and out again: real dispatcher, Mosquitto and link."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from e2e.dispatcher import SITE, Dispatcher
from lookout_contract.status import GatewayStatus
from lookout_contract.topics import GatewayTopics
from lookout_edge import bootstrap
from lookout_edge.adapters.backoff import Backoff
from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.enrolment import enrol
from lookout_edge.adapters.link import MqttLink
from lookout_edge.adapters.spool import SqliteSpool
from lookout_edge.adapters.testing import some_event
from lookout_edge.errors import EdgeError
from lookout_server.adapters.broker.engines import find_mosquitto
from lookout_server.adapters.listening import free_port
from lookout_server.testing import JPEG, picture

pytestmark = pytest.mark.e2e


def eventually(condition: Callable[[], bool], timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def new_code(dispatcher: Dispatcher) -> str:
    return str(json.loads(dispatcher.verb("gateway", "enrol", "gw-9", "--json"))["code"])


def uploads(url: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "image/jpeg"}
    return httpx.put(f"{url}/api/v1/evidence/{picture().sha256}", content=JPEG, headers=headers).status_code


def test_a_box_comes_in_by_its_code_and_is_shut_out_again(tmp_path: Path) -> None:
    if find_mosquitto() is None:
        pytest.skip("mosquitto is not installed")
    (tmp_path / "dispatcher").mkdir()
    dispatcher = Dispatcher(folder=tmp_path / "dispatcher")
    config = dispatcher.folder / "server.yaml"
    door = f"{{port: 0, gateway_tls: {{hosts: [127.0.0.1], bind: 127.0.0.1, port: {free_port('127.0.0.1')}}}}}"
    config.write_text(config.read_text("utf-8").replace("{port: 0}\ndata_dir", f"{door}\ndata_dir"), encoding="utf-8")
    dispatcher.start()
    try:
        code = new_code(dispatcher)
        _goes_through(dispatcher, code, tmp_path / "box")
    finally:
        dispatcher.stop()


def _goes_through(dispatcher: Dispatcher, code: str, box: Path) -> None:
    with pytest.raises(EdgeError, match="not the dispatcher that the code came from"):
        enrol(dispatcher.url, code[:-4] + ("AAAA" if code[-4:] != "AAAA" else "BBBB"), box)
    with pytest.raises(EdgeError, match="unknown, used or expired"):
        enrol(dispatcher.url, code, box)
    code = new_code(dispatcher)
    made = enrol(dispatcher.url, code, box)
    assert made.complete
    assert (box / "secrets" / "gateway.key").stat().st_mode & 0o077 == 0
    loaded = bootstrap.load(made.config).config
    options = bootstrap.broker_options(loaded)
    assert loaded.dispatcher is not None
    assert loaded.dispatcher.token is not None
    spool = SqliteSpool(box / "spool.db", site=SITE, gateway="gw-9", clock=SystemClock())
    link = MqttLink(
        options,
        GatewayTopics(site=SITE, gateway="gw-9"),
        spool=spool,
        clock=SystemClock(),
        status=lambda: GatewayStatus(
            gateway="gw-9", online=True, epoch=spool.epoch, at=some_event().captured_at, version="0"
        ),
        on_command=lambda command: pytest.fail(f"nobody asked for {command}"),
        backoff=Backoff(base_s=0.1, ceiling_s=0.2),
    )
    link.start()
    try:
        spool.put(some_event())
        eventually(lambda: spool.depth().events == 0)
        token = loaded.dispatcher.token.get_secret_value()
        assert uploads(dispatcher.url, token) == 201
        assert "certificates revoked: 1" in dispatcher.verb("gateway", "revoke", "gw-9")
        spool.put(some_event("occ-2"))
        eventually(lambda: not link.connected)
        assert uploads(dispatcher.url, token) == 401
        assert spool.depth().events == 1
    finally:
        link.close()
        spool.close()
