"""Reads new lines once and hands them to every client; who cannot keep up is sent away to resume."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

import structlog

from lookout_server.errors import StoreError
from lookout_server.ports import Store
from lookout_server.services.feed import FeedEndedError, FeedItem, read_feed

_log = structlog.stdlib.get_logger(__name__)

#: What is committed so soon after something else is told together with it, seconds: cameras that see one thing, and the
#: case that follows from it, come in several transactions, and each telling is a write to every client.
_TOGETHER_S = 0.02
#: Earlier once no transaction is under way and none has ended for so long, seconds.
_QUIET_S = 0.002
#: Lines read at once.
_PAGE = 200
#: Clients that are told before others get their turn.
_AT_ONCE = 100
#: Lines that may wait for a client before it has to come back.
_BACKLOG = 500
_COME_BACK = "you fell behind, or the dispatcher stops: come back with the last number you have"


class Subscription:
    """One client's queue. It first catches up from the database, then lives from the queue."""

    def __init__(self, store: Store, *, after: int, head: int, backlog: int) -> None:
        self._store = store
        self._start = self._seq = after
        self._catch_up_to = head
        self._caught: list[FeedItem] = []
        self._live: deque[FeedItem] = deque()
        self._backlog = backlog
        self._push: Callable[[Sequence[FeedItem]], bool] | None = None
        self._woken: asyncio.Future[None] | None = None
        self._ended = False

    @property
    def seq(self) -> int:
        """The last number that the client is up to."""
        return self._seq

    async def next(self, timeout_s: float) -> FeedItem | None:
        """The next line in order, or None after ``timeout_s`` without one."""
        if self._ended:
            raise FeedEndedError(_COME_BACK)
        item = await self._from_the_past() if self._seq < self._catch_up_to or self._caught else None
        if item is None:
            if not self._live:
                await self._wait(timeout_s)
            item = self._live.popleft() if self._live else None
        if item is not None:
            self._seq = item.entry.seq
        elif self._ended:
            raise FeedEndedError(_COME_BACK)
        return item

    def push_to(self, push: Callable[[Sequence[FeedItem]], bool]) -> None:
        """See ``FeedSubscription``."""
        self._push = push

    def offer(self, items: Sequence[FeedItem]) -> None:
        """New lines, at least one; a full queue ends the subscription. What the client has is not told again."""
        if items[0].entry.seq <= self._start:
            items = [item for item in items if item.entry.seq > self._start]
        if self._ended or not items:
            return
        in_step = not self._live and not self._caught and self._seq >= self._catch_up_to
        if in_step and self._push is not None and self._push(items):
            self._seq = items[-1].entry.seq
        elif len(self._live) + len(items) > self._backlog:
            self.end()
        else:
            self._live += items
            self._wake()

    def end(self) -> None:
        """Send the client away."""
        self._ended = True
        self._live.clear()
        self._wake()

    async def _from_the_past(self) -> FeedItem | None:
        if not self._caught and self._seq < self._catch_up_to:
            page = await read_feed(self._store, self._seq, _PAGE)
            self._caught = [item for item in page if item.entry.seq <= self._catch_up_to]
        return self._caught.pop(0) if self._caught else None

    async def _wait(self, timeout_s: float) -> None:
        """For a line, the end, or the time. A future and a timer: with a thousand clients, a queue's get costs more."""
        if timeout_s <= 0:
            return
        loop = asyncio.get_running_loop()
        self._woken = loop.create_future()
        timer = loop.call_later(timeout_s, self._wake)
        try:
            await self._woken
        finally:
            timer.cancel()
            self._woken = None

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)


