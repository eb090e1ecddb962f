"""Buttons and doors over a real broker, which may come later than the gateway and go away in between."""

import queue
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from lookout_edge.adapters.broker import BrokerOptions
from lookout_edge.adapters.broker_testing import Mosquitto, find_mosquitto
from lookout_edge.adapters.devices import DeviceBus


def other_side(port: int, heard: "queue.Queue[tuple[str, bytes]]") -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="door")
    client.on_message = lambda _client, _data, message: heard.put((message.topic, bytes(message.payload)))
    client.connect("127.0.0.1", port)
    client.subscribe("lift/#", qos=1)
    client.loop_start()
    return client


def test_a_press_arrives_a_door_hears_and_old_presses_do_not_count(tmp_path: Path) -> None:
    program = find_mosquitto()
    if program is None:
        pytest.skip("mosquitto is not installed")
    presses: queue.Queue[str] = queue.Queue()
    heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
    broker = Mosquitto(program, tmp_path)
    options = BrokerOptions(host="127.0.0.1", port=broker.port)
    bus = DeviceBus(options, "lookout-devices", {"home/button": lambda: presses.put("lobby")})
    bus.start()  # the broker comes later
    broker.start()
    door = other_side(broker.port, heard)
    try:
        door.publish("home/button", "old", qos=1, retain=True).wait_for_publish(10)
        assert bus.listening.wait(20)
        bus.publish("lift/3/door", "hold")
        assert heard.get(timeout=20) == ("lift/3/door", b"hold")
        while not presses.empty():  # the retained one may have come live, while it was published
            presses.get()
        door.publish("home/button", "single", qos=1)
        assert presses.get(timeout=20) == "lobby"
    finally:
        bus.close()
        door.disconnect()
        door.loop_stop()
        broker.kill()
