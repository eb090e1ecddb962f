"""Borders of MQTT packets in a byte stream, and the little of their content that a proxy has to know (MQTT 3.1.1)."""

from collections.abc import Iterator
from dataclasses import dataclass

CONNECT, PUBLISH, PUBACK = 1, 3, 4
_DUP = 0x08


@dataclass(frozen=True)
class Packet:
    """One whole packet."""

    data: bytes
    #: Where the variable header begins.
    start: int

    @property
    def kind(self) -> int:
        """The packet's type, 1 to 15."""
        return self.data[0] >> 4

    @property
    def qos(self) -> int:
        """Of a PUBLISH."""
        return self.data[0] >> 1 & 3

    @property
    def topic(self) -> str:
        """Of a PUBLISH."""
        return _text(self.data, self.start)

    @property
    def mid(self) -> bytes:
        """The packet identifier of a PUBLISH with QoS 1, as it stands on the wire."""
        at = self.start + 2 + int.from_bytes(self.data[self.start : self.start + 2], "big")
        return self.data[at : at + 2]

    @property
    def payload(self) -> bytes:
        """Of a PUBLISH."""
        skip = self.start + 2 + int.from_bytes(self.data[self.start : self.start + 2], "big")
        return self.data[skip + (2 if self.qos else 0) :]

    @property
    def client_id(self) -> str:
        """Of a CONNECT: after the protocol's name, level, flags and keep-alive."""
        name = int.from_bytes(self.data[self.start : self.start + 2], "big")
        return _text(self.data, self.start + 2 + name + 4)

    def again(self) -> bytes:
        """The same once more, marked as a redelivery when it is a PUBLISH."""
        if self.kind != PUBLISH:
            return self.data
        return bytes([self.data[0] | _DUP]) + self.data[1:]


class Splitter:
    """Gives whole packets out of whatever pieces the network hands over."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, piece: bytes) -> Iterator[Packet]:
        """The packets that are complete now."""
        held, at = self._held + piece, 0
        while (sizes := _sizes(held, at)) is not None and len(held) >= at + sum(sizes):
            start, rest = sizes
            whole = held[at : at + start + rest]
            at += len(whole)
            yield Packet(whole, start)
        self._held = held[at:]


def _sizes(held: bytes, at: int) -> tuple[int, int] | None:
    """Bytes of the fixed header and of the rest; None while the length itself is not complete."""
    length = 0
    for place in range(1, min(len(held) - at, 5)):
        digit = held[at + place]
        length |= (digit & 0x7F) << 7 * (place - 1)
        if not digit & 0x80:
            return place + 1, length
    return None


def _text(data: bytes, at: int) -> str:
    size = int.from_bytes(data[at : at + 2], "big")
    return data[at + 2 : at + 2 + size].decode(errors="replace")
