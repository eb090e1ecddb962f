"""Gateways without a spool for the load bench, and the guard that ends a bench in which nothing moves any more."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lookout_lab.errors import LabError
from lookout_lab.events import EventForms
from lookout_lab.mqtt import QuickClient
from lookout_lab.stage import PASSWORD, SITE

_IN_FLIGHT = 2_000
#: A slow machine is waited for as long as anything moves; so long without a send, a receipt or a PUBACK is the end.
STALLED_AFTER_S = 60.0
_LOOK_EVERY_S = 0.5
_CONNECT_S = 30.0
#: What the feed calls a start, an update and an end.
_CHANGES = ("created", "updated", "ended")


@dataclass
class Sender:
    """A gateway without a spool: it notes when each number was sent and when a receipt settled it."""

    name: str
    port: int
    epoch: str
    sent: list[float] = field(default_factory=list[float])
    settled: list[float] = field(default_factory=list[float])

    def __post_init__(self) -> None:
        self._forms = EventForms(SITE, self.name, self.epoch)
        self._client = QuickClient(self.hear)
        self._room = asyncio.Event()
        self._heard = asyncio.Event()

    async def connect(self) -> None:
        """And listen for receipts."""
        base = f"lookout/v1/{SITE}/gateway/{self.name}"
        signing_in = self._client.connect(self.port, name=self.name, password=PASSWORD, filters=[f"{base}/receipt"])
        try:
            await asyncio.wait_for(signing_in, _CONNECT_S)
        except TimeoutError as error:
            raise LabError(f"the broker did not let {self.name} in within {_CONNECT_S:.0f} s") from error

    async def send(self, count: int, *, rate: float | None = None) -> None:
        """At ``rate`` a second, or as fast as receipts allow."""
        began = time.monotonic()
        for number in range(count):
            if rate is not None and (ahead := began + number / rate - time.monotonic()) > 0:
                await asyncio.sleep(ahead)
            elif number % 50 == 0:
                await asyncio.sleep(0)
            if rate is None and len(self.sent) - len(self.settled) > _IN_FLIGHT:
                self._room.clear()
                await self._room.wait()
            self._client.publish(*self._forms.next())
            self.sent.append(time.monotonic())
            if number % 100 == 0:
                await self._client.drain()

    def changes(self) -> Iterator[tuple[str, float]]:
        """OCCURRENCE/CHANGE as the feed tells of each event, and when it was sent."""
        for number, at in enumerate(self.sent):
            turn, phase = divmod(number, len(_CHANGES))
            yield f"{self._forms.occurrence(turn)}/{_CHANGES[phase]}", at

    async def all_settled(self) -> None:
        """Returns when a receipt has come for each."""
        while len(self.settled) < len(self.sent):
            self._heard.clear()
            await self._heard.wait()

    @property
    def standing(self) -> str:
        """How far it is, for whoever asks why nothing moves."""
        gone = "" if self._client.connected else "; the broker closed the connection"
        return (
            f"{self.name}: {len(self.sent)} sent, {self.acknowledged} acknowledged by the broker, "
            f"{len(self.settled)} receipted{gone}"
        )

    @property
    def acknowledged(self) -> int:
        """By the broker."""
        return self._client.acknowledged

    def latencies(self) -> list[float]:
        """From sending to the receipt, seconds."""
        return [end - start for start, end in zip(self.sent, self.settled, strict=False)]

    def close(self) -> None:
        """Gone."""
        self._client.close()

    def hear(self, topic: str, payload: bytes) -> None:
        """A receipt."""
        receipt: dict[str, Any] = json.loads(payload)
        if receipt["epoch"] == self.epoch:
            now = time.monotonic()
            self.settled += [now] * (min(int(receipt["upto"]), len(self.sent)) - len(self.settled))
            self._heard.set()
            if len(self.sent) - len(self.settled) <= _IN_FLIGHT:
                self._room.set()


async def settled(what: str, senders: Sequence[Sender], sending: Awaitable[object], logs: Callable[[], str]) -> None:
    """Wait until they have sent and all is receipted; LabError, with how far each is, when nothing moves any more."""

    async def everything() -> None:
        await sending
        for sender in senders:
            await sender.all_settled()

    work = asyncio.ensure_future(everything())
    seen, moved = "", time.monotonic()
    try:
        while not (await asyncio.wait({work}, timeout=_LOOK_EVERY_S))[0]:
            now = "\n".join(sender.standing for sender in senders)
            if now != seen:
                seen, moved = now, time.monotonic()
            elif time.monotonic() - moved > STALLED_AFTER_S:
                raise LabError(f"{what}: nothing has moved for {STALLED_AFTER_S:.0f} s\n{seen}\n{logs()}")
        await work
    finally:
        work.cancel()
