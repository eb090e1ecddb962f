"""ONVIF against a small device on loopback, and a camera's own events through a real broker."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.publish as publish
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from lookout_contract.events import EventData, EvidenceRef, Phase, Scenario, Severity
from lookout_edge import bootstrap
from lookout_edge.__main__ import app
from lookout_edge.adapters.broker import BrokerOptions
from lookout_edge.adapters.broker_testing import Mosquitto, find_mosquitto
from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.evidence import DiskEvidence
from lookout_edge.adapters.onvif.events import EventRule, TalkingCamera
from lookout_edge.adapters.onvif.finding import Account, Device, OnvifError, device_of, main_and_sub, search, streams_of
from lookout_edge.adapters.onvif.listening import OnvifListener
from lookout_edge.adapters.onvif.testing import FakeDevice, Findable
from lookout_edge.adapters.spool import SqliteSpool
from lookout_edge.bootstrap.service import spool_depth
from lookout_edge.errors import EdgeError, SpoolError
from lookout_edge.supervisor.holding import HeldEvents
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


def test_a_camera_in_the_network_is_found_and_asked(device: FakeDevice) -> None:
    pytest.importorskip("wsdiscovery", reason="WSDiscovery is not installed: pip install lookout[onvif]")
    try:
        camera = Findable(f"http://127.0.0.1:{device.port}/onvif/device_service")
    except OSError as error:
        pytest.skip(f"no multicast on this machine: {error}")
    with camera:
        found = search(1.0)
        assert Device("127.0.0.1", device.port) in found
        result = CliRunner().invoke(app, ["discover", "--seconds", "1"])
    assert result.exit_code == 0
    assert "@127.0.0.1:554/p1" in result.stdout


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


def wait_until(wanted: Callable[[], bool], seen: object) -> None:
    pause = threading.Event()
    for _ in range(300):
        if wanted():
            return
        pause.wait(0.05)
    raise AssertionError(seen)


class Told(MemorySink):
    """A sink to wait at."""

    def wait_for(self, wanted: Callable[[list[EventData]], bool]) -> None:
        wait_until(lambda: wanted(self.events), self.events)


def test_what_a_camera_publishes_is_spooled_and_nonsense_passed_over(broker: Mosquitto) -> None:
    sink = Told()
    listener = OnvifListener(
        BrokerOptions(host="127.0.0.1", port=broker.port),
        name="s1/g1",
        clock=SystemClock(),
        sink=sink,
        held=HeldEvents(sink),
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


def test_while_the_disk_refuses_only_so_many_wait_and_they_leave_though_nothing_new_is_said(
    broker: Mosquitto, tmp_path: Path
) -> None:
    sink = Told(broken=True)
    held = HeldEvents(sink, room=4)
    options = BrokerOptions(host="127.0.0.1", port=broker.port)
    listener = OnvifListener(options, name="s1/g1", clock=SystemClock(), sink=sink, held=held, snapshot=no_picture)
    # Whoever crosses it is a start and its end.
    line = EventRule(topic="RuleEngine/LineDetector", scenario=Scenario.KEY_AREA, severity=Severity.RED)
    listener.watch([TalkingCamera(camera="hall", prefix="hall-cam", rules=(line,))])
    listener.start()

    def cross(times: int, *, retain: bool) -> None:
        topic, said = "hall-cam/onvif-ej/RuleEngine/LineDetector/Crossed", '{"Data": {"Id": "7"}}'
        publish.multiple([(topic, said, 1, retain)] * times, port=broker.port)  # pyright: ignore[reportUnknownMemberType]

    cross(1, retain=True)
    wait_until(lambda: len(held) == 2, held)
    with capture_logs() as logs:
        cross(4, retain=False)
        wait_until(lambda: held.given_up.total() == 6, held.given_up)
        assert (len(held), sink.events) == (4, [])
        sink.broken = False
        sink.wait_for(lambda events: [event.phase for event in events] == [Phase.START] * 4)
        listener.close()
    assert len(held) == 0
    assert any("are given up" in log["event"] for log in logs if log["log_level"] == "warning")
    assert [log["events"] for log in logs if log["log_level"] == "error"] == [6]
    spool = SqliteSpool(tmp_path / "spool.db", site="s1", gateway="g1", clock=SystemClock())
    kept = DiskEvidence(tmp_path / "evidence", quota_bytes=1)
    assert spool_depth(spool, kept, listener.given_up).dropped == {"key_area": 6}
    spool.close()


def test_what_waits_goes_to_the_disk_though_the_cameras_broker_is_away() -> None:
    sink, at = Told(broken=True), datetime(2026, 11, 29, tzinfo=UTC)
    held = HeldEvents(sink)
    event = EventData(
        occurrence="o-1",
        scenario=Scenario.KEY_AREA,
        camera="hall",
        phase=Phase.START,
        captured_at=at,
        started_at=at,
        severity=Severity.RED,
    )
    with pytest.raises(SpoolError):
        held.put([event])
    options = BrokerOptions(host="127.0.0.1", port=1)
    listener = OnvifListener(options, name="s1/g1", clock=SystemClock(), sink=sink, held=held, snapshot=no_picture)
    listener.watch([TalkingCamera(camera="hall", prefix="hall-cam", rules=())])
    sink.broken = False
    listener.start()
    sink.wait_for(lambda events: events == [event])
    listener.close()


GATEWAY = """\
site: s1
gateway: g1
data_dir: {data}
mqtt: {{host: 127.0.0.1, port: 9}}
http: {{enabled: false}}
models: {{detector: community-nano, plates: false}}
camera_events: {{host: 127.0.0.1, port: {port}}}
cameras:
  hall:
    source: {{url: "rtsp://127.0.0.1:9/stream"}}
    rules: [{{scenario: fire_smoke}}]
    onvif:
      prefix: lookout/v1/s1/device/g1/hall-cam
      events: [{{topic: RuleEngine/FireAlarm, scenario: fire_smoke, severity: red}}]
"""


def test_what_a_camera_says_is_remembered_and_why_tells_it(broker: Mosquitto, tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(GATEWAY.format(data=tmp_path / "data", port=broker.port), encoding="utf-8")
    gateway, workers = bootstrap.GatewayBuilder(bootstrap.load(path)).build()
    gateway.start(workers)
    now = datetime.now(UTC).isoformat()
    why = ["why", "--config", str(path), "--camera", "hall", "--at", now, "--json"]
    try:
        topic = "lookout/v1/s1/device/g1/hall-cam/onvif-ej/RuleEngine/FireAlarm/&1"
        fires = json.dumps({"Source": {"Rule": "1"}, "Data": {"State": "true"}}).encode()
        publish.single(topic, fires, qos=1, retain=True, port=broker.port)  # pyright: ignore[reportUnknownMemberType]
        pause, notes = threading.Event(), list[dict[str, str]]()
        for _ in range(300):
            lines = CliRunner().invoke(app, why).stdout.splitlines()  # the gateway logs beside them
            notes = [json.loads(line) for line in lines if line.startswith("{")]
            if any(note["kind"] == "event" for note in notes):
                break
            pause.wait(0.05)
        told = [(note["scenario"], note["state"], note["reason"]) for note in notes if note["kind"] == "event"]
        assert told == [("fire_smoke", "start", "camera_analytics")]
    finally:
        gateway.stop()
