"""The seeded schedule of faults: the same seed gives the same list."""

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to whom, how long after the fault before, and for how long (or for how many packets)."""

    kind: str
    target: str
    wait_s: float
    lasts_s: float = 0.0
    packets: int = 0


#: Kind → how often, against the other kinds. Packets are cheap; a killed dispatcher needs seconds to be back.
_WEIGHTS = {
    "lose": 20,
    "repeat": 20,
    "cut": 16,
    "pause": 14,
    "kill": 16,
    "disk_full": 6,
    "wrong_clock": 8,
}
#: Of the killed and paused ones, how often which.
_PROCESSES = {"gateway": 5, "broker": 3, "dispatcher": 3, "database": 2}


def schedule(seed: int, count: int, *, processes: Sequence[str]) -> list[Fault]:
    """``processes`` are names such as ``gateway-1``, ``broker``, ``dispatcher-1``, ``database``."""
    chance = random.Random(seed)
    return [_fault(chance, processes) for _ in range(count)]


def _fault(chance: random.Random, processes: Sequence[str]) -> Fault:
    kind = chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    wait_s = chance.uniform(0.05, 0.5)
    if kind in {"lose", "repeat", "cut"}:
        target = chance.choice(_of(processes, "gateway", "dispatcher"))
        return Fault(kind=kind, target=target, wait_s=wait_s, packets=chance.randint(1, 5))
    if kind == "wrong_clock":
        target = chance.choice(_of(processes, "gateway"))
        return Fault(
            kind=kind, target=target, wait_s=wait_s, lasts_s=chance.choice((-86_400.0, -7200, -5, 5, 7200, 86_400))
        )
    if kind == "disk_full":
        # PostgreSQL's own disk is not touched: it stops by itself when it is full, which "kill" tries.
        kept = [
            name for name in _of(processes, "gateway", "dispatcher") if "database" not in processes or "gate" in name
        ]
        return Fault(kind=kind, target=chance.choice(kept), wait_s=wait_s, lasts_s=chance.uniform(0.3, 1.5))
    present = {part: weight for part, weight in _PROCESSES.items() if _of(processes, part)}
    part = chance.choices(list(present), list(present.values()))[0]
    lasts_s = chance.uniform(0.1, 2.0) if kind == "pause" else chance.uniform(0.0, 1.0)
    return Fault(kind=kind, target=chance.choice(_of(processes, part)), wait_s=wait_s, lasts_s=lasts_s)


def _of(processes: Sequence[str], *parts: str) -> list[str]:
    return [name for name in processes if name.split("-")[0] in parts]
