"""Until when a gateway is known to have run: a power cut leaves no note behind, and must not be told as silence."""

import fcntl
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import structlog

from lookout_contract.status import CameraState
from lookout_edge.adapters.memory import BEAT_S, LAPSE_S, Memory
from lookout_edge.domain.memory import note_of_sight
from lookout_edge.ports import Clock

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Pulse:
    """A service that has a memory know each minute that its gateway lives, and tells it where that was not so.

    Until the process ends it holds a lock beside the memory, by which others know that it has not. ``states`` tells
    what the cameras see now. A disk that refuses costs a log line.
    """

    def __init__(
        self,
        memory: Memory,
        path: Path,
        clock: Clock,
        states: Callable[[], Iterable[CameraState]],
        every_s: float = BEAT_S,
    ) -> None:
        self._memory, self._path, self._clock, self._states = memory, path, clock, states
        self._every_s = every_s
        self._closing = Event()
        self._held = ExitStack()
        self._last_at = float("-inf")
        #: When the run before this one ended; a clock that came up behind has yet to pass it.
        self._ended_at: float | None = None

    def start(self) -> None:
        """Note how the run before this one ended, if it did not say so, and begin. Before the first camera."""
        try:
            file = self._held.enter_context(_lock_file(self._path).open("ab"))
            fcntl.flock(file, fcntl.LOCK_SH)
        except OSError as error:
            _log.warning("others cannot know that this gateway runs", path=str(self._path), why=error.strerror)
        self._last_at = self._clock.now()
        self._ended_at = self._memory.break_off(self._last_at)
        self._memory.live(self._last_at)
        Thread(target=self._run, name="pulse", daemon=True).start()

    def close(self) -> None:
        """A last sign of life; what a camera has not ended by then was watched up to it."""
        self._closing.set()
        self.beat()
        self._held.close()

    def beat(self) -> None:
        """A sign of life. After a lapse (the box slept, or its clock was set) the cameras are noted anew."""
        last_at, now = self._last_at, self._clock.now()
        lapsed = now - last_at > LAPSE_S
        if lapsed:
            self._memory.break_off(now)
        if lapsed or (self._ended_at is not None and last_at < self._ended_at <= now):
            since = datetime.fromtimestamp(now, UTC)
            for state in self._states():
                self._memory.add(note_of_sight(state.model_copy(update={"since": since})))
        self._last_at = now
        self._memory.live(now)

    def _run(self) -> None:
        while not self._closing.wait(self._every_s):
            self.beat()


def is_running(path: Path) -> bool:
    """Whether a gateway that keeps the memory at ``path`` lives; False where nobody can know."""
    try:
        with _lock_file(path).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _lock_file(path: Path) -> Path:
    return path.with_name(f".{path.name}.lives")
