"""The crash lab: events flow, a seeded schedule of faults hits every part, and then both ends are compared."""

import asyncio
import contextlib
import json
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from lookout_lab.databases import counted, read_everything, settled_numbers
from lookout_lab.errors import LabError
from lookout_lab.faults import Fault, schedule
from lookout_lab.processes import until
from lookout_lab.proxy import Proxy
from lookout_lab.records import Journal, Stored
from lookout_lab.stage import ACTED_S, RUNGS, SITE, DatabaseKind, Plan, Stage
from lookout_lab.verdict import Verdict, judge

_SETTLE_S = 240.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run came to."""

    seed: int
    database: str
    faults: Counter[str]
    #: What the proxy really did to connections and packets.
    proxy: Counter[str]
    confirmed: int
    refused: int
    verdict: Verdict
    #: What happened while the latest event waited, in order.
    latest_while: list[str]
    #: Seconds from the start of a killed dispatcher to its readiness.
    back_s: list[float]
    #: Seconds from the last fault to the last event stored.
    settled_s: float
    took_s: float

    def as_json(self) -> dict[str, Any]:
        """One flat object."""
        return {
            "seed": self.seed,
            "database": self.database,
            "faults": sum(self.faults.values()),
            "by_kind": dict(sorted(self.faults.items())),
            "on_the_wire": dict(sorted(self.proxy.items())),
            "confirmed": self.confirmed,
            "refused_by_spool": self.refused,
            "stored": self.verdict.events,
            **{name.replace(" ", "_"): len(found) for name, found in self.verdict.broken.items()},
            "latest_s": round(self.verdict.latest_s, 2),
            "latest_while": self.latest_while,
            "dispatcher_back_s": round(max(self.back_s, default=0.0), 2),
            "settled_s": round(self.settled_s, 2),
            "took_s": round(self.took_s, 1),
        }


@dataclass
class CrashRun:
    """One run. ``folder`` keeps everything when it failed."""

    seed: int
    count: int
    database: DatabaseKind
    folder: Path
    journal: Journal = field(default_factory=Journal)
    early: list[str] = field(default_factory=list[str])
    back_s: list[float] = field(default_factory=list[float])
    done: Counter[str] = field(default_factory=Counter[str])
    #: (Unix seconds, what was done to whom), in order.
    happened: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])

    async def run(self) -> Outcome:
        """Set up, harm, heal, settle, judge."""
        began = time.monotonic()
        dispatchers = 2 if self.database == "postgresql" else 1
        plan = Plan(folder=self.folder, database=self.database, dispatchers=dispatchers)
        self._stage = Stage(plan, self.journal.hear)
        self._proxy = Proxy(self._stage.broker_port, self._watch)
        self._stage.client_port = await self._proxy.start()
        self._checked: dict[tuple[str, str], int] = {}
        self._mending: set[asyncio.Task[None]] = set()
        try:
            await self._stage.set_up()
            await self._stage.start_gateways()
            await until("the gateways", self._gateways_speak, timeout_s=60)
            for fault in schedule(self.seed, self.count, processes=list(self._stage.children)):
                await self._do(fault)
            settled_s = await self._settle()
            stored = await read_everything(self._stage.reader)
        finally:
            for task in self._mending:
                task.cancel()
            await self._stage.tear_down()
            await self._proxy.stop()
        return Outcome(
            seed=self.seed,
            database=self.database,
            faults=self.done,
            proxy=self._proxy.done,
            confirmed=len(self.journal.confirmed),
            refused=self.journal.refused,
            verdict=judge(self.journal, stored, rungs=RUNGS, early_receipts=self.early),
            latest_while=self._while_latest(stored),
            back_s=self.back_s,
            settled_s=settled_s,
            took_s=time.monotonic() - began,
        )

    async def _gateways_speak(self) -> bool:
        return len(self.journal.ready) == self._stage.plan.gateways

    # --- faults ---

    async def _do(self, fault: Fault) -> None:
        await asyncio.sleep(fault.wait_s)
        child = self._stage.children[fault.target]
        # Who is down already cannot be harmed: the next fault waits until they are back.
        await until(f"{fault.target} to be back", self._up(fault.target), timeout_s=120)
        self.done[fault.kind] += 1
        self._note(f"{fault.kind} {fault.target}")
        match fault.kind:
            case "lose":
                self._proxy.lose(self._client(fault.target), fault.packets)
            case "repeat":
                self._proxy.repeat(self._client(fault.target), fault.packets)
            case "cut":
                self._proxy.cut(self._client(fault.target))
            case "wrong_clock":
                self._stage.wrong_clock(fault.target, fault.lasts_s)
            case "pause":
                child.signal(signal.SIGSTOP)
                self._later(self._resume(fault))
            case "disk_full":
                child.limit_files(self._stage.file_size(fault.target))
                self._later(self._free_disk(fault))
            case _:
                await child.kill()
                self._later(self._restart(fault))

    def _up(self, name: str) -> Any:
        async def up() -> bool:
            await self._raise_failures()
            return name not in {task.get_name() for task in self._mending}

        return up

    def _later(self, mend: Any) -> None:
        fault: Fault = mend.cr_frame.f_locals["fault"]
        task = asyncio.create_task(mend, name=fault.target)
        self._mending.add(task)

    async def _raise_failures(self) -> None:
        for task in [task for task in self._mending if task.done()]:
            self._mending.discard(task)
            task.result()

    async def _resume(self, fault: Fault) -> None:
        await asyncio.sleep(fault.lasts_s)
        self._stage.children[fault.target].signal(signal.SIGCONT)
        self._note(f"{fault.target} goes on")

    async def _free_disk(self, fault: Fault) -> None:
        await asyncio.sleep(fault.lasts_s)
        self._stage.children[fault.target].limit_files(None)
        self._note(f"{fault.target} has room again")

    async def _restart(self, fault: Fault) -> None:
        await asyncio.sleep(fault.lasts_s)
        took = await self._stage.start(fault.target)
        self._note(f"{fault.target} is back after {took:.1f} s")
        if fault.target.startswith("dispatcher"):
            self.back_s.append(took)

    def _note(self, what: str) -> None:
        self.happened.append((time.time(), what))

    def _while_latest(self, stored: Stored) -> list[str]:
        """Why the latest event was late, as far as the lab can tell."""
        known = [event for event in stored.events if event.key in self.journal.confirmed]
        if not known:
            return []
        latest = max(known, key=lambda event: event.received_at - self.journal.confirmed[event.key])
        since = self.journal.confirmed[latest.key]
        lines = [f"0.0 s: {latest.gateway} confirmed {latest.sequence} ({latest.phase} of {latest.occurrence})"]
        lines += [f"{at - since:.1f} s: {what}" for at, what in self.happened if since <= at <= latest.received_at]
        return [*lines, f"{latest.received_at - since:.1f} s: stored"]

    def _client(self, name: str) -> str:
        """The client id under which the proxy knows it."""
        if name.startswith("gateway"):
            return f"lookout-{SITE}-{name}"
        replica = f"-{name}" if self._stage.plan.dispatchers > 1 else ""
        return f"lookout-dispatcher-{SITE}{replica}"

    # --- the end ---

    async def _settle(self) -> float:
        """Heal everything, let the gateways see nothing more, and wait for what is under way."""
        while self._mending:
            await self._raise_failures()
            await asyncio.sleep(0.1)
        self._proxy.heal()
        for name in self._stage.names("gateway"):
            self._stage.wrong_clock(name, 0)
        self._stage.quiet()
        await asyncio.sleep(1)
        took = await until("the last events", self._all_stored, timeout_s=_SETTLE_S, every_s=0.5)
        await asyncio.sleep(ACTED_S)
        with contextlib.suppress(LabError):
            await until("the outbox to be empty", self._outbox_empty, timeout_s=60, every_s=0.5)
        return took

    async def _all_stored(self) -> bool:
        missing = set(self.journal.confirmed)
        missing -= {event.key for event in (await read_everything(self._stage.reader)).events}
        return not missing

    async def _outbox_empty(self) -> bool:
        return (await counted(self._stage.reader))[2] == 0

    # --- receipts, as they pass the proxy ---

    async def _watch(self, topic: str, payload: bytes) -> None:
        """A receipt must find its events committed when it passes; it is held until that has been looked at."""
        if not topic.endswith("/receipt"):
            return
        receipt: dict[str, Any] = json.loads(payload)
        gateway, epoch, upto = topic.split("/")[-2], str(receipt["epoch"]), int(receipt["upto"])
        above = self._checked.get((gateway, epoch), 0)
        claimed = set(range(above + 1, upto + 1))
        for first, last in receipt.get("also", []):
            claimed |= set(range(max(first, above + 1), last + 1))
        try:
            stored = await settled_numbers(self._stage.reader, f"/site/{SITE}/gateway/{gateway}", epoch, above)
        except (OSError, asyncpg.PostgresError):
            return  # The database is down now; the next receipt is looked at again from the same number on.
        if claimed - stored:
            self.early.append(f"{gateway} {epoch}: {sorted(claimed - stored)[:5]} were receipted before their commit")
        self._checked[gateway, epoch] = max(above, upto)


def run_crash(seed: int, count: int, database: DatabaseKind, *, keep: Path | None = None) -> Outcome:
    """In a folder of its own, which stays when something is broken."""
    folder = keep or Path(tempfile.mkdtemp(prefix=f"lookout-crash-{seed}-"))
    folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(CrashRun(seed, count, database, folder).run())
