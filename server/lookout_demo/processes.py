"""Child processes: started, watched, and stopped together."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from lookout_demo.errors import DemoError

_STOP_S = 8.0
T = TypeVar("T")


def program(name: str) -> str:
    """A console script beside the running Python."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise DemoError(f"{name} is not installed beside {sys.executable}: run 'make setup'")
    return str(path)


def call(command: Sequence[str], *, stdin: str | None = None, env: Mapping[str, str] | None = None) -> str:
    """Run a verb to its end and return what it printed; DemoError with its own words when it fails."""
    done = subprocess.run(command, input=stdin, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip()
        raise DemoError(f"'{Path(command[0]).name} {' '.join(command[1:3])}' failed: {words}")
    return done.stdout


class Child:
    """One running program with its log."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            # A session of its own: Ctrl-C reaches the demo alone, which then stops its children in order.
            self._process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def tail(self, lines: int = 12) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def stop(self) -> None:
        """Ask, wait, then insist."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def _deaf() -> Generator[None]:
    """Whoever presses Ctrl-C once more would leave the rest running; all end within seconds anyway."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Children:
    """Children that stop in the reverse order of their start, whatever happens."""

    def __init__(self) -> None:
        self._running: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _deaf():
            for child in reversed(self._running):
                child.stop()

    def start(self, name: str, command: Sequence[str], log: Path) -> Child:
        """Start a program; its output goes to ``log``."""
        child = Child(name, command, log)
        self._running.append(child)
        return child

    def check(self) -> None:
        """DemoError when one of them has ended."""
        for child in self._running:
            if (code := child.exit_code) is not None:
                raise DemoError(f"the {child.name} ended with code {code}; the end of {child.log}:\n{child.tail()}")

    def wait_for(self, what: str, probe: Callable[[], T | None], *, timeout_s: float, every_s: float = 0.2) -> T:
        """Ask ``probe`` until it gives something; DemoError when a child dies or the time is up."""
        deadline = time.monotonic() + timeout_s
        while True:
            self.check()
            if (found := probe()) is not None:
                return found
            if time.monotonic() > deadline:
                tails = "\n".join(f"--- {child.log}\n{child.tail(6)}" for child in self._running)
                raise DemoError(f"waited {timeout_s:.0f} s for {what} in vain\n{tails}")
            time.sleep(every_s)
