"""Keeps the dispatcher's loops running: one that fails is logged and started again, the others go on."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from lookout_server.errors import StoreError

_log = structlog.stdlib.get_logger("lookout.supervisor")

FIRST_PAUSE_S = 0.5
LAST_PAUSE_S = 30.0
#: Between looks whether the database is back.
STORE_PAUSE_S = 2.0
#: A loop that ran this long before it failed starts again without a long pause.
HEALTHY_AFTER_S = 60.0

Loop = Callable[[], Awaitable[None]]


class Supervisor:
    """Runs named loops as tasks of the present event loop."""

    def __init__(self, *, first_pause_s: float = FIRST_PAUSE_S, store_pause_s: float = STORE_PAUSE_S) -> None:
        self._first_pause_s = first_pause_s
        self._store_pause_s = store_pause_s
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, loop: Loop, *, may_end: bool = False) -> None:
        """Run ``loop`` until ``stop``, again whenever it fails; also when it ends, unless it ``may_end``."""
        self._tasks[name] = asyncio.create_task(self._keep_running(name, loop, may_end=may_end), name=name)

    async def stop(self) -> None:
        """Cancel all loops, the last started first, and wait for each."""
        for task in reversed(self._tasks.values()):
            task.cancel()
            await asyncio.wait([task])
        self._tasks.clear()

    async def _keep_running(self, name: str, loop: Loop, *, may_end: bool) -> None:
        pause = self._first_pause_s
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await loop()
                if may_end:
                    return
                _log.error("a loop ended by itself and is started again", loop=name, wait_s=pause)
            except StoreError as error:
                # It is away for all of them, comes back for all of them, and where it was asked tells nobody anything.
                _log.error("a loop waits for the database", loop=name, error=str(error))
                await asyncio.sleep(self._store_pause_s)
                continue
            except Exception as error:  # noqa: BLE001 - the worker loop: whatever it was, the others must go on
                _log.error("a loop failed and is started again", loop=name, wait_s=pause, exc_info=error)
            if asyncio.get_running_loop().time() - started > HEALTHY_AFTER_S:
                pause = self._first_pause_s
            await asyncio.sleep(pause)
            pause = min(pause * 2, LAST_PAUSE_S)
