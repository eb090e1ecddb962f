"""The proxy: a client can be kept out while others go on."""

import asyncio
import contextlib

from lookout_lab.mqtt import packet, text
from lookout_lab.proxy import Proxy


def connect(client: str) -> bytes:
    return packet(0x10, text("MQTT") + bytes([4, 2, 0, 60]) + text(client))


async def answers(port: int, client: str) -> bool:
    """Whether something comes back through the proxy."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(connect(client))
    try:
        return bool(await reader.read(1))
    except ConnectionResetError:
        return False
    finally:
        writer.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.read(1000))
    with contextlib.suppress(ConnectionResetError):
        await reader.read()
    writer.close()


async def nothing(_topic: str, _payload: bytes) -> None:
    return


def test_who_is_kept_out_does_not_get_through_until_let_in() -> None:
    async def run() -> list[bool]:
        broker = await asyncio.start_server(echo, "127.0.0.1", 0)
        proxy = Proxy(int(broker.sockets[0].getsockname()[1]), nothing)
        port = await proxy.start()
        proxy.keep_out("gateway-1")
        seen = [await answers(port, "gateway-1"), await answers(port, "gateway-2")]
        proxy.let_in("gateway-1")
        seen.append(await answers(port, "gateway-1"))
        await proxy.stop()
        broker.close()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=10)
        return seen

    assert asyncio.run(run()) == [False, True, True]
