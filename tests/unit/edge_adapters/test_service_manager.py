"""What systemd hears of a gateway."""

import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from threading import enumerate as enumerate_threads

import pytest

from lookout_edge.adapters.service_manager import ServiceManager
from lookout_edge.errors import SpoolError


@pytest.fixture
def line(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(10)
        yield listener


def test_says_ready_then_alive_after_each_proof_then_stopping(line: socket.socket, tmp_path: Path) -> None:
    proofs: list[None] = []
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "20000"}
    manager = ServiceManager(lambda: proofs.append(None), environ)
    manager.start()
    assert [line.recv(100), line.recv(100), line.recv(100)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
    assert len(proofs) >= 2
    manager.close()
    while (word := line.recv(100)) == b"WATCHDOG=1":
        pass
    assert word == b"STOPPING=1"


def test_one_that_hangs_gives_no_sign_of_life(line: socket.socket, tmp_path: Path) -> None:
    never, begun = Event(), Event()

    def hang() -> None:
        begun.set()
        never.wait(10)

    manager = ServiceManager(hang, {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "20000"})
    manager.start()
    assert line.recv(100) == b"READY=1"
    assert begun.wait(10)
    line.settimeout(0.2)
    with pytest.raises(TimeoutError):
        line.recv(100)
    manager.close()
    never.set()


def test_an_error_is_no_hang(line: socket.socket, tmp_path: Path) -> None:
    def refuse() -> None:
        raise SpoolError("the spool cannot be used (database is locked)")

    manager = ServiceManager(refuse, {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "20000"})
    manager.start()
    assert [line.recv(100), line.recv(100), line.recv(100)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
    manager.close()


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": "/nowhere/at/all", "WATCHDOG_USEC": "x"}])
def test_without_systemd_nothing_happens(environ: dict[str, str]) -> None:
    proofs: list[None] = []
    before = set(enumerate_threads())
    manager = ServiceManager(lambda: proofs.append(None), environ)
    manager.start()
    assert set(enumerate_threads()) <= before
    manager.close()
    assert proofs == []