class FeedHub:
    """Implements services.feed.FeedSource. ``run`` must be running; ``wake`` is called after every commit.

    Other processes commit too (verbs of the command line, replicas), so it also looks every ``poll_s`` seconds.
    What is committed within ``together_s`` seconds is told in one piece, and earlier once nothing was committed for
    ``quiet_s`` seconds and ``more_comes``, asked as often, says no.
    """

    def __init__(
        self,
        store: Store,
        *,
        more_comes: Callable[[], bool] = lambda: False,
        poll_s: float = 1.0,
        backlog: int = _BACKLOG,
        together_s: float = _TOGETHER_S,
        quiet_s: float = _QUIET_S,
    ) -> None:
        self._store = store
        self._poll_s = poll_s
        self._backlog = backlog
        self._together_s = together_s
        self._quiet_s = quiet_s
        self._more_comes = more_comes
        self._head: int | None = None
        self._woken = asyncio.Event()
        self._clients: set[Subscription] = set()
        self._closed = False

    def wake(self) -> None:
        """There may be something new. From the event loop's own thread."""
        if self._clients:
            self._woken.set()
        else:
            # As ``_hand_out`` has it, which the intake would wait for after every batch.
            self._head = None

    def close(self) -> None:
        """End all subscriptions and the loop."""
        self._closed = True
        self._woken.set()
        for client in list(self._clients):
            client.end()

    async def run(self) -> None:
        """Hand out new lines until closed. A database that is away is asked again; the clients see no heartbeat gap."""
        while not self._closed:
            try:
                await self._hand_out()
            except StoreError as error:
                _log.warning("feed cannot be read", error=str(error))
            await self._woken_within(self._poll_s)

    @asynccontextmanager
    async def subscribe(self, after: int | None) -> AsyncGenerator[Subscription]:
        """A client from the line after ``after`` on. A number from the future starts at now."""
        if self._closed:
            raise FeedEndedError("the dispatcher stops: come back in a moment")
        committed = await self._committed_head()
        start = committed if after is None else min(after, committed)
        # From here to the registration nothing awaits: what is below the hub's head is caught up, the rest is offered.
        client = Subscription(self._store, after=start, head=await self._known_head(), backlog=self._backlog)
        self._clients.add(client)
        if len(self._clients) == 1:
            # What was committed since its first look woke nobody.
            self._woken.set()
        try:
            yield client
        finally:
            self._clients.discard(client)

    async def _hand_out(self) -> None:
        if not self._clients:
            # Nobody to tell, so nothing is read, which with every batch of events would be a third of its cost. Whoever
            # comes next reads where the feed stands, and is told from there.
            self._head = None
            return
        head = await self._known_head()
        until = asyncio.get_running_loop().time() + self._together_s
        while True:
            items = await self._gathered(head, until)
            if self._head != head:
                # All had left when the next was committed: who has come since counts from elsewhere.
                self._woken.set()
                return
            if items:
                # Together with the list of who is told: a client that joins in between reads them from the past.
                head = self._head = items[-1].entry.seq
                await self._tell(list(self._clients), items)
            if len(items) < _PAGE:
                return

    async def _gathered(self, head: int, until: float) -> list[FeedItem]:
        """The lines above ``head``, with those that come until then: what is there is read while others may come."""
        items = await read_feed(self._store, head, _PAGE)
        if 0 < len(items) < _PAGE:
            more, clock = self._woken.is_set(), asyncio.get_running_loop().time
            self._woken.clear()
            while (left := until - clock()) > 0:
                if await self._woken_within(min(left, self._quiet_s)):
                    more = True
                elif not self._woken.is_set() and not self._more_comes():
                    break
            if more:
                items += await read_feed(self._store, items[-1].entry.seq, _PAGE - len(items))
        return items

    async def _tell(self, clients: Sequence[Subscription], items: Sequence[FeedItem]) -> None:
        for place, client in enumerate(clients, 1):
            if client in self._clients:
                client.offer(items)
            if place % _AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _known_head(self) -> int:
        if self._head is None:
            head = await self._committed_head()
            # Another task may have been faster; its number is the one that the offers count from.
            if self._head is None:
                self._head = head
        return self._head

    async def _committed_head(self) -> int:
        async with self._store.read() as uow:
            return await uow.feed.head()

    async def _woken_within(self, seconds: float) -> bool:
        try:
            # Not wait_for, which before Python 3.12 swallows a cancellation that comes together with the waking.
            async with asyncio.timeout(max(seconds, 0.0)):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True
