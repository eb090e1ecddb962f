"""The event envelope: what is refused, what survives the wire, what makes an event unique."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lookout_contract.base import format_utc
from lookout_contract.events import Condition, EndReason, Event, EventData, Phase, Scenario, Severity, make_event
from lookout_contract.schemas import message_schemas

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def data(**changes: Any) -> EventData:
    values: dict[str, Any] = {
        "occurrence": "o-1",
        "scenario": Scenario.CORRIDOR_EBIKE,
        "camera": "corridor-2",
        "phase": Phase.START,
        "captured_at": NOON,
        "started_at": NOON,
        "severity": Severity.YELLOW,
    }
    return EventData(**(values | changes))


def event(sequence: int = 1, **changes: Any) -> Event:
    return make_event(
        data(**changes), site="s", gateway="g", epoch="20260504t120000-ab12", sequence=sequence, time=NOON
    )


def test_an_event_survives_the_wire() -> None:
    sent = event()
    assert Event.model_validate_json(sent.to_json()) == sent


def test_unknown_fields_are_ignored_so_that_v1_can_grow() -> None:
    document = event().model_dump(mode="json") | {"added_in_v1_7": True}
    assert Event.model_validate(document) == event()


def test_id_and_source_name_the_event() -> None:
    assert (event(7).id, event(7).source) == ("20260504t120000-ab12.7", "/site/s/gateway/g")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "lookout.event.end.v1"),
        ("type", "lookout.test.start.v1"),
        ("subject", "another"),
        ("id", "20260504t120000-ab12.2"),
        ("sequence", 0),
        ("source", "/site/s/gateway/../g"),
        ("specversion", "0.3"),
        ("time", "2026-05-04T12:00:00"),
    ],
)
def test_an_envelope_that_contradicts_itself_is_refused(field: str, value: object) -> None:
    document = event().model_dump(mode="json") | {field: value}
    with pytest.raises(ValidationError):
        Event.model_validate(document)


@pytest.mark.parametrize(
    ("phase", "reason"), [(Phase.END, None), (Phase.START, EndReason.CLEARED), (Phase.UPDATE, EndReason.BLIND)]
)
def test_an_end_has_a_reason_and_nothing_else_has(phase: Phase, reason: EndReason | None) -> None:
    with pytest.raises(ValidationError, match="end_reason"):
        data(phase=phase, end_reason=reason)


def test_ids_stay_safe_in_topics_and_paths() -> None:
    for wrong in ("", "Gate", "a/b", "a+b", "#", "门", "../up", "x" * 64):
        with pytest.raises(ValidationError):
            data(camera=wrong)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3.5))])))
def test_times_travel_in_utc_to_the_millisecond(moment: datetime) -> None:
    text = format_utc(moment)
    assert text.endswith("Z")
    assert abs(datetime.fromisoformat(text) - moment) < timedelta(milliseconds=1)


def test_what_nothing_was_measured_of_arrives_too() -> None:
    """Nulls are left out on the way, so nothing that may be null can be required at the other end."""
    nothing = Condition(name="separation", value=None, limit=2.0, met=True)
    sent = event()
    told = sent.model_copy(update={"data": sent.data.model_copy(update={"explain": (nothing,)})})
    assert Event.model_validate_json(told.to_json()) == told


def test_nothing_that_may_be_null_is_required() -> None:
    for name, schema in message_schemas().items():
        for kind, part in {name: schema, **schema.get("$defs", {})}.items():
            for key in part.get("required", ()):
                options = part["properties"][key].get("anyOf", ())
                assert {"type": "null"} not in options, f"{kind}.{key} is left out when it is null"
