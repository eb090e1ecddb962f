"""The proxy's eyes: packets come out whole, however the network cut them."""

from hypothesis import given
from hypothesis import strategies as st

from lookout_lab.packets import CONNECT, PUBACK, PUBLISH, Splitter


def publish(topic: bytes, payload: bytes, *, mid: int = 7) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + mid.to_bytes(2, "big") + payload
    length: list[int] = []
    rest = len(body)
    while True:
        rest, digit = rest >> 7, rest & 0x7F
        length.append(digit | (0x80 if rest else 0))
        if not rest:
            return bytes([0x32, *length]) + body


@given(st.lists(st.binary(max_size=400), min_size=1, max_size=5), st.integers(1, 37))
def test_pieces_of_any_size_give_the_packets_that_went_in(payloads: list[bytes], size: int) -> None:
    stream = b"".join(publish(b"a/b", payload) for payload in payloads) + bytes([0x40, 2, 0, 7])
    splitter = Splitter()
    found = [p for at in range(0, len(stream), size) for p in splitter.feed(stream[at : at + size])]
    assert [packet.kind for packet in found] == [PUBLISH] * len(payloads) + [PUBACK]
    assert [packet.payload for packet in found[:-1]] == payloads
    assert {packet.topic for packet in found[:-1]} == {"a/b"}


def test_a_repeated_publication_says_that_it_is_one_and_an_acknowledgement_stays_as_it_is() -> None:
    once, ack = Splitter().feed(publish(b"t", b"p") + bytes([0x40, 2, 0, 7]))
    assert once.again()[0] == once.data[0] | 8
    assert once.again()[1:] == once.data[1:]
    assert ack.again() == ack.data


def test_a_connection_tells_its_client_id() -> None:
    body = b"\x00\x04MQTT\x04\x02\x00\x14" + b"\x00\x04gw-1"
    (packet,) = Splitter().feed(bytes([0x10, len(body)]) + body)
    assert packet.kind == CONNECT
    assert packet.client_id == "gw-1"
