"""At a start: what the broker has kept of the mirrors' states is compared with what goes on."""

import asyncio
from typing import Protocol

import structlog

from lookout_server.domain.territory import Site
from lookout_server.errors import BrokerError, StoreError
from lookout_server.ports import Clock, Store
from lookout_server.services.mirrors import set_right

_log = structlog.stdlib.get_logger("lookout.mirrors")

FIRST_PAUSE_S = 1.0
LAST_PAUSE_S = 60.0


class Keeps(Protocol):
    """The part of the link that is needed."""

    @property
    def connected(self) -> bool:
        """Whether asking has a chance."""
        ...

    async def kept(self) -> dict[str, bytes]:
        """States that the broker keeps, by topic; BrokerError when it does not tell."""
        ...


async def set_mirrors_right(link: Keeps, store: Store, site: Site, *, clock: Clock) -> None:
    """Once, as soon as the broker tells and the database takes it."""
    pause_s, said = FIRST_PAUSE_S, not site.mirrors.home_assistant
    while True:
        try:
            if link.connected:
                wrong = await set_right(store, site, await link.kept(), at=clock.now())
                break
        except (BrokerError, StoreError) as error:
            if not said:
                _log.warning("what the broker kept for Home Assistant is not set right yet", error=str(error))
            pause_s, said = min(pause_s * 2, LAST_PAUSE_S), True
        await asyncio.sleep(pause_s)
    if wrong:
        done = "set to OFF" if site.mirrors.home_assistant else "taken away, since mirrors.home_assistant is off"
        _log.info(f"sensors of Home Assistant that the broker had kept were {done}", sensors=wrong)
