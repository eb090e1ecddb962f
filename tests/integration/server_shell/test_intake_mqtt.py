"""The intake behind a real broker and a real database: every event once, whatever dies in between."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lookout_contract.delivery import Receipt
from lookout_contract.events import EventData, Phase, Scenario, Severity, make_event
from lookout_contract.topics import INTAKE_FILTERS, GatewayTopics
from lookout_server.adapters.broker.access import DISPATCHER
from lookout_server.adapters.broker.engines import AmqttEngine, MosquittoEngine, find_mosquitto
from lookout_server.adapters.broker.testing import SITE, RunningBroker
from lookout_server.adapters.clock import SystemClock
from lookout_server.adapters.database import Database
from lookout_server.adapters.mqtt.intake import IntakeLoop
from lookout_server.adapters.mqtt.link import BrokerAddress, MqttLink
from lookout_server.adapters.mqtt.outbox import OutboxRelay
from lookout_server.adapters.mqtt.replay import ReplayPlanner
from lookout_server.adapters.mqtt.testing import Probe
from lookout_server.domain.territory import Site
from lookout_server.errors import BrokerError
from lookout_server.ports import AlarmFilter, Page
from lookout_server.services.intake import Intake

AT = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)
TOPICS = GatewayTopics(site=SITE, gateway="gw-a")
EVENT_TOPIC = TOPICS.event("gate", Scenario.GARBAGE)


def event(number: int, *, gateway: str = "gw-a") -> bytes:
    data = EventData(
        occurrence=f"occ-{number}",
        scenario=Scenario.GARBAGE,
        camera="gate",
        phase=Phase.START,
        captured_at=AT,
        started_at=AT,
        severity=Severity.BLUE,
    )
    return make_event(data, site=SITE, gateway=gateway, epoch="e1", sequence=number, time=AT).to_json()


@pytest.fixture(params=["mosquitto", "amqtt"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningBroker]:
    mosquitto = find_mosquitto()
    if request.param == "mosquitto" and mosquitto is None:
        pytest.skip("mosquitto is not installed")
    engine = MosquittoEngine(mosquitto) if request.param == "mosquitto" and mosquitto else AmqttEngine()
    running = RunningBroker(engine, tmp_path / "broker")
    yield running
    running.close()


@pytest.fixture
def url(tmp_path: Path, sqlite_template: Path) -> str:
    path = tmp_path / "lookout.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite+aiosqlite:///{path}"


class Shell:
    """Link, intake and relay on a real broker and database, inside one event loop."""

    def __init__(self, broker: RunningBroker, url: str) -> None:
        self.clock = SystemClock()
        self.database = Database(url)
        address = BrokerAddress(
            host="127.0.0.1",
            port=broker.place.port,
            client_id="lookout-dispatcher",
            username=DISPATCHER,
            password=broker.passwords[DISPATCHER],
        )
        self.intake = Intake(self.database, site=Site(id=SITE, name="康乐", timezone="Asia/Shanghai"))
        filters = tuple(INTAKE_FILTERS.values())
        self.link = MqttLink(address, filters=filters, clock=self.clock, read=self.intake.read)

    def loop(self) -> IntakeLoop:
        return IntakeLoop(self.link, self.intake, site=SITE, clock=self.clock, planner=ReplayPlanner())

    async def connect(self) -> None:
        self.link.start()
        async with asyncio.timeout(30):
            while not self.link.connected:
                await asyncio.to_thread(lambda: None)

    async def alarms(self) -> list[str]:
        async with self.database.read() as work:
            found = await work.alarms.page(AlarmFilter(), Page(limit=200))
        return sorted(alarm.occurrence for alarm in found)

    async def close(self) -> None:
        await self.link.stop()
        await self.database.close()


def in_loop(broker: RunningBroker, url: str, body: Callable[[Shell], Awaitable[None]]) -> None:
    async def drive() -> None:
        shell = Shell(broker, url)
        try:
            await body(shell)
        finally:
            await shell.close()

    asyncio.run(drive())


async def receipt_up_to(gateway: Probe, number: int) -> list[Receipt]:
    def settled() -> bool:
        return any(receipt.upto >= number for receipt in receipts(gateway))

    await asyncio.to_thread(gateway.wait, settled, f"a receipt up to {number}")
    return receipts(gateway)


def receipts(gateway: Probe) -> list[Receipt]:
    return [Receipt.model_validate_json(heard.payload) for heard in gateway.on(TOPICS.receipt)]


def test_events_become_alarms_and_are_receipted(broker: RunningBroker, url: str) -> None:
    async def body(shell: Shell) -> None:
        await shell.connect()
        running = asyncio.create_task(shell.loop().run())
        for number in range(1, 21):
            gateway.send(EVENT_TOPIC, event(number))
        await receipt_up_to(gateway, 20)
        running.cancel()
        assert len(await shell.alarms()) == 20

    with broker.probe("gw-a") as gateway:
        gateway.subscribe(TOPICS.receipt)
        in_loop(broker, url, body)


# amqtt hands an unacknowledged message out only once; there it is the gateway that repeats it.
@pytest.mark.parametrize("broker", ["mosquitto"], indirect=True)
def test_a_death_between_commit_and_acknowledgement_stores_nothing_twice(broker: RunningBroker, url: str) -> None:
    async def committed_only(shell: Shell) -> None:
        await shell.connect()
        gateway.send(EVENT_TOPIC, event(1))
        delivery = await shell.link.inbox.get()
        result = await shell.intake.take([delivery.message])
        assert result.stored == 1

    async def again(shell: Shell) -> None:
        await shell.connect()
        running = asyncio.create_task(shell.loop().run())
        await receipt_up_to(gateway, 1)
        running.cancel()
        assert await shell.alarms() == ["occ-1"]

    with broker.probe("gw-a") as gateway:
        gateway.subscribe(TOPICS.receipt)
        in_loop(broker, url, committed_only)
        assert receipts(gateway) == []
        in_loop(broker, url, again)


def test_what_came_while_the_dispatcher_was_away_is_taken_when_it_is_back(broker: RunningBroker, url: str) -> None:
    async def only_subscribe(shell: Shell) -> None:
        await shell.connect()
        # Its own subscriptions come back to it once they stand.
        await shell.link.publish(EVENT_TOPIC, b"mark")
        delivery = await shell.link.inbox.get()
        shell.link.acknowledge([delivery])

    async def take(shell: Shell) -> None:
        await shell.connect()
        running = asyncio.create_task(shell.loop().run())
        await receipt_up_to(gateway, 5)
        running.cancel()
        assert await shell.alarms() == [f"occ-{number}" for number in range(1, 6)]

    with broker.probe("gw-a") as gateway:
        gateway.subscribe(TOPICS.receipt)
        in_loop(broker, url, only_subscribe)
        for number in range(1, 6):
            gateway.publish(EVENT_TOPIC, event(number))
        in_loop(broker, url, take)


def test_poison_is_refused_by_name_and_the_rest_is_taken(broker: RunningBroker, url: str) -> None:
    async def body(shell: Shell) -> None:
        await shell.connect()
        running = asyncio.create_task(shell.loop().run())
        gateway.send(EVENT_TOPIC, event(1))
        gateway.send(EVENT_TOPIC, b"{ not json")
        gateway.send(EVENT_TOPIC, event(2, gateway="gw-b"))
        gateway.send(EVENT_TOPIC, event(3))
        await asyncio.to_thread(gateway.wait, lambda: any(r.settles(3) for r in receipts(gateway)), "a receipt for 3")
        running.cancel()
        assert await shell.alarms() == ["occ-1", "occ-3"]
        async with shell.database.read() as work:
            assert len(await work.quarantine.page(limit=10)) == 2

    with broker.probe("gw-a") as gateway:
        gateway.subscribe(TOPICS.receipt)
        in_loop(broker, url, body)


def test_the_outbox_reaches_the_broker_retained_and_cleared(broker: RunningBroker, url: str) -> None:
    state = f"lookout/v1/{SITE}/case/grid-01/c-1/state"

    async def body(shell: Shell) -> None:
        await shell.connect()
        relay = OutboxRelay(shell.database, shell.link, clock=shell.clock)
        for payload in (b"open", b""):
            async with shell.database.write() as work:
                work.outbox.add(state, payload, at=AT, retain=True, expires_at=None)
                await work.commit()
            assert await relay.relay_once() is True
        async with shell.database.read() as work:
            assert list(await work.outbox.pending(10)) == []

    in_loop(broker, url, body)
    with broker.probe(DISPATCHER) as late:
        late.subscribe(f"lookout/v1/{SITE}/case/#", f"lookout/v1/{SITE}/mark")
        late.publish(f"lookout/v1/{SITE}/mark", b"m")
        late.wait_for(f"lookout/v1/{SITE}/mark")
        assert late.on(state) == []


def problem_of(broker: RunningBroker, word: str, *, username: str, password: str) -> str:
    """What the link says of this account, once it says ``word``."""

    async def body() -> str:
        address = BrokerAddress(
            host="127.0.0.1", port=broker.place.port, client_id="x", username=username, password=password
        )
        link = MqttLink(address, filters=tuple(INTAKE_FILTERS.values()), clock=SystemClock())
        link.start()
        async with asyncio.timeout(30):
            while word not in (await link.problem() or ""):
                await asyncio.to_thread(lambda: None)
        said = await link.problem()
        await link.stop()
        return said or ""

    return asyncio.run(body())


def test_a_refused_account_says_what_to_check(broker: RunningBroker) -> None:
    said = problem_of(broker, "refuses", username=DISPATCHER, password="wrong")
    assert "check broker.username and its password" in said


# Mosquitto accepts any subscription and then delivers nothing, so only a broker that answers can be understood.
@pytest.mark.parametrize("broker", ["amqtt"], indirect=True)
def test_a_refused_subscription_says_what_the_access_list_must_allow(broker: RunningBroker) -> None:
    said = problem_of(broker, "subscribe", username="gw-a", password=broker.passwords["gw-a"])
    assert "lookout/v1/+/gateway/+/event/+/+" in said


def test_publishing_without_a_broker_says_so(url: str) -> None:
    async def body() -> None:
        link = MqttLink(BrokerAddress(host="127.0.0.1", port=9, client_id="x"), filters=(), clock=SystemClock())
        with pytest.raises(BrokerError, match="not connected"):
            await link.publish("t", b"p")
        link.start()
        async with asyncio.timeout(30):
            while "unreachable" not in (await link.problem() or ""):
                await asyncio.to_thread(lambda: None)
        await link.stop()

    asyncio.run(body())
