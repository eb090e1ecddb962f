"""The broker's client on the event loop ends when it is told to."""

import asyncio

from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from lookout_server.adapters.mqtt.loop import ClientLoop
from lookout_server.adapters.mqtt.wire import WireClient


class Connecting(WireClient):
    """A client that always gets a connection."""

    def reconnect(self) -> MQTTErrorCode:
        """See ``paho.Client``."""
        return MQTTErrorCode.MQTT_ERR_SUCCESS


def test_being_stopped_while_the_other_side_hangs_up_is_an_end() -> None:
    async def body() -> None:
        client = Connecting(CallbackAPIVersion.VERSION2)
        loop = ClientLoop(client, on_unreachable=lambda: None, on_publication=lambda _: None)
        loop.start()
        await asyncio.sleep(0.1)
        # In one turn of the event loop: the socket closes, and somebody stops us.
        assert client.on_socket_close is not None
        closing = Closing()
        client.on_socket_close(client, None, closing)  # pyright: ignore[reportArgumentType]
        await asyncio.sleep(0)
        done, _ = await asyncio.wait({asyncio.create_task(loop.stop())}, timeout=5)
        assert done

    asyncio.run(body())


class Closing:
    """A socket that is about to be closed."""

    def fileno(self) -> int:
        """A number that nobody watches."""
        return 900
