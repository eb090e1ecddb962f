"""The desk bench: how long an operator waits for lists, searches and moves beside a long past.

Every figure stands beside the cheapest request that needs a session (``GET /session``) in the same run.
"""

import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from lookout_lab.errors import LabError
from lookout_lab.past import WRITTEN, copy_past
from lookout_lab.stage import PASSWORD, DatabaseKind, Plan, Stage

_ADMIN, _SEED_S = "bench", 3600
#: Milliseconds that the 95th of a hundred may take.
GOALS = {"list": 200.0, "search": 200.0, "move": 100.0}
#: A machine for half a million cases gives PostgreSQL more than the 128 MiB that it takes unasked.
_SETTINGS = ("shared_buffers=1GB", "max_wal_size=8GB", "jit=off")
_Ask = Callable[[int], Awaitable[httpx.Response]]


@dataclass(frozen=True, kw_only=True)
class Past:
    """How much there is to look through. Each case has an alarm; the further ``alarms`` were dismissed."""

    cases: int
    alarms: int


def run_desk(database: DatabaseKind, folder: Path, past: Past, *, rounds: int) -> dict[str, Any]:
    """Seed the past, then ask one after the other; milliseconds by what was asked.

    A ``folder`` that an earlier run filled is asked again without seeding.
    """
    return asyncio.run(_run(database, folder, past, rounds))


async def _run(database: DatabaseKind, folder: Path, past: Past, rounds: int) -> dict[str, Any]:
    plan = Plan(folder=folder, database=database, gateways=0, settings=_SETTINGS, keeps=True)
    stage = Stage(plan, lambda _name, _line: None)
    try:
        await stage.set_up()
        seeded_s = await _seed(stage, past)
        base = f"http://127.0.0.1:{stage.http_port('dispatcher-1')}/api/v1"
        async with httpx.AsyncClient(base_url=base, timeout=60) as web:
            answer = await web.post("/session", json={"username": _ADMIN, "password": PASSWORD})
            web.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            web.cookies.clear()
            asked = {name: await _measure(ask, rounds) for name, ask in (await _questions(web)).items()}
    finally:
        await stage.tear_down()
    return _figures(database, past, rounds, seeded_s, asked)


async def _seed(stage: Stage, past: Past) -> dict[str, float]:
    """Seconds that each part took; nothing is done twice in one folder."""
    config = str(stage.plan.folder / "dispatcher-1" / "server.yaml")
    done: dict[str, float] = {}
    seeded = stage.plan.folder / "seeded.json"
    if seeded.exists():
        return json.loads(seeded.read_text())
    began = time.monotonic()
    postgres = stage.plan.database == "postgresql"
    written = min(past.cases, WRITTEN) if postgres else past.cases
    await _verb("seed-demo", "--cases", str(written), "--config", config)
    done["cases"] = round(time.monotonic() - began, 1)
    add = ("user", "add", _ADMIN, "--role", "admin", "--password-stdin", "--config", config)
    await _verb(*add, stdin=PASSWORD)
    if postgres:
        done |= await copy_past(stage, cases=past.cases, written=written, alarms=past.alarms)
    seeded.write_text(json.dumps(done))
    return done


def _figures(
    database: DatabaseKind, past: Past, rounds: int, seeded_s: dict[str, float], asked: dict[str, dict[str, float]]
) -> dict[str, Any]:
    floor = asked["floor session"]["p50_ms"]
    for values in asked.values():
        values["over_floor"] = round(values["p50_ms"] / floor, 2)
    goals = {name: GOALS.get(name.split()[0]) for name in asked}
    missed = [name for name, goal in goals.items() if goal is not None and asked[name]["p95_ms"] > goal]
    return {
        "database": database,
        "cases": past.cases,
        "alarms": past.alarms if database == "postgresql" else past.cases,
        "seeded_s": seeded_s,
        "rounds": rounds,
        "asked": asked,
        "missed": missed,
    }


