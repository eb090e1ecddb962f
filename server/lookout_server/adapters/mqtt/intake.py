"""The intake loop: what waits is taken at once, committed, receipted and only then acknowledged.

Nothing is lost: until the commit the broker keeps the messages, and until the receipt the gateway keeps the events.
A redelivery after a kill between commit and acknowledgement finds its events stored, and is receipted again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import structlog

from lookout_contract.delivery import Receipt
from lookout_contract.topics import GatewayTopics
from lookout_server.adapters.mqtt.link import Delivery
from lookout_server.adapters.mqtt.replay import ReplayPlanner, Stream
from lookout_server.errors import StoreError
from lookout_server.ports import Clock, Gap, Incoming
from lookout_server.services.intake import IntakeResult
from lookout_server.services.reading import Read

_log = structlog.stdlib.get_logger("lookout.intake")

MAX_BATCH = 500
MAX_BATCH_BYTES = 8 * 1024 * 1024
#: Messages that are read before others, the batch that is with the database among them, get their turn.
_READ_AT_ONCE = 8
RETRY_FIRST_S = 0.5
RETRY_LAST_S = 15.0
#: A batch takes milliseconds; what is not stored by then is not late but stuck.
STUCK_AFTER_S = 5.0


class Inbound(Protocol):
    """The part of the link that the intake uses."""

    @property
    def inbox(self) -> asyncio.Queue[Delivery]:
        """Deliveries in order of arrival."""
        ...

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """The broker may forget these. What was published soon leaves before that."""
        ...

    def publish_soon(self, topic: str, payload: bytes) -> None:
        """Publish without waiting."""
        ...


class Takes(Protocol):
    """The intake service."""

    async def take(self, batch: Sequence[Incoming | Read]) -> IntakeResult:
        """All in one transaction; StoreError when nothing was kept."""
        ...

    async def refuse(self, message: Incoming, reason: str) -> IntakeResult:
        """Into quarantine."""
        ...


@dataclass
class _Batch:
    """What goes to the intake together."""

    deliveries: list[Delivery] = field(default_factory=list[Delivery])
    bytes: int = 0

    def add(self, delivery: Delivery) -> None:
        """It is the last."""
        self.deliveries.append(delivery)
        self.bytes += len(delivery.message.payload)

    @property
    def is_full(self) -> bool:
        """Whether the rest has to wait."""
        return len(self.deliveries) >= MAX_BATCH or self.bytes >= MAX_BATCH_BYTES


class IntakeLoop:
    """Runs until cancelled."""

    #: First pause when the database refuses, seconds; doubled up to ``RETRY_LAST_S``.
    retry_first_s = RETRY_FIRST_S
    #: From when on the database counts as stuck, seconds.
    stuck_after_s = STUCK_AFTER_S

    def __init__(
        self,
        link: Inbound,
        intake: Takes,
        *,
        site: str,
        clock: Clock,
        planner: ReplayPlanner,
        read: Callable[[Incoming], Read] | None = None,
    ) -> None:
        """``read``: reads what waits while the batch before it is with the database."""
        self._link = link
        self._intake = intake
        self._site = site
        self._clock = clock
        self._planner = planner
        self._read = read
        self._batch = _Batch()
        #: Since when the database has what it has not taken yet, by the monotonic clock.
        self._waiting_since: float | None = None

    @property
    def stuck_s(self) -> float:
        """For how long the database has not taken what was handed to it, seconds; 0 while nothing waits for it."""
        return 0.0 if self._waiting_since is None else time.monotonic() - self._waiting_since

    async def problem(self) -> str | None:
        """For readiness: None while events are stored, else since when they are not."""
        if self.stuck_s < self.stuck_after_s:
            return None
        return f"the database has stored no event for {self.stuck_s:.0f} s; they wait on the gateways. See the log"

    async def run(self) -> None:
        """Take batch after batch."""
        while True:
            batch = await self._next_batch()
            self._read_on(self._batch)
            settled, results = await self._settle(batch)
            self._send_receipts(results)
            self._link.acknowledge(settled)
            # Last: gateways wait for their receipts, and nobody for this.
            self._note_gaps(results)

    async def _next_batch(self) -> list[Delivery]:
        """The next message and whatever else waits already: no lingering, one commit."""
        inbox, batch = self._link.inbox, self._batch
        if not batch.deliveries:
            batch.add(await inbox.get())
        while not inbox.empty() and not batch.is_full:
            batch.add(inbox.get_nowait())
        self._batch = _Batch()
        return batch.deliveries

    def _read_on(self, upcoming: "_Batch") -> None:
        """Begin the batch after this one and read what is in it, a few at a time, for as long as this one takes."""
        if self._read is None or upcoming is not self._batch:
            return
        inbox = self._link.inbox
        for _ in range(_READ_AT_ONCE):
            if inbox.empty() or upcoming.is_full:
                return
            delivery = inbox.get_nowait()
            upcoming.add(delivery)
            if delivery.read is None:
                # Last: whatever it stumbles over, the intake meets it again, and has a dead letter.
                delivery.read = self._read(delivery.message)
        asyncio.get_running_loop().call_soon(self._read_on, upcoming)

    async def _settle(self, batch: Sequence[Delivery]) -> tuple[Sequence[Delivery], list[IntakeResult]]:
        try:
            return batch, [await self._take([delivery.read or delivery.message for delivery in batch])]
        except Exception as error:  # noqa: BLE001 - the dead letter: one bad message must not stop the others
            if len(batch) == 1:
                return await self._refuse(batch[0], error)
            _log.warning("a batch failed and is taken message by message", messages=len(batch), error=repr(error))
        settled: list[Delivery] = []
        results: list[IntakeResult] = []
        for delivery in batch:
            done, result = await self._settle([delivery])
            settled += done
            results += result
        return settled, results

    async def _refuse(self, delivery: Delivery, error: Exception) -> tuple[Sequence[Delivery], list[IntakeResult]]:
        reason = f"the dispatcher failed on it: {error!r}"
        _log.error("a message goes to quarantine", topic=delivery.message.topic, error=repr(error), exc_info=error)
        try:
            return [delivery], [await self._until_stored(lambda: self._intake.refuse(delivery.message, reason))]
        except Exception as again:  # noqa: BLE001 - not even the quarantine takes it: it stays with broker and gateway
            _log.error("a message stays unacknowledged", topic=delivery.message.topic, error=repr(again))
            return [], []

    async def _take(self, messages: Sequence[Incoming | Read]) -> IntakeResult:
        return await self._until_stored(lambda: self._intake.take(messages))

    async def _until_stored(self, attempt: Callable[[], Awaitable[IntakeResult]]) -> IntakeResult:
        """Try until the database takes it; meanwhile nothing is acknowledged, so nothing can be lost."""
        delay = self.retry_first_s
        self._waiting_since = time.monotonic()
        try:
            while True:
                try:
                    stored = await attempt()
                    if delay > self.retry_first_s:
                        _log.info("the database stores events again", away_s=round(self.stuck_s))
                    return stored
                except StoreError as error:
                    _log.error("the database refuses; trying again", error=str(error), wait_s=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, RETRY_LAST_S)
        finally:
            self._waiting_since = None

    def _send_receipts(self, results: Sequence[IntakeResult]) -> None:
        """One receipt per gateway and epoch, however many results name it: the last one says most."""
        latest: dict[Stream, Receipt] = {}
        for result in results:
            for gateway, receipt in result.receipts:
                stream = (gateway, receipt.epoch)
                earlier = latest.get(stream)
                if earlier is not None and earlier.rejected:
                    receipt = receipt.model_copy(update={"rejected": (*earlier.rejected, *receipt.rejected)})
                latest[stream] = receipt
        for (gateway, _), receipt in latest.items():
            self._link.publish_soon(_receipt_topic(self._site, gateway), receipt.to_json())
        for gateway, refusal in (each for result in results for each in result.refusals):
            self._link.publish_soon(GatewayTopics(site=self._site, gateway=gateway).refusal, refusal.to_json())

    def _note_gaps(self, results: Sequence[IntakeResult]) -> None:
        gaps: dict[Stream, list[Gap]] = {}
        for result in results:
            # What a result names has the gaps that it says, and those alone.
            gaps |= {(gateway, receipt.epoch): [] for gateway, receipt in result.receipts}
            for gap in result.gaps:
                gaps.setdefault((gap.gateway, gap.epoch), []).append(gap)
        self._planner.note(gaps, self._clock.now())


@lru_cache(maxsize=1024)
def _receipt_topic(site: str, gateway: str) -> str:
    return GatewayTopics(site=site, gateway=gateway).receipt
