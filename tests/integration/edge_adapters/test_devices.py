"""Buttons and doors over a real broker, which may come later than the gateway and go away in between."""

import json
import queue
import threading
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from lookout_edge import bootstrap
from lookout_edge.adapters.broker import BrokerOptions
from lookout_edge.adapters.broker_testing import Mosquitto, find_mosquitto
from lookout_edge.adapters.devices import DeviceBus, is_press
from lookout_edge.errors import ConfigError


def other_side(port: int, heard: "queue.Queue[tuple[str, bytes]]") -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="door")
    client.on_message = lambda _client, _data, message: heard.put((message.topic, bytes(message.payload)))
    client.connect("127.0.0.1", port)
    client.subscribe("lift/#", qos=1)
    client.loop_start()
    return client


@pytest.mark.parametrize(
    ("payload", "press"),
    [
        (b"", True),
        (b"pressed", True),
        (b"\xff\xfe", True),
        (b"null", True),
        (b"{}", True),
        (b"[" * 9_000, True),
        (b"x" * 1_000_000, True),
        (b'{"button": 1, "battery": 90}', True),
        (b'{"action": "single", "battery": 90, "linkquality": 65}', True),
        (b'{"action": "", "battery": 90, "linkquality": 65}', False),
        (b'{"action": null, "linkquality": 65}', False),
        (b'{"battery": 90, "voltage": 2900, "linkquality": 65, "update": {"state": "idle"}}', False),
    ],
)
def test_what_a_wireless_button_tells_of_itself_is_no_press(payload: bytes, press: bool) -> None:
    assert is_press(payload) is press


def test_a_press_arrives_a_door_hears_and_old_presses_do_not_count(tmp_path: Path) -> None:
    program = find_mosquitto()
    if program is None:
        pytest.skip("mosquitto is not installed")
    presses: queue.Queue[str] = queue.Queue()
    heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
    broker = Mosquitto(program, tmp_path)
    options = BrokerOptions(host="127.0.0.1", port=broker.port)

    def fall() -> None:
        raise RuntimeError("a bug")

    topics = {"home/button": lambda: presses.put("lobby"), "home/broken": fall}
    bus = DeviceBus(options, "lookout-devices", topics)
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
        door.publish("home/broken", "single", qos=1)  # a press that fails costs no other one
        door.publish("home/button", "single", qos=1)
        assert presses.get(timeout=20) == "lobby"
    finally:
        bus.close()
        door.disconnect()
        door.loop_stop()
        broker.kill()


def test_after_days_without_their_broker_devices_hear_the_last_word_alone(tmp_path: Path) -> None:
    program = find_mosquitto()
    if program is None:
        pytest.skip("mosquitto is not installed")
    broker = Mosquitto(program, tmp_path)
    bus = DeviceBus(BrokerOptions(host="127.0.0.1", port=broker.port), "lookout-devices-g3", {})
    for word in ("hold", "release") * 500:
        bus.publish("lift/3/door", word)
    bus.publish("lift/3/siren", "rest")
    broker.start()
    heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
    door = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="door3")
    door.on_message = lambda _c, _d, message: heard.put((message.topic, bytes(message.payload)))
    subscribed = threading.Event()

    def note(*_: object) -> None:
        subscribed.set()

    door.on_subscribe = note
    door.connect("127.0.0.1", broker.port)
    door.subscribe("lift/#", qos=1)
    door.loop_start()
    assert subscribed.wait(20)
    bus.start()
    try:
        assert heard.get(timeout=20) == ("lift/3/door", b"release")
        assert heard.get(timeout=20) == ("lift/3/siren", b"rest")
        assert bus.listening.wait(20)
        bus.publish("lift/3/door", "hold")
        assert heard.get(timeout=20) == ("lift/3/door", b"hold")
    finally:
        bus.close()
        door.disconnect()
        door.loop_stop()
        broker.kill()


GATEWAY = """\
site: s1
gateway: g1
data_dir: {data}
mqtt: {{host: 127.0.0.1, port: 9}}
devices: {{host: 127.0.0.1, port: {port}}}
http: {{enabled: false}}
models: {{plates: false}}
cameras:
  hall:
    source: {{url: "rtsp://127.0.0.1:9/stream"}}
    rules: [{{scenario: key_area}}]
    onvif:
      prefix: cams/hall
      events: [{{topic: RuleEngine/Lift, scenario: corridor_ebike, severity: yellow}}]
    actions:
      - {{when: {{scenario: corridor_ebike}}, publish: {{topic: lift/door, payload: hold, end_payload: release}}}}
      - when: {{scenario: key_area, stages: [panic]}}
        publish: {{topic: lift/siren, payload: wail, end_payload: rest}}
buttons:
  lobby: {{camera: hall, topic: home/button, reset_s: 1}}
"""


def test_buttons_and_cameras_own_alarms_start_the_actions_of_their_camera(tmp_path: Path) -> None:
    program = find_mosquitto()
    if program is None:
        pytest.skip("mosquitto is not installed")
    broker = Mosquitto(program, tmp_path)
    broker.start()
    path = tmp_path / "gateway.yaml"
    path.write_text(GATEWAY.format(data=tmp_path / "data", port=broker.port), encoding="utf-8")
    gateway, workers = bootstrap.GatewayBuilder(bootstrap.load(path)).build()
    heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
    door = other_side(broker.port, heard)
    gateway.start(workers)

    def until(topic: str, payload: str, told: tuple[str, bytes]) -> None:
        """Tell it until it is heard: nobody says when the gateway listens."""
        for _ in range(100):
            door.publish(topic, payload, qos=1)
            try:
                assert heard.get(timeout=0.2) == told
                return
            except queue.Empty:
                continue
        raise AssertionError(f"{told} was never told")

    try:
        until("home/button", "single", ("lift/siren", b"wail"))
        assert heard.get(timeout=20) == ("lift/siren", b"rest")
        says = {"Source": {"Rule": "1"}, "Data": {"State": "true"}}
        until("cams/hall/onvif-ej/RuleEngine/Lift/&1", json.dumps(says), ("lift/door", b"hold"))
        says["Data"]["State"] = "false"
        until("cams/hall/onvif-ej/RuleEngine/Lift/&1", json.dumps(says), ("lift/door", b"release"))
    finally:
        gateway.stop()
        door.disconnect()
        door.loop_stop()
        broker.kill()


def test_an_action_that_nobody_could_carry_out_before_a_restart_is_refused_by_a_reload(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    text = GATEWAY.format(data=tmp_path / "data", port=9)
    bare = text[: text.index("    actions:")]
    path.write_text(bare, encoding="utf-8")
    builder = bootstrap.GatewayBuilder(bootstrap.load(path))
    gateway, _ = builder.build()
    try:
        for action, why in (
            ("publish: {topic: lift/door}", "publishes needs a restart"),
            ("say: hello", "speaks or plays needs a restart"),
        ):
            path.write_text(f"{bare}    actions: [{{when: {{scenario: key_area}}, {action}}}]\n", encoding="utf-8")
            with pytest.raises(ConfigError, match=why):
                builder.reload()
    finally:
        gateway.stop()
