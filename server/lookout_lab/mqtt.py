"""A client that costs next to nothing, so that the load bench measures the others: MQTT 3.1.1, QoS 1, nothing else."""

import asyncio
from collections.abc import Callable, Sequence

from lookout_lab.errors import LabError
from lookout_lab.packets import PUBACK, PUBLISH, Packet, Splitter

_CONNACK, _SUBSCRIBE, _SUBACK = 2, 0x82, 9
_CLEAN, _PASSWORD, _USERNAME = 0x02, 0x40, 0x80


class QuickClient:
    """Publishes and hears; reconnects never. ``on_message`` gets topic and payload of each publication."""

    def __init__(self, on_message: Callable[[str, bytes], None]) -> None:
        self._on_message = on_message
        self._splitter = Splitter()
        self._mid = 0
        self._reading: asyncio.Task[None] | None = None
        #: PUBACKs of the broker.
        self.acknowledged = 0
        #: Until the broker closes the connection.
        self.connected = True

    async def connect(self, port: int, *, name: str, password: str, filters: Sequence[str], clean: bool = True) -> None:
        """Sign in and subscribe."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        flags = _USERNAME | _PASSWORD | (_CLEAN if clean else 0)
        head = text("MQTT") + bytes([4, flags]) + (0).to_bytes(2, "big")
        self._writer.write(packet(0x10, head + text(name) + text(name) + text(password)))
        if filters:
            wanted = b"".join(text(each) + b"\x01" for each in filters)
            self._writer.write(packet(_SUBSCRIBE, (1).to_bytes(2, "big") + wanted))
        answers = {_CONNACK, _SUBACK} if filters else {_CONNACK}
        while answers:
            piece = await self._reader.read(65536)
            if not piece:
                raise LabError(f"the broker refuses {name}")
            for each in self._splitter.feed(piece):
                answers.discard(each.kind)
                self._hear(each)
        self._reading = asyncio.create_task(self._read())

    def publish(self, topic: str, payload: bytes) -> None:
        """QoS 1, into the socket's buffer; see ``drain``."""
        self._mid = self._mid % 65535 + 1
        self._writer.write(packet(0x32, text(topic) + self._mid.to_bytes(2, "big") + payload))

    def acknowledge(self, mids: Sequence[bytes]) -> None:
        """PUBACK for publications that were heard."""
        self._writer.write(b"".join(b"\x40\x02" + mid for mid in mids))

    async def drain(self) -> None:
        """Wait until the socket takes more."""
        await self._writer.drain()

    def close(self) -> None:
        """Without a goodbye."""
        if self._reading is not None:
            self._reading.cancel()
        self._writer.transport.abort()

    async def _read(self) -> None:
        try:
            while piece := await self._reader.read(262_144):
                for each in self._splitter.feed(piece):
                    self._hear(each)
        finally:
            self.connected = False

    def _hear(self, heard: Packet) -> None:
        if heard.kind == PUBACK:
            self.acknowledged += 1
        elif heard.kind == PUBLISH:
            self._on_message(heard.topic, heard.payload)
            if heard.qos:
                self.acknowledge([heard.mid])


def packet(first: int, body: bytes) -> bytes:
    """With its length in front."""
    length = bytearray()
    rest = len(body)
    while True:
        rest, digit = rest >> 7, rest & 0x7F
        length.append(digit | (0x80 if rest else 0))
        if not rest:
            return bytes([first]) + bytes(length) + body


def text(value: str) -> bytes:
    """A string as MQTT writes it."""
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded
