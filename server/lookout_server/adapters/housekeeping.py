"""The loop that keeps what is stored within its bounds."""

import asyncio
from datetime import datetime, timedelta

from lookout_server.ports import Clock, Store
from lookout_server.services.housekeeping import QuarantineRoom, forget_commands, trim_quarantine

#: A flood must not outrun the bound by much.
TRIM_EVERY_S = 15.0
FORGET_EVERY = timedelta(hours=6)


async def keep_house(store: Store, *, clock: Clock) -> None:
    """Trim the quarantine often and forget old commands now and then, until cancelled."""
    room = QuarantineRoom()
    forgot: datetime | None = None
    while True:
        await asyncio.sleep(TRIM_EVERY_S)
        await trim_quarantine(store, room)
        if forgot is None or clock.now() - forgot >= FORGET_EVERY:
            await forget_commands(store, at=clock.now())
            forgot = clock.now()
