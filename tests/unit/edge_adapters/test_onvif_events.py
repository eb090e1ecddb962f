"""Events of cameras with analytics of their own (Profile M), as ours."""

import json
from datetime import UTC, datetime

import pytest

from lookout_contract.events import EndReason, EventData, EvidenceKind, EvidenceRef, Phase, Scenario, Severity
from lookout_edge.adapters.onvif.events import EventRule, ProfileM, TalkingCamera

NOW = 1_750_000_000.0
PICTURE = EvidenceRef(kind=EvidenceKind.SNAPSHOT, sha256="0" * 64, bytes=3, mime="image/jpeg")
FIELD = EventRule(
    topic="RuleEngine/FieldDetector/ObjectsInside",
    scenario=Scenario.KEY_AREA,
    severity=Severity.RED,
    item="IsInside",
    zone="roof",
)
LINE = EventRule(topic="RuleEngine/LineDetector", scenario=Scenario.KEY_AREA, severity=Severity.BLUE)
TOPIC = "cam/7/onvif-ej/RuleEngine/FieldDetector/ObjectsInside"


def talking(picture: EvidenceRef | None = PICTURE) -> ProfileM:
    profile = ProfileM("s1/g1", lambda _: picture)
    profile.watch([TalkingCamera(camera="roof-cam", prefix="cam/7", rules=(FIELD, LINE))], NOW)
    return profile


def message(value: object, *, at: float = NOW, operation: str = "Changed", rule: str = "1") -> bytes:
    return json.dumps(
        {
            "UtcTime": datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z"),
            "PropertyOperation": operation,
            "Source": {"VideoSourceConfigurationToken": "v1", "Rule": rule},
            "Data": {"IsInside": value, "Count": "true"},
        }
    ).encode()


def said(profile: ProfileM, value: object, at: float = NOW, **more: str) -> list[EventData]:
    return profile.take(TOPIC, message(value, at=at, **more), at)


def test_true_starts_and_false_ends_one_occurrence() -> None:
    profile = talking()
    (start,) = said(profile, "true")
    assert said(profile, "true", NOW + 5) == []
    (end,) = said(profile, "false", NOW + 9)
    assert (start.phase, end.phase, end.end_reason) == (Phase.START, Phase.END, EndReason.CLEARED)
    assert (start.camera, start.scenario, start.severity, start.zone) == (
        "roof-cam",
        Scenario.KEY_AREA,
        Severity.RED,
        "roof",
    )
    assert start.occurrence == end.occurrence
    assert end.dwell_s == 9.0
    assert start.evidence == (PICTURE,)
    assert {c.name: c.value for c in start.explain}["onvif_topic"].endswith("ObjectsInside/&v1/1")  # type: ignore[union-attr]


def test_two_rules_of_one_camera_are_two_things() -> None:
    profile = talking(None)
    first, second = said(profile, True, rule="a"), said(profile, True, rule="b")
    assert first[0].occurrence != second[0].occurrence
    assert [event.end_reason for event in profile.close(NOW + 1)] == [EndReason.SHUTDOWN] * 2


@pytest.mark.parametrize(
    "topic",
    [
        "cam/7/onvif-ej/tns1:RuleEngine/tns1:FieldDetector/ObjectsInside/&v1/r",
        "cam/7/onvif-ej/RuleEngine/FieldDetector/ObjectsInside",
    ],
)
def test_lists_of_simple_items_and_namespaces_are_read_too(topic: str) -> None:
    payload = {
        "UtcTime": "2025-06-15T15:06:40Z",
        "Source": {"SimpleItem": [{"Name": "Rule", "Value": "r"}]},
        "Data": {"SimpleItem": {"Name": "IsInside", "Value": "true"}},
    }
    (start,) = talking().take(topic, json.dumps(payload).encode(), NOW)
    assert start.phase is Phase.START
    assert start.captured_at.timestamp() == NOW


def test_what_has_no_state_happens_once() -> None:
    payload = json.dumps({"UtcTime": "2025-06-15T15:06:40Z", "Data": {"ObjectId": "12"}}).encode()
    events = talking().take("cam/7/onvif-ej/RuleEngine/LineDetector/Crossed/&v1/r", payload, NOW)
    assert [event.phase for event in events] == [Phase.START, Phase.END]


