"""Who is silent is lost, whatever the broker last said of them."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from lookout_server.errors import StoreError
from lookout_server.ports import Clock, Store
from lookout_server.services.hearing import lose_silent

_log = structlog.stdlib.get_logger("lookout.gateways")

LOOK_EVERY_S = 5.0
#: Gateways speak every ten seconds: six times nothing is no delay.
SILENT_AFTER = timedelta(seconds=60)


class Listening:
    """For how long silence has meant something: not while the broker or the database is away, nor after a leap."""

    def __init__(self, *, silent_after: timedelta = SILENT_AFTER) -> None:
        self._silent_after = silent_after
        self._since: datetime | None = None
        self._last: datetime | None = None

    def begin_again(self) -> None:
        """Nobody could be heard until now."""
        self._since = None

    def judged_from(self, now: datetime) -> datetime | None:
        """Gateways that were last heard before this are lost; None while nobody can tell."""
        # Stopped for a while, or the clock was set: what was said meanwhile still has to be read.
        if self._last is None or not timedelta(0) <= now - self._last < self._silent_after / 2:
            self._since = None
        self._last = now
        self._since = self._since or now
        return now - self._silent_after if now - self._since >= self._silent_after else None


async def watch_gateways(
    store: Store, is_connected: Callable[[], bool], *, clock: Clock, every_s: float = LOOK_EVERY_S
) -> None:
    """Look for gateways that say nothing any more, until cancelled."""
    listening = Listening()
    while True:
        await asyncio.sleep(every_s)
        if not is_connected():
            listening.begin_again()
        now = clock.now()
        before = listening.judged_from(now)
        if before is None:
            continue
        try:
            lost = await lose_silent(store, before=before, at=now)
        except StoreError:
            listening.begin_again()  # whoever writes says so
            continue
        for gateway in lost:
            _log.warning("a gateway is silent and counts as lost: look at its box and its network", gateway=gateway)
