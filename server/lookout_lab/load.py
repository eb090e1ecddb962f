"""The load bench: events at a steady rate, in a burst and as fast as it goes, and a feed with many watchers.

Each is measured beside the bare ceiling in the same run. A latency ends with the receipt, which leaves after the
commit: it is never better than the truth.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lookout_lab.databases import counted
from lookout_lab.errors import LabError
from lookout_lab.events import EventForms
from lookout_lab.feeding import Audience
from lookout_lab.mqtt import QuickClient
from lookout_lab.processes import Child, cpu_seconds, until
from lookout_lab.stage import PASSWORD, SITE, START_S, DatabaseKind, Plan, Stage

_IN_FLIGHT = 2_000
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
        self._client = QuickClient(self._hear)
        self._room = asyncio.Event()

    async def connect(self) -> None:
        """And listen for receipts."""
        base = f"lookout/v1/{SITE}/gateway/{self.name}"
        await self._client.connect(self.port, name=self.name, password=PASSWORD, filters=[f"{base}/receipt"])

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

    async def all_settled(self) -> bool:
        """Whether a receipt has come for each."""
        return len(self.settled) == len(self.sent)

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

    def _hear(self, topic: str, payload: bytes) -> None:
        receipt: dict[str, Any] = json.loads(payload)
        if receipt["epoch"] == self.epoch:
            now = time.monotonic()
            self.settled += [now] * (min(int(receipt["upto"]), len(self.sent)) - len(self.settled))
            if len(self.sent) - len(self.settled) <= _IN_FLIGHT:
                self._room.set()


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much of each."""

    steady_rate: float = 1000.0
    steady_s: float = 10.0
    burst_rate: float = 5000.0
    burst_s: float = 20.0
    flat_out: int = 20_000
    watchers: int = 1000
    watched_rate: float = 20.0
    watched_s: float = 15.0


