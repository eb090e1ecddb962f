"""The intake loop: commit, then receipt, then acknowledgement; one bad message stops nobody else."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lookout_contract.delivery import Receipt, Rejection
from lookout_server.adapters.mqtt.intake import MAX_BATCH, IntakeLoop
from lookout_server.adapters.mqtt.link import Delivery
from lookout_server.adapters.mqtt.replay import ReplayPlanner
from lookout_server.errors import StoreError
from lookout_server.ports import Gap, Incoming
from lookout_server.services.intake import IntakeResult
from lookout_server.services.reading import Read, read_message

NOW = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)
RECEIPT = "lookout/v1/home/gateway/{}/receipt"


class FixedClock:
    def now(self) -> datetime:
        return NOW


@dataclass
class Journal:
    """What happened, in order."""

    lines: list[str] = field(default_factory=list[str])
    receipts: dict[str, Receipt] = field(default_factory=dict[str, Receipt])
    read_before: list[bool] = field(default_factory=list[bool])


class FakeLink:
    def __init__(self, journal: Journal) -> None:
        self.inbox: asyncio.Queue[Delivery] = asyncio.Queue()
        self.journal = journal

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        mids = ",".join(str(delivery.mid) for delivery in deliveries)
        self.journal.lines.append(f"ack {mids}")

    def publish_soon(self, topic: str, payload: bytes) -> None:
        self.journal.lines.append("receipt")
        self.journal.receipts[topic] = Receipt.model_validate_json(payload)


class FakeIntake:
    """``fail`` may raise for a batch; what passes is committed and receipted up to its highest number."""

    def __init__(self, journal: Journal, fail: Callable[[Sequence[str]], None]) -> None:
        self.journal = journal
        self.fail = fail
        self.gaps: tuple[Gap, ...] = ()
        self.refusing: Callable[[], None] = lambda: None

    async def take(self, batch: Sequence[Incoming | Read]) -> IntakeResult:
        self.journal.read_before += [not isinstance(each, Incoming) for each in batch]
        messages = [each if isinstance(each, Incoming) else each.message for each in batch]
        numbers = [message.payload.decode() for message in messages]
        self.fail(numbers)
        self.journal.lines.append(f"commit {','.join(numbers)}")
        return self.result(Receipt(epoch="e1", upto=int(numbers[-1])), stored=len(batch))

    async def refuse(self, message: Incoming, reason: str) -> IntakeResult:
        self.refusing()
        number = int(message.payload)
        self.journal.lines.append(f"refuse {number}")
        rejected = (Rejection(seq=number, reason=reason),)
        return self.result(Receipt(epoch="e1", upto=number, rejected=rejected), refused=1)

    def result(self, receipt: Receipt, *, stored: int = 0, refused: int = 0) -> IntakeResult:
        return IntakeResult(receipts=(("gw-a", receipt),), gaps=self.gaps, stored=stored, duplicates=0, refused=refused)


class SlowIntake(FakeIntake):
    """Takes until ``committing`` is set."""

    def __init__(self, journal: Journal, fail: Callable[[Sequence[str]], None]) -> None:
        super().__init__(journal, fail)
        self.committing = asyncio.Event()

    async def take(self, batch: Sequence[Incoming | Read]) -> IntakeResult:
        await self.committing.wait()
        return await super().take(batch)


def run(
    fail: Callable[[Sequence[str]], None], *, count: int = 3, until: str, read: int = 0, **changes: object
) -> Journal:
    """Deliver ``count`` messages at once, the first ``read`` of them read, and run the loop until a line that starts
    with ``until`` was written."""
    journal = Journal()

    async def drive() -> None:
        link, intake = FakeLink(journal), FakeIntake(journal, fail)
        for name, value in changes.items():
            setattr(intake, name, value)
        for number in range(1, count + 1):
            message = Incoming(topic="t", payload=str(number).encode(), received_at=NOW)
            said = read_message(message, "home") if number <= read else None
            link.inbox.put_nowait(Delivery(message=message, qos=1, mid=number, connection=1, read=said))
        loop = IntakeLoop(link, intake, site="home", clock=FixedClock(), planner=ReplayPlanner())
        loop.retry_first_s = 0.001
        running = asyncio.create_task(loop.run())
        async with asyncio.timeout(30):
            while not any(line.startswith(until) for line in journal.lines):
                await asyncio.to_thread(lambda: None)
        running.cancel()

    asyncio.run(drive())
    return journal


def never(_numbers: Sequence[str]) -> None:
    return


def test_what_waits_is_one_commit_then_one_receipt_then_the_acknowledgements() -> None:
    journal = run(never, until="ack")
    assert journal.lines == ["commit 1,2,3", "receipt", "ack 1,2,3"]
    assert journal.receipts[RECEIPT.format("gw-a")].upto == 3


def test_a_database_that_refuses_is_a_problem_until_it_takes_what_waits() -> None:
    attempts, stuck = 0, list[tuple[float, str | None]]()

    async def drive() -> None:
        nonlocal attempts
        journal = Journal()
        link = FakeLink(journal)

        def fail(_numbers: Sequence[str]) -> None:
            nonlocal attempts
            attempts += 1
            if attempts == 1:
                raise StoreError("locked")

        loop = IntakeLoop(link, FakeIntake(journal, fail), site="home", clock=FixedClock(), planner=ReplayPlanner())
        loop.retry_first_s, loop.stuck_after_s = 0.05, 0.01
        assert (loop.stuck_s, await loop.problem()) == (0.0, None)
        message = Incoming(topic="t", payload=b"1", received_at=NOW)
        link.inbox.put_nowait(Delivery(message=message, qos=1, mid=1, connection=1))
        running = asyncio.create_task(loop.run())
        await asyncio.sleep(0.03)
        stuck.append((loop.stuck_s, await loop.problem()))
        async with asyncio.timeout(30):
            while "ack 1" not in journal.lines:
                await asyncio.to_thread(lambda: None)
        stuck.append((loop.stuck_s, await loop.problem()))
        running.cancel()

    asyncio.run(drive())
    (seconds, said), after = stuck
    assert seconds > 0
    assert said is not None
    assert "has stored no event" in said
    assert after == (0.0, None)


def test_a_database_that_refuses_is_tried_again_and_nothing_is_acknowledged_before() -> None:
    attempts: list[int] = []

    def fail(_numbers: Sequence[str]) -> None:
        attempts.append(1)
        if len(attempts) < 4:
            raise StoreError("down")

    journal = run(fail, until="ack")
    assert journal.lines == ["commit 1,2,3", "receipt", "ack 1,2,3"]
    assert len(attempts) == 4


def test_a_poisoned_message_is_refused_alone() -> None:
    def fail(numbers: Sequence[str]) -> None:
        if "2" in numbers:
            raise KeyError("poison")

    journal = run(fail, until="ack")
    assert journal.lines == ["commit 1", "refuse 2", "commit 3", "receipt", "ack 1,2,3"]
    receipt = journal.receipts[RECEIPT.format("gw-a")]
    assert receipt.upto == 3
    assert [rejection.seq for rejection in receipt.rejected] == [2]
    assert "KeyError" in receipt.rejected[0].reason


def test_what_not_even_the_quarantine_takes_stays_with_the_broker() -> None:
    def fail(numbers: Sequence[str]) -> None:
        if "2" in numbers:
            raise KeyError("poison")

    def refusing() -> None:
        raise ValueError("no")

    journal = run(fail, until="ack", refusing=refusing)
    assert journal.lines == ["commit 1", "commit 3", "receipt", "ack 1,3"]


def test_a_database_outage_in_the_middle_of_poison_does_not_make_good_messages_bad() -> None:
    down: list[int] = []

    def fail(numbers: Sequence[str]) -> None:
        if "2" in numbers:
            raise KeyError("poison")
        if numbers == ["3"] and len(down) < 2:
            down.append(1)
            raise StoreError("down")

    journal = run(fail, until="ack")
    assert journal.lines == ["commit 1", "refuse 2", "commit 3", "receipt", "ack 1,2,3"]
    assert len(down) == 2


def test_a_batch_is_bounded() -> None:
    journal = run(never, count=1200, until="ack 1001")
    commits = [line for line in journal.lines if line.startswith("commit")]
    assert [line.count(",") + 1 for line in commits] == [500, 500, 200]


def test_what_was_read_when_it_arrived_is_taken_so_in_its_order() -> None:
    journal = run(never, until="ack 1", read=2)
    assert journal.read_before == [True, True, False]
    assert journal.lines == ["commit 1,2,3", "receipt", "ack 1,2,3"]


def test_the_next_batch_is_read_while_this_one_is_with_the_database() -> None:
    journal = Journal()

    async def drive() -> None:
        link, intake = FakeLink(journal), SlowIntake(journal, never)
        for number in range(1, 2 * MAX_BATCH + 1):
            message = Incoming(topic="t", payload=str(number).encode(), received_at=NOW)
            link.inbox.put_nowait(Delivery(message=message, qos=1, mid=number, connection=1))
        loop = IntakeLoop(
            link,
            intake,
            site="home",
            clock=FixedClock(),
            planner=ReplayPlanner(),
            read=lambda message: read_message(message, "home"),
        )
        running = asyncio.create_task(loop.run())
        async with asyncio.timeout(30):
            while sum(line.startswith("ack") for line in journal.lines) < 2:
                # Until all of the next batch is out of the inbox, the first one is not committed.
                if link.inbox.empty():
                    intake.committing.set()
                await asyncio.sleep(0)
        running.cancel()

    asyncio.run(drive())
    assert journal.read_before == [False] * MAX_BATCH + [True] * MAX_BATCH
    numbers = [line.split()[1].split(",") for line in journal.lines if line.startswith("ack")]
    assert [int(each) for batch in numbers for each in batch] == list(range(1, 2 * MAX_BATCH + 1))
