"""Children are watched and stopped whatever happens."""

import os
import signal
import subprocess
import sys
import time
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


TWO_CHILDREN = """
import signal, sys, time
from pathlib import Path
from lookout_demo.processes import Children
signal.signal(signal.SIGINT, signal.default_int_handler)
with Children() as children:
    first = children.start("first", sys.argv[2:4] + ["import time; time.sleep(600)"], Path(sys.argv[1], "first"))
    second = children.start("second", sys.argv[2:4] + [sys.argv[4]], Path(sys.argv[1], "second"))
    children.wait_for("the second to be up", lambda: "up" in second.tail() or None, timeout_s=30)
    print(first.pid, second.pid, flush=True)
    time.sleep(600)
"""


def test_a_second_ctrl_c_leaves_none_running(tmp_path: Path) -> None:
    # It stops the second one first, which does not heed; the second Ctrl-C comes while it waits for that.
    command = [sys.executable, "-c", TWO_CHILDREN, str(tmp_path), *STUBBORN[:2], STUBBORN[2]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as demo:
        assert demo.stdout is not None
        children = [int(pid) for pid in demo.stdout.readline().split()]
        demo.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert demo.poll() is None
        demo.send_signal(signal.SIGINT)
        demo.wait(30)
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


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
