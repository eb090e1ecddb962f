"""The feed: every client gets every line once, in order, however often it comes and goes."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import cast

import pytest

from lookout_contract.events import Scenario
from lookout_server.adapters.database import Database
from lookout_server.adapters.feed import FeedHub
from lookout_server.api.models.feed import LineBook
from lookout_server.domain.access import access_of
from lookout_server.domain.territory import Person, Role
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services.feed import FeedEndedError, FeedItem, FeedSubscription, is_for, read_feed
from lookout_server.services.views import AlarmView, CameraView, CaseView
from lookout_server.testing import SmallGateway, Station, person

pytestmark = pytest.mark.anyio

#: Long enough that only a broken feed runs into it.
PATIENCE_S = 20.0


async def _next(subscription: FeedSubscription) -> int:
    item = await subscription.next(PATIENCE_S)
    assert item is not None
    return item.entry.seq


async def _head(station: Station) -> int:
    async with station.store.read() as uow:
        return await uow.feed.head()


async def test_a_new_client_starts_at_now(station: Station) -> None:
    gateway = SmallGateway()
    await station.intake.take([gateway.sends("o-1")])
    head = await _head(station)
    async with station.feed.subscribe(head) as subscription:
        await station.intake.take([gateway.sends("o-2")])
        assert await _next(subscription) == head + 1


async def test_what_comes_while_the_first_client_joins_is_told_at_once(station: Station) -> None:
    gateway, joining = SmallGateway(), iter(range(2))

    async def report() -> None:
        if next(joining, None) is not None:
            await station.intake.take([gateway.sends("o-1")])
            hub.wake()

    hub = FeedHub(cast(Store, _Between(station.store, report)), poll_s=10 * PATIENCE_S)
    running = asyncio.create_task(hub.run())
    head = await _head(station)
    async with hub.subscribe(head) as subscription:
        assert await _head(station) > head
        while await _next(subscription) < await _head(station):
            pass
    assert next(joining, None) is None
    hub.close()
    await running


async def test_who_comes_back_while_the_last_client_is_still_told_hears_nothing_twice(station: Station) -> None:
    gateway, told, back = SmallGateway(), asyncio.Event(), asyncio.Event()
    came: list[FeedSubscription] = []

    async def come_back() -> None:
        if told.is_set():
            told.clear()
            await leave.aclose()
            await station.intake.take([gateway.sends("o-2")])
            hub.wake()
            came.append(await stay.enter_async_context(hub.subscribe(start)))
            back.set()

    hub = FeedHub(cast(Store, _Between(station.store, come_back)), poll_s=10 * PATIENCE_S)
    running = asyncio.create_task(hub.run())
    start = await _head(station)
    async with AsyncExitStack() as stay, AsyncExitStack() as leave:
        first = await leave.enter_async_context(hub.subscribe(None))
        assert await first.next(0.05) is None
        await station.intake.take([gateway.sends("o-1")])
        told.set()
        hub.wake()
        await asyncio.wait_for(back.wait(), PATIENCE_S)
        await station.intake.take([gateway.sends("o-3")])
        hub.wake()
        head = await _head(station)
        assert [await _next(came[0]) for _ in range(head - start)] == list(range(start + 1, head + 1))
    hub.close()
    await running


class _Between:
    """A store in which something happens after each reading."""

    def __init__(self, store: Store, then: Callable[[], Awaitable[None]]) -> None:
        self._store, self._then = store, then

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[UnitOfWork]:
        async with self._store.read() as uow:
            yield uow
        await self._then()


async def test_lines_carry_what_they_are_about(station: Station) -> None:
    async with station.feed.subscribe(0) as subscription:
        await station.intake.take([SmallGateway(camera="attic").sends("o-1")])
        bodies = {type(item.body) for _ in range(await _head(station)) if (item := await subscription.next(PATIENCE_S))}
    assert {AlarmView, CameraView} <= bodies


async def test_coming_and_going_neither_loses_nor_doubles(station: Station) -> None:
    gateway = SmallGateway()
    before = await _head(station)

    async def report() -> None:
        for n in range(30):
            await station.intake.take([gateway.sends(f"o-{n}")])

    async def listen(stay: int) -> list[int]:
        seen = [before]
        while True:
            async with station.feed.subscribe(seen[-1]) as subscription:
                for _ in range(stay):
                    seen.append(await _next(subscription))
                    if writing.done() and seen[-1] == await _head(station):
                        return seen[1:]

    writing = asyncio.create_task(report())
    heard = await asyncio.gather(listen(1), listen(3), listen(1000))
    last = await _head(station)
    for seen in heard:
        assert seen == list(range(before + 1, last + 1))


async def test_a_number_from_the_future_starts_at_now(station: Station) -> None:
    async with station.feed.subscribe(10**9) as subscription:
        assert subscription.seq == await _head(station)


async def test_nothing_in_time_is_none(station: Station) -> None:
    async with station.feed.subscribe(await _head(station)) as subscription:
        assert await subscription.next(0.01) is None


async def test_closing_sends_everybody_away(station: Station) -> None:
    hub = FeedHub(station.store)
    async with hub.subscribe(None) as subscription:
        hub.close()
        with pytest.raises(FeedEndedError, match="come back"):
            await subscription.next(PATIENCE_S)
    with pytest.raises(FeedEndedError):
        async with hub.subscribe(None):
            pass


async def test_a_slow_client_is_sent_away_and_resumes(station: Station) -> None:
    gateway = SmallGateway()
    hub = FeedHub(station.store, backlog=5)
    running = asyncio.create_task(hub.run())
    head = await _head(station)
    async with hub.subscribe(head) as slow:
        for n in range(10):
            await station.intake.take([gateway.sends(f"o-{n}")])
        hub.wake()
        async with station.feed.subscribe(head) as quick:
            while await _next(quick) < await _head(station):
                pass
        with pytest.raises(FeedEndedError):
            await slow.next(PATIENCE_S)
    seen: list[int] = []
    async with hub.subscribe(slow.seq) as resumed:
        while not seen or seen[-1] < await _head(station):
            seen.append(await _next(resumed))
    assert seen == list(range(head + 1, seen[-1] + 1))
    hub.close()
    await running


async def test_commits_that_follow_each_other_closely_are_told_in_one_piece(station: Station) -> None:
    gateway = SmallGateway()
    hub = FeedHub(station.store, poll_s=PATIENCE_S, together_s=0.3, quiet_s=0.15)
    running = asyncio.create_task(hub.run())
    pieces: list[list[int]] = []

    def push(items: Sequence[FeedItem]) -> bool:
        pieces.append([item.entry.seq for item in items])
        return True

    async with hub.subscribe(None) as subscription:
        subscription.push_to(push)
        # A machine that is busy may take longer than that over two commits, but not every time.
        for turn in range(20):
            before = await _head(station)
            for half in ("a", "b"):
                await station.intake.take([gateway.sends(f"o-{turn}-{half}")])
                hub.wake()
            last = await _head(station)
            async with asyncio.timeout(PATIENCE_S):
                while subscription.seq < last:  # noqa: ASYNC110 - what is pushed wakes nobody
                    await asyncio.sleep(0.01)
            if list(range(before + 1, last + 1)) in pieces:
                break
        else:
            pytest.fail(f"each commit was told by itself: {pieces}")
    hub.close()
    await running
    told = [seq for piece in pieces for seq in piece]
    assert told == list(range(told[0], told[-1] + 1))


async def test_what_is_being_written_is_waited_for_and_told_in_the_same_piece(station: Station) -> None:
    gateway, asked, pieces = SmallGateway(), asyncio.Event(), list[int]()
    writing = True

    def more_comes() -> bool:
        asked.set()
        return writing

    def push(items: Sequence[FeedItem]) -> bool:
        pieces.append(len({item.entry.subject for item in items}))
        return True

    hub = FeedHub(station.store, more_comes=more_comes, poll_s=PATIENCE_S, together_s=PATIENCE_S, quiet_s=0.001)
    running = asyncio.create_task(hub.run())
    # The gateway and its camera are new only once.
    await station.intake.take([gateway.sends("o-0")])
    async with hub.subscribe(None) as subscription:
        subscription.push_to(push)
        await station.intake.take([gateway.sends("o-1")])
        hub.wake()
        await asyncio.wait_for(asked.wait(), PATIENCE_S)
        assert pieces == []
        await station.intake.take([gateway.sends("o-2")])
        hub.wake()
        writing = False
        last = await _head(station)
        async with asyncio.timeout(PATIENCE_S):
            while subscription.seq < last:  # noqa: ASYNC110 - what is pushed wakes nobody
                await asyncio.sleep(0.001)
    assert pieces == [2]
    hub.close()
    await running


async def test_a_transaction_that_takes_long_does_not_keep_the_others_from_being_told(station: Station) -> None:
    hub = FeedHub(station.store, more_comes=lambda: True, poll_s=PATIENCE_S, together_s=0.02)
    running = asyncio.create_task(hub.run())
    async with hub.subscribe(None) as subscription:
        await station.intake.take([SmallGateway().sends("o-1")])
        hub.wake()
        assert await _next(subscription)
    hub.close()
    await running


async def test_the_database_says_whether_something_is_being_written() -> None:
    database = Database("sqlite://")
    async with database.read():
        assert not database.is_writing
    async with database.write():
        assert database.is_writing
    assert not database.is_writing
    with pytest.raises(LookupError):
        async with database.write():
            raise LookupError
    assert not database.is_writing
    await database.close()


async def test_commits_of_other_processes_are_found(station: Station) -> None:
    hub = FeedHub(station.store, poll_s=0.01)
    running = asyncio.create_task(hub.run())
    async with hub.subscribe(None) as subscription:
        await station.intake.take([SmallGateway().sends("o-1")])
        assert await _next(subscription)
    hub.close()
    await running


async def test_what_is_the_same_for_all_is_written_once_and_what_a_case_offers_for_each(station: Station) -> None:
    await station.intake.take([SmallGateway(scenario=Scenario.FIRE_SMOKE).sends("o-1", stage="confirmed")])
    items = await read_feed(station.store, 0, 100)
    alarm = next(item for item in items if isinstance(item.body, AlarmView))
    case = next(item for item in items if isinstance(item.body, CaseView))
    operator, worker = person("li", Role.OPERATOR), person("wang", Role.WORKER)
    book = LineBook(most=3)

    def allowed(who: Person) -> list[str]:
        return json.loads(book.message(case, who).split(b"data: ")[1])["case"]["allowed"]

    assert book.message(alarm, operator) is book.message(alarm, worker)
    assert book.message(case, operator) is book.message(case, operator)
    assert allowed(operator) != allowed(worker)
    first = book.message(alarm, operator)
    for item in items:
        book.message(item, person("zhao", Role.WORKER))
    again = book.message(alarm, operator)
    assert (again, len(items) > 3) == (first, True)
    assert again is not first


async def test_a_piece_that_many_hear_holds_for_each_what_is_theirs(station: Station) -> None:
    await station.intake.take([SmallGateway(scenario=Scenario.FIRE_SMOKE).sends("o-1", stage="confirmed")])
    await station.intake.take([SmallGateway("care", scenario=Scenario.CARE).sends("o-2")])
    items = await read_feed(station.store, 0, 100)
    async with station.store.read() as uow:
        territories = await uow.territory.territories()
    people = [
        person("a person", *roles, grids=grids)
        for roles in ((Role.OPERATOR,), (Role.OPERATOR, Role.CARE), (Role.SUPERVISOR,), (Role.WORKER,))
        for grids in (frozenset[str](), frozenset({"grid-07"}), frozenset({"grid-08"}))
    ]
    book = LineBook()
    kinds = [[item for item in items if not isinstance(item.body, CaseView)], items]
    for some in kinds:
        different: set[bytes] = set()
        for who in people:
            access = access_of(who, territories)
            alone = b"".join(LineBook().message(item, who) for item in some if is_for(access, item))
            assert book.piece(some, access) == alone
            different.add(alone)
        assert len(different) > 2