async def _questions(web: httpx.AsyncClient) -> dict[str, _Ask]:
    first = (await web.get("/cases")).json()
    newest = first["items"][0]["id"]
    deep: str = first["next_cursor"]
    for _ in range(20):
        deep = (await web.get("/cases", params={"limit": 200, "cursor": deep})).json()["next_cursor"]
    lists = _lists(newest, deep)
    deep_alarm: str = (await web.get("/alarms")).json()["next_cursor"]
    for _ in range(20):
        deep_alarm = (await web.get("/alarms", params={"limit": 200, "cursor": deep_alarm})).json()["next_cursor"]

    def asks(params: dict[str, str]) -> _Ask:
        return lambda _number: web.get("/cases", params=params)

    def alarms(params: dict[str, str]) -> _Ask:
        return lambda _number: web.get("/alarms", params=params)

    opened = itertools.count()
    confirmed: list[str] = []

    async def told(_number: int) -> httpx.Response:
        body = {"service_code": "garbage", "description": f"第{next(opened)}袋", "address_id": "demo-g001"}
        answer = await web.post("/open311/requests.json", data=body)
        confirmed.append(answer.json()[0]["service_request_id"])
        return answer

    async def confirm(number: int) -> httpx.Response:
        return await web.post(f"/cases/{confirmed[number]}/confirm", json={"version": 1})

    async def dispatch(number: int) -> httpx.Response:
        return await web.post(f"/cases/{confirmed[number]}/dispatch", json={"version": 2, "worker": "u-demo-w001"})

    return {
        "floor session": lambda _number: web.get("/session"),
        **{name: asks(params) for name, params in lists.items()},
        **{name: alarms(params) for name, params in _ALARM_LISTS.items()},
        "list alarms far back": alarms({"cursor": deep_alarm}),
        "case": lambda _number: web.get(f"/cases/{newest}"),
        "overview": lambda _number: web.get("/overview"),
        "move open": told,
        "move confirm": confirm,
        "move dispatch": dispatch,
    }


_ALARM_LISTS = {
    "list alarms newest": dict[str, str](),
    "list alarms open": {"disposition": "open"},
    "list alarms of a kind": {"scenario": "fire_smoke"},
    "list alarms of nothing": {"scenario": "care"},
    "list alarms of a camera": {"camera": "cam-40"},
}


def _lists(newest: str, deep: str) -> dict[str, dict[str, str]]:
    """What lists are asked for; ``deep``: a cursor some thousand cases back."""
    return {
        "list newest": {},
        "list far back": {"cursor": deep},
        "list by state": {"state": "closed,follow_up"},
        "list of nothing": {"state": "verifying", "severity": "red"},
        "list of a community": {"place": "demo-c1"},
        "list late": {"late": "true"},
        "search common word": {"q": "东门"},
        "search rare word": {"q": "没有这样的地方"},
        "search number": {"q": newest.removeprefix("c-")[:8]},
    }


async def _measure(ask: _Ask, rounds: int) -> dict[str, float]:
    took: list[float] = []
    for number in range(rounds):
        began = time.perf_counter()
        answer = await ask(number)
        took.append((time.perf_counter() - began) * 1000)
        if answer.is_error:
            raise LabError(f"{answer.request.url} answers {answer.status_code}: {answer.text[:300]}")
    cuts = statistics.quantiles(took, n=20)
    return {"p50_ms": round(statistics.median(took), 1), "p95_ms": round(cuts[18], 1)}


async def _verb(*words: str, stdin: str = "") -> None:
    command = [sys.executable, "-m", "lookout_server", *words]
    done = await asyncio.to_thread(
        subprocess.run, command, input=f"{stdin}\n".encode(), capture_output=True, timeout=_SEED_S, check=False
    )
    if done.returncode:
        raise LabError(f"{' '.join(words[:2])} ended with {done.returncode}: {done.stderr.decode()[-500:]}")


def desk_table(figures: dict[str, Any]) -> str:
    """For people."""
    written = ", ".join(f"{name} in {seconds} s" for name, seconds in figures["seeded_s"].items())
    head = f"{figures['database']}, {figures['cases']} past cases, {figures['alarms']} alarms (written: {written})"
    lines = [head, f"{'':22}{'p50 ms':>10}{'p95 ms':>10}{'× floor':>10}"]
    for name, values in figures["asked"].items():
        lines.append(f"{name:22}{values['p50_ms']:>10}{values['p95_ms']:>10}{values['over_floor']:>10}")
    lines.append(f"missed: {', '.join(figures['missed']) or 'nothing'} (goals: {json.dumps(GOALS)})")
    return "\n".join(lines)
