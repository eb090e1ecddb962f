"""What ``lookout-edge doctor`` says of streams, broker, dispatcher, certificates and disk, good and bad."""

import getpass
import json
import ssl
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Literal

import paho.mqtt.client as mqtt
import pytest
import trustme
from paho.mqtt import publish
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from typer.testing import CliRunner

from lookout_edge.__main__ import app
from lookout_edge.adapters.broker import BrokerOptions, Session, TlsOptions
from lookout_edge.adapters.broker_testing import Mosquitto, find_mosquitto, free_port
from lookout_edge.adapters.checkup import (
    check_broker,
    check_certificates,
    check_clock,
    check_disk,
    check_dispatcher,
    check_stream,
)
from lookout_edge.adapters.video import SourceOptions
from lookout_edge.adapters.video.rtsp_testing import Habits, RtspCamera
from lookout_edge.adapters.video.testing import ClipShape, make_clip
from lookout_edge.domain.finding import Finding, Grade
from lookout_edge.errors import LinkError

FILTERS = ("lookout/v1/s/gateway/gw-1/command/+", "lookout/v1/s/gateway/gw-1/receipt")


def test_a_live_stream_is_opened_measured_and_compared_with_what_the_rules_tolerate(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.ts", ClipShape(frames=60, fps=10, gop=20, size=(320, 180)))
    camera = RtspCamera({"main": clip}, habits=Habits())
    camera.start()
    try:
        options = SourceOptions(url=camera.url("main"), read_timeout_s=5)
        sparse = check_stream("camera gate", options, longest_gap_s=1.0, listen_s=5.0)
    finally:
        camera.kill()
    assert (sparse.grade, sparse.subject) == (Grade.OK, "camera gate")
    assert sparse.text.startswith("h264 320×180")
    assert "a key frame every 2.0 s" in sparse.text
    assert "every picture is decoded" in sparse.text
    assert sparse.advice != ""


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[RtspCamera]:
    clip = make_clip(tmp_path / "clip.ts", ClipShape(frames=60, fps=10, gop=10, size=(320, 180)))
    with RtspCamera({"main": clip}, habits=Habits()) as running:
        yield running


def check_camera(camera: RtspCamera) -> Finding:
    options = SourceOptions(url=camera.url("main"), read_timeout_s=5)
    return check_stream("camera gate", options, longest_gap_s=1.0, listen_s=4.0)


def test_a_stream_joined_amid_a_group_of_pictures_is_told_with_its_own_rate(camera: RtspCamera) -> None:
    camera.habits.skip_frames = 7
    found = check_camera(camera)
    assert (found.grade, found.text) == (Grade.OK, "h264 320×180, 10.0 fps, a key frame every 1.0 s")


def test_a_stream_of_which_no_picture_comes_fails(camera: RtspCamera) -> None:
    camera.habits.garbage = True
    found = check_camera(camera)
    assert found.grade is Grade.FAIL
    assert found.text.split(":")[0] in {"undecodable", "timeout", "stalled"}


@pytest.mark.parametrize(("ahead_s", "word"), [(3600.0, "3600 s ahead of"), (-90.0, "90 s behind")])
def test_a_camera_whose_clock_is_off_is_told(camera: RtspCamera, ahead_s: float, word: str) -> None:
    camera.habits.clock_ahead_s = ahead_s
    found = check_camera(camera)
    assert found.grade is Grade.WARN
    assert f"its clock is {word} this box" in found.text
    assert "time server" in found.advice


def test_a_clip_with_frequent_key_frames_needs_no_advice(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=50, fps=25, gop=10))
    found = check_stream("camera gate", SourceOptions(url=str(clip)), longest_gap_s=1.0)
    assert (found.grade, found.text, found.advice) == (Grade.OK, "h264 64×48, 25.0 fps, a key frame every 0.4 s", "")


def test_a_stream_that_is_too_small_for_close_ups_is_told(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=50, fps=25, gop=10))
    found = check_stream("camera gate", SourceOptions(url=str(clip)), longest_gap_s=1.0, least_width=65)
    assert (found.grade, found.text[:10]) == (Grade.WARN, "h264 64×48")
    assert "too small for its close-ups" in found.text
    assert "65 pixels across" in found.advice
    enough = check_stream("camera gate", SourceOptions(url=str(clip)), longest_gap_s=1.0, least_width=64)
    assert enough.grade is Grade.OK


