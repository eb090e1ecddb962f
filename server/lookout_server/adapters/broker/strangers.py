"""Connections that the embedded broker refused, read from what it logs: it tells nobody else."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import structlog

from lookout_server.errors import StoreError

_log = structlog.stdlib.get_logger("lookout.broker")

_CONNECTION = re.compile(r"New connection from (\S+?):\d+ on port \d+")
#: Mosquitto 2: a wrong account; no certificate, or one that is foreign, expired or revoked, which it says in two ways:
#: as the handshake ends within its first step, or later. That bytes ended is no refusal: so a box leaves that lost its
#: power. amqtt: a wrong account.
_REFUSED = (
    (re.compile(r"Client (?P<said>\S+) disconnected, not authorised"), "user name or password is wrong"),
    (re.compile(r"Client connection from (?P<at>\S+) failed: error:.*:(?P<said>[^:]+)\.$"), "no valid certificate"),
    (re.compile(r"OpenSSL Error.*:(?P<said>(?!unexpected eof)[^:]+)$"), "no valid certificate"),
    (re.compile(r"refused '?(?P<said>[^']*?)'? from (?P<at>[\d.:a-f]+):\d+"), "user name or password is wrong"),
)
#: Refusals that wait to be stored; whoever knocks more often is only counted less.
_WAITING = 100
#: At most one is stored in this time, so that a flood of strangers does not keep the database from events.
_EVERY_S = 1.0


class Strangers:
    """Reads the broker's log lines; ``keep`` stores what they say of refused connections."""

    def __init__(self) -> None:
        self._address = "an unknown address"
        self._waiting: asyncio.Queue[str] = asyncio.Queue(_WAITING)

    def read(self, line: str) -> None:
        """Take in one line of the log."""
        if connection := _CONNECTION.search(line):
            self._address = connection[1]
        for pattern, why in _REFUSED:
            if found := pattern.search(line):
                named = found.groupdict()
                address = named.get("at") or self._address
                if not self._waiting.full():
                    self._waiting.put_nowait(f"the broker refused a connection from {address}: {why} ({named['said']})")
                return

    async def keep(self, store: Callable[[str], Awaitable[None]], *, every_s: float = _EVERY_S) -> None:
        """Hand on what was read, until cancelled."""
        while True:
            text = await self._waiting.get()
            _log.warning(text)
            try:
                await store(text)
            except StoreError as error:
                _log.error("a refused connection could not be noted", error=str(error))
            await asyncio.sleep(every_s)
