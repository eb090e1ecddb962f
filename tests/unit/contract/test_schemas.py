"""The exported documents describe what is really sent."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest

from lookout_contract.commands import COMMANDS
from lookout_contract.events import EventData, Phase, Scenario, Severity, make_event
from lookout_contract.schemas import asyncapi, message_schemas

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def an_event() -> dict[str, Any]:
    data = EventData(
        occurrence="o-1",
        scenario=Scenario.GARBAGE,
        camera="bins-4",
        phase=Phase.START,
        captured_at=NOON,
        started_at=NOON,
        severity=Severity.BLUE,
    )
    event = make_event(data, site="s", gateway="g", epoch="e1", sequence=3, time=NOON)
    return json.loads(event.to_json())


def test_what_is_sent_fits_the_event_schema() -> None:
    validator = jsonschema_rs.validator_for(message_schemas()["event"])
    validator.validate(an_event())


@pytest.mark.parametrize("missing", ["epoch", "sequence", "data", "source", "type"])
def test_the_event_schema_asks_for_what_intake_asks_for(missing: str) -> None:
    document = an_event()
    del document[missing]
    assert not jsonschema_rs.validator_for(message_schemas()["event"]).is_valid(document)


def test_commands_are_told_apart_by_name() -> None:
    schema = message_schemas()["command"]
    document = {"name": "replay", "id": "1", "issued_at": "2026-05-04T12:00:00Z", "epoch": "e1", "first": 3, "last": 9}
    jsonschema_rs.validator_for(schema).validate(document)
    assert COMMANDS.validate_python(document).name == "replay"


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi("1.2.3")
    references = set(re.findall(r'"(#/[^"]+)"', json.dumps(document)))
    assert references
    for reference in references:
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_the_asyncapi_document_has_every_channel_of_the_design() -> None:
    channels = asyncapi("1.2.3")["channels"]
    assert set(channels) == {
        "event", "test", "receipt", "refusal", "status", "cameraState", "command", "response", "caseEvent", "caseState"
    }  # fmt: skip
    assert channels["event"]["address"] == "lookout/v1/{site}/gateway/{gateway}/event/{camera}/{scenario}"
