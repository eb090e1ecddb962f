"""Channels outside the application, through Apprise: WeCom, DingTalk, Feishu, SMS gateways, mail and a hundred more."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from lookout_server.domain.web_push import is_web_push
from lookout_server.errors import DeliveryError, InvalidError, StoreError
from lookout_server.ports import Clock
from lookout_server.services.courier import Courier, Sender

LOOK_EVERY_S = 1.0
#: How long a channel may take; less than the courier's lease.
TIMEOUT_S = 10.0
#: Messages under way at a time, as many as the courier carries.
AT_ONCE = 10

_log = structlog.stdlib.get_logger("lookout.notices")


class AppriseChannel:
    """Implements services.courier.Channel. Addresses are in Apprise's notation, as ``wecombot://KEY``; those whose
    scheme is ``taken`` people may enter."""

    def __init__(self, taken: Sequence[str]) -> None:
        self._taken = tuple(taken)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="channel")

    async def send(self, address: str, title: str, body: str) -> None:
        """In a thread: Apprise waits. Not one of those that write evidence and check passwords: a channel that cannot
        be reached would hold them all."""
        loop = asyncio.get_running_loop()
        try:
            sent = await asyncio.wait_for(loop.run_in_executor(self._threads, _send, address, title, body), TIMEOUT_S)
        except TimeoutError as error:
            raise DeliveryError(f"the channel did not answer within {TIMEOUT_S:.0f} s") from error
        if not sent:
            raise DeliveryError("the channel refused the message, or could not be reached")

    def name_of(self, address: str) -> str:
        """The scheme of the address."""
        # Here, since a start has no use for it.
        import apprise

        if apprise.Apprise.instantiate(address) is None:  # pyright: ignore[reportUnknownMemberType]
            raise InvalidError("this is no address that Apprise knows: write it like wecombot://KEY or mailto://…")
        scheme = address.split("://", 1)[0].lower()[:40]
        if scheme not in self._taken:
            raise InvalidError(
                f"{scheme} is no channel of this site: known are {', '.join(self._taken)}; others can be added to"
                " contacts.channels in server.yaml"
            )
        return scheme


class Channels:
    """Implements services.courier.Channel: phones by Web Push, where that is set up, and all else by Apprise."""

    def __init__(self, taken: Sequence[str], push: Sender | None) -> None:
        self._apprise = AppriseChannel(taken)
        self._push = push

    async def send(self, address: str, title: str, body: str) -> None:
        """By the address."""
        if not is_web_push(address):
            await self._apprise.send(address, title, body)
        elif self._push is None:
            raise DeliveryError("Web Push is not set up any more: see web_push in server.yaml")
        else:
            await self._push.send(address, title, body)

    def name_of(self, address: str) -> str:
        """Of those that people write down; phones bring theirs by themselves."""
        return self._apprise.name_of(address)


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
    import apprise

    channel = apprise.Apprise()
    if not channel.add(address):  # pyright: ignore[reportUnknownMemberType]
        return False
    return bool(channel.notify(body=body, title=title))  # pyright: ignore[reportUnknownMemberType]
