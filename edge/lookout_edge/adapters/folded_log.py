"""One line for a fault that repeats, instead of one a second."""

import threading
import time
from dataclasses import dataclass

import structlog


@dataclass
class _Seen:
    message: str
    at: float
    repeated: int = 0


class FoldedLog:
    """Logs a warning when its text changes or a while has passed; what was held back is counted in ``repeated``."""

    def __init__(self, logger: structlog.stdlib.BoundLogger, *, every_s: float = 60.0) -> None:
        self._logger = logger
        self._every_s = every_s
        self._seen: dict[str, _Seen] = {}
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
