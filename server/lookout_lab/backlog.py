"""The backlog scenario: a gateway that was cut off comes back with thousands of events, and fires go on meanwhile.

Two gateways see fires all the time; the first one has the backlog. What a fire waits while it is drained stands beside
what one waits afterwards, in the same run.
"""

import asyncio
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lookout_lab.databases import counted, read_everything
from lookout_lab.processes import cpu_seconds, until
from lookout_lab.proxy import Proxy
from lookout_lab.records import Journal, Stored
from lookout_lab.stage import ACTED_S, RUNGS, SITE, DatabaseKind, Plan, Stage
from lookout_lab.verdict import Verdict, judge

#: What the product promises.
GOAL_DRAINED_S = 60.0
GOAL_DELAY_S = 1.0
_CALM_S = 10.0
_CUT_OFF = "gateway-1"
_CLIENT = f"lookout-{SITE}-{_CUT_OFF}"
_LATE_S = 600.0
_LIVE: dict[str, Any] = {"rate": 20.0, "fires_in_100": 5, "live_fires_in_100": 30}


@dataclass(frozen=True, kw_only=True)
class Drained:
    """What a run came to. Waits are from the spool's yes to the dispatcher's intake, seconds."""

    database: str
    backlog: int
    #: From the moment the way was free until the gateway's spool held none of the backlog.
    drained_s: float
    #: Part of it: until the gateway, which waits between its attempts, had connected again.
    connected_s: float
    #: CPU seconds of each process meanwhile.
    cpu_s: dict[str, float]
    fires_meanwhile: list[float]
    fires_afterwards: list[float]
    verdict: Verdict

    @property
    def delay_s(self) -> float:
        """How much longer the last fire waited because of the backlog."""
        calm = sorted(self.fires_afterwards)
        return max(self.fires_meanwhile, default=0.0) - (calm[len(calm) // 2] if calm else 0.0)

    def as_json(self) -> dict[str, Any]:
        """One flat object."""
        return {
            "database": self.database,
            "backlog": self.backlog,
            "drained_s": round(self.drained_s, 2),
            "drained_goal_s": GOAL_DRAINED_S,
            "connected_s": round(self.connected_s, 2),
            "cpu_s": {name: round(seconds, 2) for name, seconds in self.cpu_s.items()},
            **_spread("fires_meanwhile", self.fires_meanwhile),
            **_spread("fires_afterwards", self.fires_afterwards),
            "fire_delay_s": round(self.delay_s, 3),
            "fire_delay_goal_s": GOAL_DELAY_S,
            "stored": self.verdict.events,
            **{name.replace(" ", "_"): len(found) for name, found in self.verdict.broken.items()},
        }


@dataclass
class BacklogRun:
    """One run."""

    backlog: int
    database: DatabaseKind
    folder: Path
    journal: Journal = field(default_factory=Journal)

    async def run(self) -> Drained:
        """Fill the spool behind a shut way, open it, and watch."""
        plan = Plan(folder=self.folder, database=self.database, gateways=2, backlog=self.backlog, gateway=_LIVE)
        self._stage = Stage(plan, self.journal.hear)
        self._proxy = Proxy(self._stage.broker_port, self._watch)
        self._stage.client_port = await self._proxy.start()
        self._connected_at = 0.0
        self._proxy.keep_out(_CLIENT)
        try:
            await self._stage.set_up()
            await self._stage.start_gateways()
            await until("the backlog", self._gateways_speak, timeout_s=_LATE_S)
            return await self._drain()
        finally:
            await self._stage.tear_down()
            await self._proxy.stop()

    async def _drain(self) -> Drained:
        free_at = time.time()
        before = self._cpu()
        self._proxy.let_in(_CLIENT)
        drained_s = await until("the backlog to be gone", self._backlog_gone, timeout_s=_LATE_S, every_s=0.2)
        drained_at = time.time()
        spent = {name: seconds - before[name] for name, seconds in self._cpu().items()}
        await asyncio.sleep(_CALM_S)
        calm_until = time.time()
        self._stage.quiet()
        stored = await self._settled()
        return Drained(
            database=self.database,
            backlog=self.backlog,
            drained_s=drained_s,
            connected_s=self._connected_at - free_at,
            cpu_s=spent,
            fires_meanwhile=self._waits(stored, self._connected_at, drained_at),
            fires_afterwards=self._waits(stored, drained_at, calm_until),
            verdict=judge(self.journal, stored, rungs=RUNGS),
        )

    async def _settled(self) -> Stored:
        """Everything stored, and every timer of an untouched case passed."""
        await asyncio.sleep(1)
        await until("the last events", self._all_stored, timeout_s=_LATE_S, every_s=0.5)
        await asyncio.sleep(ACTED_S)
        await until("the outbox to be empty", self._outbox_empty, timeout_s=_LATE_S, every_s=0.5)
        return await read_everything(self._stage.reader)

    def _waits(self, stored: Stored, since: float, until_: float) -> list[float]:
        """Of the fires that the spools confirmed in that time."""
        confirmed = {key: at for key, at in self.journal.confirmed.items() if key in self.journal.fires}
        return [
            event.received_at - confirmed[event.key]
            for event in stored.events
            if since <= confirmed.get(event.key, 0.0) < until_
        ]

    def _cpu(self) -> dict[str, float]:
        return {name: cpu_seconds(child.pid) for name, child in self._stage.children.items()}

    async def _gateways_speak(self) -> bool:
        return len(self.journal.ready) == self._stage.plan.gateways

    async def _backlog_gone(self) -> bool:
        spool = sqlite3.connect(f"file:{self.folder / _CUT_OFF / 'spool.db'}?mode=ro", uri=True)
        try:
            query = "SELECT EXISTS (SELECT 1 FROM event WHERE sequence <= ?)"
            return not spool.execute(query, (self.backlog,)).fetchone()[0]
        finally:
            spool.close()

    async def _all_stored(self) -> bool:
        return (await counted(self._stage.reader))[3] >= len(self.journal.confirmed)

    async def _outbox_empty(self) -> bool:
        return (await counted(self._stage.reader))[2] == 0

    async def _watch(self, topic: str, _payload: bytes) -> None:
        if not self._connected_at and f"/{_CUT_OFF}/event/" in topic:
            self._connected_at = time.time()


def _spread(name: str, waits: list[float]) -> dict[str, Any]:
    ordered = sorted(waits)
    middle = ordered[len(ordered) // 2] if ordered else 0.0
    return {name: len(ordered), f"{name}_p50_s": round(middle, 3), f"{name}_max_s": round(max(waits, default=0.0), 3)}


def run_backlog(backlog: int, database: DatabaseKind, folder: Path) -> Drained:
    """In a folder that must not hold a run already."""
    folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(BacklogRun(backlog, database, folder).run())
