"""One line for a fault that repeats, and one a second however much fails at once."""

import threading
import time
from dataclasses import dataclass

import structlog

#: Messages that a folded line quotes; of the others it says who sent them.
_QUOTED = 5


@dataclass
class _Seen:
    message: str
    at: float
    repeated: int = 0


class FoldedLog:
    """Logs a warning when its text changes or a while has passed; what was held back is counted in ``repeated``.

    With ``gap_s`` lines keep that distance: what comes in between is told together in the next one. So forty cameras
    behind a switch that dies are two lines.
    """

    def __init__(self, logger: structlog.stdlib.BoundLogger, *, every_s: float = 60.0, gap_s: float = 0.0) -> None:
        self._logger = logger
        self._every_s = every_s
        self._gap_s = gap_s
        self._seen: dict[str, _Seen] = {}
        self._held: dict[str, str] = {}
        self._said_at = -gap_s
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def warning(self, key: str, message: str) -> None:
        """Say ``message``. ``key`` names the fault: one key holds one message at a time."""
        now = time.monotonic()
        with self._lock:
            seen = self._seen.get(key)
            if seen is not None and seen.message == message and now - seen.at < self._every_s:
                seen.repeated += 1
                return
            repeated = seen.repeated if seen is not None and seen.message == message else 0
            self._seen[key] = _Seen(message, now)
            if self._must_wait(now):
                self._held[key] = message
                return
            self._said_at = now
        if repeated:
            self._logger.warning(message, repeated=repeated)
        else:
            self._logger.warning(message)

    def over(self, key: str, message: str) -> None:
        """Say once that the fault is gone; silent when there was none."""
        with self._lock:
            seen = self._seen.pop(key, None)
        if seen is not None:
            self._logger.info(message, repeated=seen.repeated)

    def close(self) -> None:
        """Say what is held back, and nothing later by itself."""
        with self._lock:
            timer = self._timer
        if timer is not None:
            timer.cancel()
            self.flush()

    def flush(self) -> None:
        """Say now what is held back."""
        with self._lock:
            held, self._held = self._held, {}
            self._timer = None
            if held:
                self._said_at = time.monotonic()
        if not held:
            return
        text = " | ".join(list(held.values())[:_QUOTED])
        others = list(held)[_QUOTED:]
        if others:
            self._logger.warning(f"{text} | and {len(others)} more", more=others)
        else:
            self._logger.warning(text)

    def _must_wait(self, now: float) -> bool:
        """Whether a line was said a moment ago; then a timer says what has gathered."""
        remaining = self._said_at + self._gap_s - now
        if remaining <= 0 and self._timer is None:
            return False
        if self._timer is None:
            self._timer = threading.Timer(remaining, self.flush)
            self._timer.daemon = True
            self._timer.start()
        return True
