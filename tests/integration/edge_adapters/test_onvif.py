"""ONVIF against a small device on loopback, and a camera's own events through a real broker."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.publish as publish
import pytest
from typer.testing import CliRunner

from lookout_contract.events import EventData, EvidenceRef, Phase, Scenario, Severity
from lookout_edge.__main__ import app
from lookout_edge.adapters.broker import BrokerOptions
from lookout_edge.adapters.broker_testing import Mosquitto, find_mosquitto
from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.onvif.events import EventRule, TalkingCamera
from lookout_edge.adapters.onvif.finding import Account, Device, OnvifError, device_of, main_and_sub, streams_of
from lookout_edge.adapters.onvif.listening import OnvifListener
from lookout_edge.adapters.onvif.testing import FakeDevice
from lookout_edge.errors import EdgeError
from lookout_edge.testing import MemorySink

PROFILES = {"p1": ("main", 1920, 1080, 25), "p3": ("tiny", 176, 144, 5), "p2": ("sub", 640, 360, 10)}


@pytest.fixture
def device() -> Iterator[FakeDevice]:
    pytest.importorskip("onvif", reason="onvif-zeep-async is not installed: pip install lookout[onvif]")
    with FakeDevice(dict(PROFILES)) as device:
        yield device


def test_a_devices_streams_are_told_largest_first(device: FakeDevice) -> None:
    device.user = "admin"
    streams = streams_of(Device("127.0.0.1", device.port), Account(user="admin", password="secret"))
    assert [(s.width, s.height, s.fps) for s in streams] == [(1920, 1080, 25.0), (640, 360, 10.0), (176, 144, 5.0)]
    main, sub = main_and_sub(streams)
    assert (main.url, sub and sub.url) == ("rtsp://127.0.0.1:554/p1", "rtsp://127.0.0.1:554/p2")


def test_discover_prints_what_to_write_down(device: FakeDevice) -> None:
    outcome = CliRunner().invoke(app, ["discover", f"127.0.0.1:{device.port}"])
    assert outcome.exit_code == 0, outcome.output
    assert 'url: "rtsp://USER:PASSWORD@127.0.0.1:554/p1"' in outcome.output
    assert 'sub_url: "rtsp://USER:PASSWORD@127.0.0.1:554/p2"' in outcome.output


def test_without_its_account_a_device_refuses_and_the_message_says_so(device: FakeDevice) -> None:
    device.user = "admin"
    with pytest.raises(OnvifError, match="user and password"):
        streams_of(Device("127.0.0.1", device.port), None)


def test_nobody_there_is_told_with_what_to_check() -> None:
    pytest.importorskip("onvif", reason="onvif-zeep-async is not installed: pip install lookout[onvif]")
    with pytest.raises(OnvifError, match="check its address and ONVIF port"):
        streams_of(Device("127.0.0.1", 1), None)


@pytest.mark.parametrize("text", ["", "host:notaport", "http://"])
def test_what_is_no_address_is_said_so(text: str) -> None:
    with pytest.raises(OnvifError, match="no address"):
        device_of(text)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    program = find_mosquitto()
    if program is None:
        pytest.skip("Mosquitto is not installed: apt-get install mosquitto")
    broker = Mosquitto(program, tmp_path)
    broker.start()
    yield broker
    broker.kill()


def no_picture(camera: str) -> EvidenceRef:
    raise EdgeError(f"{camera} has no picture")


class Told(MemorySink):
    """A sink to wait at."""

    def wait_for(self, wanted: Callable[[list[EventData]], bool]) -> None:
        pause = threading.Event()
        for _ in range(300):
            if wanted(self.events):
                return
            pause.wait(0.05)
        raise AssertionError(self.events)


def test_what_a_camera_publishes_is_spooled_and_nonsense_passed_over(broker: Mosquitto) -> None:
    sink = Told()
    listener = OnvifListener(
        BrokerOptions(host="127.0.0.1", port=broker.port),
        name="s1/g1",
        clock=SystemClock(),
        sink=sink,
        snapshot=no_picture,
    )
    rule = EventRule(topic="RuleEngine/FireAlarm", scenario=Scenario.FIRE_SMOKE, severity=Severity.RED)
    listener.watch([TalkingCamera(camera="hall", prefix="hall-cam", rules=(rule,))])
    listener.start()

    def say(payload: bytes) -> None:
        publish.single("hall-cam/onvif-ej/RuleEngine/FireAlarm/&1", payload, qos=1, retain=True, port=broker.port)  # pyright: ignore[reportUnknownMemberType]

    say(b"smoke!")
    say(json.dumps({"Source": {"Rule": "1"}, "Data": {"State": "true"}}).encode())
    sink.wait_for(lambda events: [event.phase for event in events] == [Phase.START])
    say(json.dumps({"Source": {"Rule": "1"}, "Data": {"State": "false"}}).encode())
    sink.wait_for(lambda events: [event.phase for event in events] == [Phase.START, Phase.END])
    assert {event.camera for event in sink.events} == {"hall"}
    listener.close()
