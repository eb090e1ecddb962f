"""Writing to a client's connection at once: nothing is lost or overtaken when the client does not read for a while."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send

from lookout_server.api.routes.feed import WRITE_NOW
from lookout_server.bootstrap.write_now import WriteNowProtocol

COUNT = 400
PAD = b"." * 10_000


class Counting:
    """Answers with numbers, each at once if that can be, else when the client reads."""

    def __init__(self) -> None:
        self.told: list[bool] = []
        self.held_up = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(COUNT):
            body = b"%d%s\n" % (number, PAD)
            now: bool = scope["extensions"][WRITE_NOW](body)
            self.told.append(now)
            if not now:
                self.held_up.set()
                await send({"type": "http.response.body", "body": body, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _late_reader(app: Counting) -> list[int]:
    """The numbers that a client heard which begins to read when the server cannot write any more."""
    with socket.socket() as listening, socket.socket() as client:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        config = uvicorn.Config(app, http=WriteNowProtocol, lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, listening.getsockname())
        await loop.sock_sendall(client, b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
        async with asyncio.timeout(20):
            await app.held_up.wait()
            answer = b""
            while not answer.endswith(b"\r\n0\r\n\r\n"):
                answer += await loop.sock_recv(client, 1 << 20)
        server.should_exit = True
        await serving
    return _numbers(answer.partition(b"\r\n\r\n")[2])


def _numbers(chunks: bytes) -> list[int]:
    found: list[int] = []
    while (size := int(chunks[: chunks.index(b"\r\n")], 16)) > 0:
        begin = chunks.index(b"\r\n") + 2
        found.append(int(chunks[begin : begin + size].removesuffix(PAD + b"\n")))
        chunks = chunks[begin + size + 2 :]
    return found


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_all_of_it_comes_in_order(run: Callable[[Coroutine[Any, Any, list[int]]], list[int]]) -> None:
    app = Counting()
    assert run(_late_reader(app)) == list(range(COUNT))
    assert True in app.told
    assert False in app.told
