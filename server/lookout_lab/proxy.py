"""A TCP proxy between clients and broker that loses, repeats and cuts at the borders of MQTT packets."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable

from lookout_lab.packets import CONNECT, PUBACK, PUBLISH, Packet, Splitter

#: Called with topic and payload of what a client publishes, before the broker gets it.
Watch = Callable[[str, bytes], Awaitable[None]]
_HARMED = {PUBLISH, PUBACK}


class Proxy:
    """Listens on a free port. Faults are ordered for a client id and hit its next publications and acknowledgements."""

    def __init__(self, broker_port: int, watch: Watch) -> None:
        self._broker_port = broker_port
        self._watch = watch
        self._server: asyncio.Server | None = None
        self._clients: dict[str, set[asyncio.StreamWriter]] = {}
        self._lose: Counter[str] = Counter()
        self._repeat: Counter[str] = Counter()
        self._kept_out: set[str] = set()
        #: What was really done, by kind.
        self.done: Counter[str] = Counter()

    async def start(self) -> int:
        """The port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        for client in tuple(self._clients):
            self.cut(client)

    def keep_out(self, client: str) -> None:
        """It does not reach the broker until ``let_in``."""
        self._kept_out.add(client)
        self.cut(client)

    def let_in(self, client: str) -> None:
        """Its way is free again."""
        self._kept_out.discard(client)

    def lose(self, client: str, packets: int) -> None:
        """The next packets of this client, in either direction, do not arrive."""
        self._lose[client] += packets

    def repeat(self, client: str, packets: int) -> None:
        """The next packets of this client arrive twice."""
        self._repeat[client] += packets

    def heal(self) -> None:
        """Forget what has been ordered and has not happened."""
        self._lose.clear()
        self._repeat.clear()

    def cut(self, client: str) -> None:
        """End its connections without a goodbye."""
        for writer in self._clients.pop(client, set()):
            writer.transport.abort()
            self.done["cut"] += 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", self._broker_port)
        except OSError:
            writer.transport.abort()
            return
        name = [""]
        up = asyncio.create_task(self._pump(reader, broker_writer, name, (writer, broker_writer), upward=True))
        down = asyncio.create_task(self._pump(broker_reader, writer, name, (), upward=False))
        await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
        for task in (up, down):
            task.cancel()
        for each in (writer, broker_writer):
            each.transport.abort()
            self._clients.get(name[0], set()).discard(each)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        name: list[str],
        known_as: tuple[asyncio.StreamWriter, ...],
        *,
        upward: bool,
    ) -> None:
        splitter = Splitter()
        with contextlib.suppress(OSError):
            while piece := await source.read(65536):
                for packet in splitter.feed(piece):
                    if upward and packet.kind == CONNECT:
                        name[0] = packet.client_id
                        if name[0] in self._kept_out:
                            return
                        self._clients.setdefault(name[0], set()).update(known_as)
                    if upward and packet.kind == PUBLISH:
                        await self._watch(packet.topic, packet.payload)
                    if target.is_closing():
                        return
                    target.write(self._harmed(name[0], packet))
                await target.drain()

    def _harmed(self, client: str, packet: Packet) -> bytes:
        if packet.kind not in _HARMED or (packet.kind == PUBLISH and packet.qos == 0):
            return packet.data
        if self._lose[client] > 0:
            self._lose[client] -= 1
            self.done["lost"] += 1
            return b""
        if self._repeat[client] > 0:
            self._repeat[client] -= 1
            self.done["repeated"] += 1
            return packet.data + packet.again()
        return packet.data
