"""The socket between paho and the broker: read and written in large pieces, publications handed out past paho.

paho reads a packet with four to six system calls, wraps each publication three times and writes each acknowledgement
by itself, which was a third of what an event cost; receipts, four for a batch of five events, were a tenth. Everything
else is still paho's: connecting, signing in, subscriptions, what must arrive, keeping alive. The order in which packets
came is kept.
"""

import contextlib
import socket
import ssl
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, cast

import paho.mqtt.client as paho
from paho.mqtt.enums import MessageState, MQTTProtocolVersion

_PUBLISH = 3
_PUBLISH_QOS_1 = 0x32
_CONFIRMED = b"\x40\x02"
_PIECE = 256 * 1024
#: A packet's remaining length has so many bytes at most (MQTT 3.1.1, 2.2.3).
_LENGTH_BYTES = 4
_PUBACK = struct.Struct("!BBH")
_GOODBYE = b"\xe0"
#: SO_LINGER: what the other side has not taken when we close is thrown away, or still delivered.
_THROWN_AWAY, _DELIVERED = struct.pack("ii", 1, 0), struct.pack("ii", 0, 0)


class WireError(ConnectionError):
    """What came is not MQTT; the connection ends."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A PUBLISH as it came. ``mid``: the packet identifier, 0 with QoS 0."""

    topic: str
    payload: bytes
    qos: int
    retained: bool
    mid: int


class RawSocket(Protocol):
    """A connected socket that does not block, plain or TLS."""

    def recv(self, buffer_size: int) -> bytes:
        """What has come; empty at the end."""
        ...

    def send(self, buffer: bytes | bytearray) -> int:
        """How much was taken."""
        ...

    def close(self) -> None:
        """The end."""
        ...

    def fileno(self) -> int:
        """For the selector."""
        ...

    def setblocking(self, flag: bool) -> None:
        """Whether calls wait."""
        ...

    def setsockopt(self, level: int, option: int, value: bytes, /) -> None:
        """See ``socket``."""
        ...


class PacketSocket:
    """Stands where paho has its socket: paho gets one packet at a time, see ``give``.

    paho's writing always succeeds at once; what the kernel does not take yet waits here, see ``flush``.

    What an end without a goodbye leaves unsent is thrown away. Else the kernel would go on trying for minutes, and a
    network that is mended meanwhile would hand the broker what another dispatcher has long said anew.
    """

    def __init__(self, raw: RawSocket) -> None:
        self._raw = raw
        self._incoming = bytearray()
        self._given = b""
        self._outgoing = bytearray()
        self._ended = False
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _THROWN_AWAY)

    # --- what paho uses ---

    def recv(self, buffer_size: int) -> bytes:
        """From the packet that was given; BlockingIOError when there is no more of it."""
        if not self._given:
            if self._ended:
                return b""
            raise BlockingIOError
        piece, self._given = self._given[:buffer_size], self._given[buffer_size:]
        return piece

    def send(self, buffer: bytes | bytearray) -> int:
        """All of it, for ``flush``."""
        if buffer[:1] == _GOODBYE:
            self._raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DELIVERED)
        self._outgoing += buffer
        return len(buffer)

    def close(self) -> None:
        """Once more what is left: a goodbye."""
        with contextlib.suppress(OSError):
            self.flush()
        self._raw.close()

    def fileno(self) -> int:
        """For the selector."""
        return self._raw.fileno()

    def setblocking(self, flag: bool) -> None:
        """Whether calls wait."""
        self._raw.setblocking(flag)

    # --- what the loop uses ---

    def fill(self) -> None:
        """Read what has come. At the end, or when the connection broke, ``recv`` says so once all packets are given."""
        try:
            while True:
                piece = self._raw.recv(_PIECE)
                self._incoming += piece
                self._ended = not piece
                # What TLS has decrypted already, the selector does not see.
                if not (isinstance(self._raw, ssl.SSLSocket) and self._raw.pending()):
                    return
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            self._ended = True

    def packets(self) -> Iterator[bytes]:
        """Take out what is complete, packet by packet."""
        at = 0
        try:
            while (size := _size(self._incoming, at)) is not None and len(self._incoming) >= at + size:
                at += size
                yield bytes(self._incoming[at - size : at])
        finally:
            del self._incoming[:at]

    @property
    def ended(self) -> bool:
        """Whether nothing comes any more."""
        return self._ended

    def end(self) -> None:
        """Have paho see an end."""
        self._ended = True

    def give(self, packet: bytes) -> None:
        """Have paho read this next."""
        self._given = packet

    def flush(self) -> bool:
        """Write what waits; whether all of it is gone. OSError when the connection broke."""
        while self._outgoing:
            try:
                taken = self._raw.send(self._outgoing)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return False
            del self._outgoing[:taken]
        return True


