"""How many readers of the API are answered at once, and who waits."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from lookout_server.api.middleware import Turns

pytestmark = pytest.mark.anyio


class Desk:
    """An application that answers whom the test tells it to."""

    def __init__(self, *, at_once: int = 2, turn_s: float = 3600.0) -> None:
        self.begun: list[str] = []
        self._another = asyncio.Event()
        self._answers: dict[str, asyncio.Future[list[Message]]] = {}
        self._turns = Turns(self._app, at_once=at_once, turn_s=turn_s)

    def asks(self, path: str, method: str = "GET") -> asyncio.Task[None]:
        """A request, sent now."""
        scope: Scope = {"type": "http", "method": method, "path": path}
        return asyncio.create_task(self._turns(scope, self._receive, self._send))

    def answer(self, path: str, *kinds: str) -> None:
        """With these messages, and go on as long as they are not all there are."""
        self._answers.setdefault(path, asyncio.get_running_loop().create_future()).set_result(
            [{"type": f"http.response.{kind}", "more_body": True} for kind in kinds]
        )

    async def until_begun(self, count: int) -> None:
        """So many are being answered, or were."""
        async with asyncio.timeout(20):
            while len(self.begun) < count:
                self._another.clear()
                await self._another.wait()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope["path"])
        self.begun.append(path)
        self._another.set()
        for message in await self._answers.setdefault(path, asyncio.get_running_loop().create_future()):
            await send(message)
        if path.startswith("/api/stream"):
            await asyncio.get_running_loop().create_future()

    async def _receive(self) -> Message:
        raise AssertionError("nobody reads a body here")

    async def _send(self, message: Message) -> None:
        assert message["type"].startswith("http.response.")


async def _passes(times: int = 20) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def test_readers_come_in_their_order_and_two_at_a_time() -> None:
    desk = Desk()
    asked = [desk.asks(f"/api/{n}") for n in range(5)]
    await _passes()
    assert desk.begun == ["/api/0", "/api/1"]
    desk.answer("/api/1", "start", "body")
    await desk.until_begun(3)
    desk.answer("/api/0", "start", "body")
    await desk.until_begun(4)
    await _passes()
    assert desk.begun == ["/api/0", "/api/1", "/api/2", "/api/3"]
    for n in (2, 3, 4):
        desk.answer(f"/api/{n}", "start", "body")
    await asyncio.gather(*asked)


async def test_who_writes_and_who_fetches_a_page_does_not_wait() -> None:
    desk = Desk(at_once=1)
    asked = [desk.asks("/api/a"), desk.asks("/api/b"), desk.asks("/api/c", "POST"), desk.asks("/wall")]
    await _passes()
    assert desk.begun == ["/api/a", "/api/c", "/wall"]
    for path in ("/api/a", "/api/b", "/api/c", "/wall"):
        desk.answer(path, "start", "body")
    await asyncio.gather(*asked)


async def test_a_stream_lets_the_next_one_begin_with_its_first_piece_and_ends_its_turn_once() -> None:
    desk = Desk(at_once=1)
    stream = desk.asks("/api/stream")
    others = [desk.asks(f"/api/{n}") for n in range(3)]
    await _passes()
    assert desk.begun == ["/api/stream"]
    desk.answer("/api/stream", "start", "body", "body", "body")
    await desk.until_begun(2)
    stream.cancel()
    await _passes()
    assert desk.begun == ["/api/stream", "/api/0"]
    for n in range(3):
        desk.answer(f"/api/{n}", "start", "body")
    await asyncio.gather(*others)


async def test_who_waits_for_something_else_does_not_keep_the_others_waiting() -> None:
    desk = Desk(at_once=1, turn_s=0.01)
    asked = [desk.asks("/api/slow"), desk.asks("/api/next")]
    await desk.until_begun(2)
    assert desk.begun == ["/api/slow", "/api/next"]
    for path in ("/api/slow", "/api/next"):
        desk.answer(path, "start", "body")
    await asyncio.gather(*asked)


@pytest.mark.parametrize("begun", [True, False])
async def test_who_leaves_takes_no_turn_along(begun: bool) -> None:
    desk = Desk(at_once=1)
    first, second, third = (desk.asks(f"/api/{n}") for n in range(3))
    await _passes()
    gone = first if begun else second
    gone.cancel()
    await _passes()
    assert gone.cancelled()
    staying = [task for task in (first, second, third) if task is not gone]
    for path in ("/api/1" if begun else "/api/0", "/api/2"):
        desk.answer(path, "start", "body")
    await asyncio.gather(*staying)
    assert desk.begun == (["/api/0", "/api/1", "/api/2"] if begun else ["/api/0", "/api/2"])
