"""What the dispatcher believes of what a broker delivers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_server.ports import Incoming, StreamKey
from lookout_server.services.reading import MAX_BYTES, ReadCamera, ReadEvent, ReadStatus, Refused, read_message
from lookout_server.testing import NOON, SITE, SmallGateway


def _read(message: Incoming) -> object:
    return read_message(message, SITE.id)


def _bent(**changes: Any) -> Incoming:
    """A good event with some fields of the envelope or (``data__x``) of the data changed."""
    gateway = SmallGateway()
    good = gateway.sends("o-1")
    message: dict[str, Any] = json.loads(good.payload)
    for key, value in changes.items():
        target: dict[str, Any] = message["data"] if key.startswith("data__") else message
        target[key.removeprefix("data__")] = value
    return gateway.says(json.dumps(message).encode())


def test_a_good_event_is_read() -> None:
    read = _read(SmallGateway().sends("o-1"))
    assert isinstance(read, ReadEvent)
    assert read.stream == StreamKey(source="/site/kangle/gateway/gw-1", epoch="20261122t000000-a1b2")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (_bent(source="/site/kangle/gateway/gw-2"), "source"),
        (_bent(data__camera="other"), "camera"),
        (_bent(data__scenario="garbage"), "scenario"),
        (_bent(data__severity="purple"), "severity"),
        (_bent(data__severity_reason="a\x00b"), "NUL"),
        (_bent(data__dwell_s=-1), "dwell_s"),
        (_bent(subject="o-2"), "subject"),
        (_bent(sequence=2), "id must be"),
        (_bent(data__skew_s=float("nan")), "finite"),
    ],
)
def test_what_is_wrong_is_named_and_the_number_can_still_be_settled(message: Incoming, said: str) -> None:
    refused = _read(message)
    assert isinstance(refused, Refused)
    assert said in refused.reason
    assert refused.gateway == "gw-1"
    assert refused.sequence in {1, 2}


def test_another_gateways_numbers_are_not_settled() -> None:
    refused = _read(_bent(source="/site/kangle/gateway/gw-2"))
    assert isinstance(refused, Refused)
    assert refused.stream is not None
    assert refused.stream.source.endswith("gw-1")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[1]",
        b"{}",
        b"[" * 100_000,
        b'{"epoch": "e1", "sequence": true}',
        b'{"epoch": "E!", "sequence": 1}',
        b'{"epoch": "e1", "sequence": 1e400}',
        b'{"epoch": "e1", "sequence": 99999999999999999999}',
    ],
)
def test_rubbish_is_refused_without_a_number(payload: bytes) -> None:
    refused = _read(SmallGateway().says(payload))
    assert isinstance(refused, Refused)
    assert refused.sequence is None
    assert refused.reason


def test_a_huge_message_is_refused() -> None:
    refused = _read(SmallGateway().says(b" " * (MAX_BYTES + 1)))
    assert isinstance(refused, Refused)
    assert str(MAX_BYTES) in refused.reason


@pytest.mark.parametrize(
    "topic",
    ["x", "lookout/v1/kangle/gateway/gw-1/event/gate/nonsense", "lookout/v1/elsewhere/gateway/gw-1/status"],
)
def test_topics_that_are_not_for_us_are_refused(topic: str) -> None:
    assert isinstance(_read(SmallGateway().says(b"{}", topic=topic)), Refused)


def test_status_and_camera_state_must_fit_their_topics() -> None:
    gateway, other = SmallGateway(), SmallGateway(gateway="gw-2", camera="corridor")
    assert isinstance(_read(gateway.is_online()), ReadStatus)
    forged = Incoming(topic=gateway.topics.status, payload=other.is_online().payload, received_at=NOON)
    assert isinstance(_read(forged), Refused)
    camera = Incoming(
        topic=gateway.topics.camera_state("gate"),
        payload=b'{"camera":"gate","state":"watching","since":"2026-11-22T04:00:00Z"}',
        received_at=NOON,
    )
    assert isinstance(_read(camera), ReadCamera)
    forged = Incoming(topic=gateway.topics.camera_state("corridor"), payload=camera.payload, received_at=NOON)
    assert isinstance(_read(forged), Refused)


@given(
    st.binary(max_size=300), st.sampled_from(["event/gate/garbage", "status", "camera/gate/state", "response/replay"])
)
def test_nothing_that_can_be_delivered_raises(payload: bytes, tail: str) -> None:
    _read(SmallGateway().says(payload, topic=f"lookout/v1/kangle/gateway/gw-1/{tail}"))
