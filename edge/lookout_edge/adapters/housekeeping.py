"""Gives memory back. Pictures and packets live outside of Python's sight, so its collector seldom thinks it is time."""

import ctypes
import ctypes.util
import gc
from threading import Event, Thread
from typing import Protocol, cast

EVERY_S = 60.0


class _Trims(Protocol):
    def malloc_trim(self, pad: int) -> int: ...


class Housekeeping:
    """Once a minute: a full collection, and what the C library keeps free goes back to the system (glibc).

    What exists at the start is left out of the collections, which then take about a millisecond.
    """

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self._closing = Event()
        self._library = _glibc()
        #: Rounds made.
        self.rounds = 0

    def start(self) -> None:
        """Begin."""
        gc.collect()
        gc.freeze()
        Thread(target=self._run, name="housekeeping", daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._closing.set()
        gc.unfreeze()

    def _run(self) -> None:
        while not self._closing.wait(self._every_s):
            gc.collect()
            if self._library is not None:
                self._library.malloc_trim(0)
            self.rounds += 1


def _glibc() -> _Trims | None:
    name = ctypes.util.find_library("c")
    library = ctypes.CDLL(name) if name else None
    return cast(_Trims, library) if hasattr(library, "malloc_trim") else None