class WireClient(paho.Client):
    """paho's client over a ``PacketSocket``."""

    def _create_socket(self) -> PacketSocket:
        return PacketSocket(cast(RawSocket, super()._create_socket()))

    def heard(self) -> None:
        """Something came, which paho may not see: the broker is there."""
        with self._msgtime_mutex:
            self._last_bytes_received = paho.time_func()

    @property
    def silent_s(self) -> float:
        """For how long nothing has come."""
        with self._msgtime_mutex:
            return paho.time_func() - self._last_bytes_received

    def withdraw(self, mid: int) -> None:
        """Forget a publication that was not confirmed: paho would send it again with the next connection."""
        with self._out_message_mutex:
            held = self._out_messages.pop(mid, None)
            # With a lost connection paho counts anew.
            if held is not None and held.state == MessageState.MQTT_MS_WAIT_FOR_PUBACK and self.is_connected():
                self._inflight_messages -= 1

    def next_mid(self) -> int:
        """A packet identifier for a publication that does not go through paho."""
        return self._mid_generate()

    @property
    def speaks_5(self) -> bool:
        """Whether publications carry properties."""
        return self._protocol == MQTTProtocolVersion.MQTTv5


def publication(packet: bytes, *, properties: bool) -> Publication | None:
    """The PUBLISH in a packet; None when it is another one. WireError when it cannot be read."""
    head = packet[0]
    if head >> 4 != _PUBLISH:
        return None
    at = _body(packet)
    try:
        end = at + 2 + int.from_bytes(packet[at : at + 2], "big")
        topic = packet[at + 2 : end].decode()
    except UnicodeDecodeError as error:
        raise WireError(f"the topic of a publication is not UTF-8: {error}") from error
    at, mid, qos = end, 0, head >> 1 & 3
    if qos:
        mid = int.from_bytes(packet[at : at + 2], "big")
        at += 2
    if properties:
        digits, length = _number(packet, at) or (0, 0)
        at += digits + length
    if at > len(packet):
        raise WireError("a publication ends before it should")
    return Publication(topic, packet[at:], qos, bool(head & 1), mid)


def acknowledgements(mids: Iterable[int]) -> bytes:
    """PUBACK for each, in one piece; it is the same in MQTT 3.1.1 and 5."""
    return b"".join([_PUBACK.pack(0x40, 2, mid) for mid in mids])


def publishing(topic: str, payload: bytes, mid: int) -> bytes:
    """A PUBLISH with QoS 1 of MQTT 3.1.1 (3.3), not retained."""
    name = topic.encode()
    left = 4 + len(name) + len(payload)
    length = bytearray()
    while left > 0x7F:
        length.append(left & 0x7F | 0x80)
        left >>= 7
    length.append(left)
    return b"".join(
        (bytes([_PUBLISH_QOS_1]), length, len(name).to_bytes(2, "big"), name, mid.to_bytes(2, "big"), payload)
    )


def confirmation(packet: bytes) -> int | None:
    """The identifier of the publication that a PUBACK of MQTT 3.1.1 confirms; None when it is another packet."""
    return int.from_bytes(packet[2:], "big") if packet.startswith(_CONFIRMED) and len(packet) == 4 else None


def _size(data: bytearray, at: int) -> int | None:
    """Bytes of the packet that begins there; None while that cannot be told."""
    found = _number(data, at + 1)
    return None if found is None else 1 + sum(found)


def _body(packet: bytes) -> int:
    digits, _ = _number(packet, 1) or (0, 0)
    return 1 + digits


def _number(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """How many bytes the variable byte integer there has, and what it is; None while it is not complete."""
    value = 0
    for place, digit in enumerate(data[at : at + _LENGTH_BYTES]):
        value |= (digit & 0x7F) << 7 * place
        if not digit & 0x80:
            return place + 1, value
    if len(data) >= at + _LENGTH_BYTES:
        raise WireError("a length has more than four bytes")
    return None
