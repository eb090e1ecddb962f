"""The loop that acts on timers."""

import asyncio
from datetime import datetime, timedelta

from lookout_server.domain.territory import Site
from lookout_server.ports import Clock, Store
from lookout_server.services.timers import Timers, repair

LOOK_EVERY_S = 1.0
AUDIT_EVERY = timedelta(seconds=60)
#: What passed while nobody could answer waits for this long: phones send what they kept every five seconds, and who
#: accepted in time is not to lose a case to an outage of ours.
SETTLE_S = 10.0


async def run_timers(timers: Timers, store: Store, site: Site, *, clock: Clock, settle_s: float = SETTLE_S) -> None:
    """Act on what has passed, and look now and then for what nobody watches, until cancelled."""
    if await timers.overdue(clock.now()):
        await asyncio.sleep(settle_s)
    audited: datetime | None = None
    while True:
        now = clock.now()
        # Either way: the clock may have been set back.
        if audited is None or abs(now - audited) >= AUDIT_EVERY:
            await repair(store, site)
            audited = now
        # More may have passed than fits into one lease.
        while await timers.act(clock.now()):
            pass
        await asyncio.sleep(LOOK_EVERY_S)
