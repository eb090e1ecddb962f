"""The dispatcher's link over TLS, where what is decrypted already is not seen by the selector."""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lookout_lab.mqtt import packet, text
from lookout_lab.packets import PUBACK, PUBLISH, Splitter
from lookout_server.adapters.authority import Authority
from lookout_server.adapters.clock import SystemClock
from lookout_server.adapters.mqtt.link import BrokerAddress, Delivery, MqttLink, Tls

CONNECT, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 8, 12, 14
#: More than a record of TLS (16 kB), much more than one, and next to nothing.
PAYLOADS = [b"%d " % number + b"x" * (300_000 if number % 50 == 0 else number * 131 % 20_000) for number in range(200)]


class Broker:
    """As much of one as a link needs: it takes whoever comes, and sends everything once there is a subscription."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []
        self.published: list[bytes] = []
        self.done = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        splitter = Splitter()
        while piece := await reader.read(65536):
            for each in splitter.feed(piece):
                if each.kind == CONNECT:
                    writer.write(b"\x20\x02\x00\x00")
                elif each.kind == SUBSCRIBE:
                    # The answer and the first messages in one piece, as a broker that kept some for us sends them.
                    suback = packet(0x90, each.data[each.start : each.start + 2] + b"\x01")
                    writer.write(suback + b"".join(map(_publish, range(len(PAYLOADS)), PAYLOADS)))
                elif each.kind == PUBACK:
                    self.acknowledged.append(int.from_bytes(each.data[each.start : each.start + 2], "big"))
                elif each.kind == PUBLISH:
                    self.published.append(each.payload)
                    writer.write(b"\x40\x02" + each.mid)
                elif each.kind == PINGREQ:
                    writer.write(b"\xd0\x00")
                elif each.kind == DISCONNECT:
                    self.done.set()
        writer.close()


def _publish(number: int, payload: bytes) -> bytes:
    return packet(0x32, text(f"t/{number}") + (number + 1).to_bytes(2, "big") + payload)


@pytest.mark.parametrize("secure", [True, False], ids=["tls", "plain"])
def test_everything_arrives_whole_in_order_and_is_acknowledged(tmp_path: Path, secure: bool) -> None:
    authority = Authority(tmp_path, site="home", now=datetime.now(UTC))
    authority.issue_server(["127.0.0.1"], now=datetime.now(UTC))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.server_files)

    async def body() -> None:
        broker = Broker()
        server = await asyncio.start_server(broker.serve, "127.0.0.1", 0, ssl=context if secure else None)
        port = server.sockets[0].getsockname()[1]
        tls = Tls(ca=authority.file) if secure else None
        link = MqttLink(
            BrokerAddress(host="127.0.0.1", port=port, client_id="d", tls=tls), filters=["t/+"], clock=SystemClock()
        )
        async with asyncio.timeout(60):
            link.start()
            heard: list[Delivery] = [await link.inbox.get() for _ in PAYLOADS]
            assert [(each.message.topic, each.message.payload) for each in heard] == [
                (f"t/{number}", payload) for number, payload in enumerate(PAYLOADS)
            ]
            link.acknowledge(heard)
            await link.publish("receipt", PAYLOADS[0])
            await link.stop()
            await broker.done.wait()
        assert broker.acknowledged == list(range(1, len(PAYLOADS) + 1))
        assert broker.published == [PAYLOADS[0]]
        server.close()

    asyncio.run(body())
