"""The link against a real broker: events stay until the receipt, whatever the broker does."""

import gc
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from structlog.testing import capture_logs

from lookout_contract.commands import Command, CommandResponse, Outcome, ReloadCommand
from lookout_contract.delivery import Receipt, Rejection
from lookout_contract.events import Scenario
from lookout_contract.status import CameraState, GatewayStatus, Sight
from lookout_contract.topics import GatewayTopics
from lookout_edge.adapters.backoff import Backoff
from lookout_edge.adapters.broker import Session, TlsOptions
from lookout_edge.adapters.broker_testing import Mosquitto, WireTap, find_mosquitto, free_port
from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.link import BrokerOptions, MqttLink
from lookout_edge.adapters.spool import SqliteSpool
from lookout_edge.adapters.testing import some_event
from lookout_edge.errors import LinkError

Version = Literal[4, 5]
TOPICS = GatewayTopics(site="s1", gateway="g1")
NOW = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)


class Gateway:
    """A spool and a link with the parts around them faked."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.spool = SqliteSpool(folder / "spool.db", site="s1", gateway="g1", clock=SystemClock())
        self.commands: list[Command] = []
        self.tell: Callable[[], GatewayStatus] = self.status
        self._stack = stack
        stack.callback(self.spool.close)

    def link(self, options: BrokerOptions) -> MqttLink:
        link = MqttLink(
            options,
            TOPICS,
            spool=self.spool,
            clock=SystemClock(),
            status=lambda: self.tell(),
            on_command=self.carry_out,
            heartbeat_s=0.5,
            backoff=Backoff(base_s=0.05, ceiling_s=0.1),
        )
        link.start()
        self._stack.callback(link.close)
        return link

    def status(self) -> GatewayStatus:
        return GatewayStatus(
            gateway="g1",
            online=True,
            epoch=self.spool.epoch,
            at=NOW,
            version="0",
            last_sequence=self.spool.last_sequence,
        )

    def carry_out(self, command: Command) -> CommandResponse:
        self.commands.append(command)
        return CommandResponse(id=command.id, name=command.name, outcome=Outcome.DONE, at=NOW)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    program = find_mosquitto()
    if program is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    server = Mosquitto(program, tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def gateway(tmp_path: Path, stack: ExitStack) -> Gateway:
    return Gateway(tmp_path / "data", stack)


@pytest.fixture
def dispatcher(broker: Mosquitto, stack: ExitStack) -> WireTap:
    desk = WireTap(broker.port, TOPICS)
    stack.callback(desk.close)
    return desk


def at(
    broker: Mosquitto, *, version: Literal[4, 5] = 4, window: int = 100, resend_after_s: float = 30
) -> BrokerOptions:
    return BrokerOptions(
        host="127.0.0.1", port=broker.port, version=version, window=window, resend_after_s=resend_after_s
    )


def eventually(condition: Callable[[], bool], timeout_s: float = 20) -> None:
    pause = threading.Event()
    for _ in range(int(timeout_s * 50)):
        if condition():
            return
        pause.wait(0.02)
    pytest.fail(f"it did not happen within {timeout_s} s")


@pytest.mark.parametrize("version", [4, 5])
def test_a_row_is_deleted_by_its_receipt_only(
    broker: Mosquitto, gateway: Gateway, dispatcher: WireTap, version: Version
) -> None:
    for name in ("occ-1", "occ-2", "occ-3"):
        gateway.spool.put(some_event(name))
    gateway.link(at(broker, version=version))
    dispatcher.wait_until(lambda: len(dispatcher.events()) == 3)
    assert [event.sequence for event in dispatcher.events()] == [1, 2, 3]
    assert gateway.spool.depth().events == 3
    dispatcher.receipt(
        Receipt(epoch=gateway.spool.epoch, upto=1, also=((3, 3),), rejected=(Rejection(seq=2, reason="bad zone"),))
    )
    eventually(lambda: gateway.spool.depth().events == 0)


def test_fire_overtakes_a_backlog_that_fills_the_window(
    broker: Mosquitto, gateway: Gateway, dispatcher: WireTap
) -> None:
    for number in range(20):
        gateway.spool.put(some_event(f"occ-{number}"))
    gateway.spool.put(some_event("occ-fire", scenario=Scenario.FIRE_SMOKE))
    gateway.link(at(broker, window=5))
    dispatcher.wait_until(lambda: len(dispatcher.events()) == 5)
    assert [event.sequence for event in dispatcher.events()] == [21, 1, 2, 3, 4]
    assert dispatcher.on(TOPICS.event("gate", Scenario.FIRE_SMOKE))
    dispatcher.receipt(Receipt(epoch=gateway.spool.epoch, upto=4, also=((21, 21),)))
    dispatcher.wait_until(lambda: len(dispatcher.events()) == 10)


def test_an_event_without_a_receipt_is_sent_again(broker: Mosquitto, gateway: Gateway, dispatcher: WireTap) -> None:
    gateway.spool.put(some_event())
    gateway.link(at(broker, resend_after_s=0.3))
    dispatcher.wait_until(lambda: len(dispatcher.events()) >= 3)
    assert {event.id for event in dispatcher.events()} == {f"{gateway.spool.epoch}.1"}


def test_nothing_is_lost_when_the_broker_is_killed(broker: Mosquitto, gateway: Gateway, dispatcher: WireTap) -> None:
    """Mosquitto without persistence forgets what it acknowledged; the spool does not."""
    dispatcher.close()
    # The link may be back before anybody listens: what nobody confirms is sent again.
    link = gateway.link(at(broker, resend_after_s=0.5))
    for number in range(50):
        gateway.spool.put(some_event(f"occ-{number}"))
    eventually(lambda: link.connected)
    broker.kill()
    eventually(lambda: not link.connected)
    gateway.spool.put(some_event("occ-meanwhile"))
    broker.start()
    again = WireTap(broker.port, TOPICS)
    again.wait_until(lambda: {event.sequence for event in again.events()} == set(range(1, 52)))
    again.receipt(Receipt(epoch=gateway.spool.epoch, upto=51))
    eventually(lambda: gateway.spool.depth().events == 0)
    again.close()


def test_a_replay_sends_the_range_again(broker: Mosquitto, gateway: Gateway, dispatcher: WireTap) -> None:
    for number in range(4):
        gateway.spool.put(some_event(f"occ-{number}"))
    gateway.link(at(broker))
    dispatcher.wait_until(lambda: len(dispatcher.events()) == 4)
    assert gateway.spool.requeue(gateway.spool.epoch, 2, 3) is None
    dispatcher.wait_until(lambda: len(dispatcher.events()) == 6)
    assert [event.sequence for event in dispatcher.events()] == [1, 2, 3, 4, 2, 3]


def test_a_status_that_fails_holds_up_no_alarm(broker: Mosquitto, gateway: Gateway, dispatcher: WireTap) -> None:
    def fail() -> GatewayStatus:
        raise FileNotFoundError(2, "No such file or directory")

    gateway.tell = fail
    gateway.link(at(broker))
    gateway.spool.put(some_event("occ-1"))
    eventually(lambda: len(dispatcher.events()) == 1)


def test_birth_heartbeat_and_farewell(broker: Mosquitto, gateway: Gateway, dispatcher: WireTap) -> None:
    link = gateway.link(at(broker))
    dispatcher.wait_until(lambda: len(dispatcher.statuses()) >= 3)
    assert all(status.online for status in dispatcher.statuses())
    link.close()
    dispatcher.wait_until(lambda: not dispatcher.statuses()[-1].online)
    assert dispatcher.statuses()[-1].reason == "shutdown"
    late = WireTap(broker.port, TOPICS)
    late.wait_until(lambda: bool(late.statuses()))
    assert late.statuses()[-1].reason == "shutdown"
    late.close()


def test_closing_sends_what_came_last(broker: Mosquitto, gateway: Gateway, dispatcher: WireTap) -> None:
    link = gateway.link(at(broker))
    eventually(lambda: link.connected)
    gateway.spool.put(some_event("occ-last"))
    link.close()
    dispatcher.wait_until(lambda: [event.subject for event in dispatcher.events()] == ["occ-last"])


def test_the_broker_speaks_for_a_gateway_that_was_killed(
    broker: Mosquitto, gateway: Gateway, dispatcher: WireTap, tmp_path: Path
) -> None:
    program = tmp_path / "gateway.py"
    program.write_text(
        "import time\n"
        "from pathlib import Path\n"
        "from contextlib import ExitStack\n"
        "from test_link import Gateway, BrokerOptions\n"
        f"gateway = Gateway(Path({str(tmp_path / 'other')!r}), ExitStack())\n"
        f"gateway.link(BrokerOptions(host='127.0.0.1', port={broker.port}))\n"
        "time.sleep(60)\n"
    )
    folders = [str(Path(__file__).parent), *(entry for entry in sys.path if entry)]
    process = subprocess.Popen([sys.executable, str(program)], env={"PYTHONPATH": ":".join(folders)})
    try:
        dispatcher.wait_until(lambda: any(status.online for status in dispatcher.statuses()), 30)
    finally:
        process.kill()
        process.wait()
    dispatcher.wait_until(lambda: not dispatcher.statuses()[-1].online)
    assert dispatcher.statuses()[-1].reason == "lost"


def test_camera_states_are_retained_and_come_back_after_a_restart_of_the_broker(
    broker: Mosquitto, gateway: Gateway, dispatcher: WireTap
) -> None:
    link = gateway.link(at(broker))
    link.publish_camera(CameraState(camera="gate", state=Sight.BLIND, since=NOW, reason="connecting"))
    link.publish_camera(CameraState(camera="gate", state=Sight.WATCHING, since=NOW))
    topic = TOPICS.camera_state("gate")

    def watching(desk: WireTap) -> bool:
        states = desk.on(topic)
        return bool(states) and CameraState.model_validate_json(states[-1]).state is Sight.WATCHING

    dispatcher.wait_until(lambda: watching(dispatcher))
    dispatcher.close()
    broker.kill()
    broker.start()
    late = WireTap(broker.port, TOPICS)
    late.wait_until(lambda: watching(late))
    late.close()


@pytest.mark.parametrize("version", [4, 5])
def test_a_command_is_carried_out_once_and_answered_each_time(
    broker: Mosquitto, gateway: Gateway, dispatcher: WireTap, version: Version
) -> None:
    link = gateway.link(at(broker, version=version))
    eventually(lambda: link.connected)
    dispatcher.wait_until(lambda: bool(dispatcher.statuses()))
    payload = ReloadCommand(id="c1", issued_at=NOW).to_json()
    dispatcher.send(TOPICS.command("reload"), payload)
    dispatcher.wait_until(lambda: len(dispatcher.on(TOPICS.response("reload"))) == 1)
    dispatcher.send(TOPICS.command("reload"), payload)
    dispatcher.wait_until(lambda: len(dispatcher.on(TOPICS.response("reload"))) == 2)
    answers = [CommandResponse.model_validate_json(one) for one in dispatcher.on(TOPICS.response("reload"))]
    assert [(answer.id, answer.outcome) for answer in answers] == [("c1", Outcome.DONE)] * 2
    assert len(gateway.commands) == 1


def test_a_command_that_came_while_the_gateway_was_away_is_carried_out(
    broker: Mosquitto, gateway: Gateway, dispatcher: WireTap
) -> None:
    first = gateway.link(at(broker))
    dispatcher.wait_until(lambda: bool(dispatcher.statuses()))
    first.close()
    dispatcher.send(TOPICS.command("reload"), ReloadCommand(id="c2", issued_at=NOW).to_json())
    gateway.link(at(broker))
    eventually(lambda: [command.id for command in gateway.commands] == ["c2"])


def test_a_retained_command_is_ignored(broker: Mosquitto, gateway: Gateway, dispatcher: WireTap) -> None:
    dispatcher.send(TOPICS.command("reload"), ReloadCommand(id="c3", issued_at=NOW).to_json(), retain=True)
    gateway.link(at(broker))
    dispatcher.wait_until(lambda: len(dispatcher.statuses()) >= 2)
    assert gateway.commands == []


def test_rubbish_from_the_broker_changes_nothing(broker: Mosquitto, gateway: Gateway, dispatcher: WireTap) -> None:
    gateway.spool.put(some_event())
    link = gateway.link(at(broker))
    dispatcher.wait_until(lambda: len(dispatcher.events()) == 1)
    for payload in (b"", b"{", b'{"epoch": 7}', b'{"epoch": "x", "upto": -1}'):
        dispatcher.send(TOPICS.receipt, payload)
    dispatcher.send(TOPICS.command("reload"), b"{")
    dispatcher.wait_until(lambda: len(dispatcher.on(TOPICS.response("reload"))) == 1)
    assert link.connected
    assert gateway.spool.depth().events == 1


def test_without_a_broker_there_is_one_line_and_it_keeps_trying(gateway: Gateway) -> None:
    port = free_port()
    with capture_logs() as lines:
        link = gateway.link(BrokerOptions(host="127.0.0.1", port=port))
        pause = threading.Event()
        pause.wait(1.0)
        assert not link.connected
        link.close()
    warnings = [str(line["event"]) for line in lines if line["log_level"] == "warning"]
    assert len(warnings) == 1
    assert f"127.0.0.1:{port}" in warnings[0]
    assert "mqtt.host" in warnings[0]


def test_a_refused_password_is_one_line_that_says_so(broker: Mosquitto, gateway: Gateway) -> None:
    broker.kill()
    broker.extra = "allow_anonymous false\n"
    broker.start()
    with capture_logs() as lines:
        link = gateway.link(BrokerOptions(host="127.0.0.1", port=broker.port, username="g1", password="s3cret"))
        eventually(lambda: any(line["log_level"] == "warning" for line in lines))
        link.close()
    text = " ".join(str(line["event"]) for line in lines)
    assert "refuses user 'g1'" in text
    assert "LOOKOUT_MQTT_PASSWORD" in text
    assert "s3cret" not in text


def test_a_refused_subscription_is_one_line_that_names_it(gateway: Gateway) -> None:
    """Without receipts each event would be sent again and again, and nothing would say why."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def refuse() -> None:
            while not stop.is_set():
                peer, _ = server.accept()
                with peer:
                    peer.recv(4096)
                    peer.sendall(b"\x20\x02\x00\x00")
                    if asked := peer.recv(4096):
                        topics = asked.count(b"lookout/")
                        peer.sendall(bytes([0x90, 2 + topics]) + asked[2:4] + b"\x80" * topics)
                    peer.settimeout(5)
                    peer.recv(4096)

        threading.Thread(target=refuse, daemon=True).start()
        with capture_logs() as lines:
            link = gateway.link(BrokerOptions(host="127.0.0.1", port=server.getsockname()[1]))
            eventually(lambda: any(line["log_level"] == "warning" for line in lines))
            assert not link.connected
            stop.set()
            link.close()
    text = " ".join(str(line["event"]) for line in lines)
    assert "does not let this gateway subscribe to lookout/" in text
    assert "access list" in text


def test_a_handshake_that_fails_leaves_no_socket_behind() -> None:
    """A broker that starts anew cuts connections in the middle of their handshake."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(1)

        refusing = threading.Thread(target=refuse)
        refusing.start()
        options = BrokerOptions(host="127.0.0.1", port=server.getsockname()[1], tls=TlsOptions())
        session = Session(options, client_id="g1", will=None, on_message=lambda message: None, on_lost=lambda: None)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with pytest.raises(LinkError):
                session.open(())
            del session
            gc.collect()
        refusing.join()
    assert [str(each.message) for each in said if each.category is ResourceWarning] == []
