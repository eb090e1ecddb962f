"""The loop that keeps what is stored within its bounds."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from lookout_server.ports import Clock, EvidenceStore, Store
from lookout_server.services.accounts import shorten_sessions
from lookout_server.services.housekeeping import (
    QuarantineRoom,
    forget_commands,
    trim_quarantine,
    warn_of_certificates,
    warn_of_unseen_care,
)
from lookout_server.services.repeating import forget
from lookout_server.services.retention import Retention, expire_evidence, forget_the_past, forget_vehicles
from lookout_server.services.whereabouts import forget_old

#: A flood must not outrun the bound by much.
TRIM_EVERY_S = 15.0
LOOK_EVERY = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True)
class Household:
    """What is looked after. ``hooks``: names of the webhooks, which may be behind."""

    store: Store
    files: EvidenceStore
    retention: Retention
    hooks: frozenset[str] = frozenset()


async def keep_house(house: Household, *, clock: Clock) -> None:
    """Trim the quarantine often; let go of what is old and look at certificates now and then, until cancelled."""
    room = QuarantineRoom()
    looked: datetime | None = None
    while True:
        await asyncio.sleep(TRIM_EVERY_S)
        await trim_quarantine(house.store, room)
        await forget_old(house.store, at=clock.now())
        # Either way: a clock that was set back by a year must not let this rest for one.
        if looked is None or abs(clock.now() - looked) >= LOOK_EVERY:
            looked = clock.now()
            await look_after(house, looked)


async def look_after(house: Household, at: datetime) -> None:
    """Let go of what is old, and say what a person has to see to. Evidence comes last: its store may refuse."""
    await shorten_sessions(house.store, at=at)
    await forget_commands(house.store, at=at)
    await forget(house.store, at=at)
    await warn_of_certificates(house.store, at=at)
    await warn_of_unseen_care(house.store, at=at)
    async with house.store.alone("retention") as alone:
        if alone:
            await forget_vehicles(house.store, house.retention, at=at)
            await forget_the_past(house.store, house.retention, house.hooks, at=at)
            await expire_evidence(house.store, house.files, house.retention, at=at)