def test_a_codec_that_browsers_do_not_play_is_told(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.avi", ClipShape(frames=30, codec="mpeg4", gop=10))
    found = check_stream("camera gate", SourceOptions(url=str(clip)), longest_gap_s=1.0)
    assert found.grade is Grade.WARN
    assert "H.264" in found.advice


def test_a_camera_that_is_not_there_is_told_without_its_password() -> None:
    url = f"rtsp://me:secret@127.0.0.1:{free_port()}/x"
    found = check_stream("camera gate", SourceOptions(url=url), longest_gap_s=1.0)
    assert found.grade is Grade.FAIL
    assert found.text.startswith("refused: ")
    assert "secret" not in found.text + found.advice


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    program = find_mosquitto()
    if program is None:
        pytest.skip("Mosquitto is not installed: apt-get install mosquitto")
    server = Mosquitto(program, tmp_path)
    server.start()
    yield server
    server.kill()


def test_the_broker_lets_it_in(broker: Mosquitto) -> None:
    found = check_broker(BrokerOptions(host="127.0.0.1", port=broker.port), name="doctor", filters=FILTERS)
    assert found.grade is Grade.OK, found
    v5 = check_broker(BrokerOptions(host="127.0.0.1", port=broker.port, version=5), name="doctor", filters=FILTERS)
    assert v5.grade is Grade.OK, v5


class Gateway:
    """A gateway's connection with a session that outlives it."""

    def __init__(self, port: int) -> None:
        self._heard, self._ready = Event(), Event()
        self.had_session = False
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="gw", clean_session=False)
        self.client.on_connect = self._connected
        self.client.on_subscribe = self._subscribed
        self.client.on_message = self._received
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self._ready.wait(10)

    def _connected(
        self, client: mqtt.Client, data: object, flags: mqtt.ConnectFlags, code: ReasonCode, props: Properties | None
    ) -> None:
        self.had_session = flags.session_present
        client.subscribe("lookout/v1/home/gateway/gw/command/+", qos=1)

    def _subscribed(
        self, client: mqtt.Client, data: object, number: int, codes: list[ReasonCode], props: Properties | None
    ) -> None:
        self._ready.set()

    def _received(self, client: mqtt.Client, data: object, message: mqtt.MQTTMessage) -> None:
        self._heard.set()

    def hears(self) -> bool:
        """Whether something that was said meanwhile arrives."""
        return self._heard.wait(10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.mark.parametrize("version", [4, 5])
def test_a_session_of_the_running_gateway_is_left_as_it_was_and_no_other_left_behind(
    broker: Mosquitto, version: Literal[4, 5]
) -> None:
    options = BrokerOptions(host="127.0.0.1", port=broker.port, version=version)
    assert check_broker(options, name="gw", filters=FILTERS).grade is Grade.OK
    gateway = Gateway(broker.port)
    gateway.close()
    assert not gateway.had_session
    # As on a broker that takes the account's name for the client's: the same session.
    assert check_broker(options, name="gw", filters=FILTERS).grade is Grade.OK
    publish.single("lookout/v1/home/gateway/gw/command/reload", b"{}", qos=1, port=broker.port)  # pyright: ignore[reportUnknownMemberType]
    back = Gateway(broker.port)
    assert back.had_session
    assert back.hears()
    back.close()


def test_the_broker_refuses_its_user(tmp_path: Path) -> None:
    program = find_mosquitto()
    if program is None:
        pytest.skip("Mosquitto is not installed: apt-get install mosquitto")
    server = Mosquitto(program, tmp_path, extra="allow_anonymous false\n")
    server.start()
    try:
        found = check_broker(BrokerOptions(host="127.0.0.1", port=server.port), name="doctor", filters=FILTERS)
    finally:
        server.kill()
    assert found.grade is Grade.FAIL
    assert "refuses" in found.text
    assert "mqtt.username" in found.advice


def test_a_certificate_that_the_broker_does_not_accept(tmp_path: Path) -> None:
    """Revoked, or another authority's: TLS 1.3 tells a client that all is well, and then hangs up."""
    program = find_mosquitto()
    if program is None:
        pytest.skip("mosquitto is not installed")
    authority, other = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    # As root it would give up the right to read these files.
    lines = [f"user {getpass.getuser()}", "allow_anonymous true", "require_certificate true"]
    lines += [f"cafile {tmp_path / 'authority.pem'}"]
    for name, issued in (("broker", authority.issue_cert("127.0.0.1")), ("box", other.issue_cert("gw-1"))):
        issued.private_key_pem.write_to_path(str(tmp_path / f"{name}.key"))
        issued.cert_chain_pems[0].write_to_path(str(tmp_path / f"{name}.pem"))
    lines += [f"certfile {tmp_path / 'broker.pem'}", f"keyfile {tmp_path / 'broker.key'}", ""]
    broker = Mosquitto(program, tmp_path, extra="\n".join(lines))
    broker.start()
    tls = TlsOptions(ca=tmp_path / "authority.pem", cert=tmp_path / "box.pem", key=tmp_path / "box.key")
    options = BrokerOptions(host="127.0.0.1", port=broker.port, tls=tls, connect_timeout_s=2.0)
    session = Session(options, client_id="gw-1", will=None, on_message=lambda _: None, on_lost=lambda: None)
    try:
        found = check_broker(options, name="doctor", filters=FILTERS)
        with pytest.raises(LinkError, match="hung up as soon as it had seen this gateway's certificate"):
            session.open(())
    finally:
        broker.kill()
    assert found.grade is Grade.FAIL
    assert "certificate may have been revoked" in found.advice


def test_no_broker_at_all() -> None:
    found = check_broker(BrokerOptions(host="127.0.0.1", port=free_port()), name="doctor", filters=FILTERS)
    assert (found.grade, "mqtt.host" in found.advice) == (Grade.FAIL, True)


@contextmanager
def dispatcher(ahead_s: float = 0.0, status: int = 200, context: ssl.SSLContext | None = None) -> Generator[str]:
    """Something that answers like one whose clock is ahead of ours."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string((datetime.now(UTC) + timedelta(seconds=ahead_s)).timestamp())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{'http' if context is None else 'https'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_the_dispatcher_answers_and_the_clocks_agree() -> None:
    with dispatcher() as url:
        assert [found.grade for found in check_dispatcher(url)] == [Grade.OK, Grade.OK]


@pytest.mark.parametrize(("ahead_s", "word"), [(90.0, "behind"), (-90.0, "ahead of")])
def test_clocks_that_differ_are_told_with_the_direction(ahead_s: float, word: str) -> None:
    with dispatcher(ahead_s) as url:
        _, clock = check_dispatcher(url)
    assert (clock.grade, clock.subject) == (Grade.FAIL, "clock")
    assert word in clock.text
    assert f"its clock says {datetime.now(UTC):%Y-}" in clock.text
    assert "timedatectl" in clock.advice


@pytest.mark.parametrize(
    ("state", "grade", "what"),
    [(0, Grade.OK, "a time server"), (5, Grade.WARN, "no time server"), (-1, Grade.OK, "cannot be asked")],
)
def test_without_a_dispatcher_to_compare_with_the_kernel_is_asked(state: int, grade: Grade, what: str) -> None:
    found = check_clock(lambda: state)
    assert (found.subject, found.grade) == ("clock", grade)
    assert what in found.text
    assert ("timedatectl" in found.advice) is (grade is Grade.WARN)


@pytest.mark.parametrize(("known", "what"), [(True, "this box's clock is off"), (False, "does not trust")])
def test_a_certificate_that_is_out_of_date_or_nobodys(
    known: bool, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", not_after=datetime.now(UTC) - timedelta(days=1))
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "issued.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "issued.pem")
    with dispatcher(context=context) as url:
        (found,) = check_dispatcher(url)
    assert (found.grade, found.subject) == (Grade.FAIL, "dispatcher")
    assert what in found.advice


def test_something_else_at_the_dispatchers_address() -> None:
    with dispatcher(status=404) as url:
        found = check_dispatcher(url)
    assert found[0].grade is Grade.FAIL
    assert check_dispatcher(f"http://127.0.0.1:{free_port()}")[0].grade is Grade.FAIL


def test_certificates_are_told_before_they_end(tmp_path: Path) -> None:
    path = tmp_path / "gw-1.pem"
    ends = datetime.now(UTC) + timedelta(days=100)
    certificate = trustme.CA().issue_cert("gw-1", not_after=ends)
    certificate.cert_chain_pems[0].write_to_path(str(path))
    (tmp_path / "broken.pem").write_text("no certificate")

    def grade(days_before: float) -> Grade:
        (found,) = check_certificates([path], now=ends - timedelta(days=days_before))
        return found.grade

    assert [grade(90), grade(20), grade(-1)] == [Grade.OK, Grade.WARN, Grade.FAIL]
    # Before it begins: a box whose clock starts in 1970.
    (found,) = check_certificates([path], now=datetime(1970, 1, 1, tzinfo=UTC))
    assert (found.grade, "clock says 1970-01-01" in found.text) == (Grade.FAIL, True)
    assert "timedatectl" in found.advice
    assert check_certificates([tmp_path / "broken.pem"])[0].grade is Grade.FAIL


def test_a_disk_with_room_one_without_and_one_that_cannot_be_written(tmp_path: Path) -> None:
    assert check_disk(tmp_path / "data", 1_000).grade in {Grade.OK, Grade.WARN}
    short = check_disk(tmp_path / "data", 10**18)
    assert (short.grade, "make room" in short.advice) == (Grade.WARN, True)
    (tmp_path / "file").write_text("in the way")
    assert check_disk(tmp_path / "file" / "data", 1_000).grade is Grade.FAIL


def test_the_command_examines_everything_and_fails_when_something_fails(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=50, fps=25, gop=10))
    config = tmp_path / "gateway.yaml"
    config.write_text(
        f"site: s\ngateway: gw-1\ndata_dir: data\nmqtt: {{port: {free_port()}}}\nmodels: {{plates: false}}\n"
        f"cameras: {{gate: {{source: {{url: {clip}}}, rules: [{{scenario: key_area}}]}}}}\n"
    )
    told = CliRunner().invoke(app, ["doctor", "--config", str(config), "--json"])
    assert told.exit_code == 1
    grades = {finding["subject"]: finding["grade"] for finding in json.loads(told.stdout)}
    assert {grades.pop("disk"), grades.pop("clock")} <= {"ok", "warn"}
    assert grades == {"config": "ok", "models": "ok", "broker": "fail", "dispatcher": "warn", "camera gate": "ok"}

    config.write_text("site: s\n")
    plain = CliRunner().invoke(app, ["doctor", "--config", str(config)])
    assert plain.exit_code == 1
    assert plain.stdout.startswith("fail  config: ")
