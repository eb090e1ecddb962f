"""Runs a paho client on the asyncio loop, as paho offers for other event loops: no network thread.

A thread of its own costs more than it does: paho reads a message in four pieces, and after each of them the thread has
to wait until the event loop's thread lets go of the interpreter. Only connecting, which may hang, is done in a thread.
Publications do not go through paho at all, see ``wire``.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, cast

import paho.mqtt.client as paho
import structlog

from lookout_server.adapters.mqtt.wire import (
    PacketSocket,
    Publication,
    WireClient,
    WireError,
    confirmation,
    publication,
    publishing,
)

_log = structlog.stdlib.get_logger("lookout.mqtt")

FIRST_PAUSE_S = 1.0
LAST_PAUSE_S = 15.0
_MISC_S = 1.0
_GOODBYE_S = 2.0
#: Publications of ours past paho that the broker has not confirmed; more wait in paho.
_UNCONFIRMED = 1000


class ClientLoop:
    """Connects the client again and again and moves its bytes. All its callbacks come on the event loop's thread."""

    def __init__(
        self,
        client: WireClient,
        *,
        on_unreachable: Callable[[], None],
        on_publication: Callable[[Publication], None],
    ) -> None:
        self._client = client
        self._on_unreachable = on_unreachable
        self._on_publication = on_publication
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()
        #: Identifiers of what was published past paho.
        self._unconfirmed: set[int] = set()
        client.on_socket_open = self._socket_open
        client.on_socket_close = self._socket_close
        client.on_socket_register_write = self._register_write

    def start(self) -> None:
        """Begin; the address has been given to the client by ``connect_async``."""
        self._loop = asyncio.get_running_loop()
        self._running = asyncio.create_task(self._keep_connected(), name="mqtt")

    async def stop(self) -> None:
        """Say goodbye after what was published before, and end."""
        if self._running is None:
            return
        if self._client.is_connected():
            self._client.disconnect()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), _GOODBYE_S)
        self._running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._running

    async def _keep_connected(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            self._closed.clear()
            try:
                await asyncio.to_thread(self._client.reconnect)
            except (OSError, ValueError):
                self._on_unreachable()
            else:
                if await self._serve():
                    pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LAST_PAUSE_S)

    async def _serve(self) -> bool:
        """Until the connection ends; whether it ever stood."""
        stood = False
        while not self._closed.is_set():
            # Not wait_for: before Python 3.12 it swallows a cancellation that comes together with what it waits for.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_MISC_S):
                    await self._closed.wait()
            stood = stood or self._client.is_connected()
            self._client.loop_misc()
        return stood

    # --- paho's callbacks: while it connects they come on another thread ---

    def _socket_open(self, _client: paho.Client, _userdata: Any, opened: Any) -> None:
        self._in_loop(self._watch, opened)

    def _socket_close(self, _client: paho.Client, _userdata: Any, closing: Any) -> None:
        # At once: the number may be given to another socket.
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(closing.fileno())
            self._loop.remove_writer(closing.fileno())
        self._in_loop(self._closed.set)

    def _register_write(self, _client: paho.Client, _userdata: Any, ready: Any) -> None:
        self._in_loop(self._write, ready)

    def _in_loop(self, call: Callable[..., object], *arguments: Any) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *arguments)

    # --- on the event loop ---

    def publish(self, topic: str, payload: bytes) -> bool:
        """With QoS 1 past paho, together with the next ``send``; whether that can be done now. It is not sent again."""
        source = self._client.socket()
        if source is None or self._client.speaks_5 or not self._client.is_connected():
            return False
        if len(self._unconfirmed) >= _UNCONFIRMED:
            return False
        mid = self._client.next_mid()
        self._unconfirmed.add(mid)
        cast(PacketSocket, source).send(publishing(topic, payload, mid))
        return True

    def send(self, packets: bytes) -> None:
        """Whole packets, past paho, and what waits."""
        source = self._client.socket()
        if source is not None:
            wire = cast(PacketSocket, source)
            wire.send(packets)
            self._flush(wire)

    def lose(self) -> None:
        """Give the connection up, as one that broke; the next one is made at once."""
        source = self._client.socket()
        if source is not None:
            self._lose(cast(PacketSocket, source))

    def _watch(self, opened: PacketSocket) -> None:
        if self._loop is not None and opened.fileno() >= 0:
            self._unconfirmed.clear()
            self._loop.add_reader(opened.fileno(), self._read, opened)

    def _write(self, ready: PacketSocket) -> None:
        """What paho has queued."""
        if self._client.socket() is ready:
            self._client.loop_write()
        # It was a goodbye otherwise.
        if self._client.socket() is ready:
            self._flush(ready)

    def _flush(self, ready: PacketSocket) -> None:
        if self._loop is None or ready.fileno() < 0:
            return
        try:
            if ready.flush():
                self._loop.remove_writer(ready.fileno())
            else:
                self._loop.add_writer(ready.fileno(), self._flush, ready)
        except OSError:
            self._lose(ready)

    def _read(self, source: PacketSocket) -> None:
        source.fill()
        self._client.heard()
        try:
            for packet in source.packets():
                published = publication(packet, properties=self._client.speaks_5)
                if published is not None:
                    self._on_publication(published)
                    continue
                mid = confirmation(packet)
                if mid in self._unconfirmed:
                    self._unconfirmed.remove(mid)
                    continue
                source.give(packet)
                self._client.loop_read()
                if self._client.socket() is not source:
                    return
        except WireError as error:
            _log.error("the broker says what is not MQTT; connecting again", error=str(error))
            self._lose(source)
            return
        if source.ended:
            self._lose(source)

    def _lose(self, source: PacketSocket) -> None:
        """Have paho close the connection, as one that broke."""
        source.end()
        if self._client.socket() is source:
            self._client.loop_read()
