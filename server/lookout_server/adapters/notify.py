"""Channels outside the application, through Apprise: WeCom, DingTalk, Feishu, SMS gateways, mail and a hundred more."""

import asyncio

import apprise
import structlog

from lookout_server.errors import DeliveryError, InvalidError, StoreError
from lookout_server.ports import Clock
from lookout_server.services.notifying import Courier

LOOK_EVERY_S = 1.0
#: How long a channel may take; less than the courier's lease.
TIMEOUT_S = 10.0

_log = structlog.stdlib.get_logger("lookout.notices")


class AppriseChannel:
    """Implements services.notifying.Channel. Addresses are in Apprise's notation, as ``wecombot://KEY``."""

    async def send(self, address: str, title: str, body: str) -> None:
        """In a thread: Apprise waits."""
        try:
            sent = await asyncio.wait_for(asyncio.to_thread(_send, address, title, body), TIMEOUT_S)
        except TimeoutError as error:
            raise DeliveryError(f"the channel did not answer within {TIMEOUT_S:.0f} s") from error
        if not sent:
            raise DeliveryError("the channel refused the message, or could not be reached")

    def name_of(self, address: str) -> str:
        """The scheme of the address."""
        if apprise.Apprise.instantiate(address) is None:  # pyright: ignore[reportUnknownMemberType]
            raise InvalidError("this is no address that Apprise knows: write it like wecombot://KEY or mailto://…")
        return address.split("://", 1)[0][:40]


async def run_courier(courier: Courier, *, clock: Clock) -> None:
    """Send what is due, until cancelled."""
    while True:
        try:
            while await courier.carry(clock.now()):
                pass
        except StoreError as error:
            _log.error("notices cannot be read; trying again", error=str(error))
        await asyncio.sleep(LOOK_EVERY_S)


def _send(address: str, title: str, body: str) -> bool:
    channel = apprise.Apprise()
    if not channel.add(address):  # pyright: ignore[reportUnknownMemberType]
        return False
    return bool(channel.notify(body=body, title=title))  # pyright: ignore[reportUnknownMemberType]
