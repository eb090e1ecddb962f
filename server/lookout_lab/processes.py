"""Child processes that are killed, paused, starved of disk and started again."""

import asyncio
import contextlib
import os
import random
import resource
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from lookout_lab.errors import LabError

_TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nobody listens on, below those that outgoing connections take (Linux: from 32768)."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_768)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children so far (PostgreSQL has one for each connection)."""
    proc = Path(f"/proc/{pid}")
    fields = (proc / "stat").read_text().rsplit(")", 1)[1].split()
    own = sum(int(field) for field in fields[11:15]) / _TICKS
    return own + sum(cpu_seconds(int(child)) for child in (proc / "task" / str(pid) / "children").read_text().split())


async def until(what: str, holds: Callable[[], Awaitable[bool]], *, timeout_s: float, every_s: float = 0.05) -> float:
    """Seconds until it holds; LabError when it does not in time."""
    began = asyncio.get_running_loop().time()
    while not await holds():
        waited = asyncio.get_running_loop().time() - began
        if waited > timeout_s:
            raise LabError(f"waited {waited:.0f} s for {what} in vain")
        await asyncio.sleep(every_s)
    return asyncio.get_running_loop().time() - began


async def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


class Child:
    """One program with a log. ``on_line`` gets what it writes on its standard output."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        on_line: Callable[[bytes], None] | None = None,
    ) -> None:
        self.name = name
        self._command = command
        self._log = log
        self._env = {**os.environ, **(env or {})}
        self._user = user
        self._on_line = on_line
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether it lives (a paused one does)."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """LabError when it does not run."""
        if self._process is None:
            raise LabError(f"{self.name} does not run")
        return self._process.pid

    async def start(self) -> None:
        """Start it; whether it is ready is for the caller to see."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if self._on_line else log,
                stderr=log,
                env=self._env,
                user=self._user,
                cwd="/",
                start_new_session=True,
                limit=2**20,
            )
        if self._on_line is not None:
            self._reader = asyncio.create_task(self._read(self._on_line))

    async def kill(self) -> None:
        """SIGKILL to it and what it started; returns when it is gone and all that it wrote has been read."""
        self.signal(signal.SIGKILL)
        await self._gone()

    async def stop(self, timeout_s: float = 20.0) -> None:
        """Ask, wait, then insist."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM, group=False)
        try:
            async with asyncio.timeout(timeout_s):
                await self._gone()
        except TimeoutError:
            await self.kill()

    def signal(self, number: signal.Signals, *, group: bool = True) -> None:
        """To its whole group; nothing when it is gone."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                if group:
                    os.killpg(self.pid, number)
                else:
                    os.kill(self.pid, number)

    def limit_files(self, size: int | None) -> None:
        """Writing beyond ``size`` bytes of a file fails, as on a full disk; None takes that back."""
        if self.running:
            limit = resource.RLIM_INFINITY if size is None else size
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    def log_tail(self, lines: int = 15) -> str:
        """The end of its log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    async def _gone(self) -> None:
        if self._process is not None:
            await self._process.wait()
        if self._reader is not None:
            await self._reader

    async def _read(self, on_line: Callable[[bytes], None]) -> None:
        stream = self._process.stdout if self._process else None
        while stream is not None and (line := await stream.readline()):
            on_line(line)
