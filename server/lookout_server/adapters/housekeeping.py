"""The loop that keeps what is stored within its bounds."""

import asyncio
from datetime import datetime, timedelta

from lookout_server.ports import Clock, Store
from lookout_server.services.housekeeping import QuarantineRoom, forget_commands, trim_quarantine, warn_of_certificates
from lookout_server.services.repeating import forget

#: A flood must not outrun the bound by much.
TRIM_EVERY_S = 15.0
LOOK_EVERY = timedelta(hours=6)


async def keep_house(store: Store, *, clock: Clock) -> None:
    """Trim the quarantine often; forget old commands and look at certificates now and then, until cancelled."""
    room = QuarantineRoom()
    looked: datetime | None = None
    while True:
        await asyncio.sleep(TRIM_EVERY_S)
        await trim_quarantine(store, room)
        if looked is None or clock.now() - looked >= LOOK_EVERY:
            await forget_commands(store, at=clock.now())
            await forget(store, at=clock.now())
            await warn_of_certificates(store, at=clock.now())
            looked = clock.now()
