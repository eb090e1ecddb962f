"""Apprise's channels against a server of our own: taken, refused, silent."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from lookout_server.adapters import notify
from lookout_server.adapters.notify import AppriseChannel
from lookout_server.domain.notice import CHANNELS
from lookout_server.errors import DeliveryError, InvalidError

# One of its hundred plugins asks for a module that Python 3.13 no longer has; it does without it there.
pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")]


class _Hook(BaseHTTPRequestHandler):
    seen: list[str] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.seen.append(body)
        self.send_response(200 if self.path == "/takes" else 500)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def hook() -> Iterator[int]:
    """The port of a webhook that takes what is posted to /takes."""
    _Hook.seen.clear()
    server = HTTPServer(("127.0.0.1", 0), _Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


async def test_what_the_channel_takes_is_sent(hook: int) -> None:
    await AppriseChannel(CHANNELS).send(f"json://127.0.0.1:{hook}/takes", "新任务", "a body")
    assert "新任务" in _Hook.seen[0].encode().decode("unicode_escape") or "新任务" in _Hook.seen[0]


async def test_what_it_refuses_is_no_delivery_and_the_address_stays_secret(hook: int) -> None:
    with pytest.raises(DeliveryError) as caught:
        await AppriseChannel(CHANNELS).send(f"json://user:secret@127.0.0.1:{hook}/refuses", "t", "b")
    assert "secret" not in str(caught.value)


async def test_who_does_not_answer_in_time_has_failed(hook: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "TIMEOUT_S", 0.0)
    with pytest.raises(DeliveryError, match="did not answer"):
        await AppriseChannel(CHANNELS).send(f"json://127.0.0.1:{hook}/takes", "t", "b")


def test_an_address_that_nobody_knows_is_refused_without_being_repeated() -> None:
    assert AppriseChannel(["json"]).name_of("JSON://127.0.0.1/x") == "json"
    with pytest.raises(InvalidError, match=r"json is no channel of this site.*contacts\.channels"):
        AppriseChannel(CHANNELS).name_of("json://127.0.0.1/x")
    with pytest.raises(InvalidError) as caught:
        AppriseChannel(CHANNELS).name_of("nonsense://secret")
    assert "secret" not in str(caught.value)


async def test_channels_that_cannot_be_reached_hold_up_nothing_else() -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        channel, port = AppriseChannel(CHANNELS), silent.getsockname()[1]
        sending = [asyncio.create_task(channel.send(f"json://127.0.0.1:{port}/x", "t", "b")) for _ in range(10)]
        await asyncio.sleep(0.1)
        # What writes evidence and checks passwords.
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "done"), 2) == "done"
    for each in sending:
        each.cancel()
    await asyncio.gather(*sending, return_exceptions=True)
