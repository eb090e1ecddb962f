"""The socket under paho: publications come out whole and in order, paho gets the rest, writing waits for nobody."""

import itertools
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from lookout_server.adapters.mqtt.wire import (
    PacketSocket,
    Publication,
    WireClient,
    WireError,
    acknowledgements,
    confirmation,
    publication,
    publishing,
)

PINGRESP = b"\xd0\x00"


def _published(topic: str, payload: bytes, *, qos: int = 1, mid: int = 7, properties: bytes = b"") -> bytes:
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + (mid.to_bytes(2, "big") if qos else b"") + properties + payload
    length = bytearray()
    rest = len(body)
    while True:
        rest, digit = rest >> 7, rest & 0x7F
        length.append(digit | (0x80 if rest else 0))
        if not rest:
            return bytes([0x30 | qos << 1]) + bytes(length) + body


class Pipe:
    """The other side's bytes in the pieces in which they come; takes only so much at once."""

    def __init__(self, *pieces: bytes, room: int = 1 << 20) -> None:
        self.pieces = list(pieces)
        self.room = room
        self.sent = b""
        self.closed = False

    def recv(self, buffer_size: int) -> bytes:
        if not self.pieces:
            raise BlockingIOError
        return self.pieces.pop(0)

    def send(self, buffer: bytes | bytearray) -> int:
        taken = bytes(buffer[: self.room])
        if not taken:
            raise BlockingIOError
        self.room -= len(taken)
        self.sent += taken
        return len(taken)

    def close(self) -> None:
        self.closed = True

    def fileno(self) -> int:
        return 900

    def setblocking(self, flag: bool) -> None: ...

    def setsockopt(self, level: int, option: int, value: bytes, /) -> None: ...


def _all(wire: PacketSocket, pipe: Pipe) -> list[bytes]:
    found: list[bytes] = []
    while pipe.pieces:
        wire.fill()
        found += wire.packets()
    return found


@given(st.lists(st.binary(max_size=300), max_size=8), st.lists(st.integers(1, 200), min_size=1, max_size=20))
def test_packets_are_whole_and_in_order_however_they_are_cut(bodies: list[bytes], cuts: list[int]) -> None:
    packets = [_published("t", body, mid=place + 1) for place, body in enumerate(bodies)] + [PINGRESP]
    stream = b"".join(packets)
    pieces: list[bytes] = []
    sizes = itertools.cycle(cuts)
    while stream:
        size = next(sizes)
        pieces.append(stream[:size])
        stream = stream[size:]
    pipe = Pipe(*pieces)
    assert _all(PacketSocket(pipe), pipe) == packets


@given(st.text(max_size=40).filter(lambda text: "\x00" not in text), st.binary(max_size=400), st.integers(1, 65535))
def test_a_publication_is_read_as_it_was_written(topic: str, payload: bytes, mid: int) -> None:
    assert publication(_published(topic, payload, mid=mid), properties=False) == Publication(
        topic, payload, 1, False, mid
    )
    plain = publication(_published(topic, payload, qos=0), properties=False)
    assert plain == Publication(topic, payload, 0, False, 0)
    five = _published(topic, payload, mid=mid, properties=b"\x05\x02\x00\x00\x00\x3c")
    assert publication(five, properties=True) == Publication(topic, payload, 1, False, mid)


@given(st.text(max_size=40).filter(lambda text: "\x00" not in text), st.binary(max_size=20_000), st.integers(1, 65535))
def test_what_we_publish_past_paho_is_a_publication(topic: str, payload: bytes, mid: int) -> None:
    packet = publishing(topic, payload, mid)
    wire = PacketSocket(Pipe(packet + PINGRESP))
    wire.fill()
    assert list(wire.packets()) == [packet, PINGRESP]
    assert publication(packet, properties=False) == Publication(topic, payload, 1, False, mid)


@pytest.mark.parametrize(
    ("packet", "mid"), [(acknowledgements([258]), 258), (PINGRESP, None), (b"\x40\x03\x01\x02\x10", None)]
)
def test_a_confirmation_is_told_from_other_packets(packet: bytes, mid: int | None) -> None:
    assert confirmation(packet) == mid


def test_what_is_no_publication_is_left_to_paho() -> None:
    assert publication(PINGRESP, properties=False) is None
    wire = PacketSocket(Pipe())
    wire.give(b"\x20\x02\x00\x00")
    assert [wire.recv(1), wire.recv(1), wire.recv(2)] == [b"\x20", b"\x02", b"\x00\x00"]
    with pytest.raises(BlockingIOError):
        wire.recv(1)


@pytest.mark.parametrize(
    "packet", [b"\x32\x05\x00\x09abc", b"\x32\x06\x00\x02\xff\xfe\x00\x01"], ids=["cut short", "no UTF-8"]
)
def test_what_is_not_mqtt_is_an_error(packet: bytes) -> None:
    with pytest.raises(WireError):
        publication(packet, properties=False)


def test_a_length_of_five_bytes_is_an_error() -> None:
    wire = PacketSocket(Pipe(b"\x30\xff\xff\xff\xff\x01"))
    wire.fill()
    with pytest.raises(WireError):
        list(wire.packets())


def test_writing_waits_for_the_other_side_and_loses_nothing() -> None:
    pipe = Pipe(room=3)
    wire = PacketSocket(pipe)
    assert wire.send(b"hello") == 5
    assert not wire.flush()
    wire.send(acknowledgements([1, 258]))
    pipe.room = 100
    assert wire.flush()
    assert pipe.sent == b"hello\x40\x02\x00\x01\x40\x02\x01\x02"
    wire.send(b"bye")
    wire.close()
    assert pipe.sent.endswith(b"bye")
    assert pipe.closed


def test_the_end_is_said_once_everything_was_given() -> None:
    wire = PacketSocket(Pipe(PINGRESP, b""))
    wire.fill()
    assert list(wire.packets()) == [PINGRESP]
    assert not wire.ended
    wire.fill()
    assert wire.ended
    assert wire.recv(1) == b""


def test_paho_connects_over_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = WireClient(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.connect(*listening.getsockname()[:2])
        assert isinstance(client.socket(), PacketSocket)
        assert client.speaks_5
        client.disconnect()
