"""The feed with many watchers: how long a change takes from the gateway's publication to each of them."""

import asyncio
import json
import sys
from dataclasses import dataclass, field
from typing import Any

import httpx

from lookout_lab.errors import LabError
from lookout_lab.processes import Child, until
from lookout_lab.stage import PASSWORD, START_S, Stage

_OPERATOR = "watcher"


@dataclass(frozen=True)
class Heard:
    """OCCURRENCE/CHANGE → when each had read it, and when the kernel had it for each, by the monotonic clock."""

    read: dict[str, list[float]]
    handed: dict[str, list[float]]


@dataclass
class Audience:
    """A process full of clients of one dispatcher's feed."""

    stage: Stage
    count: int
    _heard: Heard = field(default_factory=lambda: Heard({}, {}))
    _ready: bool = False

    async def gather(self) -> None:
        """Make an account, sign in, and have all of them listen."""
        token = await self._token()
        port = self.stage.http_port("dispatcher-1")
        command = [sys.executable, "-m", "lookout_lab.watchers", str(port), token, str(self.count)]
        self._child = Child("watchers", command, self.stage.plan.folder / "watchers.log", on_line=self._on_line)
        self.stage.children["watchers"] = self._child
        await self._child.start()
        try:
            await until(f"{self.count} watchers", self._listens, timeout_s=START_S)
        except LabError as error:
            raise LabError(f"{error}; the end of their log:\n{self._child.log_tail()}") from error

    async def leave(self) -> Heard:
        """What they have heard, and when."""
        await self._child.stop()
        del self.stage.children["watchers"]
        return self._heard

    async def _token(self) -> str:
        config = self.stage.plan.folder / "dispatcher-1" / "server.yaml"
        command = ["user", "add", _OPERATOR, "--role", "operator", "--password-stdin", "--config", str(config)]
        adding = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "lookout_server", *command),
            stdin=asyncio.subprocess.PIPE,
            # What the bench says there is a table or JSON.
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            await asyncio.wait_for(adding.communicate(f"{PASSWORD}\n".encode()), START_S)
        except TimeoutError as error:
            adding.kill()
            raise LabError(f"the watchers' account was not made within {START_S:.0f} s") from error
        base = f"http://127.0.0.1:{self.stage.http_port('dispatcher-1')}"
        async with httpx.AsyncClient(base_url=base, timeout=30) as client:
            answer = await client.post("/api/v1/session", json={"username": _OPERATOR, "password": PASSWORD})
        if answer.is_error:
            raise LabError(f"the watchers cannot sign in: {answer.text}")
        return str(answer.json()["token"])

    async def _listens(self) -> bool:
        if not self._child.running:
            raise LabError(f"the watchers ended:\n{self._child.log_tail()}")
        return self._ready

    def _on_line(self, line: bytes) -> None:
        if line.strip() == b"ready":
            self._ready = True
            return
        told: dict[str, Any] = json.loads(line)
        self._heard.read[str(told["key"])] = [float(at) for at in told["at"]]
        self._heard.handed[str(told["key"])] = [float(at) for at in told["handed"]]
