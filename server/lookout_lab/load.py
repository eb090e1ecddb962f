"""The load bench: events at a steady rate, in a burst and as fast as it goes, and a feed with many watchers.

Each is measured beside the bare ceiling in the same run. A latency ends with the receipt, which leaves after the
commit: it is never better than the truth.
"""

import asyncio
import itertools
import os
import sys
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lookout_lab.databases import counted
from lookout_lab.errors import LabError
from lookout_lab.feeding import Audience
from lookout_lab.processes import Child, cpu_seconds
from lookout_lab.senders import Sender, settled
from lookout_lab.stage import START_S, DatabaseKind, Plan, Stage

#: A commit is on the disk here, as with a user and on SQLite; what kills processes alone does without (``Stage``).
_SETTINGS = ("fsync=on",)


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much of each."""

    steady_rate: float = 1000.0
    steady_s: float = 10.0
    burst_rate: float = 5000.0
    burst_s: float = 20.0
    #: The bare consumer takes 30,000 a second: what lasts less than two says little.
    flat_out: int = 60_000
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
        plan = Plan(folder=self.folder, database=self.database, gateways=4, settings=_SETTINGS)
        self._stage = Stage(plan, lambda name, line: None)
        try:
            await self._stage.set_up()
            dispatcher = self._stage.children["dispatcher-1"]
            await self._warm_up()
            before = (await counted(self._stage.reader))[3]
            full = await self._measure(dispatcher, [self._steady, self._burst, self._flat_out])
            feed = await self._watched(dispatcher)
            stored = (await counted(self._stage.reader))[3] - before
            await dispatcher.stop()
            bare_one = await self._start_bare()
            await self._warm_up()
            bare = await self._measure(bare_one, [self._steady, self._flat_out])
        finally:
            await self._stage.tear_down()
        ratio = full["flat_out"]["events_per_s"] / bare["flat_out"]["events_per_s"]
        cpu_ratio = bare["flat_out"]["cpu_us_per_event"] / full["flat_out"]["cpu_us_per_event"]
        sent = sum(part["sent"] for part in full.values()) + feed["sent"]
        return {
            "database": self.database,
            "full": full,
            "bare": bare,
            "feed": feed,
            "full_of_bare": round(ratio, 3),
            "full_of_bare_by_cpu": round(cpu_ratio, 3),
            "load_average": round(os.getloadavg()[0], 1),
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
        try:
            await asyncio.wait_for(ready.wait(), START_S)
        except TimeoutError as error:
            raise LabError(f"the bare consumer was not ready within {START_S:.0f} s\n{self._logs()}") from error
        return bare

    async def _measure(self, child: Child, parts: Sequence[Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for part in parts:
            await self._settle_disk()
            cpu = cpu_seconds(child.pid)
            senders = await self._senders()
            name = part.__name__.removeprefix("_")
            began = time.monotonic()
            await self._settled(f"{child.name}, {name}", senders, part(senders))
            took = max(sender.settled[-1] for sender in senders) - began
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
        """A change a watcher and event; those that share a transaction may be told of once.

        Two spans: until the watcher had read it, which the reading for all others is part of, and until the kernel had
        it from the dispatcher.
        """
        audience = Audience(self._stage, self.sizes.watchers)
        await audience.gather()
        await self._settle_disk()
        senders = await self._senders()
        cpu, began = cpu_seconds(dispatcher.pid), time.monotonic()
        each = self.sizes.watched_rate / len(senders)
        sending = asyncio.gather(*(sender.send(int(each * self.sizes.watched_s), rate=each) for sender in senders))
        await self._settled("watched", senders, sending)
        await asyncio.sleep(1)
        cores = (cpu_seconds(dispatcher.pid) - cpu) / (time.monotonic() - began)
        heard = await audience.leave()
        sent = {key: at for sender in senders for key, at in sender.changes()}
        waits = _waits(sent, heard.read)
        handed = _waits(sent, heard.handed)
        if not waits:
            raise LabError("the watchers heard nothing of what was sent")
        return {
            "watchers": self.sizes.watchers,
            "sent": len(sent),
            "heard": len(waits),
            "told_singly": len(sent) * self.sizes.watchers,
            "p50_ms": _part(waits, 50),
            "p99_ms": _part(waits, 99),
            "handed_p50_ms": _part(handed, 50),
            "handed_p99_ms": _part(handed, 99),
            "cores": round(cores, 2),
        }

    async def _senders(self) -> list[Sender]:
        epoch = f"load-{next(self._epochs):03d}"
        senders = [Sender(f"gateway-{number}", self._stage.broker_port, epoch) for number in range(1, 5)]
        for sender in senders:
            await sender.connect()
        return senders

    async def _settle_disk(self) -> None:
        """What PostgreSQL has put off of the phases before is not the next one's: the order of them decided."""
        if self.database == "postgresql":
            await self._stage.sql("CHECKPOINT")

    async def _warm_up(self) -> None:
        """The first batches prepare their statements."""
        senders = await self._senders()
        sending = asyncio.gather(*(sender.send(50, rate=200) for sender in senders))
        await self._settled("warm-up", senders, sending)
        for sender in senders:
            sender.close()

    async def _settled(self, what: str, senders: Sequence[Sender], sending: Awaitable[object]) -> None:
        began = time.monotonic()
        self._say(f"{what} …")
        await settled(what, senders, sending, self._logs)
        self._say(f"{what}: {time.monotonic() - began:.1f} s, load {os.getloadavg()[0]:.1f}")

    def _say(self, text: str) -> None:
        sys.stderr.write(f"{self.database}: {text}\n")

    def _logs(self) -> str:
        return "\n".join(
            f"the end of {child.name}'s log:\n{child.log_tail()}" for child in self._stage.children.values()
        )

    async def _steady(self, senders: Sequence[Sender]) -> None:
        await self._at_rate(senders, self.sizes.steady_rate, self.sizes.steady_s)

    async def _burst(self, senders: Sequence[Sender]) -> None:
        await self._at_rate(senders, self.sizes.burst_rate, self.sizes.burst_s)

    async def _at_rate(self, senders: Sequence[Sender], rate: float, seconds: float) -> None:
        each = rate / len(senders)
        await asyncio.gather(*(sender.send(int(each * seconds), rate=each) for sender in senders))

    async def _flat_out(self, senders: Sequence[Sender]) -> None:
        await asyncio.gather(*(sender.send(self.sizes.flat_out // len(senders)) for sender in senders))


def _waits(sent: Mapping[str, float], heard: Mapping[str, Sequence[float]]) -> list[float]:
    return sorted(at - sent[key] for key, times in heard.items() if key in sent for at in times)


def _part(spans: Sequence[float], of_100: int) -> float:
    return round(spans[len(spans) * of_100 // 100] * 1000, 1)


def run_load(database: DatabaseKind, folder: Path, sizes: Sizes) -> dict[str, Any]:
    """The figures of one database."""
    return asyncio.run(LoadRun(database, folder, sizes).run())
