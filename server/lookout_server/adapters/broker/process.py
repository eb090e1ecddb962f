"""The embedded broker as a child process: started, watched, restarted with back-off, told of new accounts."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections import deque
from collections.abc import Callable
from pathlib import Path

import structlog

from lookout_server.adapters.broker.accounts import accounts_version, note_read
from lookout_server.adapters.broker.engines import BrokerEngine, BrokerPlace
from lookout_server.adapters.files import write_private
from lookout_server.adapters.listening import can_listen
from lookout_server.errors import BrokerError

_log = structlog.stdlib.get_logger("lookout.broker")

START_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 3.0
WATCH_INTERVAL_S = 0.25
BACKOFF_FIRST_S = 0.5
BACKOFF_LAST_S = 30.0
_PID_FILE = "broker.pid"


class BrokerProcess:
    """One broker. ``start`` returns when it accepts connections; ``watch`` keeps it alive until cancelled."""

    def __init__(
        self, engine: BrokerEngine, place: BrokerPlace, *, on_line: Callable[[str], None] | None = None
    ) -> None:
        self._on_line = on_line
        self._engine = engine
        self._place = place
        self._child: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None
        self._last_words: deque[str] = deque(maxlen=5)
        self._accounts_seen: int | None = None
        self._revocations_seen: int | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._child.pid if self._child is not None and self._child.returncode is None else None

    async def start(self) -> None:
        """Start it and wait until it listens; BrokerError with its last words when it does not."""
        if not can_listen(self._place.bind, self._place.port):
            raise BrokerError(
                f"the embedded broker cannot listen on {self._place.bind}:{self._place.port}: another program does; "
                f"stop that program, or set broker.port to another port or to 0 for any free one"
            )
        command = self._engine.prepare(self._place)
        self._accounts_seen = self._accounts_stamp()
        self._revocations_seen = self._revocations_stamp()
        self._last_words.clear()
        self._child = await asyncio.create_subprocess_exec(
            *_dying_with_us(command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C goes to the terminal's whole group: the broker is stopped by us, in its turn, and not by the key.
            start_new_session=True,
        )
        self._drain = asyncio.create_task(self._read_log(self._child), name="broker-log")
        write_private(self._place.folder / _PID_FILE, f"{self._child.pid}\n")
        await self._wait_until_listening(self._child)
        _log.info(
            "broker is listening", engine=self._engine.name, host=self._place.bind, port=self._place.port, pid=self.pid
        )

    async def watch(self) -> None:
        """Restart it whenever it dies, and make it read changed accounts. Runs until cancelled."""
        delay = BACKOFF_FIRST_S
        while True:
            await asyncio.sleep(WATCH_INTERVAL_S)
            if self.pid is not None:
                delay = BACKOFF_FIRST_S
                self._reload_when_changed()
                if self._revocations_stamp() == self._revocations_seen:
                    continue
                # Started anew, since it would let go of nobody who is connected already.
                _log.warning("certificates were revoked; the broker is started anew and lets go of everybody")
                await self.stop()
                delay = 0.0
            else:
                _log.error("broker died and is started again", last_words=list(self._last_words), wait_s=delay)
            await asyncio.sleep(delay)
            delay = min(max(delay * 2, BACKOFF_FIRST_S), BACKOFF_LAST_S)
            try:
                await self.start()
            except BrokerError as error:
                _log.error("broker does not start", error=str(error), wait_s=delay)

    async def stop(self) -> None:
        """Ask it to stop, then make it."""
        child = self._child
        if child is not None and child.returncode is None:
            child.terminate()
            try:
                await asyncio.wait_for(child.wait(), STOP_TIMEOUT_S)
            except TimeoutError:
                child.kill()
                await child.wait()
        if self._drain is not None:
            await self._drain
        (self._place.folder / _PID_FILE).unlink(missing_ok=True)

    def _reload_when_changed(self) -> None:
        stamp = self._accounts_stamp()
        if stamp == self._accounts_seen or self._child is None:
            return
        self._accounts_seen = stamp
        self._engine.refresh(self._place)
        if self._engine.reload_signal is not None:
            self._child.send_signal(self._engine.reload_signal)
            _log.info("broker reads its accounts again")
        note_read(self._place.folder, stamp)

    def _accounts_stamp(self) -> int | None:
        return accounts_version(self._place.folder)

    def _revocations_stamp(self) -> int | None:
        return None if self._place.tls is None else _stamp(self._place.tls.revocations)

    async def _wait_until_listening(self, child: asyncio.subprocess.Process) -> None:
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
        while child.returncode is None and asyncio.get_running_loop().time() < deadline:
            if await _answers(self._place.bind, self._place.port):
                return
            await asyncio.sleep(0.05)
        said = "; ".join(self._last_words) or "it said nothing"
        await self.stop()
        raise BrokerError(
            f"the embedded broker ({self._engine.name}) did not start on {self._place.bind}:{self._place.port}: {said}"
        )

    async def _read_log(self, child: asyncio.subprocess.Process) -> None:
        if child.stderr is None:
            return
        async for line in child.stderr:
            text = line.decode(errors="replace").strip()
            self._last_words.append(text)
            _log.debug("broker says", text=text)
            if self._on_line is not None:
                self._on_line(text)


def _stamp(file: Path) -> int | None:
    return file.stat().st_mtime_ns if file.exists() else None


def _dying_with_us(command: list[str]) -> list[str]:
    """Linux ends the broker when we are killed, so that it saves its queues and lets go of the port.

    Where ``setpriv`` (util-linux) is missing it lives on until the next start, see ``end_orphan``.
    """
    setpriv = shutil.which("setpriv")
    return command if setpriv is None else [setpriv, "--pdeathsig", "TERM", "--", *command]


async def _answers(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(_reachable(host), port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def _reachable(bind: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)


async def end_orphan(folder: Path) -> None:
    """Stop the broker that a killed dispatcher left behind: it still holds the port and saves its queues on the way.

    Only a process whose command line names our own folder is touched.
    """
    pid_file = folder / _PID_FILE
    pid = _orphan(pid_file, folder)
    if pid is None:
        return
    _log.warning("stopping the broker that an earlier run left behind", pid=pid)
    os.kill(pid, signal.SIGTERM)
    for _ in range(60):
        if _orphan(pid_file, folder) is None:
            break
        await asyncio.sleep(0.05)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    pid_file.unlink(missing_ok=True)


def _orphan(pid_file: Path, folder: Path) -> int | None:
    if not pid_file.exists():
        return None
    pid = int(pid_file.read_text(encoding="utf-8").strip() or 0)
    command = Path(f"/proc/{pid}/cmdline")
    try:
        ours = os.fsencode(folder) in command.read_bytes()
    except OSError:
        return None
    return pid if pid > 1 and ours else None
