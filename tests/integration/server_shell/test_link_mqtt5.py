"""The dispatcher's link on MQTT 5: commands carry where and under which mark they are answered, and their expiry."""

import asyncio
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from lookout_contract.topics import INTAKE_FILTERS, GatewayTopics
from lookout_server.adapters.broker.access import DISPATCHER
from lookout_server.adapters.broker.engines import MosquittoEngine, find_mosquitto
from lookout_server.adapters.broker.testing import SITE, RunningBroker
from lookout_server.adapters.clock import SystemClock
from lookout_server.adapters.mqtt.link import BrokerAddress, MqttLink
from lookout_server.ports import AnswerTo

TOPICS = GatewayTopics(site=SITE, gateway="gw-a")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RunningBroker]:
    executable = find_mosquitto()
    if executable is None:
        pytest.skip("mosquitto is not installed")
    running = RunningBroker(MosquittoEngine(executable), tmp_path / "broker")
    yield running
    running.close()


class Gateway:
    """An MQTT 5 client of gw-a that answers commands as the properties say."""

    def __init__(self, broker: RunningBroker) -> None:
        self.heard: queue.Queue[paho.MQTTMessage] = queue.Queue()
        subscribed: queue.Queue[None] = queue.Queue()
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set("gw-a", broker.passwords["gw-a"])

        def on_connect(*_: Any) -> None:
            client.subscribe(TOPICS.commands, qos=1)

        def on_subscribe(*_: Any) -> None:
            subscribed.put(None)

        def on_message(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
            self.heard.put(message)

        client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
        client.connect("127.0.0.1", broker.place.port)
        client.loop_start()
        subscribed.get(timeout=20)
        self.client = client

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.mark.parametrize("version", [4, 5])
def test_a_command_says_where_it_is_answered_and_until_when(broker: RunningBroker, version: Literal[4, 5]) -> None:
    gateway = Gateway(broker)

    async def talk() -> bytes:
        address = BrokerAddress(
            host="127.0.0.1",
            port=broker.place.port,
            client_id="d",
            username=DISPATCHER,
            password=broker.passwords[DISPATCHER],
            version=version,
        )
        link = MqttLink(address, filters=tuple(INTAKE_FILTERS.values()), clock=SystemClock())
        link.start()
        async with asyncio.timeout(20):
            while not link.connected:  # noqa: ASYNC110 - the link tells nobody
                await asyncio.sleep(0.02)
        answer = AnswerTo(topic=TOPICS.response("reload"), correlation="c-1")
        await link.publish(TOPICS.command("reload"), b"{}", expires_in_s=60, answer=answer)
        message = await asyncio.to_thread(gateway.heard.get, True, 20)
        properties: Any = message.properties  # paho makes its attributes at run time
        if version == 5:
            assert properties is not None
            assert (properties.ResponseTopic, properties.CorrelationData) == (answer.topic, b"c-1")
            assert 50 <= properties.MessageExpiryInterval <= 60
        gateway.client.publish(getattr(properties, "ResponseTopic", TOPICS.response("reload")), b"done", qos=1)
        delivery = await asyncio.wait_for(link.inbox.get(), 20)
        link.acknowledge([delivery])
        await link.stop()
        return delivery.message.payload

    try:
        assert broker.loop.run_until_complete(talk()) == b"done"
    finally:
        gateway.close()


def test_a_broker_that_drops_what_the_dispatcher_publishes_is_named_once(
    broker: RunningBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    """An access list that somebody wrote may forget a topic; MQTT 5 says so, and the command is not tried for ever."""

    async def publish() -> None:
        address = BrokerAddress(
            host="127.0.0.1",
            port=broker.place.port,
            client_id="d",
            username="gw-a",
            password=broker.passwords["gw-a"],
            version=5,
        )
        link = MqttLink(address, filters=(TOPICS.commands,), clock=SystemClock())
        link.start()
        async with asyncio.timeout(20):
            while not link.connected:  # noqa: ASYNC110 - the link tells nobody
                await asyncio.sleep(0.02)
        for _ in range(2):
            await link.publish(TOPICS.command("reload"), b"{}")
        await link.stop()

    asyncio.run(publish())
    assert capsys.readouterr().out.count("drops what the dispatcher publishes (Not authorized)") == 1
