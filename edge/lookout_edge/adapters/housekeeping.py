"""Gives memory back. Pictures and packets live outside of Python's sight, so its collector seldom thinks it is time."""

import ctypes
import ctypes.util
import gc
from threading import Event, Thread
from typing import Protocol, cast

from lookout_edge.adapters.huge_pages import gather

EVERY_S = 60.0
#: New objects from one small collection to the next. Each look makes some hundred that go by themselves: Python's own
#: 700 let a busy camera pay for several collections a second that find nothing.
_YOUNG = 10_000


class _Trims(Protocol):
    def malloc_trim(self, pad: int) -> int: ...


class Housekeeping:
    """Once a minute: a full collection, and what the C library keeps free goes back to the system (glibc).

    What exists at the start is left out of the collections, which then take about a millisecond, and the small ones in
    between come seldom. It goes into huge pages, as does what the first minute has added: by then everything runs.
    Who stops something that was there at the start has it ``thaw``, or what that held would never be found.
    """

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self._closing = Event()
        self._thawed = Event()
        self._before = gc.get_threshold()
        self._library = _glibc()
        #: Rounds made.
        self.rounds = 0

    def start(self) -> None:
        """Begin."""
        gc.collect()
        gc.freeze()
        gather()
        self._before = gc.get_threshold()
        gc.set_threshold(_YOUNG, *self._before[1:])
        Thread(target=self._run, name="housekeeping", daemon=True).start()

    def thaw(self) -> None:
        """Let the next round find what was there at the start and is not needed any more. From any thread."""
        gc.unfreeze()
        self._thawed.set()

    def close(self) -> None:
        """Stop."""
        self._closing.set()
        gc.set_threshold(*self._before)
        gc.unfreeze()

    def _run(self) -> None:
        while not self._closing.wait(self._every_s):
            gc.collect()
            if self._thawed.is_set():
                self._thawed.clear()
                gc.freeze()
            if self._library is not None:
                self._library.malloc_trim(0)
            if not self.rounds:
                gather()
            self.rounds += 1


def _glibc() -> _Trims | None:
    name = ctypes.util.find_library("c")
    library = ctypes.CDLL(name) if name else None
    return cast(_Trims, library) if hasattr(library, "malloc_trim") else None
