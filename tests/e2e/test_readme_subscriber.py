"""The README's example subscriber, as it stands there, hears a case."""

import asyncio
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lookout_contract.cases import CaseMessage, CaseState
from lookout_contract.events import Severity
from lookout_contract.topics import CaseTopics
from lookout_edge.adapters.broker_testing import free_port, wait_for_port
from lookout_server.adapters.broker.access import DISPATCHER
from lookout_server.adapters.broker.engines import AmqttEngine
from lookout_server.adapters.broker.testing import SITE, RunningBroker
from lookout_server.adapters.webhook_post import HttpPost
from lookout_server.domain.webhook import signed, written_secret
from lookout_server.errors import DeliveryError, RefusedError

pytestmark = pytest.mark.e2e
README = Path(__file__).parents[2] / "server" / "README.md"


def test_the_example_prints_the_steps_of_a_case(tmp_path: Path) -> None:
    example, _ = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert len([line for line in example.splitlines() if line.strip()]) <= 30
    script = tmp_path / "follow_cases.py"
    script.write_text(example, encoding="utf-8")
    broker = RunningBroker(AmqttEngine(), tmp_path / "broker")
    topics = CaseTopics(site=SITE, grid="grid-07", case="c-1")
    message = CaseMessage(
        case="c-1",
        grid="grid-07",
        state=CaseState.DISPATCHED,
        version=2,
        at=datetime(2026, 5, 4, tzinfo=UTC),
        action="dispatch",
        severity=Severity.RED,
    )
    try:
        with broker.probe(DISPATCHER) as dispatcher:
            dispatcher.publish(topics.state, message.to_json(), retain=True)
        account = [DISPATCHER, broker.passwords[DISPATCHER], SITE]
        command = [sys.executable, str(script), "127.0.0.1", str(broker.place.port), *account]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            line = running.stdout.readline()
            running.kill()
    finally:
        broker.close()
    assert line.split() == ["state", "2026-05-04T00:00:00.000Z", "c-1", "grid-07", "dispatch", "->", "dispatched"]


def test_the_example_waits_for_a_broker_that_is_not_there_yet(tmp_path: Path) -> None:
    example, _ = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    script = tmp_path / "follow_cases.py"
    # It ended with a traceback before it came so far.
    begins = "client.loop_forever("
    script.write_text(example.replace(begins, f"print('waits', flush=True)\n{begins}"), "utf-8")
    command = [sys.executable, str(script), "127.0.0.1", str(free_port()), "name", "password", SITE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "waits\n"
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(0.5)
        running.kill()


def post(url: str, headers: dict[str, str], body: bytes) -> None:
    """One request, as the dispatcher makes it."""

    async def send() -> None:
        client = HttpPost()
        try:
            await client.send(url, headers, body)
        finally:
            await client.close()

    asyncio.run(send())


def test_the_receiver_of_webhooks_takes_what_is_signed_and_nothing_else(tmp_path: Path) -> None:
    _, example = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    script = tmp_path / "receive.py"
    script.write_text(example, encoding="utf-8")
    port, secret = free_port(), b"s" * 32
    body = b'{"type":"case.dispatch","timestamp":"2026-05-04T00:00:00+00:00","data":{"case":"c-1"}}'
    stamp = int(time.time())
    headers = {"webhook-id": "s-1", "webhook-timestamp": str(stamp)}
    with subprocess.Popen(
        [sys.executable, str(script), str(port), written_secret(secret)], stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            wait_for_port(port)
            url = f"http://127.0.0.1:{port}/"
            with pytest.raises(RefusedError, match="401"):
                post(url, {**headers, "webhook-signature": signed([b"x" * 32], "s-1", stamp, body)}, body)
            with pytest.raises(RefusedError, match="401"):
                post(url, {}, body)
            for _ in range(2):
                post(url, {**headers, "webhook-signature": signed([secret], "s-1", stamp, body)}, body)
            assert running.stdout is not None
            assert running.stdout.readline() == 'case.dispatch {"case": "c-1"}\n'
        finally:
            running.kill()
    with pytest.raises(DeliveryError, match="ConnectError"):
        post(url, headers, body)
