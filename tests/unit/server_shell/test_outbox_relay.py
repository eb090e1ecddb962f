"""The relay forgets a message when the broker has it, or when its time is over, and not before."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

from structlog.testing import capture_logs

from lookout_server.adapters.mqtt.outbox import OutboxRelay, report_silence
from lookout_server.errors import BrokerError
from lookout_server.ports import AnswerTo, OutboxMessage, SentCommand, Store, UnitOfWork

NOW = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)


class FixedClock:
    def now(self) -> datetime:
        return NOW


class FakeOutbox:
    """The outbox and, since nothing else of them is used, unit of work and store in one."""

    def __init__(self, messages: Sequence[OutboxMessage]) -> None:
        self.waiting = list(messages)
        self.failures: dict[int, str] = {}
        self.commits = 0
        self.is_alone = True

    @property
    def outbox(self) -> "FakeOutbox":
        return self

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[UnitOfWork]:
        yield cast(UnitOfWork, self)

    read = write = transaction

    @asynccontextmanager
    async def alone(self, work: str) -> AsyncGenerator[bool]:
        yield self.is_alone

    async def pending(self, limit: int) -> Sequence[OutboxMessage]:
        return self.waiting[:limit]

    async def sent(self, ids: Collection[int]) -> None:
        self.waiting = [message for message in self.waiting if message.id not in ids]

    async def failed(self, message_id: int, error: str) -> None:
        self.failures[message_id] = error

    async def commit(self) -> None:
        self.commits += 1


class FakeLink:
    def __init__(self, *, refuse: Collection[str] = ()) -> None:
        self.connected = True
        self.refuse = refuse
        self.published: list[tuple[str, bytes, bool]] = []

    async def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expires_in_s: float | None = None,
        answer: AnswerTo | None = None,
    ) -> None:
        if topic in self.refuse:
            raise BrokerError("not acknowledged")
        self.published.append((topic, payload, retain))


def message(number: int, *, topic: str | None = None, expires_at: datetime | None = None) -> OutboxMessage:
    return OutboxMessage(
        id=number,
        topic=topic or f"t/{number}",
        payload=b"p",
        retain=number % 2 == 0,
        expires_at=expires_at,
        attempts=0,
    )


def relay(box: FakeOutbox, link: FakeLink) -> OutboxRelay:
    return OutboxRelay(cast(Store, box), link, clock=FixedClock())


def test_messages_go_out_in_order_and_are_forgotten_when_the_broker_has_them() -> None:
    box, link = FakeOutbox([message(number) for number in (1, 2, 3)]), FakeLink()
    assert asyncio.run(relay(box, link).relay_once()) is True
    assert link.published == [("t/1", b"p", False), ("t/2", b"p", True), ("t/3", b"p", False)]
    assert box.waiting == []
    assert box.commits == 1


def test_what_the_broker_did_not_acknowledge_stays_with_the_reason() -> None:
    box, link = FakeOutbox([message(1), message(2, topic="bad"), message(3)]), FakeLink(refuse=["bad"])
    asyncio.run(relay(box, link).relay_once())
    assert [each.id for each in box.waiting] == [2]
    assert box.failures == {2: "not acknowledged"}


def test_a_command_whose_time_is_over_is_dropped_and_one_in_time_is_sent() -> None:
    late, timely = message(1, expires_at=NOW - timedelta(seconds=1)), message(2, expires_at=NOW + timedelta(seconds=1))
    box, link = FakeOutbox([late, timely]), FakeLink()
    asyncio.run(relay(box, link).relay_once())
    assert [topic for topic, _, _ in link.published] == ["t/2"]
    assert box.waiting == []


def test_without_a_broker_everything_waits_and_goes_out_when_it_is_back() -> None:
    box, link = FakeOutbox([message(1)]), FakeLink()
    link.connected = False

    async def drive() -> None:
        running = relay(box, link)
        task = asyncio.create_task(running.run())
        await asyncio.sleep(0)
        assert (link.published, box.failures) == ([], {})
        link.connected = True
        running.wake()
        async with asyncio.timeout(30):
            while box.waiting:
                await asyncio.to_thread(lambda: None)
        task.cancel()

    asyncio.run(drive())
    assert [topic for topic, _, _ in link.published] == ["t/1"]


def test_more_than_a_batch_is_relayed_without_waiting_between() -> None:
    box, link = FakeOutbox([message(number) for number in range(250)]), FakeLink()
    rounds = 0

    async def drive() -> int:
        nonlocal rounds
        running = relay(box, link)
        while await running.relay_once():
            rounds += 1
        return rounds

    assert asyncio.run(drive()) == 3
    assert len(link.published) == 250


class SilentGateways:
    """A store in which one command has run out of time."""

    def __init__(self, asked: asyncio.Event) -> None:
        self.asked = asked
        self.times = 0

    @property
    def gateways(self) -> "SilentGateways":
        return self

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[UnitOfWork]:
        yield cast(UnitOfWork, self)

    async def silent(self, since: datetime, until: datetime) -> Sequence[SentCommand]:
        self.times += 1
        if self.times == 3:
            self.asked.set()
        expires_at = NOW + timedelta(minutes=1)
        command = SentCommand(
            id="c-1",
            gateway="gw-a",
            name="snapshot",
            issued_at=NOW,
            expires_at=expires_at,
            case_id=None,
            outcome=None,
            answered_at=None,
            detail=None,
        )
        return [command] if since <= expires_at < until else []


class MinuteClock:
    """A minute goes by between two looks."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        self.at += timedelta(minutes=1)
        return self.at


def test_a_command_without_an_answer_is_told_once() -> None:
    async def drive() -> None:
        asked = asyncio.Event()
        task = asyncio.create_task(report_silence(cast(Store, SilentGateways(asked)), clock=MinuteClock(), every_s=0))
        await asked.wait()
        task.cancel()

    with capture_logs() as logs:
        asyncio.run(drive())
    assert [(line["gateway"], line["command"]) for line in logs] == [("gw-a", "snapshot")]


def test_while_another_replica_relays_nothing_is_published_here() -> None:
    box, link = FakeOutbox([message(1)]), FakeLink()
    box.is_alone = False
    assert asyncio.run(relay(box, link).relay_once()) is False
    assert link.published == []
    assert [each.id for each in box.waiting] == [1]
