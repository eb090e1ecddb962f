import asyncio

import pytest

from lookout_server.adapters.broker.strangers import Strangers

pytestmark = pytest.mark.anyio

MOSQUITTO = """\
1795768143: New connection from 192.0.2.7:52484 on port 1883.
1795768143: Client <unknown> disconnected, not authorised.
1795768144: New connection from 192.0.2.8:40000 on port 8883.
1795768144: OpenSSL Error[0]: error:0A0000C7:SSL routines::peer did not return a certificate
1795768145: New client connected from 192.0.2.9:40000 as gw-a (p2, c0, k20, u'gw-a').
1795768145: Client gw-a closed its connection."""
#: A revoked certificate whose handshake was over within its first step.
AT_ONCE = """\
1795962576: New connection from 192.0.2.9:38118 on port 1883.
1795962576: Client connection from 192.0.2.8 failed: error:0A000086:SSL routines::certificate verify failed."""
#: A gateway that lost its power, beside one that has just come.
LOST = """\
1795962566: New client connected from 192.0.2.7:45367 as gw-a (p2, c1, k10, u'gw-a').
1795962567: New connection from 192.0.2.8:45368 on port 8883.
1795962567: OpenSSL Error[0]: error:0A000126:SSL routines::unexpected eof while reading
1795962567: Client gw-a closed its connection."""
AMQTT = "WARNING amqtt.broker Failed to initialize client session: refused 'gw-a' from 192.0.2.3:37529"


async def read(log: str) -> list[str]:
    strangers, kept = Strangers(), list[str]()

    async def store(text: str) -> None:
        kept.append(text)

    for line in log.splitlines():
        strangers.read(line)
    keeping = asyncio.create_task(strangers.keep(store, every_s=0))
    for _ in range(20):
        await asyncio.sleep(0)
    keeping.cancel()
    return kept


async def test_refused_connections_are_read_from_both_brokers_logs() -> None:
    assert await read(MOSQUITTO) == [
        "the broker refused a connection from 192.0.2.7: user name or password is wrong (<unknown>)",
        "the broker refused a connection from 192.0.2.8: no valid certificate (peer did not return a certificate)",
    ]
    assert await read(AMQTT) == [
        "the broker refused a connection from 192.0.2.3: user name or password is wrong (gw-a)"
    ]
    assert await read(AT_ONCE) == [
        "the broker refused a connection from 192.0.2.8: no valid certificate (certificate verify failed)"
    ]
    assert await read(LOST) == []
    assert await read("1795768143: mosquitto version 2.0.11 running") == []


async def test_a_flood_of_strangers_is_bounded() -> None:
    assert len(await read("\n".join([AMQTT] * 500))) <= 100
