"""A reader on a thread of its own, for sources that do not wait for whoever looks."""

import threading
import time
from collections.abc import Callable, Iterator

from lookout_edge.adapters.video.cadence import Look

Looks = Callable[[Callable[[], None]], Iterator[Look]]
"""Starts a reader; it calls what it is given for each sign of life."""


class Pump:
    """Keeps reading and holds the latest picture only: who is slow misses pictures, never falls behind.

    FFmpeg cannot be interrupted while a name is looked up or a device driver hangs. So the consumer watches the clock
    itself, and a reader that does not come back is left behind; it ends when its call returns.
    """

    def __init__(self, looks: Looks, *, name: str, stop: threading.Event) -> None:
        self._looks = looks
        self._stop = stop
        self._changed = threading.Condition()
        self._latest: Look | None = None
        self._finished = False
        self._error: Exception | None = None
        self._active_at = time.monotonic()
        #: Whether anything has come yet.
        self.opened = False
        #: Pictures overwritten before anybody took them.
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name=f"read-{name}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def take(self, *, open_limit_s: float, read_limit_s: float) -> Look | None:
        """The latest picture, waiting for one; None at the end.

        Raises the reader's SourceError, or whatever else ended it, and TimeoutError when it gave no sign of life for
        the limit.
        """
        with self._changed:
            while self._latest is None and not self._finished and not self._stop.is_set():
                limit = read_limit_s if self.opened else open_limit_s
                remaining = self._active_at + limit - time.monotonic()
                if remaining <= 0:
                    raise TimeoutError
                self._changed.wait(remaining)
            if self._stop.is_set():
                return None
            look, self._latest = self._latest, None
            if look is None and self._error is not None:
                raise self._taken_error()
            return look

    def close(self) -> None:
        """Stop reading, without waiting for a reader that hangs. From any thread, and before it has begun as well."""
        self._stop.set()
        with self._changed:
            self._latest = None
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(timeout=0.2)

    def _run(self) -> None:
        try:
            for look in self._looks(self._touch):
                self._offer(look)
                if self._stop.is_set():
                    return
        except Exception as error:  # noqa: BLE001 - raised to whoever takes: unsaid, it would pass for a clip's end
            self._error = _forgetful(error)
        finally:
            with self._changed:
                self._finished = True
                self._changed.notify_all()

    def _taken_error(self) -> Exception:
        """The reader's error, held no longer: raised, it refers to the frames it passes, and so to this pump."""
        assert self._error is not None
        error, self._error = self._error, None
        return error

    def _touch(self) -> None:
        self._active_at = time.monotonic()
        self.opened = True

    def _offer(self, look: Look) -> None:
        self._touch()
        with self._changed:
            if self._latest is not None:
                self.dropped += 1
            self._latest = look
            self._changed.notify_all()


def _forgetful(error: Exception) -> Exception:
    """The error without the frames it came through.

    They would hold the reader, its decoder and its pictures, megabytes outside of Python's sight, until a rare full
    collection finds the circle.
    """
    each: BaseException | None = error
    while each is not None:
        each.__traceback__ = None
        each = each.__cause__ or each.__context__
    return error
