"""The README's example subscriber, as it stands there, hears a case."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lookout_contract.cases import CaseMessage, CaseState
from lookout_contract.events import Severity
from lookout_contract.topics import CaseTopics
from lookout_server.adapters.broker.access import DISPATCHER
from lookout_server.adapters.broker.engines import AmqttEngine
from lookout_server.adapters.broker.testing import SITE, RunningBroker

pytestmark = pytest.mark.e2e
README = Path(__file__).parents[2] / "server" / "README.md"


def test_the_example_prints_the_steps_of_a_case(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
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
