"""The relay: what a transaction left in the outbox goes to the broker, at least once and in order."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import structlog

from lookout_server.errors import BrokerError, StoreError
from lookout_server.ports import AnswerTo, Clock, OutboxMessage, Store

_log = structlog.stdlib.get_logger("lookout.outbox")

BATCH = 100
POLL_S = 1.0
PAUSE_S = 2.0


class Outbound(Protocol):
    """The part of the link that the relay uses."""

    @property
    def connected(self) -> bool:
        """Whether publishing has a chance."""
        ...

    async def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expires_in_s: float | None = None,
        answer: AnswerTo | None = None,
    ) -> None:
        """Returns when the broker has it; BrokerError otherwise."""
        ...


class OutboxRelay:
    """Runs until cancelled; ``wake`` saves the wait for the next look."""

    def __init__(self, store: Store, link: Outbound, *, clock: Clock) -> None:
        self._store = store
        self._link = link
        self._clock = clock
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Something was committed to the outbox."""
        self._wake.set()

    async def run(self) -> None:
        """Relay whenever something waits and the broker is there."""
        while True:
            self._wake.clear()
            try:
                more = self._link.connected and await self.relay_once()
            except StoreError as error:
                _log.error("the outbox cannot be read; trying again", error=str(error))
                await asyncio.sleep(PAUSE_S)
                continue
            if not more:
                # Not wait_for, which before Python 3.12 swallows a cancellation that comes together with the waking.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await self._wake.wait()

    async def relay_once(self) -> bool:
        """Publish what waits; True when something went out, so that there may be more.

        One replica at a time: a second one would publish later messages before earlier ones, and a retained state
        that is older than the case would stay.
        """
        async with self._store.alone("outbox") as alone:
            return alone and await self._relay()

    async def _relay(self) -> bool:
        async with self._store.read() as work:
            waiting = await work.outbox.pending(BATCH)
        if not waiting:
            return False
        now = self._clock.now()
        live = [message for message in waiting if message.expires_at is None or message.expires_at > now]
        dead = [message.id for message in waiting if message not in live]
        errors = await self._publish(live, now)
        done = [*dead, *(message.id for message, error in zip(live, errors, strict=True) if error is None)]
        failed = {message.id: error for message, error in zip(live, errors, strict=True) if error is not None}
        async with self._store.write() as work:
            await work.outbox.sent(done)
            for message_id, error in failed.items():
                await work.outbox.failed(message_id, error)
            await work.commit()
        return bool(done)

    async def _publish(self, messages: Sequence[OutboxMessage], now: datetime) -> list[str | None]:
        """All at once: the connection keeps their order, and the acknowledgements come back together."""

        async def one(message: OutboxMessage) -> str | None:
            try:
                await self._link.publish(
                    message.topic,
                    message.payload,
                    retain=message.retain,
                    expires_in_s=None if message.expires_at is None else (message.expires_at - now).total_seconds(),
                    answer=message.answer,
                )
            except BrokerError as error:
                return str(error)
            return None

        return await asyncio.gather(*(one(message) for message in messages))


async def report_silence(store: Store, *, clock: Clock, every_s: float = 10.0) -> None:
    """Say once of each command that its time ran out without an answer. Runs until cancelled."""
    looked = clock.now()
    while True:
        await asyncio.sleep(every_s)
        now = clock.now()
        try:
            async with store.read() as work:
                silent = await work.gateways.silent(looked, now)
        except StoreError:
            continue  # whoever writes says so
        for command in silent:
            _log.warning("a gateway did not answer in time", gateway=command.gateway, command=command.name)
        looked = now