@dataclass
class LoadRun:
    """One database; the dispatcher first, then the bare consumer in its place."""

    database: DatabaseKind
    folder: Path
    sizes: Sizes
    _epochs: Any = field(default_factory=lambda: itertools.count(1))

    async def run(self) -> dict[str, Any]:
        """All figures."""
        self._stage = Stage(Plan(folder=self.folder, database=self.database, gateways=4), lambda name, line: None)
        try:
            await self._stage.set_up()
            dispatcher = self._stage.children["dispatcher-1"]
            full = await self._measure(dispatcher, [self._steady, self._burst, self._flat_out])
            feed = await self._watched(dispatcher)
            stored = (await counted(self._stage.reader))[3]
            await dispatcher.stop()
            bare = await self._measure(await self._start_bare(), [self._steady, self._flat_out])
        finally:
            await self._stage.tear_down()
        ratio = full["flat_out"]["events_per_s"] / bare["flat_out"]["events_per_s"]
        sent = sum(part["sent"] for part in full.values()) + feed["sent"]
        return {
            "database": self.database,
            "full": full,
            "bare": bare,
            "feed": feed,
            "full_of_bare": round(ratio, 3),
            "sent": sent,
            "stored": stored,
        }

    async def _start_bare(self) -> Child:
        url = f"sqlite:///{self.folder}/bare.db" if self.database == "sqlite" else self._stage.database_url
        command = [sys.executable, "-m", "lookout_lab.bare", str(self._stage.broker_port), url]
        ready = asyncio.Event()
        bare = Child("bare", command, self.folder / "bare.log", on_line=lambda _: ready.set())
        self._stage.children["bare"] = bare
        await bare.start()
        await asyncio.wait_for(ready.wait(), START_S)
        return bare

    async def _measure(self, child: Child, parts: Sequence[Any]) -> dict[str, Any]:
        await self._warm_up()
        found: dict[str, Any] = {}
        for part in parts:
            cpu = cpu_seconds(child.pid)
            senders = await self._senders()
            began = time.monotonic()
            await part(senders)
            for sender in senders:
                await until(f"receipts for {sender.name}", sender.all_settled, timeout_s=300, every_s=0.002)
            took = max(sender.settled[-1] for sender in senders) - began
            name = part.__name__.removeprefix("_")
            found[name] = self._figures(senders, took, cpu_seconds(child.pid) - cpu)
            for sender in senders:
                sender.close()
        return found

    def _figures(self, senders: Sequence[Sender], took: float, cpu: float) -> dict[str, Any]:
        spans = sorted(span for sender in senders for span in sender.latencies())
        return {
            "sent": len(spans),
            "acknowledged": sum(sender.acknowledged for sender in senders),
            "events_per_s": round(len(spans) / took, 1),
            "p50_ms": round(spans[len(spans) // 2] * 1000, 2),
            "p99_ms": round(spans[len(spans) * 99 // 100] * 1000, 2),
            "cpu_us_per_event": round(cpu / len(spans) * 1e6, 1),
        }

    async def _watched(self, dispatcher: Child) -> dict[str, Any]:
        """A change a watcher and event; those that share a transaction may be told of once."""
        audience = Audience(self._stage, self.sizes.watchers)
        await audience.gather()
        senders = await self._senders()
        cpu, began = cpu_seconds(dispatcher.pid), time.monotonic()
        each = self.sizes.watched_rate / len(senders)
        await asyncio.gather(*(sender.send(int(each * self.sizes.watched_s), rate=each) for sender in senders))
        for sender in senders:
            await until(f"receipts for {sender.name}", sender.all_settled, timeout_s=300, every_s=0.002)
        await asyncio.sleep(1)
        cores = (cpu_seconds(dispatcher.pid) - cpu) / (time.monotonic() - began)
        heard = await audience.leave()
        sent = {key: at for sender in senders for key, at in sender.changes()}
        waits = sorted(at - sent[key] for key, times in heard.items() if key in sent for at in times)
        if not waits:
            raise LabError("the watchers heard nothing of what was sent")
        return {
            "watchers": self.sizes.watchers,
            "sent": len(sent),
            "heard": len(waits),
            "p50_ms": round(waits[len(waits) // 2] * 1000, 1),
            "p99_ms": round(waits[len(waits) * 99 // 100] * 1000, 1),
            "cores": round(cores, 2),
        }

    async def _senders(self) -> list[Sender]:
        epoch = f"load-{next(self._epochs):03d}"
        senders = [Sender(f"gateway-{number}", self._stage.broker_port, epoch) for number in range(1, 5)]
        for sender in senders:
            await sender.connect()
        return senders

    async def _warm_up(self) -> None:
        """The first batches prepare their statements."""
        for sender in await self._senders():
            await sender.send(50, rate=200)
            try:
                await until("the first receipts", sender.all_settled, timeout_s=60)
            except LabError as error:
                logs = "\n".join(child.log_tail() for child in self._stage.children.values())
                raise LabError(f"{error}\n{logs}") from error
            sender.close()

    async def _steady(self, senders: Sequence[Sender]) -> None:
        await self._at_rate(senders, self.sizes.steady_rate, self.sizes.steady_s)

    async def _burst(self, senders: Sequence[Sender]) -> None:
        await self._at_rate(senders, self.sizes.burst_rate, self.sizes.burst_s)

    async def _at_rate(self, senders: Sequence[Sender], rate: float, seconds: float) -> None:
        each = rate / len(senders)
        await asyncio.gather(*(sender.send(int(each * seconds), rate=each) for sender in senders))

    async def _flat_out(self, senders: Sequence[Sender]) -> None:
        await asyncio.gather(*(sender.send(self.sizes.flat_out // len(senders)) for sender in senders))


def run_load(database: DatabaseKind, folder: Path, sizes: Sizes) -> dict[str, Any]:
    """The figures of one database."""
    return asyncio.run(LoadRun(database, folder, sizes).run())
