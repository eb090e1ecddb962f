"""The HTTP server inside our own event loop: our socket, our signals, our order of stopping."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Generator, Sequence

import uvicorn
from fastapi import FastAPI

STOP_TIMEOUT_S = 2
#: httptools, which it stands on, is not asked for on Windows.
PROTOCOL = "auto" if sys.platform == "win32" else "lookout_server.bootstrap.write_now:WriteNowProtocol"


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals are the dispatcher's: it stops the HTTP server in its turn."""
        yield


class HttpServer:
    """Serves the app on a socket that is bound already."""

    def __init__(self, app: FastAPI, listening: socket.socket, *, proxies: Sequence[str] = ()) -> None:
        config = uvicorn.Config(
            app,
            http=PROTOCOL,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # Else uvicorn's own default, this machine.
            forwarded_allow_ips=["127.0.0.1", "::1", *proxies] if proxies else None,
            timeout_graceful_shutdown=STOP_TIMEOUT_S,
            # Feeds are long; phones on a bad line send late.
            timeout_keep_alive=30,
        )
        self._server = _Server(config)
        self._socket = listening
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._socket.getsockname()[1])

    async def start(self) -> None:
        """Returns when requests are answered."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="http")
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait([ready, self._task], return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._task.done():
            await self._task

    async def stop(self) -> None:
        """Finish what is being answered, for two seconds at most."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
