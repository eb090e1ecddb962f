"""Who asks is said by the proxies of the configuration, and by nobody else."""

import asyncio
import socket

import httpx
import pytest
from fastapi import FastAPI, Request

from lookout_server.bootstrap.http import HttpServer


async def _seen_from(address: str, proxies: tuple[str, ...]) -> str:
    """As whom the application sees somebody who says to speak for 192.0.2.7."""
    app = FastAPI()

    @app.get("/who")
    async def who(request: Request) -> str:  # pyright: ignore[reportUnusedFunction]
        return request.client.host if request.client else ""

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = HttpServer(app, listening, proxies=proxies)
        await server.start()
        transport = httpx.AsyncHTTPTransport(local_address=address)
        async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
            url = f"http://127.0.0.1:{server.port}/who"
            answer = await client.get(url, headers={"X-Forwarded-For": "192.0.2.7"})
        await server.stop()
    return answer.json()


@pytest.mark.parametrize(
    ("address", "proxies", "seen"),
    [
        ("127.0.0.1", (), "192.0.2.7"),
        ("127.0.0.2", (), "127.0.0.2"),
        ("127.0.0.2", ("127.0.0.2/32",), "192.0.2.7"),
        ("127.0.0.2", ("127.0.0.0/24",), "192.0.2.7"),
        ("127.0.0.2", ("10.0.0.0/8",), "127.0.0.2"),
        ("127.0.0.1", ("10.0.0.0/8",), "192.0.2.7"),
    ],
)
def test_only_proxies_say_who_asks(address: str, proxies: tuple[str, ...], seen: str) -> None:
    assert asyncio.run(_seen_from(address, proxies)) == seen