def test_a_camera_with_a_wrong_clock_is_dated_by_this_box() -> None:
    (start,) = talking().take(TOPIC, message("true", at=NOW - 7200), NOW)
    assert start.captured_at.timestamp() == NOW
    assert start.skew_s == -7200.0


def test_what_a_broker_kept_for_hours_is_dated_by_a_camera_whose_clock_was_right() -> None:
    profile = talking()
    said(profile, "true")
    said(profile, "false", NOW + 9)
    later = NOW + 7200
    (start,) = profile.take(TOPIC, message("true", at=NOW + 600), later)
    (end,) = profile.take(TOPIC, message("false", at=NOW + 660), later)
    assert (start.captured_at.timestamp(), end.captured_at.timestamp()) == (NOW + 600, NOW + 660)
    assert profile.take(TOPIC, message("true", at=NOW - 9e8), later)[0].captured_at.timestamp() == later, "set back"


def test_what_is_said_to_hold_again_long_after_is_something_new() -> None:
    """A camera that was restarted while something was inside says nothing of its end."""
    profile = talking()
    (first,) = said(profile, "true")
    assert said(profile, "true", NOW + 300) == []
    assert said(profile, "true", NOW + 890) == [], "it goes on saying so"
    ended, second = said(profile, "true", NOW + 2000)
    assert (ended.occurrence, ended.end_reason) == (first.occurrence, EndReason.BLIND)
    assert ended.captured_at.timestamp() == NOW + 890
    assert (second.phase, second.occurrence == first.occurrence) == (Phase.START, False)


def test_what_a_camera_said_that_nobody_listens_to_any_more_ends() -> None:
    profile = talking()
    (start,) = said(profile, "true")
    (end,) = profile.watch([], NOW + 60)
    assert (end.occurrence, end.end_reason, end.captured_at.timestamp()) == (
        start.occurrence,
        EndReason.SHUTDOWN,
        NOW + 60,
    )
    assert profile.watch([], NOW + 61) == []


@pytest.mark.parametrize("restarts", [False, True], ids=["reload", "restart"])
def test_what_a_rule_that_was_taken_out_said_holds_ends(restarts: bool) -> None:
    """The camera says that it is over where nobody listens: it would go on for ever."""
    profile = talking()
    (start,) = said(profile, "true")
    if restarts:
        profile = talking()
        profile.resume([start])
    (end,) = profile.watch([TalkingCamera(camera="roof-cam", prefix="cam/7", rules=(LINE,))], NOW + 60)
    assert (end.occurrence, end.end_reason) == (start.occurrence, EndReason.SHUTDOWN)
    assert said(profile, "true", NOW + 61) == []


def test_a_rule_that_was_taken_out_ends_nothing_that_another_one_said() -> None:
    profile = talking()
    said(profile, "true")
    assert profile.watch([TalkingCamera(camera="roof-cam", prefix="cam/7", rules=(FIELD,))], NOW + 60) == []


def test_a_rule_that_is_deleted_in_the_camera_holds_no_more() -> None:
    profile = talking()
    said(profile, "true")
    (end,) = said(profile, "true", NOW + 1, operation="Deleted")
    assert end.phase is Phase.END


def test_what_holds_over_a_restart_goes_on_and_what_does_not_is_over() -> None:
    before = talking()
    (start,) = said(before, "true")
    (shut,) = before.close(NOW + 1)
    after = talking()
    after.resume([shut])
    (again,) = said(after, "true", NOW + 60, operation="Initialized")
    assert (again.occurrence, again.phase, again.resumed) == (start.occurrence, Phase.UPDATE, True)
    gone = talking()
    gone.resume([shut])
    (end,) = said(gone, "false", NOW + 60, operation="Initialized")
    assert (end.occurrence, end.end_reason) == (start.occurrence, EndReason.CLEARED)


def test_what_nobody_configured_is_nothing() -> None:
    profile = talking()
    assert profile.take("cam/7/onvif-ej/Device/Trigger/Relay", message("true"), NOW) == []
    assert profile.take("other/onvif-ej/RuleEngine/FieldDetector/ObjectsInside", message("true"), NOW) == []


@pytest.mark.parametrize("payload", [b"", b"[]", b"\xff", b'{"UtcTime": "yesterday"}', b"[" * 100_000])
def test_what_is_no_event_is_a_value_error(payload: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        talking().take(TOPIC, payload, NOW)
