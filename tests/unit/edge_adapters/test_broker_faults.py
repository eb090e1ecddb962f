"""What goes wrong on the line to a broker ends no thread in silence."""

import socket
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lookout_contract.events import EvidenceRef, Scenario, Severity
from lookout_contract.status import GatewayStatus
from lookout_contract.topics import GatewayTopics
from lookout_edge.adapters.backoff import Backoff
from lookout_edge.adapters.broker import BrokerOptions, Message, Session
from lookout_edge.adapters.link import MqttLink
from lookout_edge.adapters.onvif.events import EventRule, TalkingCamera
from lookout_edge.adapters.onvif.listening import OnvifListener
from lookout_edge.adapters.spool import SqliteSpool
from lookout_edge.errors import EdgeError, LinkError
from lookout_edge.supervisor.holding import HeldEvents
from lookout_edge.testing import FakeClock, MemorySink

#: PUBLISH, QoS 0: a topic that is no UTF-8, and one that is.
_ODD, _SOUND = b"\x30\x05\x00\x02\xff\xfex", b"\x30\x06\x00\x03a/bx"


_RULE = EventRule(topic="RuleEngine/LineDetector", scenario=Scenario.KEY_AREA, severity=Severity.BLUE)


def _at_once(_: Backoff, at_least_s: float = 0.0) -> float:
    return 0.01


def _no_picture(camera: str) -> EvidenceRef:
    raise EdgeError(f"{camera} has none")


@contextmanager
def broker(sends: bytes) -> Generator[int]:
    """Speaks just enough MQTT 3.1.1 to let somebody subscribe; then ``sends`` that."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        over = threading.Event()

        def serve() -> None:
            line, _ = server.accept()
            with closing(line):
                line.recv(4096)
                line.sendall(b"\x20\x02\x00\x00")
                number = line.recv(4096)[2:4]
                line.sendall(b"\x90\x03" + number + b"\x01" + sends)
                over.wait(10)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        over.set()
        thread.join(10)


def test_a_topic_that_is_no_text_is_passed_over_and_the_line_stands() -> None:
    heard: list[Message] = []
    came = threading.Event()

    def hear(message: Message) -> None:
        heard.append(message)
        came.set()

    with broker(_ODD + _SOUND) as port:
        options = BrokerOptions(host="127.0.0.1", port=port)
        session = Session(options, client_id="x", will=None, on_message=hear, on_lost=lambda: None)
        session.open(("a/b",))
        assert came.wait(5)
        assert ([message.topic for message in heard], session.lost) == (["a/b"], None)
        session.close()


class Torn:
    """A connection that is lost at once and cannot be closed."""

    opened = 0
    again = threading.Event()
    lost = "gone"

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def open(self, _: tuple[str, ...]) -> None:
        type(self).opened += 1
        if self.opened >= 2:
            self.again.set()

    def close(self) -> None:
        raise ZeroDivisionError("a bug")


def test_a_connection_that_cannot_be_closed_is_followed_by_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its thread no alarm leaves the box, and nobody says so."""
    monkeypatch.setattr("lookout_edge.adapters.link.Session", Torn)
    spool = SqliteSpool(tmp_path / "spool.db", site="s1", gateway="g1", clock=FakeClock())

    def status() -> GatewayStatus:
        raise EdgeError("not now")

    link = MqttLink(
        BrokerOptions(host="127.0.0.1"),
        GatewayTopics(site="s1", gateway="g1"),
        spool=spool,
        clock=FakeClock(),
        status=status,
        on_command=lambda command: pytest.fail(f"nobody asked: {command}"),
        backoff=Backoff(base_s=0.01, ceiling_s=0.01),
    )
    link.start()
    assert Torn.again.wait(5)
    link.close()
    spool.close()


def test_who_listens_to_cameras_goes_on_after_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    again = threading.Event()
    faults = iter([ZeroDivisionError("a bug")])

    def connect(*_: object) -> Session:
        if (error := next(faults, None)) is not None:
            raise error
        again.set()
        raise LinkError("nobody is there")

    monkeypatch.setattr(OnvifListener, "_connect", connect)
    monkeypatch.setattr(Backoff, "next", _at_once)
    sink = MemorySink()
    listener = OnvifListener(
        BrokerOptions(host="127.0.0.1"),
        name="s1/g1",
        clock=FakeClock(),
        sink=sink,
        held=HeldEvents(sink),
        snapshot=_no_picture,
    )
    listener.watch([TalkingCamera(camera="roof", prefix="cam/7", rules=(_RULE,))])
    listener.start()
    assert again.wait(5)
    listener.close()
