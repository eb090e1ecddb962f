"""What a broker has kept of Home Assistant's sensors is set right at a start, on the dispatcher's one connection."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookout_contract.events import EventData, Phase, Scenario, Severity, make_event
from lookout_contract.topics import INTAKE_FILTERS, GatewayTopics
from lookout_server.adapters.broker.access import DISPATCHER
from lookout_server.adapters.broker.engines import AmqttEngine, MosquittoEngine, find_mosquitto
from lookout_server.adapters.broker.testing import SITE, RunningBroker
from lookout_server.adapters.clock import SystemClock
from lookout_server.adapters.database import Database
from lookout_server.adapters.mqtt.kept import set_mirrors_right
from lookout_server.adapters.mqtt.link import BrokerAddress, MqttLink
from lookout_server.adapters.mqtt.outbox import OutboxRelay
from lookout_server.adapters.mqtt.testing import Probe
from lookout_server.domain.territory import CameraKey, Mirrors, Site
from lookout_server.ports import Incoming
from lookout_server.services.intake import Intake
from lookout_server.services.mirrors import state_topic, states_below
from lookout_server.testing import NOON

WANTED = Site(id=SITE, name="康乐", timezone="Asia/Shanghai", mirrors=Mirrors(home_assistant=True))
GATE = CameraKey(gateway="gw-a", id="gate")
ENDED, GOES_ON = (state_topic(WANTED, GATE, kind) for kind in (Scenario.FIRE_SMOKE, Scenario.GARBAGE))


@pytest.fixture(params=["mosquitto", "amqtt"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningBroker]:
    mosquitto = find_mosquitto()
    if request.param == "mosquitto" and mosquitto is None:
        pytest.skip("mosquitto is not installed")
    engine = MosquittoEngine(mosquitto) if request.param == "mosquitto" and mosquitto else AmqttEngine()
    running = RunningBroker(engine, tmp_path / "broker")
    yield running
    running.close()


def going_on() -> Incoming:
    """A gateway's message: rubbish lies at the gate."""
    data = EventData(
        occurrence="o-1",
        scenario=Scenario.GARBAGE,
        camera=GATE.id,
        phase=Phase.START,
        captured_at=NOON,
        started_at=NOON,
        severity=Severity.BLUE,
    )
    event = make_event(data, site=SITE, gateway=GATE.gateway, epoch="e1", sequence=1, time=NOON)
    topic = GatewayTopics(site=SITE, gateway=GATE.gateway).event(GATE.id, Scenario.GARBAGE)
    return Incoming(topic=topic, payload=event.to_json(), received_at=NOON, retained=False)


def before_a_start(broker: RunningBroker) -> None:
    """Both were told ON; that one of them ended nobody told."""
    with broker.probe(DISPATCHER, client_id="an-earlier-dispatcher") as earlier:
        for topic in (ENDED, GOES_ON):
            earlier.publish(topic, b'{"state": "ON", "occurrence": "o-1"}', retain=True)


def told(listener: Probe) -> dict[str, str]:
    return {heard.topic: json.loads(heard.payload)["state"] for heard in listener.heard}


def test_what_the_broker_has_kept_is_set_right_and_reaches_no_intake(
    broker: RunningBroker, tmp_path: Path, sqlite_template: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "lookout.db")
    before_a_start(broker)

    async def start() -> None:
        database, clock = Database(f"sqlite:///{tmp_path / 'lookout.db'}"), SystemClock()
        await Intake(database, site=Site(id=SITE, name="康乐", timezone="Asia/Shanghai")).take([going_on()])
        address = BrokerAddress(
            host="127.0.0.1",
            port=broker.place.port,
            client_id="lookout-dispatcher",
            username=DISPATCHER,
            password=broker.passwords[DISPATCHER],
        )
        filters = tuple(INTAKE_FILTERS.values())
        link = MqttLink(address, filters=filters, clock=clock, aside=states_below(WANTED))
        link.start()
        try:
            async with asyncio.timeout(60):
                await set_mirrors_right(link, database, WANTED, clock=clock)
            assert await OutboxRelay(database, link, clock=clock).relay_once()
            # Nothing of it is heard any more, nor was it taken for something that a gateway says.
            assert link.inbox.empty()
            assert link.connected
        finally:
            await link.stop()
            await database.close()

    asyncio.run(start())
    # Who comes now is told what is true.
    with broker.probe(DISPATCHER, client_id="home-assistant") as listener:
        listener.subscribe(f"{states_below(WANTED)}/#")
        listener.wait(lambda: len(listener.heard) == 2, "two states")
        assert told(listener) == {ENDED: "OFF", GOES_ON: "ON"}
