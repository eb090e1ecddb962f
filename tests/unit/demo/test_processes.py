"""Children are watched and stopped whatever happens."""

import os
import sys
from pathlib import Path

import pytest

from lookout_demo.errors import DemoError
from lookout_demo.processes import Child, Children, call

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]


def is_alive(child: Child) -> bool:
    try:
        os.kill(child.pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_children_stop_when_the_block_is_left_by_an_error(tmp_path: Path) -> None:
    started: list[Child] = []

    def run_into_an_error() -> None:
        with Children() as children:
            started.append(children.start("sleeper", SLEEPER, tmp_path / "log"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        run_into_an_error()
    assert not is_alive(started[0])


def test_a_child_that_ignores_the_request_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookout_demo.processes._STOP_S", 0.2)
    with Children() as children:
        child = children.start("stubborn", STUBBORN, tmp_path / "log")
        children.wait_for("it to be up", lambda: "up" in child.tail() or None, timeout_s=30)
    assert not is_alive(child)


def test_a_child_that_ends_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    with Children() as children:
        children.start("gateway", [sys.executable, "-c", "print('no such model'); exit(2)"], tmp_path / "log")
        with pytest.raises(DemoError, match=r"gateway ended with code 2(.|\n)*no such model"):
            children.wait_for("nothing", lambda: None, timeout_s=30)


def test_waiting_ends(tmp_path: Path) -> None:
    with Children() as children, pytest.raises(DemoError, match="for the moon in vain"):
        children.wait_for("the moon", lambda: None, timeout_s=0)


def test_a_verb_that_fails_speaks_with_its_own_words() -> None:
    with pytest.raises(DemoError, match="the port is taken"):
        call([sys.executable, "-c", "import sys; sys.exit('the port is taken')"])
