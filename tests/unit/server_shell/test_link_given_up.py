"""What the link has given up is never sent: somebody else may have said something newer by then."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from lookout_server.adapters.mqtt import link as link_module
from lookout_server.adapters.mqtt.link import BrokerAddress, MqttLink
from lookout_server.errors import BrokerError

_CONNACK = b"\x20\x02\x00\x00"


class _Clock:
    def now(self) -> datetime:
        return datetime(2026, 5, 4, tzinfo=UTC)


@dataclass
class _Broker:
    """Lets everybody in, writes down what is published, and confirms it while ``confirms``."""

    confirms: bool = True
    #: One answer more to each publication: something else that is heard.
    talks: bool = False
    heard: list[bytes] = field(default_factory=list[bytes])
    connections: list[asyncio.StreamWriter] = field(default_factory=list[asyncio.StreamWriter])
    #: How each connection ended.
    ends: list[str] = field(default_factory=list[str])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        try:
            while True:
                kind = (await reader.readexactly(1))[0]
                body = await reader.readexactly(await _length(reader))
                writer.write(self._answer(kind, body))
        except asyncio.IncompleteReadError:
            self.ends.append("end")
        except ConnectionResetError:
            self.ends.append("reset")
        finally:
            writer.close()

    def _answer(self, kind: int, body: bytes) -> bytes:
        match kind >> 4:
            case 1:
                return _CONNACK
            case 3:
                after = 2 + int.from_bytes(body[:2], "big")
                self.heard.append(body[after + 2 :])
                said = b"\x30\x04\x00\x01tx" if self.talks else b""
                return said + (b"\x40\x02" + body[after : after + 2] if self.confirms else b"")
            case 8:
                return b"\x90\x03" + body[:2] + b"\x01"
            case 12:
                return b"\xd0\x00"
            case _:
                return b""


async def _length(reader: asyncio.StreamReader) -> int:
    value, shift = 0, 0
    while (digit := (await reader.readexactly(1))[0]) & 0x80:
        value, shift = value | (digit & 0x7F) << shift, shift + 7
    return value | digit << shift


@asynccontextmanager
async def _linked(broker: _Broker) -> AsyncGenerator[MqttLink]:
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    address = BrokerAddress(host="127.0.0.1", port=port, client_id="d")
    link = MqttLink(address, filters=["t"], clock=_Clock())
    link.start()
    await _until(lambda: link.connected)
    try:
        yield link
    finally:
        await link.stop()
        server.close()


async def _until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - nobody says so
            await asyncio.sleep(0.01)


def test_what_was_under_way_when_the_connection_broke_is_given_up_at_once_and_not_sent_again() -> None:
    async def body() -> None:
        broker = _Broker(confirms=False)
        async with _linked(broker) as link:
            older = asyncio.create_task(link.publish("case/1/state", b"older", retain=True))
            await _until(lambda: broker.heard)
            broker.confirms = True
            broker.connections[-1].close()
            async with asyncio.timeout(5):
                with pytest.raises(BrokerError, match="lost"):
                    await older
            # Another dispatcher says now what is newer.
            await _until(lambda: link.connected)
            await link.publish("other", b"something else")
        assert broker.heard == [b"older", b"something else"]

    asyncio.run(body())


def test_a_broker_that_does_not_confirm_in_time_does_not_get_it_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "PUBACK_TIMEOUT_S", 0.3)

    async def body() -> None:
        broker = _Broker(confirms=False, talks=True)
        async with _linked(broker) as link:
            with pytest.raises(BrokerError, match="did not acknowledge"):
                await link.publish("case/1/state", b"older", retain=True)
            broker.confirms = True
            broker.connections[-1].close()
            await _until(lambda: not link.connected)
            await _until(lambda: link.connected)
            await link.publish("other", b"something else")
        assert broker.heard == [b"older", b"something else"]

    asyncio.run(body())


def test_what_a_dead_connection_still_holds_is_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut network keeps what was written for minutes, and would deliver it when it is mended."""
    monkeypatch.setattr(link_module, "PUBACK_TIMEOUT_S", 0.3)
    monkeypatch.setattr(link_module, "DEAD_AFTER_S", 0.2)

    async def body() -> None:
        broker = _Broker(confirms=False)
        async with _linked(broker) as link:
            with pytest.raises(BrokerError):
                await link.publish("case/1/state", b"older", retain=True)
            await _until(lambda: not link.connected)
            await _until(lambda: broker.ends)
            assert broker.ends == ["reset"]
            await _until(lambda: link.connected)
        # A goodbye is none: what was published before it still arrives.
        await _until(lambda: len(broker.ends) == 2)
        assert broker.ends == ["reset", "end"]

    asyncio.run(body())
