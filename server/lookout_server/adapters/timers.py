"""The loop that acts on timers."""

import asyncio
from datetime import datetime, timedelta

from lookout_server.domain.territory import Site
from lookout_server.ports import Clock, Store
from lookout_server.services.timers import Timers, repair

LOOK_EVERY_S = 1.0
AUDIT_EVERY = timedelta(seconds=60)


async def run_timers(timers: Timers, store: Store, site: Site, *, clock: Clock) -> None:
    """Act on what has passed, and look now and then for what nobody watches, until cancelled."""
    audited: datetime | None = None
    while True:
        now = clock.now()
        if audited is None or now - audited >= AUDIT_EVERY:
            await repair(store, site)
            audited = now
        # More may have passed than fits into one lease.
        while await timers.act(clock.now()):
            pass
        await asyncio.sleep(LOOK_EVERY_S)
